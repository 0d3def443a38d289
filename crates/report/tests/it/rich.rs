//! A finished run with a timeline, objectives and a roster: all that a page can show.

use std::sync::Arc;

use base::ViewerState;
use report::{Document, document};
use telemetry::What;
use telemetry::objective::{State, Status, Unit};
use telemetry::slo::Source;
use telemetry::timeline::{Row, SeriesSpread, Spread};

use crate::runs;

/// When the run of [`runs`] began.
const START_MS: i64 = 1_772_366_400_250;

/// A run of `rows` seconds in which viewers stall half way.
pub(crate) fn document_of(rows: u64) -> Document {
    let case = runs::named("bad");
    let mut document = document(&case.run());
    document.config = runs::named("fine").config;
    document.timeline = timeline(rows);
    document.objectives = objectives();
    document.groups = crate::groups::document().groups;
    document
}

pub(crate) fn timeline(rows: u64) -> Vec<Arc<Row>> {
    (1..=rows).map(|n| Arc::new(row(n, rows))).collect()
}

pub(crate) fn objectives() -> Vec<Status> {
    let status = |objective: &str, metric: &str, unit, limit, figure: Option<f64>, state| Status {
        objective: objective.to_owned(),
        group: None,
        metric: metric.to_owned(),
        transport: None,
        source: None,
        unit,
        limit,
        figure,
        state,
        budget: 0.05,
        budget_left: figure.map(|figure| 1.0 - figure / limit),
        burn_60s: figure.map(|figure| figure / limit),
        burn_300s: None,
        abort: false,
        broken_since_ms: (state == State::Broken).then_some(START_MS + 60_000),
    };
    let (ms, ratio) = (Unit::Ms, Unit::Ratio);
    vec![
        status(
            "glass_to_glass.p95 < 9s",
            "glass_to_glass",
            ms,
            9_000.0,
            Some(8_290.0),
            State::Met,
        ),
        status(
            "segment_download.p99 < 5ms",
            "segment_download",
            ms,
            5.0,
            Some(8.9),
            State::Broken,
        ),
        status(
            "rebuffer_ratio < 0.5%",
            "rebuffer_ratio",
            ratio,
            0.005,
            Some(0.155),
            State::Broken,
        ),
        status(
            "live_latency.p50 < 1s for transport=moq",
            "live_latency",
            ms,
            1_000.0,
            None,
            State::Unknown,
        ),
    ]
}

fn row(n: u64, rows: u64) -> Row {
    let wave = |period: u64| ((n * 997) % period) as f64 / period as f64;
    let troubled = n * 2 > rows && n * 3 < rows * 2;
    let started = (n * 100 * 4 / rows).min(100);
    let stalled = if troubled { started / 4 } else { 0 };
    let starting = if started < 100 { 3.min(started) } else { 0 };
    let spread = |ms: f64| Spread {
        count: 50,
        p50: ms,
        p95: ms * 1.9,
        p99: ms * 2.6,
        max: ms * 4.0,
    };
    let slow = if troubled { 2.5 } else { 1.0 };
    let mut latency_ms = [
        (What::Playlist, spread((0.9 + wave(7)) * slow)),
        (What::SegmentTtfb, spread((1.1 + wave(5)) * slow)),
        (
            What::LiveLatency,
            spread(5_900.0 + wave(9) * 200.0 + f64::from(u8::from(troubled)) * 900.0),
        ),
    ]
    .into_iter()
    .collect::<std::collections::BTreeMap<_, _>>();
    // Some seconds have no segment.
    if !n.is_multiple_of(7) {
        latency_ms.insert(What::SegmentDownload, spread((2.0 + wave(11)) * slow));
    }
    Row {
        unix_ms: START_MS + (n * 1_000) as i64,
        elapsed_ms: n * 1_000,
        span_ms: 1_000,
        target: 100,
        states: [
            (ViewerState::Waiting, 100 - started),
            (ViewerState::Starting, starting),
            (ViewerState::Playing, started - starting - stalled),
            (ViewerState::Stalled, stalled),
            (ViewerState::BackingOff, 0),
            (ViewerState::Ended, 0),
            (ViewerState::Failed, 0),
        ]
        .into(),
        playlists_ok: 50,
        segments_ok: 48,
        failed: if troubled { n % 5 } else { 0 },
        media_bytes: started * 240_000 + (wave(13) * 2e6) as u64,
        peak_100ms: Some(started as f64 * 240_000.0 * (2.0 + wave(3))),
        stalls: if troubled { 1 + n % 4 } else { 0 },
        stall_ms: stalled * 1_000,
        play_ms: (started - starting - stalled) * 1_000,
        latency_ms,
        slo: vec![SeriesSpread {
            broadcast: "live".to_owned(),
            transport: "hls".to_owned(),
            source: Source::Viewer,
            spread: Spread {
                count: 90,
                p50: 7_950.0 + wave(9) * 100.0,
                p95: 8_200.0 + wave(9) * 150.0,
                p99: 8_300.0 + wave(9) * 200.0,
                max: 8_900.0,
            },
        }],
        cpu_ms: Some(90 + n % 30),
        lag_p99_ms: Some(0.3 + wave(17)),
        ..Row::default()
    }
}
