//! Successive reloads of one media playlist, merged into one continuous line of media time.
//!
//! Every viewer has its own [`Timeline`]; the lists in it are shared. A timeline is a pointer, an
//! anchor (where the list's first segment lies) and two instants.
//!
//! Positions count from the beginning of the first list that was seen. What ended before that is
//! not on the timeline; a segment across it begins at zero.
//!
//! How the answer to a reload is judged, by the numbers of its segments against the known ones:
//!
//! | numbers | and | kind |
//! |---|---|---|
//! | – | nothing known | [`Kind::First`] |
//! | same list | – | [`Kind::Unchanged`] |
//! | overlap | a common segment is another one | [`Kind::Restarted`] |
//! | overlap, ends earlier | not `EXT-X-ENDLIST` | [`Kind::Older`] |
//! | overlap, or begins where the known ones end | more segments or parts | [`Kind::Advanced`] |
//! | overlap | no more of them | [`Kind::Revised`] |
//! | begins after the known ones | at most 100,000 missed | [`Kind::Jumped`] |
//! | begins after the known ones | more missed | [`Kind::Restarted`] |
//! | ends before the known ones | its dates are older too | [`Kind::Older`] |
//! | ends before the known ones | no dates, or newer ones | [`Kind::Restarted`] |
//!
//! Two segments of one number are the same where their URIs end in the same file name (and byte
//! range) and their dates, if both have one, agree within a segment; or, under different names,
//! where both have dates and these agree. An origin that starts again with the same names and
//! without dates can't be told from a cache that lags behind: its lists count as older until they
//! go beyond what is known, as in real players.

mod judge;

use std::sync::Arc;
use std::time::Duration;

use base::Now;

use crate::hls::{Error, MediaPlaylist, Segment};

use judge::{change, common_numbers, gap, judge};

/// One media playlist as it was seen over time.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    list: Option<Arc<MediaPlaylist>>,
    /// Where the first listed segment begins, in nanoseconds; negative where the list reaches back
    /// beyond the beginning.
    anchor_ns: i128,
    /// When the current state was first seen (elapsed).
    seen: Duration,
    /// When media was last added, or began (elapsed).
    advanced: Duration,
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
    /// How many segments that are still listed have another duration than before. Later segments
    /// have moved on the timeline by the difference; the oldest one that is still listed stays.
    pub revised: u64,
    /// `EXT-X-ENDLIST` appeared.
    pub ended: bool,
    /// The target duration is another one, which RFC 8216bis, 6.2.1, forbids.
    pub target_duration_changed: bool,
}

/// Kinds of change. The table of this module says which is which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The first list.
    First,
    /// The same list again.
    Unchanged,
    /// Segments or parts were added.
    Advanced,
    /// Another list that adds no media: the end was marked, dates or tags changed, old segments
    /// left.
    Revised,
    /// It went on so far that nothing of the old list is left.
    Jumped {
        /// Segments between the old end and the new beginning, never seen.
        missed: u64,
    },
    /// An older copy of what is known already, as a cache that lags behind gives. Not taken over.
    Older,
    /// Its numbers went back, or mean other segments than before: a new stream began. It follows
    /// the old one on the timeline.
    Restarted,
}

