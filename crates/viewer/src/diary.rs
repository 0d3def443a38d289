use std::rc::Rc;
use std::time::Duration;

use base::{Now, ViewerState};
use player::{Because, Event, Playlist};
use telemetry::slo;
use telemetry::viewers::Place;

use crate::Shared;

/// Writes what one viewer lives through into its worker's recorder: its states, and the events of
/// its player, whoever drives that.
///
/// A viewer that comes down by our own fault, with its diary, has failed.
#[derive(Debug)]
pub struct Diary {
    shared: Rc<Shared>,
    number: u64,
    token: telemetry::Viewer,
    series: slo::Series,
    /// Time spent playing in this life, up to the last time it stopped to.
    played: Duration,
}

impl Diary {
    /// The diary of viewer `number`, whose latency is kept under `broadcast` and `transport`
    /// (`hls`).
    pub fn new(
        shared: Rc<Shared>,
        number: u64,
        broadcast: &str,
        transport: &str,
        token: telemetry::Viewer,
    ) -> Self {
        let now = shared.clock.now();
        let key = slo::Key::new(broadcast, transport, slo::Source::Viewer);
        let series = shared.recorder.borrow_mut().slo().series(&key, now);
        Self {
            shared,
            number,
            token,
            series,
            played: Duration::ZERO,
        }
    }

    /// The viewer's number.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Its place in the recorder's table, by which requests are told to be its own.
    pub fn place(&self) -> Place {
        self.token.place()
    }

    /// The state it is in.
    pub fn state(&self) -> ViewerState {
        self.token.state()
    }

    /// A life begins at `at`.
    pub fn begin(&mut self, at: Duration) {
        self.enter_at(ViewerState::Starting, at);
        self.played = Duration::ZERO;
    }

    /// Its state changes, by something else than its player: it waits for a restart, it failed for
    /// good.
    pub fn enter(&mut self, state: ViewerState) {
        let at = self.shared.clock.elapsed();
        self.enter_at(state, at);
    }

    /// Its state changed at `at`.
    pub fn enter_at(&mut self, state: ViewerState, at: Duration) {
        self.add_played(at);
        tracing::info!(viewer = self.number, "{}", state.name());
        let mut recorder = self.shared.recorder.borrow_mut();
        recorder.enter(&mut self.token, state, at);
    }

    /// It was told to leave and does: it has ended, whatever is still in flight.
    pub fn leave(&mut self) {
        let at = self.shared.clock.elapsed();
        self.add_played(at);
        tracing::info!(viewer = self.number, "leaves");
        let mut recorder = self.shared.recorder.borrow_mut();
        recorder.leave(&mut self.token, at);
    }

    /// Time spent playing in the last life.
    pub fn played(&self) -> Duration {
        self.played
    }

    /// Counts the stay that ends at `at`, if it was one of playing.
    fn add_played(&mut self, at: Duration) {
        if self.token.state() == ViewerState::Playing {
            self.played += at.saturating_sub(self.token.since());
        }
    }

    /// Writes down what a playlist says of the stream.
    pub fn note(&self, playlist: &Playlist) {
        if let Playlist::Media(list) = playlist {
            let mut recorder = self.shared.recorder.borrow_mut();
            recorder.target_duration(list.target_duration);
        }
    }

    /// Writes down what the player lived through.
    pub fn record(&mut self, event: Event) {
        let now = self.shared.clock.now();
        if let Event::State { to, at } = event {
            self.enter_at(to, at);
            return;
        }
        let number = self.number;
        let mut recorder = self.shared.recorder.borrow_mut();
        match event {
            Event::State { .. }
            | Event::Finished
            // What the origin left out itself nobody could have fetched.
            | Event::Skipped {
                because: Because::Gap,
                ..
            } => {}
            Event::Started { after } => {
                tracing::info!(viewer = number, ?after, "first frame");
                recorder.startup(after);
            }
            Event::StallEnded { length } => {
                tracing::info!(viewer = number, ?length, "plays on after a stall");
                recorder.stall_ended(length);
            }
            Event::Second {
                at,
                live_latency,
                glass_to_glass_ms,
            } => {
                if let Some(latency) = live_latency {
                    recorder.live_latency(self.token.place(), latency);
                }
                if let Some(latency_ms) = glass_to_glass_ms {
                    let unix_ms = now.unix_ms_at(at);
                    let elapsed = at;
                    recorder.glass_to_glass(self.series, latency_ms, Now { elapsed, unix_ms });
                }
            }
            Event::Skipped { segments, .. } => recorder.skipped(u64::from(segments), now),
            Event::Late => recorder.late(1, now),
            Event::StalePlaylist { .. } => recorder.stale_playlist(now),
            Event::Seek { from, to } => tracing::info!(viewer = number, ?from, ?to, "jumped"),
            Event::VariantChosen { index, bandwidth } => {
                tracing::info!(viewer = number, index, bandwidth, "variant");
            }
            Event::GaveUp { class, failure } => {
                let class_name = class.name();
                tracing::info!(viewer = number, class_name, %failure, "gave up");
            }
        }
    }
}

impl Drop for Diary {
    /// A viewer that comes down by our own fault has failed, and does not count as playing on.
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Ok(mut recorder) = self.shared.recorder.try_borrow_mut()
        {
            let at = self.shared.clock.elapsed();
            recorder.enter(&mut self.token, ViewerState::Failed, at);
        }
    }
}
