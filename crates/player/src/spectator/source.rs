//! One media playlist that a player was seen to read.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use base::{Class, Now};
use media::Timeline;
use media::hls::{ByteRange, HintKind, MediaPlaylist, Part};
use media::timeline::{Change, Entry, Kind};
use smallvec::SmallVec;
use url::Url;

use super::Extent;
use super::role::Role;
use crate::io::{Because, Event};
use crate::playhead::Media;

/// Segments whose request failed and that were not asked for again, kept per list; past this the
/// oldest are forgotten.
const LOST_MAX: usize = 16;
/// So many segments asked for in order, and the player has settled: what it passes over from then
/// on is skipped. (Before, it may have asked for one to learn timestamps from.)
const SETTLED: u8 = 2;

/// One media playlist and what was asked for of it.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// As the player names it.
    pub(super) url: Arc<Url>,
    /// Where it came from last.
    final_url: Option<Arc<Url>>,
    pub(super) role: Role,
    pub(super) timeline: Timeline,
    /// When it was answered last.
    pub(super) updated: Duration,
    /// When media of it was asked for last.
    pub(super) asked: Option<Duration>,
    /// An answer already counted as stale showed the present state.
    stale: bool,
    /// The segment after the last one asked for.
    next: Option<u64>,
    in_order: u8,
    lost: SmallVec<[u64; 2]>,
}

/// What a URL is, by a media playlist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Segment {
        msn: u64,
        media: Media,
        byte_range: Option<ByteRange>,
    },
    Part {
        media: Media,
        byte_range: Option<ByteRange>,
    },
    /// A part that is announced and not listed yet.
    Hint,
    Init,
    Key,
}

impl Piece {
    pub(super) fn class(self) -> Class {
        match self {
            Self::Segment { .. } => Class::Segment,
            Self::Part { .. } | Self::Hint => Class::Part,
            Self::Init => Class::Init,
            Self::Key => Class::Key,
        }
    }
}

impl Source {
    pub(super) fn new(url: Arc<Url>, role: Role) -> Self {
        Self {
            url,
            final_url: None,
            role,
            timeline: Timeline::new(),
            updated: Duration::ZERO,
            asked: None,
            stale: false,
            next: None,
            in_order: 0,
            lost: SmallVec::new(),
        }
    }

    pub(super) fn is_at(&self, url: &Url) -> bool {
        *self.url == *url || self.final_url.as_deref() == Some(url)
    }

    pub(super) fn target_duration(&self) -> Option<Duration> {
        Some(self.timeline.list()?.target_duration)
    }

    /// Takes an answer. `None`: a delta update that does not fit what is known.
    pub(super) fn update(
        &mut self,
        list: Arc<MediaPlaylist>,
        final_url: Option<Arc<Url>>,
        now: Now,
    ) -> Option<Change> {
        let change = self.timeline.update(list, now).ok()?;
        self.updated = now.elapsed;
        self.final_url = final_url;
        if change.is_news() {
            self.stale = false;
        }
        if change.kind == Kind::Restarted {
            self.next = None;
            self.in_order = 0;
            self.lost.clear();
        }
        Some(change)
    }

    /// What an answer that brought nothing new says.
    pub(super) fn stale(&mut self, now: Now) -> Option<Event> {
        let age = crate::stale::age(&self.timeline, now)?;
        let first = !std::mem::replace(&mut self.stale, true);
        Some(Event::StalePlaylist { age, first })
    }

    /// What `url` is by this list.
    pub(super) fn find(&self, url: &Url, extent: Extent) -> Option<Piece> {
        self.segment(url, extent)
            .or_else(|| self.part(url, extent))
            .or_else(|| self.beside(url))
    }

