//! One level, held and judged.

use std::collections::BTreeMap;
use std::time::Duration;

use report::capacity::{Blame, Broke, Figures, Judgement, Level, Listener};
use swarm::Seen;
use telemetry::objective::{State, Status};

use super::climb::{Climb, Left};
use super::progress::Phase;
use super::spans::part;

/// An objective that leaves, or overspends, less of its budget than this was close.
const CLOSE: f64 = 0.1;

/// A level, and how it broke.
pub(super) struct Hold {
    pub(super) level: Level,
    /// The first to break first.
    pub(super) broke: Vec<Broke>,
    /// The figures of each group that has objectives of its own, by its name.
    pub(super) groups: BTreeMap<String, Figures>,
    /// How our own generator was the bottleneck.
    pub(super) generator: Option<Blame>,
}

impl Hold {
    /// Where it broke, beside the most viewers that held. Of what broke first in a group, by what
    /// that group's viewers saw: the others may be well.
    pub(super) fn blame(&self, held: Option<&Self>) -> Option<Blame> {
        let Some(group) = self.broke.first().and_then(|broke| broke.group.as_ref()) else {
            return Blame::of(held.map(|held| &held.level.figures), &self.level.figures);
        };
        let held = held.and_then(|held| held.groups.get(group));
        let blame = Blame::of(held, self.groups.get(group)?)?;
        Some(Blame {
            why: format!("{}, for viewers of group `{group}`", blame.why),
            ..blame
        })
    }

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
            groups: BTreeMap::new(),
            generator: Some(blame),
        }
    }
}

impl Climb<'_> {
    /// Holds the level that is there and judges it.
    pub(super) async fn hold(&mut self, viewers: u64) -> Result<Hold, Left> {
        let begin = self.look_for_life().await?;
        self.spans.begin(&begin);
        let mut broken_since = BTreeMap::new();
        let mut listener = None;
        let (end, objectives) = loop {
            let now = self.look_for_life().await?;
            let into = now.all.elapsed().saturating_sub(begin.all.elapsed());
            if let Some(view) = self.origin(&now.all) {
                let listener: &mut Listener = listener.get_or_insert_default();
                listener.observe(&view, into);
            }
            let objectives = self.spans.status(&now);
            note(&mut broken_since, &objectives, into);
            let phase = Phase::Judging(viewers, into, self.asked.hold);
            self.progress.show(phase);
            if into >= self.asked.hold {
                break (now, objectives);
            }
        };
        let (judgement, close) = judged(&objectives);
        Ok(Hold {
            broke: broke(&objectives, &broken_since),
            groups: self.of_groups(&begin, &end),
            level: Level {
                viewers,
                judgement,
                close,
                began_s: begin.all.elapsed().as_secs_f64(),
                figures: Figures::between(&begin.all, &end.all),
                objectives: objectives.iter().map(Into::into).collect(),
                origin: listener.map(|listener| listener.heard()),
            },
            generator: None,
        })
    }

    /// What the groups saw that have objectives of their own.
    fn of_groups(&self, begin: &Seen, end: &Seen) -> BTreeMap<String, Figures> {
        let groups = self.asked.settings.objectives.groups().iter();
        let figures = groups.map(|of| {
            let (begin, end) = (part(begin, of.place), part(end, of.place));
            (of.name.to_string(), Figures::between(begin, end))
        });
        figures.collect()
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
    let is_met = |status: &Status| status.state == State::Met;
    // Of nothing, nothing is said.
    if !objectives.is_empty() && objectives.iter().all(is_met) {
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
            (Vec::new(), (Broken, false)),
        ];
        for (objectives, expected) in cases {
            assert_eq!(judged(&objectives), expected, "{objectives:?}");
        }
    }

    #[test]
    fn what_broke_first_in_a_group_is_blamed_by_what_that_group_saw() {
        let figures = |failed_origin, ttfb| Figures {
            error_rate: Some(if failed_origin > 0 { 0.5 } else { 0.0 }),
            failed_origin,
            segment_ttfb_p95_ms: Some(ttfb),
            segment_download_p95_ms: Some(ttfb + 1_000.0),
            ..Figures::default()
        };
        let mut hold = Hold::bound(
            4,
            Duration::ZERO,
            Blame {
                place: report::capacity::Place::Generator,
                why: String::new(),
            },
        );
        hold.level.figures = figures(0, 5.0);
        hold.groups = BTreeMap::from([("phones".to_owned(), figures(9, 5.0))]);
        let place = |hold: &Hold| hold.blame(None).unwrap().place;
        assert_eq!(place(&hold), report::capacity::Place::Network);
        let broken = Status {
            group: Some("phones".to_owned()),
            ..status(State::Broken, None)
        };
        hold.broke = vec![Broke::new(&broken, None)];
        assert_eq!(place(&hold), report::capacity::Place::Origin);
        let why = hold.blame(None).unwrap().why;
        assert!(why.ends_with("for viewers of group `phones`"), "{why}");
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
