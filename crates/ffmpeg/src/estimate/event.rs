//! What goes in before the start, and what comes out.

use std::time::Duration;

use super::{Figure, Request, State};
use crate::{Connections, Level};

/// What is known before the viewer starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// The URL FFmpeg was given.
    pub url: String,
    /// That URL is a multivariant playlist.
    pub multivariant: bool,
    /// How much FFmpeg logs.
    pub level: Level,
    /// How it uses connections.
    pub connections: Connections,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A request has ended, or was inferred.
    Request(Request),
    /// Media was written for the first time, so long after the start.
    Startup(Figure<Duration>),
    /// The state is another one.
    State(State),
    /// A stall has ended; it lasted so long.
    Stall(Figure<Duration>),
    /// The playlist has stopped moving: nothing new for so long.
    Stale(Figure<Duration>),
    /// The playlist moves again.
    Moving,
    /// FFmpeg could not open its input, and why, in its own words.
    InputFailed(String),
}
