//! One stream with which all is well, and one change of it for each thing that can be wrong.

use std::time::Duration;

use base::{Class, Failure};
use check::Level::{Error, NotChecked, Ok, Warning};
use check::{Container, InitSeen, Level};

use crate::world::{FIRST, SEGMENT_MS, World, list, wrong};

/// The check that is to speak up, how loudly, and words of what it says.
type Case = (&'static str, Level, &'static str, fn(&mut World));

#[test]
fn a_good_stream_is_called_good() {
    let findings = World::good().findings();
    assert_eq!(wrong(&findings), [""; 0]);
    let fine = findings.count(Ok);
    assert!(fine >= 35, "{fine} checks only: {:#?}", findings.list());
    assert_eq!(findings.worst(), Ok);
}

/// Each case is wrong in one thing: that check says so, and the good stream passes it.
fn hold(cases: &[Case]) {
    let good = World::good().findings();
    for (check, level, words, change) in cases {
        let mut world = World::good();
        change(&mut world);
        let findings = world.findings();
        let found = findings
            .of_check(check)
            .any(|finding| finding.level == *level && finding.message.contains(words));
        let all: Vec<_> = findings.of_check(check).collect();
        assert!(
            found,
            "{check} should say {words:?}: {all:#?}, {:#?}",
            wrong(&findings)
        );
        let before = good
            .of_check(check)
            .any(|finding| finding.level > NotChecked);
        assert!(!before, "{check} complains of the good stream");
    }
}

#[test]
fn reaching_it() {
    hold(&[
        ("answer", Error, "HTTP 404", |world| {
            world.entry.fails(Failure::Status(404))
        }),
        ("answer", Error, "connect refused", |world| {
            world.entry.fails(Failure::ConnectRefused)
        }),
        ("redirects", Warning, "behind 2 redirects", |world| {
            world.entry.via = vec!["http://a/".to_owned(), "http://b/".to_owned()];
        }),
        ("redirects", Error, "from https to http", |world| {
            world.entry.via = vec!["https://h/".to_owned()];
        }),
        ("redirects", Warning, "anew at each reload", |world| {
            for reply in &mut world.lists {
                reply.via = vec!["http://a/high.m3u8".to_owned()];
            }
        }),
        ("tls", Ok, "trusted", |world| {
            world.base = "https://h/live/".to_owned()
        }),
        ("tls", NotChecked, "--insecure", |world| {
            world.base = "https://h/live/".to_owned();
            world.insecure = true;
        }),
        ("tls", Warning, "part of the stream", |world| {
            world.entry.via = vec!["https://h/".to_owned()];
        }),
        ("keep-alive", Warning, "only 0 of", |world| {
            for reply in world.lists.iter_mut().chain([&mut world.other]) {
                reply.reused = false;
            }
            world.each_segment(|segment| segment.reply.reused = false);
        }),
    ]);
}

