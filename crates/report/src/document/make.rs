//! A document made of a run.

use std::collections::BTreeMap;

use base::Class;
use telemetry::hist::{Distribution, Micros, Quantile, Scale};
use telemetry::requests::{self, Counters};
use telemetry::{Occurrences, Snapshot, What};

use super::parts::{
    Difference, Error, Exit, Generator, GroupFigures, Happened, LastWords, Origin, Playback,
    Players, Refused, Summary, Throughput, Viewers,
};
use super::{Document, SCHEMA};
use crate::agreement::{self, Agreement, Ledger};
use crate::health::health;
use crate::run::Run;

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
        health: Some(health(run)),
        config: run.config.clone(),
        objectives: run.objectives.to_vec(),
        viewers: viewers(snapshot),
        roster: Some(snapshot.roster.clone()),
        playback: playback(snapshot, since),
        requests: requests(snapshot),
        statuses: snapshot.requests.statuses.clone(),
        errors: errors(snapshot, since),
        throughput: throughput(snapshot),
        latency_ms: latencies(snapshot),
        distributions: snapshot
            .latency
            .iter()
            .filter(|(_, of)| !of.is_empty())
            .map(|(what, of)| (what, of.clone()))
            .collect(),
        slo: snapshot.slo_rows(),
        slo_refused: Refused {
            series: snapshot.slo.refused_series,
            samples: snapshot.slo.refused_samples,
        },
        generator: generator(&snapshot.generator, since),
        origin: run.ledger.map(|ledger| origin(snapshot, ledger)),
        origin_metrics: run.origin_metrics.cloned(),
        players: snapshot.players.as_ref().map(|ended| players(ended, since)),
        estimated: snapshot.estimated.clone(),
        groups: groups(run),
        timeline: run.timeline.to_vec(),
    }
}

/// What each group of a scenario saw.
pub(crate) fn groups(run: &Run<'_>) -> Vec<GroupFigures> {
    let groups = run.config.named(run.groups);
    groups.map(|(name, seen)| group(name, seen)).collect()
}

fn group(name: &str, snapshot: &Snapshot) -> GroupFigures {
    let since = snapshot.started_ms.unwrap_or(0);
    GroupFigures {
        name: name.to_owned(),
        viewers: viewers(snapshot),
        playback: playback(snapshot, since),
        requests: requests(snapshot),
        statuses: snapshot.requests.statuses.clone(),
        errors: errors(snapshot, since),
        throughput: throughput(snapshot),
        latency_ms: latencies(snapshot),
        players: snapshot.players.as_ref().map(|ended| players(ended, since)),
        estimated: snapshot.estimated.clone(),
    }
}

fn requests(snapshot: &Snapshot) -> BTreeMap<Class, Counters> {
    let classes = snapshot.requests.iter();
    classes.map(|(class, of)| (class, *of)).collect()
}

fn errors(snapshot: &Snapshot, since: i64) -> Vec<Error> {
    let errors = snapshot.requests.errors.iter();
    errors.map(|error| error_row(error, since)).collect()
}

fn throughput(snapshot: &Snapshot) -> Throughput {
    Throughput {
        windows: snapshot.throughput.windows(),
        peak_100ms: snapshot.throughput.peak_100ms(),
        total_bytes: snapshot.throughput.total_bytes(),
    }
}

fn latencies(snapshot: &Snapshot) -> BTreeMap<What, Summary> {
    let latencies = snapshot.latency.iter();
    latencies.map(|(what, of)| (what, summary(of))).collect()
}

fn viewers(snapshot: &Snapshot) -> Viewers {
    let viewers = &snapshot.viewers;
    Viewers {
        target: viewers.target,
        started: viewers.started,
        restarts: viewers.restarts,
        exits: Some(viewers.exits),
        reconnections: Some(viewers.reconnections),
        uptime_s: Some(in_units(&snapshot.uptime, 1.0)),
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
        skipped_at: Some(happened(&playback.skipped, since)),
        late: playback.late.count,
        late_at: Some(happened(&playback.late, since)),
        stale_playlists: happened(&playback.stale_playlists, since),
        clock_ahead: happened(&playback.clock_ahead, since),
    }
}

fn players(ended: &telemetry::Players, since: i64) -> Players {
    let words = ended.last_words.iter();
    let words = words.map(|(words, seen)| LastWords {
        words: words.clone(),
        seen: happened(seen, since),
    });
    Players {
        success: ended.success,
        error: ended.error,
        signal: ended.signal,
        stopped: ended.stopped,
        not_started: ended.not_started,
        cpu_s: ended.cpu_us.map(|us| us as f64 / 1e6),
        memory_max_bytes: ended.memory_max_bytes,
        last_words: words.collect(),
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
        gateway_ms: (!generator.gateway.is_empty()).then(|| summary(&generator.gateway)),
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
    let pairs = agreement::pairs(&agreement::Counted::of(&snapshot.requests), &ledger.classes);
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
    in_units(of, 1e3)
}

/// A summary in which 1 is `unit` of what the distribution counts in.
fn in_units<S: Scale>(of: &Distribution<S>, unit: f64) -> Summary {
    let figure = |value: Option<u64>| value.map(|value| value as f64 / unit);
    Summary {
        count: of.count(),
        p50: figure(of.quantile(Quantile::P50)),
        p90: figure(of.quantile(Quantile::P90)),
        p95: figure(of.quantile(Quantile::P95)),
        p99: figure(of.quantile(Quantile::P99)),
        max: figure(of.max()),
    }
}

fn rfc3339(unix_ms: i64) -> Option<String> {
    let time = jiff::Timestamp::from_millisecond(unix_ms).ok()?;
    Some(time.to_string())
}
