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

use std::time::Duration;

use base::ViewerState;
use serde::{Deserialize, Serialize};

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
        self.tracked.merge(&other.tracked);
        self.untracked.merge(&other.untracked);
    }
}

/// Viewers of one kind and, for each state, Σ(leaving) − Σ(entering) in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Integral {
    states: [u64; ViewerState::COUNT],
    spent_ns: [i128; ViewerState::COUNT],
}

impl Integral {
    fn enter(&mut self, state: ViewerState, at: Duration) {
        self.states[state.index()] += 1;
        self.spent_ns[state.index()] -= at.as_nanos() as i128;
    }

    fn leave(&mut self, state: ViewerState, at: Duration) {
        self.states[state.index()] -= 1;
        self.spent_ns[state.index()] += at.as_nanos() as i128;
    }

    fn at(&self, now: Duration) -> Group {
        let mut group = Group {
            states: self.states,
            ..Group::default()
        };
        for (place, time) in group.time_ns.iter_mut().enumerate() {
            let lasting = i128::from(self.states[place]) * now.as_nanos() as i128;
            *time = u64::try_from(self.spent_ns[place] + lasting).unwrap_or(0);
        }
        group
    }
}

/// The viewers of one recorder.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Recorder {
    counts: Counts,
    tracked: Integral,
    untracked: Integral,
}

impl Recorder {
    pub(crate) fn set_target(&mut self, target: u64) {
        self.counts.target = target;
    }

    pub(crate) fn add(&mut self, playback: Playback, at: Duration) -> Viewer {
        let state = ViewerState::Waiting;
        self.integral(playback).enter(state, at);
        Viewer {
            state,
            playback,
            since: at,
            started: false,
        }
    }

    pub(crate) fn enter(&mut self, viewer: &mut Viewer, to: ViewerState, at: Duration) {
        if viewer.state == to {
            return;
        }
        // A stay is never of negative length, whatever the caller's clock says.
        let at = at.max(viewer.since);
        let from = std::mem::replace(&mut viewer.state, to);
        viewer.since = at;
        let integral = self.integral(viewer.playback);
        integral.leave(from, at);
        integral.enter(to, at);
        if !viewer.started && to == ViewerState::Starting {
            viewer.started = true;
            self.counts.started += 1;
        } else if from == ViewerState::BackingOff && to == ViewerState::Starting {
            self.counts.restarts += 1;
        }
        if to == ViewerState::Stalled && viewer.playback == Playback::Tracked {
            self.counts.stalls += 1;
        }
    }

    pub(crate) fn snapshot(&self, now: Duration) -> Counts {
        Counts {
            tracked: self.tracked.at(now),
            untracked: self.untracked.at(now),
            ..self.counts
        }
    }

    fn integral(&mut self, playback: Playback) -> &mut Integral {
        match playback {
            Playback::Tracked => &mut self.tracked,
            Playback::Untracked => &mut self.untracked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ViewerState::{BackingOff, Ended, Playing, Stalled, Starting, Waiting};
    use proptest::prelude::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_snapshot_in_the_middle_of_a_stall_is_right() {
        let mut recorder = Recorder::default();
        let mut viewer = recorder.add(Playback::Tracked, ms(0));
        for (to, at) in [(Starting, 100), (Playing, 600), (Stalled, 2_600)] {
            recorder.enter(&mut viewer, to, ms(at));
        }
        let counts = recorder.snapshot(ms(3_600));
        assert_eq!(counts.play_time(), Some(ms(2_000)));
        assert_eq!(counts.stall_time(), Some(ms(1_000)));
        assert_eq!(counts.rebuffer_ratio(), Some(1.0 / 3.0));
        assert_eq!((counts.started, counts.stalls, counts.restarts), (1, 1, 0));
        assert_eq!(counts.tracked.time(Waiting), ms(100));
        assert_eq!(counts.tracked.time(Starting), ms(500));
    }

    #[test]
    fn starts_and_restarts_are_told_apart() {
        let mut recorder = Recorder::default();
        let mut viewer = recorder.add(Playback::Tracked, ms(0));
        for (at, to) in [Starting, BackingOff, Starting, BackingOff, Starting, Ended]
            .iter()
            .enumerate()
        {
            recorder.enter(&mut viewer, *to, ms(at as u64));
            recorder.enter(&mut viewer, *to, ms(at as u64));
        }
        let counts = recorder.snapshot(ms(10));
        assert_eq!((counts.started, counts.restarts), (1, 2));
        assert_eq!(
            (counts.count(Ended), counts.all(), counts.active()),
            (1, 1, 0)
        );
        assert_eq!((viewer.state(), viewer.since()), (Ended, ms(5)));
    }

    #[test]
    fn without_a_playhead_nothing_is_known_of_playback() {
        let mut recorder = Recorder::default();
        let mut viewer = recorder.add(Playback::Untracked, ms(0));
        recorder.enter(&mut viewer, Starting, ms(1));
        recorder.enter(&mut viewer, Playing, ms(2));
        recorder.enter(&mut viewer, Stalled, ms(3));
        let counts = recorder.snapshot(ms(10));
        assert_eq!((counts.play_time(), counts.stall_time()), (None, None));
        assert_eq!((counts.rebuffer_ratio(), counts.stalls), (None, 0));
        assert_eq!((counts.count(Stalled), counts.active()), (1, 1));
    }

    #[test]
    fn nothing_played_is_no_ratio() {
        let mut recorder = Recorder::default();
        let _waiting = recorder.add(Playback::Tracked, ms(0));
        assert_eq!(recorder.snapshot(ms(10)).rebuffer_ratio(), None);
        assert_eq!(recorder.snapshot(ms(10)).play_time(), Some(ms(0)));
    }

    proptest! {
        /// Viewers are told of in any order, each with times of its own that lie before what was
        /// told of others; the sums are those of adding up viewer by viewer.
        #[test]
        fn time_is_that_of_each_viewer_added_up(
            lives in prop::collection::vec(
                prop::collection::vec((0..7_usize, 0..5_000_u64), 0..12), 1..8),
        ) {
            let mut recorder = Recorder::default();
            let end = ms(100_000);
            let mut spent = [Duration::ZERO; ViewerState::COUNT];
            let mut states = [0; ViewerState::COUNT];
            for life in &lives {
                let mut viewer = recorder.add(Playback::Tracked, ms(0));
                let (mut state, mut since) = (Waiting, ms(0));
                for &(to, stay) in life {
                    let at = since + ms(stay);
                    spent[state.index()] += ms(stay);
                    (state, since) = (ViewerState::ALL[to], at);
                    recorder.enter(&mut viewer, state, at);
                }
                spent[state.index()] += end.saturating_sub(since);
                states[state.index()] += 1;
            }
            let counts = recorder.snapshot(end);
            for state in ViewerState::ALL {
                prop_assert_eq!(counts.tracked.time(state), spent[state.index()]);
                prop_assert_eq!(counts.count(state), states[state.index()]);
            }
            prop_assert_eq!(counts.all(), lives.len() as u64);
            let all: Duration = ViewerState::ALL.map(|state| counts.tracked.time(state)).iter().sum();
            prop_assert_eq!(all, end * lives.len() as u32);
        }
    }
}
