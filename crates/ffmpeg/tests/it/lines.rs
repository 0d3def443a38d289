//! Lines of the log, one by one.

use ffmpeg::log::{Event, LINE_BYTES_MAX, Level, lines, parse};
use proptest::prelude::*;
use rstest::rstest;

use crate::capture;

const URL: &[u8] = b"http://h/seg8.ts";

#[rstest]
#[case::old_context(
    "[hls @ 0x55ea3cb5f180] [info] Opening 'http://h/seg8.ts' for reading",
    Event::Opening { url: URL }
)]
#[case::new_context(
    "[in#0/hls @ 0x7f974a0db040] [info] Opening 'http://h/seg8.ts' for reading",
    Event::Opening { url: URL }
)]
#[case::dated(
    "2026-11-21 08:07:29.639 [in#0 @ 0x7f] [info] Opening 'http://h/seg8.ts' for reading",
    Event::Opening { url: URL }
)]
#[case::timed(
    "08:07:29.639 [http @ 0x7f] [info] Opening 'http://h/seg8.ts' for reading",
    Event::Opening { url: URL }
)]
#[case::no_level(
    "[AVFormatContext @ 0x7f] [NULL @ 0x1] Opening 'http://h/seg8.ts' for reading",
    Event::Opening { url: URL }
)]
#[case::quotes_in_the_url(
    "[https @ 0x7f] [info] Opening 'https://h/it's' for reading' for reading",
    Event::Opening { url: b"https://h/it's' for reading" }
)]
#[case::ipv6(
    "[https @ 0x7f] [info] Opening 'https://[2001:db8::1]:8443/a b.ts' for reading",
    Event::Opening { url: b"https://[2001:db8::1]:8443/a b.ts" }
)]
#[case::glued_with_return(
    "[info] frame=  180 fps= 93 q=-1.0 size=N/A time=00:00:06.01 bitrate=N/A speed= 3.1x    \r[hls @ 0x5] [info] Opening 'http://h/seg8.ts' for reading",
    Event::Opening { url: URL }
)]
#[case::glued_without_return(
    "[info] frame=  180 fps= 93 q=-1.0 size=N/A time=00:00:06.01 bitrate=N/A speed= 3.1x elapsed=0:00:02.00    2026-11-21 08:07:29.639 [hls @ 0x5] [info] Opening 'http://h/seg8.ts' for reading",
    Event::Opening { url: URL }
)]
#[case::wanted(
    "[hls @ 0x5] [verbose] HLS request for url 'http://h/seg8.ts', offset 1316, playlist 2",
    Event::HlsRequest { url: URL, offset: 1316, playlist: 2 }
)]
#[case::head(
    "[https @ 0x5] [debug] request: GET /a?b=1 HTTP/1.1",
    Event::Request { method: b"GET", target: b"/a?b=1" }
)]
#[case::status(
    "[http @ 0x5] [warning] HTTP error 503 Service Temporarily Unavailable",
    Event::Status { code: 503 }
)]
#[case::connecting(
    "[tcp @ 0x5] [verbose] Starting connection attempt to ::1 port 8080",
    Event::Connecting { to: b"::1 port 8080" }
)]
#[case::connected(
    "[tcp @ 0x5] [verbose] Successfully connected to 127.0.0.1 port 8080",
    Event::Connected { to: b"127.0.0.1 port 8080" }
)]
#[case::refused(
    "[tcp @ 0x5] [error] Connection to tcp://[::1]:80 failed: Connection refused",
    Event::ConnectFailed { reason: b"Connection refused" }
)]
#[case::attempt(
    "[tcp @ 0x5] [verbose] Connection attempt to 127.0.0.1 port 1 failed: Connection refused",
    Event::AttemptFailed { reason: b"Connection refused" }
)]
#[case::unresolved(
    "[tcp @ 0x5] [error] Failed to resolve hostname nowhere.invalid: Name or service not known",
    Event::ResolveFailed { reason: b"Name or service not known" }
)]
#[case::tls(
    "[tls @ 0x5] [error] error:0A000086:SSL routines::certificate verify failed",
    Event::TlsFailed { reason: b"error:0A000086:SSL routines::certificate verify failed" }
)]
#[case::reconnect(
    "[http @ 0x5] [warning] Will reconnect at 0 in 3 second(s).",
    Event::Reconnect { seconds: 3 }
)]
#[case::reconnect_with_reason(
    "[http @ 0x5] [warning] Will reconnect at 1316 in 7 second(s), error=End of file.",
    Event::Reconnect { seconds: 7 }
)]
#[case::premature(
    "[http @ 0x5] [error] Stream ends prematurely at 100, should be 200",
    Event::Premature
)]
#[case::kept_connection(
    "[hls @ 0x5] [warning] keepalive request failed for 'http://h/seg8.ts' with error: 'Server returned 5XX Server Error reply' when opening url, retrying with new connection",
    Event::KeptConnectionFailed { url: URL, reason: b"Server returned 5XX Server Error reply" }
)]
#[case::failed(
    "[in#0/hls @ 0x5] [warning] Failed to open segment 775 of playlist 1",
    Event::SegmentFailed { segment: 775, playlist: 1 }
)]
#[case::skipped(
    "[hls @ 0x5] [warning] Segment 775 of playlist 0 failed too many times, skipping",
    Event::SegmentSkipped { segment: 775, playlist: 0 }
)]
#[case::expired(
    "[hls @ 0x5] [warning] skipping 3 segments ahead, expired from playlists",
    Event::Expired { segments: 3 }
)]
#[case::not_reloaded(
    "[hls @ 0x5] [warning] Failed to reload playlist 0",
    Event::PlaylistFailed { playlist: 0 }
)]
#[case::moved(
    "[hls @ 0x5] [debug] Media sequence change (1 -> 2) reflected in first_timestamp: 17 -> 19",
    Event::SequenceChange { from: 1, to: 2 }
)]
#[case::tag("[hls @ 0x5] [info] Skip ('#EXT-X-VERSION:3')", Event::Tag)]
#[case::closed(
    "[AVIOContext @ 0x5] [verbose] Statistics: 562872 bytes read, 0 seeks",
    Event::BytesRead { bytes: 562_872 }
)]
#[case::written(
    "[AVIOContext @ 0x5] [verbose] Statistics: 3379 bytes written, 0 seeks, 18 writeouts",
    Event::Other
)]
#[case::used(
    "[http @ 0x5] [debug] Statistics: 1 connection, 18 requests, 0 retries, 0 reconnections, 0 redirects",
    Event::ConnectionUse { requests: 18 }
)]
#[case::input("[info] Input #0, hls, from 'http://h/s.m3u8':", Event::InputOpen)]
#[case::input_failed_old(
    "[error] http://h/s.m3u8: Connection refused",
    Event::InputFailed { reason: b"Connection refused" }
)]
#[case::input_failed_new(
    "2026-11-21 08:07:33.573 [in#0 @ 0x7f] [error] Error opening input: Connection refused",
    Event::InputFailed { reason: b"Connection refused" }
)]
#[case::repeated("    Last message repeated 2 times", Event::Repeated { times: 2 })]
#[case::header("Host: 127.0.0.1:18080", Event::Header { name: b"Host", value: b"127.0.0.1:18080" })]
#[case::not_of_the_demuxer(
    "[h264 @ 0x5] [info] Opening 'http://h/seg8.ts' for reading",
    Event::Other
)]
#[case::option("[debug] Opening an input file: http://h/s.m3u8.", Event::Other)]
#[case::number_too_large(
    "[http @ 0x5] [warning] HTTP error 99999999999999999999 x",
    Event::Other
)]
#[case::empty("", Event::Other)]
fn a_line_means(#[case] line: &str, #[case] expected: Event<'_>) {
    assert_eq!(parse(line.as_bytes()).event, expected);
}

