//! What several rooms share: time, chance, request classes, failures and viewer states.
//!
//! `base` holds plain values. It reads no clock and no random source, does no I/O and knows no
//! other room. Contract: every type here is small, `Copy` where it can be, and has one spelling
//! in every output ([`Class::name`], [`Failure::kind`], [`ViewerState::name`]).

mod class;
mod failure;
mod now;
mod rng;
mod state;

pub use class::Class;
pub use failure::{Failure, Outcome};
pub use now::Now;
pub use rng::Rng;
pub use state::ViewerState;
