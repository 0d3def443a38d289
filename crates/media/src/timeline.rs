use std::sync::Arc;
use std::time::Duration;

use base::Now;

use crate::hls::{Error, MediaPlaylist, Segment};

/// Successive reloads of one media playlist, merged into one continuous line of media time.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    list: Option<Arc<MediaPlaylist>>,
}

/// One segment on the timeline.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Media sequence number.
    pub msn: u64,
    /// Where it begins on the timeline.
    pub start: Duration,
    /// Where it ends on the timeline.
    pub end: Duration,
    /// What the playlist says of it.
    pub segment: &'a Segment,
}

/// What one reload changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// What kind of change it is.
    pub kind: Kind,
    /// How many segments are new at the end.
    pub new_segments: u64,
    /// How many of the segments that were listed before and still are have another duration.
    pub revised: u64,
    /// `EXT-X-ENDLIST` appeared.
    pub ended: bool,
    /// The target duration is another one (RFC 8216bis forbids it).
    pub target_duration: bool,
}

/// Kinds of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The first list.
    First,
    /// The same list again.
    Unchanged,
    /// Segments (or parts, or the end) were added.
    Advanced,
    /// Another list that adds no media: dates, hints or tags changed, or old segments left.
    Revised,
    /// It went on, but so far that nothing of the old list is left: `missed` segments were never
    /// seen.
    Jumped {
        /// Segments between the old end and the new beginning.
        missed: u64,
    },
    /// An older copy of what is known already, as a cache that lags behind gives; not taken over.
    Older,
    /// Its numbers went back, or mean other segments than before: a new stream began. It follows
    /// the old one on the timeline.
    Restarted,
}

/// How two timelines were laid beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alignment {
    /// By the dates of segments (`EXT-X-PROGRAM-DATE-TIME`).
    Date,
    /// By equal media sequence numbers.
    Sequence,
    /// By the ends of both lists, for want of anything better.
    End,
}

impl Timeline {
    /// A timeline without any list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the answer to a reload.
    ///
    /// # Errors
    /// [`Error::DeltaWithoutBase`]: a delta update that does not fit what is known; load the
    /// whole playlist.
    pub fn update(&mut self, list: Arc<MediaPlaylist>, now: Now) -> Result<Change, Error> {
        let _ = now;
        self.list = Some(list);
        Ok(Change {
            kind: Kind::First,
            new_segments: 0,
            revised: 0,
            ended: false,
            target_duration: false,
        })
    }

    /// The same list came again (304 Not Modified).
    pub fn unchanged(&mut self) -> Option<Change> {
        None
    }

    /// Lays this timeline beside `reference`, so that equal positions mean equal moments: for a
    /// demuxed audio rendition, or another variant of the same stream. `None` while either has no
    /// segment.
    pub fn align(&mut self, reference: &Timeline) -> Option<Alignment> {
        let _ = reference;
        None
    }

    /// The current list.
    pub fn list(&self) -> Option<&Arc<MediaPlaylist>> {
        self.list.as_ref()
    }

    /// The segment of that number, if it is in the current list.
    pub fn segment(&self, msn: u64) -> Option<Entry<'_>> {
        let _ = msn;
        None
    }

    /// The oldest segment on the timeline.
    pub fn first(&self) -> Option<Entry<'_>> {
        None
    }

    /// The newest segment on the timeline.
    pub fn last(&self) -> Option<Entry<'_>> {
        None
    }

    /// The `n`-th segment from the end, from 1, or the oldest where there are fewer.
    pub fn nth_from_end(&self, n: u64) -> Option<Entry<'_>> {
        let _ = n;
        None
    }

    /// The segment that covers `position`: `start <= position < end`.
    pub fn at(&self, position: Duration) -> Option<Entry<'_>> {
        let _ = position;
        None
    }

    /// The segments from number `msn` on, oldest first.
    pub fn from(&self, msn: u64) -> impl Iterator<Item = Entry<'_>> {
        let _ = msn;
        std::iter::empty()
    }

    /// Where the oldest segment begins.
    pub fn start(&self) -> Option<Duration> {
        None
    }

    /// Where the newest segment ends.
    pub fn end(&self) -> Option<Duration> {
        None
    }

    /// Where the newest part ends; the end of the newest segment where no parts follow it.
    pub fn end_with_parts(&self) -> Option<Duration> {
        None
    }

    /// When the media at `position` was captured, Unix milliseconds; also a little beyond either
    /// end of the list, from the nearest segment. `None` without dates.
    pub fn pdt_at(&self, position: Duration) -> Option<i64> {
        let _ = position;
        None
    }

    /// How long ago the current state of the list was first seen.
    pub fn age(&self, now: Now) -> Option<Duration> {
        let _ = now;
        None
    }

    /// How long ago media was last added (or began).
    pub fn since_advance(&self, now: Now) -> Option<Duration> {
        let _ = now;
        None
    }

    /// How far `position` is behind live, going by the list alone: end of the list − position +
    /// age of the list. Zero where the position is beyond that.
    pub fn behind_live(&self, position: Duration, now: Now) -> Option<Duration> {
        let _ = (position, now);
        None
    }

    /// No more will come.
    pub fn ended(&self) -> bool {
        self.list.as_ref().is_some_and(|list| list.ended)
    }
}
