use std::sync::Arc;
use std::time::Duration;

use base::{Now, ViewerState};
use url::Url;

use crate::io::{Input, Output, Reason};
use crate::playhead::Playhead;
use crate::profile::Profile;

/// One viewer's settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which player it imitates.
    pub profile: Arc<Profile>,
    /// The multivariant or media playlist.
    pub url: Arc<Url>,
    /// Which variant it watches.
    pub variant: VariantChoice,
    /// What was set by hand.
    pub overrides: Overrides,
    /// The run's seed.
    pub seed: u64,
    /// The viewer's number.
    pub viewer: u64,
}

/// Which variant a viewer watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum VariantChoice {
    /// The profile's own start, then the highest.
    #[default]
    Profile,
    /// Every one, side by side; the highest is played.
    All,
    /// The highest BANDWIDTH.
    Highest,
    /// The lowest BANDWIDTH.
    Lowest,
    /// The one listed first.
    First,
    /// The one at this place in the list, from 0; the last where there are fewer.
    Index(u16),
}

/// What replaces a profile's own value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Overrides {
    /// Distance from the live edge and buffer goal in VOD.
    pub target_buffer: Option<Duration>,
    /// Attempts after the first for a segment.
    pub seg_retry: Option<u16>,
    /// Total time limit of every request.
    pub timeout: Option<Duration>,
}

/// One viewer.
#[derive(Clone, Debug)]
pub struct Player {
    config: Config,
}

impl Player {
    /// A viewer that presses play at `now`.
    pub fn new(config: Config, _now: Now) -> Self {
        Self { config }
    }

    /// Takes what happened.
    pub fn handle(&mut self, _now: Now, _input: Input) {}

    /// What it wants next; call until it answers [`Output::Wait`].
    pub fn poll(&mut self) -> Output {
        let _ = &self.config;
        Output::Wait {
            until: None,
            reason: Reason::Answers,
        }
    }

    /// Its playhead; `None` for a reader that plays nothing.
    pub fn playhead(&self) -> Option<&Playhead> {
        None
    }

    /// What the viewer is doing.
    pub fn state(&self) -> ViewerState {
        ViewerState::Starting
    }
}
