//! What a reload costs: reading a list of 10 and of 1,000 segments, and merging it.
#![expect(clippy::expect_used, reason = "constants of a bench")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;

use base::Now;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use media::Timeline;
use media::hls::{self, MediaPlaylist, Playlist, Variables};
use url::Url;

/// A live list as packagers write it: a date on each segment.
fn text(first: u64, count: u64) -> String {
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{first}\n\
         #EXT-X-INDEPENDENT-SEGMENTS\n"
    );
    for msn in first..first + count {
        let date = jiff::Timestamp::from_millisecond(1_795_255_200_000 + msn as i64 * 2_000);
        let date = date.expect("a date of this century");
        let _ = write!(
            text,
            "#EXT-X-PROGRAM-DATE-TIME:{date:.3}\n#EXTINF:2.000,\nseg_{msn:06}.ts\n"
        );
    }
    text
}

fn base() -> Url {
    Url::parse("http://media.example.com:8080/live/stream-1/720p/index.m3u8").expect("a URL")
}

fn media(text: &str) -> Arc<MediaPlaylist> {
    match hls::parse(text.as_bytes(), &base(), &Variables::new()) {
        Ok(Playlist::Media(list)) => Arc::new(list),
        other => panic!("{other:?}"),
    }
}

fn parse(c: &mut Criterion) {
    let mut group = c.benchmark_group("parse");
    let (base, variables) = (base(), Variables::new());
    for count in [10, 1_000] {
        let text = text(100, count);
        group.throughput(Throughput::Elements(count));
        group.bench_function(format!("{count} segments"), |b| {
            b.iter(|| hls::parse(black_box(text.as_bytes()), &base, &variables));
        });
    }
    group.finish();
}

fn update(c: &mut Criterion) {
    let mut group = c.benchmark_group("timeline");
    for count in [10, 1_000] {
        let lists = [100, 101].map(|first| media(&text(first, count)));
        let mut seen = Timeline::new();
        let _ = seen.update(Arc::clone(&lists[0]), Now::default());
        group.bench_function(format!("unchanged, {count} segments"), |b| {
            let mut timeline = seen.clone();
            b.iter(|| timeline.update(Arc::clone(black_box(&lists[0])), Now::default()));
        });
        group.bench_function(format!("advanced, {count} segments"), |b| {
            b.iter_batched_ref(
                || seen.clone(),
                |timeline| timeline.update(Arc::clone(black_box(&lists[1])), Now::default()),
                BatchSize::SmallInput,
            );
        });
        let position = seen.end().unwrap_or_default() / 2;
        group.bench_function(format!("look up, {count} segments"), |b| {
            b.iter(|| black_box(&seen).at(black_box(position)).map(|it| it.msn));
        });
    }
    group.finish();
}

criterion_group!(benches, parse, update);
criterion_main!(benches);
