use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ::plan::Backoff;
use base::{Now, Rng, ViewerState};
use telemetry::{Recorder, viewers::Playback};
use tokio::sync::watch;
use tokio::task::{JoinSet, LocalSet};
use transport::{Client, Clock};
use viewer::{End, Shared, Stop, Viewer};

use crate::hub::Publisher;
use crate::plan::{Plan, Restart};
use crate::probe::{self, Probe};

/// How long requests in flight may take to finish after a stop.
pub const DRAIN_MAX: Duration = Duration::from_secs(3);
/// How often a worker publishes what it has recorded.
const PUBLISH_EVERY: Duration = Duration::from_millis(250);
/// Keeps the random source of restarts apart from those of the ramp and the players.
const RESTART_SEED: u64 = 0x7265_7374_6172_7400;

/// One worker: the viewers whose number leaves `index` when divided by the number of workers.
pub(crate) struct Worker {
    pub(crate) index: usize,
    pub(crate) plan: Arc<Plan>,
    pub(crate) clock: Clock,
    /// The same for all workers: their recorders agree on where seconds begin.
    pub(crate) start: Now,
    pub(crate) publisher: Publisher,
    pub(crate) stop: watch::Receiver<bool>,
}

impl Worker {
    /// Runs to the end: all viewers are over, or the run was stopped.
    pub(crate) fn run(self, client: transport::Config) -> Result<(), crate::Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(crate::Error::Runtime)?;
        let client = runtime.block_on(async { Client::new(client, self.clock) })?;
        let recorder = Recorder::new(self.start);
        let shared = Shared::new(client, recorder, self.plan.insecure);
        LocalSet::new().block_on(&runtime, self.work(&shared))
    }

    async fn work(mut self, shared: &Rc<Shared>) -> Result<(), crate::Error> {
        let stop = Rc::new(Stop::default());
        let mut viewers = JoinSet::new();
        self.cast(shared, &stop, &mut viewers);
        let probe = Probe::new(shared.clock.elapsed(), self.index == 0);
        let probe = Rc::new(RefCell::new(probe));
        let watch = probe::watch(Rc::clone(&probe), Rc::clone(shared));
        let watching = tokio::task::spawn_local(watch);
        let mut publish = tokio::time::interval(PUBLISH_EVERY);
        loop {
            tokio::select! {
                biased;
                () = told(&mut self.stop) => break,
                _ = publish.tick() => self.publish(shared, &probe.borrow()),
                ended = viewers.join_next() => match ended {
                    None => break,
                    Some(Ok(())) => {}
                    Some(Err(why)) => mourn(&why),
                },
            }
        }
        watching.abort();
        probe.borrow_mut().stop(shared.clock.elapsed());
        shared.recorder.borrow_mut().stop(shared.clock.now());
        stop.tell();
        let drained = async {
            while let Some(ended) = viewers.join_next().await {
                if let Err(why) = ended {
                    mourn(&why);
                }
            }
        };
        if tokio::time::timeout(DRAIN_MAX, drained).await.is_err() {
            // Dropped futures close their connections and count as cancelled.
            viewers.shutdown().await;
        }
        self.publish(shared, &probe.borrow());
        Ok(())
    }

    /// Counts every viewer as waiting and hands each to a task of its own.
    fn cast(&self, shared: &Rc<Shared>, stop: &Rc<Stop>, viewers: &mut JoinSet<()>) {
        let numbers = (self.index as u64..self.plan.ramp.viewers()).step_by(self.plan.workers);
        let now = shared.clock.elapsed();
        let mut count = 0;
        for n in numbers {
            count += 1;
            let playback = match self.plan.profile(n).play {
                Some(_) => Playback::Tracked,
                None => Playback::Untracked,
            };
            let token = shared.recorder.borrow_mut().add_viewer(n, playback, now);
            let turn = Turn {
                n,
                plan: Arc::clone(&self.plan),
                shared: Rc::clone(shared),
                stop: Rc::clone(stop),
            };
            viewers.spawn_local(turn.wait_and_watch(token));
        }
        shared.recorder.borrow_mut().set_target(count);
    }

    fn publish(&mut self, shared: &Rc<Shared>, probe: &Probe) {
        let now = shared.clock.now();
        self.publisher.publish(|snapshot| {
            shared.recorder.borrow_mut().snapshot_into(now, snapshot);
            probe.report(&mut snapshot.generator);
        });
    }
}

/// A viewer that came down counts as failed; the others go on.
fn mourn(why: &tokio::task::JoinError) {
    tracing::error!("a viewer came down by a fault of liveswarm: {why}");
}

/// Returns when the hub says stop, or is gone.
async fn told(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// One viewer's turn in the ramp, and its restarts.
struct Turn {
    n: u64,
    plan: Arc<Plan>,
    shared: Rc<Shared>,
    stop: Rc<Stop>,
}

impl Turn {
    async fn wait_and_watch(self, token: telemetry::Viewer) {
        if self.sleep_until(self.plan.start_of(self.n)).await.is_none() {
            return;
        }
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
            viewer.enter(state);
            if state != ViewerState::BackingOff {
                return;
            }
            let now = self.shared.clock.elapsed();
            let delay = backoff.after(viewer.played(), &mut rng);
            if self.sleep_until(now + delay).await.is_none() {
                return;
            }
        }
    }

    /// `None`: the run was stopped first.
    async fn sleep_until(&self, at: Duration) -> Option<()> {
        tokio::select! {
            biased;
            () = self.stop.told() => None,
            () = tokio::time::sleep_until(self.shared.clock.instant(at)) => Some(()),
        }
    }
}
