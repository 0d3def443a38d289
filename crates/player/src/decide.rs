//! Decisions: everything that can be done now, and when the next thing can.

use std::time::Duration;

use base::Now;

use crate::io::Event;
use crate::player::{Phase, Player};
use crate::track::SlotState;

/// Decisions in one call; past this the rest waits for the next (it never does: each asks for
/// something, and what can be in flight is bounded).
const ROUNDS_MAX: usize = 256;

impl Player {
    pub(crate) fn decide(&mut self, now: Now) {
        if let (Phase::Opening, Some(due)) = (self.phase, self.opening.retry)
            && due <= now.elapsed
        {
            self.open(self.due(due, now), now);
        }
        for _ in 0..ROUNDS_MAX {
            if self.phase != Phase::Running || !self.decide_one(now) {
                break;
            }
        }
        self.look_complete(now);
    }

    /// The first thing that can be done now; whether there was one.
    fn decide_one(&mut self, now: Now) -> bool {
        if self.seek_due(now).is_some_and(|due| due <= now.elapsed) && self.seek_to_start(now) {
            return true;
        }
        for place in 0..self.tracks.len() {
            if let Some(due) = self.list_due(place).filter(|due| *due <= now.elapsed) {
                self.ask_list(place, self.due(due, now), now);
                return true;
            }
            if self.retry_one(place, now) {
                return true;
            }
            self.skip_gaps(place);
            match self.segment_due(place, now) {
                Some(due) if due <= now.elapsed => {
                    self.ask_next(place, self.due(due, now), now);
                    return true;
                }
                _ => self.look_idle(place, now),
            }
        }
        false
    }

    /// What became possible since the last decisions is due by its own time; what an event made
    /// possible is due with the event.
    fn due(&self, since: Duration, now: Now) -> Duration {
        if since > self.last {
            since
        } else {
            now.elapsed
        }
    }

    /// When the next decision can be taken, if nothing else happens.
    pub(crate) fn next_decision(&self, now: Now) -> Option<Duration> {
        let tracks = (0..self.tracks.len()).flat_map(|place| {
            let retries = self.tracks[place]
                .slots
                .iter()
                .filter_map(|slot| match slot.state {
                    SlotState::Retry(at) => Some(at),
                    _ => None,
                });
            [
                self.list_due(place),
                self.segment_due(place, now),
                retries.min(),
            ]
        });
        tracks.flatten().chain(self.seek_due(now)).min()
    }

    /// Everything that there will ever be has come: the stream ends where it ends.
    fn look_complete(&mut self, now: Now) {
        let finished = |place: usize| self.is_retired(place) || self.tracks[place].is_finished();
        if self.phase != Phase::Running
            || self.tracks.is_empty()
            || !(0..self.tracks.len()).all(finished)
        {
            return;
        }
        if let Some(playhead) = &mut self.playhead {
            playhead.complete(now);
        } else {
            self.over(base::ViewerState::Ended, now.elapsed);
            self.say(Event::Finished);
        }
    }
}
