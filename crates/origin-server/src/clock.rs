//! The wall clock, the one place where the origin's time comes from.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use base::Now;

/// Tells the instant of a stream that may be of another day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    began: Instant,
    offset_ms: i64,
}

impl Clock {
    pub(crate) fn new(offset_ms: i64) -> Self {
        Self {
            began: Instant::now(),
            offset_ms,
        }
    }

    pub(crate) fn now(&self) -> Now {
        let unix_ms = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis() as i64);
        Now {
            elapsed: self.began.elapsed(),
            unix_ms: unix_ms + self.offset_ms,
        }
    }
}
