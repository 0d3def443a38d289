//! Single viewers, for lists that a person reads: how each plays, the slowest first.

use std::time::Duration;

use base::ViewerState;
use serde::{Deserialize, Serialize};

/// Viewers that a roster lists; beyond them only sums are kept.
pub const LISTED_MAX: usize = 200;
/// A viewer whose drift is beyond this counts in [`Pace::high_drift`].
pub const HIGH_DRIFT: Duration = Duration::from_secs(5);
/// A viewer that plays slower than this share of real time counts in [`Pace::below_realtime`].
pub const REALTIME_PERMILLE: u64 = 990;

/// One viewer as it is at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its number, from 0.
    pub viewer: u64,
    /// What it does.
    pub state: ViewerState,
    /// Time played since the first picture of this life, in milliseconds; `None` without a
    /// playhead.
    pub played_ms: Option<u64>,
    /// How much further behind live it is than when its first picture came, in milliseconds: time
    /// stalled since. `None` before the first picture, and without a playhead.
    pub drift_ms: Option<u64>,
    /// Time played a second since the first picture, in thousandths. `None` as drift is.
    pub speed_permille: Option<u64>,
    /// Stalls of all its lives.
    pub stalls: u64,
    /// Times it was started again.
    pub restarts: u64,
    /// Newest live latency, in milliseconds.
    pub live_latency_ms: Option<u64>,
    /// Requests that ended well.
    pub requests_ok: u64,
    /// Requests that failed.
    pub requests_failed: u64,
    /// Bytes of body.
    pub bytes: u64,
}

/// How viewers that have had a first picture keep up with real time, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// Viewers with a playhead that had their first picture in this life and still watch.
    pub viewers: u64,
    /// Those of them that play slower than [`REALTIME_PERMILLE`].
    pub below_realtime: u64,
    /// Those whose drift is beyond [`HIGH_DRIFT`].
    pub high_drift: u64,
    /// Their speeds, added up.
    pub speed_permille_sum: u64,
    /// Their drifts, added up.
    pub drift_ms_sum: u64,
    /// The greatest drift.
    pub drift_ms_max: u64,
}

/// The viewers of a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    /// How they keep up.
    pub pace: Pace,
    /// The [`LISTED_MAX`] slowest that have started: by drift, then stalls, then number.
    pub slowest: Vec<Row>,
}
