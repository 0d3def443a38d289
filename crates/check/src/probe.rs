//! One viewer at the stream for a while, and what it saw.

use std::sync::Arc;
use std::time::Duration;

use base::{Failure, ViewerState};
use player::{
    Because, Config, Event, Fetch, FetchId, Input, Output, Player, Profile, VariantChoice,
};
use tokio::time::{Interval, MissedTickBehavior, Sleep};
use transport::Client;
use url::Url;

use crate::keeping::{self, keep_media, load};
use crate::observed::{Observed, Playback};
use crate::survey;
use crate::wire::{Came, InFlight, Wire};

/// How long the viewer watches unless told otherwise.
const WATCH: Duration = Duration::from_secs(10);
/// It watches for so many target durations at least, unless told otherwise.
const WATCH_TARGETS: u32 = 3;
/// It watches no longer than this for the sake of a long target duration.
const WATCH_MAX: Duration = Duration::from_mins(1);
/// The longest watch that may be asked for: all that comes is kept.
pub const LIMIT_MAX: Duration = Duration::from_mins(10);
/// How long requests under way may take to end after the watch.
const GRACE: Duration = Duration::from_secs(3);
/// So many segments of a stream that has ended say enough.
const ENDED_SEGMENTS: usize = 5;
/// How often progress is told.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

/// What to look at, and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The stream: a multivariant or a media playlist.
    pub url: Arc<Url>,
    /// The user's own headers.
    pub headers: Vec<(String, String)>,
    /// Replaces our own `User-Agent`.
    pub user_agent: Option<Arc<str>>,
    /// How long to watch; `None`: 10 s, or three target durations where that is longer.
    pub duration: Option<Duration>,
    /// Certificates are not verified (what the client does is in `transport`).
    pub insecure: bool,
}

/// How far a check is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Since it began.
    pub elapsed: Duration,
    /// How long the viewer is to watch.
    pub watch: Duration,
    /// The watch is over: the other variants are looked at.
    pub surveying: bool,
    /// Playlists that came so far.
    pub playlists: usize,
    /// Segments that came so far.
    pub segments: usize,
}

/// Looks at a stream. It ends after the time of the watch and a look at the other variants, or
/// when `until` does. `progress` is told how far it is a few times a second.
pub async fn watch(
    settings: &Settings,
    client: &Client,
    until: impl Future<Output = ()>,
    mut progress: impl FnMut(Progress),
) -> Observed {
    let mut probe = Probe::new(settings, client);
    tokio::pin!(until);
    let stopped = probe.live(until.as_mut(), &mut progress).await;
    probe.finish().await;
    if !stopped {
        progress(probe.progress(true));
        let others = async {
            survey::look(&probe.wire, &mut probe.observed).await;
            probe.observed.secured = survey::secured(client, &probe.observed).await;
        };
        tokio::select! {
            () = others => {}
            () = until => {}
        }
    }
    probe.observed
}

struct Probe<'a> {
    settings: &'a Settings,
    wire: Wire,
    player: Player,
    in_flight: InFlight,
    first: Option<FetchId>,
    state: ViewerState,
    observed: Observed,
}

/// What the player waits for.
enum Wait {
    Until(Option<Duration>),
    Over,
}

impl<'a> Probe<'a> {
    fn new(settings: &'a Settings, client: &Client) -> Self {
        let clock = client.clock();
        let now = clock.now();
        let profile = Arc::new(Profile::rfc8216());
        let wire = Wire::new(client.session(), clock, profile.requests, settings);
        let config = Config {
            profile,
            url: Arc::clone(&settings.url),
            variant: VariantChoice::Highest,
            seed: 0,
            viewer: 0,
        };
        Self {
            settings,
            wire,
            player: Player::new(config, now),
            in_flight: InFlight::default(),
            first: None,
            state: ViewerState::Starting,
            observed: Observed {
                url: Arc::clone(&settings.url),
                began: now,
                watched: Duration::ZERO,
                insecure: settings.insecure,
                secured: None,
                entry: None,
                tracks: Vec::new(),
                left_out: 0,
                playback: Playback::default(),
            },
        }
    }

    /// Watches. True if it was told to stop.
    async fn live(
        &mut self,
        mut until: impl Future<Output = ()> + Unpin,
        progress: &mut impl FnMut(Progress),
    ) -> bool {
        let timer = tokio::time::sleep(Duration::ZERO);
        tokio::pin!(timer);
        let mut turns = turns();
        loop {
            let Wait::Until(deadline) = self.carry_out() else {
                return false;
            };
            let end = self.end();
            if self.has_enough() {
                return false;
            }
            self.set(timer.as_mut(), deadline);
            tokio::select! {
                biased;
                () = &mut until => return true,
                () = tokio::time::sleep_until(end) => return false,
                (fetch, came) = self.in_flight.next() => self.tell(&fetch, came),
                () = timer.as_mut(), if deadline.is_some() => {
                    let now = self.wire.clock().now();
                    self.player.handle(now, Input::Timer);
                }
                _ = turns.tick() => progress(self.progress(false)),
            }
        }
    }

    fn set(&self, timer: std::pin::Pin<&mut Sleep>, deadline: Option<Duration>) {
        if let Some(deadline) = deadline {
            timer.reset(self.wire.clock().instant(deadline));
        }
    }

    /// When the watch is over, as far as is known.
    fn end(&self) -> tokio::time::Instant {
        let since = self.observed.began.elapsed;
        self.wire
            .clock()
            .instant(since.saturating_add(self.length()))
    }

