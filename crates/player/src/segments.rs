//! Segments and what they need (initialisation sections, keys): when they are asked for, what
//! their answers mean.

use std::sync::Arc;
use std::time::Duration;

use base::{Failure, Now, ViewerState};
use media::hls::{ByteRange, KeyMethod};
use media::timeline::Entry;
use url::Url;

use crate::asking::Ask;
use crate::flights::Errand;
use crate::io::{Because, Event, FetchId, Lane};
use crate::player::Player;
use crate::playhead::{Media, Track as Buffered};
use crate::profile::{
    FirstVariant, GiveUp, InitOrder, InitRule, Pace, ReloadWhen, RunAhead, Switch,
};
use crate::retry::Verdict;
use crate::track::{Have, Slot, SlotState, Tick, What};

impl Player {
    /// The answer to a request has begun.
    pub(crate) fn on_opened(&mut self, id: FetchId) {
        if let Some(Errand::Slot(place)) = self.flights.errand(id) {
            let track = &mut self.tracks[usize::from(place)];
            if let Some(at) = track.slot_of(id) {
                track.slots[at].opened = true;
            }
        }
    }

    pub(crate) fn on_done(&mut self, id: FetchId, now: Now) {
        match self.flights.land(id) {
            None => {}
            // A body that should have been a playlist came as bytes.
            Some(Errand::First) => self.first_failed(Failure::InvalidPlaylist, now),
            Some(Errand::List(place)) => {
                self.list_failed(usize::from(place), Failure::InvalidPlaylist, now);
            }
            Some(Errand::Slot(place)) => self.slot_done(usize::from(place), id, now),
        }
    }

    pub(crate) fn on_failed(&mut self, id: FetchId, failure: Failure, now: Now) {
        match self.flights.land(id) {
            None => {}
            Some(Errand::First) => self.first_failed(failure, now),
            Some(Errand::List(place)) => self.list_failed(usize::from(place), failure, now),
            Some(Errand::Slot(place)) => self.slot_failed(usize::from(place), id, failure, now),
        }
    }

    /// When the next segment of a track can be asked for, as things stand; `None`: an event must
    /// come first.
    pub(crate) fn segment_due(&self, place: usize, now: Now) -> Option<Duration> {
        let track = &self.tracks[place];
        if !self.may_ask(place) {
            return None;
        }
        if self.probing {
            return (track.lane == Lane::Video && track.slots.is_empty()).then_some(track.since);
        }
        let entry = track.timeline.segment(track.next?)?;
        if !self.keeps_step(place, &entry) {
            return None;
        }
        let at = track
            .since
            .max(track.hold)
            .max(self.room_at(entry.start, now)?);
        Some(track.tick.map_or(at, |tick| tick.not_before(at)))
    }

    /// Whether the window of requests has room for another segment of the track.
    fn may_ask(&self, place: usize) -> bool {
        let track = &self.tracks[place];
        let asked = track.segments_asked();
        let of_quota = track
            .quota
            .is_none_or(|quota| track.done as usize + asked < usize::from(quota));
        let list_in_the_way = self.profile.reload.when == ReloadWhen::Starved
            && track.reload.id.is_some()
            && track.has_list();
        let waiting = track.slots.iter().any(|slot| {
            let in_order = !slot.what.is_segment() && !self.sections_beside();
            in_order || matches!(slot.state, SlotState::Retry(_))
        });
        let window =
            asked == 0 || asked < usize::from(self.profile.concurrency) && track.slots[0].opened;
        of_quota && window && !waiting && !list_in_the_way && self.is_turn(place)
    }

    fn sections_beside(&self) -> bool {
        self.profile.init
            == InitRule::Once {
                order: InitOrder::Beside,
            }
    }

