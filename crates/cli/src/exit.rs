//! The exit code, and what decides it.

/// How the program ends. The order of the variants says nothing; [`verdict`] has the precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Fine = 0,
    CouldNotRun = 1,
    /// clap's own code for wrong usage; ours for values that only prove wrong together.
    WrongUsage = 2,
    BadResult = 3,
    GeneratorBound = 4,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What a run that took place comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Viewers that were started.
    pub(crate) started: u64,
    /// Those of them that are in the state `failed` or back off from a failure.
    pub(crate) failed: u64,
    /// Whether any viewer ever played.
    pub(crate) played: bool,
    /// Whether the generator was the bottleneck.
    pub(crate) generator_bound: bool,
}

/// The exit code, with its reason in words.
pub(crate) fn verdict(facts: Facts) -> (Exit, &'static str) {
    if facts.generator_bound {
        return (
            Exit::GeneratorBound,
            "the generator was the bottleneck: the figures are not to be trusted",
        );
    }
    if facts.started > 0 && facts.failed == facts.started {
        return (Exit::BadResult, "every viewer failed");
    }
    if !facts.played {
        return (Exit::BadResult, "nothing was played");
    }
    (Exit::Fine, "fine")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINE: Facts = Facts {
        started: 10,
        failed: 0,
        played: true,
        generator_bound: false,
    };

    #[test]
    fn the_worst_that_holds_wins() {
        let all_failed = Facts {
            failed: 10,
            played: false,
            ..FINE
        };
        let cases = [
            (FINE, Exit::Fine),
            (Facts { failed: 9, ..FINE }, Exit::Fine),
            (Facts { failed: 10, ..FINE }, Exit::BadResult),
            (all_failed, Exit::BadResult),
            (
                Facts {
                    played: false,
                    ..FINE
                },
                Exit::BadResult,
            ),
            (
                Facts {
                    generator_bound: true,
                    ..all_failed
                },
                Exit::GeneratorBound,
            ),
        ];
        for (facts, expected) in cases {
            assert_eq!(verdict(facts).0, expected, "{facts:?}");
        }
    }
}
