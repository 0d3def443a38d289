//! The API of a run.

use std::sync::Arc;

use admin::{Command, Config, PER_VIEWER_MAX, PerViewer, Refused};
use report::{Frame, Phase};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::frames;
use crate::http::{Face, ask, config, get, post, read_until, serve};

#[tokio::test]
async fn the_snapshot_is_the_document_of_the_newest_frame() {
    let face = serve(&config(), frames::empty());
    let document = |frame: &Frame| serde_json::to_value(frame.document()).unwrap();
    let empty = get(face.addr, "/api/v1/snapshot").await.json();
    assert_eq!(empty, document(&frames::empty()));
    face.frames.send_replace(frames::busy());
    let busy = get(face.addr, "/api/v1/snapshot").await.json();
    assert_eq!(busy, document(&frames::busy()));
    assert_eq!(busy["timeline"].as_array().unwrap().len(), 31);
}

/// The shape that is known: an array of rows, in order, with whole milliseconds.
#[tokio::test]
async fn slo_rows() {
    let face = serve(&config(), frames::empty());
    let empty = get(face.addr, "/api/v1/slo").await;
    assert_eq!(empty.body, r#"{"broadcasts":[]}"#);
    face.frames.send_replace(frames::busy());
    let slo = get(face.addr, "/api/v1/slo").await.json();
    let rows = slo["broadcasts"].as_array().unwrap();
    let keys: Vec<[&str; 3]> = rows
        .iter()
        .map(|row| ["broadcast", "transport", "source"].map(|key| row[key].as_str().unwrap()))
        .collect();
    assert!(keys.is_sorted(), "{keys:?}");
    assert_eq!(keys.len(), 4);
    for row in rows {
        for key in [
            "p50_ms",
            "p95_ms",
            "p99_ms",
            "max_ms",
            "sample_count",
            "total_observed",
        ] {
            assert!(row[key].is_u64(), "{key} of {row}");
        }
    }
    insta::assert_json_snapshot!("slo", slo);
}

#[tokio::test]
async fn readiness_is_the_first_viewer_that_plays() {
    let face = serve(&config(), frames::empty());
    assert_eq!(get(face.addr, "/healthz").await.status, 200);
    let waiting = get(face.addr, "/readyz").await;
    assert_eq!(
        (waiting.status, waiting.body.as_str()),
        (503, "no viewer has started yet\n")
    );
    face.frames
        .send_replace(Arc::new(frames::busy_until(30_000)));
    assert_eq!(get(face.addr, "/readyz").await.status, 200);
    face.frames.send_replace(frames::untracked());
    assert_eq!(get(face.addr, "/readyz").await.status, 200);
    face.frames.send_replace(frames::starting());
    let starting = get(face.addr, "/readyz").await;
    assert_eq!(
        (starting.status, starting.body.as_str()),
        (503, "no viewer plays yet\n")
    );
}

/// Answers the next command with what is given, and returns the target that was asked for.
async fn carry_out(face: &mut Face, answer: Option<Result<(), Refused>>) -> Option<u64> {
    let (target, reply) = match face.commands.recv().await.unwrap() {
        Command::Target { viewers, reply } => (Some(viewers), reply),
        Command::Stop { reply } => (None, reply),
    };
    if let Some(answer) = answer {
        reply.send(answer).unwrap();
    }
    target
}

#[tokio::test]
async fn commands_are_carried_out_or_refused_with_the_reason() {
    let mut face = serve(&config(), frames::busy());
    let addr = face.addr;
    let too_many = Refused("only 500 descriptors are left: try less".to_owned());
    let cases = [
        (
            "/api/v1/viewers",
            "{\"target\":120}",
            Some(120),
            Some(Ok(())),
            202,
        ),
        (
            "/api/v1/viewers",
            "{\"target\":9999}",
            Some(9_999),
            Some(Err(too_many.clone())),
            409,
        ),
        ("/api/v1/viewers", "{\"target\":1}", Some(1), None, 503),
        ("/api/v1/stop", "{}", None, Some(Ok(())), 202),
        ("/api/v1/stop", "", None, Some(Ok(())), 202),
    ];
    for (path, body, target, reply, status) in cases {
        let asked = tokio::spawn(async move { post(addr, path, body).await });
        assert_eq!(
            carry_out(&mut face, reply.clone()).await,
            target,
            "{path} {body}"
        );
        let answer = asked.await.unwrap();
        assert_eq!(answer.status, status, "{path} {body}");
        if reply == Some(Err(too_many.clone())) {
            assert_eq!(answer.error(), too_many.0);
        }
    }
    // As curl sends it: without a body there is no type of it.
    let asked = tokio::spawn(async move { ask(addr, "POST", "/api/v1/stop", &[], "").await });
    assert_eq!(carry_out(&mut face, Some(Ok(()))).await, None);
    assert_eq!(asked.await.unwrap().status, 202);
}

#[tokio::test]
async fn a_target_is_a_whole_number_of_viewers() {
    let mut face = serve(&config(), frames::busy());
    for body in [
        "",
        "{}",
        "7",
        "[7]",
        "{\"target\":0}",
        "{\"target\":-1}",
        "{\"target\":1.5}",
        "{\"target\":\"7\"}",
        "{\"target\":null}",
        "{\"target\":1000001}",
        "{\"target\":7",
        "{\"target\":7}x",
    ] {
        let answer = post(face.addr, "/api/v1/viewers", body).await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert!(answer.error().contains("target"), "{answer:?}");
    }
    assert!(face.commands.try_recv().is_err());
}

#[tokio::test]
async fn series_of_single_viewers_bound_the_target() {
    let config = Config {
        per_viewer: PerViewer::Yes,
        ..config()
    };
    let mut face = serve(&config, frames::busy());
    let body = format!("{{\"target\":{}}}", PER_VIEWER_MAX + 1);
    let answer = post(face.addr, "/api/v1/viewers", &body).await;
    assert_eq!(answer.status, 409);
    assert!(
        answer.error().contains("--per-viewer-metrics"),
        "{answer:?}"
    );
    assert!(face.commands.try_recv().is_err());
}

#[tokio::test]
async fn commands_that_nobody_takes_are_refused() {
    let face = serve(&config(), frames::busy());
    drop(face.commands);
    let answer = post(face.addr, "/api/v1/stop", "{}").await;
    assert_eq!(answer.status, 503);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_does_not_answer_keeps_nobody_waiting() {
    let face = serve(&config(), frames::busy());
    let answer = post(face.addr, "/api/v1/stop", "{}").await;
    assert_eq!(
        (answer.status, answer.error().as_str()),
        (503, "the run does not answer")
    );
}

async fn reader(face: &Face) -> TcpStream {
    let mut stream = TcpStream::connect(face.addr).await.unwrap();
    let request = format!("GET /api/v1/events HTTP/1.1\r\nHost: {}\r\n\r\n", face.addr);
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// The documents among what came.
fn events(came: &str) -> Vec<Value> {
    let data = came.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn events_are_the_newest_frame_once_a_second() {
    let face = serve(&config(), frames::busy());
    let mut stream = reader(&face).await;
    let came = read_until(&mut stream, "\n\n\r\n").await;
    assert!(came.contains("content-type: text/event-stream"), "{came}");
    assert!(came.contains("retry: 2000\n\n"), "{came}");
    // The first comes at once.
    let came = if came.contains("data: ") {
        came
    } else {
        read_until(&mut stream, "}\n\n").await
    };
    let first = &events(&came)[0];
    let mut expected = serde_json::to_value(frames::busy().document()).unwrap();
    expected["timeline"] = json!([expected["timeline"].as_array().unwrap().last().unwrap()]);
    assert_eq!(first, &expected);

    // Of many in one second, the newest is sent.
    for at_ms in [30_250, 30_500, 30_750] {
        face.frames
            .send_replace(Arc::new(frames::busy_until(at_ms)));
    }
    let came = read_until(&mut stream, "}\n\n").await;
    let second = events(&came);
    assert_eq!(second.len(), 1);
    assert_eq!(second[0]["duration_s"], 30.75);

    // Without a new one, the stream shows that it is alive.
    let came = read_until(&mut stream, ":\n\n").await;
    assert_eq!(events(&came), [] as [Value; 0], "{came}");

    // The last frame comes before the end.
    let last = Frame {
        phase: Phase::Over,
        ..frames::busy_until(31_000)
    };
    face.frames.send_replace(Arc::new(last));
    face.end.send(()).unwrap();
    let came = read_until(&mut stream, "\r\n0\r\n\r\n").await;
    assert_eq!(events(&came)[0]["duration_s"], 31.0);
    face.served.await.unwrap().unwrap();
}

#[tokio::test]
async fn everybody_gets_the_same_of_one_frame() {
    let face = serve(&config(), frames::busy());
    for path in ["/metrics", "/api/v1/snapshot", "/api/v1/slo"] {
        let first = get(face.addr, path).await;
        let asked: Vec<_> = (0..100)
            .map(|_| {
                let addr = face.addr;
                tokio::spawn(async move { get(addr, path).await })
            })
            .collect();
        for asked in asked {
            assert_eq!(asked.await.unwrap().body, first.body, "{path}");
        }
    }
}
