//! Playlists of other projects, against counts that need no parser of ours.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};

use media::hls::{self, Blemish, Error, MediaPlaylist, Multivariant, Playlist, Variables};
use serde_json::Value;
use url::Url;

const CORPORA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpora");

/// What must be refused, by file name, and a word of the error. Everything else must be read.
const REFUSED: &[(&str, &str)] = &[
    // Text before #EXTM3U, which hls.js, Shaka and FFmpeg refuse too.
    (
        "kuu-hls-parser/8.10-EXT-X-DATERANGE-carrying-SCTE-35-tags",
        "first line",
    ),
    (
        "kuu-hls-parser/8.6-Master-Playlist-with-Alternative-audio",
        "first line",
    ),
    (
        "kuu-hls-parser/8.7-Master-Playlist-with-Alternative-video",
        "first line",
    ),
    (
        "kuu-hls-parser/8.8-Session-Data-in-a-Master-Playlist",
        "first line",
    ),
    (
        "kuu-hls-parser/8.9-CHARACTERISTICS-attribute-containing-multiple-characteristics",
        "first line",
    ),
    ("kuu-hls-parser/SCTE-35_07", "first line"),
    ("vhs/manifests/main", "first line"),
    ("vhs/manifests/main-captions", "first line"),
    ("vhs/manifests/main-subtitles", "first line"),
    ("m3u8-parser/manifestNoExtM3u", "first line"),
    ("vhs/manifests/manifestNoExtM3u", "begins"),
    ("m3u8-parser/master", "first line"),
    ("vhs/manifests/streamInfInvalid", "first line"),
    ("eyevinn-hls-m3u8/master-with-hlsv7", "first line"),
    (
        "eyevinn-hls-m3u8/media-playlist-with-discontinuity",
        "first line",
    ),
    ("vhs/manifests/one-rendition", "first line"),
    ("m3u8-parser/start", "first line"),
    ("m3u8-parser/streamInfInvalid", "first line"),
    ("vhs/manifests/two-renditions", "first line"),
    // Nothing in them.
    ("m3u8-parser/empty", "empty"),
    ("m3u8-parser/headerOnly", "without any segment"),
    (
        "gohlslib-inline/muxer_test-raw017-L2431",
        "without any segment",
    ),
    // Made to be refused.
    (
        "eyevinn-hls-m3u8/master-with-defines-invalid",
        "not defined by the multivariant",
    ),
    // A template of a program.
    ("vhs/manifests/playlist_byte_range_template", "bad URI"),
];

/// All playlists of the corpora; none, and a printed line, where they are absent.
fn playlists() -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    collect(Path::new(CORPORA), &mut found);
    if found.is_empty() {
        println!("skipped: no playlists in {CORPORA}");
    }
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    let entries = fs::read_dir(folder).into_iter().flatten();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "m3u8")
        {
            let body = fs::read(&path).unwrap();
            found.push((path, body));
        }
    }
}

fn parse(body: &[u8]) -> Result<Playlist, Error> {
    let base = Url::parse("http://example.com/live/index.m3u8?Define2=2").unwrap();
    let mut imports = Variables::new();
    imports.set("Define3", "3");
    hls::parse(body, &base, &imports)
}

fn is_refused(path: &Path) -> Option<&'static str> {
    let name = path.strip_prefix(CORPORA).unwrap().with_extension("");
    let refused = REFUSED.iter().find(|(known, _)| name == Path::new(known));
    refused.map(|(_, word)| *word)
}

/// Lines of a text, as plainly as can be.
struct Plain<'a>(Vec<&'a str>);

impl<'a> Plain<'a> {
    fn new(text: &'a str) -> Self {
        Self(
            text.lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .collect(),
        )
    }

    fn uris(&self) -> usize {
        self.0.iter().filter(|line| !line.starts_with('#')).count()
    }

    fn values(&self, tag: &str) -> Vec<&'a str> {
        let values = self.0.iter().filter_map(|line| line.strip_prefix(tag));
        values.map(|value| value.trim_start_matches(':')).collect()
    }

    fn count(&self, tag: &str) -> usize {
        self.values(tag).len()
    }
}

#[test]
fn every_playlist_is_read_or_refused_for_a_known_reason() {
    let (mut media, mut multivariant, mut segments) = (0, 0, 0);
    for (path, body) in playlists() {
        let name = path.display();
        let parsed = match (parse(&body), is_refused(&path)) {
            (Err(error), Some(word)) => {
                assert!(error.to_string().contains(word), "{name}: {error}");
                continue;
            }
            (Err(error), None) => panic!("{name}: {error}"),
            (Ok(parsed), None) => parsed,
            (Ok(_), Some(_)) => panic!("{name} should have been refused"),
        };
        let text = String::from_utf8_lossy(&body);
        let plain = Plain::new(&text);
        match parsed {
            Playlist::Media(list) => {
                holds_media(&list, &plain, &name.to_string());
                media += 1;
                segments += list.segments.len();
            }
            Playlist::Multivariant(list) => {
                holds_multivariant(&list, &plain, &name.to_string());
                multivariant += 1;
            }
        }
    }
    println!("{media} media playlists with {segments} segments, {multivariant} multivariant ones");
}

