//! Playlists against what they mean. The files in `hls/` are the table of cases, the round-trip
//! test and the seeds of the fuzz targets at once.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use media::hls::{
    self, Blemish, ByteRange, Error, HintKind, KeyMethod, MediaPlaylist, Multivariant, Playlist,
    PlaylistType, RenditionKind, Resolution, StartFrom, VariableProblem, Variables,
};
use rstest::rstest;
use url::Url;

fn base() -> Url {
    Url::parse("http://example.com/live/720p/index.m3u8?session=s1").unwrap()
}

fn imports() -> Variables {
    let mut imports = Variables::new();
    imports.set("token", "t0k");
    imports
}

fn parse(body: &[u8]) -> Result<Playlist, Error> {
    hls::parse(body, &base(), &imports())
}

fn case(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hls");
    std::fs::read(path.join(name).with_extension("m3u8")).unwrap()
}

fn media(name: &str) -> MediaPlaylist {
    match parse(&case(name)).unwrap() {
        Playlist::Media(list) => list,
        Playlist::Multivariant(_) => panic!("{name} is no media playlist"),
    }
}

fn multivariant(name: &str) -> Multivariant {
    match parse(&case(name)).unwrap() {
        Playlist::Multivariant(list) => list,
        Playlist::Media(_) => panic!("{name} is no multivariant playlist"),
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn names(list: &MediaPlaylist) -> Vec<&str> {
    let segments = list.segments.iter();
    segments.map(|segment| segment.uri.as_str()).collect()
}

#[test]
fn a_vod() {
    let list = media("vod");
    assert_eq!(list.version, Some(3));
    assert_eq!(list.target_duration, Duration::from_secs(10));
    assert_eq!(list.kind, Some(PlaylistType::Vod));
    assert!(list.ended && !list.is_live());
    let start = list.start.unwrap();
    assert_eq!(start.from, StartFrom::Beginning(ms(12_500)));
    assert!(start.precise);
    assert_eq!(
        names(&list),
        [
            "http://example.com/live/720p/first.ts",
            "http://example.com/live/up/second.ts?a=1",
            "http://cdn.example.net/third.ts",
        ]
    );
    let offsets: Vec<Duration> = list.segments.iter().map(|it| it.offset).collect();
    assert_eq!(offsets, [ms(0), ms(9_009), ms(18_018)]);
    assert_eq!(list.duration(), ms(21_021));
    assert_eq!(
        (list.first_msn(), list.last_msn(), list.next_msn()),
        (0, Some(2), 3)
    );
    assert_eq!(list.blemishes, []);
}

#[test]
fn dates_are_derived_on_both_sides_but_not_across_discontinuities() {
    let list = media("live_dates");
    let first_ms = 1_795_255_200_000;
    let dates: Vec<Option<i64>> = list
        .segments
        .iter()
        .map(|it| it.program_date_time_ms.map(|date_ms| date_ms - first_ms))
        .collect();
    // 10:00:00 UTC is the date of the first segment; the last clock runs an hour ahead.
    let expected = [
        Some(0),
        Some(4_000),
        Some(7_500),
        None,
        None,
        Some(3_600_000 - 1_500),
        Some(3_600_000 + 500),
    ];
    assert_eq!(dates, expected);
    let derived: Vec<bool> = list.segments.iter().map(|it| it.pdt_is_derived).collect();
    assert_eq!(derived, [true, false, true, false, false, true, false]);
    let numbers = list.segments.iter().map(|it| it.discontinuity_sequence);
    assert_eq!(numbers.collect::<Vec<_>>(), [7, 7, 7, 8, 8, 9, 9]);
    assert!(list.independent_segments && list.is_live());
    assert_eq!(list.end_program_date_time_ms(), Some(first_ms + 3_602_500));
}

#[test]
fn byte_ranges_follow_each_other_within_one_resource() {
    let list = media("byte_ranges");
    let ranges: Vec<Option<(u64, u64)>> = list
        .segments
        .iter()
        .map(|it| it.byte_range.map(|range| (range.offset, range.length)))
        .collect();
    let expected = [
        Some((720, 1000)),
        Some((1720, 500)),
        Some((2220, 300)),
        Some((2520, 40)),
        None,
    ];
    assert_eq!(ranges, expected);
    assert_eq!(list.blemishes, [Blemish::NoRangeToFollow { line: 12 }]);
    let map = list.segments[0].map.as_ref().unwrap();
    assert_eq!(
        map.byte_range,
        Some(ByteRange {
            offset: 0,
            length: 720
        })
    );
    let maps_are_shared = list
        .segments
        .iter()
        .all(|it| Arc::ptr_eq(it.map.as_ref().unwrap(), map));
    assert!(maps_are_shared);
    assert!(Arc::ptr_eq(&list.segments[0].uri, &list.segments[1].uri));
}

#[test]
fn keys_hold_until_the_next_of_their_format() {
    let list = media("fmp4_keys");
    let keys: Vec<Vec<&str>> = list
        .segments
        .iter()
        .map(|it| {
            it.keys
                .iter()
                .flat_map(|keys| keys.iter())
                .map(|key| key.uri.as_str())
                .collect()
        })
        .collect();
    let (one, two, drm) = (
        "http://example.com/live/720p/key?n=1",
        "http://example.com/live/720p/key?n=2",
        "skd://asset",
    );
    assert_eq!(
        keys,
        [
            vec![],
            vec![one],
            vec![one],
            vec![one, drm],
            vec![drm, two],
            vec![]
        ]
    );
    let key = list.segments[4].key().unwrap();
    assert_eq!((key.uri.as_str(), &key.method), (two, &KeyMethod::Aes128));
    let iv = list.segments[1].key().unwrap().iv;
    assert_eq!(iv, Some(0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f));
    let maps: Vec<&str> = list
        .segments
        .iter()
        .map(|it| it.map.as_ref().unwrap().uri.path())
        .collect();
    assert_eq!(maps[3], "/live/720p/init.mp4");
    assert_eq!(maps[4], "/live/720p/init2.mp4");
}

#[test]
fn low_latency_tags_are_kept() {
    let list = media("low_latency");
    let control = list.server_control.unwrap();
    assert!(control.can_block_reload && control.can_skip_date_ranges);
    assert_eq!(control.hold_back, Some(ms(14_500)));
    assert_eq!(list.hold_back(), ms(14_500));
    assert_eq!(control.part_hold_back, Some(ms(1_000)));
    assert_eq!(control.can_skip_until, Some(ms(12_000)));
    assert_eq!(list.part_target, Some(Duration::from_micros(333_340)));
    assert_eq!(list.segments[1].parts.len(), 0);
    let parts = &list.segments[2].parts;
    assert!(parts[0].independent && !parts[0].gap && parts[1].gap);
    assert_eq!(parts[1].offset, Duration::from_micros(8_000_160 + 333_340));
    assert_eq!(list.parts.len(), 2);
    assert_eq!(
        list.parts[1].byte_range,
        Some(ByteRange {
            offset: 20_000,
            length: 23_000
        })
    );
    assert_eq!(
        list.duration_with_parts(),
        list.duration() + Duration::from_micros(666_680)
    );
    let hint = &list.preload_hints[0];
    assert_eq!(
        (hint.kind, hint.start, hint.length),
        (HintKind::Part, 43_000, None)
    );
    assert_eq!(list.preload_hints[1].kind, HintKind::Map);
    let reports: Vec<_> = list
        .rendition_reports
        .iter()
        .map(|it| (it.last_msn, it.last_part))
        .collect();
    assert_eq!(reports, [(Some(268), Some(1)), (Some(268), None)]);
    assert_eq!(
        list.rendition_reports[0].uri.path(),
        "/live/1M/waitForMSN.php"
    );
    let [range] = list.date_ranges.as_slice() else {
        panic!("one date range: {:?}", list.date_ranges);
    };
    assert_eq!(range.end_ms.unwrap() - range.start_ms.unwrap(), 8_000);
    assert_eq!(
        (range.duration, range.planned_duration),
        (Some(ms(8_000)), Some(ms(8_000)))
    );
    let other = [("SCTE35-OUT", "0xFC002F0000"), ("X-NOTE", "first")];
    let other = other.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(range.other, other);
}

#[test]
fn a_delta_update_is_merged_with_what_came_before() {
    let (before, delta) = (media("low_latency"), media("delta"));
    assert_eq!((delta.first_msn(), delta.next_msn()), (269, 270));
    let whole = delta.whole(Some(&before)).unwrap();
    assert_eq!((whole.first_msn(), whole.next_msn()), (267, 270));
    assert_eq!(whole.skip, None);
    let last = whole.segment(269).unwrap();
    assert_eq!(last.map, before.segments[0].map);
    assert_eq!(last.offset, Duration::from_micros(4_000_080 + 666_680));
    let date_ms = before.segments[0].program_date_time_ms.unwrap();
    assert_eq!(last.program_date_time_ms, Some(date_ms + 8_667));
    let ids: Vec<&str> = whole.date_ranges.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["ad-2"]);
    let lacks = |needed| Err(Error::DeltaWithoutBase { needed });
    assert_eq!(delta.whole(None), lacks(267));
    assert_eq!(media("delta").whole(Some(&media("vod"))), lacks(267));
    let mut short = before;
    short.segments.pop();
    assert_eq!(delta.whole(Some(&short)), lacks(268));
}

#[test]
fn keys_are_inherited_over_the_skipped_segments() {
    let before = media("fmp4_keys");
    let delta = |tags: &str| {
        let text = format!(
            "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:11\n\
             #EXT-X-SKIP:SKIPPED-SEGMENTS=3\n#EXTINF:2,\ne14.m4s\n{tags}#EXTINF:2,\ne15.m4s\n"
        );
        let Ok(Playlist::Media(list)) = parse(text.as_bytes()) else {
            panic!("{text}");
        };
        list.whole(Some(&before)).unwrap()
    };
    let whole = delta("");
    let of_13 = &before.segment(13).unwrap().keys;
    assert!(of_13.is_some());
    assert_eq!(&whole.segment(14).unwrap().keys, of_13);
    assert_eq!(&whole.segment(15).unwrap().keys, of_13);
    let whole = delta("#EXT-X-KEY:METHOD=NONE\n");
    assert_eq!(&whole.segment(14).unwrap().keys, of_13);
    assert_eq!(whole.segment(15).unwrap().keys, None);
}

#[test]
fn gaps_and_bitrates() {
    let list = media("gaps");
    let gaps: Vec<bool> = list.segments.iter().map(|it| it.gap).collect();
    assert_eq!(gaps, [false, true, false]);
    let rates: Vec<Option<u64>> = list.segments.iter().map(|it| it.bitrate).collect();
    assert_eq!(rates, [Some(1_200_000), Some(1_200_000), Some(800_000)]);
}

#[test]
fn variables_come_from_three_places() {
    let list = media("defines");
    let dir = "http://example.com/live/720p";
    assert_eq!(
        names(&list),
        [
            format!("{dir}/media/v1/a.m4s?t=t0k&s=s1"),
            format!("{dir}/plain%7B$.m4s"),
        ]
    );
    let map = list.segments[0].map.as_ref().unwrap();
    assert_eq!(map.uri.as_str(), format!("{dir}/media/v1/init.mp4?t=t0k"));
}

#[rstest]
#[case("#EXTINF:2,\n{$a}.ts", "a", VariableProblem::Undefined)]
#[case("#EXT-X-MAP:URI=\"{$a}\"", "a", VariableProblem::Undefined)]
#[case(
    "#EXT-X-DEFINE:IMPORT=\"other\"",
    "other",
    VariableProblem::NotImportable
)]
#[case("#EXT-X-DEFINE:QUERYPARAM=\"q\"", "q", VariableProblem::NotInQuery)]
#[case("#EXT-X-DEFINE:VALUE=\"v\"", "", VariableProblem::Nameless)]
#[case(
    "#EXT-X-DEFINE:NAME=\"a\",VALUE=\"1\"\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"2\"",
    "a",
    VariableProblem::Repeated
)]
fn wrong_variables_are_refused(
    #[case] lines: &str,
    #[case] wrong: &str,
    #[case] expected: VariableProblem,
) {
    let text = format!("#EXTM3U\n#EXT-X-TARGETDURATION:2\n{lines}\n");
    match parse(text.as_bytes()).unwrap_err() {
        Error::Variable { name, problem, .. } => {
            assert_eq!((name.as_str(), problem), (wrong, expected));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn messy_lists_are_read_as_players_read_them() {
    let list = media("messy");
    assert_eq!(list.media_sequence, 5);
    assert_eq!(list.target_duration, ms(9_970));
    let segments: Vec<(&str, Duration)> = list
        .segments
        .iter()
        .map(|it| (it.uri.path(), it.duration))
        .collect();
    let expected = [
        ("/live/720p/a.ts", ms(9_970)),
        ("/live/720p/b.ts", ms(5_500)),
        ("/live/720p/c.ts", ms(9_970)),
        ("/live/720p/d.ts", ms(9_970)),
    ];
    assert_eq!(segments, expected);
    assert_eq!(
        list.segments[2].key().unwrap().uri.path(),
        "/live/720p/k.bin"
    );
    let tag = "-X-PLAYLIST-TYPE";
    let expected = [
        Blemish::Unreadable { line: 13, tag },
        Blemish::NoDuration { line: 15 },
        Blemish::NoDuration { line: 16 },
    ];
    assert_eq!(list.blemishes, expected);
}

#[test]
fn a_missing_target_duration_is_the_longest_segments() {
    let list = media("no_target");
    assert_eq!(list.target_duration, Duration::from_secs(6));
    assert_eq!(list.blemishes, [Blemish::NoTargetDuration]);
    let list = media("zero_target");
    assert_eq!(list.target_duration, Duration::from_secs(1));
    assert_eq!(list.blemishes, [Blemish::ZeroTargetDuration]);
    assert_eq!(list.segments[0].duration, Duration::ZERO);
}

#[test]
fn a_live_list_may_be_empty() {
    let list = media("empty_live");
    assert_eq!(
        (list.segments.len(), list.last_msn(), list.next_msn()),
        (0, None, 0)
    );
    assert_eq!(list.duration(), Duration::ZERO);
}

#[test]
fn a_multivariant_playlist() {
    let list = multivariant("multivariant");
    assert_eq!(list.blemishes, []);
    assert_eq!(list.variables.get("token"), Some("abc"));
    assert_eq!(list.start.unwrap().from, StartFrom::End(ms(6_000)));
    let steering = list.content_steering.as_ref().unwrap();
    assert_eq!(
        steering.server_uri.as_str(),
        "http://example.com/steering?video=00012"
    );
    assert_eq!(steering.pathway_id.as_deref(), Some("CDN-A"));
    assert_eq!(list.session_data.len(), 2);
    assert_eq!(list.session_keys.len(), 1);
    let [first, second] = list.variants.as_slice() else {
        panic!("two variants");
    };
    assert_eq!(
        first.uri.as_str(),
        "http://example.com/live/720p/720p/index.m3u8"
    );
    assert_eq!(
        (first.bandwidth, first.average_bandwidth),
        (1_280_000, Some(1_000_000))
    );
    assert_eq!(first.codecs.as_deref(), Some("avc1.640029,mp4a.40.2"));
    assert_eq!(
        first.resolution,
        Some(Resolution {
            width: 1280,
            height: 720
        })
    );
    assert_eq!(first.frame_rate, Some(29.97));
    assert_eq!(second.closed_captions.as_deref(), Some("NONE"));
    assert_eq!(
        second.supplemental_codecs.as_deref(),
        Some("dvh1.08.07/db4h")
    );
    assert_eq!(list.iframes.len(), 1);
    assert_eq!(list.iframes[0].uri.path(), "/live/720p/iframes/index.m3u8");
    let audio = list.audio_for(first).unwrap();
    assert_eq!(audio.name, "Deutsch");
    assert_eq!(
        (audio.bit_depth, audio.sample_rate),
        (Some(16), Some(48_000))
    );
    assert!(audio.autoselect, "DEFAULT implies it");
    assert_eq!(list.audio_for(second), None);
    let english = &list.renditions[0];
    assert_eq!(english.uri.as_ref().unwrap().query(), Some("t=abc"));
    let captions: Vec<_> = list.group(RenditionKind::ClosedCaptions, "cc").collect();
    assert_eq!(captions[0].uri, None);
}

#[test]
fn a_messy_multivariant_playlist() {
    let list = multivariant("messy_multivariant");
    let variants: Vec<(&str, u64)> = list
        .variants
        .iter()
        .map(|it| (it.uri.path(), it.bandwidth))
        .collect();
    let expected = [
        ("/rendition.m3u8", 240_000),
        ("/live/720p/no_bandwidth.m3u8", 0),
    ];
    assert_eq!(variants, expected);
    assert_eq!(
        list.variants[0].resolution,
        Some(Resolution {
            width: 396,
            height: 224
        })
    );
    assert_eq!(list.variants[1].resolution, None);
    let (media, stream_inf) = ("-X-MEDIA", "-X-STREAM-INF");
    let expected = [
        Blemish::Incomplete {
            line: 8,
            tag: stream_inf,
        },
        Blemish::StrayUri { line: 11 },
        Blemish::Incomplete {
            line: 12,
            tag: media,
        },
        Blemish::Incomplete {
            line: 13,
            tag: media,
        },
        Blemish::Misplaced {
            line: 14,
            tag: "INF",
        },
    ];
    assert_eq!(list.blemishes, expected);
}

#[rstest]
#[case("#EXTINF:2,\na.ts\n#EXTINF:2,", "line 4 inside a segment")]
#[case("#EXTINF:2,\na.ts\n#EXTINF:2,\n#EXT-X-GAP", "line 5 inside a segment")]
#[case("#EXT-X-STREAM-INF:BANDWIDTH=1", "line 2 inside a variant")]
fn a_list_read_while_it_is_written_is_truncated(#[case] lines: &str, #[case] expected: &str) {
    let error = parse(format!("#EXTM3U\n{lines}").as_bytes()).unwrap_err();
    assert!(matches!(error, Error::Truncated { .. }), "{error}");
    assert!(error.to_string().contains(expected), "{error}");
}

#[rstest]
#[case("#EXTINF:2,\na.ts\n#EXTINF:2,\n#EXT-X-GAP\n\n", 5)]
#[case("#EXT-X-STREAM-INF:BANDWIDTH=1\n", 2)]
fn with_its_lines_ended_it_is_only_careless(#[case] lines: &str, #[case] line: u32) {
    let blemishes = match parse(format!("#EXTM3U\n{lines}").as_bytes()).unwrap() {
        Playlist::Media(list) => list.blemishes,
        Playlist::Multivariant(list) => list.blemishes,
    };
    assert_eq!(blemishes[0], Blemish::Dangling { line });
}

#[rstest]
#[case("#EXTINF:-1,\na.ts", "line 2: #EXTINF \"-1\" (negative)")]
#[case("#EXTINF:604801,\na.ts", "longer than seven days")]
#[case("#EXTINF:inf,\na.ts", "longer than seven days")]
#[case(
    "#EXT-X-MEDIA-SEQUENCE:18446744073709551616\n#EXTINF:1,\na.ts",
    "more than 64 bits"
)]
#[case(
    "#EXT-X-MEDIA-SEQUENCE:18446744073709551615\n#EXTINF:1,\na.ts",
    "more than 64 bits"
)]
#[case(
    "#EXTINF:1,\n#EXT-X-BYTERANGE:2@18446744073709551615\na.ts",
    "beyond 64 bits"
)]
#[case(
    "#EXT-X-MAP:URI=\"i\",BYTERANGE=\"2@18446744073709551615\"\n#EXTINF:1,\na",
    "64 bits"
)]
fn impossible_values_are_named(#[case] lines: &str, #[case] expected: &str) {
    let error = parse(format!("#EXTM3U\n{lines}\n").as_bytes()).unwrap_err();
    assert!(matches!(error, Error::Impossible { .. }), "{error}");
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn the_last_possible_number_is_possible() {
    let text = "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:18446744073709551614\n#EXTINF:1,\na.ts\n";
    let Ok(Playlist::Media(list)) = parse(text.as_bytes()) else {
        panic!("a media playlist");
    };
    assert_eq!(list.next_msn(), u64::MAX);
}

#[rstest]
#[case(b"#EXTM3U\n")]
#[case(b"#EXTM3U\n# nothing here\n#EXT-X-VERSION:3\n")]
#[case(b"#EXTM3U\nhttp://example.com/a.mp3\n")]
fn a_header_alone_is_nothing(#[case] body: &[u8]) {
    assert_eq!(parse(body), Err(Error::Nothing));
}

#[test]
fn a_bad_uri_is_named() {
    let error = parse(b"#EXTM3U\n#EXTINF:2,\nhttp://[::1/a.ts\n").unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("bad URI in line 3: \"http://[::1/a.ts\""),
        "{error}"
    );
}

