//! From where a viewer's player is watched.

use std::time::Duration;

use ::process::{Keep, Line};
use base::ViewerState;
use gateway::Guest;
use url::Url;

use super::log_reader::LogReader;

/// From where a viewer's player is watched.
pub(super) enum Seat {
    /// It fetches through the gateway.
    Gateway(Guest),
    /// It fetches from the origin, and its log is read.
    Log(Box<LogReader>),
}

impl Seat {
    /// Where the player finds `url`.
    pub(super) fn url(&self, url: &Url) -> Url {
        match self {
            Self::Gateway(guest) => guest.url(url),
            Self::Log(_) => url.clone(),
        }
    }

    /// A player is started: a life begins.
    pub(super) fn begin(&self) {
        match self {
            Self::Gateway(guest) => guest.begin(),
            Self::Log(reader) => reader.begin(),
        }
    }

    /// It wrote a line; whether that may say why it ended.
    pub(super) fn line(&self, line: Line<'_>) -> Keep {
        match self {
            Self::Gateway(_) => Keep::Yes,
            Self::Log(reader) => reader.line(line),
        }
    }

    /// Lets the time tell, for ever.
    pub(super) async fn drive(&self) {
        match self {
            // The gateway does.
            Self::Gateway(_) => std::future::pending().await,
            Self::Log(reader) => reader.drive().await,
        }
    }

    /// It is asked to end.
    pub(super) fn stopping(&self) {
        if let Self::Log(reader) = self {
            reader.stopping();
        }
    }

    /// It has ended: returns when all that it asked for is recorded.
    pub(super) async fn settled(&self) {
        match self {
            Self::Gateway(guest) => guest.settled().await,
            Self::Log(reader) => reader.ended(),
        }
    }

    /// Its player is gone, and the viewer enters `state`.
    pub(super) fn over(&self, state: ViewerState) {
        match self {
            Self::Gateway(guest) => guest.over(state),
            Self::Log(reader) => reader.over(state),
        }
    }

    /// It was told to leave and does.
    pub(super) fn leave(&self) {
        match self {
            Self::Gateway(guest) => guest.leave(),
            Self::Log(reader) => reader.leave(),
        }
    }

    /// The state it is in.
    pub(super) fn state(&self) -> ViewerState {
        match self {
            Self::Gateway(guest) => guest.state(),
            Self::Log(reader) => reader.state(),
        }
    }

    /// Returns when anything in its diary has changed.
    pub(super) async fn changed(&self) {
        match self {
            Self::Gateway(guest) => guest.changed().await,
            Self::Log(reader) => reader.changed().await,
        }
    }

    /// Time played in the last life.
    pub(super) fn played(&self) -> Duration {
        match self {
            Self::Gateway(guest) => guest.played(),
            Self::Log(reader) => reader.played(),
        }
    }
}
