//! One exchange over a plain connection: what is sent, what comes back, what is counted and when.

#![allow(clippy::unwrap_used, reason = "a failed test is told by a panic")]

mod support;

use std::io::Write;
use std::time::Duration;

use base::{Failure, Outcome};
use rstest::rstest;
use support::{Log, Server, get, run, session};
use tokio::sync::oneshot;
use transport::{Body, Headers, Method, READ_BYTES_MAX, Request, TURN_BYTES_MAX, Version};

#[tokio::test]
async fn the_request_is_sent_as_given_and_no_byte_more() {
    let (tell, told) = oneshot::channel();
    let tell = std::sync::Mutex::new(Some(tell));
    let server = Server::start(move |mut peer| {
        let tell = tell.lock().unwrap().take();
        async move {
            let head = peer.request().await.unwrap();
            tell.unwrap().send(head).unwrap();
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                .await;
        }
    })
    .await;
    let mut headers = Headers::new();
    headers.push("user-Agent", "x/1").unwrap();
    headers = headers.host();
    headers.push("Range", "bytes=0-").unwrap();
    let url = server.url("/a/b.m3u8?x=y#z");
    let (response, log) = run(&session(), Request::get(url, headers)).await;
    let expected = format!(
        "GET /a/b.m3u8?x=y HTTP/1.1\r\nuser-Agent: x/1\r\nHost: {}\r\nRange: bytes=0-\r\n\r\n",
        server.addr
    );
    assert_eq!(told.await.unwrap(), expected);
    assert_eq!(response.unwrap().status(), 200);
    assert_eq!(log.only().wire.sent, expected.len() as u64);
}

const HI: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

#[rstest]
#[case::length(HI, "hi")]
#[case::chunked(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nhi\r\n1\r\n!\r\n0\r\nT: x\r\n\r\n",
    "hi!"
)]
#[case::until_close("HTTP/1.1 200 OK\r\n\r\nhi there", "hi there")]
#[case::http10("HTTP/1.0 200 OK\r\n\r\nold", "old")]
#[case::empty("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "")]
#[case::empty_until_close("HTTP/1.1 200 OK\r\n\r\n", "")]
#[case::informational(
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    "hi"
)]
#[case::early_hints(
    "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    "hi"
)]
#[tokio::test]
async fn bodies_come_whole(#[case] stream: &str, #[case] body: &str) {
    let server = Server::once(stream).await;
    for keep in [Body::Discard, Body::Keep { limit: body.len() }] {
        let mut request = get(&server.url("/"));
        request.body = keep;
        let (response, log) = run(&session(), request).await;
        let response = response.unwrap();
        let kept = if keep == Body::Discard { "" } else { body };
        assert_eq!(response.body, kept);
        assert_eq!(response.body_bytes, body.len() as u64);
        assert_eq!(response.remote, server.addr);
        assert!(!response.reused);
        let hop = log.only();
        assert_eq!(hop.outcome, Outcome::Ok);
        assert_eq!(hop.body_bytes, body.len() as u64);
        assert_eq!(hop.wire.received, stream.len() as u64);
        assert_eq!(hop.timings, response.timings);
        assert_eq!(hop.timings.connect.unwrap().tls, Duration::ZERO);
    }
}

