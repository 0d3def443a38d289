//! `GET /api/v1/slo`: latency by broadcast, transport and source.

use serde::Serialize;
use telemetry::objective::Status;
use telemetry::slo::{Row, Table};

/// The answer: rows in order of broadcast, transport and source.
#[derive(Serialize)]
pub(crate) struct Answer<'a> {
    broadcasts: Vec<Broadcast<'a>>,
}

#[derive(Serialize)]
struct Broadcast<'a> {
    #[serde(flatten)]
    row: Row,
    /// The objectives that are about this series, in the order in which they were given.
    objectives: Vec<&'a Status>,
    /// The worst that they leave; null where there are none with a figure.
    budget: Option<Budget>,
}

/// What is left of error budgets, at the worst of several objectives each.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Budget {
    /// The least share that is left: 1 all of it, 0 none, below 0 overspent.
    left: f64,
    /// The greatest burn rate over the last 60 s.
    burn_60s: Option<f64>,
    /// The greatest burn rate over the last 300 s.
    burn_300s: Option<f64>,
}

impl<'a> Answer<'a> {
    /// The series that have a sample, as of `at_ms`, and what the objectives say of each.
    pub(crate) fn new(table: &Table, at_ms: i64, objectives: &'a [Status]) -> Self {
        let rows = table.rows(at_ms).into_iter();
        let broadcasts = rows.map(|row| {
            let about = objectives.iter().filter(|status| concerns(status, &row));
            let objectives: Vec<&Status> = about.collect();
            Broadcast {
                budget: budget(&objectives),
                objectives,
                row,
            }
        });
        Self {
            broadcasts: broadcasts.collect(),
        }
    }
}

fn concerns(status: &Status, row: &Row) -> bool {
    status.metric == "glass_to_glass"
        && status
            .transport
            .as_ref()
            .is_none_or(|transport| *transport == row.transport)
        && status.source.is_none_or(|source| source == row.source)
        // A group's series has its name, unless it was given another.
        && status.group.as_ref().is_none_or(|group| *group == row.broadcast)
}

fn budget(objectives: &[&Status]) -> Option<Budget> {
    let of = |figure: fn(&Status) -> Option<f64>| {
        objectives.iter().filter_map(move |status| figure(status))
    };
    Some(Budget {
        left: of(|status| status.budget_left).min_by(f64::total_cmp)?,
        burn_60s: of(|status| status.burn_60s).max_by(f64::total_cmp),
        burn_300s: of(|status| status.burn_300s).max_by(f64::total_cmp),
    })
}
