//! The first playlist, and which renditions follow from it.

use std::sync::Arc;
use std::time::Duration;

use base::{Class, Failure, Now};
use media::hls::{MediaPlaylist, Multivariant, Variant};
use url::Url;

use crate::asking::Ask;
use crate::flights::Errand;
use crate::io::{Event, FetchId, Lane};
use crate::player::{Phase, Player, VariantChoice};
use crate::playhead::Tracks;
use crate::profile::{FirstVariant, GiveUp, Pick, Switch};
use crate::retry::Verdict;
use crate::track::Track;

impl Player {
    /// Asks for the first playlist.
    pub(crate) fn open(&mut self, due: Duration, now: Now) {
        self.opening.retry = None;
        self.opening.due = due;
        self.opening.sent = now.elapsed;
        let ask = Ask {
            errand: Errand::First,
            class: Class::Multivariant,
            lane: Lane::Main,
            url: Arc::clone(&self.url),
            byte_range: None,
            due,
            failed: self.opening.failed,
            fmp4: false,
        };
        self.ask(ask);
    }

    pub(crate) fn first_failed(&mut self, failure: Failure, now: Now) {
        self.opening.failed += 1;
        let retry = self.profile.retries.first_playlist;
        match retry.after(self.opening.failed, &mut self.rng) {
            Verdict::Again(wait) => self.opening.retry = Some(now.elapsed + wait),
            Verdict::Over if retry.then == GiveUp::NextReload => {
                self.opening.retry = Some(now.elapsed + Duration::from_secs(1));
            }
            Verdict::Over => self.fail(Class::Multivariant, failure, now.elapsed),
        }
    }

    /// The URL leads straight to a media playlist.
    pub(crate) fn first_is_media(
        &mut self,
        id: FetchId,
        list: Arc<MediaPlaylist>,
        url: Option<Arc<Url>>,
        now: Now,
    ) {
        self.phase = Phase::Running;
        let url = url.unwrap_or_else(|| Arc::clone(&self.url));
        let mut track = Track::new(Lane::Video, url, None);
        track.reload.asked(id, self.opening.due, self.opening.sent);
        self.tracks.push(track);
        self.list_answer(0, list, now);
    }

    /// The URL leads to a multivariant playlist: one track a rendition.
    pub(crate) fn first_is_multivariant(&mut self, lists: &Arc<Multivariant>, now: Now) {
        let Some(last) = lists.variants.len().checked_sub(1) else {
            self.fail(Class::Multivariant, Failure::InvalidPlaylist, now.elapsed);
            return;
        };
        self.phase = Phase::Running;
        let chosen = self.chosen(&lists.variants).min(last);
        self.multivariant = Some(Arc::clone(lists));
        match (self.choice, self.profile.first_variant) {
            (VariantChoice::All, _) => {
                self.add_main(lists, chosen, now);
                self.add_extras(lists, chosen, None, now);
            }
            (VariantChoice::Profile, FirstVariant::ThenHighest { first, switch, .. }) => {
                let start = pick(first, &lists.variants).min(last);
                self.add_main(lists, start, now);
                if start != chosen {
                    self.upgrade = Some(chosen as u16);
                    self.tracks[0].test = switch == Switch::Measured;
                }
            }
            (_, FirstVariant::AllThenHighest { segments }) => {
                self.add_opened_in_turn(lists, chosen, segments, now);
            }
            (_, FirstVariant::ThenHighest { .. }) => self.add_main(lists, chosen, now),
        }
        let needs_audio = self.tracks.iter().any(|track| track.lane == Lane::Audio);
        if let (true, Some(playhead)) = (needs_audio, &mut self.playhead) {
            playhead.set_tracks(Tracks::MainAndAudio, now);
        }
    }

    /// The variant that was asked for, or the highest.
    fn chosen(&self, variants: &[Variant]) -> usize {
        let by = |better: fn(u64, u64) -> bool| {
            let mut best = 0;
            for (place, variant) in variants.iter().enumerate() {
                if better(variant.bandwidth, variants[best].bandwidth) {
                    best = place;
                }
            }
            best
        };
        match self.choice {
            VariantChoice::Profile | VariantChoice::All | VariantChoice::Highest => {
                by(|one, best| one > best)
            }
            VariantChoice::Lowest => by(|one, best| one < best),
            VariantChoice::First => 0,
            VariantChoice::Index(place) => usize::from(place),
        }
    }

    fn add_main(&mut self, lists: &Multivariant, place: usize, now: Now) {
        self.add_variant(lists, place, Lane::Video, now);
        self.add_audio(lists, place, now);
    }