    /// Where renditions are opened one after another: whether this one's turn has come.
    fn is_turn(&self, place: usize) -> bool {
        let FirstVariant::AllThenHighest { segments } = self.profile.first_variant else {
            return true;
        };
        let begun = |place: usize| {
            let track = &self.tracks[place];
            track.past > 0 || self.is_retired(place) || track.is_finished()
        };
        let listed = |place: usize| self.tracks[place].has_list() || self.is_retired(place);
        if (0..self.tracks.len()).all(begun) {
            return true;
        }
        let track = &self.tracks[place];
        let opening = track.past as usize + track.segments_asked() < usize::from(segments);
        opening && (0..self.tracks.len()).all(listed) && (0..place).all(begun)
    }

    /// How far one media type may be read ahead of the other.
    fn keeps_step(&self, place: usize, entry: &Entry<'_>) -> bool {
        let track = &self.tracks[place];
        let other = match track.lane {
            Lane::Audio => Lane::Video,
            Lane::Video => Lane::Audio,
            Lane::Main | Lane::Extra(_) => return true,
        };
        let Some(other) = self.place_of(other).map(|other| &self.tracks[other]) else {
            return true;
        };
        if other.is_finished() {
            return true;
        }
        match (self.profile.run_ahead, track.lane) {
            (RunAhead::AudioFollowsVideo, Lane::Audio) => {
                other.past > 0 && other.asked_end.is_some_and(|end| entry.start <= end)
            }
            (RunAhead::OneSegment, _) => {
                let needed = other.needs().or(self.start).unwrap_or_default();
                entry.start < needed + track.target_duration().unwrap_or_default()
            }
            _ => true,
        }
    }

    /// When a segment that begins at `start` is within the buffer goal.
    fn room_at(&self, start: Duration, now: Now) -> Option<Duration> {
        let (Some(goal), Some(playhead)) = (self.profile.buffer_goal, &self.playhead) else {
            return Some(Duration::ZERO);
        };
        let position = playhead.position(now);
        match playhead.state() {
            ViewerState::Playing => Some((now.elapsed + start).saturating_sub(position + goal)),
            _ => (start <= position + goal).then_some(Duration::ZERO),
        }
    }

    /// There is nothing to ask for: on a tick player the next look is a tick away; a starved
    /// reader notes since when.
    pub(crate) fn look_idle(&mut self, place: usize, now: Now) {
        let track = &self.tracks[place];
        if !track.slots.is_empty() || self.probing || track.next.is_none() {
            return;
        }
        let listed = self.is_next_listed(place);
        if let (Pace::Tick { starved, full }, None) = (self.profile.next_segment, track.tick) {
            let period = if self.is_full(place, now) {
                full
            } else {
                starved
            };
            self.tracks[place].tick = Some(Tick {
                base: now.elapsed,
                period,
            });
        }
        let track = &mut self.tracks[place];
        if !listed && track.starved.is_none() {
            track.starved = Some(now.elapsed);
        }
    }

    /// The next segment is listed, and the buffer goal alone is in its way.
    fn is_full(&self, place: usize, now: Now) -> bool {
        let track = &self.tracks[place];
        let entry = track.next.and_then(|next| track.timeline.segment(next));
        entry.is_some_and(|entry| {
            let room = self.room_at(entry.start, now);
            self.keeps_step(place, &entry) && room.is_none_or(|at| at > now.elapsed)
        })
    }

    /// Segments that the origin says are not there are passed over.
    pub(crate) fn skip_gaps(&mut self, place: usize) {
        let track = &mut self.tracks[place];
        let mut segments = 0;
        while let Some(next) = track.next
            && track
                .timeline
                .segment(next)
                .is_some_and(|entry| entry.segment.gap)
        {
            track.next = Some(next + 1);
            segments += 1;
        }
        if segments > 0 {
            self.say(Event::Skipped {
                segments,
                because: Because::Gap,
            });
        }
    }