#[test]
fn who_says_it_and_how_grave_it_is() {
    let line = parse(b"2026-11-21 08:07:29.639 [hls @ 0xab] [https @ 0xcd] [fatal] [x] y\r\n");
    let context = line.context.unwrap();
    assert_eq!((context.name, context.address), (&b"https"[..], 0xcd));
    assert_eq!(line.level, Some(Level::Fatal));
    assert_eq!(line.text, b"[x] y");
    assert!(context.is_http() && !context.is_demuxer());
}

#[test]
fn what_is_beyond_the_limit_is_not_looked_at() {
    let mut line = b"[hls @ 0x1] [info] Opening 'http://h/".to_vec();
    line.resize(LINE_BYTES_MAX, b'a');
    line.extend_from_slice(b"' for reading");
    assert_eq!(parse(&line).event, Event::Other);
}

/// Every form of line in the captures that tells of a request is known: none is left over.
#[test]
fn no_line_of_the_captures_that_concerns_us_is_unknown() {
    let telling = [
        "Opening '",
        "HLS request",
        "request: ",
        "HTTP error",
        "bytes read",
        "reconnect at",
    ];
    for capture in capture::all() {
        let log = capture.log();
        for line in lines(&log).filter(|line| line.event == Event::Other) {
            let text = String::from_utf8_lossy(line.text);
            let left = telling.iter().find(|&&words| text.starts_with(words));
            assert_eq!(left, None, "{}: {text}", capture.label());
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_some_line(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let line = parse(&bytes);
        prop_assert!(line.text.len() <= bytes.len());
    }

    /// Whatever comes before a line, dates, contexts, levels, it means the same.
    #[test]
    fn what_stands_before_changes_nothing(
        date in "(2026-[01][0-9]-[0-3][0-9] )?",
        time in "([0-2][0-9]:[0-5][0-9]:[0-5][0-9]\\.[0-9]{3} )?",
        parent in "(\\[in#0 @ 0x[0-9a-f]{1,12}\\] )?",
        level in "(\\[(info|debug|verbose)\\] )?",
        path in "[a-zA-Z0-9/'?=&%]{0,40}",
    ) {
        let date = if time.is_empty() { String::new() } else { date };
        let line = format!("{date}{time}{parent}[hls @ 0x1f] {level}Opening 'http://h/{path}' for reading");
        let url = format!("http://h/{path}");
        prop_assert_eq!(parse(line.as_bytes()).event, Event::Opening { url: url.as_bytes() });
    }
}
