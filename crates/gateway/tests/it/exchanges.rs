//! What passes: heads as they were written, bodies as they came.

use std::rc::Rc;

use base::Class;
use tokio::io::AsyncReadExt as _;
use tokio::sync::Notify;

use crate::support::{Server, World, ok, row, worker};

/// The origin sees the player: its headers in its order and case, and nothing of ours.
#[test]
fn a_request_reaches_the_origin_as_the_player_wrote_it() {
    worker(|| async {
        let server = Server::fixed(ok("video/mp2t", "media")).await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let path = world.path(&server.url("/a/b.ts?x=y&z=/w"));
        let mut player = world.player().await;
        player
            .send(&format!(
                "GET {path} HTTP/1.1\r\nuser-AGENT: Lavf/59\r\nAccept: */*\r\nRange: bytes=0-\r\n\
                 Connection: keep-alive, X-Hop\r\nhost: 127.0.0.1:1\r\nX-Hop: 1\r\n\
                 Keep-Alive: timeout=5\r\nTE: trailers\r\nIcy-MetaData: 1\r\n\r\n"
            ))
            .await;
        assert_eq!(player.answer(true).await.text(), "media");
        let expected = format!(
            "GET /a/b.ts?x=y&z=/w HTTP/1.1\r\nuser-AGENT: Lavf/59\r\nAccept: */*\r\n\
             Range: bytes=0-\r\nConnection: keep-alive\r\nHost: {}\r\nIcy-MetaData: 1\r\n\r\n",
            server.addr
        );
        assert_eq!(server.heads(), [expected]);
    });
}

#[test]
fn an_answer_reaches_the_player_as_the_origin_wrote_it() {
    worker(|| async {
        let sent = "HTTP/1.1 200 OK\r\nserver: o/1\r\nContent-Type: video/mp2t\r\n\
                    Connection: keep-alive\r\nETag: \"e\"\r\nSet-Cookie: a=1\r\n\
                    X-Odd:   two  words \r\nContent-Length: 5\r\n\r\nmedia";
        let server = Server::fixed(sent).await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let path = world.path(&server.url("/s.ts"));
        let answer = world.player().await.get(&path).await;
        assert_eq!(
            answer.head,
            "HTTP/1.1 200 OK\r\nserver: o/1\r\nContent-Type: video/mp2t\r\n\
             Connection: keep-alive\r\nETag: \"e\"\r\nX-Odd: two  words\r\n\
             Content-Length: 5\r\n\r\n"
        );
        assert_eq!(answer.text(), "media");
    });
}

#[test]
fn players_keep_their_connections_and_each_has_a_twin() {
    worker(|| async {
        let server = Server::fixed(ok("video/mp2t", "media")).await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let path = world.path(&server.url("/s.ts"));
        let (mut one, mut other) = (world.player().await, world.player().await);
        for _ in 0..3 {
            one.get(&path).await;
            other.get(&path).await;
        }
        assert_eq!(server.connections(), 2);
        // A player that closes closes the connection to the origin, too.
        let answer = one.ask("GET", &path, "Connection: close\r\n").await;
        assert!(answer.has("Connection: close"), "{}", answer.head);
        assert_eq!(one.closed().await, 0);
        assert!(server.heads()[6].contains("\r\nConnection: close\r\n"));
        assert_eq!(world.snapshot().requests.of(Class::Segment).ok, 7);
    });
}

#[test]
fn requests_that_come_together_are_answered_in_turn() {
    worker(|| async {
        let server = Server::paths(&[
            ("/1.ts", ok("video/mp2t", "one")),
            ("/2.ts", ok("video/mp2t", "two")),
        ])
        .await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let ask = |name| {
            let path = world.path(&server.url(name));
            format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")
        };
        let mut player = world.player().await;
        player.send(&(ask("/1.ts") + &ask("/2.ts"))).await;
        assert_eq!(player.answer(true).await.text(), "one");
        assert_eq!(player.answer(true).await.text(), "two");
    });
}

