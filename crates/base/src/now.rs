use std::time::Duration;

/// One instant, as both clocks saw it.
///
/// Deadlines and durations come from `elapsed`, which never goes back; live edges and
/// glass-to-glass come from `unix_ms`, which a person may set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Monotonic time since the run began.
    pub elapsed: Duration,
    /// Wall clock: milliseconds since 1970-01-01T00:00:00Z.
    pub unix_ms: i64,
}

impl Now {
    /// The instant `elapsed` after the run began, for a run that began at `start_unix_ms`.
    pub fn new(elapsed: Duration, start_unix_ms: i64) -> Self {
        Self {
            elapsed,
            unix_ms: start_unix_ms + elapsed.as_millis() as i64,
        }
    }

    /// This instant moved on by `by` on both clocks.
    pub fn after(self, by: Duration) -> Self {
        Self {
            elapsed: self.elapsed + by,
            unix_ms: self.unix_ms + by.as_millis() as i64,
        }
    }

    /// Wall-clock milliseconds at the moment `elapsed`, judged by this instant's two clocks.
    pub fn unix_ms_at(self, elapsed: Duration) -> i64 {
        if elapsed >= self.elapsed {
            self.unix_ms + elapsed.saturating_sub(self.elapsed).as_millis() as i64
        } else {
            self.unix_ms - self.elapsed.saturating_sub(elapsed).as_millis() as i64
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_move_together() {
        let now = Now::new(Duration::from_millis(1500), 1_000_000);
        assert_eq!(now.unix_ms, 1_001_500);
        let later = now.after(Duration::from_millis(250));
        assert_eq!(later.elapsed, Duration::from_millis(1750));
        assert_eq!(later.unix_ms, 1_001_750);
        assert_eq!(later.unix_ms_at(now.elapsed), now.unix_ms);
        assert_eq!(now.unix_ms_at(later.elapsed), later.unix_ms);
    }
}
