use super::budget::Tally;
use super::playing::Meter;
use super::reading::Reader;
use super::watch::unknown;
use super::{Listed, Objective, State, Status};
use crate::Snapshot;
use crate::hist::{Distribution, Millis};
use crate::slo::Key;

/// Objectives, held against a part of a run: what came before its beginning neither helps nor
/// harms.
///
/// It is shown the cumulative snapshot about once a second, as [`super::Watch`] is, and told where
/// the part begins. Whoever stalls at its beginning counts from there on only.
#[derive(Clone, Debug)]
pub struct Span {
    objectives: Vec<Objective>,
    meter: Option<Meter>,
    mark: Option<Mark>,
}

/// Where a part of a run begins.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) snapshot: Snapshot,
    pub(super) playing: Tally,
}

impl Mark {
    pub(super) fn series(&self, key: &Key) -> Option<&Distribution<Millis>> {
        let mut series = self.snapshot.slo.series().iter();
        series
            .find(|series| *series.key == *key)
            .map(|series| &series.run)
    }
}

impl Span {
    /// Nothing has begun yet.
    pub fn new(objectives: Vec<Objective>) -> Self {
        Self {
            objectives,
            meter: None,
            mark: None,
        }
    }

    /// What was seen so far of the whole run. One without a time says nothing.
    pub fn observe(&mut self, snapshot: &Snapshot) {
        let Some(at_ms) = snapshot.at_ms else { return };
        let start_ms = snapshot.started_ms.unwrap_or(at_ms);
        let meter = self.meter.get_or_insert_with(|| Meter::new(start_ms));
        meter.observe(&snapshot.viewers, at_ms);
    }

    /// The part begins with this snapshot.
    pub fn begin(&mut self, snapshot: &Snapshot) {
        self.observe(snapshot);
        self.mark = Some(Mark {
            snapshot: snapshot.clone(),
            playing: self.playing(),
        });
    }

    /// A fresh crowd begins with this snapshot: whoever failed for good before is none of its viewers.
    pub fn fresh(&mut self, snapshot: &Snapshot) {
        self.observe(snapshot);
        if let Some(meter) = &mut self.meter {
            meter.give_up_failed(&snapshot.viewers);
        }
    }

    /// How the objectives stand over the part up to this snapshot, in the order in which they were
    /// given; the rates at which budgets burn are left out. Of a part that has not begun, and
    /// without a sample in it, nothing is known.
    pub fn status(&mut self, snapshot: &Snapshot) -> Vec<Status> {
        self.observe(snapshot);
        let Some(mark) = &self.mark else {
            let listed = self.objectives.iter();
            let listed = listed.filter(|objective| objective.listed == Listed::Always);
            return listed.map(unknown).collect();
        };
        let mut reader = Reader::since(snapshot, self.playing(), mark);
        let all = self.objectives.iter().map(|objective| {
            let goal = &objective.goal;
            let reading = reader.read(goal);
            let status = Status {
                figure: reading.figure,
                state: goal.budget().state(reading.tally),
                budget_left: goal.budget().left(reading.tally),
                ..unknown(objective)
            };
            (objective.listed, status)
        });
        let listed = all
            .filter(|(listed, status)| *listed == Listed::Always || status.state != State::Unknown);
        listed.map(|(_, status)| status).collect()
    }

    fn playing(&self) -> Tally {
        self.meter.as_ref().map_or(Tally::default(), Meter::sum)
    }
}
