//! Workers, supervision of viewers, and the hub that adds them up.
//!
//! A [`Swarm`] carries out a [`Plan`]: each worker is a thread with one single-threaded runtime,
//! its own viewers and its own recorder. Workers publish a snapshot a few times a second; the hub
//! merges the newest of each when somebody asks ([`Swarm::snapshot`]). Who asks, and how often,
//! changes nothing.
//!
//! Contract: every viewer of the plan is counted in exactly one state from the first snapshot on;
//! a stop lets requests in flight finish for [`DRAIN_MAX`] and then cancels them; when
//! [`Swarm::join`] returns, no thread and no connection is left.

mod hub;
mod judge;
mod machine;
mod plan;
pub mod preflight;
mod probe;
mod swarm;
mod worker;

pub use plan::{Plan, Restart, Target, UrlError};
pub use swarm::{Error, Swarm};
pub use worker::DRAIN_MAX;
