//! The run as JSON: `liveswarm.run/1`.

use std::collections::BTreeMap;

use base::{Class, ViewerState};
use serde::{Deserialize, Serialize};
use telemetry::hist::{Distribution, Micros, Quantile};
use telemetry::requests::{self, Counters, Status};
use telemetry::slo::Row;
use telemetry::throughput::Windows;
use telemetry::{Cause, Occurrences, Snapshot, Verdict, What};

use crate::agreement::{self, Agreement, Ledger, Served};
use crate::run::{Config, Run};

/// The name of the schema that [`json()`] follows.
pub const SCHEMA: &str = "liveswarm.run/1";

/// The whole document. Its fields, with their units, are those of the published schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    schema: String,
    version: String,
    started_at: Option<String>,
    started_ms: Option<i64>,
    duration_s: f64,
    exit: Option<Exit>,
    config: Config,
    viewers: Viewers,
    playback: Playback,
    requests: BTreeMap<Class, Counters>,
    statuses: Vec<Status>,
    errors: Vec<Error>,
    throughput: Throughput,
    latency_ms: BTreeMap<What, Summary>,
    slo: Vec<Row>,
    slo_refused: Refused,
    generator: Generator,
    origin: Option<Origin>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Exit {
    code: u8,
    reason: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Viewers {
    target: u64,
    started: u64,
    restarts: u64,
    states: BTreeMap<ViewerState, u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Playback {
    startup_ms: Summary,
    play_s: Option<f64>,
    stall_s: Option<f64>,
    stalls: Option<u64>,
    rebuffer_ratio: Option<f64>,
    skipped: u64,
    late: u64,
    stale_playlists: Happened,
    clock_ahead: Happened,
}

/// Times are milliseconds since the run began; `None` where it never happened.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Happened {
    count: u64,
    first_ms: Option<i64>,
    last_ms: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Error {
    class: Class,
    kind: String,
    status: Option<u16>,
    count: u64,
    first_ms: i64,
    last_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Throughput {
    #[serde(flatten)]
    windows: Windows,
    peak_100ms: Option<f64>,
    total_bytes: u64,
}

/// Milliseconds; `None` without samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Summary {
    count: u64,
    p50: Option<f64>,
    p90: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Refused {
    series: u64,
    samples: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Generator {
    cpu_s: Option<f64>,
    rss_peak_bytes: Option<u64>,
    lag_ms: Summary,
    workers: Option<u64>,
    worker_cpu_max: Option<f64>,
    descriptors_max: Option<u64>,
    descriptors_limit: Option<u64>,
    verdict: Verdict,
    causes: BTreeMap<Cause, Happened>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Origin {
    classes: BTreeMap<Class, Served>,
    agreement: Agreement,
    difference: BTreeMap<Class, Difference>,
}

/// What the origin counted more than the viewers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Difference {
    requests: i64,
    bytes: i64,
    agreement: Agreement,
}

/// The run as JSON text, indented, ending with a line break.
pub fn json(run: &Run<'_>) -> String {
    // Keys are strings and numbers are finite, so there is nothing that JSON could not hold.
    let mut text = serde_json::to_string_pretty(&document(run)).unwrap_or_default();
    text.push('\n');
    text
}

/// The run as what is serialised.
pub fn document(run: &Run<'_>) -> Document {
    let snapshot = run.snapshot;
    let since = snapshot.started_ms.unwrap_or(0);
    Document {
        schema: SCHEMA.to_owned(),
        version: run.version.to_owned(),
        started_at: snapshot.started_ms.and_then(rfc3339),
        started_ms: snapshot.started_ms,
        duration_s: snapshot.elapsed().as_secs_f64(),
        exit: run.exit.map(|exit| Exit {
            code: exit.code,
            reason: exit.reason.to_owned(),
        }),
        config: run.config.clone(),
        viewers: viewers(snapshot),
        playback: playback(snapshot, since),
        requests: snapshot
            .requests
            .iter()
            .map(|(class, of)| (class, *of))
            .collect(),
        statuses: snapshot.requests.statuses.clone(),
        errors: snapshot
            .requests
            .errors
            .iter()
            .map(|error| error_row(error, since))
            .collect(),
        throughput: Throughput {
            windows: snapshot.throughput.windows(),
            peak_100ms: snapshot.throughput.peak_100ms(),
            total_bytes: snapshot.throughput.total_bytes(),
        },
        latency_ms: snapshot
            .latency
            .iter()
            .map(|(what, of)| (what, summary(of)))
            .collect(),
        slo: snapshot.slo_rows(),
        slo_refused: Refused {
            series: snapshot.slo.refused_series,
            samples: snapshot.slo.refused_samples,
        },
        generator: generator(&snapshot.generator, since),
        origin: run.ledger.map(|ledger| origin(snapshot, ledger)),
    }
}

fn viewers(snapshot: &Snapshot) -> Viewers {
    let viewers = &snapshot.viewers;
    Viewers {
        target: viewers.target,
        started: viewers.started,
        restarts: viewers.restarts,
        states: viewers.iter().collect(),
    }
}

fn playback(snapshot: &Snapshot, since: i64) -> Playback {
    let viewers = &snapshot.viewers;
    let playback = &snapshot.playback;
    Playback {
        startup_ms: summary(snapshot.latency.of(What::Startup)),
        play_s: viewers.play_time().map(|time| time.as_secs_f64()),
        stall_s: viewers.stall_time().map(|time| time.as_secs_f64()),
        stalls: viewers.play_time().map(|_| viewers.stalls),
        rebuffer_ratio: viewers.rebuffer_ratio(),
        skipped: playback.skipped.count,
        late: playback.late.count,
        stale_playlists: happened(&playback.stale_playlists, since),
        clock_ahead: happened(&playback.clock_ahead, since),
    }
}

fn error_row(error: &requests::Error, since: i64) -> Error {
    Error {
        class: error.class,
        kind: error.failure.kind().to_owned(),
        status: error.failure.status(),
        count: error.seen.count,
        first_ms: error.seen.first_ms - since,
        last_ms: error.seen.last_ms - since,
    }
}

fn generator(generator: &telemetry::Generator, since: i64) -> Generator {
    let causes = generator.causes.iter();
    Generator {
        cpu_s: generator.cpu_us.map(|us| us as f64 / 1e6),
        rss_peak_bytes: generator.rss_peak_bytes,
        lag_ms: summary(&generator.lag),
        workers: generator.workers,
        worker_cpu_max: generator
            .worker_cpu_permille_max
            .map(|share| share as f64 / 1e3),
        descriptors_max: generator.descriptors_max,
        descriptors_limit: generator.descriptors_limit,
        verdict: generator.verdict(),
        causes: causes
            .map(|(cause, seen)| (*cause, happened(seen, since)))
            .collect(),
    }
}

fn origin(snapshot: &Snapshot, ledger: &Ledger) -> Origin {
    let pairs = agreement::pairs(&snapshot.requests, ledger);
    let difference = pairs
        .iter()
        .filter(|pair| pair.agreement() != Agreement::Equal);
    let difference = difference.map(|pair| {
        let (requests, bytes) = pair.difference();
        let agreement = pair.agreement();
        (
            pair.class,
            Difference {
                requests,
                bytes,
                agreement,
            },
        )
    });
    Origin {
        agreement: agreement::overall(&pairs),
        difference: difference.collect(),
        classes: pairs.iter().map(|pair| (pair.class, pair.origin)).collect(),
    }
}

fn happened(seen: &Occurrences, since: i64) -> Happened {
    let time = |ms: i64| (seen.count > 0).then_some(ms - since);
    Happened {
        count: seen.count,
        first_ms: time(seen.first_ms),
        last_ms: time(seen.last_ms),
    }
}

fn summary(of: &Distribution<Micros>) -> Summary {
    let ms = |micros: Option<u64>| micros.map(|micros| micros as f64 / 1e3);
    Summary {
        count: of.count(),
        p50: ms(of.quantile(Quantile::P50)),
        p90: ms(of.quantile(Quantile::P90)),
        p95: ms(of.quantile(Quantile::P95)),
        p99: ms(of.quantile(Quantile::P99)),
        max: ms(of.max()),
    }
}

fn rfc3339(unix_ms: i64) -> Option<String> {
    let time = jiff::Timestamp::from_millisecond(unix_ms).ok()?;
    Some(time.to_string())
}