#[test]
fn an_origin_that_closes_closes_the_players_connection() {
    worker(|| async {
        let server = Server::start(|mut peer| async move {
            peer.request().await;
            let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi";
            peer.send(answer.as_bytes()).await;
        })
        .await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let mut player = world.player().await;
        let answer = player.get(&world.path(&server.url("/s.ts"))).await;
        assert!(answer.has("Connection: close"), "{}", answer.head);
        assert_eq!((answer.text(), player.closed().await), ("hi", 0));
    });
}

#[test]
fn a_body_without_length_is_chunked_again_and_ends_with_the_connection_for_old_players() {
    worker(|| async {
        let chunked = "HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\n\
                       Transfer-Encoding: chunked\r\n\r\n4;x=y\r\nmedi\r\n1\r\na\r\n0\r\nT: 1\r\n\r\n";
        let server = Server::fixed(chunked).await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let path = world.path(&server.url("/s.ts"));
        let mut player = world.player().await;
        let answer = player.get(&path).await;
        assert!(answer.has("Transfer-Encoding: chunked"));
        assert_eq!(unchunked(&answer.body), b"media");
        assert_eq!(
            unchunked(&player.get(&path).await.body),
            b"media",
            "it lives on"
        );
        let mut old = world.player().await;
        old.send(&format!(
            "GET {path} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
        ))
        .await;
        let answer = old.answer(true).await;
        assert!(answer.has("Connection: close"), "{}", answer.head);
        assert_eq!(answer.text(), "media");
        assert_eq!(world.whole(), [row(Class::Segment, 200, 3, 15)].into());
    });
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let end = body.windows(2).position(|w| w == b"\r\n").unwrap();
        let size = std::str::from_utf8(&body[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            assert_eq!(&body[end..], b"\r\n\r\n");
            return out;
        }
        out.extend_from_slice(&body[end + 2..end + 2 + size]);
        body = &body[end + 2 + size + 2..];
    }
}

#[test]
fn old_players_may_keep_a_connection() {
    worker(|| async {
        let server = Server::fixed(ok("video/mp2t", "media")).await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let path = world.path(&server.url("/s.ts"));
        let mut old = world.player().await;
        for _ in 0..2 {
            old.send(&format!(
                "GET {path} HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"
            ))
            .await;
            let answer = old.answer(true).await;
            assert!(answer.has("Connection: keep-alive"), "{}", answer.head);
        }
        old.send(&format!("GET {path} HTTP/1.0\r\n\r\n")).await;
        assert!(old.answer(true).await.has("Connection: close"));
        assert_eq!(old.closed().await, 0);
    });
}

#[test]
fn heads_ranges_and_conditions_pass() {
    worker(|| async {
        let server = Server::start(|mut peer| async move {
            while let Some(head) = peer.request().await {
                let answer = if head.starts_with("HEAD") {
                    "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"
                } else if head.contains("If-None-Match: \"e\"") {
                    "HTTP/1.1 304 Not Modified\r\nETag: \"e\"\r\nContent-Length: 900\r\n\r\n"
                } else if head.contains("Range: bytes=2-3") {
                    "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-3/900\r\n\
                     Content-Length: 2\r\n\r\ncd"
                } else if head.starts_with("OPTIONS") {
                    "HTTP/1.1 204 No Content\r\nAllow: GET\r\n\r\n"
                } else {
                    "HTTP/1.1 416 No\r\nContent-Range: bytes */900\r\nContent-Length: 0\r\n\r\n"
                };
                peer.send(answer.as_bytes()).await;
            }
        })
        .await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let path = world.path(&server.url("/s.ts"));
        let mut player = world.player().await;
        let head = player.ask("HEAD", &path, "").await;
        assert_eq!(
            (head.status(), head.has("Content-Length: 900")),
            (200, true)
        );
        let same = player.ask("GET", &path, "If-None-Match: \"e\"\r\n").await;
        assert_eq!((same.status(), same.has("ETag: \"e\"")), (304, true));
        let part = player.ask("GET", &path, "Range: bytes=2-3\r\n").await;
        assert!(part.has("Content-Range: bytes 2-3/900"));
        assert_eq!((part.status(), part.text()), (206, "cd"));
        let options = player.ask("OPTIONS", &path, "").await;
        assert_eq!((options.status(), options.has("Allow: GET")), (204, true));
        let beyond = player.ask("GET", &path, "Range: bytes=1000-\r\n").await;
        assert_eq!(beyond.status(), 416);
        assert_eq!(server.connections(), 1, "none of them costs the connection");
        let segments = |status, bytes| row(Class::Segment, status, 1, bytes);
        let expected = [
            segments(200, 0),
            segments(204, 0),
            segments(206, 2),
            segments(304, 0),
            segments(416, 0),
        ];
        assert_eq!(world.whole(), expected.into());
    });
}

