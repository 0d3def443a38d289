use std::sync::Arc;

use super::State;
use super::budget::{Budget, Tally};
use super::goal::{Aggregate, Bound, Goal, Ratio, Samples, Scope};
use super::limit::Micros;
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
    /// Series that were added up already.
    merged: Vec<(Scope, Arc<Distribution<Millis>>)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, playing: Tally) -> Self {
        Self {
            snapshot,
            playing,
            merged: Vec::new(),
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
                let within_us = within(*bound, *limit);
                let budget = goal.budget();
                match samples {
                    Samples::Of(what) => {
                        let all = self.snapshot.latency.of(*what);
                        of_samples(all, *aggregate, budget, within_us, US_PER_MS)
                    }
                    Samples::GlassToGlass(scope) => {
                        let within_ms = within_us / US_PER_MS;
                        of_samples(&self.series(scope), *aggregate, budget, within_ms, 1)
                    }
                }
            }
            Goal::Ratio { of, .. } => self.ratio(*of),
        }
    }

    fn ratio(&self, of: Ratio) -> Reading {
        let tally = match of {
            Ratio::Rebuffer => self.rebuffering(),
            Ratio::Errors => {
                let all = self.snapshot.requests.all();
                Tally {
                    good: all.ok,
                    bad: all.failed,
                }
            }
            Ratio::Playing => self.playing,
        };
        let figure = if of.is_floor() {
            tally.good_share()
        } else {
            tally.bad_share()
        };
        Reading { tally, figure }
    }

    fn rebuffering(&self) -> Tally {
        let viewers = &self.snapshot.viewers;
        let nanos = |time: Option<std::time::Duration>| {
            let nanos = time.map_or(0, |time| time.as_nanos());
            u64::try_from(nanos).unwrap_or(u64::MAX)
        };
        Tally {
            good: nanos(viewers.play_time()),
            bad: nanos(viewers.stall_time()),
        }
    }

    /// All samples of the series of `scope`.
    fn series(&mut self, scope: &Scope) -> Arc<Distribution<Millis>> {
        if let Some((_, all)) = self.merged.iter().find(|(merged, _)| merged == scope) {
            return Arc::clone(all);
        }
        let mut all = Distribution::default();
        let series = self.snapshot.slo.series().iter();
        for series in series.filter(|series| scope.holds(&series.key)) {
            all.merge(&series.run);
        }
        let all = Arc::new(all);
        self.merged.push((scope.clone(), Arc::clone(&all)));
        all
    }
}

/// The greatest time that is good, in whole microseconds.
fn within(bound: Bound, limit: Micros) -> u64 {
    match bound {
        Bound::Strict => limit.0.saturating_sub(1),
        Bound::Inclusive => limit.0,
    }
}

fn of_samples<S: Scale>(
    all: &Distribution<S>,
    aggregate: Aggregate,
    budget: Budget,
    within: u64,
    per_ms: u64,
) -> Reading {
    let mut good = all.count_at_most(within);
    let total = all.count();
    if aggregate == Aggregate::Max && all.max().is_some_and(|max| max > within) {
        // The greatest is known exactly, though it may share its bin with the limit.
        good = good.min(total - 1);
    }
    let tally = Tally {
        good,
        bad: total - good,
    };
    let figure = match aggregate {
        Aggregate::Max => all.max(),
        Aggregate::Quantile(_) => all.quantile(aggregate.quantile()),
    };
    // A quantile is known to its bin, and where that is good, so is the figure.
    let figure = figure.map(|figure| match budget.state(tally) {
        State::Met => figure.min(within),
        State::Broken | State::Unknown => figure,
    });
    Reading {
        tally,
        figure: figure.map(|figure| figure as f64 / per_ms as f64),
    }
}
