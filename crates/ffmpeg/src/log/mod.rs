//! One line of FFmpeg's standard error → one event, borrowed from the line.
//!
//! The form depends on version, level and flags:
//!
//! ```text
//! [hls @ 0x55ea3cb5f180] [info] Opening 'http://h/seg8.ts' for reading              5.1
//! 2026-11-21 08:07:29.639 [in#0 @ 0x7f974a0db040] [info] Opening 'http://h/s…       8.1, 9
//! [http @ 0x55ea3cb670c0] [debug] request: GET /seg8.ts HTTP/1.1                    debug only
//! Host: h                                                                          goes on
//! frame=  180 fps= 93 … speed= 3.1x    \r[https @ 0x…] [warning] HTTP error 503 …   glued
//! ```
//!
//! [`parse`] takes any bytes, allocates nothing, and calls what it does not know
//! [`Event::Other`]. What lines mean together is for [`crate::estimate`].

mod event;
mod prefix;
mod scan;
mod text;

pub use event::Event;

/// What is beyond this in a line is not looked at. FFmpeg itself cuts at about 1 KiB, URLs aside.
pub const LINE_BYTES_MAX: usize = 16 * 1024;

/// One line, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// How grave it is, where the flag `level` is set.
    pub level: Option<Level>,
    /// Who says it; the innermost where several are named.
    pub context: Option<Context<'a>>,
    /// What is said, without what stands before it.
    pub text: &'a [u8],
    /// What it means.
    pub event: Event<'a>,
}

/// The part of FFmpeg that says something: `[hls @ 0x55ea3cb5f180]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context<'a> {
    /// `hls`, `in#0/hls`, `https`, `AVIOContext`.
    pub name: &'a [u8],
    /// What tells two of a name apart, for as long as each lives.
    pub address: u64,
}

impl Context<'_> {
    /// It is HTTP, in clear or not.
    pub fn is_http(&self) -> bool {
        matches!(self.name, b"http" | b"https")
    }

    /// It is the HLS demuxer, or the input before its demuxer is known.
    pub fn is_demuxer(&self) -> bool {
        self.name == b"hls" || self.name == b"NULL" || self.name.starts_with(b"in#")
    }
}

/// FFmpeg's log levels, gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// It crashes.
    Panic,
    /// It ends.
    Fatal,
    /// Something can't be done.
    Error,
    /// Something is odd.
    Warning,
    /// What happens.
    Info,
    /// What happens, in detail.
    Verbose,
    /// Everything.
    Debug,
    /// More than everything.
    Trace,
}

/// Takes one line apart: without its line feed, with or without a status line glued before it.
pub fn parse(line: &[u8]) -> Line<'_> {
    let line = &line[..line.len().min(LINE_BYTES_MAX)];
    let line = prefix::last_of_overwritten(line);
    let mut said = prefix::take(line);
    if let Some(glued) = prefix::behind_status(said.text) {
        said = prefix::take(glued);
    }
    Line {
        level: said.level,
        context: said.context,
        text: said.text,
        event: text::meaning(&said),
    }
}

/// Takes a whole log apart, line by line; empty lines are left out.
pub fn lines(log: &[u8]) -> impl Iterator<Item = Line<'_>> {
    log.split(|&b| b == b'\n' || b == b'\r')
        .filter(|line| !line.is_empty())
        .map(parse)
}
