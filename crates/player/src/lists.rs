//! Media playlists of the tracks: when they are asked for, what their answers mean.

use std::sync::Arc;
use std::time::Duration;

use base::{Class, Failure, Now, ViewerState};
use media::hls::MediaPlaylist;
use media::timeline::{Change, Kind};
use url::Url;

use crate::asking::Ask;
use crate::flights::Errand;
use crate::io::{Because, Event, FetchId, Lane, Playlist};
use crate::player::{Phase, Player};
use crate::playhead::LiveEdge;
use crate::profile::{FirstVariant, GiveUp, InitRule, Probe, ReloadWhen};
use crate::retry::Verdict;
use crate::track::{Tick, What};

impl Player {
    pub(crate) fn on_playlist(
        &mut self,
        id: FetchId,
        playlist: Playlist,
        final_url: Option<Arc<Url>>,
        now: Now,
    ) {
        match (self.flights.land(id), playlist) {
            (None, _) => {}
            (Some(Errand::First), Playlist::Media(list)) => {
                self.first_is_media(id, list, final_url, now);
            }
            (Some(Errand::First), Playlist::Multivariant(lists)) => {
                self.first_is_multivariant(&lists, now);
            }
            (Some(Errand::List(place)), Playlist::Media(list)) => {
                if let Some(url) = final_url {
                    self.tracks[usize::from(place)].url = url;
                }
                self.list_answer(usize::from(place), list, now);
            }
            (Some(Errand::List(place)), Playlist::Multivariant(_)) => {
                self.list_failed(usize::from(place), Failure::InvalidPlaylist, now);
            }
            (Some(Errand::Slot(place)), _) => self.slot_done(usize::from(place), id, now),
        }
    }

    pub(crate) fn on_unchanged(&mut self, id: FetchId, now: Now) {
        match self.flights.land(id) {
            None => {}
            // Nothing was ever fetched that could be unchanged.
            Some(Errand::First) => self.first_failed(Failure::InvalidPlaylist, now),
            Some(Errand::List(place)) => {
                let place = usize::from(place);
                match self.tracks[place].timeline.list().cloned() {
                    Some(list) => self.list_answer(place, list, now),
                    None => self.list_failed(place, Failure::InvalidPlaylist, now),
                }
            }
            Some(Errand::Slot(place)) => self.slot_done(usize::from(place), id, now),
        }
    }

    /// When the playlist of a track is to be asked for, as things stand.
    pub(crate) fn list_due(&self, place: usize) -> Option<Duration> {
        let track = &self.tracks[place];
        if track.reload.id.is_some() || self.is_retired(place) {
            return None;
        }
        let next = track.reload.next?;
        if !track.has_list() {
            let in_turn = self.opens_in_turn();
            let missing =
                |before: usize| !self.tracks[before].has_list() && !self.is_retired(before);
            let waits = in_turn && (0..place).any(missing);
            return (!waits).then_some(next);
        }
        if track.reload.failed > 0 {
            return Some(next);
        }
        if self.probing {
            return None;
        }
        match self.profile.reload.when {
            ReloadWhen::Always => Some(next),
            ReloadWhen::Starved => {
                // A list without a segment leaves it as hungry.
                let empty = track.next.is_none().then_some(next);
                let base = track.starved.or(empty)?;
                let step = self.profile.reload.step.unwrap_or_default();
                Some(Tick { base, period: step }.not_before(next.max(base)))
            }
        }
    }

    pub(crate) fn ask_list(&mut self, place: usize, due: Duration, now: Now) {
        let track = &self.tracks[place];
        let failed = track.reload.failed;
        let ask = Ask {
            errand: Errand::List(place as u16),
            class: Class::Playlist,
            lane: track.lane,
            url: Arc::clone(&track.url),
            byte_range: None,
            due,
            failed,
            fmp4: false,
        };
        let id = self.ask(ask);
        let begins = self.profile.retries.playlist.begins_burst(failed);
        let track = &mut self.tracks[place];
        track.reload.asked(id, due, now.elapsed);
        if begins {
            track.reload.operation_began(now.elapsed);
        }
    }

    pub(crate) fn list_answer(&mut self, place: usize, list: Arc<MediaPlaylist>, now: Now) {
        let rule = self.profile.reload;
        let first = !self.tracks[place].has_list();
        let was_listed = self.is_next_listed(place);
        let track = &mut self.tracks[place];
        let Ok(change) = track.timeline.update(list, now) else {
            self.list_failed(place, Failure::InvalidPlaylist, now);
            return;
        };
        let news = change.is_news();
        if let Some(list) = track.timeline.list() {
            track.reload.answered(&rule, list, news, now.elapsed);
        }
        if first {
            self.align(place);
            self.join_clock(place);
        }
        if news {
            self.list_changed(place, change, now);
        } else {
            self.look_stale(place, now);
        }
        let track = &mut self.tracks[place];
        if track.starved.is_some() {
            track.starved = Some(now.elapsed);
        }
        if self.profile.init == InitRule::EachReload {
            track.have.retain(|have| have.what != What::Init);
        }
        if !was_listed && self.is_next_listed(place) {
            self.tracks[place].since = now.elapsed;
        }
        self.look_left_behind(now);
    }