    fn length(&self) -> Duration {
        let lists = self
            .observed
            .tracks
            .iter()
            .filter_map(|track| track.latest());
        let longest = lists.map(|list| list.target_duration).max();
        let wanted = longest.map_or(WATCH, |target| target.saturating_mul(WATCH_TARGETS));
        self.settings
            .duration
            .unwrap_or(wanted.clamp(WATCH, WATCH_MAX))
    }

    /// A stream that has ended does not change any more.
    fn has_enough(&self) -> bool {
        let tracks = &self.observed.tracks;
        let segments = tracks
            .iter()
            .map(|track| track.segments.len())
            .max()
            .unwrap_or(0);
        let has_ended = self.observed.is_live() == Some(false);
        has_ended && segments >= ENDED_SEGMENTS && self.observed.playback.startup.is_some()
    }

    fn progress(&self, surveying: bool) -> Progress {
        let tracks = &self.observed.tracks;
        Progress {
            elapsed: self
                .wire
                .clock()
                .elapsed()
                .saturating_sub(self.observed.began.elapsed),
            watch: self.length(),
            surveying,
            playlists: tracks.iter().map(|track| track.loads.len()).sum(),
            segments: tracks.iter().map(|track| track.segments.len()).sum(),
        }
    }

    /// Does what the player wants until it waits.
    fn carry_out(&mut self) -> Wait {
        loop {
            match self.player.poll() {
                Output::Fetch(fetch) => {
                    self.first.get_or_insert(fetch.id);
                    self.in_flight.start(&self.wire, fetch);
                }
                Output::Cancel { id } => self.in_flight.cancel(id),
                Output::Event(event) => self.live_through(&event),
                Output::Wait {
                    reason: player::Reason::Over,
                    ..
                } => return Wait::Over,
                Output::Wait { until, .. } => return Wait::Until(until),
            }
        }
    }

    fn live_through(&mut self, event: &Event) {
        if matches!(event, Event::Second { .. }) {
            tracing::trace!(?event, "the viewer");
        } else {
            tracing::info!(?event, "the viewer");
        }
        let playback = &mut self.observed.playback;
        match *event {
            Event::State { to, .. } => self.state = to,
            Event::Started { after } => playback.startup = Some(after),
            Event::StallEnded { length } => playback.stalls.push(length),
            Event::Second {
                live_latency,
                glass_to_glass_ms,
                ..
            } => {
                playback.live_latency = live_latency.or(playback.live_latency);
                playback.glass_to_glass_ms = glass_to_glass_ms.or(playback.glass_to_glass_ms);
            }
            Event::Skipped { segments, because } if because != Because::Gap => {
                playback.skipped += u64::from(segments);
            }
            Event::GaveUp { class, failure } => playback.gave_up = Some((class, failure)),
            _ => {}
        }
    }

    /// Keeps what came, and tells the player.
    fn tell(&mut self, fetch: &Fetch, came: Came) {
        let id = fetch.id;
        let failure = came.exchange.failure();
        let input = if fetch.keep_body {
            self.playlist(fetch, came)
        } else {
            let bytes = came.body.len() as u64;
            keep_media(&mut self.observed, came);
            match failure {
                Some(failure) => Input::Failed { id, failure },
                None => Input::Done { id, bytes },
            }
        };
        self.player.handle(self.wire.clock().now(), input);
    }

    fn playlist(&mut self, fetch: &Fetch, came: Came) -> Input {
        let id = fetch.id;
        let load = load(&self.observed, came);
        let input = match (&load.read, load.exchange.failure()) {
            (_, Some(failure)) => Input::Failed { id, failure },
            (Some(Ok(playlist)), None) => Input::Playlist {
                id,
                playlist: playlist.clone(),
                final_url: load
                    .exchange
                    .answer()
                    .map(|answer| Arc::clone(&answer.final_url)),
            },
            (Some(Err(_)) | None, None) => Input::Failed {
                id,
                failure: Failure::InvalidPlaylist,
            },
        };
        let is_first = self.first == Some(id);
        if is_first {
            self.observed.entry = Some(load.clone());
        }
        if !is_first || load.media().is_some() {
            let place = keeping::track_of(&mut self.observed, &load.exchange.url);
            self.observed.tracks[place].loads.push(load);
        }
        input
    }

    /// Lets what is under way end, for a moment; what does not end is a finding too.
    async fn finish(&mut self) {
        let now = self.wire.clock().elapsed();
        self.observed.watched = now.saturating_sub(self.observed.began.elapsed);
        let playing = self.observed.playback.startup.is_some();
        self.observed.playback.stalled_at_the_end = playing && self.state == ViewerState::Stalled;
        let deadline = self.wire.clock().instant(now + GRACE);
        while !self.in_flight.is_empty() {
            let next = tokio::time::timeout_at(deadline, self.in_flight.next());
            let Ok((fetch, came)) = next.await else {
                break;
            };
            self.keep(&fetch, came);
        }
        for (fetch, came) in self.in_flight.give_up(self.wire.clock().elapsed()) {
            self.keep(&fetch, came);
        }
    }

    /// As [`Probe::tell`], after the player has left.
    fn keep(&mut self, fetch: &Fetch, came: Came) {
        if fetch.keep_body {
            self.playlist(fetch, came);
        } else {
            keep_media(&mut self.observed, came);
        }
    }
}

fn turns() -> Interval {
    let mut turns = tokio::time::interval(PROGRESS_EVERY);
    turns.set_missed_tick_behavior(MissedTickBehavior::Skip);
    turns
}