    /// Asks for the next segment of a track, or for what it needs first.
    pub(crate) fn ask_next(&mut self, place: usize, due: Duration, now: Now) {
        // A full buffer leaves the tick running; something asked for ends it.
        self.tracks[place].starved = None;
        if self.probing {
            if let Some(msn) = self.probe_msn(place) {
                self.ask_segment(place, msn, What::Probe, due);
            } else {
                self.probed(now);
            }
            return;
        }
        self.tracks[place].tick = None;
        if let Some(msn) = self.tracks[place].next {
            self.ask_segment(place, msn, What::Segment, due);
        }
    }

    fn ask_segment(&mut self, place: usize, msn: u64, what: What, due: Duration) {
        while let Some(need) = self.need(place, msn) {
            let (url, byte_range) = (Arc::clone(&need.url), need.byte_range);
            let what = need.what;
            // What is asked for counts as there; it is struck out again if it fails.
            self.tracks[place].keep(need);
            self.push_slot(place, what, msn, url, byte_range, due);
            if !self.sections_beside() {
                return;
            }
        }
        let track = &mut self.tracks[place];
        let Some(entry) = track.timeline.segment(msn) else {
            return;
        };
        let (url, byte_range) = (Arc::clone(&entry.segment.uri), entry.segment.byte_range);
        let end = entry.end;
        if what == What::Segment {
            track.next = Some(msn + 1);
            track.asked_end = Some(end);
        }
        self.push_slot(place, what, msn, url, byte_range, due);
    }

    /// A key or an initialisation section that the segment needs and the track has not.
    fn need(&self, place: usize, msn: u64) -> Option<Have> {
        let track = &self.tracks[place];
        let segment = track.timeline.segment(msn)?.segment;
        let has = |what, url: &Arc<Url>, byte_range| {
            let same = |have: &Have| Arc::ptr_eq(&have.url, url) || have.url == *url;
            let mut haves = track.have.iter().rev();
            haves.any(|have| have.what == what && have.byte_range == byte_range && same(have))
        };
        if let Some(key) = segment.key()
            && key.is_identity()
            && matches!(key.method, KeyMethod::Aes128 | KeyMethod::SampleAes)
            && matches!(key.uri.scheme(), "http" | "https")
            && !has(What::Key, &key.uri, None)
        {
            return Some(Have {
                what: What::Key,
                url: Arc::clone(&key.uri),
                byte_range: None,
            });
        }
        let map = segment.map.as_ref()?;
        (!has(What::Init, &map.uri, map.byte_range)).then(|| Have {
            what: What::Init,
            url: Arc::clone(&map.uri),
            byte_range: map.byte_range,
        })
    }

    fn push_slot(
        &mut self,
        place: usize,
        what: What,
        msn: u64,
        url: Arc<Url>,
        byte_range: Option<ByteRange>,
        due: Duration,
    ) {
        let track = &self.tracks[place];
        let Some(entry) = track.timeline.segment(msn) else {
            return;
        };
        let slot = Slot {
            what,
            msn,
            media: Media {
                start: entry.start,
                end: entry.end,
                pdt_ms: entry.segment.program_date_time_ms,
            },
            url,
            byte_range,
            state: SlotState::Retry(due),
            failed: 0,
            opened: false,
            beside: false,
        };
        let fmp4 = entry.segment.map.is_some();
        let at = track.slots.len();
        self.tracks[place].slots.push(slot);
        self.send_slot(place, at, fmp4, due);
    }

    fn send_slot(&mut self, place: usize, at: usize, fmp4: bool, due: Duration) {
        let track = &self.tracks[place];
        let slot = &track.slots[at];
        let ask = Ask {
            errand: Errand::Slot(place as u16),
            class: slot.what.class(),
            lane: track.lane,
            url: Arc::clone(&slot.url),
            byte_range: slot.byte_range,
            due,
            failed: slot.failed,
            fmp4,
        };
        let id = self.ask(ask);
        let slot = &mut self.tracks[place].slots[at];
        slot.state = SlotState::InFlight(id);
        slot.opened = false;
    }

