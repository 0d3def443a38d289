//! What is live at any instant, asked of the whole origin.

use std::time::Duration;

use crate::common::{at, body, config, get, tag, text, uris};
use base::Class;
use origin::{Audio, Bitrate, Config, End, Error, Format, Method, Origin, Request};
use proptest::prelude::*;

const NOW: i64 = 1_795_259_228_500;

fn formats() -> impl Strategy<Value = Format> {
    prop_oneof![Just(Format::Ts), Just(Format::Fmp4)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn playlists_tell_the_truth_at_any_instant(
        now in 0..4_000_000_000_000_i64,
        seconds in 1..7_u64,
        window in 3..20_u32,
        format in formats(),
        audio in prop_oneof![Just(Audio::Muxed), Just(Audio::Demuxed)],
    ) {
        let config = Config { format, audio, window, segment: Duration::from_secs(seconds), ..config() };
        let origin = Origin::new(config).unwrap();
        for path in &origin.playlist_paths()[1..] {
            let playlist = text(&origin, path, now);
            let uris = uris(&playlist);
            let sequence: i64 = tag(&playlist, "#EXT-X-MEDIA-SEQUENCE").unwrap().parse().unwrap();
            let newest = sequence + uris.len() as i64 - 1;
            let segment_ms = seconds as i64 * 1000;
            // The newest is the last whose end has passed.
            prop_assert!((newest + 1) * segment_ms <= now && now < (newest + 2) * segment_ms);
            prop_assert!(uris.len() as i64 == i64::from(window).min(now / segment_ms));
            for uri in uris.iter().step_by(5) {
                prop_assert_eq!(get(&origin, &format!("/live/{uri}"), now).status, 200);
            }
            // What is to come is not there; what just left still is; what left long ago is gone.
            let file = |n: i64| {
                let extension = if format == Format::Ts { "ts" } else { "m4s" };
                format!("{}-{n}.{extension}", path.trim_end_matches(".m3u8"))
            };
            prop_assert_eq!(get(&origin, &file(newest + 1), now).status, 404);
            let kept = sequence - i64::from(window) - 1;
            if kept > 0 {
                prop_assert_eq!(get(&origin, &file(sequence - 1), now).status, 200);
                prop_assert_eq!(get(&origin, &file(kept), now).status, 200);
                prop_assert_eq!(get(&origin, &file(kept - 1), now).status, 404);
            }
        }
    }

    #[test]
    fn sequences_never_go_back(start in 0..2_000_000_000_000_i64, steps in proptest::collection::vec(0..5000_i64, 1..20)) {
        let origin = Origin::new(config()).unwrap();
        let mut now = start;
        let mut last = (0, Vec::new());
        for step in steps {
            now += step;
            let playlist = text(&origin, "/live/400k.m3u8", now);
            let sequence: u64 = tag(&playlist, "#EXT-X-MEDIA-SEQUENCE").unwrap().parse().unwrap();
            let uris: Vec<String> = uris(&playlist).into_iter().map(Into::into).collect();
            prop_assert!(sequence >= last.0);
            // What both name, both name alike and in one order.
            let gone = (sequence - last.0) as usize;
            let shared = last.1.iter().skip(gone).zip(&uris);
            prop_assert!(shared.into_iter().all(|(before, after)| before == after));
            last = (sequence, uris);
        }
    }

    #[test]
    fn nothing_panics_whatever_is_asked(path in ".{0,60}", now: i64, range in "bytes=.{0,20}", format in formats()) {
        let origin = Origin::new(Config { format, ..config() }).unwrap();
        for path in [path.clone(), format!("/live/{path}"), format!("/live/400k-{path}")] {
            let request = Request { range: Some(&range), if_none_match: Some(&path), ..Request::get(&path) };
            origin.respond(&request, at(now));
        }
    }
}

#[test]
fn each_segment_tells_its_wall_clock() {
    let origin = Origin::new(config()).unwrap();
    let playlist = text(&origin, "/live/400k.m3u8", NOW);
    let dates: Vec<_> = playlist
        .lines()
        .filter_map(|line| line.strip_prefix("#EXT-X-PROGRAM-DATE-TIME:"))
        .collect();
    assert_eq!(dates.len(), 10);
    assert_eq!(dates[0], "2026-11-21T11:06:48.000Z");
    assert_eq!(dates[9], "2026-11-21T11:07:06.000Z");
    assert_eq!(playlist.matches("#EXTINF:2.000000,").count(), 10);
    assert!(!playlist.contains("ENDLIST") && !playlist.contains("DISCONTINUITY"));
}

#[test]
fn the_separate_sound_tells_its_own_lengths() {
    let origin = Origin::new(Config {
        audio: Audio::Demuxed,
        ..config()
    })
    .unwrap();
    let playlist = text(&origin, "/live/audio.m3u8", NOW);
    let lengths: f64 = playlist
        .lines()
        .filter_map(|line| {
            line.strip_prefix("#EXTINF:")?
                .strip_suffix(',')?
                .parse::<f64>()
                .ok()
        })
        .sum();
    assert!((lengths - 20.0).abs() < 0.022, "{lengths}");
}

#[test]
fn bandwidths_are_those_of_the_segments() {
    for format in [Format::Ts, Format::Fmp4] {
        for audio in [Audio::Muxed, Audio::Demuxed] {
            let config = Config {
                format,
                audio,
                ..Config::default()
            };
            let origin = Origin::new(config).unwrap();
            let lens = |path: &str| -> Vec<u64> {
                let playlist = text(&origin, path, NOW);
                uris(&playlist)
                    .iter()
                    .map(|uri| body(&origin, &format!("/live/{uri}"), NOW).len() as u64)
                    .collect()
            };
            let sound = match audio {
                Audio::Muxed => vec![0],
                Audio::Demuxed => lens("/live/audio.m3u8"),
            };
            let master = text(&origin, Origin::MULTIVARIANT_PATH, NOW);
            let mut lines = master.lines();
            let mut variants = 0;
            while let Some(line) = lines.next() {
                let Some(attributes) = line.strip_prefix("#EXT-X-STREAM-INF:") else {
                    continue;
                };
                let number = |name: &str| -> f64 {
                    let found = attributes
                        .split(',')
                        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
                    found.unwrap().parse().unwrap()
                };
                let video = lens(&format!("/live/{}", lines.next().unwrap()));
                let peak = (video.iter().max().unwrap() + sound.iter().max().unwrap()) as f64 * 4.0;
                let mean = |lens: &[u64]| lens.iter().sum::<u64>() as f64 / lens.len() as f64;
                let average = (mean(&video) + mean(&sound)) * 4.0;
                // The peak is reached where rounding falls so; ten segments may all be a packet less.
                assert!(
                    peak <= number("BANDWIDTH") && number("BANDWIDTH") - peak <= 2.0 * 188.0 * 4.0,
                    "{line}"
                );
                assert!(
                    (average - number("AVERAGE-BANDWIDTH")).abs() <= 188.0 * 4.0,
                    "{line}: {average}"
                );
                variants += 1;
            }
            assert_eq!(variants, 3);
        }
    }
}

#[test]
fn the_listing_is_that_of_nginx() {
    for format in [Format::Ts, Format::Fmp4] {
        let origin = Origin::new(Config { format, ..config() }).unwrap();
        let listing = text(&origin, "/files/json/", NOW);
        let mut segments = 0;
        for line in listing.lines().filter(|line| line.starts_with('{')) {
            let field = |name: &str| {
                let (_, rest) = line.split_once(&format!("\"{name}\":")).unwrap();
                rest.trim_start_matches('"')
                    .split(['"', ' '])
                    .next()
                    .unwrap()
            };
            let response = get(&origin, &format!("/live/{}", field("name")), NOW);
            assert_eq!(response.body.len().to_string(), field("size"), "{line}");
            let (_, mtime) = line.split_once("\"mtime\":\"").unwrap();
            assert_eq!(
                response.headers.get("last-modified"),
                mtime.split('"').next(),
                "{line}"
            );
            segments += usize::from(response.class == Class::Segment);
        }
        assert_eq!(segments, 21);
    }
    let empty = Origin::new(config()).unwrap();
    assert_eq!(text(&empty, "/files/json/", 0), "[\n]\n");
}

#[test]
fn what_does_not_change_may_be_kept_and_what_does_is_asked_again() {
    let origin = Origin::new(config()).unwrap();
    let playlist = get(&origin, "/live/400k.m3u8", NOW);
    let segment = get(&origin, "/live/400k-897629612.ts", NOW);
    assert_eq!(playlist.headers.get("cache-control"), Some("no-cache"));
    assert!(
        segment
            .headers
            .get("cache-control")
            .unwrap()
            .contains("immutable")
    );
    assert_eq!(
        playlist.headers.get("content-type"),
        Some("application/vnd.apple.mpegurl")
    );
    assert_eq!(segment.headers.get("content-type"), Some("video/mp2t"));
    let etag = playlist.headers.get("etag").unwrap();
    let again = Request {
        if_none_match: Some(etag),
        ..Request::get("/live/400k.m3u8")
    };
    assert_eq!(
        origin.respond(&again, at(NOW + 100)).status,
        304,
        "unchanged"
    );
    assert_eq!(
        origin.respond(&again, at(NOW + 2000)).status,
        200,
        "changed"
    );
    for response in [playlist, segment, get(&origin, "/nowhere", NOW)] {
        assert_eq!(
            response.headers.get("access-control-allow-origin"),
            Some("*")
        );
    }
}

#[test]
fn methods_are_those_of_a_reader() {
    let origin = Origin::new(config()).unwrap();
    let ask = |method| {
        let request = Request {
            method,
            ..Request::get("/live/400k.m3u8")
        };
        origin.respond(&request, at(NOW))
    };
    let head = ask(Method::Head);
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_ne!(head.headers.get("content-length"), Some("0"));
    let preflight = ask(Method::Options);
    assert_eq!(
        (preflight.status, preflight.headers.get("content-length")),
        (204, None)
    );
    assert!(
        preflight
            .headers
            .get("access-control-allow-headers")
            .unwrap()
            .contains("Range")
    );
    let post = ask(Method::Other);
    assert_eq!(
        (post.status, post.headers.get("allow")),
        (405, Some("GET, HEAD, OPTIONS"))
    );
}

#[test]
fn what_is_not_there_says_why() {
    let origin = Origin::new(config()).unwrap();
    for (path, says) in [
        ("/", "/live/master.m3u8"),
        ("/live/", "/live/master.m3u8"),
        ("/live/9000k.m3u8", "no such variant"),
        ("/live/400k-897629614.ts", "still to come"),
        ("/live/400k-897629500.ts", "gone"),
        ("/live/400k-init.mp4", "nothing is here"),
        ("/live/../../../etc/passwd", "nothing is here"),
        ("/live/400k-99999999999999999999999.ts", "nothing is here"),
    ] {
        let response = get(&origin, path, NOW);
        let body =
            String::from_utf8_lossy(&response.body[..60.min(response.body.len())]).into_owned();
        assert_eq!(response.status, 404, "{path}");
        assert!(body.contains(says), "{path}: {body}");
        assert_eq!(response.headers.get("cache-control"), Some("no-store"));
    }
}

#[test]
fn what_cannot_be_served_is_refused_with_a_way_out() {
    let with = |change: fn(&mut Config)| {
        let mut config = config();
        change(&mut config);
        Origin::new(config).unwrap_err().to_string()
    };
    for (error, says) in [
        (
            with(|config| config.segment = Duration::from_millis(1500)),
            "whole number of seconds",
        ),
        (
            with(|config| config.segment = Duration::ZERO),
            "whole number of seconds",
        ),
        (
            with(|config| config.segment = Duration::from_secs(61)),
            "whole number of seconds",
        ),
        (with(|config| config.window = 2), "take 3 to"),
        (with(|config| config.variants.clear()), "take 1 to"),
        (
            with(|config| config.variants = vec![Bitrate(500_000); 2]),
            "a bitrate of its own",
        ),
        (
            with(|config| config.variants = vec![Bitrate(1)]),
            "take at least",
        ),
        (
            with(|config| config.variants = vec![Bitrate(0)]),
            "take at least",
        ),
        (
            with(|config| config.variants = vec![Bitrate(u64::MAX)]),
            "lower it",
        ),
    ] {
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn the_least_bitrate_that_is_named_is_enough() {
    for format in [Format::Ts, Format::Fmp4] {
        for audio in [Audio::Muxed, Audio::Demuxed] {
            let with = |bitrate| Config {
                format,
                audio,
                variants: vec![Bitrate(bitrate)],
                ..config()
            };
            let Err(Error::BitrateTooLow { min, .. }) = Origin::new(with(1000)) else {
                panic!("1 kbit/s can't do")
            };
            assert!(
                (50_000..300_000).contains(&min),
                "{format:?} {audio:?}: {min}"
            );
            Origin::new(with(min)).unwrap();
            assert!(Origin::new(with(min - 1000)).is_err());
        }
    }
}

fn faulty(faults: &[&str]) -> Origin {
    let faults = faults.iter().map(|text| text.parse().unwrap()).collect();
    Origin::new(Config { faults, ..config() }).unwrap()
}

#[test]
fn faults_do_as_they_say() {
    const SEGMENT: &str = "/live/400k-897629612.ts";
    let whole = get(&faulty(&[]), SEGMENT, NOW);
    let len = whole.body.len();
    let answer = |faults: &[&str]| get(&faulty(faults), SEGMENT, NOW);
    assert_eq!(answer(&["segment:503"]).status, 503);
    assert_eq!(answer(&["playlist:503"]).status, 200);
    assert_eq!(
        answer(&["segment:truncate"]).delivery.end,
        End::Close { after: len / 2 }
    );
    assert_eq!(
        answer(&["segment:reset"]).delivery.end,
        End::Reset { after: len / 2 }
    );
    assert_eq!(answer(&["all:close"]).delivery.end, End::Silent);
    let slow = answer(&[
        "segment:delay=2s",
        "all:delay=500ms",
        "segment:throttle=100KB/s",
        "all:throttle=50KB/s",
    ]);
    assert_eq!(
        (slow.status, slow.delivery.delay),
        (200, Duration::from_millis(2500))
    );
    assert_eq!(
        (slow.delivery.rate, slow.delivery.end),
        (Some(50_000), End::Whole)
    );
    assert_eq!(slow.body, whole.body);
    let truncated = answer(&["segment:truncate"]);
    assert_eq!(
        truncated.headers.get("content-length"),
        Some(&*len.to_string())
    );
    assert_eq!(
        answer(&["segment:404", "segment:503"]).status,
        404,
        "the first that applies decides"
    );
}

#[test]
fn a_stale_playlist_stands_still_and_then_catches_up() {
    let origin = faulty(&["playlist:stale:15s/60s"]);
    let sequence = |unix_ms| {
        let playlist = text(&origin, "/live/400k.m3u8", unix_ms);
        tag(&playlist, "#EXT-X-MEDIA-SEQUENCE")
            .unwrap()
            .parse::<i64>()
            .unwrap()
    };
    let minute = NOW - NOW % 60_000;
    let fresh = |unix_ms: i64| unix_ms / 2000 - 10;
    assert_eq!(sequence(minute - 1), fresh(minute - 1));
    for into in [0, 1, 7_000, 14_999] {
        assert_eq!(
            sequence(minute + into),
            fresh(minute),
            "{into} ms into the window"
        );
    }
    assert_eq!(sequence(minute + 15_000), fresh(minute + 15_000));
    // Segments go on meanwhile.
    let newest = (minute + 14_000) / 2000 - 1;
    assert_eq!(
        get(&origin, &format!("/live/400k-{newest}.ts"), minute + 14_000).status,
        200
    );
}

#[test]
fn faults_repeat_themselves_for_the_same_seed_only() {
    let statuses = |seed| -> Vec<u16> {
        let faults = vec!["segment:503:30%".parse().unwrap()];
        let origin = Origin::new(Config {
            faults,
            seed,
            ..config()
        })
        .unwrap();
        (0..200)
            .map(|sequence| {
                let request = Request {
                    sequence,
                    ..Request::get("/live/400k-897629612.ts")
                };
                origin.respond(&request, at(NOW)).status
            })
            .collect()
    };
    assert_eq!(statuses(1), statuses(1));
    assert_ne!(statuses(1), statuses(2));
    let failed = statuses(1).iter().filter(|status| **status == 503).count();
    assert!((40..80).contains(&failed), "{failed} of 200 at 30 %");
}
