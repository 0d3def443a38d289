use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base::{Class, ViewerState};

use super::{Row, SERIES_MAX, SeriesSpread, Spread};
use crate::hist::{Distribution, Micros, Millis, Quantile};
use crate::latency::{self, What};
use crate::slo::{Key, SeriesSnapshot, Table};
use crate::snapshot::Snapshot;

const MICROS_A_MS: f64 = 1_000.0;

/// What of a snapshot is needed to tell what came after it.
#[derive(Clone, Debug, Default)]
pub(super) struct Moment {
    pub(super) at_ms: i64,
    /// The Unix second at which whole seconds of segment bytes ended.
    pub(super) through: i64,
    target: u64,
    states: [u64; ViewerState::COUNT],
    sums: Sums,
    cpu_ms: Option<u64>,
    latency: latency::Set,
    lag: Distribution<Micros>,
    series: Vec<Series>,
}

/// What adds up: one field for one of a row.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    playlists_ok: u64,
    segments_ok: u64,
    failed: u64,
    media_bytes: u64,
    stalls: u64,
    stall_ms: u64,
    play_ms: u64,
    skipped: u64,
    late: u64,
    stale_playlists: u64,
}

/// One SLO series.
#[derive(Clone, Debug)]
struct Series {
    key: Arc<Key>,
    samples: Distribution<Millis>,
}

/// The SLO series that rows have: the first of each source.
#[derive(Clone, Debug, Default)]
pub(super) struct Followed(Vec<Arc<Key>>);

impl Followed {
    /// Takes in series that are new, where there is room. One that finds no room never gets any: it
    /// has samples that no row would have.
    pub(super) fn follow(&mut self, table: &Table) {
        for series in table.series() {
            if let Err(at) = self.0.binary_search(&series.key) {
                let source = series.key.source;
                let taken = self.0.iter().filter(|key| key.source == source).count();
                if taken < SERIES_MAX {
                    self.0.insert(at, Arc::clone(&series.key));
                }
            }
        }
    }

    fn of(&self, table: &Table) -> Vec<Series> {
        let follows = |series: &&SeriesSnapshot| self.0.binary_search(&series.key).is_ok();
        let series = table.series().iter().filter(follows);
        series
            .map(|series| Series {
                key: Arc::clone(&series.key),
                samples: series.run.clone(),
            })
            .collect()
    }
}

impl Moment {
    /// The run's start, when nothing had happened.
    pub(super) fn start(at_ms: i64) -> Self {
        Self {
            at_ms,
            through: i64::MIN,
            ..Self::default()
        }
    }

    /// What `snapshot` holds, as of `at_ms`.
    pub(super) fn of(snapshot: &Snapshot, at_ms: i64, followed: &Followed) -> Self {
        Self {
            at_ms,
            through: snapshot.throughput.through().unwrap_or(i64::MIN),
            target: snapshot.viewers.target,
            states: ViewerState::ALL.map(|state| snapshot.viewers.count(state)),
            sums: Sums::of(snapshot),
            cpu_ms: snapshot.generator.cpu_us.map(|cpu| cpu / 1_000),
            latency: snapshot.latency.clone(),
            lag: snapshot.generator.lag.clone(),
            series: followed.of(&snapshot.slo),
        }
    }

    /// This moment as one that follows `last`: time and sums do not go back. (Sums of times may: a
    /// stall is told of a little after it began, and what was taken for playing was none.)
    pub(super) fn after(mut self, last: &Self) -> Self {
        self.at_ms = self.at_ms.max(last.at_ms);
        self.through = self.through.max(last.through);
        self.sums = self.sums.max(&last.sums);
        self
    }

