//! The viewer as a pure state machine: what to fetch and when, what is buffered, when playback
//! stalls, how far behind live it is.
//!
//! [`Player`] has one entry and one drain: [`Player::handle`] takes what happened, then
//! [`Player::poll`] is called until it answers [`Output::Wait`]. It reads no clock, opens no
//! socket and keeps no media: responses are known by their lengths, playlists come parsed and
//! shared. What a player does is data: a [`Profile`]. [`Playhead`] stands by itself, for players
//! that somebody else drives.
//!
//! Contract: every [`Fetch`] ends in exactly one of done, playlist, unchanged, failed, or
//! [`Output::Cancel`]; a [`Output::Wait`] without a deadline stands only where nothing but an
//! answer (or nothing at all) can change anything; a timer that is early, late or repeated changes
//! nothing; same configuration, seed and inputs give the same outputs.

mod asking;
mod decide;
mod flights;
mod io;
mod lists;
mod opening;
mod player;
pub mod playhead;
mod position;
pub mod profile;
mod reload;
mod retry;
mod segments;
pub mod spectator;
mod stale;
mod track;

pub use io::{
    Because, Connection, Event, Fetch, FetchId, Input, Lane, Limits, Output, Playlist, Reason,
};
pub use player::{Config, Player, VariantChoice};
pub use playhead::Playhead;
pub use profile::{Overrides, Profile};
pub use spectator::Spectator;
