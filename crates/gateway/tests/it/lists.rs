//! Playlists: rewritten only where a player would leave the gateway; counted as they came.

use base::{Class, Failure};

use crate::support::{HLS, Server, World, ok, row, url, worker};

const MAIN: &str = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlist\n";

const MEDIA: &str = "#EXTM3U\r\n#EXT-X-TARGETDURATION:2\r\n#EXTINF:2,\r\ns 1.ts\r\n#EXTINF:2,\r\n\
                     ../live/s2.ts?x=y\r\n";

#[test]
fn a_playlist_that_stays_inside_passes_byte_for_byte() {
    worker(|| async {
        let server = Server::paths(&[
            ("/live/main", ok(HLS, MAIN)),
            ("/live/list", ok("text/plain", MEDIA)),
            ("/live/s%201.ts", ok("application/octet-stream", "one")),
            ("/live/s2.ts?x=y", ok("application/octet-stream", "two!")),
        ])
        .await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let base = world.gateway.url_for(0, &url(&server.url("/live/main")));
        let mut player = world.player().await;
        player.get(base.path()).await;
        let list = player.get(base.join("list").unwrap().path()).await;
        assert_eq!(list.text(), MEDIA);
        assert!(list.has("Content-Type: text/plain"));
        player.get(base.join("s 1.ts").unwrap().path()).await;
        let second = base.join("../live/s2.ts?x=y").unwrap();
        let target = format!("{}?{}", second.path(), second.query().unwrap());
        assert_eq!(player.get(&target).await.text(), "two!");
        let expected = [
            row(Class::Multivariant, 200, 1, MAIN.len()),
            row(Class::Playlist, 200, 1, MEDIA.len()),
            row(Class::Segment, 200, 2, 7),
        ];
        assert_eq!(world.whole(), expected.into());
    });
}

/// Through three servers: an absolute variant, a root-relative key, a segment on a CDN.
#[test]
fn a_player_that_follows_what_it_sees_never_leaves_the_gateway() {
    worker(|| async {
        let cdn = Server::paths(&[
            ("/s1.ts", ok("video/mp2t", "media")),
            ("/key", ok("application/octet-stream", "0123456789abcdef")),
        ])
        .await;
        let list = format!(
            "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-KEY:METHOD=AES-128,URI=\"//{}/key\"\n\
             #EXT-X-MAP:URI=\"/deep/init\"\n#EXTINF:2,\n{}\n",
            cdn.addr,
            cdn.url("/s1.ts")
        );
        let edge = Server::paths(&[
            ("/x/list", ok(HLS, &list)),
            ("/deep/init", ok("video/mp4", "init")),
        ])
        .await;
        let main = format!(
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{}\n",
            edge.url("/x/list")
        );
        let server = Server::paths(&[("/main", ok(HLS, &main))]).await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let mut player = world.player().await;
        let seen = player.get(&world.path(&server.url("/main"))).await;
        let next = seen.text().lines().last().unwrap().to_owned();
        assert_eq!(next, world.path(&edge.url("/x/list")));
        let seen = player.get(&next).await;
        assert!(seen.has(&format!("Content-Length: {}", seen.body.len())));
        let text = seen.text();
        let quoted = |tag: &str| {
            let line = text.lines().find(|line| line.starts_with(tag)).unwrap();
            line.split('"').nth(1).unwrap().to_owned()
        };
        assert_eq!(player.get(&quoted("#EXT-X-KEY")).await.body.len(), 16);
        assert_eq!(player.get(&quoted("#EXT-X-MAP")).await.text(), "init");
        assert_eq!(
            player.get(text.lines().last().unwrap()).await.text(),
            "media"
        );
        let expected = [
            row(Class::Multivariant, 200, 1, main.len()),
            row(Class::Playlist, 200, 1, list.len()),
            row(Class::Init, 200, 1, 4),
            row(Class::Segment, 200, 1, 5),
            row(Class::Key, 200, 1, 16),
        ];
        assert_eq!(
            world.whole(),
            expected.into(),
            "the origins' bytes, not ours"
        );
    });
}

