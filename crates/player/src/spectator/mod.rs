//! A player watched from outside: what it lives through, told from what passes.
//!
//! A [`Spectator`] is told facts ([`Fact`]): what a player of somebody else's asks for, which
//! playlists it gets, which media arrives whole. It lays each media playlist on a timeline, finds
//! the segment that an arrived URL is, and feeds a [`Playhead`](crate::Playhead), the same as that of a native viewer,
//! whose [`Event`]s it hands on.

mod fact;

pub use fact::{ExchangeId, Extent, Fact};

use std::time::Duration;

use base::{Class, Now, ViewerState};
use url::Url;

use crate::io::Event;
use crate::playhead::Rules;

/// What is known of a player before it starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// What moves its playhead; `None` for one that copies and plays nothing.
    pub play: Option<Rules>,
    /// How it reads variants.
    pub variants: Variants,
}

/// How a player reads the variants of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Variants {
    /// One after another: whatever main media arrives is played.
    #[default]
    OneByOne,
    /// Side by side: the highest that it reads is played, the others only load the origin.
    SideBySide,
}

/// A player watched from outside.
#[derive(Clone, Debug)]
pub struct Spectator {
    state: ViewerState,
}

impl Spectator {
    /// A player that was started at `now`.
    pub fn new(_config: Config, _now: Now) -> Self {
        Self {
            state: ViewerState::Starting,
        }
    }

    /// Takes a fact. Time never goes back: an earlier `now` counts as the last one.
    pub fn handle(&mut self, _now: Now, _fact: Fact) {}

    /// The next event, in the order of their instants.
    pub fn poll(&mut self) -> Option<Event> {
        None
    }

    /// When to tell [`Fact::Timer`]; `None`: nothing changes by time alone.
    pub fn deadline(&self) -> Option<Duration> {
        None
    }

    /// What the viewer is doing, as of the last fact.
    pub fn state(&self) -> ViewerState {
        self.state
    }

    /// What a request is for, as far as playlists have told: before the first one, a multivariant
    /// playlist, until the answer says otherwise.
    pub fn class_of(&self, _url: &Url, _extent: Extent) -> Class {
        Class::Multivariant
    }
}
