use serde::{Deserialize, Serialize};

/// What a viewer is doing. Each viewer is in exactly one state; the counts add up to all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewerState {
    /// Its turn in the ramp has not come.
    Waiting,
    /// Started, nothing played yet.
    Starting,
    /// The playhead moves (or, for a viewer without one, segments arrive).
    Playing,
    /// The buffer ran out.
    Stalled,
    /// Failed; a restart is scheduled.
    BackingOff,
    /// Played to the end, or was stopped.
    Ended,
    /// Failed, and will not be restarted.
    Failed,
}

impl ViewerState {
    /// All states, in the order in which outputs list them.
    pub const ALL: [Self; 7] = [
        Self::Waiting,
        Self::Starting,
        Self::Playing,
        Self::Stalled,
        Self::BackingOff,
        Self::Ended,
        Self::Failed,
    ];

    /// How many states there are.
    pub const COUNT: usize = Self::ALL.len();

    /// The place of this state in [`ViewerState::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name in every output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Playing => "playing",
            Self::Stalled => "stalled",
            Self::BackingOff => "backing_off",
            Self::Ended => "ended",
            Self::Failed => "failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_is_the_place_in_all() {
        for (place, state) in ViewerState::ALL.into_iter().enumerate() {
            assert_eq!(state.index(), place);
        }
    }
}
