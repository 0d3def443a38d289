//! The face of an origin.

use crate::exposition::{Exposition, Format};
use crate::frames;
use crate::http::{ask, config, get, post, serve_origin};

#[tokio::test]
async fn it_counts_what_was_served() {
    let addr = serve_origin(&config(), frames::origin());
    let plain = Exposition::parse(&get(addr, "/metrics").await.body, Format::Plain);
    let accept = "Accept: application/openmetrics-text";
    let open = ask(addr, "GET", "/metrics", &[accept], "").await.body;
    let open = Exposition::parse(&open, Format::OpenMetrics);
    assert_eq!(plain.series, open.series);
    for (series, value) in [
        (
            "liveswarm_origin_requests_total{class=\"segment\",status=\"200\"}",
            10.0,
        ),
        (
            "liveswarm_origin_requests_total{class=\"segment\",status=\"none\"}",
            1.0,
        ),
        (
            "liveswarm_origin_bytes_total{class=\"segment\"}",
            5_000_018.0,
        ),
        ("liveswarm_origin_bytes_total{class=\"key\"}", 0.0),
        ("liveswarm_origin_open_connections", 4.0),
        ("liveswarm_origin_connections_total", 9.0),
        ("liveswarm_origin_requests_in_flight", 3.0),
        ("liveswarm_origin_malformed_requests_total", 1.0),
        (
            "lvqr_subscriber_glass_to_glass_ms_count{broadcast=\"/live\",transport=\"hls\",source=\"origin\"}",
            3.0,
        ),
    ] {
        assert_eq!(plain.value(series), value, "{series}");
    }
    let of_runs = plain
        .series
        .keys()
        .filter(|name| name.starts_with("hls_swarm"));
    assert_eq!(of_runs.count(), 0);
}

#[tokio::test]
async fn it_shows_how_late_segments_go_out() {
    let addr = serve_origin(&config(), frames::origin());
    let slo = get(addr, "/api/v1/slo").await.json();
    let row = &slo["broadcasts"][0];
    assert_eq!(
        (row["source"].as_str(), row["p50_ms"].as_u64()),
        (Some("origin"), Some(55))
    );
    insta::assert_json_snapshot!(
        "origin_snapshot",
        get(addr, "/api/v1/snapshot").await.json()
    );
}

#[tokio::test]
async fn it_is_ready_and_takes_no_commands() {
    let addr = serve_origin(&config(), frames::origin());
    assert_eq!(get(addr, "/readyz").await.status, 200);
    assert_eq!(get(addr, "/").await.status, 200);
    for path in ["/api/v1/stop", "/api/v1/viewers"] {
        assert_eq!(
            post(addr, path, "{\"target\":1}").await.status,
            404,
            "{path}"
        );
    }
    let sample = r#"{"broadcast":"b","transport":"t","ingest_ts_ms":1,"render_ts_ms":2}"#;
    assert_eq!(
        post(addr, "/api/v1/slo/client-sample", sample).await.status,
        204
    );
}