    /// Where a URL is listed more than once, the next one that was not asked for yet is meant.
    fn segment(&self, url: &Url, extent: Extent) -> Option<Piece> {
        let is_it = |entry: &Entry<'_>| {
            *entry.segment.uri == *url && extent.begins_in(entry.segment.byte_range)
        };
        let next = self.next.unwrap_or_default();
        let expected = self.timeline.segment(next).filter(is_it);
        let found = expected.or_else(|| {
            let mut all = self.timeline.from(0).filter(is_it).peekable();
            let mut before = None;
            while let Some(entry) = all.next_if(|entry| entry.msn < next) {
                before = Some(entry);
            }
            all.next().or(before)
        });
        found.map(|entry| Piece::Segment {
            msn: entry.msn,
            media: Media {
                start: entry.start,
                end: entry.end,
                pdt_ms: entry.segment.program_date_time_ms,
            },
            byte_range: entry.segment.byte_range,
        })
    }

    fn part(&self, url: &Url, extent: Extent) -> Option<Piece> {
        let list = self.timeline.list()?;
        let is_it = |part: &&Part| *part.uri == *url && extent.begins_in(part.byte_range);
        if let Some(part) = list.parts.iter().find(is_it) {
            let ahead = part.offset.saturating_sub(list.duration());
            return Some(self.piece_of_part(part, self.timeline.end()? + ahead));
        }
        self.timeline.from(0).find_map(|entry| {
            let part = entry.segment.parts.iter().find(is_it)?;
            let ahead = part.offset.saturating_sub(entry.segment.offset);
            Some(self.piece_of_part(part, entry.start + ahead))
        })
    }

    fn piece_of_part(&self, part: &Part, start: Duration) -> Piece {
        Piece::Part {
            media: Media {
                start,
                end: start + part.duration,
                pdt_ms: self.timeline.pdt_at(start),
            },
            byte_range: part.byte_range,
        }
    }

    /// Initialisation sections, keys, and what is announced.
    fn beside(&self, url: &Url) -> Option<Piece> {
        let list = self.timeline.list()?;
        for segment in list.segments.iter().rev() {
            if segment.map.as_ref().is_some_and(|map| *map.uri == *url) {
                return Some(Piece::Init);
            }
            let keys = segment.keys.as_deref().unwrap_or_default();
            if keys.iter().any(|key| *key.uri == *url) {
                return Some(Piece::Key);
            }
        }
        let hint = list.preload_hints.iter().find(|hint| *hint.uri == *url)?;
        Some(match hint.kind {
            HintKind::Part => Piece::Hint,
            HintKind::Map => Piece::Init,
        })
    }

    /// The player asks for a segment. `from`: where the media asked for before ended, when that was
    /// of another list. Answers what it passed over.
    pub(super) fn asks(
        &mut self,
        msn: u64,
        from: Option<Duration>,
        now: Duration,
    ) -> SmallVec<[Event; 2]> {
        self.asked = Some(now);
        self.lost.retain(|lost| *lost != msn);
        let next = match from {
            Some(end) => self.timeline.at(end).map(|entry| entry.msn),
            None => self.next,
        };
        if self.next.is_none_or(|next| msn == next) || from.is_some() {
            self.in_order = self.in_order.saturating_add(1);
        }
        self.next = self.next.max(Some(msn + 1));
        match next {
            Some(next) if next < msn && self.in_order >= SETTLED => self.passed_over(next..msn),
            _ => SmallVec::new(),
        }
    }

    fn passed_over(&self, numbers: Range<u64>) -> SmallVec<[Event; 2]> {
        let listed = self.timeline.from(numbers.start);
        let gaps = listed
            .take_while(|entry| entry.msn < numbers.end)
            .filter(|entry| entry.segment.gap)
            .count() as u64;
        let left = numbers.end - numbers.start - gaps;
        let said = [(gaps, Because::Gap), (left, Because::LeftList)];
        let said = said.into_iter().filter(|(count, _)| *count > 0);
        said.map(|(count, because)| Event::Skipped {
            segments: u32::try_from(count).unwrap_or(u32::MAX),
            because,
        })
        .collect()
    }

    /// Whether the only segment asked for so far lies before the one before `msn`: it was asked for
    /// to learn timestamps from, and playback begins elsewhere.
    pub(super) fn only_tried(&self, msn: u64) -> bool {
        self.in_order == 1 && self.next.is_some_and(|next| next < msn)
    }

    /// A request for a segment failed.
    pub(super) fn loses(&mut self, msn: u64) {
        if self.lost.len() == LOST_MAX {
            self.lost.remove(0);
        }
        self.lost.push(msn);
    }

    /// A segment arrived: those before it that failed and were not asked for again are given up.
    pub(super) fn has(&mut self, msn: u64) -> Option<Event> {
        let before = self.lost.len();
        self.lost.retain(|lost| *lost > msn);
        let segments = before - self.lost.len();
        (segments > 0).then_some(Event::Skipped {
            segments: segments as u32,
            because: Because::GivenUp,
        })
    }
}
