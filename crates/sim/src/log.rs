use std::fmt::{self, Write as _};
use std::time::Duration;

/// Lines that a broken run shows of the viewer that broke it.
const TRAIL_LINES: usize = 40;

/// What is kept of the event log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Only its digest and its length.
    #[default]
    Digest,
    /// All of its text.
    Text,
}

/// Every event of a simulation, a line each.
#[derive(Debug)]
pub(crate) struct Log {
    keep: Keep,
    text: String,
    line: String,
    digest: u64,
    lines: u64,
}

impl Log {
    pub(crate) fn new(keep: Keep) -> Self {
        Self {
            keep,
            text: String::new(),
            line: String::new(),
            digest: 0xcbf2_9ce4_8422_2325,
            lines: 0,
        }
    }

    pub(crate) fn write(&mut self, at: Duration, viewer: u32, what: fmt::Arguments<'_>) {
        self.line.clear();
        let (seconds, nanos) = (at.as_secs(), at.subsec_nanos());
        // Writing to a string does not fail.
        let _ = writeln!(self.line, "{seconds}.{nanos:09} {viewer} {what}");
        // FNV-1a: the digest is for telling logs apart, and is the same on every machine.
        for byte in self.line.bytes() {
            self.digest = (self.digest ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
        self.lines += 1;
        if self.keep == Keep::Text {
            self.text.push_str(&self.line);
        }
    }

    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// The last lines about `viewer`, where they were kept.
    pub(crate) fn trail(&self, viewer: u32) -> Vec<String> {
        let of_viewer = |line: &&str| line.split(' ').nth(1) == Some(&viewer.to_string());
        let lines = self.text.lines().rev().filter(of_viewer).take(TRAIL_LINES);
        let mut lines: Vec<String> = lines.map(str::to_owned).collect();
        lines.reverse();
        lines
    }

    pub(crate) fn into_text(self) -> Option<String> {
        (self.keep == Keep::Text).then_some(self.text)
    }
}
