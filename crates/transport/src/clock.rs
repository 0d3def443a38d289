use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base::Now;
use tokio::time::Instant;

/// Later than any run ends, and sooner than clocks overflow.
const FAR: Duration = Duration::from_hours(30 * 365 * 24);

/// The run's clock: when it began, on the monotonic and on the wall clock.
///
/// It reads tokio's clock, so that paused time works. Copies agree with each other, also on other
/// threads.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    epoch: Instant,
    start_unix_ms: i64,
}

impl Clock {
    /// A clock whose run begins at this moment.
    pub fn start() -> Self {
        let unix = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self::new(Instant::now(), unix.as_millis() as i64)
    }

    /// A clock whose run began at `epoch`, when the wall clock stood at `start_unix_ms`.
    pub fn new(epoch: Instant, start_unix_ms: i64) -> Self {
        Self {
            epoch,
            start_unix_ms,
        }
    }

    /// Time since the run began.
    pub fn elapsed(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// This moment on both clocks.
    pub fn now(&self) -> Now {
        Now::new(self.elapsed(), self.start_unix_ms)
    }

    /// The runtime's instant at `elapsed` after the run began, for timers; never later than
    /// 30 years.
    pub fn instant(&self, elapsed: Duration) -> Instant {
        self.epoch + elapsed.min(FAR)
    }
}