#[test]
fn after_a_redirect_references_lead_to_where_the_playlist_is() {
    worker(|| async {
        let edge = Server::paths(&[
            (
                "/x/list.m3u8",
                ok(HLS, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\ns.ts\n"),
            ),
            ("/x/s.ts", ok("video/mp2t", "media")),
        ])
        .await;
        let moved = format!(
            "HTTP/1.1 307 Moved\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n",
            edge.url("/x/list.m3u8")
        );
        let server = Server::paths(&[("/live.m3u8", moved)]).await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let mut player = world.player().await;
        let seen = player.get(&world.path(&server.url("/live.m3u8"))).await;
        let segment = seen.text().lines().last().unwrap().to_owned();
        assert_eq!(segment, world.path(&edge.url("/x/s.ts")));
        assert_eq!(player.get(&segment).await.text(), "media");
    });
}

/// `#EXTM3U`, a target duration and `/s.ts`, as gzip has it.
fn gzipped() -> Vec<u8> {
    use std::io::Write as _;
    let mut child = std::process::Command::new("gzip")
        .arg("-c")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input
        .write_all(b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n/s.ts\n#EXTINF:2,\nt.ts\n")
        .unwrap();
    drop(input);
    child.wait_with_output().unwrap().stdout
}

#[test]
fn an_encoded_playlist_is_read_and_counted_as_it_came() {
    worker(|| async {
        let body = gzipped();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {HLS}\r\nContent-Encoding: gzip\r\nETag: \"e\"\r\n\
             Transfer-Encoding: chunked\r\n\r\n{:x}\r\n",
            body.len()
        );
        let answer = [head.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
        let server = Server::fixed(answer).await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let seen = world
            .player()
            .await
            .get(&world.path(&server.url("/a/b.m3u8")))
            .await;
        assert!(!seen.head.contains("Encoding"), "{}", seen.head);
        assert!(seen.has("ETag: \"e\""));
        let path = world.path(&server.url("/s.ts"));
        let lines: Vec<&str> = seen.text().lines().collect();
        assert_eq!(lines[3..], [path.as_str(), "#EXTINF:2,", "t.ts"]);
        assert_eq!(
            world.whole(),
            [row(Class::Playlist, 200, 1, body.len())].into()
        );
    });
}

/// As FFmpeg asks for playlists.
#[test]
fn a_range_of_everything_is_everything() {
    worker(|| async {
        let body = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n/s.ts\n";
        let last = body.len() - 1;
        let answer = format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Type: {HLS}\r\n\
             Content-Range: bytes 0-{last}/{}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len(),
            body.len()
        );
        let server = Server::fixed(answer).await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let path = world.path(&server.url("/a.m3u8"));
        let seen = world
            .player()
            .await
            .ask("GET", &path, "Range: bytes=0-\r\n")
            .await;
        let len = seen.body.len();
        assert!(len > body.len() && seen.text().ends_with("/s.ts\n"));
        assert!(
            seen.has(&format!("Content-Range: bytes 0-{}/{len}", len - 1)),
            "{}",
            seen.head
        );
        assert_eq!(
            world.whole(),
            [row(Class::Playlist, 206, 1, body.len())].into()
        );
    });
}

#[test]
fn what_is_called_a_playlist_and_is_none_passes_and_is_counted_as_such() {
    worker(|| async {
        let server = Server::fixed(ok(HLS, "<html>gone</html>")).await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let seen = world
            .player()
            .await
            .get(&world.path(&server.url("/a.m3u8")))
            .await;
        assert_eq!(seen.text(), "<html>gone</html>");
        let expected = [(Class::Multivariant, Failure::InvalidPlaylist, 1)];
        assert_eq!(world.failures(), expected);
    });
}

#[test]
fn a_playlist_without_a_name_or_type_shows_by_its_first_line() {
    worker(|| async {
        let list = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n/s?1\n";
        let server = Server::paths(&[
            ("/live?id=1", ok("text/html", list)),
            ("/s?1", ok("text/html", "media")),
            ("/else", ok("text/html", "#EXCUSE")),
            ("/none", ok("text/html", "")),
        ])
        .await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let mut player = world.player().await;
        let seen = player.get(&world.path(&server.url("/live?id=1"))).await;
        let media = seen.text().lines().last().unwrap().to_owned();
        assert_eq!(player.get(&media).await.text(), "media");
        assert_eq!(
            player.get(&world.path(&server.url("/else"))).await.text(),
            "#EXCUSE"
        );
        assert_eq!(
            player.get(&world.path(&server.url("/none"))).await.text(),
            ""
        );
        let expected = [
            row(Class::Playlist, 200, 1, list.len()),
            row(Class::Segment, 200, 1, 5),
            row(Class::Other, 200, 2, 7),
        ];
        assert_eq!(world.whole(), expected.into());
    });
}

#[test]
fn a_playlist_without_end_is_given_up() {
    worker(|| async {
        let server = Server::start(|mut peer| async move {
            peer.request().await;
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {HLS}\r\n\r\n#EXTM3U\n");
            peer.send(head.as_bytes()).await;
            let line = vec![b'#'; 1024 * 1024];
            for _ in 0..10 {
                peer.send(&line).await;
            }
            peer.closed().await;
        })
        .await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let answer = world
            .player()
            .await
            .get(&world.path(&server.url("/a.m3u8")))
            .await;
        assert_eq!(answer.status(), 502);
        assert!(answer.text().contains("too_large"), "{}", answer.text());
        assert_eq!(
            world.failures(),
            [(Class::Multivariant, Failure::TooLarge, 1)]
        );
    });
}

/// The playlists of an interstitial's asset list, and a steering manifest's next.
#[test]
fn a_json_that_leads_elsewhere_leads_back_to_the_gateway() {
    worker(|| async {
        let ads = Server::paths(&[("/ad.m3u8", ok(HLS, MAIN))]).await;
        let assets = format!(r#"{{"ASSETS":[{{"URI":"{}"}}]}}"#, ads.url("/ad.m3u8"));
        let steering = r#"{"PATHWAY-PRIORITY":["A"],"RELOAD-URI":"/next"}"#;
        let other = r#"{ "left" : "as it is" }"#;
        let main = "#EXTM3U\n#EXT-X-CONTENT-STEERING:SERVER-URI=\"/deep/steer\"\n\
            #EXT-X-STREAM-INF:BANDWIDTH=1000\nmedia.json\n";
        let media = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n\
            #EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\",X-ASSET-LIST=\"/assets\"\n\
            #EXTINF:2,\n/s.ts\n";
        let json = |body: &str| ok("application/json", body);
        let server = Server::paths(&[
            ("/main.m3u8", json(main)),
            ("/media.json", json(media)),
            ("/assets", json(&assets)),
            ("/deep/steer", json(steering)),
            ("/next?_HLS_pathway=A", json(steering)),
            ("/other", json(other)),
            ("/nameless", json(media)),
        ])
        .await;
        let world = World::of(&server.url("/"));
        let _guest = world.guest(0);
        let mut player = world.player().await;
        // Playlists are what they are under any type.
        for list in ["/main.m3u8", "/media.json", "/nameless"] {
            let seen = player.get(&world.path(&server.url(list))).await;
            let last = seen.text().lines().last().unwrap().to_owned();
            assert!(last.starts_with("/v/") || last == "media.json", "{last}");
        }
        let read = |text: String| serde_json::from_str::<serde_json::Value>(&text).unwrap();
        let list = read(
            player
                .get(&world.path(&server.url("/assets")))
                .await
                .text()
                .to_owned(),
        );
        let ad = url(list["ASSETS"][0]["URI"].as_str().unwrap());
        assert_eq!(ad.path(), world.path(&ads.url("/ad.m3u8")));
        assert_eq!(player.get(ad.path()).await.text(), MAIN);
        let manifest = player.get(&world.path(&server.url("/deep/steer"))).await;
        let next = url(read(manifest.text().to_owned())["RELOAD-URI"]
            .as_str()
            .unwrap());
        assert_eq!(next.path(), world.path(&server.url("/next")));
        let manifest = player
            .get(&(next.path().to_owned() + "?_HLS_pathway=A"))
            .await;
        let after = url(read(manifest.text().to_owned())["RELOAD-URI"]
            .as_str()
            .unwrap());
        assert_eq!(after, next);
        let as_it_is = player.get(&world.path(&server.url("/other"))).await;
        assert_eq!(as_it_is.text(), other);
        // Counted as it came.
        let bytes = assets.len() + 2 * steering.len() + other.len();
        assert_eq!(
            world.whole()[&(Class::Other, 200)],
            row(Class::Other, 200, 4, bytes).1
        );
        assert_eq!(
            world.whole()[&(Class::Playlist, 200)],
            row(Class::Playlist, 200, 2, 2 * media.len()).1
        );
    });
}
