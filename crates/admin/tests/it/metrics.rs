//! `/metrics`: its formats, and that it says what the snapshot says.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use admin::{Config, PER_VIEWER_MAX, PerViewer};
use report::Frame;
use serde_json::Value;

use crate::exposition::{Exposition, Format};
use crate::frames;
use crate::http::{ask, config, get, serve};

const OPEN: &str = "Accept: application/openmetrics-text; version=1.0.0";

/// The names of the issue that existing dashboards and alerts know: the gate is that none is lost.
const KNOWN: &[&str] = &[
    "hls_swarm_segment_throughput_1s_bytes_per_second",
    "hls_swarm_segment_throughput_30s_bytes_per_second",
    "hls_swarm_segment_throughput_60s_bytes_per_second",
    "hls_swarm_segment_throughput_300s_bytes_per_second",
    "hls_swarm_segment_bytes_downloaded_total",
    "hls_swarm_target_clients",
    "hls_swarm_active_clients",
    "hls_swarm_ramp_progress",
    "hls_swarm_test_elapsed_seconds",
    "hls_swarm_test_remaining_seconds",
    "hls_swarm_test_duration_seconds",
    "hls_swarm_manifest_requests_total",
    "hls_swarm_segment_requests_total",
    "hls_swarm_init_requests_total",
    "hls_swarm_unknown_requests_total",
    "hls_swarm_bytes_downloaded_total",
    "hls_swarm_manifest_requests_per_second",
    "hls_swarm_segment_requests_per_second",
    "hls_swarm_throughput_bytes_per_second",
    "hls_swarm_http_errors_total",
    "hls_swarm_timeouts_total",
    "hls_swarm_reconnections_total",
    "hls_swarm_client_starts_total",
    "hls_swarm_client_restarts_total",
    "hls_swarm_client_exits_total",
    "hls_swarm_client_uptime_seconds_bucket",
    "hls_swarm_stalled_clients",
    "hls_swarm_clients_above_realtime",
    "hls_swarm_clients_below_realtime",
    "hls_swarm_average_speed",
    "hls_swarm_average_drift_seconds",
    "hls_swarm_max_drift_seconds",
    "hls_swarm_high_drift_clients",
    "hls_swarm_error_rate",
    "hls_swarm_info",
    "hls_swarm_manifest_latency_seconds_bucket",
    "hls_swarm_segment_first_byte_seconds_bucket",
    "hls_swarm_segment_download_seconds_bucket",
    "hls_swarm_startup_seconds_bucket",
    "hls_swarm_stall_seconds_bucket",
    "hls_swarm_live_latency_seconds_bucket",
    "hls_swarm_rebuffer_ratio",
    "hls_swarm_viewers",
    "hls_swarm_requests_total",
    "lvqr_subscriber_glass_to_glass_ms_bucket",
    "lvqr_slo_client_samples_total",
];

async fn text(frame: Arc<Frame>, config: &Config, accept: &[&str]) -> String {
    let face = serve(config, frame);
    ask(face.addr, "GET", "/metrics", accept, "").await.body
}

async fn plain(frame: Arc<Frame>) -> Exposition {
    Exposition::parse(&text(frame, &config(), &[]).await, Format::Plain)
}

#[tokio::test]
async fn both_formats_are_strictly_right_and_say_the_same() {
    let per_viewer = Config {
        per_viewer: PerViewer::Yes,
        ..config()
    };
    for frame in [frames::empty(), frames::busy()] {
        let plain = text(Arc::clone(&frame), &per_viewer, &[]).await;
        let open = text(frame, &per_viewer, &[OPEN]).await;
        let plain = Exposition::parse(&plain, Format::Plain);
        let open = Exposition::parse(&open, Format::OpenMetrics);
        assert_eq!(plain.series, open.series);
    }
}

