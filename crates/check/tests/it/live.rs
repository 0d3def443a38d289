//! Real sockets: our own origin, with and without faults, and servers that serve no stream.

use std::sync::Arc;
use std::time::Duration;

use check::{Finding, Findings, Level, Observed, Settings};
use origin::{Audio, Format};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use transport::{Client, Clock, Config};

use crate::world::wrong;

/// Looks at a URL for so long.
async fn look(url: &str, watch: Duration) -> Observed {
    let client = Client::new(Config::default(), Clock::start()).unwrap();
    let settings = Settings {
        url: Arc::new(url.parse().unwrap()),
        headers: Vec::new(),
        user_agent: None,
        duration: Some(watch),
        insecure: false,
    };
    check::watch(&settings, &client, std::future::pending(), |_| {}).await
}

/// Looks at an origin of ours for so long.
async fn look_at_origin(origin: origin::Config, watch: Duration) -> Observed {
    let config = origin_server::Config {
        origin,
        ..origin_server::Config::default()
    };
    let server = origin_server::bind(config).await.unwrap();
    let url = server.urls().swap_remove(0);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(server.run_until(async { drop(stopped.await) }));
    let observed = look(&url, watch).await;
    drop(stop);
    serving.await.unwrap().unwrap();
    observed
}

/// One-second segments, two variants.
fn quick(format: Format) -> origin::Config {
    origin::Config {
        format,
        segment: Duration::from_secs(1),
        variants: vec!["1M".parse().unwrap(), "400k".parse().unwrap()],
        ..origin::Config::default()
    }
}

/// What a machine makes worse whose processors are taken, whatever the stream. Made-up time has the
/// tests that hold these to their limits.
const OF_TIME: [&str; 9] = [
    "clock",
    "first-byte",
    "in-step",
    "listed-late",
    "live-edge",
    "moving",
    "speed",
    "stalls",
    "startup",
];

/// What is wrong with the stream itself.
fn wrong_with_the_stream(findings: &Findings) -> Vec<&Finding> {
    let all = findings.list().iter();
    let wrong = all.filter(|finding| finding.level > Level::NotChecked);
    wrong
        .filter(|finding| !OF_TIME.contains(&finding.check.as_str()))
        .collect()
}

async fn is_fine(config: origin::Config, container: &str) {
    let observed = look_at_origin(config, Duration::from_secs(4)).await;
    let findings = Findings::of(&observed);
    let wrong = wrong_with_the_stream(&findings);
    assert!(wrong.is_empty(), "{wrong:#?}");
    let document = check::document(&observed, &findings);
    assert_eq!(document.figures.containers, [container]);
    assert!(document.figures.segments >= 5, "{document:#?}");
    // What was looked at, and not passed over.
    for check in [
        "moving",
        "media-sequence",
        "same-segments",
        "dates-add-up",
        "live-edge",
        "container",
        "keyframes",
        "durations",
        "timestamps",
        "codecs-declared",
        "peak",
        "in-step",
        "speed",
        "cache-segments",
        "stalls",
    ] {
        let fine = findings
            .of_check(check)
            .all(|finding| finding.level == Level::Ok || OF_TIME.contains(&check));
        let any = findings.of_check(check).next().is_some();
        assert!(any && fine, "{check}: {:#?}", findings.list());
    }
}

#[tokio::test]
async fn our_own_ts_is_fine() {
    is_fine(quick(Format::Ts), "MPEG-TS").await;
}

#[tokio::test]
async fn our_own_fmp4_is_fine() {
    let config = origin::Config {
        audio: Audio::Demuxed,
        ..quick(Format::Fmp4)
    };
    is_fine(config, "fMP4").await;
}

/// An origin with a fault, and the check that is to name it.
async fn is_found(fault: &str, check: &str, words: &str) {
    let config = origin::Config {
        faults: vec![fault.parse().unwrap()],
        ..quick(Format::Ts)
    };
    // The list may go on once in between, at the turn of a minute.
    let seconds = if check == "moving" { 6 } else { 4 };
    let observed = look_at_origin(config, Duration::from_secs(seconds)).await;
    let findings = Findings::of(&observed);
    let mut found = findings.of_check(check);
    let is_named =
        found.any(|finding| finding.level > Level::NotChecked && finding.message.contains(words));
    assert!(is_named, "{fault}: {:#?}", wrong(&findings));
}

macro_rules! faults {
    ($($name:ident: $fault:literal, $check:literal, $words:literal;)*) => {$(
        #[tokio::test]
        async fn $name() {
            is_found($fault, $check, $words).await;
        }
    )*};
}

faults! {
    a_stale_list_is_found: "playlist:stale:60s/60s", "moving", "stale: nothing new for";
    a_missing_list_is_found: "playlist:404", "playlists-answer", "HTTP 404";
    lists_that_fail_at_times_are_found: "playlist:503:50%", "playlists-answer", "HTTP 503";
    missing_segments_are_found: "segment:404:1/2", "available", "HTTP 404";
    cut_segments_are_found: "segment:truncate:1/2", "available", "truncated";
    reset_segments_are_found: "segment:reset:1/2", "available", "reset";
    closed_connections_are_found: "segment:close:1/2", "available", "reset";
    late_segments_are_found: "segment:delay=1500ms", "speed", "for 1.00 s of media";
    throttled_segments_are_found: "segment:throttle=60KB/s", "speed", "for 1.00 s of media";
    slow_lists_are_found: "playlist:delay=800ms", "first-byte", "playlists";
    a_missing_start_is_found: "multivariant:503", "answer", "HTTP 503";
    a_variant_that_is_missing_is_found: "playlist@400k:404", "playlists-answer", "variant 2";
}

