//! Counts as Prometheus stored them, and as the run tells them.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use serde_json::Value;
use testkit::process::Liveswarm;
use testkit::prometheus::{Config, Prometheus, Sample};
use testkit::{http, wait};

use super::{FAILING, Stage, stop};
use crate::common::{BINARY, LIMIT, Origin, face_of, figure};
use crate::dashboards::list;

/// What is ours, of one scrape.
const OURS: &str = "{__name__=~'hls_swarm_.*'}";

#[test]
fn prometheus_counts_what_the_run_counts_at_any_moment() -> anyhow::Result<()> {
    let stage = Stage::start()?;
    let prometheus = stage.prometheus(None)?;
    // A moment of a run is known by how long the run has taken: of one of them both tell.
    let mut moments = BTreeMap::new();
    let (scraped, json) = wait::until(LIMIT, "a scrape and a snapshot of one moment", || {
        let json = http::get_json(stage.run_face, "/api/v1/snapshot")?;
        let duration_s = json["duration_s"].as_f64().context("no duration")?;
        moments.insert(milliseconds(duration_s), json);
        let scraped = prometheus.query(OURS)?;
        let elapsed = value(&scraped, "hls_swarm_test_elapsed_seconds", &[]);
        let same = elapsed.and_then(|elapsed| moments.remove(&milliseconds(elapsed)));
        let enough = |json: &Value| json["requests"]["segment"]["failed"].as_u64() > Some(2);
        Ok(same.filter(enough).map(|json| (scraped, json)))
    })?;
    are_counted_as(&json, &scraped)?;
    stage.stop()
}

/// The one viewer of its time loses its origin and fails for good; the other comes much later. So
/// the last scrape is of a run in which nothing happens any more.
#[test]
fn prometheus_counts_what_the_run_counts_at_its_end() -> anyhow::Result<()> {
    let origin = Origin::start(&format!("--segment 1s --variants 300k {FAILING}"))?;
    let mut run = Liveswarm::run(BINARY, Some(&origin.url))?
        .args("-n 2 --ramp-rate 0.01 --restart never --admin-listen 127.0.0.1:0")
        .spawn()?;
    let face = face_of(&mut run)?;
    let prometheus = Prometheus::start(&Config {
        targets: vec![("liveswarm-run".to_owned(), face)],
        rules: None,
    })?;
    wait::until(LIMIT, "some segments, good and bad", || {
        let json = http::get_json(face, "/api/v1/snapshot")?;
        let segments = &json["requests"]["segment"];
        let enough = segments["ok"].as_u64() > Some(3) && segments["failed"].as_u64() > Some(0);
        Ok(enough.then_some(()))
    })?;
    drop(origin);
    let last = wait::until(LIMIT, "a scrape after the viewer's failure", || {
        let scraped = prometheus.query(OURS)?;
        let failed = value(&scraped, "hls_swarm_viewers", &[("state", "failed")]);
        Ok((failed == Some(1.0)).then_some(scraped))
    })?;
    let end = stop(run, face)?.json()?;
    ensure!(end["viewers"]["started"] == 1, "{}", end["viewers"]);
    are_counted_as(&end, &last)
}

/// Whether each count of a run's JSON is the one that was scraped.
fn are_counted_as(json: &Value, scraped: &[Sample]) -> anyhow::Result<()> {
    let compared = each_count(json, |class, outcome, count| {
        let labels = [("class", class), ("outcome", outcome)];
        let seen = value(scraped, "hls_swarm_requests_total", &labels);
        ensure!(seen == Some(count), "{class} {outcome}: {seen:?}, {count}");
        Ok(())
    })?;
    ensure!(compared == 7 * 3, "{compared} counts");
    for (name, path) in [
        (
            "hls_swarm_segment_bytes_downloaded_total",
            "/throughput/total_bytes",
        ),
        ("hls_swarm_client_starts_total", "/viewers/started"),
        ("hls_swarm_client_restarts_total", "/viewers/restarts"),
        ("hls_swarm_reconnections_total", "/viewers/reconnections"),
    ] {
        let seen = value(scraped, name, &[]);
        ensure!(seen == Some(figure(json, path)?), "{name}: {seen:?}");
    }
    let seen = value(
        scraped,
        "hls_swarm_http_errors_total",
        &[("status_code", "503")],
    );
    let errors = list(&json["errors"]).filter(|error| error["status"] == 503);
    let errors: f64 = errors.filter_map(|error| error["count"].as_f64()).sum();
    ensure!(
        errors > 0.0 && seen == Some(errors),
        "503: {seen:?}, {errors}"
    );
    Ok(())
}

/// Every count of requests of a run's JSON, and how many there are.
fn each_count(
    json: &Value,
    mut with: impl FnMut(&str, &str, f64) -> anyhow::Result<()>,
) -> anyhow::Result<usize> {
    let classes = json["requests"].as_object().context("no requests")?;
    let mut number = 0;
    for (class, counts) in classes {
        for outcome in ["ok", "failed", "cancelled"] {
            let count = counts[outcome]
                .as_f64()
                .with_context(|| format!("{counts}"))?;
            with(class, outcome, count)?;
            number += 1;
        }
    }
    Ok(number)
}

fn value(samples: &[Sample], name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let has = |sample: &&Sample| {
        let name = [("__name__", name)];
        let mut all = name.iter().chain(labels);
        all.all(|(label, value)| sample.labels.get(*label).is_some_and(|has| has == value))
    };
    samples.iter().find(has).map(|sample| sample.value)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a run is shorter than that"
)]
fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1e3).round() as i64
}
