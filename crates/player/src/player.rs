use std::sync::Arc;
use std::time::Duration;

use base::{Class, Failure, Now, Rng, ViewerState};
use media::hls::Multivariant;
use smallvec::SmallVec;
use url::Url;

use crate::flights::Flights;
use crate::io::{Event, Fetch, Input, Output, Reason};
use crate::playhead::Playhead;
use crate::profile::Profile;
use crate::track::Track;

/// One viewer's settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which player it imitates, with what was set by hand put into it ([`Profile::with`]).
    pub profile: Arc<Profile>,
    /// The multivariant or media playlist.
    pub url: Arc<Url>,
    /// Which variant it watches.
    pub variant: VariantChoice,
    /// The run's seed.
    pub seed: u64,
    /// The viewer's number.
    pub viewer: u64,
}

/// Which variant a viewer watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum VariantChoice {
    /// The profile's own start, then the highest.
    #[default]
    Profile,
    /// Every one, side by side; the highest is played.
    All,
    /// The highest BANDWIDTH.
    Highest,
    /// The lowest BANDWIDTH.
    Lowest,
    /// The one listed first.
    First,
    /// The one at this place in the list, from 0; the last where there are fewer.
    Index(u16),
}

/// What the player as a whole is about.
///
/// | from | when | to |
/// |---|---|---|
/// | `Opening` | the first playlist is a media playlist | `Running`, one track |
/// | `Opening` | the first playlist is a multivariant one | `Running`, a track a rendition |
/// | `Opening` | every attempt for it failed | `Over(Failed)` |
/// | `Running` | a request failed for good, and the profile plays out | `Draining` |
/// | `Running` | a request failed for good, and the profile fails | `Over(Failed)` |
/// | `Running` | a request failed for good, and the profile takes it for the end | `Over(Ended)` |
/// | `Running` | played to the end (a copy reader: read to the end) | `Over(Ended)` |
/// | `Draining` | what was buffered is played | `Over(Failed)` |
/// | any | `Stop` | `Over(Ended)` |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The first playlist is asked for.
    Opening,
    /// Tracks are read.
    Running,
    /// Nothing more is asked for; what is buffered is played.
    Draining { class: Class, failure: Failure },
    /// Nothing more happens.
    Over(ViewerState),
}

/// One viewer: give it what happened, drain what it wants.
#[derive(Clone, Debug)]
pub struct Player {
    pub(crate) profile: Arc<Profile>,
    pub(crate) url: Arc<Url>,
    pub(crate) choice: VariantChoice,
    pub(crate) rng: Rng,
    pub(crate) created: Duration,
    pub(crate) phase: Phase,
    pub(crate) multivariant: Option<Arc<Multivariant>>,
    pub(crate) opening: Opening,
    pub(crate) tracks: SmallVec<[Track; 1]>,
    pub(crate) flights: Flights,
    pub(crate) playhead: Option<Playhead>,
    /// What a copy reader has lived through.
    pub(crate) reader: Reader,
    /// Where playback starts, once the first list has told.
    pub(crate) start: Option<Duration>,
    /// The clock of the seekable range: the end of the first list at an instant.
    pub(crate) range: Option<(Duration, Duration)>,
    /// A segment is fetched to learn from, before anything else.
    pub(crate) probing: bool,
    /// The variant that takes over after the first segments.
    pub(crate) upgrade: Option<u16>,
    /// When decisions were last taken: what falls due later is due by its own time.
    pub(crate) last: Duration,
    outbox: Outbox,
    until: Option<Duration>,
}

/// The first playlist.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Opening {
    pub(crate) failed: u16,
    pub(crate) retry: Option<Duration>,
    /// When the last attempt was due, and when it was made.
    pub(crate) due: Duration,
    pub(crate) sent: Duration,
}

/// A viewer without a playhead: it is playing while segments keep coming.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reader {
    pub(crate) state: Option<ViewerState>,
    pub(crate) last_done: Duration,
}

