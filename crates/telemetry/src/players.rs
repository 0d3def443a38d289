//! Players that are processes of their own: how they ended, and what they used.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::generator::join;
use crate::occurrences::Occurrences;

/// Last words that are kept, of as many players as said them; of more, those that come first in
/// the order of their letters, so that merging gives the same in every order.
pub const WORDS_MAX: usize = 16;

/// How a player's process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// By itself, with exit code 0.
    Success,
    /// By itself, with another exit code.
    Error,
    /// Killed by a signal that was not ours.
    Signal,
    /// By us: its viewer left, or it was to be started again.
    Stopped,
    /// It did not start.
    NotStarted,
}

/// The end of a player.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End<'a> {
    /// How it ended.
    pub how: How,
    /// What it said last, where that may be the reason.
    pub words: Option<&'a str>,
    /// CPU time that it used, in both modes.
    pub cpu: Option<Duration>,
    /// The most memory it held, in bytes.
    pub memory: Option<u64>,
}

/// Players that ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Players {
    /// By themselves, with exit code 0.
    pub success: u64,
    /// By themselves, with another exit code.
    pub error: u64,
    /// Killed by a signal that was not ours.
    pub signal: u64,
    /// By us.
    pub stopped: u64,
    /// Those that did not start.
    pub not_started: u64,
    /// CPU time that those used that ended, in microseconds; `None` where none told.
    pub cpu_us: Option<u64>,
    /// The most memory that one of them held, in bytes; `None` where none told.
    pub memory_max_bytes: Option<u64>,
    /// What those said last that failed, and how many did.
    pub last_words: BTreeMap<String, Occurrences>,
}

impl Players {
    /// All that ended or did not start.
    pub fn all(&self) -> u64 {
        self.success + self.error + self.signal + self.stopped + self.not_started
    }

    /// One more.
    pub(crate) fn ended(&mut self, end: &End<'_>, unix_ms: i64) {
        *match end.how {
            How::Success => &mut self.success,
            How::Error => &mut self.error,
            How::Signal => &mut self.signal,
            How::Stopped => &mut self.stopped,
            How::NotStarted => &mut self.not_started,
        } += 1;
        let cpu_us = end.cpu.map(|cpu| cpu.as_micros() as u64);
        join(&mut self.cpu_us, cpu_us, |one, other| one + other);
        join(&mut self.memory_max_bytes, end.memory, u64::max);
        if let Some(words) = end.words {
            self.said(words, &Occurrences::at(1, unix_ms));
        }
    }

    /// Adds what `other` holds.
    pub fn merge(&mut self, other: &Self) {
        self.success += other.success;
        self.error += other.error;
        self.signal += other.signal;
        self.stopped += other.stopped;
        self.not_started += other.not_started;
        join(&mut self.cpu_us, other.cpu_us, |one, other| one + other);
        join(&mut self.memory_max_bytes, other.memory_max_bytes, u64::max);
        for (words, seen) in &other.last_words {
            self.said(words, seen);
        }
    }

    fn said(&mut self, words: &str, seen: &Occurrences) {
        if let Some(known) = self.last_words.get_mut(words) {
            known.merge(seen);
            return;
        }
        self.last_words.insert(words.to_owned(), *seen);
        if self.last_words.len() > WORDS_MAX {
            self.last_words.pop_last();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASES: [(How, &str); 5] = [
        (How::Success, ""),
        (How::Error, "refused"),
        (How::Signal, "oops"),
        (How::Stopped, ""),
        (How::NotStarted, "no such program"),
    ];

    fn of(range: std::ops::Range<u64>) -> Players {
        let mut players = Players::default();
        for n in range {
            let (how, words) = CASES[n as usize % CASES.len()];
            let numbered = format!("{words} {}", n % 50);
            let end = End {
                how,
                words: (!words.is_empty()).then_some(numbered.as_str()),
                cpu: (n % 2 == 0).then_some(Duration::from_micros(n)),
                memory: Some(n),
            };
            players.ended(&end, n as i64);
        }
        players
    }

    #[test]
    fn parts_in_any_order_are_the_whole() {
        let whole = of(0..200);
        let mut forth = of(0..70);
        forth.merge(&of(70..200));
        let mut back = of(70..200);
        back.merge(&of(0..70));
        assert_eq!((&forth, &back), (&whole, &whole));
        assert_eq!((whole.all(), whole.error), (200, 40));
        assert_eq!(whole.last_words.len(), WORDS_MAX);
        assert_eq!(whole.cpu_us, Some((0..200).step_by(2).sum()));
        assert_eq!(whole.memory_max_bytes, Some(199));
        assert_eq!(Players::default().cpu_us, None);
    }
}
