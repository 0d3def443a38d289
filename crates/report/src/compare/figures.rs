//! The figures that are compared: one list, so that both runs have the same in the same order.

use telemetry::What;
use telemetry::requests::Counters;

use super::About;
use crate::document::{Document, Summary};
use crate::{format, words};

/// A percentile stands on enough samples if this many are expected beyond it.
const SAMPLES_BEYOND: f64 = 3.0;
/// Ratios of requests are judged from this many on.
const REQUESTS_MIN: u64 = 100;
/// Figures by viewing time are judged from this much of it on, in seconds.
const WATCHED_MIN_S: f64 = 60.0;
/// Shares of viewers are judged from this many on.
const VIEWERS_MIN: u64 = 10;
/// Throughput is judged from this much data on, in bytes.
const BYTES_MIN: u64 = 1_000_000;

/// Latencies that differ by less than this many milliseconds do not: no viewer feels it, and a
/// machine's own noise is as much.
const FLOOR_MS: f64 = 2.0;
/// Milliseconds of CPU a viewer-minute that differ by less do not.
const FLOOR_CPU_MS: f64 = 1.0;
/// Shares that differ by less do not.
const FLOOR_SHARE: f64 = 0.0005;
/// Rates of bytes that differ by less do not.
const FLOOR_BYTES: f64 = 1_000.0;
/// Events per hour watched that differ by less do not.
const FLOOR_PER_HOUR: f64 = 0.1;

/// The unit of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Milliseconds.
    Millis,
    /// Bytes a second.
    Rate,
    /// A share, 0 to 1.
    Share,
    /// Events in an hour of viewing time, summed over viewers.
    PerHour,
    /// Milliseconds of CPU for a minute that one viewer watched.
    CpuPerMinute,
}

impl Unit {
    /// A figure as people read it.
    pub(super) fn show(self, figure: f64) -> String {
        match self {
            Self::Millis | Self::CpuPerMinute => format::ms(figure),
            Self::Rate => format::rate(figure),
            Self::Share => format::percent(figure),
            Self::PerHour => format::per_second(figure),
        }
    }
}

/// Which way is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Better {
    Less,
    More,
}

/// A figure of one run.
#[derive(Clone, Debug)]
pub(super) struct Figure {
    pub(super) name: String,
    pub(super) unit: Unit,
    pub(super) about: About,
    pub(super) value: Option<f64>,
    /// Whether it stands on enough samples.
    pub(super) enough: bool,
    pub(super) better: Better,
    /// Differences below this are none.
    pub(super) floor: f64,
}

/// All of them, in the order in which they are shown.
pub(super) fn all(document: &Document) -> Vec<Figure> {
    let mut figures = vec![throughput(document)];
    let compared = [
        What::Playlist,
        What::SegmentTtfb,
        What::SegmentDownload,
        What::Startup,
        What::LiveLatency,
        What::GlassToGlass,
    ];
    for what in compared {
        figures.extend(latency(what, document.latency(what)));
    }
    figures.extend(playback(document));
    figures.push(errors(document));
    figures.push(gave_up(document));
    figures.push(cpu(document));
    figures
}

fn less(name: &str, unit: Unit, floor: f64, value: Option<f64>, enough: bool) -> Figure {
    Figure {
        name: name.to_owned(),
        unit,
        about: About::Stream,
        value,
        enough,
        better: Better::Less,
        floor,
    }
}

fn throughput(document: &Document) -> Figure {
    let throughput = &document.throughput;
    let enough = throughput.total_bytes >= BYTES_MIN;
    let overall = throughput.windows.overall;
    Figure {
        better: Better::More,
        ..less(
            "segment throughput",
            Unit::Rate,
            FLOOR_BYTES,
            overall,
            enough,
        )
    }
}

fn latency(what: What, of: Summary) -> [Figure; 3] {
    let quantiles = [
        ("p50", 0.5, of.p50),
        ("p95", 0.95, of.p95),
        ("p99", 0.99, of.p99),
    ];
    quantiles.map(|(name, share, value)| {
        let name = format!("{} {name}", words::latency(what));
        let enough = of.count as f64 * (1.0 - share) >= SAMPLES_BEYOND - 1e-6;
        less(&name, Unit::Millis, FLOOR_MS, value, enough)
    })
}

/// Seconds that viewers with a playhead watched or stalled.
fn watched_s(document: &Document) -> Option<f64> {
    let playback = &document.playback;
    Some(playback.play_s? + playback.stall_s?)
}

fn playback(document: &Document) -> [Figure; 3] {
    let watched = watched_s(document).unwrap_or(0.0);
    let enough = watched >= WATCHED_MIN_S;
    let per_hour = |events: Option<u64>| {
        let events = events.filter(|_| watched > 0.0)?;
        Some(events as f64 * 3600.0 / watched)
    };
    let ratio = document.playback.rebuffer_ratio;
    let stalls = per_hour(document.playback.stalls);
    let skipped = per_hour(Some(document.playback.skipped));
    [
        less("rebuffer ratio", Unit::Share, FLOOR_SHARE, ratio, enough),
        less(
            "stalls an hour watched",
            Unit::PerHour,
            FLOOR_PER_HOUR,
            stalls,
            enough,
        ),
        less(
            "skipped an hour watched",
            Unit::PerHour,
            FLOOR_PER_HOUR,
            skipped,
            enough,
        ),
    ]
}

fn errors(document: &Document) -> Figure {
    let all: Counters = document.all_requests();
    let enough = all.ok + all.failed >= REQUESTS_MIN;
    less(
        "failed requests",
        Unit::Share,
        FLOOR_SHARE,
        all.error_rate(),
        enough,
    )
}

/// Players that gave up, for each viewer that started.
fn gave_up(document: &Document) -> Figure {
    let viewers = &document.viewers;
    let started = viewers.started;
    let share = viewers
        .exits
        .filter(|_| started > 0)
        .map(|exits| exits.failed as f64 / started as f64);
    less(
        "players that gave up",
        Unit::Share,
        FLOOR_SHARE,
        share,
        started >= VIEWERS_MIN,
    )
}

fn cpu(document: &Document) -> Figure {
    let minutes = watched_s(document).map(|seconds| seconds / 60.0);
    let spent = document
        .generator
        .cpu_s
        .zip(minutes.filter(|minutes| *minutes > 0.0));
    let per_minute = spent.map(|(cpu_s, minutes)| cpu_s * 1e3 / minutes);
    let enough = minutes.is_some_and(|minutes| minutes * 60.0 >= WATCHED_MIN_S);
    let name = "CPU a viewer-minute";
    Figure {
        about: About::Generator,
        ..less(name, Unit::CpuPerMinute, FLOOR_CPU_MS, per_minute, enough)
    }
}
