//! What a second of watching objectives costs. Goal: under 1 ms for the default set beside a
//! thousand series.

use std::hint::black_box;
use std::time::Duration;

use base::Now;
use criterion::{Criterion, criterion_group, criterion_main};
use telemetry::objective::{Objective, Watch, defaults};
use telemetry::slo::{Key, Source};
use telemetry::{Recorder, Snapshot};

fn at(ms: u64) -> Now {
    Now::new(Duration::from_millis(ms), 1_700_000_000_000)
}

/// A run of ten minutes with `series` broadcasts of each of two sources.
fn run(series: u64) -> Snapshot {
    let mut recorder = Recorder::new(at(0));
    for number in 0..series {
        let broadcast = format!("/live/{number}");
        for source in [Source::Viewer, Source::Pushed] {
            let key = Key::new(&broadcast, "hls", source);
            let handle = recorder.slo().series(&key, at(0));
            for n in 0..600 {
                let latency_ms = 8_000 + (n * 7_919) % 900;
                recorder.glass_to_glass(handle, latency_ms as i64, at(n * 1_000));
            }
        }
    }
    recorder.snapshot(at(600_000))
}

fn watching(c: &mut Criterion) {
    for series in [1, 500] {
        let mut watch = Watch::new(defaults(Duration::from_secs(2)));
        let mut snapshot = run(series);
        c.bench_function(&format!("default objectives, {} series", 2 * series), |b| {
            b.iter(|| {
                snapshot.at_ms = snapshot.at_ms.map(|at_ms| at_ms + 1_000);
                watch.observe(black_box(&snapshot));
                watch.status()
            });
        });
    }
    c.bench_function("read an objective", |b| {
        let text = "glass_to_glass.p95 < 3s for transport=hls for source=origin abort";
        b.iter(|| black_box(text).parse::<Objective>());
    });
}

criterion_group!(benches, watching);
criterion_main!(benches);
