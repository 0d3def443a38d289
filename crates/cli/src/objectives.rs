//! What was asked of the run with `--slo`.

use std::time::Duration;

use telemetry::objective::{self, Objective, State, Status, Watch};

use crate::args;
use crate::settings::Usage;

/// The word for a set of objectives that fits the stream.
pub(crate) const DEFAULT: &str = "default";

/// Objectives, parsed once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Objectives {
    given: Vec<Objective>,
    default: bool,
    require_data: bool,
}

impl Objectives {
    pub(crate) fn new(asked: &args::Objectives) -> Result<Self, Usage> {
        let mut objectives = Self {
            require_data: asked.slo_require_data,
            ..Self::default()
        };
        for text in &asked.slo {
            if text.trim() == DEFAULT {
                objectives.default = true;
                continue;
            }
            let objective = text.parse();
            let objective = objective
                .map_err(|why: objective::ParseError| Usage::new(format!("--slo: {why}")))?;
            objectives.given.push(objective);
        }
        Ok(objectives)
    }

    /// The watch over them ([`Objectives::list`]).
    pub(crate) fn watch(&self, target_duration: Option<Duration>) -> Watch {
        Watch::new(self.list(target_duration))
    }

    /// All of them, as far as they are known before the stream is: the default ones are a matter of
    /// its target duration.
    pub(crate) fn list(&self, target_duration: Option<Duration>) -> Vec<Objective> {
        let mut all = self.given.clone();
        if let (true, Some(target_duration)) = (self.default, target_duration) {
            all.extend(objective::defaults(target_duration));
        }
        all
    }

    /// Whether the stream's target duration is still to be waited for.
    pub(crate) fn wait_for_stream(&self) -> bool {
        self.default
    }

    /// Whether the run has to answer for `status` as it stands at the end.
    pub(crate) fn fails(&self, status: &Status) -> bool {
        match status.state {
            State::Met => false,
            State::Broken => true,
            State::Unknown => self.require_data,
        }
    }
}