    fn list_changed(&mut self, place: usize, change: Change, now: Now) {
        let track = &mut self.tracks[place];
        track.reload.stale = false;
        let is_main = track.lane == Lane::Video;
        if matches!(change.kind, Kind::Restarted) {
            track.next = track.timeline.first().map(|first| first.msn);
        }
        if is_main {
            self.look_edge(place, change.kind, now);
        }
        if self.start.is_none() && (is_main || self.playhead.is_none()) {
            self.choose_start(place, now);
        }
        for any in 0..self.tracks.len() {
            self.find_first(any, now);
        }
        self.skip_unlisted(place);
    }

    /// Tells the playhead where the list ends, and the clock of the seekable range.
    fn look_edge(&mut self, place: usize, kind: Kind, now: Now) {
        let timeline = &self.tracks[place].timeline;
        let live = timeline.list().is_some_and(|list| list.is_live());
        let end = timeline.end();
        if let Some(playhead) = &mut self.playhead {
            playhead.set_edge(end.filter(|_| live).map(|end| LiveEdge {
                end,
                seen: now.elapsed,
            }));
        }
        if let (Some((edge, at)), Some(end)) = (self.range, end) {
            let by_clock = edge + now.elapsed.saturating_sub(at);
            // It runs with the wall from the first list on, whatever the list does, until
            // another stream begins.
            let jumped = matches!(kind, Kind::Restarted | Kind::Jumped { .. });
            if jumped && end > by_clock {
                self.range = Some((end, now.elapsed));
            }
        }
    }

    /// What left the list before it was asked for is skipped.
    fn skip_unlisted(&mut self, place: usize) {
        let track = &mut self.tracks[place];
        let (Some(next), Some(first)) = (track.next, track.timeline.first()) else {
            return;
        };
        if next < first.msn {
            let segments = u32::try_from(first.msn - next).unwrap_or(u32::MAX);
            track.next = Some(first.msn);
            self.say(Event::Skipped {
                segments,
                because: Because::LeftList,
            });
        }
    }

    /// A list that joins others on one clock is asked for again with them.
    fn join_clock(&mut self, place: usize) {
        if !self.profile.reload.together || self.tracks[place].reload.next.is_none() {
            return;
        }
        let others = self.tracks.iter().enumerate();
        let next = others
            .filter(|(other, _)| *other != place)
            .find_map(|(_, other)| other.reload.next);
        if next.is_some() {
            self.tracks[place].reload.next = next;
        }
    }

    /// Lays the track's first list beside what is known already.
    fn align(&mut self, place: usize) {
        let before = self.tracks[place].before_switch.take();
        let (left, rest) = self.tracks.split_at_mut(place);
        let Some((track, right)) = rest.split_first_mut() else {
            return;
        };
        let other = left
            .iter()
            .chain(right.iter())
            .find(|other| other.has_list());
        match (before, other) {
            (Some(before), _) => {
                track.timeline.align(&before);
            }
            (None, Some(other)) => drop(track.timeline.align(&other.timeline)),
            (None, None) => {}
        }
    }

    fn look_stale(&mut self, place: usize, now: Now) {
        let track = &mut self.tracks[place];
        if let Some(age) = crate::stale::age(&track.timeline, now) {
            let first = !std::mem::replace(&mut track.reload.stale, true);
            self.say(Event::StalePlaylist { age, first });
        }
    }

    pub(crate) fn list_failed(&mut self, place: usize, failure: Failure, now: Now) {
        let retry = self.profile.retries.playlist;
        let rule = self.profile.reload;
        let track = &mut self.tracks[place];
        track.reload.id = None;
        track.reload.failed += 1;
        match retry.after(track.reload.failed, &mut self.rng) {
            Verdict::Again(wait) => track.reload.next = Some(now.elapsed + wait),
            Verdict::Over if matches!(track.lane, Lane::Extra(_)) => {
                track.quota = Some(0);
                track.reload.next = None;
            }
            Verdict::Over if retry.then == GiveUp::NextReload => {
                match track.timeline.list().cloned() {
                    Some(list) => track.reload.put_off(&rule, &list, now.elapsed),
                    None => self.fail(Class::Playlist, failure, now.elapsed),
                }
            }
            Verdict::Over => self.give_up(retry.then, Class::Playlist, failure, now),
        }
    }

    /// A request failed for good, and no segment can be left out for it.
    pub(crate) fn give_up(&mut self, then: GiveUp, class: Class, failure: Failure, now: Now) {
        match then {
            GiveUp::PlayOutThenFail => {
                self.cancel_all();
                self.phase = Phase::Draining { class, failure };
            }
            GiveUp::End if self.tracks.iter().any(|track| track.done > 0) => {
                self.over(ViewerState::Ended, now.elapsed);
                self.say(Event::Finished);
            }
            _ => self.fail(class, failure, now.elapsed),
        }
    }

    /// Renditions are opened one after another.
    pub(crate) fn opens_in_turn(&self) -> bool {
        matches!(
            self.profile.first_variant,
            FirstVariant::AllThenHighest { .. }
        )
    }

    /// It has read what it was to read.
    pub(crate) fn is_retired(&self, place: usize) -> bool {
        let track = &self.tracks[place];
        track
            .quota
            .is_some_and(|quota| track.done >= u32::from(quota))
    }

    pub(crate) fn is_next_listed(&self, place: usize) -> bool {
        let track = &self.tracks[place];
        track
            .next
            .is_some_and(|next| track.timeline.segment(next).is_some())
    }

    /// Whether the profile learns from one segment before it starts.
    pub(crate) fn probes(&self) -> bool {
        self.profile.start.probe != Probe::None
    }
}
