//! A virtual clock, network and crowd around `player` and `origin`; invariants after every step.
//!
//! [`run`] lets viewers watch our own origin's pure core for any length of stream time, in as much
//! machine time as the work takes. The network is a model ([`Link`]): latency, jitter, a shared
//! bandwidth a viewer, loss that delays, connections that are refused or reset, bodies that pause.
//! What the origin does wrong is the origin's own ([`origin::Fault`]). [`Weather`] names mixtures.
//!
//! After each step (one input given to one player, and its outputs taken) these hold, or the run
//! ends with [`Violation`]:
//!
//! - the playhead does not go back, and goes on no faster than time, seeks apart;
//! - while it plays, what is buffered reaches at least to the playhead;
//! - the times in all states add up to the time that has passed, and agree with what the playhead
//!   says it played, stalled and started in;
//! - each request is resolved exactly once, and the player knows as many in flight as there are;
//! - no more are in flight than the profile allows;
//! - a player that waits has a deadline ahead of it, or a request in flight, or is over; and it
//!   does not spin;
//! - same settings, same event log, byte for byte ([`Report::digest`]).
//!
//! At the end the recorder's snapshot is held against the simulation's own accounts.
//!
//! Nothing here reads a clock or opens a socket.

mod account;
mod flight;
mod life;
mod link;
mod log;
mod queue;
mod report;
mod rules;
mod server;
mod settings;
mod storm;
mod viewer;
mod weather;
mod world;

pub use link::Link;
pub use log::Keep;
pub use report::Report;
pub use rules::{Broken, Violation};
pub use settings::{Error, Restart, Settings};
pub use weather::Weather;
pub use world::run;
