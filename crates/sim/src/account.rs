use std::time::Duration;

use base::ViewerState;

use crate::rules::{Broken, may_follow};

/// How long one viewer was in which state.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    state: ViewerState,
    since: Duration,
    times: [Duration; ViewerState::COUNT],
}

impl Account {
    /// Waiting since the run began.
    pub(crate) fn new() -> Self {
        Self {
            state: ViewerState::Waiting,
            since: Duration::ZERO,
            times: [Duration::ZERO; ViewerState::COUNT],
        }
    }

    pub(crate) fn state(&self) -> ViewerState {
        self.state
    }

    pub(crate) fn has_started(&self) -> bool {
        self.state != ViewerState::Waiting
    }

    pub(crate) fn enter(
        &mut self,
        to: ViewerState,
        at: Duration,
        now: Duration,
    ) -> Result<(), Broken> {
        if !may_follow(self.state, to) {
            let from = self.state;
            return Err(Broken::Transition { from, to });
        }
        if at < self.since || at > now {
            return Err(Broken::Untimely {
                to,
                at,
                since: self.since,
                now,
            });
        }
        self.times[self.state.index()] += at.saturating_sub(self.since);
        self.state = to;
        self.since = at;
        Ok(())
    }

    /// Time in `state` up to `now`.
    pub(crate) fn time_in(&self, state: ViewerState, now: Duration) -> Duration {
        let present = if state == self.state {
            now.saturating_sub(self.since)
        } else {
            Duration::ZERO
        };
        self.times[state.index()] + present
    }

    /// Time in all states.
    pub(crate) fn total(&self, now: Duration) -> Duration {
        let times = ViewerState::ALL.map(|state| self.time_in(state, now));
        times.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ViewerState::{BackingOff, Ended, Failed, Playing, Stalled, Starting, Waiting};

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn times_add_up_at_any_instant() {
        let mut account = Account::new();
        let story = [
            (Starting, 2),
            (Playing, 3),
            (Stalled, 7),
            (Playing, 8),
            (Failed, 9),
            (BackingOff, 9),
            (Starting, 12),
        ];
        for (state, at) in story {
            account.enter(state, s(at), s(at)).unwrap();
            assert_eq!(account.total(s(at)), s(at));
            assert_eq!(account.total(s(at + 1)), s(at + 1));
        }
        let times = [
            Waiting, Starting, Playing, Stalled, Failed, BackingOff, Ended,
        ]
        .map(|state| account.time_in(state, s(15)));
        assert_eq!(times, [2, 1 + 3, 4 + 1, 1, 0, 3, 0].map(s));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let mut account = Account::new();
        let refused = account.enter(Playing, s(1), s(1)).unwrap_err();
        let (from, to) = (Waiting, Playing);
        assert_eq!(refused, Broken::Transition { from, to });
        account.enter(Starting, s(5), s(5)).unwrap();
        for (at, now) in [(4, 6), (7, 6)] {
            let refused = account.enter(Playing, s(at), s(now)).unwrap_err();
            assert!(matches!(refused, Broken::Untimely { .. }), "{refused}");
        }
        account.enter(Playing, s(6), s(6)).unwrap();
        assert!(
            account.enter(Playing, s(7), s(7)).is_err(),
            "the same state twice"
        );
    }
}
