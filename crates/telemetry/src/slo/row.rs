use serde::{Deserialize, Serialize};

use super::Source;
use super::slots::{SLOT_MS, Slots};
use super::table::SeriesSnapshot;
use crate::hist::{Distribution, Histogram, Millis, Quantile};

/// A series as outputs list it. `p50_ms` to `max_ms` are of the newest `sample_count` samples,
/// exact: the sorted sample at min(n−1, ⌊n·q⌋).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The stream.
    pub broadcast: String,
    /// How it is carried.
    pub transport: String,
    /// Who measured.
    pub source: Source,
    /// The median.
    pub p50_ms: u64,
    /// 19 of 20 samples are about this or less.
    pub p95_ms: u64,
    /// 99 of 100 samples are about this or less.
    pub p99_ms: u64,
    /// The greatest.
    pub max_ms: u64,
    /// Samples that these are of: the newest 1,024, or all.
    pub sample_count: u64,
    /// Samples in the whole run.
    pub total_observed: u64,
    /// The last 60 s.
    pub last_60s: Spread,
    /// The last 300 s.
    pub last_300s: Spread,
    /// The whole run.
    pub run: Spread,
}

impl Row {
    pub(super) fn of(series: &SeriesSnapshot, unix_ms: i64) -> Self {
        let mut latencies: Vec<u64> = series.newest().map(|(_, latency)| latency).collect();
        latencies.sort_unstable();
        let at = |quantile: Quantile| {
            latencies
                .get(quantile.place(latencies.len()))
                .copied()
                .unwrap_or(0)
        };
        Self {
            broadcast: series.key.broadcast.clone(),
            transport: series.key.transport.clone(),
            source: series.key.source,
            p50_ms: at(Quantile::P50),
            p95_ms: at(Quantile::P95),
            p99_ms: at(Quantile::P99),
            max_ms: at(Quantile::percent(100)),
            sample_count: latencies.len() as u64,
            total_observed: series.total_observed,
            last_60s: Spread::of(&series.window(60, unix_ms)),
            last_300s: Spread::of(&series.window(300, unix_ms)),
            run: Spread::of(&series.run),
        }
    }
}

/// How the samples of a histogram spread, to two digits; `None` without samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// How many samples.
    pub count: u64,
    /// The median.
    pub p50_ms: Option<u64>,
    /// 95 of 100 samples are this or less.
    pub p95_ms: Option<u64>,
    /// 99 of 100 samples are this or less.
    pub p99_ms: Option<u64>,
}

impl Spread {
    fn of(samples: &Distribution<Millis>) -> Self {
        Self {
            count: samples.count(),
            p50_ms: samples.quantile(Quantile::P50),
            p95_ms: samples.quantile(Quantile::P95),
            p99_ms: samples.quantile(Quantile::P99),
        }
    }
}

pub(super) fn window(slots: &Slots, seconds: i64, unix_ms: i64) -> Distribution<Millis> {
    let oldest = (unix_ms - seconds * 1000 + 1).div_euclid(SLOT_MS);
    let mut samples = Histogram::<Millis>::new();
    for (bin, count) in slots.bins_from(oldest) {
        samples.record_bin(bin, count);
    }
    samples.distribution()
}
