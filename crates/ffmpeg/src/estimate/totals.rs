//! What has been counted.

use base::Class;

use super::Figure;

/// What has been counted so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    pub(super) requests: [Count; Class::COUNT],
    /// Bytes of connections that are closed; what is still open is not in it. Absent where the log
    /// does not tell.
    pub bytes_read: Option<Figure<u64>>,
    /// Segments that left the playlist before they were read.
    pub expired: u64,
    /// Segments that were passed over after failures.
    pub skipped: u64,
    /// Attempts to connect again.
    pub reconnects: u64,
}

/// Requests of one class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Logged, with whatever end.
    pub logged: u64,
    /// Inferred.
    pub inferred: u64,
    /// Logged and failed, those included that never reached the origin.
    pub failed: u64,
    /// Logged and failed without an answer from the origin.
    pub unanswered: u64,
}

impl Count {
    /// Requests that the origin answered, measured and inferred.
    pub fn answered(&self) -> u64 {
        self.logged + self.inferred - self.unanswered
    }
}

impl Totals {
    /// The requests of one class.
    pub fn class(&self, class: Class) -> Count {
        self.requests[class.index()]
    }
}
