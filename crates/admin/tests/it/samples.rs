//! What others push.

use std::fmt::Write;

use telemetry::slo::Source;

use crate::frames;
use crate::http::{ask, config, post, serve};

const PATH: &str = "/api/v1/slo/client-sample";

fn sample(broadcast: &str, ingest: u64, render: u64) -> String {
    format!(
        r#"{{"broadcast":"{broadcast}","transport":" hls ","ingest_ts_ms":{ingest},"render_ts_ms":{render}}}"#
    )
}

#[tokio::test]
async fn a_sample_is_counted_apart_from_what_we_measure() {
    let face = serve(&config(), frames::busy());
    for latency in [100, 300, 200] {
        let answer = post(face.addr, PATH, &sample("/live", 1_000, 1_000 + latency)).await;
        assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    }
    let table = face.pushed.table();
    let [series] = table.series() else {
        panic!("{:?}", table.series());
    };
    assert_eq!(
        (series.key.broadcast.as_str(), series.key.transport.as_str()),
        ("/live", "hls")
    );
    assert_eq!(series.key.source, Source::Pushed);
    // Those of one millisecond have no order of their own.
    let mut latencies: Vec<u64> = series.newest().map(|(_, latency)| latency).collect();
    latencies.sort_unstable();
    assert_eq!((series.total_observed, latencies), (3, vec![100, 200, 300]));
}

#[tokio::test]
async fn whatever_is_no_sample_is_refused() {
    let face = serve(&config(), frames::busy());
    let fine = sample("/live", 1, 2);
    let json = "Content-Type: application/json";
    let long = sample(&"x".repeat(4_096), 1, 2);
    let cases = [
        (&[json][..], sample("  ", 1, 2), 400),
        (&[json], sample(&"b".repeat(257), 1, 2), 400),
        (&[json], sample("/live", 2, 1), 400),
        (&[json], sample("/live", 0, 300_001), 400),
        (&[json], "{".to_owned(), 400),
        (&[json], "null".to_owned(), 400),
        (&[json], String::new(), 400),
        (
            &["Content-Type: application/json; charset=utf-8"],
            fine.clone(),
            204,
        ),
        (&["Content-Type: text/plain"], fine.clone(), 415),
        (&[], fine.clone(), 415),
        (&[json, "Content-Type: text/plain"], fine.clone(), 204),
        (&[json], long, 413),
    ];
    let mut counted = 0;
    for (headers, body, status) in cases {
        let answer = ask(face.addr, "POST", PATH, headers, &body).await;
        assert_eq!(answer.status, status, "{headers:?} {body}: {answer:?}");
        match status {
            204 => counted += 1,
            _ => assert!(!answer.error().is_empty()),
        }
    }
    let table = face.pushed.table();
    let total: u64 = table
        .series()
        .iter()
        .map(|series| series.total_observed)
        .sum();
    assert_eq!(total, counted);
    for (method, status) in [("GET", 405), ("PUT", 405), ("DELETE", 405)] {
        assert_eq!(ask(face.addr, method, PATH, &[], "").await.status, status);
    }
}

#[tokio::test]
async fn a_flood_is_held_back() {
    let face = serve(&config(), frames::busy());
    let mut flood = String::new();
    let body = sample("/live", 1, 2);
    for _ in 0..4_000 {
        let length = body.len();
        write!(
            flood,
            "POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
    }
    flood.push_str("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let answers = crate::http::converse(face.addr, flood.into_bytes()).await;
    let of = |status: &str| answers.matches(&format!("HTTP/1.1 {status} ")).count();
    assert_eq!((of("204") + of("429"), of("200")), (4_000, 1));
    assert!(
        of("204") >= 1_000 && of("429") > 0,
        "{} {}",
        of("204"),
        of("429")
    );
    assert!(answers.contains("more than 500 samples a second"));
    let counted = face.pushed.table().series()[0].total_observed;
    assert_eq!(counted, of("204") as u64);
}

#[tokio::test]
async fn series_of_others_are_bounded() {
    let face = serve(&config(), frames::busy());
    for n in 0..admin::PUSHED_SERIES_MAX {
        assert_eq!(
            post(face.addr, PATH, &sample(&n.to_string(), 1, 2))
                .await
                .status,
            204
        );
    }
    let answer = post(face.addr, PATH, &sample("one more", 1, 2)).await;
    assert_eq!(answer.status, 429);
    assert!(answer.error().contains("no room"), "{answer:?}");
    assert_eq!(post(face.addr, PATH, &sample("0", 1, 2)).await.status, 204);
    assert_eq!(face.pushed.table().series().len(), admin::PUSHED_SERIES_MAX);
}
