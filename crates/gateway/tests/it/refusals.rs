//! What does not pass, and what a player is told of it.

use std::time::Duration;

use base::{Class, Failure};
use gateway::{Config, HEAD_BYTES_MAX, HEAD_FIELDS_MAX, KEEP_ALIVE_MAX};
use transport::Limits;

use crate::support::{HLS, Server, World, ok, url, worker};

#[test]
fn only_origins_of_the_stream_are_fetched() {
    worker(|| async {
        let cdn = Server::fixed(ok("video/mp2t", "media")).await;
        let list = format!(
            "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{}\n",
            cdn.url("/s.ts")
        );
        let server = Server::fixed(ok(HLS, &list)).await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let mut player = world.player().await;
        let media = world.path(&cdn.url("/s.ts"));
        let refused = player.get(&media).await;
        assert_eq!(refused.status(), 403);
        let origin = format!("http://{}", cdn.addr);
        assert!(refused.text().contains(&origin), "{}", refused.text());
        player.get(&world.path(&server.url("/live.m3u8"))).await;
        assert_eq!(
            player.get(&media).await.text(),
            "media",
            "the playlist names it"
        );
        for url in [
            format!("https://{}/s.ts", cdn.addr),
            "http://127.0.0.1:1/".to_owned(),
            "http://localhost/".to_owned(),
            "http://169.254.169.254/latest/".to_owned(),
        ] {
            assert_eq!(player.get(&world.path(&url)).await.status(), 403, "{url}");
        }
        assert_eq!(
            world.snapshot().requests.all().requests(),
            2,
            "nothing else was asked"
        );
    });
}

#[test]
fn a_token_is_demanded_before_anything_else_is_said() {
    worker(|| async {
        let server = Server::fixed(ok("video/mp2t", "media")).await;
        let world = World::with(Config {
            listen: "0.0.0.0:0".parse().unwrap(),
            token: Some("s3cret-enough".to_owned()),
            origins: vec![url(&server.url("/"))],
            ..Config::default()
        });
        let guest = world.guest(0);
        let at = guest.url(&url(&server.url("/s.ts")));
        assert!(at.path().starts_with("/t/s3cret-enough/v/0/http/"), "{at}");
        let mut player = crate::support::Player::connect(
            format!("127.0.0.1:{}", world.gateway.addr().port())
                .parse()
                .unwrap(),
        )
        .await;
        assert_eq!(player.get(at.path()).await.text(), "media");
        let bare = at.path().trim_start_matches("/t/s3cret-enough");
        for path in [
            bare,
            &format!("/t/s3cret-enougH{bare}"),
            "/",
            "/v/7/http/h/",
        ] {
            assert_eq!(player.get(path).await.status(), 403, "{path}");
        }
        assert_eq!(server.heads().len(), 1);
    });
}

#[test]
fn requests_that_are_not_for_a_player_are_refused_with_a_word_of_why() {
    worker(|| async {
        let server = Server::fixed(ok("video/mp2t", "media")).await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let path = world.path(&server.url("/s.ts"));
        let nobody = world.gateway.path_for(9, &url(&server.url("/s.ts")));
        let huge = format!("A: {}\r\n", "x".repeat(HEAD_BYTES_MAX));
        let many = "A: b\r\n".repeat(HEAD_FIELDS_MAX + 1);
        for (method, path, fields, status, stays) in [
            ("POST", path.as_str(), "", 405, true),
            ("POST", &path, "Content-Length: 3\r\n", 405, false),
            ("GET", &path, "Content-Length: 3\r\n", 413, false),
            ("GET", &path, "Transfer-Encoding: chunked\r\n", 413, false),
            ("GET", &nobody, "", 404, true),
            ("GET", "/favicon.ico", "", 404, true),
            ("GET", "/v/0/ftp/h/x", "", 404, true),
            ("GET", &path, &huge, 431, false),
            ("GET", &path, &many, 431, false),
            ("HEAD", &nobody, "", 404, true),
        ] {
            let mut player = world.player().await;
            let answer = player.ask(method, path, fields).await;
            assert_eq!(answer.status(), status, "{method} {path}");
            let words = format!("{status}: ");
            assert!(
                method == "HEAD" || answer.text().starts_with(&words),
                "{answer:?}"
            );
            if stays {
                assert_eq!(player.get(&nobody).await.status(), 404, "it lives on");
            } else {
                assert!(answer.has("Connection: close"), "{method} {path}");
                assert_eq!(player.closed().await, 0);
            }
        }
        let mut player = world.player().await;
        player.send("\x16\x03\x01\x02\r\n\r\n").await;
        assert_eq!(player.answer(true).await.status(), 400);
        assert!(server.heads().is_empty(), "nothing reached the origin");
        assert_eq!(world.snapshot().requests.all().requests(), 0);
    });
}

