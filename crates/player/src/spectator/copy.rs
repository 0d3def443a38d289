//! A player that copies and plays nothing: whether media still comes.
//!
//! | from | when | to |
//! |---|---|---|
//! | `Starting` | the first media has arrived | `Playing` |
//! | `Playing` | for [`DUE`] target durations no media beyond the furthest has arrived | `Stalled` |
//! | `Stalled` | media beyond the furthest has arrived | `Playing` |
//! | any but `Ended` | the list is at its end, and all of it has arrived | `Ended` |
//!
//! [`DUE`] is as much as a live player has to play at most, since it begins that far from the end of
//! the list: when so much time has passed, what had arrived is played, wherever it began. It is
//! also longer than any reload takes to show the next segment where nothing is amiss, so that a
//! reader at the very edge does not stall with each of them. Native viewers that play nothing go by
//! the same rule.

use std::time::Duration;

use base::ViewerState;

use crate::io::Event;
use crate::playhead::Media;

/// So many target durations after the last new media a reader has stalled (RFC 8216bis, 6.3.3: where
/// playback begins).
const DUE: u32 = 3;
/// Two ends of media that lie at most this far apart are one.
const SEAM: Duration = Duration::from_millis(100);

/// The state of a reader.
#[derive(Clone, Copy, Debug)]
pub(super) struct Copy {
    state: ViewerState,
    /// Where the media ends that has arrived.
    furthest: Option<Duration>,
    /// When it stalls unless media comes.
    stalls_at: Duration,
}

impl Copy {
    pub(super) fn new() -> Self {
        Self {
            state: ViewerState::Starting,
            furthest: None,
            stalls_at: Duration::ZERO,
        }
    }

    pub(super) fn state(&self) -> ViewerState {
        self.state
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        (self.state == ViewerState::Playing).then_some(self.stalls_at)
    }

    pub(super) fn advance(&mut self, now: Duration) -> Option<Event> {
        let at = self.deadline().filter(|at| *at <= now)?;
        self.enter(ViewerState::Stalled, at)
    }

    /// Media has arrived. What had arrived before is nothing new.
    pub(super) fn arrived(
        &mut self,
        media: Media,
        target: Duration,
        now: Duration,
    ) -> Option<Event> {
        let is_known = self.furthest.is_some_and(|furthest| media.end <= furthest);
        if is_known || self.state == ViewerState::Ended {
            return None;
        }
        self.furthest = Some(media.end);
        self.stalls_at = now + target * DUE;
        self.enter(ViewerState::Playing, now)
    }

    /// The list ends at `end`, and nothing comes after it.
    pub(super) fn look_for_end(&mut self, end: Duration, now: Duration) -> Option<Event> {
        self.furthest.filter(|furthest| *furthest + SEAM >= end)?;
        self.enter(ViewerState::Ended, now)
    }

    fn enter(&mut self, to: ViewerState, at: Duration) -> Option<Event> {
        let from = std::mem::replace(&mut self.state, to);
        (from != to).then_some(Event::State { to, at })
    }
}
