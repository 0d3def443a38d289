//! One stream of segments of a viewer: its playlist, what it asks for, what it waits for.

use std::sync::Arc;
use std::time::Duration;

use base::Class;
use media::Timeline;
use media::hls::ByteRange;
use smallvec::SmallVec;
use url::Url;

use crate::io::{FetchId, Lane};
use crate::playhead::Media;
use crate::reload::Reloads;

/// Keys and sections remembered per track; past this the oldest would be fetched again.
const HAVE_MAX: usize = 32;

/// One rendition that is being read.
#[derive(Clone, Debug)]
pub(crate) struct Track {
    pub(crate) lane: Lane,
    pub(crate) url: Arc<Url>,
    /// Place in the multivariant playlist.
    pub(crate) variant: Option<u16>,
    pub(crate) timeline: Timeline,
    pub(crate) reload: Reloads,
    /// What was asked for and is not consumed, in the order of the media.
    pub(crate) slots: SmallVec<[Slot; 2]>,
    /// The next segment to ask for.
    pub(crate) next: Option<u64>,
    /// Since when it could be asked for, as far as the list goes.
    pub(crate) since: Duration,
    /// Looks at it only at this instant and every so much later.
    pub(crate) tick: Option<Tick>,
    /// Nothing is asked for before this.
    pub(crate) hold: Duration,
    /// Where the last segment asked for ends.
    pub(crate) asked_end: Option<Duration>,
    /// Segments completed.
    pub(crate) done: u32,
    /// Segments completed or given up.
    pub(crate) past: u32,
    /// Keys and initialisation sections that were asked for and did not fail, oldest first.
    pub(crate) have: SmallVec<[Have; 1]>,
    /// How many segments it reads before it is given up; `None`: all.
    pub(crate) quota: Option<u8>,
    /// What is fetched is not played: it only measures the way.
    pub(crate) test: bool,
    /// When the present starvation began.
    pub(crate) starved: Option<Duration>,
    /// What another variant takes over goes on from.
    pub(crate) before_switch: Option<Box<Timeline>>,
    /// After a switch it goes on where the segments asked for end.
    pub(crate) resumes: bool,
}

/// Instants at which a player looks whether there is something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tick {
    pub(crate) base: Duration,
    pub(crate) period: Duration,
}

impl Tick {
    /// The first of its instants that is not before `at`.
    pub(crate) fn not_before(self, at: Duration) -> Duration {
        let Some(past) = at.checked_sub(self.base) else {
            return self.base;
        };
        let period = self.period.as_nanos().max(1);
        let steps = past.as_nanos().div_ceil(period);
        self.base + Duration::from_nanos(u64::try_from(steps * period).unwrap_or(u64::MAX))
    }
}

/// What a slot asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Segment,
    /// A segment that is fetched to learn from, before anything else.
    Probe,
    Init,
    Key,
}

impl What {
    pub(crate) fn class(self) -> Class {
        match self {
            Self::Segment | Self::Probe => Class::Segment,
            Self::Init => Class::Init,
            Self::Key => Class::Key,
        }
    }

    pub(crate) fn is_segment(self) -> bool {
        matches!(self, Self::Segment | Self::Probe)
    }
}

/// A key or an initialisation section that need not be fetched again.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Have {
    pub(crate) what: What,
    pub(crate) url: Arc<Url>,
    pub(crate) byte_range: Option<ByteRange>,
}

/// One thing asked for.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) what: What,
    pub(crate) msn: u64,
    pub(crate) media: Media,
    pub(crate) url: Arc<Url>,
    pub(crate) byte_range: Option<ByteRange>,
    pub(crate) state: SlotState,
    /// Attempts that failed.
    pub(crate) failed: u16,
    /// Its answer has begun.
    pub(crate) opened: bool,
    /// Asked for beside a failing one, on trial.
    pub(crate) beside: bool,
}

/// Where a slot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlotState {
    InFlight(FetchId),
    /// It failed; again at this instant.
    Retry(Duration),
    /// Complete, but something before it is not.
    Done,
}

impl Slot {
    /// What a key's or a section's slot is for.
    pub(crate) fn is_for(&self, have: &Have) -> bool {
        self.what == have.what && self.url == have.url && self.byte_range == have.byte_range
    }

    pub(crate) fn id(&self) -> Option<FetchId> {
        match self.state {
            SlotState::InFlight(id) => Some(id),
            _ => None,
        }
    }
}

impl Track {
    pub(crate) fn new(lane: Lane, url: Arc<Url>, variant: Option<u16>) -> Self {
        Self {
            lane,
            url,
            variant,
            timeline: Timeline::new(),
            reload: Reloads::default(),
            slots: SmallVec::new(),
            next: None,
            since: Duration::ZERO,
            tick: None,
            hold: Duration::ZERO,
            asked_end: None,
            done: 0,
            past: 0,
            have: SmallVec::new(),
            quota: None,
            test: false,
            starved: None,
            before_switch: None,
            resumes: false,
        }
    }

    pub(crate) fn has_list(&self) -> bool {
        self.timeline.list().is_some()
    }

    /// Notes what need not be fetched again.
    pub(crate) fn keep(&mut self, have: Have) {
        if self.have.len() >= HAVE_MAX {
            self.have.remove(0);
        }
        self.have.push(have);
    }

    /// It has an initialisation section: its media is fMP4.
    pub(crate) fn is_fmp4(&self) -> bool {
        self.have.iter().any(|have| have.what == What::Init)
    }

    /// Everything it will ever ask for has come.
    pub(crate) fn is_finished(&self) -> bool {
        let at_end = match (self.next, self.timeline.last()) {
            (Some(next), Some(last)) => next > last.msn,
            (None, Some(_)) => false,
            (_, None) => true,
        };
        self.timeline.list().is_some_and(|list| !list.is_live()) && at_end && self.slots.is_empty()
    }

    /// Where the media begins that it needs next.
    pub(crate) fn needs(&self) -> Option<Duration> {
        if let Some(slot) = self.slots.iter().find(|slot| slot.what == What::Segment) {
            return Some(slot.media.end);
        }
        let next = self.next.and_then(|next| self.timeline.segment(next));
        next.map(|next| next.start).or(self.asked_end)
    }

    pub(crate) fn target_duration(&self) -> Option<Duration> {
        Some(self.timeline.list()?.target_duration)
    }

    /// How many segments it has asked for and not consumed.
    pub(crate) fn segments_asked(&self) -> usize {
        self.slots
            .iter()
            .filter(|slot| slot.what.is_segment())
            .count()
    }

    /// The place of the slot that this request fills.
    pub(crate) fn slot_of(&self, id: FetchId) -> Option<usize> {
        self.slots.iter().position(|slot| slot.id() == Some(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_lie_on_their_grid() {
        let ms = Duration::from_millis;
        let tick = Tick {
            base: ms(100),
            period: ms(1000),
        };
        for (at, expected) in [
            (0, 100),
            (100, 100),
            (101, 1100),
            (1100, 1100),
            (5099, 5100),
        ] {
            assert_eq!(tick.not_before(ms(at)), ms(expected), "{at}");
        }
    }
}