#[tokio::test]
async fn every_known_name_is_there() {
    let busy = plain(frames::busy()).await;
    let names: BTreeSet<&str> = busy
        .series
        .keys()
        .map(|series| series.split('{').next().unwrap())
        .collect();
    let missing: Vec<_> = KNOWN.iter().filter(|name| !names.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn the_format_is_what_is_accepted() {
    let face = serve(&config(), frames::busy());
    for (accept, content_type) in [
        (&[][..], "text/plain; version=0.0.4; charset=utf-8"),
        (
            &["Accept: text/plain;q=0.9, application/openmetrics-text;q=0.1"],
            "text/plain; version=0.0.4; charset=utf-8",
        ),
        (
            &[OPEN],
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
    ] {
        let answer = ask(face.addr, "GET", "/metrics", accept, "").await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(content_type))
        );
        assert_eq!(answer.header("vary"), Some("Accept"));
        let eof = answer.body.ends_with("# EOF\n");
        assert_eq!(eof, content_type.contains("openmetrics"), "{accept:?}");
    }
}

#[tokio::test]
async fn what_is_unknown_is_absent_and_counters_start_at_zero() {
    let empty = plain(frames::empty()).await;
    for (series, value) in &empty.series {
        let is_info = series.starts_with("hls_swarm_info{");
        assert_eq!(*value, f64::from(u8::from(is_info)), "{series}");
    }
    let names: BTreeSet<&str> = empty
        .series
        .keys()
        .map(|series| series.split('{').next().unwrap())
        .collect();
    let unknown: Vec<&str> = KNOWN
        .iter()
        .copied()
        .filter(|name| !names.contains(name))
        .collect();
    insta::assert_debug_snapshot!("unknown_at_first", unknown);
    insta::assert_debug_snapshot!("known_at_first", empty.series.keys().collect::<Vec<_>>());
}

/// One frame, two answers: every metric that says where its figure stands in the snapshot.
#[tokio::test]
async fn figures_equal_the_snapshot_s() {
    let face = serve(&config(), frames::busy());
    let metrics = Exposition::parse(&get(face.addr, "/metrics").await.body, Format::Plain);
    let snapshot = get(face.addr, "/api/v1/snapshot").await.json();
    for (name, pointer) in pointers() {
        let Some(value) = metrics.series.get(&name) else {
            assert!(name.starts_with("liveswarm_origin_"), "no {name}");
            continue;
        };
        let figure = snapshot.pointer(&pointer).and_then(Value::as_f64);
        assert_eq!(figure, Some(*value), "{name} {pointer}");
    }

    let number = |pointer: &str| {
        let found = snapshot.pointer(pointer).and_then(Value::as_f64);
        found.unwrap_or_else(|| panic!("no {pointer}"))
    };
    for (state, value) in metrics.of("hls_swarm_viewers") {
        let state = state.split('"').nth(1).unwrap();
        assert_eq!(
            value,
            number(&format!("/viewers/states/{state}")),
            "{state}"
        );
    }
    for (labels, value) in metrics.of("hls_swarm_requests_total") {
        let [class, outcome] = [1, 3].map(|at| labels.split('"').nth(at).unwrap());
        assert_eq!(
            value,
            number(&format!("/requests/{class}/{outcome}")),
            "{labels}"
        );
    }
    for (histogram, latency) in [
        ("manifest_latency", "playlist"),
        ("segment_first_byte", "segment_ttfb"),
        ("segment_download", "segment_download"),
        ("startup", "startup"),
        ("stall", "stall"),
        ("live_latency", "live_latency"),
    ] {
        let count = metrics.value(&format!("hls_swarm_{histogram}_seconds_count"));
        assert_eq!(
            count,
            number(&format!("/latency_ms/{latency}/count")),
            "{histogram}"
        );
    }
    for row in snapshot["slo"].as_array().unwrap() {
        let name = |key: &str| {
            row[key]
                .as_str()
                .unwrap()
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n")
        };
        let [broadcast, transport, source] = ["broadcast", "transport", "source"].map(name);
        let series = format!(
            "lvqr_subscriber_glass_to_glass_ms_count{{broadcast=\"{broadcast}\",transport=\"{transport}\",source=\"{source}\"}}"
        );
        assert_eq!(
            metrics.value(&series),
            row["total_observed"].as_f64().unwrap()
        );
    }
}

/// What the reference says of where figures stand.
fn pointers() -> Vec<(String, String)> {
    let reference = admin::metrics_reference();
    let rows = reference.lines().filter_map(|row| {
        let cells: Vec<&str> = row.split(" | ").collect();
        let name = cells.first()?.strip_prefix("| `")?.strip_suffix('`')?;
        let pointer = cells.last()?.strip_suffix(" |")?;
        let pointer = pointer.strip_prefix('`')?.strip_suffix('`')?;
        let one_series = !row.contains("<br>") && !row.contains("| histogram |");
        let alone = one_series && pointer.starts_with('/') && !pointer.contains(['`', ' ']);
        alone.then(|| (name.to_owned(), pointer.to_owned()))
    });
    let rows: Vec<_> = rows.collect();
    assert!(rows.len() > 20, "{rows:?}");
    rows
}

#[tokio::test]
async fn figures_that_are_made_of_several_are_right() {
    let busy = plain(frames::busy()).await;
    let expected = [
        ("hls_swarm_manifest_requests_total", 8.0 + 60.0 + 3.0),
        (
            "hls_swarm_segment_requests_total",
            20.0 + 2.0 + 5.0 + 4.0 + 1.0 + 2.0 + 7.0,
        ),
        ("hls_swarm_init_requests_total", 8.0),
        ("hls_swarm_unknown_requests_total", 8.0 + 1.0),
        ("hls_swarm_http_errors_total{status_code=\"404\"}", 5.0),
        ("hls_swarm_http_errors_total{status_code=\"503\"}", 5.0),
        (
            "hls_swarm_errors_total{class=\"segment\",kind=\"status\"}",
            7.0,
        ),
        ("hls_swarm_timeouts_total", 5.0),
        (
            "hls_swarm_error_rate",
            16.0 / (16.0 + 20.0 + 8.0 + 60.0 + 7.0 + 8.0 + 8.0),
        ),
        ("hls_swarm_active_clients", 4.0),
        ("hls_swarm_ramp_progress", 7.0 / 8.0),
        ("hls_swarm_client_exits_total{category=\"success\"}", 1.0),
        ("hls_swarm_client_exits_total{category=\"error\"}", 2.0),
        ("hls_swarm_client_exits_total{category=\"stopped\"}", 1.0),
        ("hls_swarm_client_uptime_seconds_count", 4.0),
        ("hls_swarm_client_uptime_seconds_bucket{le=\"1.0\"}", 2.0),
        ("hls_swarm_test_remaining_seconds", 60.0),
        // The newest row is of 250 ms, so the one before it is taken too.
        ("hls_swarm_manifest_requests_per_second", 5.0 / 1.25),
        ("hls_swarm_segment_requests_per_second", 5.0 / 1.25),
        ("hls_swarm_throughput_bytes_per_second", 2_000_000.0 / 1.25),
        ("hls_swarm_max_drift_seconds", 8.0),
        ("hls_swarm_high_drift_clients", 1.0),
        ("hls_swarm_generator_bottleneck", 1.0),
        ("hls_swarm_startup_seconds_bucket{le=\"0.5\"}", 1.0),
        ("hls_swarm_startup_seconds_sum", 3.82),
        ("lvqr_slo_client_samples_total{transport=\"moq\"}", 3.0),
        ("lvqr_slo_client_samples_total{transport=\"ws\"}", 1.0),
        (
            "lvqr_subscriber_glass_to_glass_ms_bucket{broadcast=\"/live/a\",transport=\"moq\",source=\"pushed\",le=\"80.0\"}",
            1.0,
        ),
        (
            "lvqr_subscriber_glass_to_glass_ms_bucket{broadcast=\"/live/b\",transport=\"moq\",source=\"pushed\",le=\"80.0\"}",
            0.0,
        ),
        (
            "lvqr_subscriber_glass_to_glass_ms_sum{broadcast=\"line\\nbreak\",transport=\"ws\",source=\"pushed\"}",
            300_000.0,
        ),
        (
            "hls_swarm_objective_met{objective=\"glass_to_glass.p99 < 9s\"}",
            1.0,
        ),
        (
            "hls_swarm_objective_budget_left_ratio{objective=\"glass_to_glass.p95 < 3s for transport=hls\"}",
            -1.5,
        ),
        (
            "hls_swarm_objective_burn_rate{objective=\"glass_to_glass.p95 < 3s for transport=hls\",window=\"60s\"}",
            3.5,
        ),
    ];
    for (series, value) in expected {
        assert_eq!(busy.value(series), value, "{series}");
    }
    let all: f64 = busy.of("hls_swarm_viewers").values().sum();
    assert_eq!(all, 8.0);
    let (above, below) = (
        busy.value("hls_swarm_clients_above_realtime"),
        busy.value("hls_swarm_clients_below_realtime"),
    );
    assert_eq!((above, below), (1.0, 2.0));
    assert!((0.5..1.0).contains(&busy.value("hls_swarm_average_speed")));
    // No sample, no series.
    assert!(
        !busy
            .series
            .contains_key("hls_swarm_objective_met{objective=\"startup.p95 < 2s\"}")
    );
    let info = busy.of("hls_swarm_info");
    let [labels] = info.keys().collect::<Vec<_>>()[..] else {
        panic!("{info:?}");
    };
    assert_eq!(
        *labels,
        r#"version="0.1.0",stream_url="http://127.0.0.1:17080/live/\"a\\b\"/master.m3u8",variant="highest"}"#
    );
}

#[tokio::test]
async fn single_viewers_have_series_only_where_that_was_asked_for() {
    let per_viewer = Config {
        per_viewer: PerViewer::Yes,
        ..config()
    };
    let without = plain(frames::busy()).await;
    let viewers = |of: &Exposition| {
        let names = of
            .series
            .keys()
            .filter(|name| name.starts_with("hls_swarm_viewer_"));
        names.count()
    };
    assert_eq!(viewers(&without), 0);
    let with = text(frames::busy(), &per_viewer, &[]).await;
    let with = Exposition::parse(&with, Format::Plain);
    assert_eq!(
        with.value("hls_swarm_viewer_bytes_total{viewer=\"0\"}"),
        10_000_000.0
    );
    assert_eq!(
        with.value("hls_swarm_viewer_requests_total{viewer=\"0\",outcome=\"ok\"}"),
        20.0
    );
    assert_eq!(
        with.value("hls_swarm_viewer_live_latency_seconds{viewer=\"0\"}"),
        6.1
    );
    assert_eq!(
        with.value("hls_swarm_viewer_drift_seconds{viewer=\"1\"}"),
        8.0
    );
    assert_eq!(
        with.value("hls_swarm_viewer_state{viewer=\"2\",state=\"stalled\"}"),
        1.0
    );
    let crowd = text(frames::crowd(PER_VIEWER_MAX + 1), &per_viewer, &[]).await;
    assert_eq!(viewers(&Exposition::parse(&crowd, Format::Plain)), 0);
    let full = text(frames::crowd(PER_VIEWER_MAX), &per_viewer, &[]).await;
    let full = Exposition::parse(&full, Format::Plain);
    assert_eq!(
        full.of("hls_swarm_viewer_bytes_total").len() as u64,
        PER_VIEWER_MAX
    );
}

#[tokio::test]
async fn without_a_playhead_nothing_is_said_of_pace() {
    let untracked = plain(frames::untracked()).await;
    for name in [
        "clients_above_realtime",
        "clients_below_realtime",
        "average_speed",
        "high_drift_clients",
        "stalls_total",
        "rebuffer_ratio",
    ] {
        let series = format!("hls_swarm_{name}");
        assert!(!untracked.series.contains_key(&series), "{series}");
    }
    assert_eq!(untracked.value("hls_swarm_viewers{state=\"playing\"}"), 3.0);
}

/// Runs a program with `input`; `None`, with a printed line, where it is missing.
#[expect(
    clippy::print_stdout,
    reason = "who runs the tests is told what was skipped"
)]
fn checked_by(program: &str, arguments: &[&str], input: &str) -> Option<std::process::Output> {
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        println!("SKIPPED: there is no {program} here");
        return None;
    };
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    Some(child.wait_with_output().unwrap())
}