fn holds_media(list: &MediaPlaylist, plain: &Plain<'_>, name: &str) {
    assert_eq!(list.segments.len(), plain.uris(), "{name}: segments");
    let parts: usize = list.segments.iter().map(|it| it.parts.len()).sum();
    assert_eq!(
        parts + list.parts.len(),
        plain.count("#EXT-X-PART:"),
        "{name}: parts"
    );
    let stated = list
        .segments
        .iter()
        .filter(|it| it.program_date_time_ms.is_some() && !it.pdt_is_derived);
    let dates = plain.count("#EXT-X-PROGRAM-DATE-TIME");
    assert!(stated.count() <= dates, "{name}: dates");
    assert_eq!(list.ended, plain.count("#EXT-X-ENDLIST") > 0, "{name}: end");
    let discontinuities = list.segments.iter().filter(|it| it.discontinuity).count();
    let stated = plain.count("#EXT-X-DISCONTINUITY") - plain.count("#EXT-X-DISCONTINUITY-SEQUENCE");
    assert!(discontinuities <= stated, "{name}: discontinuities");
    let known = list.segments.iter().filter(|it| it.keys.is_some()).count();
    assert!(known == 0 || plain.count("#EXT-X-KEY") > 0, "{name}: keys");
    let durations: Vec<f64> = plain
        .values("#EXTINF")
        .iter()
        .filter_map(|value| value.split(',').next()?.trim().parse().ok())
        .collect();
    if durations.len() == list.segments.len() {
        let sum: f64 = durations.iter().sum();
        let ours = list.duration().as_secs_f64();
        assert!(
            (sum - ours).abs() < 1e-3,
            "{name}: {ours} s instead of {sum}"
        );
    }
}

fn holds_multivariant(list: &Multivariant, plain: &Plain<'_>, name: &str) {
    assert_eq!(
        list.variants.len(),
        plain.count("#EXT-X-STREAM-INF"),
        "{name}: variants"
    );
    assert_eq!(
        list.renditions.len(),
        plain.count("#EXT-X-MEDIA:"),
        "{name}: renditions"
    );
    assert_eq!(
        list.iframes.len(),
        plain.count("#EXT-X-I-FRAME-STREAM-INF"),
        "{name}: I-frames"
    );
    assert_eq!(
        list.session_data.len(),
        plain.count("#EXT-X-SESSION-DATA"),
        "{name}: data"
    );
    assert_eq!(
        list.session_keys.len(),
        plain.count("#EXT-X-SESSION-KEY"),
        "{name}: keys"
    );
    let steering = plain.count("#EXT-X-CONTENT-STEERING") > 0;
    assert_eq!(
        list.content_steering.is_some(),
        steering,
        "{name}: steering"
    );
}

/// video.js's parser has its expected results beside its playlists.
#[test]
fn segments_are_those_that_another_parser_sees() {
    let mut compared = 0;
    for (path, body) in playlists() {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let expected = path
            .with_file_name("expected-json")
            .join(format!("{stem}.json"));
        let (Ok(json), Ok(Playlist::Media(list))) = (fs::read(&expected), parse(&body)) else {
            continue;
        };
        let expected: Value = serde_json::from_slice(&json).unwrap();
        // It also lists the segment that only has parts or preload hints yet.
        let theirs = expected["segments"].as_array().unwrap().iter();
        let theirs: Vec<&Value> = theirs.filter(|it| it["uri"].is_string()).collect();
        assert_eq!(list.segments.len(), theirs.len(), "{stem}");
        // Where no duration is stated, it takes the target duration of the lines so far.
        let is_guess = |blemish: &Blemish| matches!(blemish, Blemish::NoDuration { .. });
        let is_guessed = list.blemishes.iter().any(is_guess);
        for (ours, theirs) in list.segments.iter().zip(theirs) {
            let theirs_s = theirs["duration"].as_f64().unwrap_or(0.01);
            let ours_s = ours.duration.as_secs_f64();
            // It gives 10 ms to segments of no length.
            let is_same = (theirs_s - ours_s).abs() < 1e-6 || (ours_s == 0.0 && theirs_s < 0.011);
            assert!(
                is_same || is_guessed,
                "{stem}: {ours_s} s instead of {theirs_s}"
            );
            let range = theirs["byterange"].as_object();
            let range = range.map(|it| {
                (
                    it["offset"].as_u64().unwrap(),
                    it["length"].as_u64().unwrap(),
                )
            });
            let ours_range = ours.byte_range.map(|it| (it.offset, it.length));
            assert_eq!(ours_range, range, "{stem}: {}", ours.uri);
            let gap = theirs["gap"].as_bool().unwrap_or(false);
            assert_eq!(ours.gap, gap, "{stem}");
        }
        if let Some(target) = expected["targetDuration"].as_u64() {
            assert_eq!(list.target_duration.as_secs(), target, "{stem}");
        }
        compared += 1;
    }
    println!("{compared} playlists compared");
}
