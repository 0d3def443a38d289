use std::time::Duration;

use plan::{Command, Director, Order, Shape};

/// The schedule as the control follows it.
#[derive(Debug)]
pub(super) enum Course {
    /// How many viewers there are is said.
    Closed(Box<Director>),
    /// It follows from who comes and how long they stay.
    Open {
        /// Whether arrivals are held.
        paused: bool,
    },
}

impl Course {
    pub(super) fn new(shape: &Shape) -> Self {
        match shape {
            Shape::Closed(closed) => Self::Closed(Box::new(Director::new(closed))),
            Shape::Open(_) => Self::Open { paused: false },
        }
    }

    pub(super) fn obey(&mut self, order: Order) {
        match self {
            Self::Closed(director) => director.obey(order),
            Self::Open { paused } => match order.command {
                Command::Pause => *paused = true,
                Command::Resume => *paused = false,
                Command::Target(_) => {}
            },
        }
    }

    /// How many viewers are asked for at `now`; `None` where nobody says.
    pub(super) fn target(&mut self, now: Duration) -> Option<u64> {
        match self {
            Self::Closed(director) => {
                director.catch_up(now);
                Some(director.target())
            }
            Self::Open { .. } => None,
        }
    }

    pub(super) fn is_paused(&self) -> bool {
        match self {
            Self::Closed(director) => director.is_paused(),
            Self::Open { paused } => *paused,
        }
    }

    /// Whether viewers still wait for their turn at `now`.
    pub(super) fn is_ramping(&mut self, now: Duration) -> bool {
        match self {
            Self::Closed(director) => {
                director.catch_up(now);
                director.is_ramping(now)
            }
            Self::Open { .. } => false,
        }
    }

    /// Whether at `now` a crowd that is all over makes the run over: it was to be one, and nobody
    /// is to come later.
    pub(super) fn ends_with_its_viewers(&mut self, now: Duration) -> bool {
        match self {
            Self::Closed(director) => {
                director.catch_up(now);
                director.target() > 0 && !director.has_stages_left()
            }
            Self::Open { .. } => false,
        }
    }
}
