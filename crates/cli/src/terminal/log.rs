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
    lines: VecDeque<String>,
    /// Lines that gave way to newer ones.
    lost: u64,
    /// Of the newest lines, how many the dashboard has not seen.
    unseen: usize,
}

/// A line for the dashboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct News {
    pub(super) text: String,
    pub(super) is_warning: bool,
}

impl LogSink {
    /// Takes a line while there is a dashboard. `false`: there is none, so the line is the
    /// caller's to write.
    pub(crate) fn take(&self, line: &[u8]) -> bool {
        let mut held = self.held();
        if !held.open {
            return false;
        }
        let line = String::from_utf8_lossy(line);
        let end = line.floor_char_boundary(LINE_BYTES_MAX);
        held.lines.push_back(line[..end].trim_end().to_owned());
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
    pub(super) fn news(&self) -> Vec<News> {
        let mut held = self.held();
        let unseen = std::mem::take(&mut held.unseen);
        let lines = held.lines.iter().skip(held.lines.len() - unseen);
        lines
            .map(|line| {
                let text = console::strip_ansi_codes(line).into_owned();
                let is_warning = ["WARN", "ERROR"].iter().any(|level| text.contains(level));
                News { text, is_warning }
            })
            .collect()
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
            let _ = writeln!(out, "{line}");
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(news: &[News]) -> Vec<&str> {
        news.iter().map(|news| news.text.as_str()).collect()
    }

    #[test]
    fn lines_are_taken_while_there_is_a_dashboard() {
        let log = LogSink::default();
        assert!(!log.take(b"before\n"));
        log.open();
        assert!(log.clone().take(b"\x1b[33m WARN\x1b[0m a limit is near\n"));
        assert!(log.take(b" INFO two\n"));
        let news = log.news();
        assert_eq!(texts(&news), [" WARN a limit is near", " INFO two"]);
        assert_eq!([news[0].is_warning, news[1].is_warning], [true, false]);
        assert_eq!(log.news(), []);
        assert!(log.take(b"three"));
        assert_eq!(texts(&log.news()), ["three"]);
        log.close();
        assert!(!log.take(b"after"));
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
        assert_eq!((news.len(), news[0].text.as_str()), (LINES_MAX, "5"));
        assert!(log.take("é".repeat(LINE_BYTES_MAX).as_bytes()));
        assert!(log.news()[0].text.len() <= LINE_BYTES_MAX);
    }
}
