//! The exit code, and what decides it.

use telemetry::Verdict;

/// How the program ends. The order of the variants says nothing; [`verdict`] has the precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Fine = 0,
    CouldNotRun = 1,
    /// clap's own code for wrong usage; ours for values that only prove wrong together.
    WrongUsage = 2,
    BadResult = 3,
    GeneratorBound = 4,
    ObjectiveBroken = 5,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What a run that took place comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Whether any viewer ever played.
    pub(crate) played: bool,
    /// Whether any viewer was playing, stalled, or through with the stream at the stop.
    pub(crate) any_well: bool,
    /// Whether as many players gave up as viewers were started, and nobody waits for its turn.
    pub(crate) all_gave_up: bool,
    /// What the generator's watch on itself says.
    pub(crate) generator: Verdict,
    /// Objectives that were not met.
    pub(crate) objectives_failed: usize,
}

/// The exit code, with its reason in words.
pub(crate) fn verdict(facts: Facts) -> (Exit, &'static str) {
    if facts.generator == Verdict::Bottleneck {
        return (
            Exit::GeneratorBound,
            "the generator was the bottleneck: the figures are not to be trusted",
        );
    }
    if facts.all_gave_up && !facts.any_well {
        return (Exit::BadResult, "every viewer failed");
    }
    if !facts.played {
        return (Exit::BadResult, "nothing was played");
    }
    match facts.objectives_failed {
        0 => {}
        1 => return (Exit::ObjectiveBroken, "an objective was not met"),
        _ => return (Exit::ObjectiveBroken, "objectives were not met"),
    }
    (Exit::Fine, "fine")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINE: Facts = Facts {
        played: true,
        any_well: true,
        all_gave_up: false,
        generator: Verdict::Fine,
        objectives_failed: 0,
    };

    #[test]
    fn the_worst_that_holds_wins() {
        let all_came_back = Facts {
            all_gave_up: true,
            ..FINE
        };
        let all_gave_up = Facts {
            any_well: false,
            ..all_came_back
        };
        let never_played = Facts {
            played: false,
            ..all_gave_up
        };
        let missed = Facts {
            objectives_failed: 1,
            ..FINE
        };
        let missed_two = Facts {
            objectives_failed: 2,
            ..FINE
        };
        let missed_all = Facts {
            objectives_failed: 2,
            ..all_gave_up
        };
        let too_short = Facts {
            played: false,
            any_well: false,
            ..FINE
        };
        let overloaded = Facts {
            generator: Verdict::Bottleneck,
            ..never_played
        };
        let cases = [
            (FINE, Exit::Fine, "fine"),
            (all_came_back, Exit::Fine, "fine"),
            (all_gave_up, Exit::BadResult, "every viewer failed"),
            (never_played, Exit::BadResult, "every viewer failed"),
            (too_short, Exit::BadResult, "nothing was played"),
            (missed, Exit::ObjectiveBroken, "an objective was not met"),
            (missed_two, Exit::ObjectiveBroken, "objectives were not met"),
            (missed_all, Exit::BadResult, "every viewer failed"),
            (overloaded, Exit::GeneratorBound, "bottleneck"),
        ];
        for (facts, exit, reason) in cases {
            let (got, why) = verdict(facts);
            assert_eq!(got, exit, "{facts:?}");
            assert!(why.contains(reason), "{facts:?}: {why}");
        }
    }
}
