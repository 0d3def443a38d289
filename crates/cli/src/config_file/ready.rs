//! The scenarios that come with the program.

use std::fmt::Write;

/// A scenario that is there without a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ready {
    pub(crate) name: &'static str,
    /// What it is, in a few words.
    says: &'static str,
    pub(crate) text: &'static str,
}

/// All of them.
pub(crate) const READY: [Ready; 4] = [
    Ready {
        name: "tune-in-storm",
        says: "everybody tunes in within seconds of kick-off",
        text: include_str!("../../scenarios/tune-in-storm.toml"),
    },
    Ready {
        name: "steady-evening",
        says: "people come and go at an even rate, and zap",
        text: include_str!("../../scenarios/steady-evening.toml"),
    },
    Ready {
        name: "flash-crowd",
        says: "a small audience, six times as many at once, and back",
        text: include_str!("../../scenarios/flash-crowd.toml"),
    },
    Ready {
        name: "soak",
        says: "the same crowd for an hour",
        text: include_str!("../../scenarios/soak.toml"),
    },
];

/// The scenario of this name.
pub(crate) fn by_name(name: &str) -> Option<Ready> {
    READY.into_iter().find(|ready| ready.name == name)
}

/// Their names, a line each.
pub(crate) fn list() -> String {
    READY.iter().fold(String::new(), |mut list, ready| {
        // Writing to a String cannot fail.
        let _ = write!(list, "\n  {:<16}{}", ready.name, ready.says);
        list
    })
}
