use crate::{Arrivals, Ramp, Stages};

/// How a crowd comes and goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// How many there are is said.
    Closed(Closed),
    /// Who comes is said and how long they stay, whether or not the origin keeps up: how many
    /// there are follows from it.
    Open(Arrivals),
}

/// A crowd of which it is said how many there are at each moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Closed {
    /// How many at the beginning, and how fast they come and go that a person asks for.
    pub(crate) ramp: Ramp,
    /// How many over time, where that is planned.
    pub(crate) stages: Option<Stages>,
}

impl Closed {
    /// As many as the stages say. Whoever a person asks for beside them comes and goes at the
    /// pace of `pace`, whose own viewers do not count.
    pub fn staged(stages: Stages, pace: &Ramp) -> Self {
        Self {
            ramp: pace.of(0),
            stages: Some(stages),
        }
    }

    /// How long the ramp takes, without stages.
    pub fn ramp_length(&self) -> std::time::Duration {
        self.ramp.length()
    }

    /// The most viewers at a moment.
    pub fn peak(&self) -> u64 {
        self.stages
            .as_ref()
            .map_or(self.ramp.viewers(), Stages::peak)
    }
}

impl Shape {
    /// The stages, where there are any.
    pub fn stages(&self) -> Option<&Stages> {
        match self {
            Self::Closed(closed) => closed.stages.as_ref(),
            Self::Open(_) => None,
        }
    }

    /// The arrivals of an open crowd.
    pub fn arrivals(&self) -> Option<&Arrivals> {
        match self {
            Self::Closed(_) => None,
            Self::Open(arrivals) => Some(arrivals),
        }
    }
}

impl From<Ramp> for Closed {
    fn from(ramp: Ramp) -> Self {
        Self { ramp, stages: None }
    }
}

impl From<Closed> for Shape {
    fn from(closed: Closed) -> Self {
        Self::Closed(closed)
    }
}

impl From<Ramp> for Shape {
    fn from(ramp: Ramp) -> Self {
        Self::Closed(ramp.into())
    }
}

impl From<Arrivals> for Shape {
    fn from(arrivals: Arrivals) -> Self {
        Self::Open(arrivals)
    }
}
