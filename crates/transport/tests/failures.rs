//! Everything that servers and networks do wrong has one typed failure.

#![allow(clippy::unwrap_used, reason = "a failed test is told by a panic")]

mod support;

use std::time::Duration;

use base::{Failure, Outcome};
use rstest::rstest;
use support::{Server, get, run, session};
use transport::{Body, HEAD_BYTES_MAX, HEAD_FIELDS_MAX, Limits};

#[rstest]
#[case::nothing("", Failure::Reset, 0)]
#[case::half_head("HTTP/1.1 200 OK\r\nContent-Le", Failure::Reset, 0)]
#[case::half_informational("HTTP/1.1 100 Continue\r\n\r\n", Failure::Reset, 0)]
#[case::short_body(
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
    Failure::Truncated,
    3
)]
#[case::no_body("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Failure::Truncated, 0)]
#[case::short_error(
    "HTTP/1.1 503 Busy\r\nContent-Length: 5\r\n\r\nabc",
    Failure::Truncated,
    3
)]
#[case::short_chunk(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
    Failure::Truncated,
    3
)]
#[case::no_last_chunk(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    Failure::Truncated,
    3
)]
#[case::no_trailer_end(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
    Failure::Truncated,
    3
)]
#[case::not_http("SSH-2.0-OpenSSH_9.2\r\n", Failure::Protocol, 0)]
#[case::bad_chunk(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    Failure::Protocol,
    0
)]
#[case::bad_length("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", Failure::Protocol, 0)]
#[case::two_lengths(
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    Failure::Protocol,
    0
)]
#[case::fold("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", Failure::Protocol, 0)]
#[case::upgrade("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", Failure::Protocol, 0)]
#[case::long_head(format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(HEAD_BYTES_MAX)), Failure::TooLarge, 0)]
#[case::many_fields(format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(HEAD_FIELDS_MAX + 1)), Failure::TooLarge, 0)]
#[case::body_beyond_limit("HTTP/1.1 200 OK\r\n\r\n0123456789abcdefg", Failure::TooLarge, 17)]
#[case::length_beyond_limit("HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n", Failure::TooLarge, 0)]
#[case::unknown_encoding(
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Encoding: rot13\r\n\r\na",
    Failure::Protocol,
    1
)]
#[case::bad_gzip(
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Encoding: gzip\r\n\r\na",
    Failure::Protocol,
    1
)]
#[tokio::test]
async fn wrong_answers_have_their_failure(
    #[case] stream: impl Into<String>,
    #[case] failure: Failure,
    #[case] body_bytes: u64,
) {
    let server = Server::once(stream.into()).await;
    let session = session();
    let mut request = get(&server.url("/"));
    request.body = Body::Keep { limit: 16 };
    let (result, log) = run(&session, request).await;
    let error = result.unwrap_err();
    assert_eq!(error.failure(), failure, "{error}");
    let hop = log.only();
    assert_eq!(hop.outcome, Outcome::Failed(failure));
    assert_eq!(hop.body_bytes, body_bytes);
    assert_eq!(server.connections(), 1, "no retry: the server answered");
}

#[tokio::test]
async fn a_reset_is_a_reset_wherever_it_comes() {
    for sent in [
        "",
        "HTTP/1.1 200 O",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
        "HTTP/1.1 200 OK\r\n\r\nab",
    ] {
        let server = Server::start(move |mut peer| async move {
            peer.request().await;
            peer.send(sent.as_bytes()).await;
            peer.reset();
        })
        .await;
        let (result, log) = run(&session(), get(&server.url("/"))).await;
        assert_eq!(result.unwrap_err().failure(), Failure::Reset, "{sent:?}");
        assert_eq!(log.only().outcome, Outcome::Failed(Failure::Reset));
    }
}

