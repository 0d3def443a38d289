//! What a segment, a playlist and an answer cost.
#![expect(clippy::unwrap_used, reason = "what does not work here is no bench")]

use std::hint::black_box;

use base::Now;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use origin::{Bitrate, Config, Format, Origin, Request};

const BITRATE: u64 = 2_000_000;

fn origin(format: Format) -> Origin {
    let variants = vec![Bitrate(BITRATE)];
    Origin::new(Config {
        format,
        variants,
        ..Config::default()
    })
    .unwrap()
}

/// The moment at which segment `n` is the newest.
fn at(n: u64) -> Now {
    Now {
        unix_ms: (n as i64 + 1) * 2000,
        ..Now::default()
    }
}

fn render(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("render");
    group.throughput(Throughput::Bytes(BITRATE / 4));
    for (format, extension) in [(Format::Ts, "ts"), (Format::Fmp4, "m4s")] {
        let origin = origin(format);
        // Each number is new, so each is rendered.
        let mut n = 1_000_000;
        group.bench_function(format!("segment {extension}"), |bencher| {
            bencher.iter(|| {
                n += 1;
                let path = format!("/live/2000k-{n}.{extension}");
                origin.respond(&Request::get(&path), at(n)).body.len()
            });
        });
    }
    let origin = origin(Format::Ts);
    let mut n = 1_000_000;
    group.throughput(Throughput::Elements(1));
    group.bench_function("playlist", |bencher| {
        bencher.iter(|| {
            n += 1;
            origin
                .respond(&Request::get("/live/2000k.m3u8"), at(n))
                .body
                .len()
        });
    });
    group.finish();
}

fn respond(criterion: &mut Criterion) {
    let origin = origin(Format::Ts);
    let mut group = criterion.benchmark_group("respond");
    for (name, path) in [
        ("segment", "/live/2000k-1000000.ts"),
        ("playlist", "/live/2000k.m3u8"),
        ("multivariant", "/live/master.m3u8"),
        ("gone", "/live/2000k-1.ts"),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                origin
                    .respond(black_box(&Request::get(path)), at(1_000_000))
                    .status
            });
        });
    }
    let etag = origin.respond(&Request::get("/live/2000k.m3u8"), at(1_000_000));
    let same = Request {
        if_none_match: etag.headers.get("etag"),
        ..Request::get("/live/2000k.m3u8")
    };
    group.bench_function("not modified", |bencher| {
        bencher.iter(|| origin.respond(black_box(&same), at(1_000_000)).status);
    });
    group.finish();
}

criterion_group!(benches, render, respond);
criterion_main!(benches);
