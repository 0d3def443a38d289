//! Whatever was seen, judging it never panics.

use check::Style;
use proptest::prelude::*;

use crate::world::{World, list};

/// Lines of playlists, right and wrong.
const LINES: [&str; 30] = [
    "#EXTM3U",
    "#EXT-X-VERSION:9",
    "#EXT-X-TARGETDURATION:0",
    "#EXT-X-TARGETDURATION:604800",
    "#EXT-X-TARGETDURATION:x",
    "#EXT-X-MEDIA-SEQUENCE:18446744073709551000",
    "#EXT-X-MEDIA-SEQUENCE:0",
    "#EXT-X-DISCONTINUITY-SEQUENCE:18446744073709551615",
    "#EXT-X-DISCONTINUITY",
    "#EXT-X-PLAYLIST-TYPE:EVENT",
    "#EXT-X-ENDLIST",
    "#EXT-X-GAP",
    "#EXT-X-MAP:URI=\"i.mp4\",BYTERANGE=\"9@9\"",
    "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"",
    "#EXT-X-KEY:METHOD=NONE",
    "#EXT-X-PROGRAM-DATE-TIME:9999-12-31T23:59:59Z",
    "#EXT-X-PROGRAM-DATE-TIME:-009999-01-01T00:00:00Z",
    "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:00:00Z",
    "#EXT-X-SKIP:SKIPPED-SEGMENTS=50",
    "#EXT-X-PART-INF:PART-TARGET=0.1",
    "#EXT-X-PART:DURATION=0.1,URI=\"p\"",
    "#EXTINF:0,",
    "#EXTINF:604800,",
    "#EXTINF:2.000,",
    "#EXT-X-BYTERANGE:5",
    "#EXT-X-STREAM-INF:BANDWIDTH=18446744073709551615,AUDIO=\"a\"",
    "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"a\",URI=\"a.m3u8\"",
    "#EXT-X-INDEPENDENT-SEGMENTS",
    "s.ts",
    "h104.ts",
];

fn playlist() -> impl Strategy<Value = String> {
    let lines = proptest::collection::vec(0..LINES.len(), 0..30);
    let made = lines.prop_map(|places| {
        let lines = places
            .into_iter()
            .map(|place| format!("{}\n", LINES[place]));
        format!("#EXTM3U\n{}", lines.collect::<String>())
    });
    prop_oneof![4 => made, 1 => ".{0,200}", 2 => (0..9_u64).prop_map(|newer| list(newer, "h"))]
}

proptest! {
    #[test]
    fn judging_never_panics(
        entry in prop_oneof![3 => Just(None), 1 => playlist().prop_map(Some)],
        lists in proptest::collection::vec(playlist(), 6),
        other in playlist(),
        headers in "[ -~]{0,60}",
        times in proptest::collection::vec(0..100_000_u64, 12),
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let mut world = World::good();
        if let Some(entry) = entry {
            world.entry.body = entry;
        }
        for ((reply, body), time) in world.lists.iter_mut().zip(lists).zip(&times) {
            reply.body = body;
            reply.at_ms = *time;
            reply.headers = format!("Cache-Control: {headers}\r\nDate: {headers}\r\nAge: {headers}\r\n");
        }
        world.other.body = other;
        for (segment, time) in world.segments.iter_mut().zip(times.iter().skip(6)) {
            segment.reply.took_ms = *time;
            segment.contents = Some(check::Contents::read(&bytes, None, false));
        }
        let (observed, findings) = (world.observed(), world.findings());
        let text = check::text(&observed, &findings, Style::Plain);
        prop_assert!(text.lines().all(|line| line.chars().count() <= 80), "{}", text);
        prop_assert!(!check::json(&observed, &findings).is_empty());
    }
}
