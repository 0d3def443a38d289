//! Where playback starts, and how it is moved when its position has left the list.

use std::time::Duration;

use base::{Now, ViewerState};
use media::hls::{MediaPlaylist, Start, StartFrom};

use crate::io::{Because, Event, Lane};
use crate::player::Player;
use crate::playhead::{Playhead, Track as Buffered};
use crate::profile::{BeforeList, First, Probe};
use crate::track::{SlotState, Tick};

impl Player {
    /// The first list has come: where will playback start?
    pub(crate) fn choose_start(&mut self, place: usize, now: Now) {
        let timeline = &self.tracks[place].timeline;
        let (Some(list), Some(begin), Some(end)) =
            (timeline.list(), timeline.start(), timeline.end())
        else {
            return;
        };
        let wish = self.wish(list).map(|wish| match wish.from {
            StartFrom::Beginning(after) => begin + after,
            StartFrom::End(before) => end.saturating_sub(before),
        });
        let position = if list.is_live() {
            let target = self.target(list);
            wish.unwrap_or_else(|| end.saturating_sub(target))
        } else {
            wish.unwrap_or(begin)
        };
        let live = list.is_live();
        // A wish beyond the end is met at the last segment, or nothing would ever be played.
        let newest = timeline.last().map_or(end, |newest| newest.start);
        let position = position.clamp(begin, if live { end } else { newest });
        self.start = Some(position);
        self.range = live.then_some((end, now.elapsed));
        self.probing = self.probes() && live;
        self.start_range(now);
        if let Some(playhead) = &mut self.playhead {
            playhead.start_at(position);
        }
    }

    fn wish(&self, list: &MediaPlaylist) -> Option<Start> {
        if !self.profile.honours.start {
            return None;
        }
        let of_all = self.multivariant.as_ref().and_then(|lists| lists.start);
        list.start.or(of_all)
    }

    /// How far from the end of the list this viewer wants to play.
    fn target(&self, list: &MediaPlaylist) -> Duration {
        let Some(play) = &self.profile.play else {
            return list.target_duration * 3;
        };
        let asked = list
            .server_control
            .and_then(|control| control.hold_back)
            .filter(|_| self.profile.honours.hold_back);
        let base = play
            .target_set
            .or(asked)
            .unwrap_or_else(|| list.target_duration.mul_f64(play.target));
        let stalls = self.playhead.as_ref().map_or(0, Playhead::stalls);
        let most = list.target_duration.mul_f64(play.target_growth_max);
        base + (play.target_growth * stalls).min(most)
    }

    /// Finds a track's first segment, once playback knows where it starts.
    pub(crate) fn find_first(&mut self, place: usize, now: Now) {
        let track = &self.tracks[place];
        if track.next.is_some() {
            return;
        }
        let Some(start) = self.start else {
            return;
        };
        let live = track.timeline.list().is_some_and(|list| list.is_live());
        let next = match self.profile.start.first {
            First::FromEnd(n) if live => track.timeline.nth_from_end(usize::from(n)),
            _ if track.resumes => {
                self.tracks[place].next = self.msn_at(place, track.asked_end.unwrap_or(start));
                self.tracks[place].since = now.elapsed;
                return;
            }
            _ => {
                let position = self
                    .playhead
                    .as_ref()
                    .map_or(start, |head| head.position(now));
                self.tracks[place].next = self.msn_at(place, self.look_up(position, live));
                self.tracks[place].since = now.elapsed;
                return;
            }
        };
        let next = next.map(|entry| entry.msn);
        self.tracks[place].next = next;
        self.tracks[place].since = now.elapsed;
    }

    /// Where it looks for the segment to begin with, to play from `position`.
    fn look_up(&self, position: Duration, live: bool) -> Duration {
        match self.profile.start.first {
            First::AtPosition { before } if live => position.saturating_sub(before),
            _ => position,
        }
    }

    /// The segment at `position`, the first one listed before it, or the next to be listed.
    fn msn_at(&self, place: usize, position: Duration) -> Option<u64> {
        let timeline = &self.tracks[place].timeline;
        if let Some(entry) = timeline.at(position) {
            return Some(entry.msn);
        }
        let first = timeline.first()?;
        if position < first.start {
            Some(first.msn)
        } else {
            timeline.next_msn()
        }
    }

    /// The segment to learn from, where the profile wants one.
    pub(crate) fn probe_msn(&self, place: usize) -> Option<u64> {
        let timeline = &self.tracks[place].timeline;
        match self.profile.start.probe {
            Probe::None => None,
            Probe::Middle => {
                let (first, next) = (timeline.first()?.msn, timeline.next_msn()?);
                Some(first + (next - first).saturating_sub(1) / 2)
            }
        }
    }

    /// The seekable range's clock starts when the probe is there.
    pub(crate) fn probed(&mut self, now: Now) {
        self.probing = false;
        self.start_range(now);
    }

