//! State, stale playlists and what is inferred.

use std::sync::Arc;
use std::time::Duration;

use base::{Class, Failure, Now, Outcome, ViewerState};
use ffmpeg::estimate::{Basis, Config, Event, Request, STALE_TARGETS, State};
use ffmpeg::{Connections, Estimate, Level, Progress, log};
use media::hls::{MediaPlaylist, Playlist, Variables, parse};
use url::Url;

use crate::capture::{self, Capture};

const SEGMENT: Duration = Duration::from_secs(2);

/// Segments of two seconds with these numbers.
fn playlist(numbers: std::ops::Range<u64>, uri: impl Fn(u64) -> String) -> Arc<MediaPlaylist> {
    let first = numbers.start;
    let segments: Vec<String> = numbers
        .map(|n| {
            format!(
                "#EXTINF:2,
{}
",
                uri(n)
            )
        })
        .collect();
    let segments = segments.concat();
    let text =
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{first}\n{segments}");
    let base = Url::parse("http://127.0.0.1:1/live/").unwrap();
    match parse(text.as_bytes(), &base, &Variables::default()).unwrap() {
        Playlist::Media(list) => Arc::new(list),
        Playlist::Multivariant(_) => panic!("{text}"),
    }
}

fn simple(numbers: std::ops::Range<u64>) -> Arc<MediaPlaylist> {
    playlist(numbers, |n| format!("seg{n}.ts"))
}

fn config(level: Level) -> Config {
    Config {
        url: "http://127.0.0.1:1/live/index.m3u8".to_owned(),
        multivariant: false,
        level,
        connections: Connections::Kept,
    }
}

fn at(millis: u64) -> Now {
    Now::new(Duration::from_millis(millis), 1_000_000)
}

fn wrote(seconds: f64) -> Progress {
    Progress {
        out_time: Some(Duration::from_secs_f64(seconds)),
        speed: Some(1.0),
        ..Progress::default()
    }
}

fn drained(estimate: &mut Estimate) -> Vec<Event> {
    std::iter::from_fn(|| estimate.poll(|_| None)).collect()
}

fn urls(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Request(request) => request.url.rsplit('/').next(),
            _ => None,
        })
        .collect()
}

fn say(estimate: &mut Estimate, line: &str, now: Now) {
    estimate.log(&log::parse(line.as_bytes()), now);
}

#[test]
fn where_nothing_is_logged_segments_are_inferred_from_what_was_written() {
    let mut estimate = Estimate::new(config(Level::Warning), at(0));
    estimate.playlist(simple(10..20), at(100));
    assert!(drained(&mut estimate).is_empty());

    // FFmpeg begins with the third from the end.
    estimate.progress(&wrote(0.000_011), at(200));
    let events = drained(&mut estimate);
    assert_eq!(urls(&events), ["seg17.ts"]);
    estimate.progress(&wrote(6.0), at(1200));
    let events = drained(&mut estimate);
    assert_eq!(urls(&events), ["seg18.ts", "seg19.ts"]);
    let Event::Request(request) = &events[0] else {
        panic!("{events:?}");
    };
    assert_eq!(request.basis, Basis::Inferred);
    assert_eq!((request.bytes, request.ended), (None, None));

    // Written before we have the playlist in which it stands.
    estimate.progress(&wrote(8.0), at(2200));
    assert!(drained(&mut estimate).is_empty());
    estimate.playlist(simple(11..21), at(2300));
    assert_eq!(urls(&drained(&mut estimate)), ["seg20.ts"]);
    let count = estimate.totals().class(Class::Segment);
    assert_eq!((count.logged, count.inferred, count.answered()), (0, 4, 4));
}

#[test]
fn what_is_logged_is_not_inferred_too() {
    let mut estimate = Estimate::new(config(Level::Info), at(0));
    estimate.playlist(simple(10..20), at(100));
    let opening = |n: u64| {
        format!("[hls @ 0x1] [info] Opening 'http://127.0.0.1:1/live/seg{n}.ts' for reading")
    };
    for n in 17..20 {
        say(&mut estimate, &opening(n), at(200));
    }
    estimate.progress(&wrote(6.0), at(1200));
    // Our list is older than FFmpeg's.
    say(&mut estimate, &opening(20), at(2200));
    estimate.progress(&wrote(8.0), at(3200));
    estimate.playlist(simple(11..21), at(3300));
    // Two lines are lost.
    estimate.playlist(simple(14..24), at(9000));
    say(&mut estimate, &opening(23), at(9100));
    estimate.progress(&wrote(14.0), at(9200));
    estimate.ended(at(9300));
    let count = estimate.totals().class(Class::Segment);
    assert_eq!((count.logged, count.inferred), (5, 0));
}

