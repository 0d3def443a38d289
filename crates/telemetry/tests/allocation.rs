//! On the way of a sample nothing is allocated.

use std::time::Duration;

use base::{Class, Now, Outcome, ViewerState};
use telemetry::slo::{Key, Source};
use telemetry::viewers::Playback;
use telemetry::{Connect, Recorder, Sample};

fn at(ms: u64) -> Now {
    Now::new(Duration::from_millis(ms), 1_700_000_000_123)
}

/// Runs `record` once to warm up, then 200,000 times over ten minutes of run time, and counts.
fn allocations(mut record: impl FnMut(Now, u64)) -> u64 {
    record(at(0), 0);
    let count = allocation_counter::measure(|| {
        for n in 1..200_000 {
            record(at(n * 3), n);
        }
    });
    count.count_total
}

#[test]
fn recording_a_latency_allocates_nothing() {
    let mut recorder = Recorder::new(at(0));
    let key = Key::new("/live", "hls", Source::Viewer);
    let series = recorder.slo().series(&key, at(0));
    let count = allocations(|now, n| recorder.glass_to_glass(series, (n * 37 % 9_000) as i64, now));
    assert_eq!(count, 0);
}

#[test]
fn recording_requests_and_states_allocates_nothing() {
    let mut recorder = Recorder::new(at(0));
    let mut viewer = recorder.add_viewer(0, Playback::Tracked, Duration::ZERO);
    let count = allocations(|now, n| {
        recorder.begin(Class::Segment);
        recorder.bytes(Class::Segment, n, now);
        let sample = Sample {
            class: Class::Segment,
            outcome: Outcome::Ok,
            status: Some(200),
            bytes: n,
            due: Duration::ZERO,
            sent: Duration::ZERO,
            first_byte: Some(Duration::from_micros(n)),
            last_byte: Duration::from_micros(n * 2),
            connect: Some(Connect::default()),
        };
        recorder.end(Some(viewer.place()), &sample, now);
        let to = ViewerState::ALL[n as usize % ViewerState::COUNT];
        recorder.enter(&mut viewer, to, now.elapsed);
        recorder.live_latency(viewer.place(), Duration::from_micros(n * 50));
        recorder.lag(Duration::from_micros(n % 5_000));
    });
    assert_eq!(count, 0);
}

#[test]
fn a_snapshot_into_memory_that_is_there_allocates_nothing() {
    let mut recorder = Recorder::new(at(0));
    let key = Key::new("/live", "hls", Source::Viewer);
    let series = recorder.slo().series(&key, at(0));
    for n in 0..1_000 {
        let mut viewer = recorder.add_viewer(n, Playback::Tracked, Duration::ZERO);
        recorder.enter(&mut viewer, ViewerState::Starting, Duration::ZERO);
    }
    let mut out = recorder.snapshot(at(0));
    for n in 0..400_000 {
        recorder.glass_to_glass(series, (n * 37 % 9_000) as i64, at(n));
        recorder.bytes(Class::Segment, 1_000, at(n));
    }
    recorder.snapshot_into(at(400_000), &mut out);
    let again = allocation_counter::measure(|| recorder.snapshot_into(at(400_100), &mut out));
    assert_eq!(again.count_total, 0);
}
