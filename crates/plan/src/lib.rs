//! What is going to happen, as data.
//!
//! A plan says when the n-th viewer starts ([`Ramp`]), who starts and leaves when where a person
//! intervenes ([`Director`], and [`Agenda`] for the share of one worker), which of several kinds a
//! viewer is ([`Shares`]) and how long it waits before it tries again ([`Backoff`]). It starts
//! nothing and reads no clock: whoever carries it out asks for instants and durations. Contract:
//! every answer depends only on the plan, the seed, the orders with their times and the viewer's
//! number, so a run can be repeated exactly, and workers agree without talking to each other.

mod agenda;
mod backoff;
mod director;
mod events;
mod queue;
mod ramp;
mod shares;
mod slots;
mod stripe;

pub use agenda::{Agenda, Due};
pub use backoff::Backoff;
pub use director::{Command, Director, Order, VIEWERS_MAX};
pub use events::{Event, Events, Step};
pub use ramp::Ramp;
pub use shares::Shares;
pub use stripe::Stripe;

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
}
