//! How a run goes, in one word and the reason for it: the same for the terminal, the browser, the
//! page and the text.

mod facts;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::run::Run;
use facts::Facts;

/// How a run goes.
///
/// The first that holds, from the top; "recent" is the last 10 s of the timeline, or the whole run
/// where there is none:
///
/// | word | when |
/// |---|---|
/// | `over` | the run has ended |
/// | `stopping` | requests in flight get their time to finish (known to [`crate::Frame`]) |
/// | `generator_bound` | the generator's watch on itself found it to be the bottleneck |
/// | `failing` | no viewer plays or has watched to the end, and some stall or gave up |
/// | `degraded` | a viewer stalls or gave up; or recently a stall began, a segment was skipped, a playlist was stale or more than 1 % of requests failed; or viewers play and an objective is broken, over the run or at present |
/// | `warming_up` | no viewer plays or has watched to the end |
/// | `healthy` | else |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// Nothing plays yet, and nothing failed.
    WarmingUp,
    /// All is well.
    Healthy,
    /// Some viewers suffer, or a limit is broken.
    Degraded,
    /// Nobody watches who should.
    Failing,
    /// This machine can't keep up, so nothing is known of the stream.
    GeneratorBound,
    /// It is being ended.
    Stopping,
    /// It has ended.
    Over,
}

impl Word {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::WarmingUp,
        Self::Healthy,
        Self::Degraded,
        Self::Failing,
        Self::GeneratorBound,
        Self::Stopping,
        Self::Over,
    ];

    /// The name in every output for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WarmingUp => "warming_up",
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Failing => "failing",
            Self::GeneratorBound => "generator_bound",
            Self::Stopping => "stopping",
            Self::Over => "over",
        }
    }
}

/// As a person reads it.
impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::WarmingUp => "warming up",
            Self::GeneratorBound => "generator-bound",
            other => other.name(),
        })
    }
}

/// How a run goes, and why that is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// In one word.
    pub word: Word,
    /// The reason, the gravest part of it first.
    pub reason: String,
}

impl Health {
    pub(crate) fn stopping() -> Self {
        Self::new(
            Word::Stopping,
            "requests in flight get their time to finish",
        )
    }

    fn new(word: Word, reason: impl Into<String>) -> Self {
        Self {
            word,
            reason: reason.into(),
        }
    }
}

/// How `run` goes, by the rules of [`Word`].
pub fn health(run: &Run<'_>) -> Health {
    Facts::of(run).judge()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_serde() {
        for word in Word::ALL {
            assert_eq!(serde_json::to_value(word).unwrap(), word.name());
        }
    }
}
