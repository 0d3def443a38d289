//! Objectives: what a run is held against, and how it stands.

use serde::{Deserialize, Serialize};

/// How an objective stands. Figures are in the unit of its limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The objective in its canonical form, such as `glass_to_glass.p95 < 3s`.
    pub objective: String,
    /// The metric's name.
    pub metric: String,
    /// The transport it is limited to.
    pub transport: Option<String>,
    /// Who measured, where it is limited to one source.
    pub source: Option<crate::slo::Source>,
    /// The unit of `limit` and `figure`: `ms`, `ratio` (0 to 1).
    pub unit: Unit,
    /// The limit.
    pub limit: f64,
    /// The run's figure so far; `None` without a sample.
    pub figure: Option<f64>,
    /// Whether it holds.
    pub state: State,
    /// The share of samples that may be bad: the error budget.
    pub budget: f64,
    /// The share of the budget that is left: 1 all of it, 0 none, below 0 overspent.
    pub budget_left: Option<f64>,
    /// Share of bad samples in the last 60 s divided by the budget; 1 spends it exactly.
    pub burn_60s: Option<f64>,
    /// The same over the last 300 s.
    pub burn_300s: Option<f64>,
    /// Whether the run stops when it has been broken for 10 s.
    pub abort: bool,
    /// Since when it has been broken without a break, in Unix milliseconds.
    pub broken_since_ms: Option<i64>,
}

/// The unit of an objective's figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Milliseconds.
    Ms,
    /// A share, 0 to 1.
    Ratio,
}

/// Whether an objective holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// No sample yet.
    Unknown,
    /// It holds.
    Met,
    /// It does not.
    Broken,
}