    /// Makes the first attempt of a track that is due; whether there was one.
    pub(crate) fn retry_one(&mut self, place: usize, now: Now) -> bool {
        let due_slot = self.tracks[place]
            .slots
            .iter()
            .position(|slot| matches!(slot.state, SlotState::Retry(at) if at <= now.elapsed));
        let Some(at) = due_slot else {
            return false;
        };
        let slot = &self.tracks[place].slots[at];
        let SlotState::Retry(due) = slot.state else {
            return false;
        };
        let due = if due > self.last { due } else { now.elapsed };
        if self.profile.retries.beside_next
            && slot.what == What::Segment
            && self.profile.retries.segment_5xx.begins_burst(slot.failed)
            && self.tracks[place].slots.len() == 1
        {
            self.ask_beside(place, due);
        }
        let fmp4 = self.tracks[place].is_fmp4();
        self.send_slot(place, at, fmp4, due);
        true
    }

    /// The segment after a failing one is asked for beside it.
    fn ask_beside(&mut self, place: usize, due: Duration) {
        let Some(next) = self.tracks[place]
            .next
            .filter(|_| self.is_next_listed(place))
        else {
            return;
        };
        if self.need(place, next).is_some() {
            return;
        }
        self.ask_segment(place, next, What::Segment, due);
        if let Some(slot) = self.tracks[place].slots.last_mut() {
            slot.beside = true;
        }
    }

    pub(crate) fn slot_done(&mut self, place: usize, id: FetchId, now: Now) {
        let track = &mut self.tracks[place];
        let Some(at) = track.slot_of(id) else {
            return;
        };
        if !track.slots[at].what.is_segment() {
            track.slots.remove(at);
            self.consume_front(place, now);
            return;
        }
        track.slots[at].state = SlotState::Done;
        self.consume_front(place, now);
    }

    /// Hands over what is complete, in the order of the media.
    fn consume_front(&mut self, place: usize, now: Now) {
        while let Some(slot) = self.tracks[place].slots.first()
            && slot.state == SlotState::Done
        {
            let slot = self.tracks[place].slots.remove(0);
            self.consume(place, &slot, now);
        }
    }

    fn consume(&mut self, place: usize, slot: &Slot, now: Now) {
        let mut plays = true;
        if slot.what == What::Probe {
            self.probed(now);
            for track in &mut self.tracks {
                track.reload.restart(&self.profile.reload, now.elapsed);
            }
            plays = self.tracks[place].next == Some(slot.msn);
            if plays {
                self.tracks[place].next = Some(slot.msn + 1);
                self.tracks[place].asked_end = Some(slot.media.end);
            }
            self.tell_others(place, now);
        }
        self.reader_got(now.elapsed);
        let track = &mut self.tracks[place];
        track.past += 1;
        if plays {
            track.done += 1;
        }
        track.since = now.elapsed;
        track.tick = None;
        let (lane, test) = (track.lane, track.test);
        if let (Some(playhead), true, false) = (&mut self.playhead, plays, test) {
            match lane {
                Lane::Video | Lane::Main => playhead.arrived(Buffered::Main, slot.media, now),
                Lane::Audio => playhead.arrived(Buffered::Audio, slot.media, now),
                Lane::Extra(_) => {}
            }
            self.drain_playhead();
        }
        self.look_upgrade(place, now);
        self.reload_between(place, now);
    }

    /// What waited for the probe is possible from now on.
    fn tell_others(&mut self, probed: usize, now: Now) {
        for (place, track) in self.tracks.iter_mut().enumerate() {
            if place != probed {
                track.since = track.since.max(now.elapsed);
                track.tick = None;
            }
        }
    }