    fn start_range(&mut self, now: Now) {
        let before_list = self.profile.play.map(|play| play.before_list);
        let late = match before_list {
            Some(BeforeList::SeekToStart { late, .. }) => late,
            _ => Duration::ZERO,
        };
        if let Some((_, at)) = &mut self.range {
            *at = now.elapsed + late;
        }
    }

    /// After a reload: has the position left the list, and does the profile seek then?
    pub(crate) fn look_left_behind(&mut self, now: Now) {
        let Some(BeforeList::SeekToLive { slack, keeps_wait }) =
            self.profile.play.map(|play| play.before_list)
        else {
            return;
        };
        let (Some(playhead), Some(place)) = (&self.playhead, self.place_of(Lane::Video)) else {
            return;
        };
        if self.start.is_none()
            || !matches!(
                playhead.state(),
                ViewerState::Stalled | ViewerState::Starting
            )
        {
            return;
        }
        let position = playhead.position(now);
        let timeline = &self.tracks[place].timeline;
        let (Some(list), Some(begin), Some(end)) =
            (timeline.list(), timeline.start(), timeline.end())
        else {
            return;
        };
        if !list.is_live() || position + slack >= begin {
            return;
        }
        let age = timeline.age(now).unwrap_or_default();
        let latest = end.saturating_sub(list.target_duration).max(begin);
        let to = (end + age)
            .saturating_sub(self.target(list))
            .clamp(begin, latest);
        self.seek(to, keeps_wait, now);
    }

    /// When the clock of the seekable range will have left the position behind.
    pub(crate) fn seek_due(&self, now: Now) -> Option<Duration> {
        let BeforeList::SeekToStart { step, .. } = self.profile.play?.before_list else {
            return None;
        };
        let playhead = self.playhead.as_ref()?;
        let (edge, at) = self.range?;
        let timeline = &self.tracks[self.place_of(Lane::Video)?].timeline;
        let list = timeline.list()?;
        let position = playhead.position(now);
        if !list.is_live() || playhead.state() == ViewerState::Ended || timeline.end()? <= position
        {
            return None;
        }
        let left = (at + position + list.duration()).saturating_sub(edge);
        if playhead.state() == ViewerState::Playing && left > now.elapsed {
            // It runs as fast as the clock does.
            return None;
        }
        let clock = Tick {
            base: self.created,
            period: step,
        };
        Some(clock.not_before(left.max(self.range.map_or(at, |(_, at)| at))))
    }

    pub(crate) fn seek_to_start(&mut self, now: Now) -> bool {
        let Some(BeforeList::SeekToStart { plus, .. }) =
            self.profile.play.map(|play| play.before_list)
        else {
            return false;
        };
        let (Some((edge, at)), Some(place)) = (self.range, self.place_of(Lane::Video)) else {
            return false;
        };
        let timeline = &self.tracks[place].timeline;
        let (Some(list), Some(end)) = (timeline.list(), timeline.end()) else {
            return false;
        };
        let by_clock = edge + now.elapsed.saturating_sub(at);
        let to = (by_clock.saturating_sub(list.duration()) + plus).min(end);
        self.seek(to, false, now)
    }

    /// Moves playback forward; what cannot be used there is given up.
    fn seek(&mut self, to: Duration, keeps_wait: bool, now: Now) -> bool {
        let Some(playhead) = &mut self.playhead else {
            return false;
        };
        let from = playhead.position(now);
        if to <= from {
            return false;
        }
        playhead.seek(to, now);
        self.start = self.start.map(|start| start.max(to));
        for place in 0..self.tracks.len() {
            self.move_track(place, to, keeps_wait, now);
        }
        true
    }

    fn move_track(&mut self, place: usize, to: Duration, keeps_wait: bool, now: Now) {
        let track = &self.tracks[place];
        let buffered = match (track.lane, &self.playhead) {
            (Lane::Video, Some(head)) => head.ahead(Buffered::Main, now),
            (Lane::Audio, Some(head)) => head.ahead(Buffered::Audio, now),
            _ => Duration::ZERO,
        };
        if !buffered.is_zero() || !track.has_list() || track.next.is_none() {
            return;
        }
        let hold = track
            .slots
            .iter()
            .filter_map(|slot| match slot.state {
                SlotState::Retry(at) if keeps_wait => Some(at),
                _ => None,
            })
            .max();
        let missed = track
            .slots
            .first()
            .map_or(track.next, |slot| Some(slot.msn));
        self.drop_slots(place);
        let live = self.tracks[place]
            .timeline
            .list()
            .is_some_and(|list| list.is_live());
        let next = self.msn_at(place, self.look_up(to, live));
        let track = &mut self.tracks[place];
        track.next = next;
        track.hold = hold.unwrap_or(track.hold);
        track.tick = None;
        track.since = now.elapsed;
        track.starved = None;
        if let (Some(missed), Some(next)) = (missed, next)
            && next > missed
        {
            self.say(Event::Skipped {
                segments: u32::try_from(next - missed).unwrap_or(u32::MAX),
                because: Because::LeftList,
            });
        }
    }
}
