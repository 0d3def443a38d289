//! What is going to happen, as data.
//!
//! A plan says when the n-th viewer starts ([`Ramp`]), which of several kinds it is ([`Shares`])
//! and how long it waits before it tries again ([`Backoff`]). It starts nothing and reads no
//! clock: whoever carries it out asks for instants and durations. Contract: every answer depends
//! only on the plan, the seed and the viewer's number, so a run can be repeated exactly.

mod backoff;
mod ramp;
mod shares;

pub use backoff::Backoff;
pub use ramp::Ramp;
pub use shares::Shares;

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
