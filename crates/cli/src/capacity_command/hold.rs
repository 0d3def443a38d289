//! One level, held and judged.

use std::collections::BTreeMap;
use std::time::Duration;

use report::capacity::{Blame, Broke, Figures, Judgement, Level, Listener};
use telemetry::objective::{State, Status};

use super::climb::{Climb, Left};
use super::progress::Phase;

/// An objective that leaves, or overspends, less of its budget than this was close.
const CLOSE: f64 = 0.1;

/// A level, and how it broke.
pub(super) struct Hold {
    pub(super) level: Level,
    /// The first to break first.
    pub(super) broke: Vec<Broke>,
    /// How our own generator was the bottleneck.
    pub(super) generator: Option<Blame>,
}

impl Hold {
    /// A level that could not be held, `at` since the beginning.
    pub(super) fn bound(viewers: u64, at: Duration, blame: Blame) -> Self {
        Self {
            level: Level {
                viewers,
                judgement: Judgement::GeneratorBound,
                close: false,
                began_s: at.as_secs_f64(),
                objectives: Vec::new(),
                figures: Figures::default(),
                origin: None,
            },
            broke: Vec::new(),
            generator: Some(blame),
        }
    }
}

impl Climb<'_> {
    /// Holds the level that is there and judges it.
    pub(super) async fn hold(&mut self, viewers: u64) -> Result<Hold, Left> {
        let begin = self.look().await?;
        self.spans.begin(&begin);
        let begin = begin.all;
        let mut broken_since = BTreeMap::new();
        let mut listener = None;
        let (end, objectives) = loop {
            let now = self.look().await?;
            let into = now.all.elapsed().saturating_sub(begin.elapsed());
            if let Some(view) = self.origin(&now.all) {
                let listener: &mut Listener = listener.get_or_insert_default();
                listener.observe(&view, into);
            }
            let objectives = self.spans.status(&now);
            note(&mut broken_since, &objectives, into);
            let phase = Phase::Judging(viewers, into, self.asked.hold);
            self.progress.show(phase);
            if into >= self.asked.hold {
                break (now.all, objectives);
            }
        };
        let (judgement, close) = judged(&objectives);
        Ok(Hold {
            broke: broke(&objectives, &broken_since),
            level: Level {
                viewers,
                judgement,
                close,
                began_s: begin.elapsed().as_secs_f64(),
                figures: Figures::between(&begin, &end),
                objectives: objectives.iter().map(Into::into).collect(),
                origin: listener.map(|listener| listener.heard()),
            },
            generator: None,
        })
    }
}

/// Since when each objective does not hold, without a break.
fn note(since: &mut BTreeMap<String, Duration>, objectives: &[Status], into: Duration) {
    for status in objectives {
        if status.state == State::Broken {
            since.entry(status.name().into_owned()).or_insert(into);
        } else {
            since.remove(&*status.name());
        }
    }
}

/// What was not met, the first to break first; what had no sample comes last.
fn broke(objectives: &[Status], since: &BTreeMap<String, Duration>) -> Vec<Broke> {
    let missed = objectives
        .iter()
        .filter(|status| status.state != State::Met);
    let mut all: Vec<Broke> = missed
        .map(|status| {
            let after = since.get(&*status.name());
            Broke::new(status, after.map(Duration::as_secs_f64))
        })
        .collect();
    let order = |broke: &Broke| broke.after_s.unwrap_or(f64::INFINITY);
    all.sort_by(|a, b| order(a).total_cmp(&order(b)));
    all
}

/// Whether all held, and whether what decided was close.
fn judged(objectives: &[Status]) -> (Judgement, bool) {
    let left = |status: &Status| status.budget_left.unwrap_or(f64::NEG_INFINITY);
    let least = objectives.iter().map(left).fold(f64::INFINITY, f64::min);
    let close = least.abs() < CLOSE;
    if objectives.iter().all(|status| status.state == State::Met) {
        (Judgement::Held, close)
    } else {
        (Judgement::Broken, close)
    }
}

#[cfg(test)]
mod tests {
    use telemetry::Snapshot;
    use telemetry::objective::Span;

    use super::*;

    fn status(state: State, left: Option<f64>) -> Status {
        let mut span = Span::new(vec!["error_rate < 1%".parse().unwrap()]);
        Status {
            state,
            budget_left: left,
            ..span.status(&Snapshot::default()).remove(0)
        }
    }

    #[test]
    fn all_have_to_hold_and_the_worst_says_whether_it_was_close() {
        use Judgement::{Broken, Held};
        let good = || status(State::Met, Some(0.9));
        let cases = [
            (vec![good()], (Held, false)),
            (vec![good(), status(State::Met, Some(0.05))], (Held, true)),
            (
                vec![good(), status(State::Broken, Some(-0.05))],
                (Broken, true),
            ),
            (
                vec![status(State::Broken, Some(-3.0)), good()],
                (Broken, false),
            ),
            (vec![good(), status(State::Unknown, None)], (Broken, false)),
        ];
        for (objectives, expected) in cases {
            assert_eq!(judged(&objectives), expected, "{objectives:?}");
        }
    }

    #[test]
    fn what_broke_first_comes_first_and_what_recovered_counts_anew() {
        let named = |name: &str, state| Status {
            objective: name.to_owned(),
            ..status(state, None)
        };
        let mut since = BTreeMap::new();
        let seconds = [
            [State::Broken, State::Met, State::Unknown],
            [State::Met, State::Broken, State::Unknown],
            [State::Broken, State::Broken, State::Unknown],
        ];
        let mut last = Vec::new();
        for (second, states) in (1..).zip(seconds) {
            last = ["a", "b", "c"]
                .into_iter()
                .zip(states)
                .map(|(n, s)| named(n, s))
                .collect();
            note(&mut since, &last, Duration::from_secs(second));
        }
        let broke = broke(&last, &since);
        let order: Vec<_> = broke
            .iter()
            .map(|b| (b.objective.as_str(), b.after_s))
            .collect();
        assert_eq!(order, [("b", Some(2.0)), ("a", Some(3.0)), ("c", None)]);
    }
}
