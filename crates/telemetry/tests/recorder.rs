//! What a recorder makes of what it is told.

use std::time::Duration;

use base::{Class, Failure, Now, Outcome, ViewerState};
use telemetry::hist::Quantile;
use telemetry::slo::{Key, Source};
use telemetry::viewers::Playback;
use telemetry::{Connect, Recorder, Sample, Snapshot, What};

const START_MS: i64 = 1_700_000_000_000;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn at(elapsed_ms: u64) -> Now {
    Now::new(ms(elapsed_ms), START_MS)
}

/// Due at 100 ms, sent at 140, first byte at 200, last byte at 300.
fn sample(class: Class, outcome: Outcome, status: Option<u16>) -> Sample {
    Sample {
        class,
        outcome,
        status,
        bytes: 1_000,
        due: ms(100),
        sent: ms(140),
        first_byte: Some(ms(200)),
        last_byte: ms(300),
        connect: None,
    }
}

fn known(snapshot: &Snapshot) -> Vec<(&'static str, u64)> {
    let latency = snapshot.latency.iter();
    latency
        .filter_map(|(what, of)| of.max().map(|max| (what.name(), max / 1_000)))
        .collect()
}

fn of_one(class: Class, outcome: Outcome, status: Option<u16>) -> Snapshot {
    let mut recorder = Recorder::new(at(0));
    recorder.begin(class);
    recorder.end(None, &sample(class, outcome, status), at(300));
    recorder.snapshot(at(300))
}

#[test]
fn latencies_run_from_due_and_from_sent() {
    let playlist = [("playlist", 200), ("playlist_sent", 160)];
    let segment = [
        ("segment_ttfb", 100),
        ("segment_ttfb_sent", 60),
        ("segment_download", 200),
        ("segment_download_sent", 160),
    ];
    let cases: [(Class, &[_]); 7] = [
        (Class::Multivariant, &playlist),
        (Class::Playlist, &playlist),
        (Class::Segment, &segment),
        (Class::Init, &[]),
        (Class::Part, &[]),
        (Class::Key, &[]),
        (Class::Other, &[]),
    ];
    for (class, expected) in cases {
        assert_eq!(
            known(&of_one(class, Outcome::Ok, Some(200))),
            expected,
            "{class:?}"
        );
    }
}

#[test]
fn only_answers_that_ended_well_have_a_latency() {
    let failed = Outcome::Failed(Failure::Status(503));
    for (outcome, status) in [(failed, 503), (Outcome::Cancelled, 200), (Outcome::Ok, 302)] {
        assert_eq!(known(&of_one(Class::Playlist, outcome, Some(status))), []);
    }
    assert_eq!(
        known(&of_one(Class::Playlist, Outcome::Ok, Some(304))).len(),
        2
    );
}

#[test]
fn a_connection_is_timed_whatever_came_of_the_request() {
    let mut recorder = Recorder::new(at(0));
    let connect = Some(Connect {
        dns: ms(1),
        connect: ms(20),
        tls: ms(300),
    });
    let failed = sample(Class::Segment, Outcome::Failed(Failure::Reset), None);
    recorder.begin(Class::Segment);
    recorder.end(None, &Sample { connect, ..failed }, at(400));
    assert_eq!(known(&recorder.snapshot(at(400))), [("connect", 321)]);
}

#[test]
fn segment_bytes_alone_are_throughput() {
    let mut recorder = Recorder::new(at(0));
    for class in Class::ALL {
        recorder.begin(class);
        recorder.bytes(class, 1_000, at(10));
    }
    let snapshot = recorder.snapshot(at(1_000));
    assert_eq!(snapshot.throughput.total_bytes(), 2_000);
    assert_eq!(snapshot.throughput.windows().avg_1s, Some(2_000.0));
    assert_eq!(snapshot.requests.all().bytes, 7_000);
}

