//! What was asked of the run with `--slo`, and of its groups with `slo` in their tables.

use std::sync::Arc;
use std::time::Duration;

use telemetry::objective::{self, Objective, State, Status};
use telemetry::slo::Source;

use crate::args;
use crate::settings::Usage;

/// The word for a set of objectives that fits the stream.
pub(crate) const DEFAULT: &str = "default";

/// Why no level of a search can be judged by an objective; `None`: it can.
pub(crate) fn unfit_for_a_level(text: &str) -> Option<&'static str> {
    let objective: Objective = text.parse().ok()?;
    if objective.source().is_some_and(|of| of != Source::Viewer) {
        return Some("a search has viewers' own samples only");
    }
    match objective.metric() {
        "startup" => Some("viewers start before a level is judged"),
        "connect" => Some("viewers connect before a level is judged, and keep their connections"),
        "stall" => Some("a level in which nobody stalls has no sample"),
        _ => None,
    }
}

/// Objectives, parsed once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Objectives {
    all: Set,
    groups: Vec<OfGroup>,
    require_data: bool,
}

/// Those of one group.
#[derive(Clone, Debug)]
pub(crate) struct OfGroup {
    /// Its place among the groups.
    pub(crate) place: usize,
    pub(crate) name: Arc<str>,
    pub(crate) set: Set,
}

/// Objectives that are judged on the same figures.
#[derive(Clone, Debug, Default)]
pub(crate) struct Set {
    given: Vec<Objective>,
    default: bool,
}

impl Objectives {
    pub(crate) fn new(asked: &args::Objectives) -> Result<Self, Usage> {
        Ok(Self {
            all: Set::new(&asked.slo).map_err(|why| Usage::new(format!("--slo: {why}")))?,
            groups: Vec::new(),
            require_data: asked.slo_require_data,
        })
    }

    /// Adds those of the group at this place, whose entries were checked where they stand.
    pub(crate) fn add_group(
        &mut self,
        place: usize,
        name: &Arc<str>,
        asked: &[String],
    ) -> Result<(), Usage> {
        if asked.is_empty() {
            return Ok(());
        }
        let usage = |why| Usage::new(format!("group `{name}`: slo: {why}"));
        self.groups.push(OfGroup {
            place,
            name: Arc::clone(name),
            set: Set::new(asked).map_err(usage)?,
        });
        Ok(())
    }

    /// Those of all viewers.
    pub(crate) fn all(&self) -> &Set {
        &self.all
    }

    /// Those of groups, in the order of these.
    pub(crate) fn groups(&self) -> &[OfGroup] {
        &self.groups
    }

    /// Those of all viewers ([`Set::list`]).
    pub(crate) fn list(&self, target_duration: Option<Duration>) -> Vec<Objective> {
        self.all.list(target_duration)
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

impl Set {
    fn new(asked: &[String]) -> Result<Self, objective::ParseError> {
        let mut set = Self::default();
        for text in asked {
            if text.trim() == DEFAULT {
                set.default = true;
            } else {
                set.given.push(text.parse()?);
            }
        }
        Ok(set)
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

    /// Whether the default ones are among them.
    pub(crate) fn waits_for_stream(&self) -> bool {
        self.default
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_healthy_level_has_no_sample_of_is_unfit_for_one() {
        for (objective, why) in [
            ("startup.p95 < 3s", Some("viewers start")),
            ("connect.p99 < 1s", Some("keep their connections")),
            ("stall.p95 < 2s", Some("nobody stalls")),
            (
                "glass_to_glass.p95 < 3s for source=pushed",
                Some("viewers' own"),
            ),
            (
                "glass_to_glass.p95 < 3s for source=origin",
                Some("viewers' own"),
            ),
            ("glass_to_glass.p95 < 3s for transport=hls", None),
            ("segment_download.p95 < 1s", None),
            ("rebuffer_ratio < 1%", None),
            ("viewers_playing >= 95%", None),
            (DEFAULT, None),
        ] {
            let found = unfit_for_a_level(objective);
            assert_eq!(found.is_some(), why.is_some(), "{objective}: {found:?}");
            assert!(
                found.unwrap_or_default().contains(why.unwrap_or_default()),
                "{objective}: {found:?}"
            );
        }
    }
}