/// By what two timelines were laid beside each other.
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

    /// Takes the answer to a reload. Nearly free where it is the same list again.
    ///
    /// # Errors
    /// [`Error::DeltaWithoutBase`]: a delta update that does not fit what is known. Nothing
    /// changed; load the whole playlist.
    pub fn update(&mut self, list: Arc<MediaPlaylist>, now: Now) -> Result<Change, Error> {
        let list = if list.skip.is_some() {
            Arc::new(list.whole(self.list.as_deref())?)
        } else {
            list
        };
        let Some(old) = self.list.take() else {
            self.seen = now.elapsed;
            self.advanced = now.elapsed;
            return Ok(self.first_list(list));
        };
        if Arc::ptr_eq(&old, &list) || *old == *list {
            // The new pointer is kept, so that the next comparison is one of pointers.
            self.list = Some(list);
            return Ok(Change::of(Kind::Unchanged));
        }
        let verdict = judge(&old, &list);
        if verdict == Kind::Older {
            self.list = Some(old);
            return Ok(Change::of(Kind::Older));
        }
        self.anchor_ns = self.new_anchor(&old, &list, verdict);
        self.seen = now.elapsed;
        if verdict != Kind::Revised {
            self.advanced = now.elapsed;
        }
        let change = change(&old, &list, verdict);
        self.list = Some(list);
        Ok(change)
    }

    fn first_list(&mut self, list: Arc<MediaPlaylist>) -> Change {
        let change = Change {
            new_segments: list.segments.len() as u64,
            ended: list.ended,
            ..Change::of(Kind::First)
        };
        self.list = Some(list);
        change
    }

    /// Where `new` lies, given that `old` lies at the present anchor.
    fn new_anchor(&self, old: &MediaPlaylist, new: &MediaPlaylist, kind: Kind) -> i128 {
        let old_end = self.anchor_ns + nanos(old.duration());
        match kind {
            Kind::Jumped { missed } => old_end + nanos(gap(old, new, missed)),
            Kind::Restarted => old_end,
            _ => {
                let common = common_numbers(old, new);
                let pivot =
                    common.and_then(|(first, _)| Some((old.segment(first)?, new.segment(first)?)));
                match pivot {
                    Some((was, is)) => self.anchor_ns + nanos(was.offset) - nanos(is.offset),
                    None => old_end,
                }
            }
        }
    }

    /// Lays this timeline beside `reference`, so that equal positions mean equal moments: for a
    /// demuxed audio rendition, or another variant of the same stream. Positions taken from this
    /// timeline before are void. `None` while either has no segment.
    pub fn align(&mut self, reference: &Timeline) -> Option<Alignment> {
        let (list, other) = (self.list.as_deref()?, reference.list.as_deref()?);
        let end = list.segments.last()?.end_offset();
        let end_of_other = other.segments.last()?.end_offset();
        let (anchor_ns, by) = if let Some(at) = date_anchor(list, reference) {
            (at, Alignment::Date)
        } else if let Some((msn, _)) = common_numbers(other, list)
            && let (Some(was), Some(is)) = (other.segment(msn), list.segment(msn))
        {
            let at = reference.anchor_ns + nanos(was.offset) - nanos(is.offset);
            (at, Alignment::Sequence)
        } else {
            let at = reference.anchor_ns + nanos(end_of_other) - nanos(end);
            (at, Alignment::End)
        };
        self.anchor_ns = anchor_ns;
        Some(by)
    }

    /// The current list.
    pub fn list(&self) -> Option<&Arc<MediaPlaylist>> {
        self.list.as_ref()
    }

    /// The segment of that number, if it is in the current list.
    pub fn segment(&self, msn: u64) -> Option<Entry<'_>> {
        let list = self.list.as_deref()?;
        let index = usize::try_from(msn.checked_sub(list.first_msn())?).ok()?;
        self.entry(list, index)
    }

    /// The oldest segment on the timeline.
    pub fn first(&self) -> Option<Entry<'_>> {
        let list = self.list.as_deref()?;
        self.entry(list, self.first_visible(list))
    }

    /// The newest segment on the timeline.
    pub fn last(&self) -> Option<Entry<'_>> {
        let list = self.list.as_deref()?;
        self.entry(list, list.segments.len().checked_sub(1)?)
    }

    /// Number that the segment after the newest one has or will have.
    pub fn next_msn(&self) -> Option<u64> {
        Some(self.list.as_deref()?.next_msn())
    }

    /// The `n`-th segment from the end, counted from 1; the oldest where there are fewer.
    pub fn nth_from_end(&self, n: usize) -> Option<Entry<'_>> {
        let list = self.list.as_deref()?;
        let index = list.segments.len().saturating_sub(n.max(1));
        self.entry(list, index.max(self.first_visible(list)))
    }

    /// The segment that covers `position`: `start <= position < end`.
    pub fn at(&self, position: Duration) -> Option<Entry<'_>> {
        let list = self.list.as_deref()?;
        let offset = from_nanos(nanos(position) - self.anchor_ns)?;
        let after = list.segments.partition_point(|it| it.offset <= offset);
        let entry = self.entry(list, after.checked_sub(1)?)?;
        (position < entry.end).then_some(entry)
    }

    /// The segments from number `msn` on that are in the current list, oldest first.
    pub fn from(&self, msn: u64) -> impl Iterator<Item = Entry<'_>> {
        let list = self.list.as_deref();
        let range = list.map_or(0..0, |list| {
            let from = usize::try_from(msn.saturating_sub(list.first_msn())).unwrap_or(usize::MAX);
            from.max(self.first_visible(list))..list.segments.len()
        });
        range.filter_map(move |index| self.entry(list?, index))
    }

    /// Where the oldest segment begins.
    pub fn start(&self) -> Option<Duration> {
        Some(self.first()?.start)
    }

    /// Where the newest segment ends.
    pub fn end(&self) -> Option<Duration> {
        Some(self.last()?.end)
    }

    /// Where the newest part ends; the end of the newest segment where no parts follow it.
    pub fn end_with_parts(&self) -> Option<Duration> {
        let list = self.list.as_deref()?;
        if list.segments.is_empty() && list.parts.is_empty() {
            return None;
        }
        from_nanos(self.anchor_ns + nanos(list.duration_with_parts()))
    }

    /// When the media at `position` was captured, Unix milliseconds. Beyond either end of the list
    /// the nearest segment's date is carried on. `None` without dates.
    pub fn pdt_at(&self, position: Duration) -> Option<i64> {
        let list = self.list.as_deref()?;
        let offset = nanos(position) - self.anchor_ns;
        let after = list
            .segments
            .partition_point(|it| nanos(it.offset) <= offset);
        let segment = list.segments.get(after.saturating_sub(1))?;
        let since_ms = (offset - nanos(segment.offset)).div_euclid(1_000_000);
        let date_ms = segment.program_date_time_ms?;
        Some(date_ms.saturating_add(i64::try_from(since_ms).ok()?))
    }

    /// How long ago the current state of the list was first seen.
    pub fn age(&self, now: Now) -> Option<Duration> {
        self.list.as_ref()?;
        Some(now.elapsed.saturating_sub(self.seen))
    }

    /// How long ago media was last added, or began.
    pub fn since_advance(&self, now: Now) -> Option<Duration> {
        self.list.as_ref()?;
        Some(now.elapsed.saturating_sub(self.advanced))
    }

    /// How far `position` is behind live, going by the list alone: end of the list − position +
    /// time since that end was first seen. `None` without segments and after `EXT-X-ENDLIST`.
    pub fn behind_live(&self, position: Duration, now: Now) -> Option<Duration> {
        if self.ended() {
            return None;
        }
        let end = self.end_with_parts()? + self.since_advance(now)?;
        Some(end.saturating_sub(position))
    }

    /// No more will come: the list has `EXT-X-ENDLIST`.
    pub fn ended(&self) -> bool {
        self.list.as_ref().is_some_and(|list| list.ended)
    }

    fn entry<'a>(&self, list: &'a MediaPlaylist, index: usize) -> Option<Entry<'a>> {
        let segment = list.segments.get(index)?;
        let end = from_nanos(self.anchor_ns + nanos(segment.end_offset()))?;
        let start = self.anchor_ns + nanos(segment.offset);
        if start < 0 && end.is_zero() {
            return None;
        }
        Some(Entry {
            msn: list.first_msn() + index as u64,
            start: from_nanos(start).unwrap_or_default(),
            end,
            segment,
        })
    }

    /// Index of the oldest segment that does not end before the beginning of the timeline.
    fn first_visible(&self, list: &MediaPlaylist) -> usize {
        if self.anchor_ns >= 0 {
            return 0;
        }
        let before = |it: &Segment| self.anchor_ns + nanos(it.end_offset()) <= 0;
        list.segments.partition_point(before)
    }
}

