//! Segments, bit rates, variants beside each other.

use std::time::Duration;

use base::{Class, Failure};
use check::Level::{Error, NotChecked, Ok, Warning};
use check::{Container, InitSeen};

use super::{hold, undated};
use crate::world::{FIRST, list};

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
    ]);
}

#[test]
fn timestamps_in_segments() {
    hold(&[
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
            world.segments[2].contents().start = Some(Duration::from_mins(15));
        }),
        ("timestamps", Warning, "begins 500 ms before", |world| {
            let start = Duration::from_secs((FIRST + 5) * 2);
            world.segments[2].contents().start =
                Some(start.saturating_sub(Duration::from_millis(500)));
        }),
        ("timestamps", Ok, "4 segments begin", |world| {
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
            world.segments[0].bytes = 525_000;
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