/// A server that says this to everybody, and closes.
async fn says(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 2048];
            if answer.is_empty() || stream.read(&mut asked).await.is_err() {
                continue;
            }
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    format!("http://{address}/live.m3u8")
}

#[tokio::test]
async fn what_is_no_stream_is_named() {
    let answers = [
        (
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<!doctype html><html></html>",
            "HTML page",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            "body is empty",
        ),
        (
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<?xml version=\"1.0\"?><MPD></MPD>",
            "DASH",
        ),
        ("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", "HTTP 410"),
        ("SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1"),
        ("", "connection"),
        (
            "HTTP/1.1 302 Found\r\nLocation: ftp://h/\r\nContent-Length: 0\r\n\r\n",
            "redirect",
        ),
    ];
    for (answer, words) in answers {
        let observed = look(&says(answer).await, Duration::from_secs(2)).await;
        let findings = Findings::of(&observed);
        let said = wrong(&findings).join("\n");
        assert!(said.contains(words), "{answer:?}: {said}");
        assert_eq!(findings.worst(), Level::Error);
    }
}

#[tokio::test]
async fn a_closed_port_is_named() {
    // Port 1 is reserved, so that no other test comes to listen on it.
    let observed = look("http://127.0.0.1:1/live.m3u8", Duration::from_secs(2)).await;
    let findings = Findings::of(&observed);
    assert!(
        wrong(&findings)[0].contains("refused"),
        "{:?}",
        wrong(&findings)
    );
}

#[tokio::test]
async fn a_stream_on_demand_is_no_live_stream() {
    let url = says(
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n#EXTM3U\n#EXT-X-VERSION:3\n\
         #EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:4.0,\na.ts\n#EXT-X-ENDLIST\n",
    );
    let observed = look(&url.await, Duration::from_secs(2)).await;
    let findings = Findings::of(&observed);
    let said: Vec<_> = findings
        .of_check("type")
        .map(|it| it.message.clone())
        .collect();
    assert_eq!(
        said,
        ["on demand (VOD, EXT-X-ENDLIST): nothing is reloaded"]
    );
    // Its segment is the playlist itself.
    let mut container = findings.of_check("container");
    assert!(container.any(|it| it.message.contains("it is a playlist")));
}

/// Who stops it early gets a verdict on what was seen until then.
#[tokio::test]
async fn told_to_stop_it_judges_what_it_saw() {
    let config = origin_server::Config {
        origin: quick(Format::Ts),
        ..origin_server::Config::default()
    };
    let server = origin_server::bind(config).await.unwrap();
    let url = server.urls().swap_remove(0);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(server.run_until(async { drop(stopped.await) }));
    let client = Client::new(Config::default(), Clock::start()).unwrap();
    let settings = Settings {
        url: Arc::new(url.parse().unwrap()),
        headers: vec![("X-Test".to_owned(), "1".to_owned())],
        user_agent: Some("tester".into()),
        duration: None,
        insecure: false,
    };
    let (enough, until) = tokio::sync::oneshot::channel::<()>();
    let mut enough = Some(enough);
    let told = |progress: check::Progress| {
        if progress.segments >= 2 {
            enough.take();
        }
    };
    let observed = check::watch(&settings, &client, async { drop(until.await) }, told).await;
    drop(stop);
    serving.await.unwrap().unwrap();
    assert_eq!(observed.tracks.len(), 1, "no look at the others");
    let findings = Findings::of(&observed);
    let mut wrong = wrong_with_the_stream(&findings);
    wrong.retain(|finding| finding.level == Level::Error);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The user's headers and name go with the request, and a page's origin, as a browser sends it.
#[tokio::test]
async fn requests_carry_what_was_asked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/live.m3u8", listener.local_addr().unwrap());
    let settings = Settings {
        url: Arc::new(url.parse().unwrap()),
        headers: vec![("X-Test".to_owned(), "1".to_owned())],
        user_agent: Some("tester/7".into()),
        duration: Some(Duration::from_secs(1)),
        insecure: false,
    };
    let client = Client::new(Config::default(), Clock::start()).unwrap();
    let asked = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = vec![0; 2048];
        let length = stream.read(&mut asked).await.unwrap();
        let gone = b"HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(gone).await.unwrap();
        String::from_utf8(asked[..length].to_vec()).unwrap()
    };
    let watch = check::watch(&settings, &client, std::future::pending(), |_| {});
    let (asked, _) = tokio::join!(asked, watch);
    for line in [
        "X-Test: 1",
        "User-Agent: tester/7",
        "Origin: null",
        "Accept-Encoding: gzip",
    ] {
        assert!(asked.contains(&format!("{line}\r\n")), "{asked}");
    }
}
