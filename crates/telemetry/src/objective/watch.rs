use std::sync::Arc;

use super::playing::Meter;
use super::reading::{Reader, Reading};
use super::window::History;
use super::{Listed, Objective, State, Status};
use crate::Snapshot;

/// How long an objective is broken before it stops the run.
pub const ABORT_AFTER_MS: i64 = 10_000;
/// How long a viewer may take to its first picture before it counts as one that does not play.
pub const STARTUP_GRACE_MS: i64 = 10_000;
/// What "at present" is: the window over which an objective that is broken is broken.
const PRESENT_MS: i64 = 60_000;
/// The longer window of burn rates.
const LONG_MS: i64 = 300_000;

/// Objectives, held against a run as it goes on.
///
/// It is shown the cumulative snapshot about once a second, from the run's start on, and keeps the
/// sums of the last 300 s. Being shown one late makes windows longer, being shown more often
/// changes nothing, and nothing that is read is reset. A window begins with the last observation
/// that is at least as old as it is long; in a shorter run it is the run.
///
/// **State** is of the whole run, and a run is judged by it when it is over. **Broken since** is of
/// the last 60 s, so that what went wrong long ago neither hides a recovery nor stops the run:
/// it begins when the objective does not hold over the last 60 s, and ends when it does, or when
/// they hold no sample. An objective with `abort` stops the run when that has lasted
/// [`ABORT_AFTER_MS`]. (As a Prometheus alert over `[1m]` does, with `for: 10s`.)
///
/// **`viewers_playing`** is, over the run, time that viewers spent playing / time in which they
/// should have been. Stalled, backing off and failed for good counts against it; waiting for a
/// turn in the ramp and ended does not count, nor do the first [`STARTUP_GRACE_MS`] of a viewer's
/// first start. So a ramp does not break it, and a viewer that never gets a picture does.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Whose viewers alone are judged.
    group: Option<String>,
    entries: Vec<Entry>,
    meter: Option<Meter>,
    at_ms: i64,
    status: Arc<[Status]>,
}

#[derive(Clone, Debug)]
struct Entry {
    objective: Objective,
    history: Option<History>,
    status: Status,
}

impl Watch {
    /// Nothing is known yet.
    pub fn new(objectives: Vec<Objective>) -> Self {
        Self::of(None, objectives)
    }

    /// Objectives of one group of viewers: they are shown snapshots of that group alone, and say so.
    pub fn of_group(group: &str, objectives: Vec<Objective>) -> Self {
        Self::of(Some(group.to_owned()), objectives)
    }

    fn of(group: Option<String>, objectives: Vec<Objective>) -> Self {
        let mut watch = Self {
            group,
            entries: Vec::new(),
            meter: None,
            at_ms: i64::MIN,
            status: Arc::default(),
        };
        watch.add(objectives);
        watch
    }

    /// More objectives, which are known late. They are judged over the whole run from the next
    /// observation on, and take nothing from those that were there.
    pub fn add(&mut self, objectives: Vec<Objective>) {
        let group = &self.group;
        let more = objectives.into_iter().map(|objective| {
            let mut entry = Entry::new(objective);
            entry.status.group.clone_from(group);
            entry
        });
        self.entries.extend(more);
        self.status = listed(&self.entries);
    }

    /// What was seen so far. One without a time says nothing.
    pub fn observe(&mut self, snapshot: &Snapshot) {
        let Some(at_ms) = snapshot.at_ms else { return };
        let start_ms = snapshot.started_ms.unwrap_or(at_ms);
        let meter = self.meter.get_or_insert_with(|| Meter::new(start_ms));
        meter.observe(&snapshot.viewers, at_ms);
        let mut reader = Reader::new(snapshot, meter.sum());
        self.at_ms = self.at_ms.max(at_ms);
        for entry in &mut self.entries {
            let reading = reader.read(&entry.objective.goal);
            entry.observe(&reading, start_ms, self.at_ms);
        }
        self.status = listed(&self.entries);
    }

    /// How they stand, in the order in which they were given. Those of [`super::defaults()`] that
    /// are for what this run may not have are there from their first sample on.
    pub fn status(&self) -> Arc<[Status]> {
        Arc::clone(&self.status)
    }

    /// The first objective that stops the run, if one does.
    pub fn abort(&self) -> Option<&Status> {
        self.status.iter().find(|status| {
            let since = status.broken_since_ms.filter(|_| status.abort);
            since.is_some_and(|since| self.at_ms - since >= ABORT_AFTER_MS)
        })
    }
}

fn listed(entries: &[Entry]) -> Arc<[Status]> {
    let listed = entries.iter().filter(|entry| {
        entry.objective.listed == Listed::Always || entry.status.state != State::Unknown
    });
    listed.map(|entry| entry.status.clone()).collect()
}

/// How an objective stands before the first sample.
pub(super) fn unknown(objective: &Objective) -> Status {
    let goal = &objective.goal;
    let scope = goal.scope();
    Status {
        objective: objective.to_string(),
        group: None,
        metric: goal.metric().to_owned(),
        transport: scope.and_then(|scope| scope.transport.clone()),
        source: scope.map(|scope| scope.source),
        unit: goal.unit(),
        limit: goal.limit(),
        figure: None,
        state: State::Unknown,
        budget: goal.budget().share(),
        budget_left: None,
        burn_60s: None,
        burn_300s: None,
        abort: objective.abort,
        broken_since_ms: None,
    }
}

impl Entry {
    fn new(objective: Objective) -> Self {
        Self {
            status: unknown(&objective),
            objective,
            history: None,
        }
    }

    fn observe(&mut self, reading: &Reading, start_ms: i64, at_ms: i64) {
        let goal = &self.objective.goal;
        let budget = goal.budget();
        let history = self.history.get_or_insert_with(|| History::new(start_ms));
        // Time may be told of late and step back a little; samples become fewer only where a
        // series gave its place away.
        if goal.counts_samples() && history.is_more_than(reading.tally) {
            history.forget();
        }
        history.push(at_ms, reading.tally);
        let present = history.last(PRESENT_MS);
        let status = &mut self.status;
        status.broken_since_ms = match budget.state(present) {
            State::Broken => status.broken_since_ms.or(Some(at_ms)),
            State::Met | State::Unknown => None,
        };
        status.figure = reading.figure;
        status.state = budget.state(reading.tally);
        status.budget_left = budget.left(reading.tally);
        status.burn_60s = budget.burn(present);
        status.burn_300s = budget.burn(history.last(LONG_MS));
    }
}
