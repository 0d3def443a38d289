use std::time::Duration;

use base::ViewerState;

use super::{Counts, Group, Playback, Viewer};
use crate::hist::{Distribution, Histogram, Seconds};
use crate::requests::Sample;
use crate::roster::{Place, Roster, Table};

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

/// Why a life ended.
#[derive(Clone, Copy)]
enum Exit {
    Ended,
    Failed,
    Left,
}

impl Exit {
    /// What entering `state` says of the life before it.
    fn of(state: ViewerState) -> Option<Self> {
        match state {
            ViewerState::Ended => Some(Self::Ended),
            ViewerState::Failed | ViewerState::BackingOff => Some(Self::Failed),
            ViewerState::Waiting
            | ViewerState::Starting
            | ViewerState::Playing
            | ViewerState::Stalled => None,
        }
    }
}

/// The viewers of one recorder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder {
    counts: Counts,
    tracked: Integral,
    untracked: Integral,
    uptime: Histogram<Seconds>,
    table: Table,
    /// Nothing counts any more; viewers still change their own states.
    stopped: bool,
}

impl Recorder {
    pub(crate) fn set_target(&mut self, target: u64) {
        if !self.stopped {
            self.counts.target = target;
        }
    }

    pub(crate) fn add(&mut self, number: u64, playback: Playback, at: Duration) -> Viewer {
        let state = ViewerState::Waiting;
        let place = if self.stopped {
            Place::NOWHERE
        } else {
            self.integral(playback).enter(state, at);
            self.table.add(number, playback, at)
        };
        Viewer {
            state,
            playback,
            since: at,
            started: false,
            life: None,
            place,
        }
    }

    pub(crate) fn enter(&mut self, viewer: &mut Viewer, to: ViewerState, at: Duration) {
        if viewer.state != to {
            self.change(viewer, to, at, Exit::of(to));
        }
    }

    pub(crate) fn leave(&mut self, viewer: &mut Viewer, at: Duration) {
        use ViewerState::{Ended, Failed};
        if !matches!(viewer.state, Ended | Failed) {
            self.change(viewer, Ended, at, Some(Exit::Left));
        }
    }

    pub(crate) fn dismiss(&mut self, mut viewer: Viewer, at: Duration) {
        if viewer.state != ViewerState::Waiting || viewer.started {
            self.leave(&mut viewer, at);
        } else if !self.stopped {
            let at = at.max(viewer.since);
            self.integral(viewer.playback).leave(viewer.state, at);
            self.table.remove(viewer.place);
        }
    }

    pub(crate) fn retire(&mut self, viewer: Place) {
        if !self.stopped {
            self.table.retire(viewer);
        }
    }

    fn change(&mut self, viewer: &mut Viewer, to: ViewerState, at: Duration, exit: Option<Exit>) {
        // A stay is never of negative length, whatever the caller's clock says.
        let at = at.max(viewer.since);
        let from = std::mem::replace(&mut viewer.state, to);
        viewer.since = at;
        let first = !viewer.started && to == ViewerState::Starting;
        viewer.started |= first;
        if self.stopped {
            return;
        }
        let integral = self.integral(viewer.playback);
        integral.leave(from, at);
        integral.enter(to, at);
        self.table.enter(viewer.place, to, at);
        let restart = from == ViewerState::BackingOff && to == ViewerState::Starting && !first;
        let stall = to == ViewerState::Stalled && viewer.playback == Playback::Tracked;
        self.counts.started += u64::from(first);
        self.counts.restarts += u64::from(restart);
        self.counts.stalls += u64::from(stall);
        if to == ViewerState::Starting {
            viewer.life.get_or_insert(at);
        }
        if let Some(exit) = exit {
            self.exit(viewer.life.take(), exit, at);
        }
    }

    fn exit(&mut self, life: Option<Duration>, exit: Exit, at: Duration) {
        let Some(began) = life else {
            return;
        };
        let exits = &mut self.counts.exits;
        match exit {
            Exit::Ended => exits.ended += 1,
            Exit::Failed => exits.failed += 1,
            Exit::Left => exits.left += 1,
        }
        self.uptime.record(at.saturating_sub(began).as_secs());
    }

    /// A request of the viewer ended.
    #[inline]
    pub(crate) fn ended(&mut self, viewer: Place, sample: &Sample) {
        if !self.stopped {
            let again = self.table.ended(viewer, sample);
            self.counts.reconnections += u64::from(again);
        }
    }

    #[inline]
    pub(crate) fn live_latency(&mut self, viewer: Place, latency: Duration) {
        if !self.stopped {
            self.table.live_latency(viewer, latency);
        }
    }

    pub(crate) fn stop(&mut self) {
        self.stopped = true;
    }

    pub(crate) fn counts(&self, now: Duration) -> Counts {
        Counts {
            tracked: self.tracked.at(now),
            untracked: self.untracked.at(now),
            ..self.counts
        }
    }

    pub(crate) fn uptime_into(&self, out: &mut Distribution<Seconds>) {
        self.uptime.distribution_into(out);
    }

