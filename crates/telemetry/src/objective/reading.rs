use std::sync::Arc;

use super::State;
use super::budget::{Budget, Tally};
use super::goal::{Aggregate, Bound, Goal, Ratio, Samples, Scope};
use super::limit::Micros;
use super::span::Mark;
use crate::Snapshot;
use crate::hist::{Distribution, Millis, Scale};

/// Microseconds in a millisecond.
const US_PER_MS: u64 = 1_000;

/// What a snapshot says of a goal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reading {
    /// The whole run.
    pub(super) tally: Tally,
    /// In the unit of the goal; `None` without a sample.
    pub(super) figure: Option<f64>,
}

/// A snapshot, and what several goals ask of it.
pub(super) struct Reader<'a> {
    snapshot: &'a Snapshot,
    playing: Tally,
    /// What was there before is left out.
    since: Option<&'a Mark>,
    /// Series that were added up already.
    merged: Vec<(Scope, Arc<Distribution<Millis>>)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, playing: Tally) -> Self {
        Self {
            snapshot,
            playing,
            since: None,
            merged: Vec::new(),
        }
    }

    /// A reader of what came after `mark`.
    pub(super) fn since(snapshot: &'a Snapshot, playing: Tally, mark: &'a Mark) -> Self {
        let playing = playing.since(mark.playing);
        Self {
            since: Some(mark),
            ..Self::new(snapshot, playing)
        }
    }

    pub(super) fn read(&mut self, goal: &Goal) -> Reading {
        match goal {
            Goal::Latency {
                samples,
                aggregate,
                bound,
                limit,
            } => {
                let asked = Asked {
                    aggregate: *aggregate,
                    budget: goal.budget(),
                    within_us: within(*bound, *limit),
                };
                match samples {
                    Samples::Of(what) => {
                        let all = self.snapshot.latency.of(*what);
                        match self.since {
                            None => asked.of(all, 1),
                            Some(mark) => asked.of(&all.since(mark.snapshot.latency.of(*what)), 1),
                        }
                    }
                    Samples::GlassToGlass(scope) => asked.of(&self.series(scope), US_PER_MS),
                }
            }
            Goal::Ratio { of, .. } => self.ratio(*of),
        }
    }

    fn ratio(&self, of: Ratio) -> Reading {
        let before = |tally: fn(&Snapshot) -> Tally| {
            self.since
                .map_or(Tally::default(), |mark| tally(&mark.snapshot))
        };
        let tally = match of {
            Ratio::Rebuffer => rebuffering(self.snapshot).since(before(rebuffering)),
            Ratio::Errors => failures(self.snapshot).since(before(failures)),
            Ratio::Playing => self.playing,
        };
        let figure = if of.is_floor() {
            tally.good_share()
        } else {
            tally.bad_share()
        };
        Reading { tally, figure }
    }

    /// All samples of the series of `scope`.
    fn series(&mut self, scope: &Scope) -> Arc<Distribution<Millis>> {
        if let Some((_, all)) = self.merged.iter().find(|(merged, _)| merged == scope) {
            return Arc::clone(all);
        }
        let mut all = Distribution::default();
        let series = self.snapshot.slo.series().iter();
        for series in series.filter(|series| scope.holds(&series.key)) {
            match self.since.and_then(|mark| mark.series(&series.key)) {
                Some(before) => all.merge(&series.run.since(before)),
                None => all.merge(&series.run),
            }
        }
        let all = Arc::new(all);
        self.merged.push((scope.clone(), Arc::clone(&all)));
        all
    }
}

fn failures(snapshot: &Snapshot) -> Tally {
    let all = snapshot.requests.all();
    Tally {
        good: all.ok,
        bad: all.failed,
    }
}

fn rebuffering(snapshot: &Snapshot) -> Tally {
    let viewers = &snapshot.viewers;
    let nanos = |time: Option<std::time::Duration>| {
        let nanos = time.map_or(0, |time| time.as_nanos());
        u64::try_from(nanos).unwrap_or(u64::MAX)
    };
    Tally {
        good: nanos(viewers.play_time()),
        bad: nanos(viewers.stall_time()),
    }
}

/// The greatest time that is good, in whole microseconds.
fn within(bound: Bound, limit: Micros) -> u64 {
    match bound {
        Bound::Strict => limit.0.saturating_sub(1),
        Bound::Inclusive => limit.0,
    }
}

/// What is asked of samples.
struct Asked {
    aggregate: Aggregate,
    budget: Budget,
    /// The greatest time that is good.
    within_us: u64,
}

impl Asked {
    /// The answer of `all`, whose unit has `unit_us` microseconds.
    fn of<S: Scale>(&self, all: &Distribution<S>, unit_us: u64) -> Reading {
        let within = self.within_us / unit_us;
        let tally = self.tally(all, within);
        let figure = match self.aggregate {
            Aggregate::Max => all.max(),
            Aggregate::Quantile(_) => all.quantile(self.aggregate.quantile()),
        };
        // A quantile is known to its bin, and where that is good, so is the figure.
        let figure = figure.map(|figure| match self.budget.state(tally) {
            State::Met => figure.min(within),
            State::Broken | State::Unknown => figure,
        });
        let us = figure.map(|figure| figure.saturating_mul(unit_us));
        Reading {
            tally,
            figure: us.map(|us| us as f64 / US_PER_MS as f64),
        }
    }

    fn tally<S: Scale>(&self, all: &Distribution<S>, within: u64) -> Tally {
        let total = all.count();
        let mut good = all.count_at_most(within);
        if self.aggregate == Aggregate::Max && all.max().is_some_and(|max| max > within) {
            // The greatest is known exactly, though it may share its bin with the limit.
            good = good.min(total - 1);
        }
        Tally {
            good,
            bad: total - good,
        }
    }
}
