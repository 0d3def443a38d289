//! Values of which clap takes any: checked where they stand, so that what is wrong with one is
//! pointed at.

use plan::Shares;
use swarm::Target;
use telemetry::objective::{Objective, ParseError};
use telemetry::slo::Source;

use super::file::URL;
use crate::engine;
use crate::objectives;
use crate::values;

/// Why the run would refuse this.
pub(super) fn check(name: &str, text: &str) -> Result<(), String> {
    match name {
        URL => match Target::new(text) {
            Ok(_) => Ok(()),
            Err(why) => Err(why.to_string()),
        },
        "player" => {
            let weights: Vec<u32> = values::mix(text)?.iter().map(|(_, of)| *of).collect();
            let shares = Shares::new(&weights);
            shares.map(drop).map_err(|why| why.to_string())
        }
        "header" => values::header(text).map(drop),
        "user-agent" => values::header_value("User-Agent", text),
        "exec" => engine::check_command(text).map_err(|why| why.to_string()),
        "slo" if text.trim() != objectives::DEFAULT => {
            let objective = text.parse::<Objective>();
            objective
                .map(drop)
                .map_err(|why: ParseError| why.to_string())
        }
        _ => Ok(()),
    }
}

/// Why a group can't be held against an objective that the run can be.
pub(super) fn check_of_group(slo: &str) -> Result<(), &'static str> {
    let objective = slo.parse::<Objective>().ok();
    let source = objective.and_then(|objective| objective.source());
    match source {
        None | Some(Source::Viewer) => Ok(()),
        Some(Source::Origin | Source::Pushed) => Err(
            "what an origin or somebody else pushes is of no group: put this above the first [[group]]",
        ),
    }
}