#[test]
fn redirects_are_followed_inside_and_counted_each() {
    worker(|| async {
        let there = Server::fixed(ok("video/mp2t", "media")).await;
        let to = there.url("/there.ts");
        let moved =
            format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 5\r\n\r\nmoved");
        let server = Server::fixed(moved).await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let answer = world
            .player()
            .await
            .get(&world.path(&server.url("/s.ts")))
            .await;
        assert_eq!((answer.status(), answer.text()), (200, "media"));
        let expected = [
            row(Class::Segment, 200, 1, 5),
            row(Class::Segment, 302, 1, 5),
        ];
        assert_eq!(world.whole(), expected.into());
    });
}

#[test]
fn cookies_are_the_viewers_and_stay_here() {
    worker(|| async {
        let server = Server::start(|mut peer| async move {
            while peer.request().await.is_some() {
                let answer =
                    "HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nContent-Length: 0\r\n\r\n";
                peer.send(answer.as_bytes()).await;
            }
        })
        .await;
        let world = World::of(&server.url("/"));
        let guest = world.guest(0);
        let _other = world.guest(1);
        let path = world.path(&server.url("/s.ts"));
        let answer = world.player().await.get(&path).await;
        assert!(!answer.head.contains("Set-Cookie"), "{}", answer.head);
        world.player().await.get(&path).await;
        let elsewhere = world
            .gateway
            .path_for(1, &server.url("/s.ts").parse().unwrap());
        world.player().await.get(&elsewhere).await;
        guest.begin();
        world.player().await.get(&path).await;
        let cookies: Vec<bool> = server
            .heads()
            .iter()
            .map(|head| head.contains("\r\nCookie: a=1\r\n"))
            .collect();
        assert_eq!(cookies, [false, true, false, false]);
    });
}

/// The player has each part of an answer before the origin goes on.
#[test]
fn nothing_waits_for_what_comes_after_it() {
    worker(|| async {
        let go_on: Rc<Notify> = Rc::default();
        let told = Rc::clone(&go_on);
        let server = Server::start(move |mut peer| {
            let told = Rc::clone(&told);
            async move {
                peer.request().await;
                peer.send(
                    b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nContent-Length: 5\r\n\r\n",
                )
                .await;
                for part in [b"me".as_slice(), b"dia"] {
                    told.notified().await;
                    peer.send(part).await;
                }
            }
        })
        .await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let path = world.path(&server.url("/s.ts"));
        let mut player = world.player().await;
        player
            .send(&format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"))
            .await;
        assert_eq!(player.answer(false).await.status(), 200);
        for part in ["me", "dia"] {
            go_on.notify_one();
            let mut buffer = [0; 16];
            let read = player.socket.read(&mut buffer).await.unwrap();
            assert_eq!(buffer[..read], *part.as_bytes());
        }
    });
}
