//! Whatever comes, nothing panics and what is read is consistent.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod checks;

use std::fmt::Write as _;
use std::fs;
use std::iter;
use std::path::Path;
use std::sync::Arc;

use base::{Now, Rng};
use media::Timeline;
use media::hls::{MediaPlaylist, Playlist};
use media::timeline::Kind;
use proptest::prelude::*;

/// How often each seed is damaged in the short corpus run.
const DAMAGES: u64 = 500;
const SEED: u64 = 0x5eed;

fn seeds(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(folder);
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| fs::read(path).unwrap())
        .collect()
}

/// Bytes that mean something to a playlist.
const TOKENS: [&str; 24] = [
    "\n",
    "\r",
    ",",
    "=",
    "\"",
    "@",
    ":",
    "#",
    "-",
    ".",
    "{$",
    "}",
    " ",
    "\0",
    "\u{fffd}",
    "NONE",
    "#EXTINF:",
    "#EXTM3U",
    "18446744073709551615",
    "1e308",
    "inf",
    "//",
    "#EXT-X-DISCONTINUITY\n",
    "9999999999999999999999",
];

/// Damages a text: deletes, doubles, swaps and inserts bytes, tokens and lines.
fn damage(body: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut body = body.to_vec();
    let place = |rng: &mut Rng, len: usize| (rng.unit() * len as f64) as usize;
    for _ in 0..=place(rng, 6) {
        let at = place(rng, body.len());
        let to = (at + 1 + place(rng, 12)).min(body.len());
        match place(rng, 6) {
            0 => drop(body.drain(at..to)),
            1 => body.truncate(at),
            2 => {
                let copy = body[at..to].to_vec();
                let into = place(rng, body.len());
                body.splice(into..into, copy);
            }
            3 => {
                let token = TOKENS[place(rng, TOKENS.len())];
                body.splice(at..at, token.bytes());
            }
            4 => {
                if let Some(byte) = body.get_mut(at) {
                    *byte = rng.next_u64() as u8;
                }
            }
            _ => {
                let mut lines: Vec<&[u8]> = body.split(|byte| *byte == b'\n').collect();
                let (one, other) = (place(rng, lines.len()), place(rng, lines.len()));
                lines.swap(one, other);
                body = lines.join(&b'\n');
            }
        }
    }
    body
}

#[test]
fn damaged_playlists_do_not_panic() {
    println!("seed {SEED:#x}");
    for (n, seed) in seeds("hls").iter().enumerate() {
        checks::playlist(seed);
        let mut rng = Rng::nth(SEED, n as u64);
        for _ in 0..DAMAGES {
            checks::playlist(&damage(seed, &mut rng));
        }
    }
}

#[test]
fn damaged_reloads_do_not_panic() {
    println!("seed {SEED:#x}");
    for (n, seed) in seeds("reloads").iter().enumerate() {
        checks::reloads(seed);
        let mut rng = Rng::nth(SEED, n as u64);
        for _ in 0..DAMAGES {
            checks::reloads(&damage(seed, &mut rng));
        }
    }
}

/// Segments of a list whose number `first` counts up, with every tag that a segment may have.
fn segment() -> impl Strategy<Value = String> {
    let duration = prop_oneof![
        (0..20_000_u32).prop_map(|ms| format!("{}.{:03}", ms / 1000, ms % 1000)),
        (0..10_u32).prop_map(|seconds| seconds.to_string()),
    ];
    let tags = prop::sample::subsequence(
        vec![
            "#EXT-X-DISCONTINUITY\n",
            "#EXT-X-GAP\n",
            "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:00:00.250Z\n",
            "#EXT-X-KEY:METHOD=AES-128,URI=\"k1\"\n",
            "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k2\",KEYFORMAT=\"x\"\n",
            "#EXT-X-KEY:METHOD=NONE\n",
            "#EXT-X-MAP:URI=\"i1.mp4\"\n",
            "#EXT-X-MAP:URI=\"i2.mp4\",BYTERANGE=\"7@3\"\n",
            "#EXT-X-BITRATE:800\n",
            "#EXT-X-PART:DURATION=0.5,URI=\"p\",BYTERANGE=\"5\"\n",
        ],
        0..3,
    );
    let range =
        prop::option::of((1..9_u8).prop_map(|length| format!("#EXT-X-BYTERANGE:{length}\n")));
    (duration, tags, range).prop_map(|(duration, tags, range)| {
        format!(
            "{}#EXTINF:{duration},\n{}",
            tags.concat(),
            range.unwrap_or_default()
        )
    })
}

