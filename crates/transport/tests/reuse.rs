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

/// Answers the first request of each connection, and reads the second only to close.
async fn answers_once(good: usize) -> Server {
    Server::start(move |mut peer| async move {
        if peer.index < good {
            peer.request().await;
            peer.send(OK).await;
        }
        peer.request().await;
    })
    .await
}

fn seen(log: &Log) -> Vec<(Outcome, Option<u16>, bool)> {
    let hops = log.hops();
    hops.iter()
        .map(|hop| (hop.outcome, hop.status, hop.reused))
        .collect()
}

const LOST: Outcome = Outcome::Failed(Failure::Reset);

#[tokio::test]
async fn a_request_lost_with_a_kept_connection_is_a_request_and_sent_again_once() {
    let server = answers_once(usize::MAX).await;
    let session = session();
    run(&session, get(&server.url("/"))).await.0.unwrap();
    for round in 1..4 {
        let (response, log) = run(&session, get(&server.url("/"))).await;
        let response = response.unwrap();
        assert!(!response.reused);
        let [lost, again] = &log.hops()[..] else {
            panic!("{:?}", log.hops());
        };
        assert_eq!(
            seen(&log),
            [(LOST, None, true), (Outcome::Ok, Some(200), false)],
            "round {round}"
        );
        assert_eq!(lost.wire.sent, again.wire.sent, "the same request");
        assert_eq!((lost.wire.received, lost.body_bytes), (0, 0));
        assert_eq!(lost.url, again.url);
        assert!(lost.timings.sent.is_some() && lost.timings.connect.is_none());
        assert!(again.timings.connect.is_some());
        assert!(lost.timings.ended <= again.timings.started);
        assert_eq!(response.timings, again.timings);
        assert_eq!(response.wire, again.wire);
        assert_eq!(server.connections(), round + 1);
    }
}

#[tokio::test]
async fn a_new_connection_that_closes_is_not_tried_again() {
    let server = answers_once(1).await;
    let session = session();
    run(&session, get(&server.url("/"))).await.0.unwrap();
    // The kept one closes, the retry's new one too: that is a failure.
    let (result, log) = run(&session, get(&server.url("/"))).await;
    assert_eq!(result.unwrap_err().failure(), Failure::Reset);
    assert_eq!(seen(&log), [(LOST, None, true), (LOST, None, false)]);
    assert_eq!(server.connections(), 2);
}

/// A redirect and a loss in one exchange: each request has its own number, and one exchange may
/// lose a request at each of its redirects.
#[tokio::test]
async fn what_a_redirect_leads_to_may_be_lost_too() {
    let server = Server::start(|mut peer| async move {
        while let Some(head) = peer.request().await {
            match (peer.index, head.split(' ').nth(1).unwrap()) {
                (_, "/a") => peer.send(MOVED).await,
                (0, _) => return,
                _ => peer.send(OK).await,
            }
        }
    })
    .await;
    let (response, log) = run(&session(), get(&server.url("/a"))).await;
    let response = response.unwrap();
    assert_eq!((response.redirects, response.final_url.path()), (1, "/b"));
    assert_eq!(
        seen(&log),
        [
            (Outcome::Ok, Some(302), false),
            (LOST, None, true),
            (Outcome::Ok, Some(200), false)
        ]
    );
}

const MOVED: &[u8] = b"HTTP/1.1 302 Go\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n";

/// Who leaves while the request is under way again has given up the second, not the first.
#[tokio::test]
async fn a_request_that_is_given_up_when_sent_again_has_one_end() {
    let server = Server::start(|mut peer| async move {
        if peer.index == 0 {
            peer.request().await;
            peer.send(OK).await;
            peer.request().await;
        } else {
            peer.request().await;
            tokio::time::pause();
            peer.closed().await;
        }
    })
    .await;
    let session = session();
    run(&session, get(&server.url("/"))).await.0.unwrap();
    let log = Log::default();
    let exchange = session.start(get(&server.url("/")), log.clone());
    let hour = std::time::Duration::from_hours(1);
    assert!(tokio::time::timeout(hour, exchange).await.is_err());
    assert_eq!(
        seen(&log),
        [(LOST, None, true), (Outcome::Cancelled, None, false)]
    );
}

/// What is lost keeps its turn: the exchanges that wait do not go before it.
#[tokio::test]
async fn a_request_that_is_sent_again_keeps_its_slot() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::start(move |mut peer| {
        let tell = tell.clone();
        async move {
            let mut asked = 0;
            while let Some(head) = peer.request().await {
                asked += 1;
                let path = head.split(' ').nth(1).unwrap().to_owned();
                match (&*path, asked) {
                    ("/lost", 2) => return,
                    ("/hangs", _) => peer.closed().await,
                    _ => {
                        tell.send(path).unwrap();
                        peer.send(OK).await;
                    }
                }
            }
        }
    })
    .await;
    let session = session();
    let mut hanging: Vec<_> = (1..PER_HOST_MAX)
        .map(|_| Box::pin(session.start(get(&server.url("/hangs")), ())))
        .collect();
    for exchange in &mut hanging {
        let first = tokio::time::timeout(std::time::Duration::ZERO, exchange).await;
        assert!(first.is_err());
    }
    run(&session, get(&server.url("/first"))).await.0.unwrap();
    let (lost, waits) = tokio::join!(
        run(&session, get(&server.url("/lost"))),
        run(&session, get(&server.url("/waits")))
    );
    lost.0.unwrap();
    waits.0.unwrap();
    assert_eq!(lost.1.hops().len(), 2);
    let mut answered = Vec::new();
    while let Ok(path) = told.try_recv() {
        answered.push(path);
    }
    assert_eq!(answered, ["/first", "/lost", "/waits"]);
    drop(hanging);
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
