//! A modelled network between a session and its server: nothing comes sooner than it lets it.

#![allow(clippy::unwrap_used, reason = "a failed test is told by a panic")]

mod support;

use std::time::Duration;

use base::Failure;
use support::{Log, Server, client, get, run};
use tokio::sync::watch;
use transport::{Body, Error, Limits, Network, Phase, Session, Timings};

const MS: Duration = Duration::from_millis(1);

/// Bytes per millisecond of 8 Mbit/s.
const RATE: u64 = 1_000;

fn network(text: &str) -> Network {
    text.parse().unwrap()
}

fn session(text: &str) -> Session {
    client().session_over(3, Some(&network(text)), 1)
}

fn answer(bytes: usize) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {bytes}\r\n\r\n").into_bytes();
    answer.resize(answer.len() + bytes, b'x');
    answer
}

/// What a line of 8 Mbit/s has carried at once when it was idle: 5 ms worth.
const IDLE_BYTES: u64 = 5 * RATE;

/// From the question to its answer's first byte.
fn waited(timings: &Timings) -> Duration {
    let first = timings.first_byte.unwrap();
    first.saturating_sub(timings.sent.unwrap())
}

fn time_of(bytes: u64) -> Duration {
    Duration::from_micros(bytes.saturating_sub(IDLE_BYTES) * 1_000 / RATE)
}

#[tokio::test]
async fn a_body_takes_as_long_as_the_line_does() {
    const BYTES: usize = 200_000;
    let server = Server::fixed(answer(BYTES)).await;
    for body in [Body::Discard, Body::Keep { limit: BYTES }, Body::Stream] {
        let session = session("bandwidth=8Mbit/s");
        let mut request = get(&server.url("/"));
        request.body = body;
        let (response, log) = run(&session, request).await;
        assert_eq!(response.unwrap().body_bytes, BYTES as u64);
        let hop = log.only();
        let took = hop.timings.ended.saturating_sub(hop.timings.sent.unwrap());
        assert!(took >= time_of(BYTES as u64), "{body:?}: {took:?}");
        // It comes bit by bit, and is told so.
        assert!(hop.body_calls > 4, "{body:?}: {}", hop.body_calls);
        assert_eq!(hop.wire.received, answer(BYTES).len() as u64);
    }
}

#[tokio::test]
async fn connections_of_a_session_share_its_line_and_those_of_another_have_their_own() {
    const BYTES: usize = 60_000;
    let server = Server::fixed(answer(BYTES)).await;
    let (one, other) = (session("bandwidth=8Mbit/s"), session("bandwidth=8Mbit/s"));
    let sibling = one.sibling();
    let begun = tokio::time::Instant::now();
    let url = server.url("/");
    let (a, b, c, _) = tokio::join!(
        run(&one, get(&url)),
        run(&one, get(&url)),
        run(&sibling, get(&url)),
        run(&other, get(&url)),
    );
    let took = begun.elapsed();
    let whole: u64 = [a, b, c]
        .iter()
        .map(|(_, log)| log.only().wire.received)
        .sum();
    assert!(took >= time_of(whole), "{took:?} for {whole}");
    assert_eq!(server.connections(), 4);
}

#[tokio::test]
async fn each_turn_of_speech_takes_a_round_trip() {
    let server = Server::fixed(answer(10)).await;
    let session = session("latency=30ms");
    let (response, log) = run(&session, get(&server.url("/"))).await;
    let timings = log.only().timings;
    assert_eq!(response.unwrap().status(), 200);
    assert!(timings.connect.unwrap().tcp >= 30 * MS, "{timings:?}");
    assert!(waited(&timings) >= 30 * MS, "{timings:?}");
    // A kept connection has been made.
    let (_, log) = run(&session, get(&server.url("/"))).await;
    let timings = log.only().timings;
    assert_eq!(timings.connect, None);
    assert!(waited(&timings) >= 30 * MS, "{timings:?}");
}

#[tokio::test]
async fn a_players_patience_ends_on_its_own_side_of_the_network() {
    let server = Server::fixed(answer(100_000)).await;
    for (text, limits, phase) in [
        (
            "latency=10s",
            Limits {
                connect: Some(20 * MS),
                ..Limits::default()
            },
            Phase::Connect,
        ),
        (
            "latency=2s",
            Limits {
                first_byte: Some(3_800 * MS),
                ..Limits::default()
            },
            Phase::FirstByte,
        ),
        (
            "bandwidth=200kbit/s",
            Limits {
                total: Some(800 * MS),
                ..Limits::default()
            },
            Phase::Body,
        ),
    ] {
        let mut request = get(&server.url("/"));
        request.limits = limits;
        let (response, log) = run(&session(text), request).await;
        let error = response.unwrap_err();
        let Error::TimedOut { phase: ended, .. } = error else {
            panic!("{text}: {error}");
        };
        assert_eq!(ended, phase, "{text}");
        assert!(matches!(log.only().outcome, base::Outcome::Failed(_)));
    }
}

#[tokio::test]
async fn a_connection_that_closes_while_a_question_is_on_its_way_costs_nothing() {
    let (tell, told) = watch::channel(false);
    let server = Server::start(move |mut peer| {
        let mut told = told.clone();
        async move {
            peer.request().await;
            peer.send(&answer(10)).await;
            // The first connection closes when it is told to, whatever comes over it.
            if peer.index == 0 {
                let _ = told.wait_for(|close| *close).await;
            } else {
                peer.closed().await;
            }
        }
    })
    .await;
    let session = session("latency=300ms");
    let (response, _) = run(&session, get(&server.url("/"))).await;
    assert_eq!(response.unwrap().status(), 200);
    let request = get(&server.url("/"));
    let ((response, log), ()) = tokio::join!(run(&session, request), async {
        tell.send(true).unwrap();
    });
    assert_eq!(response.unwrap().status(), 200);
    assert!(!log.only().reused);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn nothing_gets_lost_for_good() {
    const BYTES: usize = 150_000;
    let server = Server::fixed(answer(BYTES)).await;
    let session = session("bandwidth=50Mbit/s,latency=2ms,loss=2%");
    let log = Log::default();
    let mut request = get(&server.url("/"));
    request.body = Body::Keep { limit: BYTES };
    let response = session.start(request, log.clone()).await.unwrap();
    assert_eq!(response.body.len(), BYTES);
    assert_eq!(log.body_told(), BYTES as u64);
}

#[tokio::test]
async fn a_server_that_is_not_there_refuses_after_a_round_trip() {
    let server = Server::fixed(answer(0)).await;
    let url = server.url("/");
    drop(server);
    // Until the listener is closed it accepts.
    let begun = loop {
        tokio::task::yield_now().await;
        let begun = tokio::time::Instant::now();
        let (response, _) = run(&session("latency=20ms"), get(&url)).await;
        if response.is_err_and(|error| error.failure() == Failure::ConnectRefused) {
            break begun;
        }
    };
    assert!(begun.elapsed() >= 20 * MS);
}