/// Prometheus' own check reports the inherited `_ms` name and nothing else. (It reads the plain
/// format only.)
#[tokio::test]
async fn promtool_has_nothing_to_add() {
    let per_viewer = Config {
        per_viewer: PerViewer::Yes,
        ..config()
    };
    let text = text(frames::busy(), &per_viewer, &[]).await;
    let Some(output) = checked_by("promtool", &["check", "metrics"], &text) else {
        return;
    };
    let said =
        String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap();
    let said: Vec<&str> = said.lines().filter(|line| !line.contains("_ms ")).collect();
    assert!(said.is_empty(), "{said:#?}");
}

/// The strict parser of the reference implementation in Python, where it is installed.
#[tokio::test]
async fn the_reference_parser_reads_it() {
    const PARSE: &str = "import sys\n\
        try:\n from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse\n\
        except ImportError: sys.exit(77)\n\
        print(sum(len(family.samples) for family in parse(sys.stdin.read())))";
    let per_viewer = Config {
        per_viewer: PerViewer::Yes,
        ..config()
    };
    let text = text(frames::busy(), &per_viewer, &[OPEN]).await;
    // The system's own has the packages of the system.
    let pythons = ["/usr/bin/python3", "python3"].into_iter();
    let outputs = pythons.filter_map(|python| checked_by(python, &["-c", PARSE], &text));
    let Some(output) = outputs
        .into_iter()
        .find(|output| output.status.code() != Some(77))
    else {
        println!("SKIPPED: there is no prometheus_client for Python here");
        return;
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let read: usize = String::from_utf8(output.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    assert_eq!(
        read,
        Exposition::parse(&text, Format::OpenMetrics).series.len()
    );
}
