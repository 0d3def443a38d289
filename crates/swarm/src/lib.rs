//! Workers, supervision of viewers, and the hub that adds them up.
//!
//! A [`Swarm`] carries out a [`Plan`]: each worker is a thread with one single-threaded runtime,
//! its own viewers and its own recorder. Where a plan has several groups, it has one of each, so that
//! every figure is told by group too. Workers publish a snapshot a few times a second; the hub merges
//! the newest of each when somebody asks ([`Swarm::snapshot`], [`Swarm::seen`]). Who asks, and how often,
//! changes nothing.
//!
//! A [`Control`] changes a run while it goes on: how many viewers it has, and whether its ramp
//! stands still. Orders carry their time, and each worker works out its own part of what follows.
//!
//! Contract: every viewer that is wanted is counted in exactly one state, from the first snapshot
//! and from the order that asks for it on; one that waits is dismissed without a trace, one that
//! leaves has ended; a stop, or an order to leave, lets requests in flight finish for
//! [`DRAIN_MAX`] and then cancels them; when [`Swarm::join`] returns, no thread, no connection and
//! no process is left.
//!
//! Viewers are ours, or processes ([`Engine`]): players of somebody else, which a worker starts and
//! ends as it does its own, and watches through a gateway or by what they log. One that ends at once
//! for the same reason three times is not started again, and its words are told once.

mod by_group;
pub mod command;
mod control;
mod crowd;
pub mod engine;
mod group;
mod hub;
mod judge;
mod machine;
mod plan;
pub mod preflight;
mod probe;
mod process;
mod swarm;
#[cfg(test)]
mod tests;
mod turn;
mod worker;

pub use control::{Control, Refused};
pub use engine::{Engine, ProcessEngine};
pub use group::{Group, Restart};
pub use hub::Seen;
pub use plan::{Plan, Target, UrlError};
pub use swarm::{Error, Swarm};
pub use worker::DRAIN_MAX;