#[test]
fn limits_hold() {
    let too_large = |body: &[u8], expected: &str| match parse(body).unwrap_err() {
        Error::TooLarge { what, .. } => assert_eq!(what, expected),
        other => panic!("{other}"),
    };
    let mut body = b"#EXTM3U\n".to_vec();
    body.resize(hls::BODY_BYTES_MAX + 1, b'\n');
    too_large(&body, "bytes of the playlist");

    let line = "x".repeat(hls::LINE_BYTES_MAX + 1);
    too_large(
        format!("#EXTM3U\n#EXTINF:1,\n{line}").as_bytes(),
        "bytes of a line",
    );

    let head = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n";
    let most = format!("{head}{}", "#EXTINF:1,\na\n".repeat(hls::SEGMENTS_MAX));
    assert_eq!(
        parse(most.as_bytes())
            .unwrap()
            .media()
            .unwrap()
            .segments
            .len(),
        hls::SEGMENTS_MAX
    );
    too_large(format!("{most}#EXTINF:1,\na\n").as_bytes(), "segments");
    too_large(
        format!("{most}#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n").as_bytes(),
        "segments",
    );
    too_large(
        format!("{head}#EXT-X-SKIP:SKIPPED-SEGMENTS=100001\n").as_bytes(),
        "segments",
    );

    let part = "#EXT-X-PART:DURATION=1,URI=\"a\"\n";
    too_large(
        format!("{head}{}", part.repeat(hls::SEGMENTS_MAX + 1)).as_bytes(),
        "parts",
    );
}