/// Text of a list, from `skipped` on; `segments` begin at number `first`.
fn text(first: u64, segments: &[String], skipped: usize) -> String {
    let mut text = format!("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-MEDIA-SEQUENCE:{first}\n");
    if skipped > 0 {
        let _ = writeln!(text, "#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}");
    }
    for (index, tags) in segments.iter().enumerate().skip(skipped) {
        let _ = writeln!(text, "{tags}{}.ts", first + index as u64);
    }
    text
}

fn media(text: &str) -> MediaPlaylist {
    match checks::parse(text.as_bytes()) {
        Ok(Playlist::Media(list)) => list,
        other => panic!("{other:?}\n{text}"),
    }
}

/// A quotation mark may be a host; dropped in writing, it would leave a URL without one.
#[test]
fn a_quotation_mark_in_a_url_is_written_so_that_it_reads_back() {
    checks::playlist(b"#EXTM3U\n//\"?\n#EXTINF:\n//\"?7=v\n");
}

proptest! {
    #[test]
    fn any_bytes_do_not_panic(body in prop::collection::vec(any::<u8>(), 0..400)) {
        checks::playlist(&body);
    }

    #[test]
    fn any_text_after_the_header_does_not_panic(lines in "(#EXT(INF|-X-[A-Z-]{1,12})?:?[ -~]{0,30}\n|[ -~]{0,20}\n){0,12}") {
        checks::playlist(format!("#EXTM3U\n{lines}").as_bytes());
    }

    /// A list, left out in part and merged again, is the same list.
    #[test]
    fn delta_updates_lose_nothing(
        segments in prop::collection::vec(segment(), 2..14),
        first in 0..1_000_u64,
        moved in 0..5_usize,
        skip in 1..14_usize,
    ) {
        let segments: Vec<String> = segments.iter().map(|it| with_offset(it)).collect();
        // At least one that was there before is left out.
        let moved = moved.min(segments.len() - 2);
        let skip = skip.min(segments.len() - 1 - moved);
        let before = media(&text(first, &segments[..segments.len() - 1], 0));
        let rest: Vec<String> = segments[moved..].to_vec();
        let delta = media(&text(first + moved as u64, &rest, skip));
        let merged = delta.whole(Some(&before)).unwrap();
        let full = media(&text(first, &segments, 0));
        prop_assert_eq!(merged.segments.len(), rest.len());
        for (merged, full) in merged.segments.iter().zip(&full.segments[moved..]) {
            prop_assert_eq!(&merged.uri, &full.uri);
            prop_assert_eq!(merged.duration, full.duration);
            prop_assert_eq!(&merged.map, &full.map);
            prop_assert_eq!(&merged.keys, &full.keys);
            prop_assert_eq!(merged.bitrate, full.bitrate);
            prop_assert_eq!(merged.byte_range, full.byte_range);
            prop_assert_eq!(merged.discontinuity, full.discontinuity);
            prop_assert_eq!(merged.pdt_is_derived, full.pdt_is_derived);
        }
    }

    /// Reloads of one stream, each some segments further, put every segment where one long list
    /// has it.
    #[test]
    fn reloads_agree_with_one_long_list(
        segments in prop::collection::vec(segment(), 12..30),
        steps in prop::collection::vec(0..4_usize, 1..8),
        window in 4..8_usize,
    ) {
        let segments: Vec<String> = segments.iter().map(|it| without_dates(it)).collect();
        let long = media(&text(0, &segments, 0));
        let mut timeline = Timeline::new();
        let mut first = 0;
        for step in iter::once(0).chain(steps) {
            first = (first + step).min(segments.len() - window);
            let list = media(&text(first as u64, &segments[first..first + window], 0));
            let change = timeline.update(Arc::new(list), Now::default()).unwrap();
            prop_assert!(!matches!(change.kind, Kind::Restarted | Kind::Older), "{change:?}");
            prop_assert_eq!(change.revised, 0);
            for entry in timeline.from(0) {
                prop_assert_eq!(entry.start, long.segment(entry.msn).unwrap().offset);
            }
        }
    }
}

/// Dates of random segments contradict each other, and implied ranges depend on what is listed.
fn without_dates(segment: &str) -> String {
    let segment = with_offset(segment);
    let lines = segment.split_inclusive('\n');
    lines.filter(|line| !line.contains("DATE-TIME")).collect()
}

/// Byte ranges of the first listed segment state their offset, as they must.
fn with_offset(segment: &str) -> String {
    let lines = segment.split_inclusive('\n');
    let stated = lines.map(|line| match line.strip_prefix("#EXT-X-BYTERANGE:") {
        Some(length) => format!("#EXT-X-BYTERANGE:{}@100\n", length.trim_end()),
        None => line.to_owned(),
    });
    stated.collect()
}
