//! Reloads of one playlist, merged: one row per way in which a list can go on.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use base::Now;
use media::Timeline;
use media::hls::{self, Error, MediaPlaylist, Playlist, Variables};
use media::timeline::{Alignment, Kind};
use url::Url;

/// Dates in these tests begin here: 2026-11-21T10:00:00Z.
const DAY_MS: i64 = 1_795_255_200_000;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn at(elapsed_s: u64) -> Now {
    Now::new(seconds(elapsed_s), DAY_MS)
}

/// A list of segments of two seconds; segment `n` is dated `DAY_MS + n × 2 s` if `dated`.
#[derive(Clone)]
struct Listing {
    first: u64,
    count: u64,
    prefix: &'static str,
    tags: String,
    tail: &'static str,
    dated_from_ms: Option<i64>,
    durations: Vec<(u64, &'static str)>,
}

fn listing(first: u64, count: u64) -> Listing {
    Listing {
        first,
        count,
        prefix: "a",
        tags: String::new(),
        tail: "",
        dated_from_ms: None,
        durations: Vec::new(),
    }
}

impl Listing {
    fn dated(self) -> Self {
        self.dated_from(DAY_MS)
    }

    /// Segment zero has the date `zero_ms`.
    fn dated_from(mut self, zero_ms: i64) -> Self {
        self.dated_from_ms = Some(zero_ms);
        self
    }

    fn named(mut self, prefix: &'static str) -> Self {
        self.prefix = prefix;
        self
    }

    fn tag(mut self, tag: &str) -> Self {
        self.tags += tag;
        self.tags.push('\n');
        self
    }

    fn tail(mut self, tail: &'static str) -> Self {
        self.tail = tail;
        self
    }

    fn lasting(mut self, msn: u64, duration: &'static str) -> Self {
        self.durations.push((msn, duration));
        self
    }