/// Port 1 is reserved: nobody listens on it, and no other test comes to.
const CLOSED_PORT: &str = "http://127.0.0.1:1/s.ts";

#[test]
fn a_refused_connection_is_a_502_that_says_so() {
    worker(|| async {
        let world = World::of(CLOSED_PORT);
        let _guest = world.guest(0);
        let mut player = world.player().await;
        for _ in 0..2 {
            let answer = player.get(&world.path(CLOSED_PORT)).await;
            assert_eq!(answer.status(), 502);
            assert!(
                answer.text().contains("connect_refused"),
                "{}",
                answer.text()
            );
        }
        let expected = [(Class::Segment, Failure::ConnectRefused, 2)];
        assert_eq!(world.failures(), expected);
    });
}

#[test]
fn an_origin_that_says_nothing_is_a_504() {
    worker(|| async {
        let server = Server::start(|mut peer| async move {
            peer.request().await;
            peer.closed().await;
        })
        .await;
        let world = World::with(Config {
            origins: vec![url(&server.url("/"))],
            limits: Limits {
                first_byte: Some(Duration::from_millis(50)),
                ..Limits::default()
            },
            ..Config::default()
        });
        let _guest = world.guest(0);
        let answer = world
            .player()
            .await
            .get(&world.path(&server.url("/s.ts")))
            .await;
        assert_eq!(answer.status(), 504);
        assert!(
            answer.text().contains("read_timed_out"),
            "{}",
            answer.text()
        );
        assert_eq!(
            world.failures(),
            [(Class::Segment, Failure::ReadTimedOut, 1)]
        );
    });
}

#[test]
fn an_answer_that_breaks_off_cuts_the_players_connection() {
    worker(|| async {
        let server = Server::start(|mut peer| async move {
            if let Some(head) = peer.request().await {
                let answer: &[u8] = if head.contains("/chunked") {
                    b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\n\
                      Transfer-Encoding: chunked\r\n\r\n9\r\nhalf"
                } else if head.contains("/list") {
                    b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpegurl\r\n\
                      Content-Length: 90\r\n\r\n#EXTM3U\n"
                } else {
                    b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nContent-Length: 9\r\n\r\nhalf"
                };
                peer.send(answer).await;
            }
        })
        .await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let mut player = world.player().await;
        let answer = player.get(&world.path(&server.url("/s.ts"))).await;
        assert_eq!((answer.text(), player.closed().await), ("half", 0));
        let mut player = world.player().await;
        let answer = player.get(&world.path(&server.url("/chunked.ts"))).await;
        assert_eq!((answer.text(), player.closed().await), ("4\r\nhalf\r\n", 0));
        // An old player would take a closed connection for the end.
        let mut old = world.player().await;
        let path = world.path(&server.url("/chunked.ts"));
        old.send(&format!("GET {path} HTTP/1.0\r\n\r\n")).await;
        let mut rest = Vec::new();
        let read = tokio::io::AsyncReadExt::read_to_end(&mut old.socket, &mut rest).await;
        assert!(read.is_err(), "a reset, not {rest:?}");
        // Of a playlist nothing had been passed on.
        let mut player = world.player().await;
        let answer = player.get(&world.path(&server.url("/list"))).await;
        assert_eq!(answer.status(), 502);
        assert!(answer.text().contains("truncated"), "{}", answer.text());
        let expected = [
            (Class::Multivariant, Failure::Truncated, 1),
            (Class::Segment, Failure::Truncated, 3),
        ];
        assert_eq!(world.failures(), expected);
    });
}

#[test]
fn a_redirect_without_end_is_a_502() {
    worker(|| async {
        let moved = "HTTP/1.1 302 Found\r\nLocation: /s.ts\r\nContent-Length: 0\r\n\r\n";
        let server = Server::fixed(moved).await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let answer = world
            .player()
            .await
            .get(&world.path(&server.url("/s.ts")))
            .await;
        assert_eq!(answer.status(), 502);
        assert_eq!(world.failures(), [(Class::Segment, Failure::Redirect, 1)]);
        assert_eq!(world.snapshot().requests.of(Class::Segment).requests(), 6);
    });
}

#[test]
fn a_head_that_does_not_come_is_not_waited_for() {
    worker(|| async {
        let world = World::of("http://127.0.0.1:1/");
        let (mut slow, mut silent) = (world.player().await, world.player().await);
        slow.send("GET /v/0/http/").await;
        tokio::task::yield_now().await;
        tokio::time::pause();
        assert_eq!(slow.answer(true).await.status(), 408);
        assert_eq!((slow.closed().await, silent.closed().await), (0, 0));
        assert!(world.shared.clock.elapsed() >= KEEP_ALIVE_MAX);
    });
}