impl Player {
    /// A viewer that presses play at `now`.
    pub fn new(config: Config, now: Now) -> Self {
        let profile = config.profile;
        let playhead = profile
            .play
            .map(|play| Playhead::new(play.head, crate::playhead::Tracks::Main, now));
        let mut player = Self {
            profile,
            url: config.url,
            choice: config.variant,
            rng: Rng::nth(config.seed, config.viewer),
            created: now.elapsed,
            phase: Phase::Opening,
            multivariant: None,
            opening: Opening::default(),
            tracks: SmallVec::new(),
            flights: Flights::default(),
            playhead,
            reader: Reader::default(),
            start: None,
            range: None,
            probing: false,
            upgrade: None,
            last: now.elapsed,
            outbox: Outbox::default(),
            until: None,
        };
        player.open(now.elapsed, now);
        player.settle(now);
        player
    }

    /// Takes what happened. Time never goes back: an earlier `now` counts as the last one.
    pub fn handle(&mut self, now: Now, input: Input) {
        let now = self.no_earlier(now);
        if matches!(self.phase, Phase::Over(_)) {
            return;
        }
        self.advance(now);
        match input {
            Input::Head { id, .. } | Input::Progress { id, .. } => self.on_opened(id),
            Input::Playlist {
                id,
                playlist,
                final_url,
            } => self.on_playlist(id, playlist, final_url, now),
            Input::Unchanged { id } => self.on_unchanged(id, now),
            Input::Done { id, .. } => self.on_done(id, now),
            Input::Failed { id, failure } => self.on_failed(id, failure, now),
            Input::Timer => {}
            Input::Stop => self.over(ViewerState::Ended, now.elapsed),
        }
        self.settle(now);
    }

    /// What it wants next; call until it answers [`Output::Wait`].
    pub fn poll(&mut self) -> Output {
        if let Some(output) = self.outbox.pop() {
            return output;
        }
        let reason = match (self.phase, self.until) {
            (Phase::Over(_), _) => Reason::Over,
            (_, None) => Reason::Answers,
            (_, Some(_)) => Reason::Deadline,
        };
        Output::Wait {
            until: self.until,
            reason,
        }
    }

    /// Its playhead; `None` for a reader that plays nothing.
    pub fn playhead(&self) -> Option<&Playhead> {
        self.playhead.as_ref()
    }

    /// What the viewer is doing.
    pub fn state(&self) -> ViewerState {
        match (self.phase, &self.playhead) {
            (Phase::Over(state), _) => state,
            (_, Some(playhead)) => playhead.state(),
            (_, None) => self.reader.state.unwrap_or(ViewerState::Starting),
        }
    }

    /// Requests in flight.
    pub fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// The profile it follows.
    pub fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    fn no_earlier(&self, now: Now) -> Now {
        if now.elapsed < self.last {
            Now {
                elapsed: self.last,
                unix_ms: now.unix_ms_at(self.last),
            }
        } else {
            now
        }
    }

    /// Takes all decisions that can be taken, and finds out when the next one can.
    pub(crate) fn settle(&mut self, now: Now) {
        self.advance(now);
        self.decide(now);
        self.drain_playhead();
        self.check_end(now);
        self.last = now.elapsed;
        self.until = self.deadline(now);
    }

    /// Brings playback up to `now`.
    pub(crate) fn advance(&mut self, now: Now) {
        if let Some(playhead) = &mut self.playhead {
            playhead.advance(now);
        } else {
            self.advance_reader(now.elapsed);
        }
        self.drain_playhead();
    }

    pub(crate) fn drain_playhead(&mut self) {
        if matches!(self.phase, Phase::Over(_)) {
            return;
        }
        if let Some(playhead) = &mut self.playhead {
            while let Some(event) = playhead.poll() {
                self.outbox.push(Output::Event(event));
            }
        }
    }

    /// Played to the end, or played out after a failure?
    fn check_end(&mut self, now: Now) {
        let head = self.playhead.as_ref().map(Playhead::state);
        match self.phase {
            Phase::Running if head == Some(ViewerState::Ended) => {
                self.phase = Phase::Over(ViewerState::Ended);
                self.cancel_all();
            }
            Phase::Draining { class, failure } => {
                let at = match &self.playhead {
                    Some(playhead) if playhead.state() == ViewerState::Playing => return,
                    Some(playhead) => playhead.stalled_since().unwrap_or(now.elapsed),
                    None => now.elapsed,
                };
                self.fail(class, failure, at);
            }
            _ => {}
        }
    }

