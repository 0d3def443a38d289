//! What must hold of every input whatever. The property tests and the fuzz targets share it.

use std::sync::Arc;
use std::time::Duration;

use base::Now;
use media::Timeline;
use media::hls::{self, Error, MediaPlaylist, Playlist, Variables};
use media::timeline::{Change, Kind};
use url::Url;

/// The line that parts two answers in an input of [`reloads`].
pub(crate) const NEXT_ANSWER: &str = "\n#--\n";

/// Reads `body` as the tests do.
pub(crate) fn parse(body: &[u8]) -> Result<Playlist, Error> {
    let base = Url::parse("http://example.com/live/720p/index.m3u8?session=s1").unwrap();
    let mut imports = Variables::new();
    imports.set("token", "t0k");
    hls::parse(body, &base, &imports)
}

/// One body: it is read or refused, what is read is consistent, and what is written of it reads
/// back as the same.
pub(crate) fn playlist(body: &[u8]) {
    let Ok(read) = parse(body) else {
        return;
    };
    if let Playlist::Media(list) = &read {
        is_consistent(list);
    }
    let written = read.to_string();
    let again = match parse(written.as_bytes()) {
        Ok(again) => again,
        // What was left of a multivariant playlist may be nothing, and variables may have made
        // lines longer than a line may be.
        Err(Error::Nothing | Error::TooLarge { .. }) => return,
        Err(error) => panic!("{error} in what was written:\n{written}"),
    };
    if let (Playlist::Media(read), Playlist::Media(again)) = (&read, &again) {
        assert_eq!(read.segments.len(), again.segments.len(), "{written}");
        assert_eq!(read.duration(), again.duration(), "{written}");
    }
    // Writing drops what can't be written (quotes in strings), and is stable from then on.
    let rewritten = again.to_string();
    let last = parse(rewritten.as_bytes()).map(|list| list.to_string());
    assert_eq!(last.as_ref(), Ok(&rewritten), "writing is not stable");
}

fn is_consistent(list: &MediaPlaylist) {
    assert!(list.target_duration > Duration::ZERO);
    assert!(list.segments.len() <= hls::SEGMENTS_MAX);
    assert!(list.blemishes.len() <= hls::BLEMISHES_MAX);
    assert_eq!(
        list.next_msn() - list.first_msn(),
        list.segments.len() as u64
    );
    let mut offset = Duration::ZERO;
    let mut number = list.discontinuity_sequence;
    for segment in &list.segments {
        assert_eq!(segment.offset, offset);
        offset = segment.end_offset();
        assert!(segment.discontinuity_sequence >= number);
        number = segment.discontinuity_sequence;
        assert!(!segment.pdt_is_derived || segment.program_date_time_ms.is_some());
    }
    assert_eq!(list.duration(), offset);
}

/// Answers to reloads of one playlist, parted by [`NEXT_ANSWER`].
pub(crate) fn reloads(input: &[u8]) {
    let mut timeline = Timeline::new();
    let mut now = Now::default();
    for body in split(input) {
        now = now.after(Duration::from_secs(2));
        let Ok(Playlist::Media(list)) = parse(body) else {
            continue;
        };
        let before = timeline.clone();
        let was_delta = list.skip.is_some();
        match timeline.update(Arc::new(list), now) {
            Ok(change) => {
                holds(&before, &timeline, change, now);
                // The same answer again is no news, and changes nothing.
                if !was_delta && change.kind != Kind::Older {
                    let same = timeline.list().map(Arc::clone).unwrap();
                    let again = timeline.update(same, now).unwrap();
                    assert_eq!(again.kind, Kind::Unchanged);
                }
            }
            Err(Error::DeltaWithoutBase { .. }) => assert!(was_delta),
            Err(error) => panic!("{error}"),
        }
    }
}

fn split(input: &[u8]) -> Vec<&[u8]> {
    let mut bodies = Vec::new();
    let mut rest = input;
    let parting = NEXT_ANSWER.as_bytes();
    while let Some(at) = rest
        .windows(parting.len())
        .position(|window| window == parting)
    {
        // The line's own end belongs to the answer before.
        bodies.push(&rest[..=at]);
        rest = &rest[at + parting.len()..];
    }
    bodies.push(rest);
    bodies
}

fn holds(before: &Timeline, after: &Timeline, change: Change, now: Now) {
    let Some(list) = after.list() else {
        panic!("an update leaves a list");
    };
    assert!(list.skip.is_none(), "delta updates are merged");
    is_consistent(list);
    let entries: Vec<_> = after.from(0).collect();
    for pair in entries.windows(2) {
        assert_eq!(pair[0].end, pair[1].start);
        assert_eq!(pair[0].msn + 1, pair[1].msn);
    }
    for entry in &entries {
        assert!(entry.start <= entry.end);
        if entry.start < entry.end {
            assert_eq!(after.at(entry.start).unwrap().msn, entry.msn);
        }
        assert_eq!(after.segment(entry.msn).unwrap().start, entry.start);
    }
    if change.is_news() {
        assert_eq!(after.age(now), Some(Duration::ZERO));
    }
    match change.kind {
        Kind::First | Kind::Jumped { .. } => {}
        Kind::Unchanged | Kind::Older => assert_eq!(before.end(), after.end()),
        Kind::Restarted => {
            if let (Some(end), Some(start)) = (before.end(), after.start()) {
                assert_eq!(end, start, "a restart follows");
            }
        }
        Kind::Advanced | Kind::Revised => {
            // The oldest segment that both lists have stays where it was.
            let old_first = before.list().map_or(0, |list| list.first_msn());
            let pivot = old_first.max(list.first_msn());
            if let (Some(was), Some(is)) = (before.segment(pivot), after.segment(pivot)) {
                assert_eq!(
                    was.start, is.start,
                    "{} moved: {change:?}\n{before:?}\n{after:?}",
                    was.msn
                );
            }
        }
    }
}
