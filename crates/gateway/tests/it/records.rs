//! What is written down of an exchange, and what backpressure does.

use std::cell::Cell;
use std::rc::Rc;

use base::Class;
use telemetry::What::{Connect, SegmentDownload, SegmentDownloadSent, SegmentTtfb};
use tokio::io::AsyncWriteExt as _;

use crate::support::{Peer, Server, World, until, worker};

/// Far more than the sockets between origin, gateway and player hold.
const LARGE: usize = 128 * 1024 * 1024;

/// Serves [`LARGE`] bytes to each request, and counts those that the socket took.
async fn large() -> (Server, Rc<Cell<usize>>) {
    let sent: Rc<Cell<usize>> = Rc::default();
    let count = Rc::clone(&sent);
    let server = Server::start(move |mut peer: Peer| {
        let count = Rc::clone(&count);
        async move {
            peer.request().await;
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n");
            peer.send(head.as_bytes()).await;
            let block = vec![7; 256 * 1024];
            let mut left = LARGE;
            while left > 0 {
                let part = left.min(block.len());
                let Ok(taken) = peer.socket.write(&block[..part]).await else {
                    return;
                };
                left -= taken;
                count.set(count.get() + taken);
            }
            peer.closed().await;
        }
    })
    .await;
    (server, sent)
}

/// Waits until `sent` has begun to grow and has stopped for long.
async fn is_still(sent: &Cell<usize>) {
    let mut before = 0;
    while sent.get() == 0 || sent.get() != before {
        before = sent.get();
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

#[test]
fn a_slow_player_slows_the_origin() {
    worker(|| async {
        let (server, sent) = large().await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let mut player = world.player().await;
        let path = world.path(&server.url("/s.ts"));
        player
            .send(&format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"))
            .await;
        is_still(&sent).await;
        assert!(sent.get() < LARGE / 4, "{} bytes are under way", sent.get());
        let during = *world.snapshot().requests.of(Class::Segment);
        assert_eq!((during.in_flight, during.ok), (1, 0));
        assert!(during.bytes <= sent.get() as u64);
        assert_eq!(player.answer(true).await.body.len(), LARGE);
        until(|| world.snapshot().requests.of(Class::Segment).ok == 1).await;
        let counted = *world.snapshot().requests.of(Class::Segment);
        assert_eq!(counted.bytes, LARGE as u64);
    });
}

#[test]
fn a_player_that_goes_away_takes_its_request_back() {
    worker(|| async {
        let (server, sent) = large().await;
        let world = World::of(&server.url("/"));
        let guest = world.guest(0);
        let path = world.path(&server.url("/s.ts"));
        let mut player = world.player().await;
        player
            .send(&format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"))
            .await;
        player.read().await;
        drop(player);
        guest.settled().await;
        let counted = *world.snapshot().requests.of(Class::Segment);
        assert_eq!((counted.cancelled, counted.ended()), (1, 1));
        assert!(counted.bytes > 0 && counted.bytes < LARGE as u64);
        assert!(sent.get() < LARGE);
    });
}

#[test]
fn a_player_that_goes_away_before_the_answer_takes_its_request_back() {
    worker(|| async {
        let gone: Rc<Cell<bool>> = Rc::default();
        let told = Rc::clone(&gone);
        let server = Server::start(move |mut peer| {
            let told = Rc::clone(&told);
            async move {
                peer.request().await;
                peer.closed().await;
                told.set(true);
            }
        })
        .await;
        let world = World::of(&server.url("/"));
        let guest = world.guest(0);
        let path = world.path(&server.url("/s.ts"));
        let mut player = world.player().await;
        player
            .send(&format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"))
            .await;
        until(|| server.heads().len() == 1).await;
        drop(player);
        guest.settled().await;
        until(|| gone.get()).await;
        let counted = *world.snapshot().requests.of(Class::Segment);
        assert_eq!((counted.cancelled, counted.requests()), (1, 1));
    });
}

#[test]
fn a_guest_that_is_shown_out_leaves_nothing_behind() {
    worker(|| async {
        let (server, _) = large().await;
        let world = World::of(&server.url("/"));
        let guest = world.guest(0);
        let path = world.path(&server.url("/s.ts"));
        let mut player = world.player().await;
        player
            .send(&format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"))
            .await;
        player.read().await;
        drop(guest);
        assert!(player.closed().await < LARGE);
        let counted = *world.snapshot().requests.of(Class::Segment);
        assert_eq!((counted.cancelled, counted.requests()), (1, 1));
        assert_eq!(world.player().await.get(&path).await.status(), 404);
        let _again = world.guest(0);
    });
}

/// Between the player's head and the answer lie the times of a native viewer's request.
#[test]
fn a_request_is_due_when_the_player_asked() {
    worker(|| async {
        let server = Server::fixed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nmedia").await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let mut player = world.player().await;
        let asked = world.shared.clock.elapsed();
        player.get(&world.path(&server.url("/s.ts"))).await;
        let took = world
            .shared
            .clock
            .elapsed()
            .saturating_sub(asked)
            .as_micros() as u64;
        let snapshot = world.snapshot();
        let of = |what| snapshot.latency.of(what).max().unwrap();
        let (due, sent) = (of(SegmentDownload), of(SegmentDownloadSent));
        assert!(sent <= due && due <= took, "{sent} {due} {took}");
        assert!(of(SegmentTtfb) <= due);
        assert!(of(Connect) <= due - sent, "connecting is before sending");
        let own = world.gateway.own_share();
        assert_eq!(own.count(), 1);
        assert!(own.max().unwrap() <= took);
    });
}
