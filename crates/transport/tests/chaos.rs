//! A server that does everything wrong at random, and a session that must keep its books straight:
//! every exchange ends, complete ones are counted as the server counts them, to the byte.

#![allow(clippy::unwrap_used, reason = "a failed test is told by a panic")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::{Failure, Outcome, Rng};
use support::{Log, Peer, Server, get};
use transport::{Body, Session};

const EXCHANGES: usize = 300;
const AT_ONCE: usize = 4;

/// What the server knows it served whole.
#[derive(Default)]
struct Ledger {
    complete: AtomicU64,
    body_bytes: AtomicU64,
}

/// Serves one connection; what it does next is chance.
async fn misbehave(mut peer: Peer, seed: u64, ledger: Arc<Ledger>) {
    let mut rng = Rng::nth(seed, peer.index as u64);
    loop {
        // Idle: now and then the connection ends here, before a request is read.
        match rng.next_u64() % 12 {
            0 if peer.index > 0 => return,
            1 if peer.index > 0 => return peer.reset(),
            _ => {}
        }
        if peer.request().await.is_none() {
            return;
        }
        let size = (rng.next_u64() % 3000) as usize;
        let body = vec![b'x'; size];
        let length = format!("Content-Length: {size}\r\n");
        let (head, framed, keeps) = match rng.next_u64() % 5 {
            0 => (
                "Transfer-Encoding: chunked\r\n".to_owned(),
                chunks(&body, &mut rng),
                true,
            ),
            1 => ("Connection: close\r\n".to_owned(), body.clone(), false),
            2 => (
                format!("{length}Connection: close\r\n"),
                body.clone(),
                false,
            ),
            _ => (length, body.clone(), true),
        };
        let mut stream = format!("HTTP/1.1 200 OK\r\n{head}\r\n").into_bytes();
        stream.extend_from_slice(&framed);
        match rng.next_u64() % 12 {
            // Breaks off; all but a body that ends with the connection shows it.
            0 => {
                stream.truncate((rng.next_u64() as usize) % stream.len());
                peer.send(&stream).await;
                return peer.reset();
            }
            1 => {
                peer.send(b"what?\r\n\r\n").await;
                return;
            }
            _ => {}
        }
        // Counted before the last byte is sent: the client cannot be faster.
        ledger.complete.fetch_add(1, Ordering::SeqCst);
        ledger.body_bytes.fetch_add(size as u64, Ordering::SeqCst);
        for piece in stream.chunks(1 + (rng.next_u64() % 2000) as usize) {
            peer.send(piece).await;
            if rng.next_u64().is_multiple_of(2) {
                tokio::task::yield_now().await;
            }
        }
        if !keeps {
            return;
        }
    }
}

fn chunks(body: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut framed = Vec::new();
    for chunk in body.chunks(1 + (rng.next_u64() % 1000) as usize) {
        framed.extend_from_slice(format!("{:x};e\r\n", chunk.len()).as_bytes());
        framed.extend_from_slice(chunk);
        framed.extend_from_slice(b"\r\n");
    }
    framed.extend_from_slice(b"0\r\nt: x\r\n\r\n");
    framed
}

/// Runs exchanges one after the other; gives how many were ok, and their bytes.
async fn watch(session: Session, url: Arc<url::Url>, seed: u64) -> (u64, u64, u64) {
    let mut rng = Rng::new(seed);
    let (mut ok, mut bytes, mut failed) = (0, 0, 0);
    for _ in 0..EXCHANGES / AT_ONCE {
        let mut request = get(&url);
        if rng.next_u64().is_multiple_of(2) {
            request.body = Body::Keep { limit: 10_000 };
        }
        let log = Log::default();
        let result = session.start(request, log.clone()).await;
        let mut hops = log.hops();
        let hop = hops.pop().unwrap();
        // Before the last there is at most one, which was lost with its connection.
        assert!(hops.len() <= 1 && !(hop.reused && hops.len() == 1));
        for lost in hops {
            assert_eq!(lost.outcome, Outcome::Failed(Failure::Reset));
            assert!(lost.reused && lost.wire.sent > 0 && lost.wire.received == 0);
        }
        match result {
            Ok(response) => {
                assert_eq!(hop.outcome, Outcome::Ok);
                assert_eq!(response.body_bytes, hop.body_bytes);
                (ok, bytes) = (ok + 1, bytes + hop.body_bytes);
            }
            Err(error) => {
                assert_eq!(hop.outcome, Outcome::Failed(error.failure()), "{error}");
                failed += 1;
            }
        }
    }
    (ok, bytes, failed)
}

#[tokio::test]
async fn the_books_are_straight_whatever_the_server_does() {
    for seed in 0..8 {
        println!("seed {seed}");
        let ledger = Arc::new(Ledger::default());
        let books = Arc::clone(&ledger);
        let server = Server::start(move |peer| misbehave(peer, seed, Arc::clone(&books))).await;
        let session = support::session();
        let watch = |n| {
            watch(
                session.clone(),
                server.url("/"),
                Rng::nth(seed, n).next_u64(),
            )
        };
        let all = tokio::join!(watch(0), watch(1), watch(2), watch(3));
        let (ok, bytes, failed) = [all.0, all.1, all.2, all.3]
            .into_iter()
            .fold((0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
        assert_eq!(ok + failed, EXCHANGES as u64);
        assert_eq!(ok, ledger.complete.load(Ordering::SeqCst), "seed {seed}");
        assert_eq!(
            bytes,
            ledger.body_bytes.load(Ordering::SeqCst),
            "seed {seed}"
        );
        assert!(failed > 10, "chance was kind: {failed}");
    }
}