    pub(crate) fn roster_into(&mut self, now: Duration, out: &mut Roster) {
        self.table.roster_into(now, out);
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
    use super::super::Exits;
    use super::*;
    use ViewerState::{BackingOff, Ended, Failed, Playing, Stalled, Starting, Waiting};
    use proptest::prelude::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_snapshot_in_the_middle_of_a_stall_is_right() {
        let mut recorder = Recorder::default();
        let mut viewer = recorder.add(0, Playback::Tracked, ms(0));
        for (to, at) in [(Starting, 100), (Playing, 600), (Stalled, 2_600)] {
            recorder.enter(&mut viewer, to, ms(at));
        }
        let counts = recorder.counts(ms(3_600));
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
        let mut viewer = recorder.add(0, Playback::Tracked, ms(0));
        for (at, to) in [Starting, BackingOff, Starting, BackingOff, Starting, Ended]
            .iter()
            .enumerate()
        {
            recorder.enter(&mut viewer, *to, ms(at as u64));
            recorder.enter(&mut viewer, *to, ms(at as u64));
        }
        let counts = recorder.counts(ms(10));
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
        let mut viewer = recorder.add(0, Playback::Untracked, ms(0));
        recorder.enter(&mut viewer, Starting, ms(1));
        recorder.enter(&mut viewer, Playing, ms(2));
        recorder.enter(&mut viewer, Stalled, ms(3));
        let counts = recorder.counts(ms(10));
        assert_eq!((counts.play_time(), counts.stall_time()), (None, None));
        assert_eq!((counts.rebuffer_ratio(), counts.stalls), (None, 0));
        assert_eq!((counts.count(Stalled), counts.active()), (1, 1));
    }

    #[test]
    fn nothing_played_is_no_ratio() {
        let mut recorder = Recorder::default();
        let _waiting = recorder.add(0, Playback::Tracked, ms(0));
        assert_eq!(recorder.counts(ms(10)).rebuffer_ratio(), None);
        assert_eq!(recorder.counts(ms(10)).play_time(), Some(ms(0)));
    }

    #[test]
    fn each_life_has_one_exit_and_one_uptime() {
        type Case<'a> = (&'a [(ViewerState, u64)], [u64; 3], Option<u64>);
        let cases: [Case<'_>; 7] = [
            (&[(Starting, 1_000), (Playing, 2_000)], [0, 0, 0], None),
            (
                &[(Starting, 1_000), (Playing, 2_000), (Ended, 4_999)],
                [1, 0, 0],
                Some(3),
            ),
            (&[(Starting, 1_000), (Failed, 3_000)], [0, 1, 0], Some(2)),
            (
                &[(Starting, 1_000), (Failed, 3_000), (BackingOff, 3_000)],
                [0, 1, 0],
                Some(2),
            ),
            (
                &[
                    (Starting, 0),
                    (BackingOff, 1_000),
                    (Starting, 5_000),
                    (Ended, 9_000),
                ],
                [1, 1, 0],
                Some(5),
            ),
            (&[(Ended, 1_000)], [0, 0, 0], None),
            (
                &[(Starting, 0), (Ended, 1_000), (Failed, 2_000)],
                [1, 0, 0],
                Some(1),
            ),
        ];
        for (story, [ended, failed, left], uptime) in cases {
            let mut recorder = Recorder::default();
            let mut viewer = recorder.add(0, Playback::Tracked, ms(0));
            for &(to, at) in story {
                recorder.enter(&mut viewer, to, ms(at));
            }
            let mut uptimes = Distribution::default();
            recorder.uptime_into(&mut uptimes);
            let exits = recorder.counts(ms(10_000)).exits;
            assert_eq!(
                exits,
                Exits {
                    ended,
                    failed,
                    left
                },
                "{story:?}"
            );
            assert_eq!(uptimes.count(), exits.all(), "{story:?}");
            assert_eq!(
                (!uptimes.is_empty()).then(|| uptimes.sum()),
                uptime,
                "{story:?}"
            );
        }
    }

    #[test]
    fn who_watches_leaves_and_who_waits_is_dismissed() {
        let mut recorder = Recorder::default();
        let mut viewers = [1, 2, 3].map(|n| recorder.add(n, Playback::Tracked, ms(0)));
        recorder.enter(&mut viewers[0], Starting, ms(1_000));
        recorder.enter(&mut viewers[0], Playing, ms(2_000));
        recorder.enter(&mut viewers[1], Starting, ms(1_000));
        recorder.enter(&mut viewers[1], BackingOff, ms(2_000));
        let [mut watches, mut backs_off, waits] = viewers;
        recorder.leave(&mut watches, ms(5_000));
        recorder.leave(&mut watches, ms(6_000));
        recorder.leave(&mut backs_off, ms(5_000));
        recorder.dismiss(waits, ms(5_000));
        let counts = recorder.counts(ms(9_000));
        let expected = Exits {
            ended: 0,
            failed: 1,
            left: 1,
        };
        assert_eq!((counts.exits, counts.all()), (expected, 2));
        assert_eq!((counts.count(Ended), counts.count(Waiting)), (2, 0));
        assert_eq!(counts.tracked.time(Waiting), ms(1_000 + 1_000 + 5_000));
        assert_eq!(counts.play_time(), Some(ms(3_000)));
        let again = recorder.add(3, Playback::Tracked, ms(9_000));
        let mut roster = Roster::default();
        recorder.roster_into(ms(9_000), &mut roster);
        assert_eq!(roster.slowest.len(), 2);
        recorder.dismiss(again, ms(9_000));
    }

    #[test]
    fn after_the_stop_nothing_counts() {
        let mut recorder = Recorder::default();
        let mut viewer = recorder.add(0, Playback::Tracked, ms(0));
        recorder.enter(&mut viewer, Starting, ms(1_000));
        recorder.stop();
        let before = recorder.counts(ms(2_000));
        recorder.enter(&mut viewer, Failed, ms(1_500));
        let late = recorder.add(1, Playback::Tracked, ms(1_600));
        recorder.set_target(7);
        recorder.dismiss(late, ms(1_700));
        assert_eq!(viewer.state(), Failed);
        assert_eq!(recorder.counts(ms(2_000)), before);
        assert_eq!(before.exits, Exits::default());
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
                let mut viewer = recorder.add(0, Playback::Tracked, ms(0));
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
            let counts = recorder.counts(end);
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
