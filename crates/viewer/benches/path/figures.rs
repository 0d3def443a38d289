//! Recording, reading and merging figures.

use std::hint::black_box;
use std::time::Duration;

use base::{Class, Now, Outcome};
use telemetry::slo::{self, Key, Series, Source};
use telemetry::viewers::Playback;
use telemetry::{Recorder, Sample};

use super::{Meter, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "record bytes",
        run: bytes,
    },
    Step {
        name: "record a request",
        run: request,
    },
    Step {
        name: "throughput windows",
        run: windows,
    },
    Step {
        name: "SLO record",
        run: latency,
    },
    Step {
        name: "snapshot, 1 series",
        run: |meter| snapshot(meter, 1),
    },
    Step {
        name: "snapshot, 1,000 series",
        run: |meter| snapshot(meter, 1_000),
    },
    Step {
        name: "snapshot merge, 1 series",
        run: |meter| merge(meter, 1),
    },
    Step {
        name: "snapshot merge, 1,000 series",
        run: |meter| merge(meter, 1_000),
    },
];

/// Requests that a recorder has seen before it is measured.
const HISTORY: u64 = 5_000;

/// Time between them, in microseconds: a minute in all.
const APART_US: u64 = 12_000;

fn at(us: u64) -> Now {
    Now::new(Duration::from_micros(us), 1_700_000_000_000)
}

fn sample(n: u64) -> Sample {
    let due = Duration::from_micros(n * APART_US);
    Sample {
        class: Class::Segment,
        outcome: Outcome::Ok,
        status: Some(200),
        bytes: 500_000,
        due,
        sent: due + Duration::from_micros(40),
        first_byte: Some(due + Duration::from_micros(700 + n * 977 % 5_000)),
        last_byte: due + Duration::from_micros(9_000 + n * 7_919 % 70_000),
        connect: None,
    }
}

/// A latency that wanders as live ones do.
fn latency_ms(n: u64) -> u64 {
    8_000 + n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 900
}

fn series(tracker: &mut slo::Tracker, count: u64) -> Vec<Series> {
    let keys = (0..count).map(|n| Key::new(&format!("/live/{n}"), "hls", Source::Viewer));
    keys.map(|key| tracker.series(&key, at(0))).collect()
}

/// A recorder of a worker with one viewer and a minute behind it.
fn busy(count: u64) -> Recorder {
    let mut recorder = Recorder::new(at(0));
    let series = series(recorder.slo(), count);
    let viewer = recorder
        .add_viewer(0, Playback::Tracked, Duration::ZERO)
        .place();
    for n in 0..HISTORY {
        let now = at(n * APART_US);
        recorder.begin(Class::Segment);
        recorder.bytes(Class::Segment, 500_000, now);
        recorder.end(Some(viewer), &sample(n), now);
        recorder.live_latency(viewer, Duration::from_millis(latency_ms(n)));
        let series = series[n as usize % series.len()];
        recorder.glass_to_glass(series, latency_ms(n) as i64, now);
    }
    recorder
}

fn bytes(meter: &mut Meter) {
    let mut recorder = busy(1);
    let mut n = HISTORY * APART_US;
    meter.run(2_000, || {
        n += 500;
        recorder.bytes(Class::Segment, black_box(65_536), at(n));
    });
}

fn request(meter: &mut Meter) {
    let mut recorder = busy(1);
    let place = recorder
        .add_viewer(1, Playback::Tracked, Duration::ZERO)
        .place();
    let mut n = HISTORY;
    meter.run(500, || {
        n += 1;
        recorder.begin(Class::Segment);
        recorder.end(Some(place), black_box(&sample(n)), at(n * APART_US));
    });
}

fn windows(meter: &mut Meter) {
    let history = busy(1).snapshot(at(HISTORY * APART_US)).throughput;
    meter.run(50, || black_box(&history).windows());
}

fn latency(meter: &mut Meter) {
    let mut tracker = slo::Tracker::new(at(0));
    let series = series(&mut tracker, 1)[0];
    let mut n = 0;
    meter.run(2_000, || {
        n += 1;
        tracker.record(series, black_box(latency_ms(n)), at(n * 1_000));
    });
}

fn snapshot(meter: &mut Meter, count: u64) {
    let mut recorder = busy(count);
    let end = at(HISTORY * APART_US);
    let mut out = recorder.snapshot(end);
    meter.run(4, || recorder.snapshot_into(end, black_box(&mut out)));
}

fn merge(meter: &mut Meter, count: u64) {
    let one = busy(count).snapshot(at(HISTORY * APART_US));
    let mut sum = one.clone();
    meter.run(2, || sum.merge(black_box(&one)));
}
