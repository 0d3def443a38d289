//! Which connection an exchange takes, and what becomes of it.

#![allow(clippy::unwrap_used, reason = "a failed test is told by a panic")]

mod support;

use std::sync::Arc;

use base::{Failure, Outcome};
use rstest::rstest;
use support::{Log, Server, get, run, session};
use tokio::sync::Semaphore;
use transport::{After, Open, PER_HOST_MAX};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

#[tokio::test]
async fn a_session_keeps_its_connection_and_sessions_share_none() {
    let server = Server::fixed(OK).await;
    let client = support::client();
    let (a, b) = (client.session(), client.session());
    for (session, reused) in [(&a, false), (&a, true), (&b, false), (&b, true), (&a, true)] {
        let (response, log) = run(session, get(&server.url("/"))).await;
        assert_eq!(response.unwrap().reused, reused);
        let hop = log.only();
        assert_eq!(hop.timings.connect.is_none(), reused);
        assert_eq!(hop.wire.received, OK.len() as u64, "of this exchange alone");
    }
    assert_eq!(server.connections(), 2);
    a.close_idle();
    let (response, _) = run(&a, get(&server.url("/"))).await;
    assert!(!response.unwrap().reused);
}

#[rstest]
#[case::close("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")]
#[case::http10("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi")]
#[case::more_than_announced("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi!")]
#[case::two_answers(
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
)]
#[case::length_and_chunks(
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
)]
#[tokio::test]
async fn what_may_not_be_kept_is_not(#[case] stream: &str) {
    let server = Server::fixed(stream).await;
    let session = session();
    for _ in 0..2 {
        let (response, log) = run(&session, get(&server.url("/"))).await;
        assert!(!response.unwrap().reused);
        assert_eq!(log.only().body_bytes, 2);
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn http10_may_ask_to_stay() {
    let server =
        Server::fixed("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi")
            .await;
    let session = session();
    for reused in [false, true] {
        let (response, _) = run(&session, get(&server.url("/"))).await;
        assert_eq!(response.unwrap().reused, reused);
    }
}

#[tokio::test]
async fn the_request_chooses_its_connection() {
    let server = Server::fixed(OK).await;
    let session = session();
    let steps = [
        (Open::Reuse, After::Keep, false),
        (Open::New, After::Keep, false),
        (Open::Reuse, After::Close, true),
        (Open::Reuse, After::Close, true),
        (Open::Reuse, After::Keep, false),
    ];
    for (step, (open, after, reused)) in steps.into_iter().enumerate() {
        let mut request = get(&server.url("/"));
        (request.open, request.after) = (open, after);
        let (response, _) = run(&session, request).await;
        assert_eq!(response.unwrap().reused, reused, "step {step}");
    }
}

/// Answers `good` requests on each connection, then closes it while it is idle.
async fn closes_idle(good: usize, reset: bool) -> (Server, Arc<Semaphore>) {
    let closed = Arc::new(Semaphore::new(0));
    let tell = Arc::clone(&closed);
    let server = Server::start(move |mut peer| {
        let tell = Arc::clone(&tell);
        async move {
            for _ in 0..good {
                peer.request().await;
                peer.send(OK).await;
            }
            if reset {
                peer.reset();
            } else {
                drop(peer);
            }
            tell.add_permits(1);
        }
    })
    .await;
    (server, closed)
}

#[rstest]
#[tokio::test]
async fn a_connection_closed_while_idle_is_no_failure(#[values(false, true)] reset: bool) {
    let (server, closed) = closes_idle(2, reset).await;
    let session = session();
    for round in 0..6 {
        let (response, log) = run(&session, get(&server.url("/"))).await;
        let response = response.unwrap();
        assert_eq!(response.reused, round % 2 == 1, "round {round}");
        let hop = log.only();
        assert_eq!(hop.outcome, Outcome::Ok);
        assert_eq!(hop.wire.received, OK.len() as u64);
        if round % 2 == 1 {
            closed.acquire().await.unwrap().forget();
        }
    }
    assert_eq!(server.connections(), 3);
}

/// The close is on its way when the request is sent: only the answer that never comes tells.
#[tokio::test]
async fn a_request_into_a_closing_connection_is_sent_again_once() {
    let server = Server::start(|mut peer| async move {
        peer.request().await;
        peer.send(OK).await;
        peer.request().await;
        // Read, and closed without a word: as good as closed while idle.
    })
    .await;
    let session = session();
    for (round, reused) in [false, false, false].into_iter().enumerate() {
        let (response, log) = run(&session, get(&server.url("/"))).await;
        assert_eq!(response.unwrap().reused, reused, "round {round}");
        assert_eq!(log.only().outcome, Outcome::Ok);
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn a_new_connection_that_closes_is_not_tried_again() {
    let server = Server::start(|mut peer| async move {
        if peer.index == 0 {
            peer.request().await;
            peer.send(OK).await;
        }
        peer.request().await;
    })
    .await;
    let session = session();
    let (response, _) = run(&session, get(&server.url("/"))).await;
    response.unwrap();
    // The kept one closes, the retry's new one too: that is a failure.
    let (result, log) = run(&session, get(&server.url("/"))).await;
    assert_eq!(result.unwrap_err().failure(), Failure::Reset);
    let hop = log.only();
    assert_eq!(hop.outcome, Outcome::Failed(Failure::Reset));
    assert!(!hop.reused);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn once_a_byte_has_come_nothing_is_tried_again() {
    let server = Server::start(|mut peer| async move {
        peer.request().await;
        peer.send(OK).await;
        peer.request().await;
        peer.send(b"HTTP/1.1 200 OK\r\n").await;
    })
    .await;
    let session = session();
    run(&session, get(&server.url("/"))).await.0.unwrap();
    let (result, log) = run(&session, get(&server.url("/"))).await;
    assert_eq!(result.unwrap_err().failure(), Failure::Reset);
    assert!(log.only().reused);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn six_at_once_and_the_rest_wait_their_turn() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let go = Arc::new(Semaphore::new(0));
    let gate = Arc::clone(&go);
    let server = Server::start(move |mut peer| {
        let (tell, gate) = (tell.clone(), Arc::clone(&gate));
        async move {
            while peer.request().await.is_some() {
                tell.send(peer.index).unwrap();
                gate.acquire().await.unwrap().forget();
                peer.send(OK).await;
            }
        }
    })
    .await;
    let session = session();
    let local = tokio::task::LocalSet::new();
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..=PER_HOST_MAX {
        let (exchange, log) = (get(&server.url("/")), Log::default());
        set.spawn_local_on(session.start(exchange, log), &local);
    }
    local
        .run_until(async {
            for _ in 0..PER_HOST_MAX {
                told.recv().await.unwrap();
            }
            assert_eq!(server.connections(), PER_HOST_MAX);
            assert!(told.try_recv().is_err());
            go.add_permits(1);
            told.recv().await.unwrap();
            go.add_permits(PER_HOST_MAX);
            let mut reused = 0;
            while let Some(response) = set.join_next().await {
                reused += usize::from(response.unwrap().unwrap().reused);
            }
            assert_eq!(reused, 1);
        })
        .await;
    assert_eq!(server.connections(), PER_HOST_MAX);
    // A new one where six idle ones stand: one of them goes.
    let mut request = get(&server.url("/"));
    request.open = Open::New;
    go.add_permits(1);
    assert!(!run(&session, request).await.0.unwrap().reused);
    assert_eq!(server.connections(), PER_HOST_MAX + 1);
}

#[tokio::test]
async fn who_waits_for_a_turn_may_leave() {
    let server = Server::start(|mut peer| async move { peer.closed().await }).await;
    let session = session();
    let mut running: Vec<_> = (0..PER_HOST_MAX)
        .map(|_| Box::pin(session.start(get(&server.url("/")), ())))
        .collect();
    for exchange in &mut running {
        let first = tokio::time::timeout(std::time::Duration::ZERO, exchange).await;
        assert!(first.is_err());
    }
    let log = Log::default();
    let waiting = session.start(get(&server.url("/")), log.clone());
    assert!(
        tokio::time::timeout(std::time::Duration::ZERO, waiting)
            .await
            .is_err()
    );
    let hop = log.only();
    assert_eq!(hop.outcome, Outcome::Cancelled);
    assert_eq!((hop.remote, hop.wire.sent), (None, 0));
    drop(running);
}

#[tokio::test]
async fn who_asks_the_server_to_close_does_not_keep() {
    let server = Server::fixed(OK).await;
    let session = session();
    for _ in 0..2 {
        let mut request = get(&server.url("/"));
        request.headers.push("connection", "foo, Close").unwrap();
        assert!(!run(&session, request).await.0.unwrap().reused);
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn many_servers_do_not_keep_many_connections() {
    let session = session();
    let mut servers = Vec::new();
    for _ in 0..transport::HOSTS_MAX + 2 {
        let server = Server::fixed(OK).await;
        run(&session, get(&server.url("/"))).await.0.unwrap();
        servers.push(server);
    }
    let mut reused = Vec::new();
    for server in servers.iter().rev() {
        reused.push(run(&session, get(&server.url("/"))).await.0.unwrap().reused);
    }
    // The first two had to go; asking them again makes others go.
    assert_eq!(
        reused,
        [vec![true; transport::HOSTS_MAX], vec![false; 2]].concat()
    );
}
