//! A player that begins when the first packet is written, and plays in real time what has been.

use std::time::Duration;

use base::{Now, ViewerState};

/// How much media has to be written before a player begins, or goes on after a stall.
pub const RESUME_BUFFER: Duration = Duration::from_secs(1);

/// What a viewer seen from outside is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Nothing written yet.
    Starting,
    /// There is media to play.
    Running,
    /// All that was written has been played.
    Stalled,
    /// It has no connection and tries again; there is still media to play, or none was ever.
    Reconnecting,
}

impl State {
    /// The name in every output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stalled => "stalled",
            Self::Reconnecting => "reconnecting",
        }
    }
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Startup(Duration),
    State(State),
    /// A stall that lasted so long is over.
    Stall(Duration),
}

/// The imagined player.
#[derive(Debug)]
pub(super) struct Playback {
    began: Now,
    /// Media written so far, and when the first of it was.
    written: Duration,
    first: Option<Now>,
    /// Played before `since`; since then it plays, or waits for enough media to go on.
    played: Duration,
    since: Now,
    plays: bool,
    /// It waits because all was played, not because nothing was yet.
    stalled: bool,
    unconnected: bool,
}

impl Playback {
    pub(super) fn new(now: Now) -> Self {
        Self {
            began: now,
            written: Duration::ZERO,
            first: None,
            played: Duration::ZERO,
            since: now,
            plays: false,
            stalled: false,
            unconnected: false,
        }
    }

    pub(super) fn state(&self) -> State {
        match (self.first, self.stalled, self.unconnected) {
            (Some(_), true, _) => State::Stalled,
            (_, _, true) => State::Reconnecting,
            (Some(_), false, false) => State::Running,
            (None, _, false) => State::Starting,
        }
    }

    /// In terms of every engine: whoever has media to play is playing.
    pub(super) fn viewer_state(&self) -> ViewerState {
        match (self.first, self.stalled) {
            (None, _) => ViewerState::Starting,
            (Some(_), true) => ViewerState::Stalled,
            (Some(_), false) => ViewerState::Playing,
        }
    }

    pub(super) fn first(&self) -> Option<Now> {
        self.first
    }

    pub(super) fn written(&self) -> Duration {
        self.written
    }

    /// How much has been played at `now`.
    pub(super) fn played(&self, now: Now) -> Duration {
        if !self.plays {
            return self.played;
        }
        let playing = now.elapsed.saturating_sub(self.since.elapsed);
        (self.played + playing).min(self.written)
    }

    /// When all that was written will have been played (elapsed).
    pub(super) fn runs_out_at(&self) -> Option<Duration> {
        self.plays
            .then(|| self.since.elapsed + self.written.saturating_sub(self.played))
    }

    /// So much has been written at `now`.
    pub(super) fn wrote(&mut self, out_time: Duration, now: Now, each: &mut dyn FnMut(Change)) {
        self.pass(now, each);
        let before = self.state();
        if out_time > self.written {
            self.written = out_time;
            self.unconnected = false;
        }
        if self.first.is_none() && !self.written.is_zero() {
            self.first = Some(now);
            each(Change::Startup(
                now.elapsed.saturating_sub(self.began.elapsed),
            ));
        }
        if !self.plays && self.written >= self.played + RESUME_BUFFER {
            if std::mem::take(&mut self.stalled) {
                let lasted = now.elapsed.saturating_sub(self.since.elapsed);
                each(Change::Stall(lasted));
            }
            self.plays = true;
            self.since = now;
        }
        self.tell(before, each);
    }

    /// There is a connection, or none.
    pub(super) fn connected(&mut self, is: bool, each: &mut dyn FnMut(Change)) {
        let before = self.state();
        self.unconnected = !is;
        self.tell(before, each);
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, now: Now, each: &mut dyn FnMut(Change)) {
        let before = self.state();
        if let Some(at) = self.runs_out_at().filter(|&at| at <= now.elapsed) {
            self.played = self.written;
            self.plays = false;
            self.stalled = true;
            self.since = Now {
                elapsed: at,
                unix_ms: now.unix_ms_at(at),
            };
        }
        self.tell(before, each);
    }

    fn tell(&self, before: State, each: &mut dyn FnMut(Change)) {
        if self.state() != before {
            each(Change::State(self.state()));
        }
    }
}
