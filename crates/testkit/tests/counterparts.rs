//! The counterparts themselves: a stream that moves, a server whose log is whole.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use base::Class;
use testkit::cut::{self, Answer, End};
use testkit::live::{self, Live};
use testkit::nginx::{self, Nginx};
use testkit::{http, wait};

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn a_live_stream_moves_and_its_server_logs_every_exchange() -> anyhow::Result<()> {
    let mut live = Live::start(live::Config::short(live::Container::Fmp4))?;
    let server = Nginx::start(&live.folder(), nginx::Config::plain())?;
    let playlist = http::get(server.addr(), "/live/index.m3u8")?;
    let text = String::from_utf8(playlist.body.clone())?;
    assert!(text.contains("#EXT-X-PROGRAM-DATE-TIME"), "{text}");
    assert!(text.contains("#EXT-X-MAP:URI=\"init.mp4\""), "{text}");
    let segment = text.lines().find(|line| line.starts_with("seg_")).unwrap();
    let body = http::get(server.addr(), &format!("/live/{segment}"))?.body;
    let moved = wait::until(LIMIT, "the playlist to move", || {
        let answer = http::get(server.addr(), "/live/index.m3u8")?;
        Ok((answer.body != playlist.body).then_some(answer))
    })?;
    live.freeze()?;
    assert_eq!(moved.status, 200);

    let ledger = server.into_ledger()?;
    let segments = ledger.class(Class::Segment);
    assert_eq!(segments.whole().requests, 1);
    assert_eq!(segments.whole().bytes, body.len() as u64);
    assert!(ledger.class(Class::Playlist).whole().requests >= 2);
    assert_eq!(ledger.broken(), 0);
    Ok(())
}

#[test]
fn a_demuxed_rendition_has_its_own_playlist() -> anyhow::Result<()> {
    let live = Live::start(live::Config {
        audio: live::Audio::Demuxed,
        ..live::Config::short(live::Container::Ts)
    })?;
    let master = std::fs::read_to_string(live.folder().join("master.m3u8"))?;
    assert!(master.contains("TYPE=AUDIO"), "{master}");
    assert!(master.contains("audio.m3u8"), "{master}");
    Ok(())
}

/// A folder with files of known sizes.
fn files() -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    for (name, bytes) in [
        ("seg_10.ts", 1000),
        ("seg_15.ts", 1000),
        ("seg_16.ts", 1000),
    ] {
        std::fs::write(folder.path().join(name), vec![0x47; bytes])?;
    }
    std::fs::write(folder.path().join("big_1.ts"), vec![0x47; 8_000_000])?;
    Ok(folder)
}

#[test]
fn faults_are_answered_by_number_and_bodies_cut_by_the_server_behind() -> anyhow::Result<()> {
    let folder = files()?;
    let behind = cut::Server::start(|_| Answer::Cut {
        body: vec![0x47; 50_000],
        sent: 20_000,
        end: End::Close,
    })?;
    let server = Nginx::start(
        folder.path(),
        nginx::Config {
            pass: Some((r"/seg_16\.ts$".to_owned(), behind.addr())),
            ..nginx::Config::every_tenth_segment_fails()
        },
    )?;
    assert_eq!(http::get(server.addr(), "/live/seg_10.ts")?.status, 503);
    assert_eq!(http::get(server.addr(), "/live/seg_15.ts")?.status, 404);
    assert_eq!(http::get(server.addr(), "/live/big_1.ts")?.status, 200);
    assert_eq!(
        http::get(server.addr(), "/live/seg_16.ts")?.body.len(),
        20_000
    );
    let ledger = server.into_ledger()?;
    let tally = ledger.class(Class::Segment);
    assert_eq!((ledger.status(503), ledger.status(404)), (1, 1));
    assert_eq!((tally.broken.requests, tally.broken.bytes), (1, 20_000));
    Ok(())
}

#[test]
fn a_client_that_leaves_is_logged_as_interrupted() -> anyhow::Result<()> {
    let folder = files()?;
    let server = Nginx::start(folder.path(), nginx::Config::plain())?;
    let mut stream = TcpStream::connect(server.addr())?;
    stream.write_all(b"GET /live/big_1.ts HTTP/1.1\r\nHost: a\r\n\r\n")?;
    stream.read_exact(&mut [0; 1000])?;
    drop(stream);
    let tally = server.into_ledger()?.class(Class::Segment);
    assert_eq!((tally.whole().requests, tally.broken.requests), (0, 1));
    assert!(tally.broken.bytes < 8_000_000);
    Ok(())
}

#[test]
fn a_killed_server_comes_back_where_it_was() -> anyhow::Result<()> {
    let folder = files()?;
    let mut server = Nginx::start(folder.path(), nginx::Config::plain())?;
    assert_eq!(http::get(server.addr(), "/live/seg_10.ts")?.status, 200);
    let mut open = TcpStream::connect(server.addr())?;
    open.write_all(b"GET /live/big_1.ts HTTP/1.1\r\nHost: a\r\n\r\n")?;
    open.read_exact(&mut [0; 1000])?;
    server.kill();
    assert!(http::get(server.addr(), "/live/seg_10.ts").is_err());
    server.restart()?;
    assert_eq!(http::get(server.addr(), "/live/seg_15.ts")?.status, 200);
    let rows = server.into_rows()?;
    let paths: Vec<&str> = rows.iter().map(|row| row.path.as_str()).collect();
    assert_eq!(paths, ["/live/seg_10.ts", "/live/seg_15.ts"]);
    Ok(())
}

#[test]
fn a_limited_rate_shows_in_the_log() -> anyhow::Result<()> {
    let folder = files()?;
    let server = Nginx::start(
        folder.path(),
        nginx::Config {
            limit_rate: Some(800),
            ..nginx::Config::plain()
        },
    )?;
    assert_eq!(
        http::get(server.addr(), "/live/seg_16.ts")?.body.len(),
        1000
    );
    let rows = server.into_rows()?;
    let seconds = rows[0].seconds.unwrap();
    assert!(seconds >= 0.9, "nginx itself waits a second: {seconds}");
    Ok(())
}
