//! Objectives: how they stand.

use std::collections::BTreeSet;

use report::Frame;
use telemetry::objective::{State, Status};

use super::metric::{Group, Label, Metric, PLAIN, Read, Unit};
use super::samples::OPTIONAL;

const OBJECTIVE: Label = Label {
    name: "objective",
    values: "the objective, such as `glass_to_glass.p95 < 3s`",
};

const OF_GROUP: Label = Label {
    name: OPTIONAL,
    values: "the group of a scenario that is judged; absent: all viewers",
};

pub(super) const GROUP: Group = Group {
    title: "Objectives",
    about: "One series for each `--slo`, and for each `slo` of a group. What has no sample yet is absent.",
    metrics: &[
        Metric {
            name: "hls_swarm_objective_met",
            labels: &[OBJECTIVE, OF_GROUP],
            unit: Unit::None,
            help: "Whether the objective holds over the run so far: 1 it does, 0 it does not.",
            from: "`/objectives`: state",
            read: Read::Run(|frame, out| {
                for status in objectives(frame) {
                    let met: Option<u64> = match status.state {
                        State::Unknown => None,
                        State::Met => Some(1),
                        State::Broken => Some(0),
                    };
                    out.known(&[&status.objective, group(status)], met);
                }
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_objective_budget_left_ratio",
            labels: &[OBJECTIVE, OF_GROUP],
            unit: Unit::Ratio,
            help: "Share of the error budget that is left: 1 all, 0 none, below 0 overspent.",
            from: "`/objectives`: budget_left",
            read: Read::Run(|frame, out| {
                for status in objectives(frame) {
                    out.known(&[&status.objective, group(status)], status.budget_left);
                }
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_objective_burn_rate",
            labels: &[
                OBJECTIVE,
                OF_GROUP,
                Label {
                    name: "window",
                    values: "`60s`, `300s`",
                },
            ],
            unit: Unit::None,
            help: "Share of bad samples in the window divided by the budget; 1 spends it exactly.",
            from: "`/objectives`: burn_60s, burn_300s",
            read: Read::Run(|frame, out| {
                for status in objectives(frame) {
                    out.known(&[&status.objective, group(status), "60s"], status.burn_60s);
                    out.known(
                        &[&status.objective, group(status), "300s"],
                        status.burn_300s,
                    );
                }
            }),
            ..PLAIN
        },
    ],
};

/// The objectives; one that was given twice stands once, since a series is unique.
fn objectives(frame: &Frame) -> impl Iterator<Item = &Status> {
    let mut seen = BTreeSet::new();
    let statuses = frame.objectives.iter();
    statuses.filter(move |status| seen.insert((group(status), status.objective.as_str())))
}

fn group(status: &Status) -> &str {
    status.group.as_deref().unwrap_or_default()
}
