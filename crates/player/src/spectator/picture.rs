//! What the viewer sees of it: a playhead, or for who copies and plays nothing, whether media comes.

use std::collections::VecDeque;
use std::time::Duration;

use base::{Now, ViewerState};
use media::Timeline;

use super::copy::Copy;
use crate::io::Event;
use crate::playhead::{LiveEdge, Media, Playhead, Rules, Track, Tracks};

/// So many segments of the main rendition without a request for demuxed audio, and the player wants
/// none.
const AUDIO_PATIENCE: u8 = 3;

/// What moves.
#[derive(Clone, Debug)]
enum Screen {
    Head(Box<Playhead>),
    Copy(Copy),
    /// The player is gone.
    Dark(ViewerState),
}

/// Whether audio of a list of its own is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Audio {
    Muxed,
    /// The multivariant playlist has it; so much main media came without it.
    Expected(u8),
    Read,
    /// It was expected in vain.
    Unwanted,
}

/// What the viewer sees.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    screen: Screen,
    audio: Audio,
}

impl Picture {
    pub(super) fn new(play: Option<Rules>, now: Now) -> Self {
        let screen = match play {
            Some(rules) => Screen::Head(Box::new(Playhead::new(rules, Tracks::Main, now))),
            None => Screen::Copy(Copy::new()),
        };
        Self {
            screen,
            audio: Audio::Muxed,
        }
    }

    pub(super) fn state(&self) -> ViewerState {
        match &self.screen {
            Screen::Head(head) => head.state(),
            Screen::Copy(copy) => copy.state(),
            Screen::Dark(state) => *state,
        }
    }

    pub(super) fn playhead(&self) -> Option<&Playhead> {
        match &self.screen {
            Screen::Head(head) => Some(head),
            Screen::Copy(_) | Screen::Dark(_) => None,
        }
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        match &self.screen {
            Screen::Head(head) => head.deadline(),
            Screen::Copy(copy) => copy.deadline(),
            Screen::Dark(_) => None,
        }
    }

    pub(super) fn stop(&mut self) {
        self.screen = Screen::Dark(self.state());
    }

    pub(super) fn advance(&mut self, now: Now, out: &mut VecDeque<Event>) {
        match &mut self.screen {
            Screen::Head(head) => head.advance(now),
            Screen::Copy(copy) => out.extend(copy.advance(now.elapsed)),
            Screen::Dark(_) => {}
        }
        self.drain(out);
    }

    pub(super) fn drain(&mut self, out: &mut VecDeque<Event>) {
        if let Screen::Head(head) = &mut self.screen {
            while let Some(event) = head.poll() {
                out.push_back(event);
            }
        }
    }

    /// The list that is played is another one, or in another state.
    pub(super) fn see_list(&mut self, timeline: &Timeline, now: Now, out: &mut VecDeque<Event>) {
        let (Some(list), Some(end)) = (timeline.list(), timeline.end()) else {
            return;
        };
        match &mut self.screen {
            Screen::Head(head) => {
                let seen = now
                    .elapsed
                    .saturating_sub(timeline.age(now).unwrap_or_default());
                head.set_edge(list.is_live().then_some(LiveEdge { end, seen }));
                if list.ended {
                    head.set_end(end, now);
                }
            }
            Screen::Copy(_) if list.ended => self.look_for_end(end, now, out),
            Screen::Copy(_) | Screen::Dark(_) => {}
        }
        self.drain(out);
    }

    /// A list ends at `end`: has a reader read all of it?
    fn look_for_end(&mut self, end: Duration, now: Now, out: &mut VecDeque<Event>) {
        if let Screen::Copy(copy) = &mut self.screen
            && let Some(ended) = copy.look_for_end(end, now.elapsed)
        {
            out.extend([ended, Event::Finished]);
        }
    }

    /// Playback begins there, not with what came before.
    pub(super) fn begins_at(&mut self, position: Duration, now: Now) {
        if let Screen::Head(head) = &mut self.screen
            && head.state() == ViewerState::Starting
        {
            head.seek(position, now);
        }
    }

    /// The stream has audio of its own list.
    pub(super) fn expect_audio(&mut self, now: Now) {
        if self.audio == Audio::Muxed {
            self.set_audio(Audio::Expected(0), now);
        }
    }

    /// The player asks for such audio.
    pub(super) fn reads_audio(&mut self, now: Now) {
        if self.audio != Audio::Read {
            self.set_audio(Audio::Read, now);
        }
    }

    fn set_audio(&mut self, audio: Audio, now: Now) {
        self.audio = audio;
        if let Screen::Head(head) = &mut self.screen {
            let tracks = match audio {
                Audio::Expected(_) | Audio::Read => Tracks::MainAndAudio,
                Audio::Muxed | Audio::Unwanted => Tracks::Main,
            };
            head.set_tracks(tracks, now);
        }
    }

    pub(super) fn audio_arrived(&mut self, media: Media, now: Now) {
        if let Screen::Head(head) = &mut self.screen {
            head.arrived(Track::Audio, media, now);
        }
    }

    pub(super) fn main_arrived(
        &mut self,
        media: Media,
        timeline: &Timeline,
        now: Now,
        out: &mut VecDeque<Event>,
    ) {
        let list = timeline.list();
        match (&mut self.screen, list) {
            (Screen::Head(head), _) => head.arrived(Track::Main, media, now),
            (Screen::Copy(copy), Some(list)) => {
                out.extend(copy.arrived(media, list.target_duration, now.elapsed));
            }
            _ => {}
        }
        if let Some(end) = timeline.end().filter(|_| timeline.ended()) {
            self.look_for_end(end, now, out);
        }
        if let Audio::Expected(came) = &mut self.audio {
            *came += 1;
            if *came >= AUDIO_PATIENCE {
                self.set_audio(Audio::Unwanted, now);
            }
        }
        self.drain(out);
    }
}