#[test]
fn a_source_whose_clock_is_ahead_is_noticed() {
    let mut recorder = Recorder::new(at(0));
    let series = recorder
        .slo()
        .series(&Key::new("/live", "hls", Source::Viewer), at(0));
    recorder.glass_to_glass(series, 1_500, at(10));
    recorder.glass_to_glass(series, -3, at(20));
    let snapshot = recorder.snapshot(at(30));
    assert_eq!(snapshot.playback.clock_ahead.count, 1);
    assert_eq!(snapshot.playback.clock_ahead.first_ms, START_MS + 20);
    let samples = snapshot.latency.of(What::GlassToGlass);
    assert_eq!(
        (samples.count(), samples.duration(Quantile::P50)),
        (2, Some(ms(0)))
    );
    assert_eq!(snapshot.slo_rows()[0].sample_count, 2);
}

/// Somebody sets the wall clock, forwards and back, all through the run.
#[test]
fn the_wall_clock_may_jump() {
    let told = |jump: fn(u64) -> i64| {
        let mut recorder = Recorder::new(at(0));
        let key = Key::new("/live", "hls", Source::Viewer);
        for n in 0..2_000 {
            let now = Now {
                unix_ms: at(n * 50).unix_ms + jump(n),
                ..at(n * 50)
            };
            let series = recorder.slo().series(&key, now);
            recorder.glass_to_glass(series, 100, now);
            recorder.bytes(Class::Segment, n, now);
            recorder.stale_playlist(now);
        }
        recorder.snapshot(Now {
            unix_ms: jump(7),
            ..at(100_000)
        })
    };
    assert_eq!(told(|_| 0), told(|n| (n as i64 % 7 - 3) * 86_400_000));
}

#[test]
fn reading_changes_nothing() {
    let tell = |reads: bool| {
        let mut recorder = Recorder::new(at(0));
        let mut viewer = recorder.add_viewer(0, Playback::Tracked, ms(0));
        let series = recorder
            .slo()
            .series(&Key::new("/live", "hls", Source::Viewer), at(0));
        let mut out = Snapshot::default();
        for n in 0..3_000 {
            let now = at(n * 170);
            recorder.bytes(Class::Segment, n, now);
            recorder.glass_to_glass(series, n as i64 % 900, now);
            recorder.enter(&mut viewer, ViewerState::ALL[n as usize % 7], now.elapsed);
            if reads {
                recorder.snapshot_into(at(n * 170 + 160), &mut out);
            }
        }
        recorder.snapshot(at(600_000))
    };
    assert_eq!(tell(true), tell(false));
}

#[test]
fn after_the_stop_only_requests_go_on() {
    let mut recorder = Recorder::new(at(0));
    let mut viewer = recorder.add_viewer(0, Playback::Tracked, ms(0));
    recorder.enter(&mut viewer, ViewerState::Starting, ms(0));
    recorder.enter(&mut viewer, ViewerState::Playing, ms(1_000));
    recorder.begin(Class::Segment);
    recorder.bytes(Class::Segment, 400, at(1_500));
    recorder.stop(at(3_000));
    recorder.stop(at(9_000));
    let stopped = recorder.snapshot(at(3_000));

    recorder.enter(&mut viewer, ViewerState::Ended, ms(3_500));
    recorder.bytes(Class::Segment, 600, at(4_000));
    let last = sample(Class::Segment, Outcome::Ok, Some(200));
    recorder.end(Some(viewer.place()), &last, at(4_000));
    let drained = recorder.snapshot(at(6_000));
    assert_eq!(drained.elapsed(), ms(3_000));
    assert_eq!(drained.viewers, stopped.viewers);
    assert_eq!(drained.roster, stopped.roster);
    assert_eq!(drained.roster.slowest[0].played_ms, Some(2_000));
    assert!(drained.uptime.is_empty() && drained.viewers.exits.all() == 0);
    assert_eq!(drained.viewers.count(ViewerState::Playing), 1);
    assert_eq!(drained.viewers.play_time(), Some(ms(2_000)));
    assert_eq!(drained.throughput.windows(), stopped.throughput.windows());
    let segments = drained.requests.of(Class::Segment);
    assert_eq!(
        (segments.ok, segments.in_flight, segments.bytes),
        (1, 0, 1_000)
    );
    assert_eq!(drained.throughput.total_bytes(), 1_000);
    assert_eq!(stopped.requests.of(Class::Segment).in_flight, 1);
}
