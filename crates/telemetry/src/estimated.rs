//! What is not measured, where viewers are watched by what their players log.

use std::collections::BTreeMap;

use base::Class;
use serde::{Deserialize, Serialize};

/// How it is known that a request was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Known {
    /// The player logged it.
    Logged,
    /// It must have been made, since media of it came.
    Inferred,
}

/// How the size of an answer is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Size {
    /// The player logged it.
    Logged,
    /// The origin says so of itself.
    Stated,
    /// It is not.
    Unknown,
}

/// What of one class is in the counts without having been measured, and what was measured beside
/// it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// Requests that no player logged, inferred from media that came.
    pub inferred: u64,
    /// Answers whose size is what the origin says of itself.
    pub sizes_stated: u64,
    /// Answers whose size is not known: in no sum of bytes.
    pub sizes_unknown: u64,
    /// Requests of our own, to learn what the stream is: these are measured.
    #[serde(default)]
    pub own: u64,
}

/// What of the counts is not measured. Where this is there at all, players' requests are those that
/// they logged, and these; measured are our own alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimated {
    /// Whether figures are measured: they are not.
    pub measured: bool,
    /// Requests, by class.
    pub classes: BTreeMap<Class, Parts>,
}

impl Estimated {
    /// All classes together.
    pub fn all(&self) -> Parts {
        let mut all = Parts::default();
        self.classes.values().for_each(|parts| all.merge(*parts));
        all
    }

    pub(crate) fn add(&mut self, class: Class, known: Known, size: Size) {
        let parts = self.classes.entry(class).or_default();
        parts.inferred += u64::from(known == Known::Inferred);
        parts.sizes_stated += u64::from(size == Size::Stated);
        parts.sizes_unknown += u64::from(size == Size::Unknown);
    }

    pub(crate) fn looked(&mut self, class: Class, requests: u64) {
        self.classes.entry(class).or_default().own += requests;
    }

    /// Adds what `other` holds.
    pub fn merge(&mut self, other: &Self) {
        for (class, parts) in &other.classes {
            self.classes.entry(*class).or_default().merge(*parts);
        }
    }
}

impl Parts {
    fn merge(&mut self, other: Self) {
        self.inferred += other.inferred;
        self.sizes_stated += other.sizes_stated;
        self.sizes_unknown += other.sizes_unknown;
        self.own += other.own;
    }
}
