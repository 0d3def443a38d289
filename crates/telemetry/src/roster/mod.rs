//! Single viewers, for lists that a person reads: how each plays, the slowest first.

mod table;

use std::cmp::{Ordering, Reverse};
use std::time::Duration;

use base::ViewerState;
use serde::{Deserialize, Serialize};

pub use table::Place;
pub(crate) use table::Table;

/// Viewers that a roster lists; beyond them only sums are kept.
pub const LISTED_MAX: usize = 200;
/// A viewer whose drift is beyond this counts in [`Pace::high_drift`].
pub const HIGH_DRIFT: Duration = Duration::from_secs(5);
const HIGH_DRIFT_MS: u64 = HIGH_DRIFT.as_millis() as u64;
/// A viewer that plays slower than this share of real time counts in [`Pace::below_realtime`].
pub const REALTIME_PERMILLE: u64 = 990;

/// One viewer as it is at a moment; one that is over, as it was when its last life ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// Time played of the time played or stalled since the first picture, in thousandths; at the
    /// instant of the first picture, all of it. `None` as drift is.
    pub speed_permille: Option<u64>,
    /// Stalls of all its lives.
    pub stalls: u64,
    /// Times it was started again.
    pub restarts: u64,
    /// Newest live latency of this life, in milliseconds.
    pub live_latency_ms: Option<u64>,
    /// Requests that ended well.
    pub requests_ok: u64,
    /// Requests that failed.
    pub requests_failed: u64,
    /// Bytes of body of requests that ended.
    pub bytes: u64,
}

impl Row {
    /// Slower ones first: by drift, then stalls, then number. Rows that are equal in these have an
    /// order too, so that every way of sorting and cutting a list keeps the same rows.
    fn slower_first(&self, other: &Self) -> Ordering {
        let rank = |row: &Self| Rank::new(row.drift_ms, row.stalls, row.viewer);
        rank(self).cmp(&rank(other)).then_with(|| self.cmp(other))
    }
}

/// How far up in the list a viewer is: the least is the slowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank(Reverse<(Option<u64>, u64)>, u64);

impl Rank {
    fn new(drift_ms: Option<u64>, stalls: u64, viewer: u64) -> Self {
        Self(Reverse((drift_ms, stalls)), viewer)
    }
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

impl Pace {
    /// The mean speed, 1 being real time; `None` without viewers.
    pub fn average_speed(&self) -> Option<f64> {
        let speed = self.speed_permille_sum as f64 / 1_000.0;
        (self.viewers > 0).then(|| speed / self.viewers as f64)
    }

    /// The mean drift; `None` without viewers.
    pub fn average_drift(&self) -> Option<Duration> {
        let drift = self.drift_ms_sum.checked_div(self.viewers);
        drift.map(Duration::from_millis)
    }

    /// The greatest drift; `None` without viewers.
    pub fn max_drift(&self) -> Option<Duration> {
        (self.viewers > 0).then(|| Duration::from_millis(self.drift_ms_max))
    }

    /// Adds a viewer.
    fn add(&mut self, drift_ms: u64, speed_permille: u64) {
        self.viewers += 1;
        self.below_realtime += u64::from(speed_permille < REALTIME_PERMILLE);
        self.high_drift += u64::from(drift_ms > HIGH_DRIFT_MS);
        self.speed_permille_sum += speed_permille;
        self.drift_ms_sum += drift_ms;
        self.drift_ms_max = self.drift_ms_max.max(drift_ms);
    }

    /// Adds what `other` holds.
    pub fn merge(&mut self, other: &Self) {
        self.viewers += other.viewers;
        self.below_realtime += other.below_realtime;
        self.high_drift += other.high_drift;
        self.speed_permille_sum += other.speed_permille_sum;
        self.drift_ms_sum += other.drift_ms_sum;
        self.drift_ms_max = self.drift_ms_max.max(other.drift_ms_max);
    }
}

/// The viewers of a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    /// How they keep up.
    pub pace: Pace,
    /// The [`LISTED_MAX`] slowest that have started: by drift, then stalls, then number.
    pub slowest: Vec<Row>,
}

impl Roster {
    /// Adds what `other` holds.
    pub fn merge(&mut self, other: &Self) {
        self.pace.merge(&other.pace);
        self.slowest.extend_from_slice(&other.slowest);
        self.slowest.sort_unstable_by(Row::slower_first);
        self.slowest.truncate(LISTED_MAX);
    }
}
