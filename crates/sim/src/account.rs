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