    fn list(&self) -> Arc<MediaPlaylist> {
        let mut text = format!(
            "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{}\n{}",
            self.first, self.tags
        );
        for msn in self.first..self.first + self.count {
            let duration = self
                .durations
                .iter()
                .find(|(of, _)| *of == msn)
                .map_or("2", |it| it.1);
            if let Some(zero_ms) = self.dated_from_ms {
                let date = jiff::Timestamp::from_millisecond(zero_ms + msn as i64 * 2_000).unwrap();
                let _ = writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{date}");
            }
            let _ = writeln!(text, "#EXTINF:{duration},\n{}{msn}.ts", self.prefix);
        }
        text += self.tail;
        read(&text)
    }
}

fn read(text: &str) -> Arc<MediaPlaylist> {
    let base = Url::parse("http://example.com/live/index.m3u8").unwrap();
    match hls::parse(text.as_bytes(), &base, &Variables::new()) {
        Ok(Playlist::Media(list)) => Arc::new(list),
        other => panic!("{other:?}\n{text}"),
    }
}

/// A timeline that has seen `listing` at second 0.
fn seen(listing: &Listing) -> Timeline {
    let mut timeline = Timeline::new();
    let change = timeline.update(listing.list(), at(0)).unwrap();
    assert_eq!(
        (change.kind, change.new_segments),
        (Kind::First, listing.count)
    );
    timeline
}

#[test]
fn nothing_is_known_before_the_first_list() {
    let timeline = Timeline::new();
    assert!(timeline.list().is_none() && timeline.first().is_none() && timeline.last().is_none());
    assert!(timeline.segment(0).is_none() && timeline.at(Duration::ZERO).is_none());
    assert!(timeline.age(at(9)).is_none() && timeline.behind_live(Duration::ZERO, at(9)).is_none());
    assert!(timeline.from(0).next().is_none() && timeline.nth_from_end(1).is_none());
    assert!(timeline.pdt_at(Duration::ZERO).is_none() && !timeline.ended());
}

#[test]
fn segments_keep_their_place_while_the_window_moves() {
    let mut timeline = seen(&listing(100, 10));
    let place = timeline.segment(108).unwrap();
    assert_eq!((place.start, place.end), (seconds(16), seconds(18)));
    let change = timeline.update(listing(103, 10).list(), at(6)).unwrap();
    assert_eq!((change.kind, change.new_segments), (Kind::Advanced, 3));
    assert_eq!(change.revised, 0);
    let place = timeline.segment(108).unwrap();
    assert_eq!(
        (place.msn, place.start, place.end),
        (108, seconds(16), seconds(18))
    );
    assert!(timeline.segment(102).is_none() && timeline.segment(113).is_none());
    assert_eq!(timeline.start(), Some(seconds(6)));
    assert_eq!(timeline.end(), Some(seconds(26)));
    assert_eq!(timeline.next_msn(), Some(113));
}

#[test]
fn positions_lead_to_segments() {
    let timeline = seen(&listing(100, 3).lasting(101, "0").lasting(102, "1.5"));
    let msn = |ms| {
        timeline
            .at(Duration::from_millis(ms))
            .map(|entry| entry.msn)
    };
    let found = [0, 1_999, 2_000, 3_499, 3_500, 9_000].map(msn);
    assert_eq!(
        found,
        [Some(100), Some(100), Some(102), Some(102), None, None]
    );
    let listed: Vec<u64> = timeline.from(101).map(|entry| entry.msn).collect();
    assert_eq!(listed, [101, 102]);
    assert_eq!(timeline.from(0).count(), 3);
    assert_eq!(timeline.from(u64::MAX).count(), 0);
    let nth = |n| timeline.nth_from_end(n).unwrap().msn;
    assert_eq!([nth(0), nth(1), nth(3), nth(9)], [102, 102, 100, 100]);
}

#[test]
fn the_same_list_ages() {
    let first = listing(0, 3).list();
    let mut timeline = Timeline::new();
    timeline.update(Arc::clone(&first), at(10)).unwrap();
    assert_eq!(
        timeline.update(first, at(11)).unwrap().kind,
        Kind::Unchanged
    );
    // An equal list in another allocation is the same state too.
    let change = timeline.update(listing(0, 3).list(), at(12)).unwrap();
    assert!(change.kind == Kind::Unchanged && !change.is_news());
    assert_eq!(timeline.age(at(13)), Some(seconds(3)));
    assert_eq!(
        timeline.behind_live(seconds(2), at(13)),
        Some(seconds(6 - 2 + 3))
    );
    // Another state without more media is news, but the end is as old as before.
    let change = timeline
        .update(listing(0, 3).tag("#EXT-X-VERSION:4").list(), at(14))
        .unwrap();
    assert!(change.kind == Kind::Revised && change.is_news());
    assert_eq!(timeline.age(at(15)), Some(seconds(1)));
    assert_eq!(timeline.since_advance(at(15)), Some(seconds(5)));
    assert_eq!(
        timeline.behind_live(seconds(2), at(15)),
        Some(seconds(6 - 2 + 5))
    );
}

#[test]
fn an_end_is_news_and_stops_the_clock() {
    let mut timeline = seen(&listing(0, 3));
    let change = timeline
        .update(listing(0, 3).tail("#EXT-X-ENDLIST\n").list(), at(2))
        .unwrap();
    assert_eq!((change.kind, change.ended), (Kind::Revised, true));
    assert!(timeline.ended());
    assert_eq!(timeline.behind_live(Duration::ZERO, at(9)), None);
    // A list may lose its tail as it ends.
    let mut timeline = seen(&listing(0, 3));
    let change = timeline
        .update(listing(0, 2).tail("#EXT-X-ENDLIST\n").list(), at(2))
        .unwrap();
    assert_eq!((change.kind, change.ended), (Kind::Revised, true));
    assert_eq!(timeline.end(), Some(seconds(4)));
}

#[test]
fn a_list_that_touches_the_old_one_goes_on() {
    let mut timeline = seen(&listing(0, 3));
    let change = timeline.update(listing(3, 3).list(), at(6)).unwrap();
    assert_eq!((change.kind, change.new_segments), (Kind::Advanced, 3));
    assert_eq!(timeline.start(), Some(seconds(6)));
}

#[test]
fn missed_segments_leave_a_hole_of_their_length() {
    let mut timeline = seen(&listing(0, 3));
    let change = timeline.update(listing(5, 3).list(), at(10)).unwrap();
    assert_eq!(
        (change.kind, change.new_segments),
        (Kind::Jumped { missed: 2 }, 3)
    );
    assert_eq!(timeline.start(), Some(seconds(10)));
    // Dates say it better than the target duration.
    let mut timeline = seen(&listing(0, 3).dated());
    let late = listing(5, 3).dated_from(DAY_MS - 1_000);
    timeline.update(late.list(), at(10)).unwrap();
    assert_eq!(timeline.start(), Some(seconds(9)));
    // Unless they are absurd.
    let mut timeline = seen(&listing(0, 3).dated());
    let far = listing(5, 3).dated_from(DAY_MS + 86_400_000);
    timeline.update(far.list(), at(10)).unwrap();
    assert_eq!(timeline.start(), Some(seconds(10)));
}

#[test]
fn numbers_that_go_back_are_a_new_stream() {
    let mut timeline = seen(&listing(100, 5));
    let change = timeline.update(listing(0, 2).list(), at(30)).unwrap();
    assert_eq!((change.kind, change.new_segments), (Kind::Restarted, 2));
    assert_eq!(
        timeline.start(),
        Some(seconds(10)),
        "it follows the old one"
    );
    assert_eq!(timeline.since_advance(at(31)), Some(seconds(1)));
    // Far ahead is no better: nobody misses a hundred thousand segments.
    let change = timeline
        .update(listing(1_700_000_000, 2).list(), at(33))
        .unwrap();
    assert_eq!(change.kind, Kind::Restarted);
    assert_eq!(timeline.start(), Some(seconds(14)));
}

#[test]
fn known_numbers_of_other_segments_are_a_new_stream() {
    for other in [
        listing(2, 5).named("b"),
        listing(0, 3).named("b"),
        listing(4, 9).named("b"),
    ] {
        let mut timeline = seen(&listing(0, 5));
        let change = timeline.update(other.list(), at(10)).unwrap();
        assert_eq!(change.kind, Kind::Restarted);
        assert_eq!(timeline.start(), Some(seconds(10)));
    }
    // The same names at another time.
    let mut timeline = seen(&listing(0, 5).dated());
    let again = listing(0, 2).dated_from(DAY_MS + 60_000);
    assert_eq!(
        timeline.update(again.list(), at(60)).unwrap().kind,
        Kind::Restarted
    );
    // Other names of the same time: tokens in names.
    let mut timeline = seen(&listing(0, 5).dated());
    let renamed = listing(1, 5).named("token-").dated();
    assert_eq!(
        timeline.update(renamed.list(), at(2)).unwrap().kind,
        Kind::Advanced
    );
    // The same names in another folder: tokens in paths.
    let mut timeline = seen(&listing(0, 5).named("s1/"));
    let moved = listing(1, 5).named("s2/");
    assert_eq!(
        timeline.update(moved.list(), at(2)).unwrap().kind,
        Kind::Advanced
    );
}

#[test]
fn an_older_copy_is_not_taken_over() {
    let older = [
        listing(98, 5),
        listing(100, 4),
        listing(98, 5).dated(),
        listing(80, 3).dated(),
    ];
    for older in older {
        let mut new = listing(100, 5);
        new.dated_from_ms = older.dated_from_ms;
        let mut timeline = seen(&new);
        let change = timeline.update(older.list(), at(4)).unwrap();
        assert!(change.kind == Kind::Older && !change.is_news());
        assert_eq!(timeline.last().unwrap().msn, 104);
        assert_eq!(
            timeline.age(at(5)),
            Some(seconds(5)),
            "it refreshes nothing"
        );
    }
}

#[test]
fn changed_durations_move_what_follows() {
    let mut timeline = seen(&listing(0, 5));
    let revised = listing(1, 5).lasting(2, "1").lasting(3, "1.5");
    let change = timeline.update(revised.list(), at(2)).unwrap();
    assert_eq!(
        (change.kind, change.new_segments, change.revised),
        (Kind::Advanced, 1, 2)
    );
    assert_eq!(
        timeline.segment(1).unwrap().start,
        seconds(2),
        "the oldest stays"
    );
    assert_eq!(
        timeline.segment(4).unwrap().start,
        Duration::from_millis(6_500)
    );
}

#[test]
fn a_changed_target_duration_is_told() {
    let mut timeline = seen(&listing(0, 5));
    let other = listing(1, 5).tag("#EXT-X-TARGETDURATION:3");
    assert!(
        timeline
            .update(other.list(), at(2))
            .unwrap()
            .target_duration_changed
    );
    assert!(
        !timeline
            .update(other.list(), at(3))
            .unwrap()
            .target_duration_changed
    );
}

#[test]
fn discontinuities_do_not_break_the_line() {
    let mut timeline = seen(&listing(0, 3));
    let text = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:1\n#EXTINF:2,\na1.ts\n\
                #EXTINF:2,\na2.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:1,\nad.ts\n";
    let change = timeline.update(read(text), at(2)).unwrap();
    assert_eq!((change.kind, change.new_segments), (Kind::Advanced, 1));
    let ad = timeline.last().unwrap();
    assert_eq!(
        (ad.start, ad.end, ad.segment.discontinuity),
        (seconds(6), seconds(7), true)
    );
}

#[test]
fn a_stream_may_begin_or_become_empty() {
    let mut timeline = seen(&listing(0, 0));
    assert!(timeline.end().is_none());
    let change = timeline.update(listing(0, 2).list(), at(2)).unwrap();
    assert_eq!((change.kind, change.new_segments), (Kind::Advanced, 2));
    assert_eq!(timeline.start(), Some(Duration::ZERO));
    let change = timeline.update(listing(2, 0).list(), at(4)).unwrap();
    assert_eq!(change.kind, Kind::Revised);
    let change = timeline.update(listing(2, 1).list(), at(6)).unwrap();
    assert_eq!(
        (change.kind, timeline.start()),
        (Kind::Advanced, Some(seconds(4)))
    );
    let change = timeline.update(listing(0, 0).list(), at(8)).unwrap();
    assert_eq!(change.kind, Kind::Restarted);
    let change = timeline.update(listing(0, 1).list(), at(9)).unwrap();
    assert_eq!(
        (change.kind, timeline.start()),
        (Kind::Advanced, Some(seconds(6)))
    );
}

#[test]
fn parts_are_news() {
    let part = "#EXT-X-PART:DURATION=0.5,URI=\"p0.ts\"\n";
    let two = "#EXT-X-PART:DURATION=0.5,URI=\"p0.ts\"\n#EXT-X-PART:DURATION=0.5,URI=\"p1.ts\"\n";
    let mut timeline = seen(&listing(0, 3).tail(part));
    assert_eq!(
        timeline.end_with_parts(),
        Some(Duration::from_millis(6_500))
    );
    let change = timeline
        .update(listing(0, 3).tail(two).list(), at(1))
        .unwrap();
    assert_eq!((change.kind, change.new_segments), (Kind::Advanced, 0));
    assert_eq!(timeline.end_with_parts(), Some(seconds(7)));
    assert_eq!(timeline.end(), Some(seconds(6)));
    let change = timeline
        .update(listing(0, 3).tail(part).list(), at(2))
        .unwrap();
    assert_eq!(change.kind, Kind::Older);
    let change = timeline.update(listing(0, 4).list(), at(2)).unwrap();
    assert_eq!((change.kind, change.new_segments), (Kind::Advanced, 1));
}

#[test]
fn delta_updates_are_merged() {
    let delta = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:1\n\
                 #EXT-X-SKIP:SKIPPED-SEGMENTS=3\n#EXTINF:2,\na4.ts\n#EXTINF:2,\na5.ts\n";
    let mut timeline = seen(&listing(0, 5));
    let change = timeline.update(read(delta), at(2)).unwrap();
    assert_eq!(
        (change.kind, change.new_segments, change.revised),
        (Kind::Advanced, 1, 0)
    );
    assert_eq!(
        timeline.list().unwrap().segments,
        listing(1, 5).list().segments
    );
    assert_eq!(timeline.segment(1).unwrap().start, seconds(2));
    let change = timeline.update(read(delta), at(3)).unwrap();
    assert_eq!(change.kind, Kind::Unchanged);
    let mut timeline = seen(&listing(2, 5));
    let error = timeline.update(read(delta), at(2)).unwrap_err();
    assert_eq!(error, Error::DeltaWithoutBase { needed: 1 });
    assert_eq!(timeline.last().unwrap().msn, 6, "nothing changed");
}

#[test]
fn dates_follow_positions() {
    let timeline = seen(&listing(0, 3).dated());
    let date = |ms| timeline.pdt_at(Duration::from_millis(ms)).unwrap() - DAY_MS;
    assert_eq!([0, 1_500, 5_999, 8_000].map(date), [0, 1_500, 5_999, 8_000]);
    assert_eq!(seen(&listing(0, 3)).pdt_at(Duration::ZERO), None);
}

#[test]
fn timelines_are_aligned_by_date_or_number_or_end() {
    let video = seen(&listing(100, 5).dated());
    // Audio of other numbers, half a second later.
    let mut audio = seen(&listing(7, 4).named("s").dated_from(DAY_MS + 190_500));
    assert_eq!(audio.align(&video), Some(Alignment::Date));
    assert_eq!(
        audio.segment(7).unwrap().start,
        Duration::from_millis(4_500)
    );
    assert_eq!(audio.pdt_at(seconds(5)), video.pdt_at(seconds(5)));

    let video = seen(&listing(100, 5));
    let mut audio = seen(&listing(102, 5));
    assert_eq!(audio.align(&video), Some(Alignment::Sequence));
    assert_eq!(audio.segment(102).unwrap().start, seconds(4));

    let mut audio = seen(&listing(7, 3));
    assert_eq!(audio.align(&video), Some(Alignment::End));
    assert_eq!(
        (audio.start(), audio.end()),
        (Some(seconds(4)), Some(seconds(10)))
    );
    assert_eq!(audio.align(&Timeline::new()), None);
}

#[test]
fn what_ended_before_the_beginning_is_not_on_the_line() {
    let video = seen(&listing(100, 3).dated());
    let mut audio = seen(&listing(97, 6).dated_from(DAY_MS - 500));
    audio.align(&video).unwrap();
    let first = audio.first().unwrap();
    let expected = (100, Duration::ZERO, Duration::from_millis(1_500));
    assert_eq!(
        (first.msn, first.start, first.end),
        expected,
        "it begins before zero"
    );
    assert!(audio.segment(99).is_none());
    assert_eq!(audio.from(0).next().unwrap().msn, 100);
    assert_eq!(audio.nth_from_end(9).unwrap().msn, 100);
    assert_eq!(audio.at(Duration::from_millis(1_600)).unwrap().msn, 101);
    assert_eq!(audio.at(Duration::ZERO).unwrap().msn, 100);
    assert_eq!(audio.pdt_at(Duration::ZERO), video.pdt_at(Duration::ZERO));
}
