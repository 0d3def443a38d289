//! A run over time: what happened in each second, for charts and tables.
//!
//! A [`Timeline`] is shown the cumulative snapshot once a second and keeps the differences. It
//! keeps three resolutions (1 s, 10 s, 60 s), each bounded, so that a long run costs no more than
//! a short one; percentiles of each are of exactly its own span, never averages of finer ones.
//!
//! ```text
//!  60 s  ├───────────────────────┼───────────────────────┤
//!  10 s  ├───┼───┼───┼───┼───┼───┼───┼───┼───┼───┼───┼───┼───┼───┤
//!   1 s                                      ├┼┼┼┼┼┼┼┼┼┼┼┼┼┼┼┼┼┼┼┼┤ the newest look
//! ```
//!
//! Every row is the difference of two looks, so rows add up: their sum is what the snapshot of the
//! newest look says. A row ends with the last look within its Unix second (ten seconds, minute) and
//! begins where the row before it ended; it is as long as it says, however late a look came. Looks
//! again in the same second, or after the run's stop, belong to the row that is there.

mod moment;
mod row;
mod track;

use std::sync::Arc;

pub use row::{Row, SeriesSpread, Spread};

use crate::snapshot::Snapshot;
use moment::{Followed, Moment};
use track::Track;

/// Rows of a second that are kept.
pub const SECONDS_MAX: usize = 600;
/// Rows of ten seconds that are kept.
pub const TEN_SECONDS_MAX: usize = 720;
/// Rows of a minute that are kept; of a longer run, the newest.
pub const MINUTES_MAX: usize = 2_880;
/// SLO series of one source that rows have: those that came first.
pub const SERIES_MAX: usize = 8;

/// What a run was like over time.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    run: Option<Run>,
}

/// From the first look on.
#[derive(Clone, Debug)]
struct Run {
    start_ms: i64,
    last: Arc<Moment>,
    followed: Followed,
    seconds: Track,
    /// Finer before coarser; only what is over is in them.
    coarse: [Track; 2],
}

impl Timeline {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at the run: about once a second, with everything so far. Time that goes back stands
    /// still; a snapshot before the first recorder's is nothing to look at.
    pub fn observe(&mut self, snapshot: &Snapshot) {
        let (Some(start_ms), Some(at_ms)) = (snapshot.started_ms, snapshot.at_ms) else {
            return;
        };
        let run = self.run.get_or_insert_with(|| Run::new(start_ms));
        run.observe(snapshot, at_ms);
    }

    /// The rows of single seconds that are kept, oldest first. The newest may still grow.
    pub fn seconds(&self) -> impl DoubleEndedIterator<Item = &Arc<Row>> {
        self.run.iter().flat_map(|run| run.seconds.rows())
    }

    /// The run in rows without gaps, oldest first, in the finest resolution that still has all of
    /// it. What is younger than the newest whole row of a coarser resolution is in seconds, so the
    /// last row is always of the last second.
    pub fn rows(&self) -> Arc<[Arc<Row>]> {
        self.run.as_ref().map_or_else(Arc::default, Run::rows)
    }
}

impl Run {
    fn new(start_ms: i64) -> Self {
        let start = Arc::new(Moment::start(start_ms));
        let track = |span_ms, rows_max| Track::new(span_ms, rows_max, Arc::clone(&start));
        Self {
            start_ms,
            followed: Followed::default(),
            seconds: track(1_000, SECONDS_MAX),
            coarse: [track(10_000, TEN_SECONDS_MAX), track(60_000, MINUTES_MAX)],
            last: start,
        }
    }

    fn observe(&mut self, snapshot: &Snapshot, at_ms: i64) {
        self.followed.follow(&snapshot.slo);
        let last = Arc::clone(&self.last);
        let now = Moment::of(snapshot, at_ms, &self.followed).after(&last);
        for track in &mut self.coarse {
            if track.is_over(&last, now.at_ms) {
                let peak = self.seconds.peak_since(track.base().at_ms);
                track.push(last.since(track.base(), self.start_ms, peak));
                track.begin(Arc::clone(&last));
            }
        }
        if self.seconds.is_over(&last, now.at_ms) {
            self.seconds.begin(Arc::clone(&last));
        } else {
            self.seconds.pop();
        }
        let base = self.seconds.base();
        let peak = snapshot.throughput.peak_since(base.through);
        let row = now.since(base, self.start_ms, peak);
        self.seconds.push(row);
        self.last = Arc::new(now);
    }

    fn rows(&self) -> Arc<[Arc<Row>]> {
        if self.seconds.has_all() {
            return self.seconds.rows().cloned().collect();
        }
        let [.., coarsest] = &self.coarse;
        let track = self.coarse.iter().find(|track| track.has_all());
        let track = track.unwrap_or(coarsest);
        let tail = self.seconds.rows_since(track.base().at_ms);
        track.rows().chain(tail).cloned().collect()
    }
}
