//! What is going to happen, as data.
//!
//! A plan says when the n-th viewer starts ([`Ramp`]), how a crowd comes and goes ([`Shape`]: a
//! [`Ramp`], [`Stages`], [`Arrivals`]), who starts and leaves when where a person intervenes
//! ([`Director`], and [`Agenda`] for the share of one worker), which of several kinds a viewer is
//! ([`Shares`], [`Mix`]), how long it waits before it tries again ([`Backoff`]), and which number
//! of viewers to try next to find the most that are carried ([`capacity`]). It starts
//! nothing and reads no clock: whoever carries it out asks for instants and durations. Contract:
//! every answer depends only on the plan, the seed, the orders with their times and the viewer's
//! number, so a run can be repeated exactly, and workers agree without talking to each other.

mod agenda;
mod arrivals;
mod backoff;
pub mod capacity;
mod director;
mod events;
mod line;
mod mix;
mod open;
mod queue;
mod ramp;
mod shape;
mod shares;
pub mod sketch;
mod slots;
mod stages;
mod stripe;
mod watch_time;
mod written;

pub use agenda::{Agenda, Change, Due};
pub use arrivals::{Arrivals, Rate, Spread, Times};
pub use backoff::Backoff;
pub use director::{Command, Director, Order, VIEWERS_MAX};
pub use events::{Event, Events, Step};
pub use mix::Mix;
pub use ramp::Ramp;
pub use shape::{Closed, Shape};
pub use shares::Shares;
pub use stages::{Stage, Stages};
pub use stripe::Stripe;
pub use watch_time::WatchTime;
pub use written::Wrong;

/// Why a plan can't be made.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// A ramp rate that is not a positive number.
    #[error("a ramp rate of {0} per second starts nobody; give a positive number, such as 20")]
    Rate(f64),
    /// Shares of nothing: no weight, or only zeros.
    #[error("a mix needs at least one weight above zero")]
    NoShares,
    /// Weights whose cycle would be too long to keep.
    #[error("the weights of a mix add up to {0}; the most is {max}", max = shares::CYCLE_MAX)]
    SharesTooFine(u64),
    /// Not one stage.
    #[error("a plan needs at least one stage, such as 1m:1000")]
    NoStages,
    /// More stages than are kept.
    #[error("a plan has at most {most} stages")]
    TooManyStages {
        /// The most there can be.
        most: usize,
    },
    /// More viewers than any plan has.
    #[error("{0} viewers are too many; the most is {VIEWERS_MAX}")]
    TooManyViewers(u64),
    /// Longer than any plan.
    #[error("stages take at most a year together")]
    TooLong,
    /// A rate of arrivals that is not a positive number, or beyond any crowd.
    #[error("{0} arrivals a second can't be planned; give a number above 0, at most 100000")]
    Arrivals(f64),
}