impl Change {
    fn of(kind: Kind) -> Self {
        Self {
            kind,
            new_segments: 0,
            revised: 0,
            ended: false,
            target_duration_changed: false,
        }
    }

    /// The current state of the list is another one than before.
    pub fn is_news(&self) -> bool {
        !matches!(self.kind, Kind::Unchanged | Kind::Older)
    }
}

/// Where `list` lies if its dates mean the same moments as those of `reference`.
fn date_anchor(list: &MediaPlaylist, reference: &Timeline) -> Option<i128> {
    let other = reference.list.as_deref()?;
    let mine = list
        .segments
        .iter()
        .rfind(|it| it.program_date_time_ms.is_some())?;
    let my_ms = mine.program_date_time_ms?;
    let dated = || {
        other
            .segments
            .iter()
            .filter_map(|it| Some((it.program_date_time_ms?, it.offset)))
    };
    // The nearest date before mine, so that no discontinuity of the clock lies between.
    let (their_ms, offset) = dated()
        .rfind(|(their_ms, _)| *their_ms <= my_ms)
        .or_else(|| dated().next())?;
    let apart_ns = i128::from(my_ms.saturating_sub(their_ms)) * 1_000_000;
    Some(reference.anchor_ns + nanos(offset) + apart_ns - nanos(mine.offset))
}

fn nanos(duration: Duration) -> i128 {
    duration.as_nanos() as i128
}

/// `None` where it is negative.
fn from_nanos(ns: i128) -> Option<Duration> {
    let ns = u128::try_from(ns).ok()?;
    let seconds = u64::try_from(ns / 1_000_000_000).ok()?;
    Some(Duration::new(seconds, (ns % 1_000_000_000) as u32))
}
