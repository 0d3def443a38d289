use serde::{Deserialize, Serialize};

/// How often something happened, and when first and last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrences {
    /// How often; the times mean nothing while this is zero.
    pub count: u64,
    /// Unix milliseconds of the first time.
    pub first_ms: i64,
    /// Unix milliseconds of the last time.
    pub last_ms: i64,
}

impl Occurrences {
    /// `count` times at once, at `unix_ms`.
    pub fn at(count: u64, unix_ms: i64) -> Self {
        Self {
            count,
            first_ms: unix_ms,
            last_ms: unix_ms,
        }
    }

    /// Adds what `other` holds.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        self.count += other.count;
        self.first_ms = self.first_ms.min(other.first_ms);
        self.last_ms = self.last_ms.max(other.last_ms);
    }
}
