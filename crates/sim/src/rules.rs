//! What must hold after every step, and how it is said when it does not.

use std::time::Duration;

use base::ViewerState;
use player::profile::{InitOrder, InitRule};
use player::{FetchId, Lane, Profile};

/// An invariant that does not hold, and where to find it again: same settings, same step.
#[derive(Clone, Debug, thiserror::Error)]
#[error("seed {seed}: step {step}, {at:?}, viewer {viewer} ({profile}): {broken}")]
pub struct Violation {
    /// The seed of the run.
    pub seed: u64,
    /// Which step of the run, from 1.
    pub step: u64,
    /// Time since the run began.
    pub at: Duration,
    /// Which viewer, from 0.
    pub viewer: u32,
    /// Its profile.
    pub profile: &'static str,
    /// What does not hold.
    pub broken: Broken,
    /// The last lines of the event log about that viewer, where its text was kept.
    pub trail: Vec<String>,
}

/// What does not hold.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Broken {
    /// A state that was entered before the one before it was, or after now.
    #[error(
        "{to:?} is said to begin at {at:?}, but the state before began at {since:?} and it is {now:?}"
    )]
    Untimely {
        /// The new state.
        to: ViewerState,
        /// When it is said to begin.
        at: Duration,
        /// When the one before began.
        since: Duration,
        /// When it was said.
        now: Duration,
    },
    /// A change of state that cannot be.
    #[error("from {from:?} to {to:?}")]
    Transition {
        /// From.
        from: ViewerState,
        /// To.
        to: ViewerState,
    },
    /// The player says it is in another state than its events said.
    #[error("the player is {player:?}, its events said {told:?}")]
    State {
        /// What it says.
        player: ViewerState,
        /// What its events said.
        told: ViewerState,
    },
    /// The playhead went back.
    #[error("the playhead went back from {from:?} to {to:?}")]
    Back {
        /// From.
        from: Duration,
        /// To.
        to: Duration,
    },
    /// The playhead went on faster than time.
    #[error("the playhead went on by {moved:?} in {passed:?}")]
    Fast {
        /// How far, seeks apart.
        moved: Duration,
        /// In how much time.
        passed: Duration,
    },
    /// It plays what it has not got.
    #[error("it plays at {position:?}, but its buffer ends at {end:?}")]
    Buffer {
        /// The playhead.
        position: Duration,
        /// The end of the lesser buffer.
        end: Option<Duration>,
    },
    /// Two accounts of the same thing.
    #[error("{what}: {events:?} by the events, {player:?} by the player")]
    Accounts {
        /// Of what.
        what: &'static str,
        /// What the events add up to.
        events: Duration,
        /// What the player, or the clock, says.
        player: Duration,
    },
    /// A number that was used before, or goes back.
    #[error("request {} is not newer than {}", id.0, last.0)]
    Number {
        /// The new one.
        id: FetchId,
        /// The one before.
        last: FetchId,
    },
    /// It cancels what is not in flight.
    #[error("request {} is cancelled, but not in flight", id.0)]
    Cancel {
        /// Which.
        id: FetchId,
    },
    /// It counts other requests in flight than there are.
    #[error("the player knows {player} requests in flight, there are {real}")]
    InFlight {
        /// By the player.
        player: usize,
        /// Really.
        real: usize,
    },
    /// More in flight than the profile allows.
    #[error("{count} requests for {what} in flight in lane {lane:?}, {allowed} allowed")]
    TooMany {
        /// Playlists, or media.
        what: &'static str,
        /// In which lane.
        lane: Lane,
        /// How many.
        count: usize,
        /// How many may be.
        allowed: usize,
    },
    /// It waits without a deadline, and without a request in flight.
    #[error("it waits for nothing")]
    Stuck,
    /// It waits for a time that has passed, again and again.
    #[error("it spins: {turns} timers at one instant")]
    Spins {
        /// How many.
        turns: u32,
    },
    /// It is over, but has requests in flight or deadlines.
    #[error("it is over, with {in_flight} requests in flight")]
    Busy {
        /// How many.
        in_flight: usize,
    },
    /// The recorder's snapshot says something else than the simulation's own account.
    #[error("{what}: {snapshot} in the snapshot, {own} by our own account")]
    Snapshot {
        /// Of what.
        what: &'static str,
        /// In the snapshot.
        snapshot: u128,
        /// By our own account.
        own: u128,
    },
}

impl Broken {
    /// Two numbers that must be one.
    pub(crate) fn unless_equal(what: &'static str, snapshot: u128, own: u128) -> Result<(), Self> {
        if snapshot == own {
            return Ok(());
        }
        Err(Self::Snapshot {
            what,
            snapshot,
            own,
        })
    }
}

/// Which states may follow which. A supervisor takes viewers that are over into `BackingOff`.
pub(crate) fn may_follow(from: ViewerState, to: ViewerState) -> bool {
    use ViewerState::{BackingOff, Ended, Failed, Playing, Stalled, Starting, Waiting};
    matches!(
        (from, to),
        (Waiting | BackingOff, Starting)
            | (Starting | Stalled, Playing)
            | (Playing, Stalled)
            | (Starting | Playing | Stalled, Ended | Failed)
            | (Ended | Failed, BackingOff)
    )
}

/// How many requests for media (segments, initialisation sections, keys) a profile may have in
/// flight in one lane.
pub(crate) fn media_allowed(profile: &Profile) -> usize {
    let beside = InitRule::Once {
        order: InitOrder::Beside,
    };
    // A key and a section beside the segment.
    let sections = if profile.init == beside { 2 } else { 0 };
    usize::from(profile.concurrency) + usize::from(profile.retries.beside_next) + sections
}