#[test]
fn what_was_written_long_after_the_log_fell_silent_is_inferred() {
    let mut estimate = Estimate::new(config(Level::Info), at(0));
    estimate.playlist(simple(10..30), at(100));
    let line = "[hls @ 0x1] [info] Opening 'http://127.0.0.1:1/live/seg10.ts' for reading";
    say(&mut estimate, line, at(200));
    // It goes on where timestamps jumped: nothing was missed.
    estimate.progress(&wrote(20.0), at(1000));
    assert!(urls(&drained(&mut estimate)).is_empty());
    estimate.progress(&wrote(20.0), at(4200));
    let events = drained(&mut estimate);
    // Up to two target durations before the end of what was written.
    let inferred = [
        "seg11.ts", "seg12.ts", "seg13.ts", "seg14.ts", "seg15.ts", "seg16.ts", "seg17.ts",
    ];
    assert_eq!(urls(&events), inferred);
}

/// What becomes of the same path on the same connection where the URL has credentials: each head
/// with its `Host`, and whether it shows them.
fn asked_again(heads: [(&str, bool); 2]) -> Vec<(String, Class, Outcome)> {
    let config = Config {
        url: WITH_CREDENTIALS.to_owned(),
        multivariant: true,
        connections: Connections::PerRequest,
        ..config(Level::Debug)
    };
    let mut estimate = Estimate::new(config, at(0));
    let opening = format!("[NULL @ 0x1] [debug] Opening '{WITH_CREDENTIALS}' for reading");
    say(&mut estimate, &opening, at(1));
    for (host, authorized) in heads {
        let head = "[http @ 0x2] [debug] request: GET /live/index.m3u8 HTTP/1.1";
        say(&mut estimate, head, at(2));
        say(&mut estimate, &format!("Host: {host}"), at(2));
        if authorized {
            say(&mut estimate, "Authorization: Basic dTpw", at(2));
        }
    }
    estimate.ended(at(4));
    let request = |event| match event {
        Event::Request(request) => Some((request.url, request.class, request.outcome)),
        _ => None,
    };
    drained(&mut estimate)
        .into_iter()
        .filter_map(request)
        .collect()
}

const WITH_CREDENTIALS: &str = "http://u:p@127.0.0.1:1/live/index.m3u8";

#[test]
fn credentials_are_shown_when_the_origin_asks_for_them() {
    let (here, there) = ("127.0.0.1:1", "127.0.0.1:2");
    let refused = Outcome::Failed(Failure::Status(401));
    let url = || WITH_CREDENTIALS.to_owned();
    let same = |outcome| (url(), Class::Multivariant, outcome);
    assert_eq!(
        asked_again([(here, false), (here, true)]),
        [same(refused), same(Outcome::Ok)]
    );
    // Connected anew, with them from the start.
    assert_eq!(
        asked_again([(here, true), (here, true)]),
        [same(Outcome::Ok), same(Outcome::Ok)]
    );
    // Led to another host, which is none that asked for them.
    let led = asked_again([(here, false), (there, true)]);
    let outcomes: Vec<_> = led.iter().map(|(_, _, outcome)| *outcome).collect();
    assert_eq!(outcomes, [Outcome::Ok, Outcome::Ok]);
    assert_eq!(led[1].0, format!("http://{there}/live/index.m3u8"));
}

#[test]
fn where_reloads_are_not_logged_looks_tell_that_the_playlist_moves() {
    for (level, connections) in [
        (Level::Info, Connections::PerRequest),
        (Level::Verbose, Connections::PerRequest),
        (Level::Warning, Connections::Kept),
    ] {
        let config = Config {
            connections,
            ..config(level)
        };
        let mut estimate = Estimate::new(config, at(0));
        estimate.playlist(simple(10..13), at(0));
        let opening = "[hls @ 0x1] [info] Opening 'http://127.0.0.1:1/live/seg10.ts' for reading";
        say(&mut estimate, opening, at(100));
        // It takes longer than the playlist needs to be stale.
        for look in 1..4 {
            estimate.playlist(simple(10..13 + look), at(look * 2_000));
        }
        assert!(!estimate.is_stale(), "{level:?}");
        estimate.tick(at(6_000 + SEGMENT.mul_f64(STALE_TARGETS).as_millis() as u64));
        assert!(estimate.is_stale(), "{level:?}");
    }
}

#[test]
fn sizes_come_from_the_origin_where_it_tells_them() {
    let mut estimate = Estimate::new(config(Level::Warning), at(0));
    estimate.playlist(simple(10..13), at(100));
    estimate.progress(&wrote(3.0), at(200));
    let size = |url: &str| url.ends_with("seg10.ts").then_some(4711);
    let requests: Vec<Request> = std::iter::from_fn(|| estimate.poll(size))
        .filter_map(|event| match event {
            Event::Request(request) => Some(request),
            _ => None,
        })
        .collect();
    let bytes = requests[0].bytes.unwrap();
    assert_eq!((bytes.value, bytes.basis), (4711, Basis::Stated));
    assert!(!bytes.basis.is_measured());
    assert_eq!(requests[1].bytes, None);
}

