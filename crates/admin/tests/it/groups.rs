//! What is said of the groups of a scenario.

use admin::Config;
use report::Frame;
use serde_json::Value;

use crate::exposition::{Exposition, Format};
use crate::frames;
use crate::http::{ask, config, get, serve};

const OPEN: &str = "Accept: application/openmetrics-text; version=1.0.0";

async fn metrics(frame: std::sync::Arc<Frame>) -> Exposition {
    let config: Config = config();
    let face = serve(&config, frame);
    let plain = ask(face.addr, "GET", "/metrics", &[], "").await.body;
    let open = ask(face.addr, "GET", "/metrics", &[OPEN], "").await.body;
    let (plain, open) = (
        Exposition::parse(&plain, Format::Plain),
        Exposition::parse(&open, Format::OpenMetrics),
    );
    assert_eq!(plain.series, open.series);
    plain
}

/// Whoever adds up a family that has been there all along gets what they got before, and the groups
/// of the family beside it add up to the same.
#[tokio::test]
async fn groups_add_up_to_the_family_of_all() {
    let seen = metrics(frames::grouped()).await;
    for (of_groups, of_all) in [
        ("hls_swarm_group_viewers", "hls_swarm_viewers"),
        (
            "hls_swarm_group_client_starts_total",
            "hls_swarm_client_starts_total",
        ),
        ("hls_swarm_group_requests_total", "hls_swarm_requests_total"),
        (
            "hls_swarm_group_segment_bytes_downloaded_total",
            "hls_swarm_segment_bytes_downloaded_total",
        ),
        ("hls_swarm_group_stalls_total", "hls_swarm_stalls_total"),
        (
            "hls_swarm_group_startup_seconds_count",
            "hls_swarm_startup_seconds_count",
        ),
        (
            "hls_swarm_group_segment_download_seconds_count",
            "hls_swarm_segment_download_seconds_count",
        ),
    ] {
        let sum = |name| seen.of(name).values().sum::<f64>();
        assert!(sum(of_all) > 0.0, "{of_all}");
        assert_eq!(sum(of_groups), sum(of_all), "{of_groups}");
    }
    for series in seen.series.keys() {
        let of_group = series.starts_with("hls_swarm_group_");
        let of_objective = series.starts_with("hls_swarm_objective_");
        assert!(
            of_objective || of_group == series.contains("group=\""),
            "{series}"
        );
    }
}

#[tokio::test]
async fn a_run_without_groups_has_no_series_of_any() {
    let seen = metrics(frames::busy()).await;
    assert!(!seen.series.keys().any(|series| series.contains("group")));
}

/// The same objective of all and of each group: series of their own, that of all as it always was.
#[tokio::test]
async fn objectives_of_groups_have_series_of_their_own() {
    let seen = metrics(frames::grouped()).await;
    let met = seen.of("hls_swarm_objective_met");
    let on = |group: &str| format!("objective=\"glass_to_glass.p99 < 9s\"{group}}}");
    for group in ["", ",group=\"phones\"", ",group=\"tv \\\"4K\\\"\""] {
        let series = on(group);
        assert!(
            met.contains_key(series.as_str()),
            "{series} is not in {met:?}"
        );
    }
}

#[tokio::test]
async fn the_snapshot_has_what_each_group_saw() {
    let face = serve(&config(), frames::grouped());
    let snapshot = get(face.addr, "/api/v1/snapshot").await.body;
    let snapshot: Value = serde_json::from_str(&snapshot).unwrap();
    let groups = snapshot["groups"].as_array().unwrap();
    let names: Vec<_> = groups.iter().map(|group| &group["name"]).collect();
    assert_eq!(names, ["phones", "tv \"4K\""]);
    let started = |of: &Value| of["viewers"]["started"].as_u64().unwrap();
    let sum: u64 = groups.iter().map(started).sum();
    assert_eq!(sum, started(&snapshot));
}