/// A small list must not become a huge one.
#[test]
fn variables_do_not_explode() {
    let mut text = String::from("#EXTM3U\n#EXT-X-DEFINE:NAME=\"v0\",VALUE=\"0123456789\"\n");
    for level in 1..9 {
        let below = format!("{{$v{}}}", level - 1).repeat(10);
        let _ = writeln!(text, "#EXT-X-DEFINE:NAME=\"v{level}\",VALUE=\"{below}\"");
    }
    text += "#EXTINF:1,\n{$v8}\n";
    let error = parse(text.as_bytes()).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");

    let value = "x".repeat(60_000);
    let text = format!(
        "#EXTM3U\n#EXT-X-DEFINE:NAME=\"v\",VALUE=\"{value}\"\n{}",
        "#EXTINF:1,\n{$v}\n".repeat(1_000)
    );
    let error = parse(text.as_bytes()).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
}

/// What is written reads back as the same playlist.
#[test]
fn round_trips() {
    let mut count = 0;
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hls")).unwrap()
    {
        let path = entry.unwrap().path();
        let read = parse(&std::fs::read(&path).unwrap()).unwrap();
        let text = read.to_string();
        let mut again = parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
        // Blemishes are of the text, not of the playlist.
        match (&read, &mut again) {
            (Playlist::Media(read), Playlist::Media(again)) => {
                again.blemishes.clone_from(&read.blemishes);
            }
            (Playlist::Multivariant(read), Playlist::Multivariant(again)) => {
                again.blemishes.clone_from(&read.blemishes);
            }
            _ => panic!("{} changed its kind", path.display()),
        }
        assert_eq!(again, read, "{}:\n{text}", path.display());
        count += 1;
    }
    assert!(count >= 14, "{count} cases");
}