#[tokio::test]
async fn a_closed_port_refuses() {
    // Port 1 is reserved, so that no other test comes to listen on it.
    let url = std::sync::Arc::new("http://127.0.0.1:1/".parse().unwrap());
    let (result, log) = run(&session(), get(&url)).await;
    let error = result.unwrap_err();
    assert_eq!(error.failure(), Failure::ConnectRefused, "{error}");
    let hop = log.only();
    assert_eq!(hop.outcome, Outcome::Failed(Failure::ConnectRefused));
    assert_eq!((hop.status, hop.remote, hop.wire.sent), (None, None, 0));
}

#[rstest]
#[case("ftp://127.0.0.1/", Failure::Protocol)]
#[case("data:text/plain,x", Failure::Protocol)]
#[case("http://127.0.0.1:0/", Failure::Protocol)]
#[tokio::test]
async fn urls_that_cannot_be_fetched(#[case] url: &str, #[case] failure: Failure) {
    let url = std::sync::Arc::new(url.parse().unwrap());
    let (result, log) = run(&session(), get(&url)).await;
    assert_eq!(result.unwrap_err().failure(), failure);
    assert_eq!(log.only().outcome, Outcome::Failed(failure));
}

/// Where the server falls silent, and which limit then ends it as what.
#[rstest]
#[case::first_byte("", Limits { first_byte: Some(HOUR), ..Limits::default() }, Failure::ReadTimedOut)]
#[case::total_before_the_first_byte("", Limits { total: Some(HOUR), ..Limits::default() }, Failure::ReadTimedOut)]
#[case::idle_before_the_first_byte("", Limits { idle: Some(HOUR), ..Limits::default() }, Failure::ReadTimedOut)]
#[case::total_in_the_head("HTTP/1.1 200 OK\r\n", Limits { total: Some(HOUR), ..Limits::default() }, Failure::ReadTimedOut)]
#[case::total_in_the_body("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", Limits { total: Some(HOUR), first_byte: Some(HOUR / 2), ..Limits::default() }, Failure::ReadTimedOut)]
#[case::idle_in_the_body("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", Limits { idle: Some(HOUR), ..Limits::default() }, Failure::ReadTimedOut)]
#[tokio::test]
async fn limits_end_what_hangs(
    #[case] sent: &'static str,
    #[case] limits: Limits,
    #[case] failure: Failure,
) {
    let server = Server::start(move |mut peer| async move {
        peer.request().await;
        peer.send(sent.as_bytes()).await;
        // From here on nothing happens but the limit.
        tokio::time::pause();
        peer.closed().await;
    })
    .await;
    let mut request = get(&server.url("/"));
    request.limits = limits;
    let (result, log) = run(&session(), request).await;
    let error = result.unwrap_err();
    assert_eq!(error.failure(), failure, "{error}");
    let hop = log.only();
    assert_eq!(hop.outcome, Outcome::Failed(failure));
    let took = hop.timings.ended.saturating_sub(hop.timings.started);
    assert!((HOUR..HOUR + HOUR / 60).contains(&took), "{took:?}");
}

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn a_connection_that_hangs_times_out() {
    // A listener with a full queue answers no more SYNs; its size is the system's affair, so the
    // test fills it until one connection hangs.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let addr = listener.local_addr().unwrap();
    let mut held = Vec::new();
    // On loopback a connection is made within the call, or not at all: no time passes.
    tokio::time::pause();
    loop {
        let connect = tokio::net::TcpStream::connect(addr);
        match tokio::time::timeout(Duration::from_millis(200), connect).await {
            Ok(connected) => held.push(connected.unwrap()),
            Err(_) => break,
        }
        assert!(held.len() < 1000, "the queue never fills");
    }
    let url = std::sync::Arc::new(format!("http://{addr}/").parse().unwrap());
    let mut request = get(&url);
    request.limits.connect = Some(HOUR);
    let (result, log) = run(&session(), request).await;
    assert_eq!(result.unwrap_err().failure(), Failure::ConnectTimedOut);
    assert_eq!(
        log.only().outcome,
        Outcome::Failed(Failure::ConnectTimedOut)
    );
}
