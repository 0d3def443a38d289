//! Log lines while the dashboard has the terminal: kept, shown, and written out at the end.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Lines that are kept; of more, the newest.
const LINES_MAX: usize = 1_000;
/// What is kept of a line.
const LINE_BYTES_MAX: usize = 4_096;

/// Takes log lines as long as there is a dashboard. Its clones are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogSink(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    open: bool,
    lines: VecDeque<Line>,
    /// Lines that gave way to newer ones.
    lost: u64,
    /// Of the newest lines, how many the dashboard has not seen.
    unseen: usize,
}

#[derive(Debug)]
struct Line {
    text: String,
    weight: Weight,
}

/// Whether a person should see a line at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// It may be read later.
    Light,
    /// A warning, an error, or said to the person.
    Heavy,
}

impl LogSink {
    /// Takes a line while there is a dashboard. `false`: there is none, so the line is the
    /// caller's to write.
    pub(crate) fn take(&self, line: &[u8]) -> bool {
        let text = String::from_utf8_lossy(line);
        let is_grave = ["WARN", "ERROR"].iter().any(|level| text.contains(level));
        let weight = if is_grave {
            Weight::Heavy
        } else {
            Weight::Light
        };
        self.keep(&text, weight)
    }

    /// As [`LogSink::take`], of what is said to the person.
    pub(super) fn say(&self, line: &str) -> bool {
        self.keep(line, Weight::Heavy)
    }

    fn keep(&self, line: &str, weight: Weight) -> bool {
        let mut held = self.held();
        if !held.open {
            return false;
        }
        let end = line.floor_char_boundary(LINE_BYTES_MAX);
        let text = line[..end].trim_end().to_owned();
        held.lines.push_back(Line { text, weight });
        if held.lines.len() > LINES_MAX {
            held.lines.pop_front();
            held.lost += 1;
        }
        held.unseen = (held.unseen + 1).min(LINES_MAX);
        true
    }

    pub(super) fn open(&self) {
        self.held().open = true;
    }

    /// The lines since this was last asked, without what colours them.
    pub(super) fn news(&self) -> Vec<(Weight, String)> {
        let mut held = self.held();
        let unseen = std::mem::take(&mut held.unseen);
        let lines = held.lines.iter().skip(held.lines.len() - unseen);
        let text = |line: &Line| console::strip_ansi_codes(&line.text).into_owned();
        lines.map(|line| (line.weight, text(line))).collect()
    }

    /// The terminal is everybody's again: what was taken is written to standard error.
    pub(super) fn close(&self) {
        let mut held = self.held();
        held.open = false;
        held.unseen = 0;
        let mut out = io::stderr().lock();
        // A standard error that nobody reads any more ends no run.
        if held.lost > 0 {
            let _ = writeln!(out, "(the first {} log lines found no room)", held.lost);
            held.lost = 0;
        }
        for line in held.lines.drain(..) {
            let _ = writeln!(out, "{}", line.text);
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_while_there_is_a_dashboard() {
        let log = LogSink::default();
        assert!(!log.take(b"before\n"));
        log.open();
        assert!(log.clone().take(b"\x1b[33m WARN\x1b[0m a limit is near\n"));
        assert!(log.take(b" INFO two\n"));
        assert!(log.say("stopping"));
        let news = [
            (Weight::Heavy, " WARN a limit is near".to_owned()),
            (Weight::Light, " INFO two".to_owned()),
            (Weight::Heavy, "stopping".to_owned()),
        ];
        assert_eq!(log.news(), news);
        assert_eq!(log.news(), []);
        assert!(log.take(b"three"));
        assert_eq!(log.news(), [(Weight::Light, "three".to_owned())]);
        log.close();
        assert!(!log.take(b"after") && !log.say("after"));
    }

    #[test]
    fn many_and_long_lines_take_no_more_room() {
        let log = LogSink::default();
        log.open();
        for n in 0..LINES_MAX + 5 {
            assert!(log.take(n.to_string().as_bytes()));
        }
        assert_eq!(log.held().lost, 5);
        let news = log.news();
        assert_eq!((news.len(), news[0].1.as_str()), (LINES_MAX, "5"));
        assert!(log.take("é".repeat(LINE_BYTES_MAX).as_bytes()));
        assert!(log.news()[0].1.len() <= LINE_BYTES_MAX);
    }
}
