use std::sync::Arc;

use telemetry::{Snapshot, objective, origin, timeline};

use crate::agreement::Ledger;
use crate::document::{Document, document};
use crate::health::{Health, health};
use crate::run::{Config, Exit, Run};

/// A moment of a run as every watcher sees it: made once, shared by all who show it, never
/// changed. [`Frame::run`] is what reports are functions of.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The program's version.
    pub version: &'static str,
    /// What was asked for.
    pub config: Arc<Config>,
    /// What was seen so far.
    pub snapshot: Arc<Snapshot>,
    /// The same of each group of the scenario, in the order of the configuration; empty where all
    /// viewers are of one.
    pub groups: Arc<[Snapshot]>,
    /// What happened in each span of time, oldest first; all of one length but the last.
    pub timeline: Arc<[Arc<timeline::Row>]>,
    /// How the objectives stand, in the order in which they were given.
    pub objectives: Arc<[objective::Status]>,
    /// What the origin says it served, where it says so.
    pub ledger: Option<Arc<Ledger>>,
    /// What the origin's exporters say of it, where they are asked.
    pub origin_metrics: Option<Arc<origin::View>>,
    /// What the run is doing.
    pub phase: Phase,
    /// How it ended; `None` while it goes on.
    pub exit: Option<Exit<'static>>,
}

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Viewers are still to start.
    Ramping,
    /// The ramp is held by hand.
    Paused,
    /// All have started.
    Steady,
    /// Requests in flight get their time to finish.
    Stopping,
    /// It is over.
    Over,
}

impl Frame {
    /// What reports are functions of.
    pub fn run(&self) -> Run<'_> {
        Run {
            version: self.version,
            config: &self.config,
            snapshot: &self.snapshot,
            groups: &self.groups,
            timeline: &self.timeline,
            objectives: &self.objectives,
            ledger: self.ledger.as_deref(),
            origin_metrics: self.origin_metrics.as_deref(),
            exit: self.exit,
        }
    }

    /// What each group of the scenario saw, with its name.
    pub fn by_group(&self) -> impl Iterator<Item = (&str, &Snapshot)> {
        self.config.named(&self.groups)
    }

    /// How the run goes at this moment.
    pub fn health(&self) -> Health {
        match self.phase {
            Phase::Stopping => Health::stopping(),
            Phase::Ramping | Phase::Paused | Phase::Steady | Phase::Over => health(&self.run()),
        }
    }

    /// This moment as plain data.
    pub fn document(&self) -> Document {
        Document {
            health: Some(self.health()),
            ..document(&self.run())
        }
    }
}