#[test]
fn a_player_that_plays_what_was_written_stalls_when_it_ends() {
    let mut estimate = Estimate::new(config(Level::Info), at(0));
    assert_eq!(estimate.viewer_state(), ViewerState::Starting);
    assert_eq!(estimate.wake_at(at(0)), None);
    estimate.progress(&wrote(4.0), at(500));
    assert_eq!(estimate.state(), State::Running);
    assert_eq!(estimate.wake_at(at(500)), Some(at(4500).elapsed));
    assert_eq!(
        estimate.buffered(at(1500)).unwrap().value,
        Duration::from_secs(3)
    );

    estimate.tick(at(4499));
    assert_eq!(estimate.state(), State::Running);
    estimate.tick(at(4600));
    assert_eq!(estimate.viewer_state(), ViewerState::Stalled);

    // Too little to go on.
    estimate.progress(&wrote(4.5), at(5000));
    assert_eq!(estimate.state(), State::Stalled);
    estimate.progress(&wrote(6.0), at(6500));
    assert_eq!(estimate.state(), State::Running);
    let events = drained(&mut estimate);
    let stalls: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Stall(lasted) => Some((lasted.value, lasted.basis)),
            _ => None,
        })
        .collect();
    // It began when the media ended, not when that was noticed.
    assert_eq!(stalls, [(SEGMENT, Basis::Inferred)]);
    let startup = events.iter().any(
        |event| matches!(event, Event::Startup(after) if after.value == Duration::from_millis(500)),
    );
    assert!(startup, "{events:?}");
    assert_eq!(estimate.drift_ms(at(6500)).unwrap().value, 0);
}

#[test]
fn without_a_connection_it_reconnects_and_nobody_is_running() {
    let mut estimate = Estimate::new(config(Level::Info), at(0));
    let refused = "[tcp @ 0x1] [error] Connection to tcp://[::1]:1 failed: Connection refused";
    let opening = "[NULL @ 0x2] [debug] Opening 'http://[::1]:1/live/index.m3u8' for reading";
    say(&mut estimate, opening, at(100));
    say(&mut estimate, refused, at(101));
    let again = "[http @ 0x3] [warning] Will reconnect at 0 in 1 second(s).";
    say(&mut estimate, again, at(102));
    assert_eq!(estimate.state(), State::Reconnecting);
    assert_eq!(estimate.viewer_state(), ViewerState::Starting);
    let connected = "[tcp @ 0x1] [verbose] Successfully connected to ::1 port 1";
    say(&mut estimate, connected, at(1200));
    assert_eq!(estimate.state(), State::Starting);
}

#[test]
fn a_file_that_is_opened_is_no_request() {
    let mut estimate = Estimate::new(config(Level::Debug), at(0));
    say(
        &mut estimate,
        "[hls @ 0x1] [info] Opening 'data:text/plain,x' for reading",
        at(1),
    );
    estimate.ended(at(2));
    assert!(drained(&mut estimate).is_empty());
}

#[test]
fn an_encrypted_segment_and_its_key_are_told_apart() {
    let mut estimate = Estimate::new(config(Level::Debug), at(0));
    for line in [
        "[hls @ 0x1] [verbose] HLS request for url 'http://127.0.0.1:1/live/a', offset 0, playlist 0",
        "[hls @ 0x1] [info] Opening 'http://127.0.0.1:1/live/secret.key' for reading",
        "[http @ 0x2] [debug] request: GET /live/secret.key HTTP/1.1",
        "Host: 127.0.0.1:1",
        "[hls @ 0x1] [info] Opening 'crypto+http://127.0.0.1:1/live/a' for reading",
        "[http @ 0x3] [debug] request: GET /live/a HTTP/1.1",
        "Host: 127.0.0.1:1",
    ] {
        say(&mut estimate, line, at(1));
    }
    estimate.ended(at(2));
    let classes: Vec<Class> = drained(&mut estimate)
        .iter()
        .filter_map(|event| match event {
            Event::Request(request) => Some(request.class),
            _ => None,
        })
        .collect();
    assert_eq!(classes, [Class::Key, Class::Segment]);
}