    fn deadline(&self, now: Now) -> Option<Duration> {
        if matches!(self.phase, Phase::Over(_)) {
            return None;
        }
        let head = match &self.playhead {
            Some(playhead) => playhead.deadline(),
            None => self.reader_deadline(),
        };
        let decisions = match self.phase {
            Phase::Opening => self.opening.retry,
            Phase::Running => self.next_decision(now),
            _ => None,
        };
        let until = [head, decisions].into_iter().flatten().min()?;
        // A deadline that was not met by now cannot be met by waking at once.
        Some(until.max(now.elapsed + Duration::from_micros(1)))
    }

    /// Queues a request.
    pub(crate) fn send(&mut self, fetch: Fetch) {
        self.outbox.push(Output::Fetch(fetch));
    }

    pub(crate) fn say(&mut self, event: Event) {
        self.outbox.push(Output::Event(event));
    }

    pub(crate) fn cancel(&mut self, id: crate::FetchId) {
        if self.flights.land(id).is_some() && !self.outbox.withdraw(id) {
            self.outbox.push(Output::Cancel { id });
        }
    }

    pub(crate) fn cancel_all(&mut self) {
        while let Some(id) = self.flights.any() {
            self.cancel(id);
        }
        for track in &mut self.tracks {
            track.slots.clear();
            track.reload.id = None;
            track.reload.next = None;
        }
    }

    /// The viewer has failed: its profile gave up.
    pub(crate) fn fail(&mut self, class: Class, failure: Failure, at: Duration) {
        self.over(ViewerState::Failed, at);
        self.say(Event::GaveUp { class, failure });
    }

    pub(crate) fn over(&mut self, state: ViewerState, at: Duration) {
        if matches!(self.phase, Phase::Over(_)) {
            return;
        }
        self.drain_playhead();
        self.cancel_all();
        self.say(Event::State { to: state, at });
        self.phase = Phase::Over(state);
        self.until = None;
    }

    fn advance_reader(&mut self, now: Duration) {
        if let Some(end) = self.reader_deadline()
            && end <= now
        {
            self.reader.state = Some(ViewerState::Stalled);
            self.say(Event::State {
                to: ViewerState::Stalled,
                at: end,
            });
        }
    }

    /// When a copy reader that gets no more segments stops counting as playing.
    fn reader_deadline(&self) -> Option<Duration> {
        if self.reader.state != Some(ViewerState::Playing) {
            return None;
        }
        let target = self.tracks.iter().find_map(Track::target_duration)?;
        Some(self.reader.last_done + target * 3)
    }

    /// A copy reader got a segment.
    pub(crate) fn reader_got(&mut self, now: Duration) {
        if self.playhead.is_some() {
            return;
        }
        self.reader.last_done = now;
        if self.reader.state != Some(ViewerState::Playing) {
            self.reader.state = Some(ViewerState::Playing);
            self.say(Event::State {
                to: ViewerState::Playing,
                at: now,
            });
        }
    }
}

/// Outputs that were not drained yet, first in, first out.
#[derive(Clone, Debug, Default)]
struct Outbox {
    queue: SmallVec<[Output; 3]>,
    head: usize,
}

impl Outbox {
    fn push(&mut self, output: Output) {
        self.queue.push(output);
    }

    fn pop(&mut self) -> Option<Output> {
        let output = self.queue.get_mut(self.head)?;
        let taken = std::mem::replace(
            output,
            Output::Wait {
                until: None,
                reason: Reason::Answers,
            },
        );
        self.head += 1;
        if self.head == self.queue.len() {
            self.queue.clear();
            self.head = 0;
        }
        Some(taken)
    }

    /// Takes back a request that nobody has seen yet.
    fn withdraw(&mut self, id: crate::FetchId) -> bool {
        let place = self.queue[self.head..]
            .iter()
            .position(|output| matches!(output, Output::Fetch(fetch) if fetch.id == id));
        if let Some(place) = place {
            self.queue.remove(self.head + place);
            if self.head == self.queue.len() {
                self.queue.clear();
                self.head = 0;
            }
        }
        place.is_some()
    }
}