#[test]
fn the_multivariant_playlist() {
    hold(&[
        ("multivariant", Error, "HTML page", |world| {
            "<!doctype html><html></html>".clone_into(&mut world.entry.body);
        }),
        ("multivariant", Error, "body is empty", |world| {
            world.entry.body.clear()
        }),
        ("multivariant", Error, "DASH manifest", |world| {
            "<?xml version=\"1.0\"?><MPD></MPD>".clone_into(&mut world.entry.body);
        }),
        ("multivariant", Error, "byte order mark", |world| {
            world.entry.body.insert(0, '\u{feff}');
        }),
        ("multivariant", Error, "more than once", |world| {
            world.entry.body = world
                .entry
                .body
                .replace("#EXTM3U\n", "#EXTM3U\n#EXT-X-VERSION:3\n");
        }),
        ("multivariant", Error, "needs 8", |world| {
            world
                .entry
                .body
                .push_str("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"\n");
        }),
        (
            "multivariant",
            Warning,
            "a URI without EXT-X-STREAM-INF",
            |world| {
                world.entry.body.push_str("more.m3u8\n");
            },
        ),
        (
            "multivariant",
            NotChecked,
            "straight to a media playlist",
            |world| {
                world.entry.body = list(0, "h");
            },
        ),
        ("bandwidth", Error, "variant 2 has no BANDWIDTH", |world| {
            world.entry.body = world.entry.body.replace("BANDWIDTH=500000,", "");
        }),
        ("bandwidth", Error, "higher AVERAGE-BANDWIDTH", |world| {
            world.entry.body = world.entry.body.replace("WIDTH=1900000", "WIDTH=2900000");
        }),
        (
            "codecs",
            Warning,
            "variant 1 (2.00 Mbit/s) has no CODECS",
            |world| {
                world.entry.body = world
                    .entry
                    .body
                    .replace("CODECS=\"avc1.4d401f,mp4a.40.2\",", "");
            },
        ),
        (
            "resolution",
            Warning,
            "variant 2 (500 kbit/s) has no RESOLUTION",
            |world| {
                world.entry.body = world.entry.body.replace(",RESOLUTION=416x234", "");
            },
        ),
        ("groups", Error, "AUDIO group \"snd\"", |world| {
            world.entry.body = world
                .entry
                .body
                .replace(",RESOLUTION=416x234", ",AUDIO=\"snd\"");
        }),
        ("groups", Error, "rendition 1 has no NAME", |world| {
            world
                .entry
                .body
                .push_str("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\"\n");
        }),
        (
            "groups",
            Error,
            "two renditions with DEFAULT=YES",
            |world| {
                let line = "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"n\",DEFAULT=YES\n";
                world.entry.body.push_str(&line.repeat(2));
            },
        ),
    ]);
}

#[test]
fn media_playlists() {
    hold(&[
        (
            "playlists-answer",
            Error,
            "variant 1: 1 of 6 loads failed: HTTP 503",
            |world| {
                world.lists[2].fails(Failure::Status(503));
            },
        ),
        ("playlists", Error, "not an HLS playlist", |world| {
            "gone".clone_into(&mut world.lists[2].body);
        }),
        ("playlists", Error, "multivariant playlist where", |world| {
            world.other.body = world.entry.body.clone();
        }),
        ("playlists", Error, "a segment without EXTINF", |world| {
            world.all_lists(|text| text.replacen("#EXTINF:2.000,\n", "", 1));
        }),
        (
            "playlists",
            Error,
            "EXT-X-PROGRAM-DATE-TIME does not read",
            |world| {
                world.all_lists(|text| format!("{text}#EXT-X-PROGRAM-DATE-TIME:noon\n"));
            },
        ),
        ("playlists", Error, "lacks a required attribute", |world| {
            world.all_lists(|text| {
                text.replacen("#EXTINF", "#EXT-X-MAP:BYTERANGE=\"5\"\n#EXTINF", 1)
            });
        }),
        ("playlists", Error, "other kind of playlist", |world| {
            world.all_lists(|text| format!("{text}#EXT-X-STREAM-INF:BANDWIDTH=1\n"));
        }),
        (
            "version",
            Error,
            "there is no EXT-X-VERSION, but a fractional EXTINF needs 3",
            |world| {
                world.all_lists(|text| text.replace("#EXT-X-VERSION:3\n", ""));
            },
        ),
        (
            "version",
            Error,
            "EXT-X-VERSION is 3, but EXT-X-MAP needs 6",
            |world| {
                world
                    .all_lists(|text| text.replacen("#EXTINF", "#EXT-X-MAP:URI=\"i\"\n#EXTINF", 1));
            },
        ),
        (
            "target-duration",
            Error,
            "there is no EXT-X-TARGETDURATION",
            |world| {
                world.all_lists(|text| text.replace("#EXT-X-TARGETDURATION:2\n", ""));
            },
        ),
        (
            "target-duration",
            Error,
            "a segment lasts 3.50 s",
            |world| {
                world.all_lists(|text| text.replacen("EXTINF:2.000", "EXTINF:3.500", 1));
            },
        ),
        ("target-duration", Error, "no whole number", |world| {
            world.all_lists(|text| text.replace("TARGETDURATION:2", "TARGETDURATION:2.5"));
        }),
        (
            "target-duration",
            Warning,
            "it is 4.00 s, but no segment is longer than 2.00 s",
            |world| {
                world.all_lists(|text| text.replace("TARGETDURATION:2", "TARGETDURATION:4"));
            },
        ),
        (
            "window",
            Error,
            "less than three target durations",
            |world| {
                world.all_lists(|text| shortened(text, 2));
            },
        ),
        (
            "window",
            Warning,
            "less than three target durations",
            |world| {
                world.all_lists(|text| {
                    let start = text.find("#EXT-X-MEDIA-SEQUENCE").unwrap();
                    let end = start + text[start..].find('\n').unwrap() + 1;
                    shortened(&text.replace(&text[start..end], ""), 2)
                });
            },
        ),
        ("type", Error, "EXT-X-ENDLIST is missing", |world| {
            world
                .all_lists(|text| text.replacen("#EXTINF", "#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF", 1));
        }),
        ("type", Error, "segments were removed", |world| {
            world.all_lists(|text| {
                text.replacen("#EXTINF", "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXTINF", 1)
            });
        }),
        ("type", Ok, "on demand", |world| {
            world.all_lists(|text| format!("{text}#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-ENDLIST\n"));
        }),
        ("gaps", Warning, "1 of 6 segments", |world| {
            world.all_lists(|text| text.replacen("#EXTINF", "#EXT-X-GAP\n#EXTINF", 1));
        }),
        ("not-looked-at", NotChecked, "AES-128", |world| {
            let key = "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXTINF";
            world.all_lists(|text| text.replacen("#EXTINF", key, 1));
        }),
        ("not-looked-at", NotChecked, "partial segments", |world| {
            world.all_lists(|text| {
                text.replacen("#EXTINF", "#EXT-X-PART-INF:PART-TARGET=0.5\n#EXTINF", 1)
            });
        }),
    ]);
}

/// A list with so many segments.
fn shortened(text: &str, segments: usize) -> String {
    let mut ends = text
        .match_indices(".ts\n")
        .map(|(at, name)| at + name.len());
    text[..ends.nth(segments - 1).unwrap()].to_owned()
}

#[test]
fn from_reload_to_reload() {
    hold(&[
        ("moving", Error, "stale: nothing new for", |world| {
            for reply in &mut world.lists {
                reply.body = list(0, "h");
            }
        }),
        ("moving", NotChecked, "not watched for long", |world| {
            world.lists.truncate(1)
        }),
        ("moving", NotChecked, "has ended", |world| {
            world.all_lists(|text| format!("{text}#EXT-X-ENDLIST\n"));
        }),
        (
            "media-sequence",
            Error,
            "it went back from 104 to 102",
            |world| {
                world.lists[5].body = list(2, "h");
            },
        ),
        ("media-sequence", Warning, "came and went", |world| {
            world.lists[5].body = list(50, "h");
        }),
        ("same-segments", Error, "got another URI", |world| {
            world.lists[3].body = list(3, "x");
        }),
        ("same-segments", Error, "got another EXTINF", |world| {
            world.lists[3].body = list(3, "h").replacen("2.000", "1.900", 1);
        }),
        ("same-segments", Error, "got another date", |world| {
            world.lists[3].body = list(3, "h").replacen(".800Z", ".700Z", 1);
        }),
        ("same-segments", Error, "EXT-X-DISCONTINUITY", |world| {
            world.lists[3].body = list(3, "h").replace("#EXTINF", "#EXT-X-DISCONTINUITY\n#EXTINF");
        }),
        (
            "target-kept",
            Error,
            "it changed from 2.00 s to 3.00 s",
            |world| {
                world.lists[3].body = list(3, "h").replace("DURATION:2", "DURATION:3");
            },
        ),
        ("discontinuities", Error, "went back from 7 to 0", |world| {
            let with = "#EXT-X-DISCONTINUITY-SEQUENCE:7\n#EXT-X-MEDIA";
            world.lists[2].body = list(2, "h").replace("#EXT-X-MEDIA", with);
        }),
        (
            "discontinuities",
            Error,
            "had discontinuity number 0 and has 3",
            |world| {
                let with = "#EXT-X-DISCONTINUITY-SEQUENCE:3\n#EXT-X-MEDIA";
                world.lists[5].body = list(5, "h").replace("#EXT-X-MEDIA", with);
            },
        ),
    ]);
}

#[test]
fn dates_and_clocks() {
    hold(&[
        ("dates", Warning, "no EXT-X-PROGRAM-DATE-TIME", |world| {
            world.all_lists(undated)
        }),
        ("dates-add-up", Warning, "begins 300 ms later", |world| {
            world.all_lists(|text| {
                text.replacen(".800Z", "#", 3)
                    .replacen('#', "#", 1)
                    .replace(".800Z", ".100Z")
                    .replace("800#", "")
                    .replace('#', "#")
            });
            world.all_lists(|_| list(0, "h").replace("EXTINF:2.000", "EXTINF:1.700"));
        }),
        (
            "dates-add-up",
            Error,
            "later than the one before ends",
            |world| {
                world.all_lists(|text| text.replace("EXTINF:2.000", "EXTINF:0.500"));
            },
        ),
        (
            "dates-add-up",
            NotChecked,
            "no two segments in a row",
            |world| world.all_lists(undated),
        ),
        ("clock", Warning, "the server's clock is 1 min", |world| {
            world.list_headers(|headers| headers.replace("12:00:00", "12:02:00"));
        }),
        ("clock", NotChecked, "no answer has a Date", |world| {
            world.list_headers(|headers| headers.replace("Date:", "X-Date:"));
        }),
        ("live-edge", Warning, "in the future", |world| {
            for (newer, reply) in world.lists.iter_mut().enumerate() {
                reply.body = list(newer as u64 + 5, "h");
            }
        }),
        ("live-edge", Warning, "no date of the wall clock", |world| {
            world.all_lists(|text| text.replace("2026-11-21", "2026-11-20"));
        }),
        ("listed-late", Warning, "after its end", |world| {
            for (newer, reply) in world.lists.iter_mut().enumerate() {
                reply.at_ms += 3 * SEGMENT_MS as u64;
                reply.body = list(newer as u64, "h");
            }
        }),
    ]);
}

/// A list without dates.
fn undated(text: &str) -> String {
    let kept = text
        .lines()
        .filter(|line| !line.contains("PROGRAM-DATE-TIME"));
    kept.map(|line| format!("{line}\n")).collect()
}

#[test]
fn segments() {
    hold(&[
        ("available", Error, "h103.ts: HTTP 404", |world| {
            world.segments[0].reply.fails(Failure::Status(404));
        }),
        ("available", Error, "h104.ts: truncated", |world| {
            world.segments[1].reply.fails(Failure::Truncated);
        }),
        (
            "available",
            NotChecked,
            "no segment was asked for",
            |world| {
                world.segments.clear();
                world.other.fails(Failure::Status(404));
            },
        ),
        ("init", Error, "no EXT-X-MAP", |world| {
            world.each_segment(|it| it.contents().container = Container::Fmp4);
        }),
        ("init", Error, "no `moov` box", |world| {
            let mut seen = world.observed().tracks[0].segments[0].exchange.clone();
            seen.class = Class::Init;
            world.inits.push(InitSeen {
                exchange: seen,
                init: Some(check::Init::read(b"hello")),
            });
        }),
        (
            "container",
            Error,
            "h103.ts: packets are missing",
            |world| {
                let problem = (Error, "packets are missing in 1 places".to_owned());
                world.segments[0].contents().problems.push(problem);
            },
        ),
        ("container", NotChecked, "encrypted", |world| {
            world.each_segment(|it| it.contents().container = Container::Encrypted);
        }),
        (
            "keyframes",
            Error,
            "though EXT-X-INDEPENDENT-SEGMENTS says so",
            |world| {
                world.segments[0].contents().starts_with_keyframe = Some(false);
            },
        ),
        (
            "keyframes",
            Warning,
            "does not begin with a keyframe",
            |world| {
                world.entry.body = world
                    .entry
                    .body
                    .replace("#EXT-X-INDEPENDENT-SEGMENTS\n", "");
                world.segments[0].contents().starts_with_keyframe = Some(false);
            },
        ),
        (
            "codecs-declared",
            Error,
            "mp4a is in its segments",
            |world| {
                world.entry.body = world.entry.body.replace(",mp4a.40.2", "");
            },
        ),
        ("codecs-declared", Warning, "promises sound", |world| {
            world.each_segment(|it| it.contents().codecs = vec!["avc1"]);
        }),
        (
            "durations",
            Warning,
            "lasts 1.60 s, EXTINF says 2.00 s",
            |world| {
                world.segments[0].contents().duration = Some(Duration::from_millis(1600));
            },
        ),
        ("durations", Error, "lasts 800 ms", |world| {
            world.segments[0].contents().duration = Some(Duration::from_millis(800));
        }),
        (
            "durations",
            Error,
            "the target duration is 2.00 s",
            |world| {
                world.segments[0].contents().duration = Some(Duration::from_millis(2800));
            },
        ),
        ("timestamps", Error, "after the one before ends", |world| {
            world.segments[2].contents().start = Some(Duration::from_secs(900));
        }),
        ("timestamps", Warning, "begins 500 ms before", |world| {
            let start = Duration::from_secs((FIRST + 5) * 2);
            world.segments[2].contents().start =
                Some(start.saturating_sub(Duration::from_millis(500)));
        }),
        ("timestamps", Ok, "each of 4", |world| {
            // The clock of a transport stream starts over.
            for (place, segment) in (0_u64..).zip(&mut world.segments) {
                let start = Duration::from_secs((95_441 + 2 * place) % 95_443);
                segment.contents().start = Some(start);
            }
        }),
    ]);
}

#[test]
fn bit_rates_and_alignment() {
    hold(&[
        (
            "peak",
            Error,
            "2.40 Mbit/s measured, 2.00 Mbit/s declared",
            |world| {
                world.segments[0].bytes = 600_000;
            },
        ),
        ("peak", Warning, "2.10 Mbit/s measured", |world| {
            world.segments[0].bytes = 525_000
        }),
        (
            "peak",
            Warning,
            "600 kbit/s measured, 2.00 Mbit/s declared",
            |world| {
                world
                    .segments
                    .iter_mut()
                    .for_each(|segment| segment.bytes = 150_000);
            },
        ),
        ("peak", NotChecked, "no segment with its sound", |world| {
            world.segments.clear();
            world.other_segment.reply.fails(Failure::Status(404));
        }),
        (
            "average",
            Warning,
            "1.20 Mbit/s measured over 5 segments",
            |world| {
                world
                    .segments
                    .iter_mut()
                    .for_each(|segment| segment.bytes = 300_000);
            },
        ),
        ("same-target", Error, "2.00 s and 3.00 s", |world| {
            world.other.body = world.other.body.replace("DURATION:2", "DURATION:3");
        }),
        ("same-type", Warning, "some lists have ended", |world| {
            world.other.body.push_str("#EXT-X-ENDLIST\n");
        }),
        ("same-type", Error, "EXT-X-PLAYLIST-TYPE differs", |world| {
            world.other.body.push_str("#EXT-X-PLAYLIST-TYPE:EVENT\n");
        }),
        ("all-dated", Error, "1 of 2 lists have dates", |world| {
            world.other.body = undated(&world.other.body);
        }),
        ("in-step", Warning, "off the first, by its dates", |world| {
            world.other.body = list(1, "l");
        }),
        ("in-step", Warning, "4 segments off the first", |world| {
            world.other.body = list(1, "l");
            world.all_lists(undated);
        }),
        ("in-step", NotChecked, "one media playlist only", |world| {
            world.other.fails(Failure::Status(404));
        }),
    ]);
}

#[test]
fn delivery() {
    hold(&[
        ("speed", Error, "took 4.00 s for 2.00 s of media", |world| {
            world.segments[0].reply.took_ms = 4_000;
        }),
        (
            "speed",
            Warning,
            "took 1.50 s for 2.00 s of media",
            |world| {
                world.segments[0].reply.took_ms = 1_500;
            },
        ),
        ("first-byte", Warning, "playlists", |world| {
            world.lists[1].took_ms = 1_500
        }),
        ("content-type", Warning, "served as text/plain", |world| {
            world.list_headers(|it| it.replace("application/vnd.apple.mpegurl", "text/plain"));
        }),
        (
            "content-type",
            Warning,
            "h103.ts is served as text/html",
            |world| {
                let headers = world.segments[0]
                    .reply
                    .headers
                    .replace("video/mp2t", "text/html");
                world.segments[0].reply.headers = headers;
            },
        ),
        ("cors", Warning, "on playlists and media", |world| {
            world.list_headers(|it| it.replace("Access-Control", "X-Access-Control"));
            world.each_segment(|it| it.reply.headers.clear());
        }),
        ("compression", Warning, "not compressed", |world| {
            world.all_lists(|text| format!("{text}{}", "# a comment\n".repeat(1000)));
        }),
        ("compression", Ok, "compressed", |world| {
            world.all_lists(|text| format!("{text}{}", "# a comment\n".repeat(1000)));
            world.list_headers(|it| format!("{it}Content-Encoding: gzip\r\n"));
        }),
        (
            "cache-playlists",
            Error,
            "caches may keep it 1 min",
            |world| {
                world.list_headers(|it| it.replace("max-age=1", "max-age=100"));
            },
        ),
        (
            "cache-playlists",
            Warning,
            "caches may keep it 2.00 s",
            |world| {
                world.list_headers(|it| it.replace("max-age=1", "max-age=2"));
            },
        ),
        ("cache-playlists", Warning, "no Cache-Control", |world| {
            world.list_headers(|it| it.replace("Cache-Control", "X-Cache-Control"));
        }),
        (
            "cache-playlists",
            Error,
            "out of a cache 9.00 s old",
            |world| {
                world.list_headers(|it| format!("{it}Age: 9\r\n"));
            },
        ),
        ("cache-playlists", Ok, "no-cache", |world| {
            world.list_headers(|it| it.replace("max-age=1", "no-cache"));
        }),
        (
            "cache-segments",
            Warning,
            "no-cache: no shared cache",
            |world| {
                world.each_segment(|it| {
                    "Cache-Control: no-cache\r\n".clone_into(&mut it.reply.headers)
                });
            },
        ),
        ("cache-segments", Warning, "kept for 1.00 s only", |world| {
            world.each_segment(|it| {
                "Cache-Control: max-age=1\r\n".clone_into(&mut it.reply.headers)
            });
        }),
        ("ranges", Error, "HTTP 200 came", |world| {
            ranged(world, 200, 475_000)
        }),
        (
            "ranges",
            Error,
            "9 bytes came of a range of 475000",
            |world| ranged(world, 206, 9),
        ),
        ("ranges", Ok, "as asked", |world| {
            ranged(world, 206, 475_000)
        }),
    ]);
}

/// A stream of byte ranges, whose first segment is answered so.
fn ranged(world: &mut World, status: u16, bytes: u64) {
    world.each_list(|text| {
        let text = text.replace("VERSION:3", "VERSION:4");
        text.replace("#EXTINF", "#EXT-X-BYTERANGE:475000@0\n#EXTINF")
    });
    world
        .segments
        .iter_mut()
        .for_each(|segment| segment.reply.status = 206);
    world.segments[0].reply.status = status;
    world.segments[0].bytes = bytes;
}

#[test]
fn the_viewer() {
    hold(&[
        (
            "startup",
            Error,
            "gave up on a segment: HTTP 404",
            |world| {
                world.playback.gave_up = Some((Class::Segment, Failure::Status(404)));
            },
        ),
        ("startup", Error, "nothing was played in 10.0 s", |world| {
            world.playback.startup = None
        }),
        ("startup", Warning, "it took 5.00 s", |world| {
            world.playback.startup = Some(Duration::from_secs(5));
        }),
        (
            "stalls",
            Error,
            "2 stalls, the longest of 3.00 s",
            |world| {
                world.playback.stalls = vec![Duration::from_secs(1), Duration::from_secs(3)];
            },
        ),
        ("stalls", Error, "when the watch ended", |world| {
            world.playback.stalled_at_the_end = true;
        }),
        ("stalls", Error, "4 segments had to be left out", |world| {
            world.playback.skipped = 4
        }),
    ]);
}

#[test]
fn many_cases_of_one_problem_are_one_line() {
    let mut world = World::good();
    world.each_segment(|segment| segment.reply.fails(Failure::Status(404)));
    let findings = world.findings();
    let mut lines = findings.of_check("available");
    let line = lines.next().expect("a line");
    assert!(line.message.ends_with("; and 3 more"), "{}", line.message);
    assert_eq!(lines.next(), None);
}
