//! Viewers behind networks of their own.

use anyhow::ensure;
use base::Class;
use testkit::compare;

use crate::common::{LIMIT, Origin, figure, run, said};

const BITS_PER_SECOND: f64 = 1e6;
const LATENCY_MS: f64 = 50.0;
/// What a line that was idle has carried at once.
const IDLE_MS: f64 = 5.0;
/// How much smaller than a figure the value may be that a histogram has for it.
const HISTOGRAM: f64 = 0.98;

#[test]
fn capped_viewers_download_no_faster_than_their_line_and_count_what_the_origin_counts()
-> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s --variants 400k")?;
    let ended = run(&origin.url)
        .args("-n 8 --ramp-rate 8 --duration 8s --workers 1")
        .args("--network bandwidth=1Mbit/s,latency=50ms")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let json = ended.json()?;
    let seen = compare::equal(&json, &origin.ledger()?)?;
    let segments = seen.class(Class::Segment);
    ensure!(segments.ok >= 8 * 3, "{segments:?}");
    let whole = segments.whole();
    let bits = whole.bytes as f64 * 8.0 / whole.requests as f64;
    let line_ms = bits / BITS_PER_SECOND * 1_000.0 - IDLE_MS;
    let p50 = figure(&json, "/latency_ms/segment_download_sent/p50")?;
    ensure!(
        p50 >= (line_ms + LATENCY_MS) * HISTOGRAM,
        "p50 {p50} ms, the line takes {line_ms} ms"
    );
    let first = figure(&json, "/latency_ms/connect/p50")?;
    ensure!(first >= LATENCY_MS * HISTOGRAM, "connect p50 {first} ms");
    let options = json["config"]["options"].to_string();
    ensure!(
        options.contains("--network=bandwidth=1Mbit/s,latency=50ms"),
        "{options}"
    );
    Ok(())
}

#[test]
fn what_is_no_network_or_can_not_be_shaped_is_refused_with_what_would_be() -> anyhow::Result<()> {
    for (arguments, says) in [
        (
            "--network 5g",
            "edge, 3g, 3g-fast, 4g, lte, dsl, cable, fios",
        ),
        ("--network bandwidth=4MB/s", "4Mbit/s"),
        (
            "--network 3g --engine ffmpeg --measure logs",
            "players fetch by themselves with --measure logs",
        ),
    ] {
        let ended = run("http://127.0.0.1:9/x.m3u8")
            .args(arguments)
            .finish(LIMIT)?;
        ended.expect_code(2)?;
        ensure!(said(&ended).contains(says), "{arguments}: {ended}");
    }
    Ok(())
}
