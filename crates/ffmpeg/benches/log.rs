//! What a line of FFmpeg's log costs: taken apart, and turned into what it means for a viewer.

use std::hint::black_box;

use base::Now;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ffmpeg::estimate::Config;
use ffmpeg::{Connections, Estimate, Level};

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
    group.bench_function("estimate", |bencher| {
        bencher.iter(|| {
            let mut estimate = Estimate::new(config(), Now::default());
            for line in &lines {
                estimate.log(&ffmpeg::log::parse(black_box(line)), Now::default());
                while estimate.poll(|_| None).is_some() {}
            }
            *estimate.totals()
        });
    });
    group.finish();
}

fn config() -> Config {
    Config {
        url: "http://127.0.0.1:18080/hls/stream.m3u8".to_owned(),
        multivariant: false,
        level: Level::Debug,
        connections: Connections::Kept,
    }
}

criterion_group!(benches, lines);
criterion_main!(benches);
