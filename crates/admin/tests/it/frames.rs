//! Moments of runs, recorded as a run records them.

use std::sync::Arc;
use std::time::Duration;

use admin::{OriginFrame, Served};
use base::{Class, Failure, Now, Outcome, ViewerState};
use report::{Config, Frame, Phase};
use telemetry::objective::{State, Status, Unit};
use telemetry::origin as says;
use telemetry::slo::{Key, Source, Table, Tracker};
use telemetry::viewers::Playback;
use telemetry::{Cause, Recorder, Sample, Snapshot, Viewer, timeline};

/// 2026-03-01 12:00:00.250 UTC.
pub(crate) const START_MS: i64 = 1_772_366_400_250;
/// How far the busy run is, in milliseconds.
const AT_MS: u64 = 30_000;

pub(crate) fn at(ms: u64) -> Now {
    Now::new(Duration::from_millis(ms), START_MS)
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn frame(snapshot: Snapshot) -> Frame {
    Frame {
        version: "0.1.0",
        config: Arc::new(Config {
            url: "http://127.0.0.1:17080/live/\"a\\b\"/master.m3u8".to_owned(),
            viewers: 8,
            duration_s: Some(90.0),
            variant: "highest".to_owned(),
            ..Config::default()
        }),
        snapshot: Arc::new(snapshot),
        groups: Arc::default(),
        timeline: Arc::new([]),
        objectives: Arc::new([]),
        ledger: None,
        origin_metrics: None,
        phase: Phase::Ramping,
        exit: None,
    }
}

/// Before anything was recorded.
pub(crate) fn empty() -> Arc<Frame> {
    let mut recorder = Recorder::new(at(0));
    let mut frame = frame(recorder.snapshot(at(0)));
    let config = Config {
        duration_s: None,
        ..Config::clone(&frame.config)
    };
    frame.config = Arc::new(config);
    Arc::new(frame)
}

/// A run in which everything has happened that can.
pub(crate) fn busy() -> Arc<Frame> {
    Arc::new(busy_until(AT_MS))
}

/// The same, seen at another moment.
pub(crate) fn busy_until(until_ms: u64) -> Frame {
    let mut recorder = Recorder::new(at(0));
    recorder.set_target(8);
    viewers(&mut recorder);
    requests(&mut recorder);
    latencies(&mut recorder);
    recorder.skipped(2, at(3_000));
    recorder.late(3, at(4_000));
    recorder.stale_playlist(at(5_000));
    recorder.lag(Duration::from_micros(700));
    let mut snapshot = recorder.snapshot(at(until_ms));
    snapshot.slo.merge(&pushed());
    snapshot.generator.cpu_us = Some(2_500_000);
    snapshot.generator.rss_peak_bytes = Some(64 << 20);
    snapshot.generator.judged = true;
    snapshot.generator.blame(Cause::Cpu, START_MS + 9_000);
    Frame {
        timeline: rows(until_ms),
        objectives: objectives(),
        phase: Phase::Steady,
        origin_metrics: Some(Arc::new(origin_metrics())),
        ..frame(snapshot)
    }
}

/// A busy run of two groups: one that is all of [`busy`], and one that has seen nothing but its viewers
/// come.
pub(crate) fn grouped() -> Arc<Frame> {
    let mut frame = busy_until(AT_MS);
    let mut recorder = Recorder::new(at(0));
    viewers(&mut recorder);
    let idle = recorder.snapshot(at(AT_MS));
    let busy = Snapshot::clone(&frame.snapshot);
    let mut all = busy.clone();
    all.merge(&idle);
    let group = |name: &str| report::Group {
        name: name.to_owned(),
        ..report::Group::default()
    };
    frame.config = Arc::new(Config {
        groups: ["phones", "tv \"4K\""].map(group).to_vec(),
        ..Config::clone(&frame.config)
    });
    let mut objectives = frame.objectives.to_vec();
    objectives.extend(["phones", "tv \"4K\""].map(|group| Status {
        group: Some(group.to_owned()),
        ..objectives[1].clone()
    }));
    frame.objectives = objectives.into();
    frame.snapshot = Arc::new(all);
    frame.groups = [busy, idle].into();
    Arc::new(frame)
}

/// An origin that tells all that it can.
fn origin_metrics() -> says::View {
    let figure = |newest: f64| {
        Some(says::Figure {
            newest,
            age_ms: 1_500,
            ..says::Figure::default()
        })
    };
    let source = says::Source {
        url: "http://***@127.0.0.1:9100/metrics".to_owned(),
        readings: 15,
        failures: 2,
        age_ms: Some(1_500),
        ..says::Source::default()
    };
    says::View {
        // Two that differ in nothing but their credentials.
        sources: vec![source.clone(), source],
        host: Some(says::Host {
            cpu: figure(0.25),
            memory: figure(0.5),
            memory_bytes: Some(16_000_000_000),
            network_in: figure(1_000.0),
            network_out: figure(2_000.5),
        }),
        server: Some(says::Server {
            connections: figure(8.0),
            requests_per_s: figure(12.5),
            latency_ms: figure(250.0),
            ..says::Server::default()
        }),
        sent: vec![
            says::Sent::of(says::Scope::Bodies, 4_000, 4_000),
            says::Sent::of(says::Scope::Host, 5_000, 4_000),
        ],
        segments: Some(says::Segments {
            p50_bytes: Some(500_000),
            ..says::Segments::default()
        }),
    }
}

fn viewers(recorder: &mut Recorder) {
    use ViewerState::{BackingOff, Ended, Failed, Playing, Stalled, Starting};
    let lives: [&[(ViewerState, u64)]; 7] = [
        &[(Starting, 0), (Playing, 1_000)],
        &[
            (Starting, 100),
            (Playing, 1_100),
            (Stalled, 9_000),
            (Playing, 17_000),
        ],
        &[(Starting, 200), (Playing, 1_200), (Stalled, 29_000)],
        &[
            (Starting, 300),
            (Playing, 900),
            (BackingOff, 5_000),
            (Starting, 6_000),
        ],
        &[(Starting, 400), (Playing, 1_000), (Ended, 20_000)],
        &[(Starting, 500), (Failed, 2_000)],
        &[],
    ];
    for (number, life) in (0..).zip(lives) {
        let mut viewer = recorder.add_viewer(number, Playback::Tracked, ms(0));
        for &(state, at_ms) in life {
            recorder.enter(&mut viewer, state, ms(at_ms));
        }
        if number == 0 {
            its_requests(recorder, &viewer);
        }
    }
    let mut leaves = recorder.add_viewer(7, Playback::Tracked, ms(0));
    recorder.enter(&mut leaves, Starting, ms(600));
    recorder.leave(&mut leaves, ms(700));
}

fn its_requests(recorder: &mut Recorder, viewer: &Viewer) {
    let place = viewer.place();
    for n in 0..20 {
        recorder.begin(Class::Segment);
        recorder.bytes(Class::Segment, 500_000, at(1_000 + n * 1_000));
        let sample = sample(Class::Segment, Outcome::Ok, Some(200), 500_000);
        recorder.end(Some(place), &sample, at(1_000 + n * 1_000));
    }
    recorder.live_latency(place, ms(6_100));
}

fn sample(class: Class, outcome: Outcome, status: Option<u16>, bytes: u64) -> Sample {
    Sample {
        class,
        outcome,
        status,
        bytes,
        due: ms(1_000),
        sent: ms(1_001),
        first_byte: Some(ms(1_021)),
        last_byte: ms(1_080),
        connect: None,
    }
}

fn requests(recorder: &mut Recorder) {
    let failed = Outcome::Failed;
    let ended = [
        (Class::Multivariant, Outcome::Ok, Some(200), 400, 8),
        (Class::Playlist, Outcome::Ok, Some(200), 900, 60),
        (
            Class::Playlist,
            failed(Failure::Status(404)),
            Some(404),
            9,
            3,
        ),
        (
            Class::Segment,
            failed(Failure::Status(404)),
            Some(404),
            9,
            2,
        ),
        (
            Class::Segment,
            failed(Failure::Status(503)),
            Some(503),
            0,
            5,
        ),
        (Class::Segment, failed(Failure::ConnectTimedOut), None, 0, 4),
        (Class::Segment, failed(Failure::ReadTimedOut), None, 0, 1),
        (Class::Segment, Outcome::Cancelled, Some(200), 100, 2),
        (Class::Part, Outcome::Ok, Some(206), 50_000, 7),
        (Class::Init, Outcome::Ok, Some(200), 700, 8),
        (Class::Key, Outcome::Ok, Some(200), 16, 8),
        (Class::Other, failed(Failure::Reset), None, 0, 1),
    ];
    for (class, outcome, status, bytes, times) in ended {
        for _ in 0..times {
            recorder.begin(class);
            recorder.bytes(class, bytes, at(21_000));
            recorder.end(None, &sample(class, outcome, status, bytes), at(21_000));
        }
    }
    recorder.begin(Class::Segment);
    recorder.bytes(Class::Segment, 12_345, at(21_500));
}

fn latencies(recorder: &mut Recorder) {
    for startup in [420, 800, 2_600] {
        recorder.startup(ms(startup));
    }
    recorder.stall_ended(ms(8_000));
    let key = Key::new("/live/\"a\\b\"", "hls", Source::Viewer);
    let series = recorder.slo().series(&key, at(0));
    for n in 0..40 {
        recorder.glass_to_glass(series, 3_000 + n * 100, at(2_000 + n as u64 * 500));
    }
}

/// What others pushed: two broadcasts on one transport, one on another.
fn pushed() -> Table {
    let mut tracker = Tracker::new(at(0));
    for (broadcast, transport, latency_ms) in [
        ("/live/a", "moq", 80),
        ("/live/b", "moq", 81),
        ("/live/b", "moq", 400),
        ("line\nbreak", "ws", 300_000),
    ] {
        let key = Key::new(broadcast, transport, Source::Pushed);
        let series = tracker.series(&key, at(10_000));
        tracker.record(series, latency_ms, at(10_000));
    }
    tracker.snapshot()
}

fn rows(until_ms: u64) -> Arc<[Arc<timeline::Row>]> {
    let seconds = 1..=until_ms / 1_000;
    let rows = seconds.map(|second| {
        Arc::new(timeline::Row {
            unix_ms: START_MS + second as i64 * 1_000,
            elapsed_ms: second * 1_000,
            span_ms: 1_000,
            target: 8,
            playlists_ok: 4,
            segments_ok: 3,
            media_bytes: 1_500_000,
            ..timeline::Row::default()
        })
    });
    // The newest row is young.
    let young = timeline::Row {
        unix_ms: START_MS + until_ms as i64 + 250,
        elapsed_ms: until_ms + 250,
        span_ms: 250,
        target: 8,
        playlists_ok: 1,
        segments_ok: 2,
        media_bytes: 500_000,
        ..timeline::Row::default()
    };
    rows.chain([Arc::new(young)]).collect()
}

fn objectives() -> Arc<[Status]> {
    let status = |objective: &str, source, transport: Option<&str>, left| Status {
        objective: objective.to_owned(),
        group: None,
        metric: objective.split(['.', ' ']).next().unwrap().to_owned(),
        transport: transport.map(str::to_owned),
        source,
        unit: Unit::Ms,
        limit: 3_000.0,
        figure: Some(4_100.0),
        state: State::Broken,
        budget: 0.05,
        budget_left: left,
        burn_60s: left.map(|left| 2.0 - left),
        burn_300s: None,
        abort: false,
        broken_since_ms: None,
    };
    let unknown = Status {
        state: State::Unknown,
        figure: None,
        ..status("startup.p95 < 2s", None, None, None)
    };
    let viewer = Some(Source::Viewer);
    let met = Status {
        state: State::Met,
        ..status("glass_to_glass.p99 < 9s", viewer, None, Some(0.75))
    };
    let hls = "glass_to_glass.p95 < 3s for transport=hls";
    [
        status(hls, viewer, Some("hls"), Some(-1.5)),
        met.clone(),
        met,
        unknown,
        status(
            "glass_to_glass.p50 < 80ms for source=pushed",
            Some(Source::Pushed),
            None,
            None,
        ),
    ]
    .into()
}

/// A moment of an origin.
pub(crate) fn origin() -> Arc<OriginFrame> {
    let mut tracker = Tracker::new(at(0));
    let series = tracker.series(&Key::new("/live", "hls", Source::Origin), at(0));
    for latency_ms in [40, 55, 2_100] {
        tracker.record(series, latency_ms, at(1_000));
    }
    let served = |class, status, requests, bytes| Served {
        class,
        status,
        requests,
        bytes,
    };
    Arc::new(OriginFrame {
        version: "0.1.0",
        started_ms: START_MS,
        at_ms: START_MS + 5_000,
        served: vec![
            served(Class::Playlist, Some(200), 30, 27_000),
            served(Class::Segment, Some(200), 10, 5_000_000),
            served(Class::Segment, Some(404), 2, 18),
            served(Class::Segment, None, 1, 0),
        ],
        in_flight: 3,
        malformed: 1,
        connections: 4,
        connections_total: 9,
        slo: tracker.snapshot(),
    })
}

/// Viewers that all play.
pub(crate) fn crowd(viewers: u64) -> Arc<Frame> {
    playing(viewers, Playback::Tracked)
}

/// Viewers that copy the stream and play nothing.
pub(crate) fn untracked() -> Arc<Frame> {
    playing(3, Playback::Untracked)
}

fn playing(viewers: u64, playback: Playback) -> Arc<Frame> {
    let mut recorder = Recorder::new(at(0));
    recorder.set_target(viewers);
    for number in 0..viewers {
        let mut viewer = recorder.add_viewer(number, playback, ms(0));
        recorder.enter(&mut viewer, ViewerState::Starting, ms(10));
        recorder.enter(&mut viewer, ViewerState::Playing, ms(500));
    }
    Arc::new(frame(recorder.snapshot(at(2_000))))
}

/// A viewer that has started and plays nothing yet.
pub(crate) fn starting() -> Arc<Frame> {
    let mut recorder = Recorder::new(at(0));
    let mut viewer = recorder.add_viewer(0, Playback::Tracked, ms(0));
    recorder.enter(&mut viewer, ViewerState::Starting, ms(10));
    Arc::new(frame(recorder.snapshot(at(500))))
}
