//! Objectives: what a run is held against, and how it stands.
//!
//! ```text
//! METRIC[.AGGREGATE] OP LIMIT [for transport=NAME] [for source=SOURCE] [abort]
//! ```
//!
//! | expression | holds while |
//! |---|---|
//! | `glass_to_glass.p95 < 3s` | at least 95 % of the samples are below 3 s |
//! | `segment_download.max <= 500ms` | no sample is above 500 ms |
//! | `rebuffer_ratio < 0.5%` | time stalled is less than 0.5 % of time stalled and played |
//! | `error_rate < 0.1%` | fewer than 0.1 % of the requests failed, of those that ended and were not given up by us |
//! | `viewers_playing >= 95%` | viewers play at least 95 % of the time in which they should ([`Watch`] says which) |
//!
//! The aggregate of a latency is `max` or a quantile, `p50` to `p99.99`; a time has a unit (`us`,
//! `ms`, `s`, `m`), a ratio is written as `0.5%` or `0.005`. The latencies are those of
//! [`crate::What`]; `glass_to_glass` is read from the SLO series, so it can be asked of one
//! transport and of one source, which is `viewer` unless another is named. A transport is named
//! as its series are: `hls`, `ll-hls`, `dash`, `websocket` (or `ws`), `moq`, or what was pushed.
//!
//! **Error budget.** An objective on a quantile has the rest as its budget (p95: 5 % of the samples
//! may be slower), one on a ratio the limit itself, `viewers_playing` what its limit leaves. `max`
//! and a limit of none have no budget: one bad sample overspends it, and there is no burn rate.
//!
//! **Precision.** Samples are counted in histograms: 1/1,024 of the value, and 1/128 for
//! `glass_to_glass`. Samples that share a bin with the limit count as within it, so a sample up
//! to that much beyond may pass; none within the limit ever fails. (`max` over the run is exact.)

mod budget;
mod config;
mod cursor;
mod defaults;
mod error;
mod goal;
mod grammar;
mod limit;
mod number;
mod options;
mod playing;
mod reading;
mod span;
mod spelling;
#[cfg(test)]
mod tests;
mod watch;
mod window;

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use defaults::defaults;
pub use error::ParseError;
pub use span::Span;
pub use watch::{ABORT_AFTER_MS, STARTUP_GRACE_MS, Watch};

use goal::Goal;

/// One objective, as it was written: parsed once ([`std::str::FromStr`]), and written in its
/// canonical form, which reads back as the same. In a configuration it is that string, or a table
/// `{ expr = "…" }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objective {
    goal: Goal,
    abort: bool,
    listed: Listed,
}

/// When an objective is among [`Watch::status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listed {
    Always,
    /// From its first sample on: it is of a set that covers more than one run has.
    OnceMeasured,
}

impl Objective {
    /// The metric's name.
    pub fn metric(&self) -> &'static str {
        self.goal.metric()
    }

    /// Whether the run stops when it has been broken for 10 s.
    pub fn aborts(&self) -> bool {
        self.abort
    }

    /// Who measures what it is held against, where it is limited to one source.
    pub fn source(&self) -> Option<crate::slo::Source> {
        self.goal.scope().map(|scope| scope.source)
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.goal.fmt(f)?;
        f.write_str(if self.abort { " abort" } else { "" })
    }
}

/// How an objective stands. Figures are in the unit of its limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The objective in its canonical form, such as `glass_to_glass.p95 < 3s`.
    pub objective: String,
    /// The group of viewers on whose figures alone it is judged; `None`: on those of all viewers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
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
    /// Whether it holds over the whole run so far.
    pub state: State,
    /// The share of samples that may be bad: the error budget.
    pub budget: f64,
    /// The share of the budget that is left: 1 all of it, 0 none, below 0 overspent. Where the
    /// budget is 0, it is 1 before the first bad sample and -1 after it.
    pub budget_left: Option<f64>,
    /// Share of bad samples in the last 60 s divided by the budget; 1 spends it exactly. `None`
    /// without samples in them, and where the budget is 0.
    pub burn_60s: Option<f64>,
    /// The same over the last 300 s.
    pub burn_300s: Option<f64>,
    /// Whether the run stops when it has been broken for 10 s.
    pub abort: bool,
    /// Since when it has not held over the last 60 s, without a break, in Unix milliseconds: so
    /// one that is broken for the run may have recovered, and one that holds for the run may be
    /// broken at present.
    pub broken_since_ms: Option<i64>,
}

impl Status {
    /// The objective as it is shown: with its group's name before it where it is one's,
    /// `phones: startup.p95 < 4s`.
    pub fn name(&self) -> Cow<'_, str> {
        match &self.group {
            Some(group) => Cow::Owned(format!("{group}: {}", self.objective)),
            None => Cow::Borrowed(&self.objective),
        }
    }
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
