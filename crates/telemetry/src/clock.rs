use std::time::Duration;

use base::Now;

/// Wall-clock time as the run's start fixes it.
///
/// The wall clock is read once, when the run begins; from then on it is carried by the monotonic
/// clock. A person, or NTP, that sets the clock during a run moves nothing here, and recorders
/// that were given the same start agree on where a Unix second begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    start: Now,
}

impl Clock {
    pub(crate) fn new(start: Now) -> Self {
        Self { start }
    }

    /// Unix milliseconds at the run's start.
    pub(crate) fn start_ms(self) -> i64 {
        self.start.unix_ms
    }

    /// Unix milliseconds at `elapsed`; before the start is the start.
    #[inline]
    pub(crate) fn unix_ms(self, elapsed: Duration) -> i64 {
        let run = elapsed.saturating_sub(self.start.elapsed);
        self.start.unix_ms + run.as_secs() as i64 * 1000 + i64::from(run.subsec_millis())
    }

    /// The first instant whose Unix time is `unix_ms`.
    pub(crate) fn elapsed_at(self, unix_ms: i64) -> Duration {
        let ahead = unix_ms.saturating_sub(self.start.unix_ms).max(0);
        self.start.elapsed + Duration::from_millis(ahead as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unix_time_follows_elapsed_time_only() {
        let clock = Clock::new(Now {
            elapsed: Duration::from_micros(1_500),
            unix_ms: 10_250,
        });
        assert_eq!(clock.start_ms(), 10_250);
        assert_eq!(clock.unix_ms(Duration::ZERO), 10_250);
        assert_eq!(clock.unix_ms(Duration::from_micros(2_499)), 10_250);
        assert_eq!(clock.unix_ms(Duration::from_micros(2_500)), 10_251);
        assert_eq!(clock.elapsed_at(10_251), Duration::from_micros(2_500));
        assert_eq!(clock.elapsed_at(0), Duration::from_micros(1_500));
    }
}
