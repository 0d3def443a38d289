//! What recording, reading and merging cost. Goals: adding bytes under 5 ns, all windows under
//! 200 ns, a latency sample under 20 ns with one thread and with eight.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::Duration;

use base::{Class, Now, Outcome, ViewerState};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use rustix::time::{ClockId, clock_gettime};
use telemetry::slo::{self, Key, Source};
use telemetry::timeline::Timeline;
use telemetry::viewers::Playback;
use telemetry::{Connect, Recorder, Sample, Snapshot};

fn at(us: u64) -> Now {
    Now::new(Duration::from_micros(us), 1_700_000_000_000)
}

fn sample(n: u64) -> Sample {
    let due = Duration::from_micros(n);
    Sample {
        class: Class::Segment,
        outcome: Outcome::Ok,
        status: Some(200),
        bytes: 500_000,
        due,
        sent: due + Duration::from_micros(40),
        first_byte: Some(due + Duration::from_micros(700 + n % 5_000)),
        last_byte: due + Duration::from_micros(9_000 + n % 70_000),
        connect: None,
    }
}

/// A latency that wanders as live ones do.
fn latency_ms(n: u64) -> u64 {
    8_000 + n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 900
}

/// A recorder after ten minutes of a busy worker with `series` broadcasts.
fn busy(series: u64) -> Recorder {
    let mut recorder = Recorder::new(at(0));
    let keys: Vec<Key> = (0..series)
        .map(|n| Key::new(&format!("/live/{n}"), "hls", Source::Viewer))
        .collect();
    let handles: Vec<_> = keys
        .iter()
        .map(|key| recorder.slo().series(key, at(0)))
        .collect();
    let viewer = recorder.add_viewer(0, Playback::Tracked, Duration::ZERO);
    let viewer = viewer.place();
    for n in 0..600_000 {
        let now = at(n * 1_000);
        recorder.begin(Class::Segment);
        recorder.bytes(Class::Segment, 500_000, now);
        recorder.end(Some(viewer), &sample(n), now);
        recorder.live_latency(viewer, Duration::from_millis(latency_ms(n)));
        let handle = handles[n as usize % handles.len()];
        recorder.glass_to_glass(handle, latency_ms(n) as i64, now);
    }
    recorder
}

fn recording(c: &mut Criterion) {
    let mut recorder = Recorder::new(at(0));
    let mut viewer = recorder.add_viewer(0, Playback::Tracked, Duration::ZERO);
    let place = viewer.place();
    let mut n = 0;
    c.bench_function("add bytes", |b| {
        b.iter(|| {
            n += 2;
            recorder.bytes(Class::Segment, black_box(65_536), at(n));
        });
    });
    c.bench_function("record a request", |b| {
        b.iter(|| {
            n += 30;
            recorder.begin(Class::Segment);
            recorder.end(Some(place), black_box(&sample(n)), at(n));
        });
    });
    c.bench_function("record a request with its connection", |b| {
        b.iter(|| {
            n += 30;
            let connect = Some(Connect {
                connect: Duration::from_micros(n % 900),
                ..Connect::default()
            });
            recorder.begin(Class::Segment);
            recorder.end(
                Some(place),
                black_box(&Sample {
                    connect,
                    ..sample(n)
                }),
                at(n),
            );
        });
    });
    let series = recorder
        .slo()
        .series(&Key::new("/live", "hls", Source::Viewer), at(0));
    c.bench_function("record a second played", |b| {
        b.iter(|| {
            n += 30;
            let latency = black_box(latency_ms(n));
            recorder.live_latency(place, Duration::from_millis(latency - 2_000));
            recorder.glass_to_glass(series, latency as i64, at(n));
        });
    });
    c.bench_function("change a viewer's state", |b| {
        b.iter(|| {
            n += 30;
            let to = if n % 60 == 0 {
                ViewerState::Playing
            } else {
                ViewerState::Stalled
            };
            recorder.enter(black_box(&mut viewer), to, Duration::from_micros(n));
        });
    });
}

/// CPU time that a thread spent on `iterations` samples while `threads` threads record at once:
/// the mean over the threads. (Wall time would count the waiting of eight threads for two cores.)
fn record_at_once(threads: usize, iterations: u64) -> Duration {
    let barrier = Barrier::new(threads);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut tracker = slo::Tracker::new(at(0));
                    let series = tracker.series(&Key::new("/live", "hls", Source::Viewer), at(0));
                    barrier.wait();
                    let begin = thread_cpu();
                    for n in 0..iterations {
                        tracker.record(series, black_box(latency_ms(n)), at(n * 100));
                    }
                    black_box(&tracker);
                    thread_cpu().saturating_sub(begin)
                })
            })
            .collect();
        let spent = workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_default());
        spent.sum::<Duration>() / threads as u32
    })
}

fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn slo_recording(c: &mut Criterion) {
    for threads in [1, 8] {
        c.bench_function(&format!("record a latency, {threads} threads"), |b| {
            b.iter_custom(|iterations| record_at_once(threads, iterations));
        });
    }
}

fn reading(c: &mut Criterion) {
    let mut recorder = busy(1);
    let end = at(600_000_000);
    let history = recorder.snapshot(end).throughput;
    c.bench_function("all windows", |b| b.iter(|| black_box(&history).windows()));
    c.bench_function("peak of 100 ms", |b| {
        b.iter(|| black_box(&history).peak_100ms());
    });
    for series in [1, 1_000] {
        let mut recorder = busy(series);
        let mut out = recorder.snapshot(end);
        c.bench_function(&format!("snapshot, {series} series"), |b| {
            b.iter(|| recorder.snapshot_into(end, black_box(&mut out)));
        });
        let into = out.clone();
        c.bench_function(&format!("merge, {series} series"), |b| {
            b.iter_batched_ref(
                || into.clone(),
                |into: &mut Snapshot| into.merge(black_box(&out)),
                BatchSize::LargeInput,
            );
        });
        c.bench_function(&format!("list {series} series"), |b| {
            b.iter(|| out.slo_rows());
        });
    }
}

/// A recorder with `viewers` that play, of which one in `stalling` has stalled, each for a time
/// of its own.
fn crowd(viewers: u64, stalling: u64) -> Recorder {
    let mut recorder = Recorder::new(at(0));
    for n in 0..viewers {
        let mut viewer = recorder.add_viewer(n, Playback::Tracked, Duration::ZERO);
        let mut enter = |to, us| recorder.enter(&mut viewer, to, Duration::from_micros(us));
        enter(ViewerState::Starting, n * 100);
        enter(ViewerState::Playing, n * 100 + 900_000);
        if n % stalling == 0 {
            let length = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 9_000_000;
            enter(ViewerState::Stalled, 20_000_000);
            enter(ViewerState::Playing, 20_000_000 + length);
        }
    }
    recorder
}

fn rosters(c: &mut Criterion) {
    let end = at(60_000_000);
    for (viewers, stalling, name) in [
        (1, 1, "1 viewer"),
        (10_000, 10_000, "10,000 viewers"),
        (10_000, 1, "10,000 viewers that stalled"),
    ] {
        let mut recorder = crowd(viewers, stalling);
        let mut out = recorder.snapshot(end);
        c.bench_function(&format!("snapshot, {name}"), |b| {
            b.iter(|| recorder.snapshot_into(end, black_box(&mut out)));
        });
        let into = out.clone();
        c.bench_function(&format!("merge, {name}"), |b| {
            b.iter_batched_ref(
                || into.clone(),
                |into: &mut Snapshot| into.merge(black_box(&out)),
                BatchSize::LargeInput,
            );
        });
    }
}

/// A look each second at a busy worker that goes on; each tenth closes ten seconds, each sixtieth a
/// minute.
fn timelines(c: &mut Criterion) {
    for series in [1, 1_000] {
        let mut recorder = busy(series);
        let key = Key::new("/live/0", "hls", Source::Viewer);
        let handle = recorder.slo().series(&key, at(0));
        let mut second = 600;
        let mut looks: Vec<Snapshot> = Vec::new();
        for _ in 0..120 {
            second += 1;
            for n in 0..1_000 {
                let now = at(second * 1_000_000 - 1_000 + n);
                recorder.bytes(Class::Segment, 500_000, now);
                recorder.begin(Class::Segment);
                recorder.end(None, &sample(n * 977), now);
                recorder.glass_to_glass(handle, latency_ms(n) as i64, now);
            }
            looks.push(recorder.snapshot(at(second * 1_000_000)));
        }
        let mut timeline = Timeline::new();
        let mut next = 0;
        c.bench_function(&format!("look at a run, {series} series"), |b| {
            b.iter(|| {
                // After the last look the first comes again, at a later time.
                let look = &mut looks[next % 120];
                look.at_ms = look.at_ms.map(|at| at + 120_000);
                next += 1;
                timeline.observe(black_box(look));
            });
        });
        c.bench_function(&format!("list the rows of a run, {series} series"), |b| {
            b.iter(|| black_box(&timeline).rows());
        });
    }
}

criterion_group!(
    benches,
    recording,
    slo_recording,
    reading,
    rosters,
    timelines
);
criterion_main!(benches);
