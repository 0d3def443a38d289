//! How a child ended.

use std::fmt;
use std::time::Duration;

use crate::Usage;

/// How many of its last lines an [`Exit`] has at most.
pub const LAST_LINES: usize = 8;

/// How a process ended, by category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    /// Exit code 0.
    Success,
    /// Another exit code.
    Error(i32),
    /// Killed by this signal.
    Signal(i32),
}

impl Category {
    /// The name in every output: `success`, `error` or `signal`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error(_) => "error",
            Self::Signal(_) => "signal",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Success => f.write_str("success"),
            Self::Error(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
        }
    }
}

/// What we had to do to end it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Nothing: it ended by itself.
    ByItself,
    /// `SIGTERM`, after which it ended in time.
    Terminated,
    /// `SIGKILL`, because it did not.
    Killed,
}

/// What was read from a child.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines that were handed on; an overlong line counts once for each piece.
    pub lines: u64,
    /// Bytes, separators included.
    pub bytes: u64,
    /// Pieces after which the same line goes on.
    pub cut: u64,
    /// Bytes were left unread: something that left the group went on writing after the end.
    pub unread: bool,
}

/// The end of a child.
#[derive(Clone, Debug)]
pub struct Exit {
    /// How it ended.
    pub category: Category,
    /// What we did to that end.
    pub stopped: Stopped,
    /// From its start to its end.
    pub uptime: Duration,
    /// The last lines of which the reader said [`crate::Keep::Yes`], oldest first.
    pub last_lines: Vec<String>,
    /// What was read.
    pub counts: Counts,
    /// What it used.
    pub usage: Usage,
}
