use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ::plan::Backoff;
use base::{Rng, ViewerState};
use viewer::{End, Shared, Stop, Viewer};

use crate::plan::{Plan, Restart};
use crate::worker::DRAIN_MAX;

/// Keeps the random source of restarts apart from those of the ramp and the players.
const RESTART_SEED: u64 = 0x7265_7374_6172_7400;

/// One viewer's turn: from its start, over its restarts, to its end.
pub(crate) struct Turn {
    pub(crate) n: u64,
    pub(crate) plan: Arc<Plan>,
    pub(crate) shared: Rc<Shared>,
    /// Tells this viewer to leave.
    pub(crate) stop: Rc<Stop>,
}

impl Turn {
    /// Watches until it is over. Told to leave, it takes up to [`DRAIN_MAX`]; what is in flight
    /// then is cancelled.
    pub(crate) async fn take(self, token: telemetry::Viewer) {
        let patience = async {
            self.stop.told().await;
            tokio::time::sleep(DRAIN_MAX).await;
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
        match self.plan.spec(self.n) {
            Ok(spec) => {
                let viewer = Viewer::new(Rc::clone(&self.shared), spec, token);
                self.supervise(viewer).await;
            }
            Err(error) => {
                tracing::error!(viewer = self.n, %error, "not a URL");
                let mut token = token;
                let at = self.shared.clock.elapsed();
                let mut recorder = self.shared.recorder.borrow_mut();
                recorder.enter(&mut token, ViewerState::Starting, at);
                recorder.enter(&mut token, ViewerState::Failed, at);
            }
        }
    }

    async fn supervise(&self, mut viewer: Viewer) {
        let mut backoff = Backoff::default();
        let mut rng = Rng::nth(self.plan.seed ^ RESTART_SEED, self.n);
        loop {
            let end = viewer.watch(&self.stop).await;
            let state = match (end, self.plan.restart) {
                (End::Stopped, _) => return,
                (End::Finished, Restart::Always)
                | (End::Failed(..), Restart::Always | Restart::OnFailure) => {
                    ViewerState::BackingOff
                }
                (End::Finished, _) => ViewerState::Ended,
                (End::Failed(..), Restart::Never) => ViewerState::Failed,
            };
            viewer.diary().enter(state);
            if state != ViewerState::BackingOff {
                return;
            }
            let now = self.shared.clock.elapsed();
            let delay = backoff.after(viewer.diary().played(), &mut rng);
            if self.sleep_until(now + delay).await.is_none() {
                viewer.diary().leave();
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