    fn add_audio(&mut self, lists: &Multivariant, place: usize, now: Now) {
        let audio = lists.audio_for(&lists.variants[place]);
        if let Some(url) = audio.and_then(|audio| audio.uri.as_ref()) {
            self.add(Track::new(Lane::Audio, Arc::clone(url), None), now);
        }
    }

    fn add_variant(&mut self, lists: &Multivariant, place: usize, lane: Lane, now: Now) {
        let variant = &lists.variants[place];
        if lane == Lane::Video {
            self.say(Event::VariantChosen {
                index: place as u16,
                bandwidth: variant.bandwidth,
            });
        }
        let track = Track::new(lane, Arc::clone(&variant.uri), Some(place as u16));
        self.add(track, now);
    }

    fn add_extras(&mut self, lists: &Multivariant, main: usize, quota: Option<u8>, now: Now) {
        for place in 0..lists.variants.len() {
            if place != main && self.is_new(&lists.variants[place]) {
                self.add_variant(lists, place, Lane::Extra(place as u16), now);
                if let Some(track) = self.tracks.last_mut() {
                    track.quota = quota;
                }
            }
        }
    }

    fn add_opened_in_turn(&mut self, lists: &Multivariant, main: usize, segments: u8, now: Now) {
        self.add_audio(lists, main, now);
        for place in 0..lists.variants.len() {
            if place == main {
                self.add_variant(lists, place, Lane::Video, now);
            } else if lists.variants[place].uri != lists.variants[main].uri
                && self.is_new(&lists.variants[place])
            {
                self.add_variant(lists, place, Lane::Extra(place as u16), now);
                if let Some(track) = self.tracks.last_mut() {
                    track.quota = Some(segments);
                }
            }
        }
    }

    fn is_new(&self, variant: &Variant) -> bool {
        self.tracks.iter().all(|track| track.url != variant.uri)
    }

    fn add(&mut self, mut track: Track, now: Now) {
        track.reload.next = Some(now.elapsed);
        self.tracks.push(track);
    }

    /// Another variant takes over the main rendition from the play position on: the entry for
    /// whoever adapts to the network. Nothing happens where there is no such variant.
    pub fn choose_variant(&mut self, index: u16, now: Now) {
        let Some(place) = self.place_of(Lane::Video) else {
            return;
        };
        if self.phase == Phase::Running && self.tracks[place].variant != Some(index) {
            self.upgrade = None;
            self.tracks[place].resumes = false;
            self.switch_main(place, index, now);
            self.settle(now);
        }
    }

    /// The main rendition goes over to another variant.
    pub(crate) fn switch_main(&mut self, place: usize, index: u16, now: Now) {
        let Some(lists) = self.multivariant.clone() else {
            return;
        };
        let Some(variant) = lists.variants.get(usize::from(index)) else {
            return;
        };
        self.drop_slots(place);
        if let Some(id) = self.tracks[place].reload.id.take() {
            self.cancel(id);
        }
        let track = &mut self.tracks[place];
        track.url = Arc::clone(&variant.uri);
        track.variant = Some(index);
        track.before_switch = Some(Box::new(std::mem::take(&mut track.timeline)));
        track.reload = crate::reload::Reloads::default();
        track.reload.next = Some(now.elapsed);
        track.test = false;
        track.next = None;
        track.tick = None;
        track.starved = None;
        self.say(Event::VariantChosen {
            index,
            bandwidth: variant.bandwidth,
        });
        self.follow_audio(&lists, variant, now);
    }

    /// The audio rendition of the variant, where it is another one.
    fn follow_audio(&mut self, lists: &Multivariant, variant: &Variant, now: Now) {
        let Some(url) = lists.audio_for(variant).and_then(|audio| audio.uri.clone()) else {
            return;
        };
        let Some(place) = self.place_of(Lane::Audio) else {
            return;
        };
        if self.tracks[place].url == url {
            return;
        }
        self.drop_slots(place);
        if let Some(id) = self.tracks[place].reload.id.take() {
            self.cancel(id);
        }
        let old = std::mem::replace(&mut self.tracks[place], Track::new(Lane::Audio, url, None));
        self.tracks[place].before_switch = Some(Box::new(old.timeline));
        self.tracks[place].reload.next = Some(now.elapsed);
    }

    pub(crate) fn place_of(&self, lane: Lane) -> Option<usize> {
        self.tracks.iter().position(|track| track.lane == lane)
    }
}

fn pick(first: Pick, variants: &[Variant]) -> usize {
    let Pick::Under(limit) = first else {
        return 0;
    };
    let places = || variants.iter().enumerate();
    let under = places()
        .filter(|(_, variant)| variant.bandwidth < limit)
        .max_by_key(|(_, variant)| variant.bandwidth);
    let lowest = || places().min_by_key(|(_, variant)| variant.bandwidth);
    under.or_else(lowest).map_or(0, |(place, _)| place)
}