    /// The first segments are there: the better variant takes over.
    fn look_upgrade(&mut self, place: usize, now: Now) {
        let FirstVariant::ThenHighest {
            segments, switch, ..
        } = self.profile.first_variant
        else {
            return;
        };
        let track = &mut self.tracks[place];
        if track.lane != Lane::Video || track.done < u32::from(segments) {
            return;
        }
        if let Some(index) = self.upgrade.take() {
            track.resumes = switch == Switch::Append;
            if switch == Switch::Measured {
                track.asked_end = Some(track.asked_end.unwrap_or_default());
            }
            self.switch_main(place, index, now);
        }
    }

    /// A reader that reloads only when it needs a segment looks whether the list is old each time
    /// it has consumed one.
    fn reload_between(&mut self, place: usize, now: Now) {
        if self.profile.reload.when != ReloadWhen::Starved || self.is_retired(place) {
            return;
        }
        let reload = &self.tracks[place].reload;
        if reload.id.is_none() && reload.next.is_some_and(|next| next <= now.elapsed) {
            self.ask_list(place, now.elapsed, now);
        }
    }

    fn slot_failed(&mut self, place: usize, id: FetchId, failure: Failure, now: Now) {
        let Some(at) = self.tracks[place].slot_of(id) else {
            return;
        };
        let buffered = self.tracks[place].done > 0;
        let slot = &mut self.tracks[place].slots[at];
        slot.failed = slot.failed.saturating_add(1);
        let (what, msn, failed, beside) = (slot.what, slot.msn, slot.failed, slot.beside);
        if beside {
            // It was on trial; it is asked for again in its turn.
            self.tracks[place].slots.remove(at);
            self.tracks[place].next = Some(msn);
            return;
        }
        let retry = if what == What::Probe {
            self.profile.retries.first_playlist
        } else {
            *self.profile.retries.for_segment(failure, buffered)
        };
        match retry.after(failed, &mut self.rng) {
            Verdict::Again(wait) => {
                let until = now.elapsed + wait;
                let at_beat = retry.step.map_or(until, |period| {
                    let base = self.created;
                    Tick { base, period }.not_before(until)
                });
                self.tracks[place].slots[at].state = SlotState::Retry(at_beat);
            }
            Verdict::Over => self.slot_over(place, at, retry.then, failure, now),
        }
    }

    /// Every attempt failed.
    fn slot_over(&mut self, place: usize, at: usize, then: GiveUp, failure: Failure, now: Now) {
        let is_extra = matches!(self.tracks[place].lane, Lane::Extra(_));
        let slot = self.tracks[place].slots.remove(at);
        match then {
            GiveUp::Skip | GiveUp::NextReload => {
                self.skip_slot(place, &slot, now);
                self.consume_front(place, now);
            }
            _ if is_extra => {
                self.drop_slots(place);
                self.tracks[place].quota = Some(0);
            }
            _ => self.give_up(then, slot.what.class(), failure, now),
        }
    }

    fn skip_slot(&mut self, place: usize, slot: &Slot, now: Now) {
        let track = &mut self.tracks[place];
        track.past += 1;
        match slot.what {
            What::Segment => {}
            What::Probe => self.probing = false,
            What::Init | What::Key => {
                track.have.retain(|have| !slot.is_for(have));
                if track.next == Some(slot.msn) {
                    track.next = Some(slot.msn + 1);
                }
            }
        }
        let track = &mut self.tracks[place];
        track.since = now.elapsed;
        track.tick = None;
        if track.quota.is_some() {
            track.done += 1;
        }
        self.say(Event::Skipped {
            segments: 1,
            because: Because::GivenUp,
        });
        let rule = self.profile.reload;
        self.tracks[place].reload.skipped(&rule);
        self.reload_between(place, now);
    }

    /// Gives up everything a track has asked for, its playlist excepted.
    pub(crate) fn drop_slots(&mut self, place: usize) {
        let slots = std::mem::take(&mut self.tracks[place].slots);
        for slot in &slots {
            if let Some(id) = slot.id() {
                self.cancel(id);
            }
            let track = &mut self.tracks[place];
            track.have.retain(|have| !slot.is_for(have));
        }
    }
}
