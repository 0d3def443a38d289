//! Viewers by state, and the time they spend in each.
//!
//! ```text
//!  Waiting ─▶ Starting ─▶ Playing ◀─▶ Stalled
//!                ▲  │        │           │
//!                │  ▼        ▼           ▼
//!             BackingOff ◀── any ──▶ Ended, Failed
//! ```
//!
//! A viewer is in one state at a time because it *is* one token, [`Viewer`], that carries its
//! state; so the counts add up to all viewers by construction.
//!
//! Time in a state is the integral of its count. With n viewers in it, of which the i-th entered
//! at eᵢ, and completed stays of lengths ℓ, it is Σℓ + n·now − Σeᵢ: one signed sum a state, exact
//! whatever the order in which transitions are told, and right in the middle of a stall.
//!
//! A life begins with `Starting` and ends with the first of `Ended`, `Failed` and `BackingOff`
//! that follows: one exit, and one uptime.

mod recorder;

use std::time::Duration;

use base::ViewerState;
use serde::{Deserialize, Serialize};

pub(crate) use recorder::Recorder;

pub use crate::roster::Place;

/// Whether a viewer has a playhead: one that copies and plays nothing has not, and play, stall
/// and latency figures do not exist for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Playback {
    /// It plays: it has a buffer that can run out.
    Tracked,
    /// It fetches and plays nothing.
    Untracked,
}

/// One viewer, as the recorder that made it counts it. Lost viewers stay counted in their state.
#[derive(Debug)]
#[must_use = "a viewer changes its state through this"]
pub struct Viewer {
    state: ViewerState,
    playback: Playback,
    since: Duration,
    started: bool,
    /// When its life began, while it lasts.
    life: Option<Duration>,
    place: Place,
}

impl Viewer {
    /// The state it is in.
    pub fn state(&self) -> ViewerState {
        self.state
    }

    /// When it entered that state.
    pub fn since(&self) -> Duration {
        self.since
    }

    /// Its place in the recorder's table, by which requests are told to be its own.
    pub fn place(&self) -> Place {
        self.place
    }
}

/// Viewers of one kind, by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    states: [u64; ViewerState::COUNT],
    time_ns: [u64; ViewerState::COUNT],
}

impl Group {
    /// Viewers in `state`.
    pub fn count(&self, state: ViewerState) -> u64 {
        self.states[state.index()]
    }

    /// Viewers in any state.
    pub fn all(&self) -> u64 {
        self.states.iter().sum()
    }

    /// Time that viewers spent in `state`, added up.
    pub fn time(&self, state: ViewerState) -> Duration {
        Duration::from_nanos(self.time_ns[state.index()])
    }

    fn merge(&mut self, other: &Self) {
        for (mine, more) in self.states.iter_mut().zip(&other.states) {
            *mine += more;
        }
        for (mine, more) in self.time_ns.iter_mut().zip(&other.time_ns) {
            *mine += more;
        }
    }
}

/// How lives ended. Those that go on when the run stops have no exit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exits {
    /// The stream was played to its end.
    pub ended: u64,
    /// The player gave up, whether or not it was started again.
    pub failed: u64,
    /// The viewer was told to leave.
    pub left: u64,
}

impl Exits {
    /// All lives that ended.
    pub fn all(&self) -> u64 {
        self.ended + self.failed + self.left
    }

    fn merge(&mut self, other: &Self) {
        self.ended += other.ended;
        self.failed += other.failed;
        self.left += other.left;
    }
}

/// All viewers of a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// How many viewers are wanted.
    pub target: u64,
    /// Viewers whose turn has come, at any time.
    pub started: u64,
    /// Starts after a backoff.
    pub restarts: u64,
    /// How often a viewer with a playhead stalled, stalls that last included.
    pub stalls: u64,
    /// How lives ended.
    pub exits: Exits,
    /// Connections that viewers made after the first one of each.
    pub reconnections: u64,
    /// Viewers with a playhead.
    pub tracked: Group,
    /// Viewers without one.
    pub untracked: Group,
}

impl Counts {
    /// Viewers in `state`, of either kind.
    pub fn count(&self, state: ViewerState) -> u64 {
        self.tracked.count(state) + self.untracked.count(state)
    }

    /// Each state with its viewers, in the order of [`ViewerState::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (ViewerState, u64)> {
        let counts = *self;
        ViewerState::ALL
            .into_iter()
            .map(move |state| (state, counts.count(state)))
    }

    /// All viewers: the sum over all states.
    pub fn all(&self) -> u64 {
        self.tracked.all() + self.untracked.all()
    }

    /// Viewers that are at it: started, and neither ended nor failed for good.
    pub fn active(&self) -> u64 {
        use ViewerState::{BackingOff, Playing, Stalled, Starting};
        [Starting, Playing, Stalled, BackingOff]
            .map(|state| self.count(state))
            .iter()
            .sum()
    }

    /// Time played, added up over viewers; `None` where no viewer has a playhead.
    pub fn play_time(&self) -> Option<Duration> {
        (self.tracked.all() > 0).then(|| self.tracked.time(ViewerState::Playing))
    }

    /// Time stalled, added up over viewers; `None` where no viewer has a playhead.
    pub fn stall_time(&self) -> Option<Duration> {
        (self.tracked.all() > 0).then(|| self.tracked.time(ViewerState::Stalled))
    }

    /// Σstall / (Σstall + Σplay), startup excluded (CTA-2066, 4.2.3). `None` before anything
    /// was played.
    pub fn rebuffer_ratio(&self) -> Option<f64> {
        let stall = self.stall_time()?.as_secs_f64();
        let both = stall + self.play_time()?.as_secs_f64();
        (both > 0.0).then(|| stall / both)
    }

    /// Adds what `other` holds.
    pub fn merge(&mut self, other: &Self) {
        self.target += other.target;
        self.started += other.started;
        self.restarts += other.restarts;
        self.stalls += other.stalls;
        self.exits.merge(&other.exits);
        self.reconnections += other.reconnections;
        self.tracked.merge(&other.tracked);
        self.untracked.merge(&other.untracked);
    }
}