    /// What happened from `base` until now, in a run that began at `start_ms`; `peak` is what is
    /// known of the fullest 100 ms of it, in bytes a second.
    pub(super) fn since(&self, base: &Self, start_ms: i64, peak: Option<f64>) -> Row {
        let millis = |from: i64| u64::try_from(self.at_ms - from).unwrap_or(0);
        let span_ms = millis(base.at_ms);
        let sums = self.sums.since(&base.sums);
        let mean = (span_ms > 0).then(|| sums.media_bytes as f64 * 1e3 / span_ms as f64);
        let lag = self.lag.since(&base.lag);
        Row {
            unix_ms: self.at_ms,
            elapsed_ms: millis(start_ms),
            span_ms,
            target: self.target,
            states: ViewerState::ALL.into_iter().zip(self.states).collect(),
            playlists_ok: sums.playlists_ok,
            segments_ok: sums.segments_ok,
            failed: sums.failed,
            media_bytes: sums.media_bytes,
            peak_100ms: peak.map(|peak| mean.map_or(peak, |mean| peak.max(mean))),
            stalls: sums.stalls,
            stall_ms: sums.stall_ms,
            play_ms: sums.play_ms,
            skipped: sums.skipped,
            late: sums.late,
            stale_playlists: sums.stale_playlists,
            latency_ms: self.latencies(base),
            slo: self.spreads(base),
            cpu_ms: self
                .cpu_ms
                .map(|cpu| cpu.saturating_sub(base.cpu_ms.unwrap_or(0))),
            lag_p99_ms: lag
                .quantile(Quantile::P99)
                .map(|lag| lag as f64 / MICROS_A_MS),
        }
    }

    fn latencies(&self, base: &Self) -> BTreeMap<What, Spread> {
        let both = self.latency.iter().zip(base.latency.iter());
        both.filter_map(|((what, now), (_, before))| {
            Some((what, Spread::of(&now.since(before), MICROS_A_MS)?))
        })
        .collect()
    }

    fn spreads(&self, base: &Self) -> Vec<SeriesSpread> {
        let spread = |series: &Series| {
            let earlier = base.samples_of(&series.key);
            // One that was given up and begins anew has fewer samples than it had.
            let goes_on = |earlier: &&Distribution<_>| earlier.count() <= series.samples.count();
            let spread = match earlier.filter(goes_on) {
                Some(earlier) => Spread::of(&series.samples.since(earlier), 1.0),
                None => Spread::of(&series.samples, 1.0),
            };
            Some(SeriesSpread {
                broadcast: series.key.broadcast.clone(),
                transport: series.key.transport.clone(),
                source: series.key.source,
                spread: spread?,
            })
        };
        self.series.iter().filter_map(spread).collect()
    }

    fn samples_of(&self, key: &Key) -> Option<&Distribution<Millis>> {
        let place = self
            .series
            .binary_search_by(|series| (*series.key).cmp(key));
        place.ok().map(|place| &self.series[place].samples)
    }
}

impl Sums {
    fn of(snapshot: &Snapshot) -> Self {
        let ok = |class| snapshot.requests.of(class).ok;
        let millis = |time: Option<Duration>| {
            time.map_or(0, |time| {
                u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
            })
        };
        Self {
            playlists_ok: ok(Class::Multivariant) + ok(Class::Playlist),
            segments_ok: ok(Class::Segment) + ok(Class::Part),
            failed: snapshot.requests.all().failed,
            media_bytes: snapshot.throughput.total_bytes(),
            stalls: snapshot.viewers.stalls,
            stall_ms: millis(snapshot.viewers.stall_time()),
            play_ms: millis(snapshot.viewers.play_time()),
            skipped: snapshot.playback.skipped.count,
            late: snapshot.playback.late.count,
            stale_playlists: snapshot.playback.stale_playlists.count,
        }
    }

    fn since(&self, base: &Self) -> Self {
        self.with(base, u64::saturating_sub)
    }

    fn max(&self, other: &Self) -> Self {
        self.with(other, u64::max)
    }

    fn with(&self, other: &Self, of: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            playlists_ok: of(self.playlists_ok, other.playlists_ok),
            segments_ok: of(self.segments_ok, other.segments_ok),
            failed: of(self.failed, other.failed),
            media_bytes: of(self.media_bytes, other.media_bytes),
            stalls: of(self.stalls, other.stalls),
            stall_ms: of(self.stall_ms, other.stall_ms),
            play_ms: of(self.play_ms, other.play_ms),
            skipped: of(self.skipped, other.skipped),
            late: of(self.late, other.late),
            stale_playlists: of(self.stale_playlists, other.stale_playlists),
        }
    }
}