#[rstest]
#[case(
    204,
    "HTTP/1.1 204 No Content\r\n\r\n",
    Outcome::Failed(Failure::Status(204))
)]
#[case(
    206,
    "HTTP/1.1 206 Partial\r\nContent-Length: 2\r\n\r\nhi",
    Outcome::Ok
)]
#[case(
    300,
    "HTTP/1.1 300 Choose\r\nContent-Length: 2\r\n\r\nhi",
    Outcome::Failed(Failure::Status(300))
)]
#[case(
    304,
    "HTTP/1.1 304 Same\r\nContent-Length: 100\r\nETag: \"e\"\r\n\r\n",
    Outcome::Ok
)]
#[case(
    404,
    "HTTP/1.1 404 Nope\r\nContent-Length: 2\r\n\r\nhi",
    Outcome::Failed(Failure::Status(404))
)]
#[case(
    503,
    "HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nhi",
    Outcome::Failed(Failure::Status(503))
)]
#[case(
    999,
    "HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nhi",
    Outcome::Failed(Failure::Status(999))
)]
#[tokio::test]
async fn a_whole_response_of_any_status_is_a_response(
    #[case] status: u16,
    #[case] stream: &str,
    #[case] outcome: Outcome,
) {
    let server = Server::fixed(stream).await;
    let session = session();
    for round in 0..2 {
        let mut request = get(&server.url("/"));
        request.body = Body::Keep { limit: 100 };
        let (response, log) = run(&session, request).await;
        let response = response.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(
            response.failure().map_or(Outcome::Ok, Outcome::Failed),
            outcome
        );
        let hop = log.only();
        assert_eq!((hop.status, hop.outcome), (Some(status), outcome));
        assert_eq!(
            hop.reused,
            round > 0,
            "every one of them leaves the connection good"
        );
        assert_eq!(hop.wire.received, stream.len() as u64);
        // Only a success is worth keeping.
        assert_eq!(response.body.is_empty(), status != 206);
        assert_eq!(hop.body_bytes, if stream.ends_with("hi") { 2 } else { 0 });
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn head_has_no_body() {
    let server = Server::fixed("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n").await;
    let session = session();
    for _ in 0..2 {
        let mut request = get(&server.url("/"));
        request.method = Method::Head;
        let (response, log) = run(&session, request).await;
        assert_eq!(response.unwrap().head.version, Version::Http11);
        assert_eq!(log.only().body_bytes, 0);
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn response_headers_can_be_asked_for() {
    let server = Server::fixed(
        "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nLast-Modified: x\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    let (response, _) = run(&session(), get(&server.url("/"))).await;
    let fields = response.unwrap().head.fields;
    assert_eq!(fields.get("etag"), Some("\"a\""));
    assert_eq!(fields.get("last-modified"), Some("x"));
    assert_eq!(fields.get("age"), None);
}

#[tokio::test]
async fn a_large_body_is_counted_in_pieces_and_not_kept() {
    const SIZE: usize = 20 * READ_BYTES_MAX + 7;
    let mut stream = format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n").into_bytes();
    stream.resize(stream.len() + SIZE, b'x');
    let server = Server::fixed(stream).await;
    let session = session();
    for _ in 0..3 {
        let (response, log) = run(&session, get(&server.url("/"))).await;
        assert!(response.unwrap().body.is_empty());
        let hop = log.only();
        assert_eq!(hop.body_bytes, SIZE as u64);
        assert!(hop.body_calls as usize >= SIZE / TURN_BYTES_MAX);
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn instants_are_those_of_the_events() {
    let (asked, got_request) = oneshot::channel();
    let (go, gone) = oneshot::channel::<()>();
    let ends = std::sync::Mutex::new(Some((asked, gone)));
    let server = Server::start(move |mut peer| {
        let (asked, gone) = ends.lock().unwrap().take().unwrap();
        async move {
            peer.request().await.unwrap();
            asked.send(()).unwrap();
            gone.await.unwrap();
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
                .await;
            peer.closed().await;
        }
    })
    .await;
    let log = Log::default();
    let session = session();
    let exchange = session.start(get(&server.url("/")), log.clone());
    let (result, ()) = tokio::join!(
        async {
            tokio::select! {
                result = exchange => Some(result),
                () = async {
                    while log.body_told() < 2 {
                        tokio::task::yield_now().await;
                    }
                    tokio::time::advance(Duration::from_secs(7)).await;
                } => None,
            }
        },
        async {
            got_request.await.unwrap();
            tokio::time::pause();
            tokio::time::advance(Duration::from_secs(5)).await;
            go.send(()).unwrap();
        }
    );
    assert!(
        result.is_none(),
        "given up, seven seconds after half the body"
    );
    let hop = log.only();
    assert_eq!(hop.outcome, Outcome::Cancelled);
    assert_eq!((hop.status, hop.body_bytes), (Some(200), 2));
    let sent = hop.timings.sent.unwrap();
    let first = hop.timings.first_byte.unwrap();
    let waited = first.saturating_sub(sent);
    assert!((5.0..6.0).contains(&waited.as_secs_f64()), "{waited:?}");
    assert_eq!(hop.head_at, Some(first));
    assert_eq!(
        hop.timings.ended.saturating_sub(first),
        Duration::from_secs(7)
    );
}

#[tokio::test]
async fn dropping_the_exchange_closes_its_connection() {
    let (done, closed) = oneshot::channel();
    let done = std::sync::Mutex::new(Some(done));
    let server = Server::start(move |mut peer| {
        let done = done.lock().unwrap().take().unwrap();
        async move {
            peer.request().await.unwrap();
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab")
                .await;
            peer.closed().await;
            done.send(()).unwrap();
        }
    })
    .await;
    let log = Log::default();
    let session = session();
    {
        let mut exchange = Box::pin(session.start(get(&server.url("/")), log.clone()));
        while log.body_told() < 2 {
            tokio::select! {
                biased;
                _ = &mut exchange => unreachable!("the body is not whole"),
                () = tokio::task::yield_now() => {}
            }
        }
    }
    assert_eq!(log.only().outcome, Outcome::Cancelled);
    closed.await.unwrap();
}

#[rstest]
#[tokio::test]
async fn a_kept_body_is_decoded_and_counted_as_it_came(#[values(true, false)] keep: bool) {
    let text = "#EXTM3U\n".repeat(100);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    let encoded = encoder.finish().unwrap();
    let mut stream = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        encoded.len()
    )
    .into_bytes();
    stream.extend_from_slice(&encoded);
    let server = Server::fixed(stream).await;
    let mut request = get(&server.url("/"));
    if keep {
        request.body = Body::Keep { limit: 10_000 };
    }
    let (response, log) = run(&session(), request).await;
    let expected = if keep { text.as_str() } else { "" };
    assert_eq!(response.unwrap().body, expected);
    assert_eq!(log.only().body_bytes, encoded.len() as u64);
}

/// What 10,000 viewers hold while they fetch: the future of one exchange.
#[test]
fn an_exchange_is_small() {
    let url = std::sync::Arc::new("http://127.0.0.1/".parse().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let size = runtime.block_on(async { size_of_val(&session().start(get(&url), Log::default())) });
    assert!(size <= 2048, "{size} bytes");
}
