//! Viewers that failed come back, and see what is there by then.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::ensure;
use testkit::cut::{self, Answer, Request};

use crate::common::{LIMIT, figure, run};

/// Media playlists that are refused before one is given: more than a first life of hls.js asks for.
const REFUSED: u32 = 4;

fn multivariant(request: &Request) -> Answer {
    if request.header("if-none-match") == Some("\"m\"") {
        return Answer::status(304);
    }
    Answer::Whole {
        status: 200,
        kind: "application/vnd.apple.mpegurl",
        headers: vec![
            "ETag: \"m\"".to_owned(),
            "Cache-Control: no-cache".to_owned(),
        ],
        body: b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=100000\nindex.m3u8\n".to_vec(),
    }
}

#[test]
fn a_playlist_that_did_not_change_is_enough_for_a_new_life() -> anyhow::Result<()> {
    let asked = AtomicU32::new(0);
    let server = cut::Server::start(move |request| match request.path() {
        "/live/master.m3u8" => multivariant(request),
        "/live/index.m3u8" => match asked.fetch_add(1, Ordering::Relaxed) {
            0..REFUSED => Answer::status(404),
            _ => Answer::playlist(cut::vod(2, 1)),
        },
        _ => Answer::ok("video/mp2t", vec![0x47; 188 * 10]),
    })?;
    let ended = run(&server.url("live/master.m3u8"))
        .args("-n 1 --duration 20s")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let json = ended.json()?;
    ensure!(figure(&json, "/viewers/states/ended")? > 0.5, "{json:#}");
    let unchanged = server.rows().iter().filter(|row| row.status == 304).count();
    ensure!(unchanged > 0, "nothing was asked for conditionally");
    Ok(())
}
