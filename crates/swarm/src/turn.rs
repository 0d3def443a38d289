use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ::plan::Backoff;
use base::{Rng, ViewerState};
use viewer::{End, Shared, Stop, Viewer};

use crate::group::{Group, Restart};
use crate::plan::{Plan, UrlError};
use crate::process::{Companion, Crew};

/// Keeps the random source of restarts apart from those of the ramp and the players.
const RESTART_SEED: u64 = 0x7265_7374_6172_7400;

/// A viewer of any engine: it lives, and may be started again.
pub(crate) trait Life {
    /// Lives once: until the stream or the player ends, or it is told to stop, which is to leave.
    async fn watch(&mut self, stop: &Stop) -> Ending;

    /// Its state changes, between two lives or after the last.
    fn enter(&mut self, state: ViewerState);

    /// It was told to leave and does.
    fn leave(&mut self);

    /// Time spent playing in the last life.
    fn played(&mut self) -> Duration;
}

/// How a life ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With the stream.
    Finished,
    /// The player failed.
    Failed,
    /// It stalled for longer than it may, and was ended to be started again.
    Stalled,
    /// The player failed, and it is no use to start it again.
    GaveUp,
    /// It was told to leave.
    Stopped,
}

impl Life for Viewer {
    async fn watch(&mut self, stop: &Stop) -> Ending {
        match Viewer::watch(self, stop).await {
            End::Finished => Ending::Finished,
            End::Failed(..) => Ending::Failed,
            End::Stopped => Ending::Stopped,
        }
    }

    fn enter(&mut self, state: ViewerState) {
        self.diary().enter(state);
    }

    fn leave(&mut self) {
        self.diary().leave();
    }

    fn played(&mut self) -> Duration {
        self.diary().played()
    }
}

/// One viewer's turn: from its start, over its restarts, to its end.
pub(crate) struct Turn {
    pub(crate) n: u64,
    pub(crate) plan: Arc<Plan>,
    pub(crate) shared: Rc<Shared>,
    /// The players, where viewers are processes.
    pub(crate) crew: Option<Rc<Crew>>,
    /// Tells this viewer to leave.
    pub(crate) stop: Rc<Stop>,
}

impl Turn {
    /// Watches until it is over. Told to leave, it takes up to [`Group::leave_max`]; what is in
    /// flight then is cancelled.
    pub(crate) async fn take(self, token: telemetry::Viewer) {
        let patience = async {
            self.stop.told().await;
            tokio::time::sleep(self.group().leave_max()).await;
        };
        tokio::select! {
            biased;
            () = self.watch(token) => {}
            // Dropped futures close their connections and count as cancelled.
            () = patience => {}
        }
    }

    async fn watch(&self, token: telemetry::Viewer) {
        // The first number was checked when the plan was made; another can fail only where `{n}`
        // stands in the host or port.
        let spec = match self.plan.spec(self.n) {
            Ok(spec) => spec,
            Err(error) => return self.never_begins(token, &error),
        };
        match &self.crew {
            None => {
                let shared = Rc::clone(&self.shared);
                self.supervise(Viewer::new(shared, spec, token)).await;
            }
            Some(crew) => match Companion::new(Rc::clone(crew), spec, token) {
                // In a box of its own, or the tasks of viewers of ours would have room for it.
                Ok(companion) => Box::pin(self.supervise(companion)).await,
                Err(error) => tracing::error!(viewer = self.n, %error, "not admitted"),
            },
        }
    }

    fn group(&self) -> &Group {
        self.plan.group(self.n)
    }

    fn never_begins(&self, mut token: telemetry::Viewer, why: &UrlError) {
        tracing::error!(viewer = self.n, error = %why, "not a URL");
        let at = self.shared.clock.elapsed();
        let mut recorder = self.shared.recorder.borrow_mut();
        recorder.enter(&mut token, ViewerState::Starting, at);
        recorder.enter(&mut token, ViewerState::Failed, at);
    }

    async fn supervise(&self, mut viewer: impl Life) {
        let mut backoff = Backoff::default();
        let mut rng = Rng::nth(self.plan.seed ^ RESTART_SEED, self.n);
        loop {
            let ending = viewer.watch(&self.stop).await;
            let state = match (ending, self.group().restart) {
                (Ending::Stopped, _) => return,
                (Ending::Stalled, _)
                | (Ending::Finished, Restart::Always)
                | (Ending::Failed, Restart::Always | Restart::OnFailure) => ViewerState::BackingOff,
                (Ending::Finished, _) => ViewerState::Ended,
                (Ending::Failed, Restart::Never) | (Ending::GaveUp, _) => ViewerState::Failed,
            };
            viewer.enter(state);
            if state != ViewerState::BackingOff {
                return;
            }
            let now = self.shared.clock.elapsed();
            let delay = backoff.after(viewer.played(), &mut rng);
            if self.sleep_until(now + delay).await.is_none() {
                viewer.leave();
                return;
            }
        }
    }

    /// `None`: it was told to leave first.
    async fn sleep_until(&self, at: Duration) -> Option<()> {
        tokio::select! {
            biased;
            () = self.stop.told() => None,
            () = tokio::time::sleep_until(self.shared.clock.instant(at)) => Some(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use ::plan::Ramp;
    use telemetry::Recorder;
    use telemetry::viewers::Playback;
    use transport::{Client, Clock};

    use super::*;

    /// What a task of a viewer of ours may take: it is mostly its player.
    const TASK_BYTES_MAX: usize = 3_584;

    /// There are thousands of them on one machine.
    #[tokio::test]
    async fn a_task_of_ours_has_no_room_for_what_a_process_needs() {
        let ramp = Ramp::new(1, 1.0, Duration::ZERO, 1).unwrap();
        let plan = crate::tests::plan("http://127.0.0.1:9/x.m3u8", ramp.into());
        let clock = Clock::start();
        let client = Client::new(plan.transport.clone(), clock).unwrap();
        let shared = Shared::new(client, Recorder::new(clock.now()), false);
        let token = {
            let mut recorder = shared.recorder.borrow_mut();
            recorder.add_viewer(0, Playback::Tracked, Duration::ZERO)
        };
        let turn = Turn {
            n: 0,
            plan: Arc::new(plan),
            shared,
            crew: None,
            stop: Rc::new(Stop::default()),
        };
        let bytes = size_of_val(&turn.take(token));
        assert!(bytes <= TASK_BYTES_MAX, "{bytes}");
    }
}
