//! Dates, clocks, and what the viewer lived through.

use std::time::Duration;

use base::{Class, Failure};
use check::Level::{Error, NotChecked, Warning};

use super::{hold, undated};
use crate::world::{SEGMENT_MS, list};

#[test]
fn dates_and_clocks() {
    hold(&[
        ("dates", Warning, "no EXT-X-PROGRAM-DATE-TIME", |world| {
            world.all_lists(undated);
        }),
        ("dates-add-up", Warning, "begins 300 ms later", |world| {
            world.all_lists(|text| text.replace("EXTINF:2.000", "EXTINF:1.700"));
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
            world.list_headers(|headers| headers.replace("NOW", "Sat, 21 Nov 2026 12:02:00 GMT"));
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
            world.playback.startup = None;
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
            world.playback.skipped = 4;
        }),
    ]);
}
