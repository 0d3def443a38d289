//! What reading a line of FFmpeg's log costs.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// A steady state as FFmpeg 5.1 and 8.1 log it at `debug`.
const LOG: &str = include_str!("steady.log");

fn lines(criterion: &mut Criterion) {
    let lines: Vec<&[u8]> = LOG.lines().map(str::as_bytes).collect();
    let mut group = criterion.benchmark_group("log");
    group.throughput(Throughput::Elements(lines.len() as u64));
    group.bench_function("parse", |bencher| {
        bencher.iter(|| {
            let known = |line: &&&[u8]| {
                ffmpeg::log::parse(black_box(line)).event != ffmpeg::log::Event::Other
            };
            lines.iter().filter(known).count()
        });
    });
    group.finish();
}

criterion_group!(benches, lines);
criterion_main!(benches);
