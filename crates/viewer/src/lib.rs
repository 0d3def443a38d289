//! One viewer, driven over the network.
//!
//! [`Viewer`] carries out what a `player::Player` wants: it makes its requests over `transport`,
//! hands the answers back, and records what happened. It decides nothing itself: when the player
//! waits, it waits.
//!
//! Contract: every request the player asks for is answered, failed or cancelled exactly once, and
//! each request that the server saw is recorded exactly once ([`telemetry::Recorder::begin`] and
//! [`telemetry::Recorder::end`]), also when the viewer is dropped half-way. It runs on one thread,
//! in the runtime of its worker ([`Shared`]).

mod browser_cache;
mod diary;
pub mod exchange;
mod in_flight;
mod playlists;
mod request;
mod shared;
mod stop;
mod viewer;

pub use diary::Diary;
pub use shared::Shared;
pub use stop::Stop;
pub use viewer::{End, Spec, Viewer};
