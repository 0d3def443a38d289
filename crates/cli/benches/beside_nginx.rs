//! Latency as viewers saw it, beside what nginx wrote down for the same requests.
//!
//! `cargo bench -p liveswarm --bench beside_nginx` runs 50 viewers for 20 s against nginx, which
//! serves a live stream that `FFmpeg` writes: once as fast as it goes, once with each segment
//! throttled. nginx's `$request_time` has milliseconds, starts at the first byte of the request,
//! and ends when the last byte was handed to the kernel, so it reads lower than what a viewer sees.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::time::Duration;

use anyhow::Context;
use base::Class;
use serde_json::Value;
use testkit::live::{self, Live};
use testkit::nginx::{Config, Nginx};
use testkit::process::Liveswarm;
use testkit::served::{Row, class};

const BINARY: &str = env!("CARGO_BIN_EXE_liveswarm");
/// Far more than a run takes.
const LIMIT: Duration = Duration::from_secs(90);
/// Bytes a second of a throttled segment. nginx sends a second's worth at once and then one a
/// second, so the 450 kB of a segment take about two.
const THROTTLE: u64 = 150_000;

fn main() -> anyhow::Result<()> {
    let live = Live::start(live::Config {
        segment_s: 4,
        ..live::Config::short(live::Container::Ts)
    })?;
    for (name, limit_rate) in [("unthrottled", None), ("throttled", Some(THROTTLE))] {
        let config = Config {
            limit_rate,
            ..Config::plain()
        };
        let nginx = Nginx::start(&live.folder(), config)?;
        let ended = Liveswarm::run(BINARY, Some(&nginx.url("master.m3u8")))?
            .args("-n 50 --ramp-rate 25 --duration 20s --quiet")
            .finish(LIMIT)?;
        let run = ended.json()?;
        let rows = nginx.into_rows()?;
        println!("{name}: 50 viewers, 20 s, milliseconds");
        println!(
            "{:<22}{:>10}{:>10}{:>10}{:>10}",
            "", "p50", "p95", "p99", "count"
        );
        viewers(&run, "playlist_sent", "playlists, viewers")?;
        nginx_says(&rows, "playlists, nginx", Class::is_playlist);
        viewers(&run, "segment_download_sent", "segments, viewers")?;
        nginx_says(&rows, "segments, nginx", |of| of == Class::Segment);
        println!();
    }
    Ok(())
}

fn viewers(run: &Value, key: &str, label: &str) -> anyhow::Result<()> {
    let what = run
        .pointer(&format!("/latency_ms/{key}"))
        .with_context(|| format!("no {key} in the run's JSON"))?;
    let at = |quantile: &str| what[quantile].as_f64().unwrap_or(f64::NAN);
    let count = what["count"].as_u64().unwrap_or(0);
    line(label, [at("p50"), at("p95"), at("p99")], count);
    Ok(())
}

fn nginx_says(rows: &[Row], label: &str, wanted: impl Fn(Class) -> bool) {
    let good = |row: &&Row| row.complete && row.status < 400 && wanted(class(&row.path));
    let seconds = rows.iter().filter(good).filter_map(|row| row.seconds);
    let mut ms: Vec<f64> = seconds.map(|seconds| seconds * 1000.0).collect();
    ms.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| {
        let place = (ms.len() as f64 * share) as usize;
        ms.get(place).or(ms.last()).copied().unwrap_or(f64::NAN)
    };
    line(label, [at(0.5), at(0.95), at(0.99)], ms.len() as u64);
}

fn line(label: &str, quantiles: [f64; 3], count: u64) {
    let [p50, p95, p99] = quantiles;
    println!("{label:<22}{p50:>10.2}{p95:>10.2}{p99:>10.2}{count:>10}");
}