#[test]
fn a_redirect_is_a_request_of_its_own() {
    let mut estimate = Estimate::new(config(Level::Debug), at(0));
    for line in [
        "[hls @ 0x1] [info] Opening 'http://127.0.0.1:1/live/a.ts' for reading",
        "[http @ 0x2] [debug] request: GET /live/a.ts HTTP/1.1",
        "Host: 127.0.0.1:1",
        "[https @ 0x2] [debug] request: GET /edge/a.ts?x=1 HTTP/1.1",
        "Host: edge:8080",
    ] {
        say(&mut estimate, line, at(1));
    }
    estimate.ended(at(2));
    let events = drained(&mut estimate);
    let found: Vec<(&str, Class, Outcome)> = events
        .iter()
        .filter_map(|event| match event {
            Event::Request(r) => Some((r.url.as_str(), r.class, r.outcome)),
            _ => None,
        })
        .collect();
    let expected = [
        ("http://127.0.0.1:1/live/a.ts", Class::Segment, Outcome::Ok),
        (
            "https://edge:8080/edge/a.ts?x=1",
            Class::Segment,
            Outcome::Ok,
        ),
    ];
    assert_eq!(found, expected);
}

/// Log and status lines of a capture with dates, over time; with its playlist.
fn replayed(capture: &Capture) -> Vec<(Duration, Event)> {
    let url = capture.url();
    let prefix = url.trim_end_matches("stream.m3u8").to_owned();
    let mut estimate = Estimate::new(capture.config(), Now::default());
    estimate.playlist(
        playlist(0..10, |n| format!("{prefix}other{n}.ts")),
        Now::default(),
    );
    let (mut events, mut now, mut first) = (Vec::new(), Now::default(), None);
    for raw in capture.log().split(|&b| b == b'\n' || b == b'\r') {
        if let Some(time) = capture::date(raw) {
            let then = Now::new(time.saturating_sub(*first.get_or_insert(time)), 0);
            while let Some(due) = estimate.wake_at(now).filter(|&due| due < then.elapsed) {
                now = Now::new(due, 0);
                estimate.tick(now);
                let passed = drained(&mut estimate);
                events.extend(passed.into_iter().map(|event| (due, event)));
            }
            now = then;
        }
        estimate.log(&log::parse(raw), now);
        if let Some(progress) = status(raw) {
            estimate.progress(&progress, now);
        }
        events.extend(
            drained(&mut estimate)
                .into_iter()
                .map(|event| (now.elapsed, event)),
        );
    }
    events
}

/// The figures of a status line, which are those of a block of progress.
fn status(line: &[u8]) -> Option<Progress> {
    let text = std::str::from_utf8(line).ok()?;
    let (_, time) = text.split_once(" time=")?;
    let mut reader = ffmpeg::progress::Reader::default();
    let time = time.split(' ').next()?;
    reader.line(format!("out_time={time}").as_bytes());
    reader.line(b"progress=continue")
}

#[test]
fn a_playlist_that_stopped_moving_is_named_within_three_target_durations() {
    for version in ["8.1", "9.0"] {
        let capture = capture::one(version, "stale_manifest_debug");
        let events = replayed(&capture);
        let is_media = |event: &Event| matches!(event, Event::Request(r) if r.class.is_media());
        let mut told = 0;
        for (at, event) in &events {
            let Event::Stale(lasts) = event else {
                continue;
            };
            assert!(lasts.value >= SEGMENT.mul_f64(STALE_TARGETS), "{lasts:?}");
            assert!(
                lasts.value <= SEGMENT * 3,
                "{version}: told after {lasts:?}"
            );
            assert!(lasts.basis.is_measured());
            // And it is so: nothing new from there to the next time it moves.
            let moves = events.iter().filter(|(_, event)| *event == Event::Moving);
            let next = moves.map(|(when, _)| *when).find(|when| when > at);
            let news = events
                .iter()
                .filter(|(when, event)| when > at && Some(*when) < next && is_media(event));
            assert_eq!(news.count(), 0);
            told += 1;
        }
        // New lists came every ten seconds in forty-five.
        assert!((3..=5).contains(&told), "{version}: told {told} times");
        let stalled = events
            .iter()
            .any(|(_, event)| matches!(event, Event::Stall(_)));
        assert!(stalled, "{version}");
    }
}

#[test]
fn a_playlist_that_moves_is_never_named_stale() {
    for (version, name) in [
        ("8.1", "ts_keepalive_debug"),
        ("8.1", "ts_persistent0_debug"),
        ("8.1", "ts_keepalive_verbose"),
        ("8.1", "slow_debug"),
        ("9.0", "fmp4_keepalive_debug"),
    ] {
        let events = replayed(&capture::one(version, name));
        let stale = events
            .iter()
            .any(|(_, event)| matches!(event, Event::Stale(_)));
        assert!(!stale, "{version} {name}");
        let running = (Event::State(State::Running), Event::State(State::Stalled));
        assert!(
            events.iter().any(|(_, event)| *event == running.0),
            "{version} {name}"
        );
        assert!(
            events.iter().all(|(_, event)| *event != running.1),
            "{version} {name}"
        );
    }
}
