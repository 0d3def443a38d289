//! Turns snapshots into the frames that every output shows.
//!
//! One frame is made a few times a second, whoever watches; the terminal, the HTTP face and the
//! files all show the newest, so they agree with each other.

use std::sync::Arc;
use std::time::Duration;

use report::{Config, Exit, Frame, Ledger, Phase};
use swarm::Seen;
use telemetry::objective::Status;
use telemetry::origin::View;
use telemetry::timeline::Timeline;
use telemetry::{Snapshot, slo};
use tokio::sync::watch;

use crate::judges::Judges;
use crate::objectives::Objectives;
use crate::origin_metrics::Asking;
use crate::second_rows::SecondRows;

/// How often a frame is made.
pub(crate) const EVERY: Duration = Duration::from_millis(250);
/// Once a second there is a row of the timeline: this far into the second, when every worker has
/// told of the one before.
const LOOK_AT_MS: i64 = 500;

/// Makes frames.
pub(crate) struct Observer {
    objectives: Objectives,
    judges: Judges,
    timeline: Timeline,
    rows: SecondRows,
    /// Who asks the origin of itself.
    asking: Option<Asking>,
    /// Latency samples of others, which they pushed.
    pushed: Option<admin::Pushed>,
    /// The last whole second that was looked at.
    second: Option<i64>,
    frames: watch::Sender<Arc<Frame>>,
}

impl Observer {
    pub(crate) fn new(config: Config, objectives: Objectives, rows: SecondRows) -> Self {
        let judges = Judges::new(&objectives);
        let first = Frame {
            version: env!("CARGO_PKG_VERSION"),
            config: Arc::new(config),
            snapshot: Arc::default(),
            groups: Arc::default(),
            timeline: Arc::default(),
            objectives: judges.status(),
            ledger: None,
            origin_metrics: None,
            phase: Phase::Ramping,
            exit: None,
        };
        Self {
            judges,
            objectives,
            timeline: Timeline::new(),
            rows,
            asking: None,
            pushed: None,
            second: None,
            frames: watch::Sender::new(Arc::new(first)),
        }
    }

    /// Shows what the origin says of itself from here on.
    pub(crate) fn ask(&mut self, asking: Option<Asking>) {
        self.asking = asking;
    }

    /// Waits for what the origin says of the whole run.
    pub(crate) async fn hear_out(&mut self) {
        let Some(asking) = &self.asking else {
            return;
        };
        asking.hear_out().await;
        let mut frame = Frame::clone(&self.newest());
        frame.origin_metrics = self.origin_metrics(&frame.snapshot);
        self.frames.send_replace(Arc::new(frame));
    }

    /// Adds what others push from here on.
    pub(crate) fn take_in(&mut self, pushed: admin::Pushed) {
        self.pushed = Some(pushed);
    }

    /// Where the newest frame is found.
    pub(crate) fn frames(&self) -> watch::Receiver<Arc<Frame>> {
        self.frames.subscribe()
    }

    /// The newest frame.
    pub(crate) fn newest(&self) -> Arc<Frame> {
        Arc::clone(&self.frames.borrow())
    }

    /// Looks at a snapshot of the run under way.
    pub(crate) fn observe(&mut self, mut seen: Seen, phase: Phase) {
        self.add_pushed(&mut seen.all.slo);
        let second = seen.all.at_ms.map(|at| (at - LOOK_AT_MS).div_euclid(1000));
        if second.is_some() && second != self.second {
            self.second = second;
            self.look(&seen);
        }
        self.publish(seen, phase);
    }

    /// Looks at the last snapshot, so that all that was counted is in the rows too.
    pub(crate) fn last(&mut self, mut seen: Seen) {
        self.add_pushed(&mut seen.all.slo);
        self.look(&seen);
        self.judges.last(&seen.all, &seen.groups);
        self.rows.write_last(self.timeline.seconds());
        self.publish(seen, Phase::Stopping);
    }

    /// The run is over, and that is what it comes to.
    pub(crate) fn over(&mut self, ledger: Option<Ledger>, exit: Exit<'static>) {
        let mut frame = Frame::clone(&self.newest());
        frame.phase = Phase::Over;
        frame.ledger = ledger.map(Arc::new);
        frame.exit = Some(exit);
        self.frames.send_replace(Arc::new(frame));
    }

    /// An objective that was to stop the run, and did not hold for too long.
    pub(crate) fn abort(&self) -> Option<&Status> {
        self.judges.abort()
    }

    /// The objectives that the run did not meet.
    pub(crate) fn failed(&self) -> Vec<Status> {
        let all = self.judges.status();
        let failed = all.iter().filter(|status| self.objectives.fails(status));
        failed.cloned().collect()
    }

    /// Whether all rows were written.
    pub(crate) fn end(&mut self) -> anyhow::Result<()> {
        self.rows.end()
    }

    /// Once a second: rows, objectives, the row in the CSV.
    fn look(&mut self, seen: &Seen) {
        self.timeline.observe(&seen.all);
        self.judges.observe(&seen.all, &seen.groups);
        self.rows.write(self.timeline.seconds());
    }

    fn add_pushed(&self, slo: &mut slo::Table) {
        if let Some(pushed) = &self.pushed {
            slo.merge(&pushed.table());
        }
    }

    fn origin_metrics(&self, snapshot: &Snapshot) -> Option<Arc<View>> {
        let asking = self.asking.as_ref()?;
        Some(Arc::new(asking.view(snapshot)))
    }

    fn publish(&self, Seen { all, groups }: Seen, phase: Phase) {
        let newest = self.newest();
        self.frames.send_replace(Arc::new(Frame {
            origin_metrics: self.origin_metrics(&all),
            snapshot: Arc::new(all),
            groups: groups.into(),
            timeline: self.timeline.rows(),
            objectives: self.judges.status(),
            phase,
            ..Frame::clone(&newest)
        }));
    }
}
