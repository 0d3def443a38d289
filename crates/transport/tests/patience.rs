//! Bytes that are waited for together are told of in time, and hide nothing.

#![allow(clippy::unwrap_used, reason = "a failed test is told by a panic")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use support::{Peer, Server, get, session};
use transport::{Limits, Observer, WAIT_BYTES_MAX, WAIT_MAX};

/// A body of which no part that is sent here is nearly the rest.
const BODY: u64 = 100 * WAIT_BYTES_MAX as u64;

/// What comes of it at once; what comes later is less than what is waited for.
const BURST: usize = 100_000;

const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, Default)]
struct Told(Arc<AtomicU64>);

impl Told {
    fn so_far(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl Observer for Told {
    fn body(&mut self, bytes: usize, _at: Duration) {
        self.0.fetch_add(bytes as u64, Ordering::SeqCst);
    }
}

/// Answers with a head and the burst. From there on time passes as timers have it, until the rest
/// comes.
async fn begin(peer: &mut Peer) -> u64 {
    peer.request().await.unwrap();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {BODY}\r\n\r\n");
    peer.send(head.as_bytes()).await;
    peer.send(&vec![0; BURST]).await;
    tokio::time::pause();
    BURST as u64
}

/// Sends what is left of the body, in real time: so much waits in the system on its way, where
/// timers see nothing going on and would run out.
async fn rest(peer: &mut Peer, sent: u64) {
    tokio::time::resume();
    peer.send(&vec![0; (BODY - sent) as usize]).await;
}

/// The server gives one byte a second, the limit is five without any: a socket that told of none of
/// them would look silent.
#[tokio::test]
async fn a_trickle_is_neither_silence_nor_hidden() {
    const STEPS: u64 = 30;
    assert!(WAIT_MAX < SECOND);
    let told = Told::default();
    let heard = told.clone();
    let server = Server::start(move |mut peer| {
        let told = heard.clone();
        async move {
            let mut sent = begin(&mut peer).await;
            for _ in 0..STEPS {
                // Of what is sent now the client may learn a step later, as paused time goes.
                let before = sent;
                peer.send(&[0]).await;
                sent += 1;
                tokio::time::sleep(SECOND).await;
                assert!(
                    (before..=sent).contains(&told.so_far()),
                    "{told:?} of {sent}"
                );
            }
            rest(&mut peer, sent).await;
        }
    })
    .await;
    let mut request = get(&server.url("/"));
    request.limits = Limits {
        idle: Some(5 * SECOND),
        ..Limits::default()
    };
    let response = session().start(request, told.clone()).await.unwrap();
    assert_eq!((response.body_bytes, told.so_far()), (BODY, BODY));
}

/// A connection that waited for many bytes brings the next answer, which has few.
#[tokio::test]
async fn the_next_answer_on_the_connection_may_be_short() {
    let server = Server::start(|mut peer| async move {
        let sent = begin(&mut peer).await;
        tokio::time::sleep(WAIT_MAX / 2).await;
        rest(&mut peer, sent).await;
        peer.request().await.unwrap();
        tokio::time::pause();
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n")
            .await;
        tokio::time::sleep(SECOND).await;
        peer.send(b"x").await;
        peer.closed().await;
    })
    .await;
    let session = session();
    let url = server.url("/");
    let long = session.start(get(&url), ()).await.unwrap();
    let short = session.start(get(&url), ()).await.unwrap();
    assert_eq!((long.body_bytes, short.body_bytes), (BODY, 1));
    assert!(short.reused);
    assert_eq!(server.connections(), 1);
}
