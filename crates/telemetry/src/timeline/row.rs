use std::collections::BTreeMap;

use base::ViewerState;
use serde::{Deserialize, Serialize};

use crate::hist::{Distribution, Quantile, Scale};
use crate::latency::What;

/// What happened in one span of time, mostly a second.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Unix milliseconds of its end.
    pub unix_ms: i64,
    /// Milliseconds from the run's start to its end.
    pub elapsed_ms: u64,
    /// How long it is.
    pub span_ms: u64,
    /// How many viewers are wanted, at its end.
    pub target: u64,
    /// Viewers by state, at its end.
    pub states: BTreeMap<ViewerState, u64>,
    /// Playlists of either kind that ended well in it.
    pub playlists_ok: u64,
    /// Segments and parts that ended well in it.
    pub segments_ok: u64,
    /// Requests of any class that failed in it.
    pub failed: u64,
    /// Segment bytes that arrived in it.
    pub media_bytes: u64,
    /// The fullest 100 ms of the whole Unix seconds that ended in it, in bytes a second, and at
    /// least its mean rate; `None` where no such second is known.
    pub peak_100ms: Option<f64>,
    /// Stalls that began in it.
    pub stalls: u64,
    /// Time stalled in it, added up over viewers, in milliseconds.
    pub stall_ms: u64,
    /// Time played in it, added up over viewers, in milliseconds.
    pub play_ms: u64,
    /// Segments skipped in it.
    pub skipped: u64,
    /// Late segments in it.
    pub late: u64,
    /// Playlists found stale in it.
    pub stale_playlists: u64,
    /// Latencies of its samples; what has no sample is missing.
    pub latency_ms: BTreeMap<What, Spread>,
    /// Glass-to-glass latencies of its samples, by series; without samples it is missing.
    pub slo: Vec<SeriesSpread>,
    /// CPU time that the generator used in it, in milliseconds; `None` while unknown.
    pub cpu_ms: Option<u64>,
    /// 99th percentile of the generator's scheduling lag in it, in milliseconds; `None` without
    /// samples.
    pub lag_p99_ms: Option<f64>,
}

impl Row {
    /// Unix milliseconds of its beginning, by which it is known: a row that begins as an earlier
    /// one did takes that one's place.
    pub fn begin_ms(&self) -> i64 {
        self.unix_ms - self.span_ms as i64
    }
}

/// How the samples of a span spread, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// How many samples.
    pub count: u64,
    /// The median.
    pub p50: f64,
    /// 95 of 100 samples are this or less.
    pub p95: f64,
    /// 99 of 100 samples are this or less.
    pub p99: f64,
    /// The greatest; where an earlier sample of the run was as great, the upper end of its bin.
    pub max: f64,
}

impl Spread {
    /// Of samples of which `per_ms` make a millisecond; `None` without samples.
    pub(super) fn of<S: Scale>(samples: &Distribution<S>, per_ms: f64) -> Option<Self> {
        let at = |quantile| Some(samples.quantile(quantile)? as f64 / per_ms);
        Some(Self {
            count: samples.count(),
            p50: at(Quantile::P50)?,
            p95: at(Quantile::P95)?,
            p99: at(Quantile::P99)?,
            max: samples.max()? as f64 / per_ms,
        })
    }
}

/// A [`Spread`] of one SLO series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeriesSpread {
    /// The stream.
    pub broadcast: String,
    /// How it is carried.
    pub transport: String,
    /// Who measured.
    pub source: crate::slo::Source,
    /// Its samples.
    pub spread: Spread,
}
