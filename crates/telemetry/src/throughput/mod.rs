//! Segment bytes over time.
//!
//! A sample, the bytes counted so far, is taken on every whole Unix second; a window is the
//! difference of two samples over the time between them. Whole seconds are the same instants for
//! every recorder, so samples of many add up, second by second, to those of one that saw it all.
//! Beside the samples stand buckets of 100 ms.
//!
//! ```text
//!  start        first sample                                  through    now
//!    ├────────────────┼────────┼────────┼── … ──┼────────┼────────┼───────┤
//!    0 bytes                   └───────── a window ends here ─────┘  counted, in no window yet
//! ```
//!
//! Samples reach back a little further than the longest window, so that recorders whose snapshots
//! were taken up to [`SLACK`] seconds apart still merge without loss.

mod history;
#[cfg(test)]
mod tests;
mod tracker;

use serde::{Deserialize, Serialize};

pub use history::History;
pub use tracker::Tracker;

/// The longest window, in seconds.
pub const WINDOW_MAX: i64 = 300;
/// How far apart merged snapshots may be, in seconds, without shortening the longest window.
pub const SLACK: i64 = 19;
/// Samples that are kept: the window's two ends, and the slack.
const KEPT: i64 = WINDOW_MAX + 1 + SLACK;
/// Buckets a second.
const PER_SECOND: i64 = 10;
const BUCKET_MS: i64 = 1000 / PER_SECOND;

/// Averages in bytes a second; `None` is unknown: no data yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Windows {
    /// Over the last second.
    pub avg_1s: Option<f64>,
    /// Over the last 30 s.
    pub avg_30s: Option<f64>,
    /// Over the last minute.
    pub avg_60s: Option<f64>,
    /// Over the last five minutes.
    pub avg_300s: Option<f64>,
    /// Since the run began.
    pub overall: Option<f64>,
}

/// The first whole second at or after `unix_ms`.
fn first_second(unix_ms: i64) -> i64 {
    unix_ms.div_euclid(1000) + i64::from(unix_ms.rem_euclid(1000) > 0)
}

/// Which samples there are.
#[derive(Clone, Copy)]
struct Span {
    start_ms: i64,
    floor: Option<i64>,
    through: i64,
}

impl Span {
    fn windows(self, sample: impl Fn(i64) -> u64) -> Windows {
        if self.through < self.oldest() {
            return Windows::default();
        }
        let bytes = sample(self.through);
        if bytes == 0 {
            return Windows::default();
        }
        let end_ms = self.through * 1000;
        let since_ms = |from_ms, base| rate(bytes.saturating_sub(base), end_ms - from_ms);
        let window = |seconds: i64| {
            let wanted = self.through - seconds;
            if self.floor.is_none() && wanted * 1000 <= self.start_ms {
                return since_ms(self.start_ms, 0);
            }
            let base = wanted.max(self.oldest());
            since_ms(base * 1000, sample(base))
        };
        Windows {
            avg_1s: window(1),
            avg_30s: window(30),
            avg_60s: window(60),
            avg_300s: window(WINDOW_MAX),
            overall: since_ms(self.start_ms, 0),
        }
    }

    /// The oldest second with a sample.
    fn oldest(self) -> i64 {
        self.floor.unwrap_or_else(|| first_second(self.start_ms))
    }
}

fn rate(bytes: u64, ms: i64) -> Option<f64> {
    (ms > 0).then(|| bytes as f64 * 1000.0 / ms as f64)
}
