//! What players do, as data: one value per row of the table of observed behaviour.
//!
//! Nothing in the player asks which profile it runs; it asks what the profile says. A new player
//! is a new value of [`Profile`].

pub mod request;

mod headers;
mod players;

use std::time::Duration;

use crate::io::Limits;

/// One player's habits.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The name on the command line.
    pub name: &'static str,
    /// Where it starts in a live list.
    pub start: Start,
    /// When it reloads a live media playlist.
    pub reload: Reload,
    /// When it asks for a segment that is listed and wanted.
    pub next_segment: Pace,
    /// No further segment while this much is buffered; `None`: as much as is listed.
    pub buffer_goal: Option<Duration>,
    /// Segments in flight for one media type.
    pub concurrency: u8,
    /// How far one media type may be read ahead of the other.
    pub run_ahead: RunAhead,
    /// Which variant it begins with.
    pub first_variant: FirstVariant,
    /// What it does when a request fails.
    pub retries: Retries,
    /// Its playhead; `None` for a reader that plays nothing.
    pub play: Option<PlayRules>,
    /// When it fetches initialisation sections.
    pub init: InitRule,
    /// How it uses connections.
    pub connections: Connections,
    /// Time limits by what is asked for.
    pub limits: TimeLimits,
    /// What `EXT-X-START` and `HOLD-BACK` do to its start.
    pub honours: Honours,
    /// How it writes requests.
    pub requests: request::Requests,
}

/// Where a player starts in a live list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Start {
    /// A segment that is fetched before all others, to learn timestamps from.
    pub probe: Probe,
    /// The first segment it fetches.
    pub first: First,
}

/// A segment that is fetched only to learn timestamps from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// None.
    None,
    /// The one in the middle of the list, rounded down, of the first rendition.
    Middle,
}

/// How the first segment is found in a live list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum First {
    /// The n-th from the end; 1 is the newest.
    FromEnd(u16),
    /// The one that holds the play position less this much.
    AtPosition {
        /// How far before the play position it looks.
        before: Duration,
    },
}

/// When a live media playlist is asked for again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reload {
    /// After a changed list, in target durations.
    pub changed: f64,
    /// After an unchanged one, in target durations.
    pub unchanged: f64,
    /// What the interval is counted from.
    pub from: ReloadFrom,
    /// The interval after a changed list is the last segment's duration where that is shorter.
    pub last_segment: bool,
    /// Whether it waits until it has fetched all that is listed.
    pub when: ReloadWhen,
    /// Waits go in steps of this length.
    pub step: Option<Duration>,
    /// Whether it asks conditionally (ETag, Last-Modified).
    pub conditional: bool,
}

/// What a reload interval is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReloadFrom {
    /// The start of the last request.
    Request,
    /// The end of the last answer.
    Answer,
    /// The instant for which the last request was scheduled, however late it left.
    Schedule,
}

/// Whether a reload waits for segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReloadWhen {
    /// Always on time.
    Always,
    /// Only when it needs a segment.
    Starved,
}

/// When a wanted segment is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As soon as it is listed and wanted.
    AtOnce,
    /// On a tick that begins when there was nothing to fetch.
    Tick {
        /// While nothing more is listed.
        starved: Duration,
        /// While the buffer goal is met.
        full: Duration,
    },
}

/// How far one media type may be read ahead of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunAhead {
    /// Each for itself.
    Free,
    /// By one segment at most.
    OneSegment,
    /// Audio never begins a segment that starts later than the video that is buffered ends.
    AudioFollowsVideo,
}

/// Which variant comes first when the choice is the profile's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstVariant {
    /// The one listed first, until one segment is there.
    FirstListed,
    /// The highest one under this many bits per second, until one segment is there.
    Under(u64),
    /// All are opened, then the highest is kept.
    AllThenHighest {
        /// How many segments of each.
        segments: u8,
    },
    /// The one listed first, for good.
    FirstListedOnly,
}

/// What a player does when a request fails.
#[derive(Clone, Debug, PartialEq)]
pub struct Retries {
    /// Segment answered 5xx, or not at all.
    pub segment_5xx: Retry,
    /// Segment answered 4xx.
    pub segment_4xx: Retry,
    /// Media playlist, in play.
    pub playlist: Retry,
    /// The first playlist.
    pub first_playlist: Retry,
    /// Segment before anything was buffered, where that differs.
    pub first_segment: Option<Retry>,
}

/// A retry schedule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// Waits before the second, third, … attempt; the last one repeats.
    pub waits: &'static [Duration],
    /// Waits are drawn from ± this share.
    pub fuzz: f64,
    /// Attempts in all; `None`: without end.
    pub attempts: Option<u16>,
    /// Attempts in a burst; between bursts there is `between_bursts`.
    pub burst: Option<Burst>,
    /// When all attempts failed.
    pub then: GiveUp,
}

/// Attempts that come in groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Burst {
    /// Attempts in a group.
    pub attempts: u16,
    /// From the last failure of a group to the first attempt of the next.
    pub pause: Duration,
}

/// What follows when every attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GiveUp {
    /// The segment is left out: a hole.
    Skip,
    /// The viewer has failed.
    Fail,
    /// No further request; what is buffered is played out, and then the viewer has failed.
    PlayOutThenFail,
    /// The stream is taken to have ended.
    End,
    /// It waits for the next reload as if the list had not changed.
    NextReload,
}

/// The playhead's rules.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlayRules {
    /// Distance from the end of the list, in target durations, where the source says none.
    pub target: f64,
    /// Added to it after each stall, in target durations.
    pub target_growth: f64,
    /// At most this much is added in all, in target durations.
    pub target_growth_max: f64,
    /// What starts playback.
    pub starts_with: StartsWith,
    /// Time from the data being there to the first frame.
    pub start_delay: Duration,
    /// Time from the data being there to the playhead moving again after a stall.
    pub resume_delay: Duration,
    /// What happens at a hole in the media.
    pub hole: Hole,
    /// What happens when the position is before the first listed segment.
    pub before_list: BeforeList,
}

/// What must be buffered before playback starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartsWith {
    /// The first segment that comes of each media type: playback starts at its beginning if the
    /// play position is before it.
    FirstSegment,
    /// Media at the play position, with at least some behind it.
    Position,
}

/// What happens at a hole in the media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hole {
    /// The playhead jumps to the next buffered media after a stall of this length.
    Jump {
        /// How long it stands before it jumps.
        after: Duration,
    },
    /// It stalls until something else moves it.
    Stall,
}

/// What happens when the position has left the list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BeforeList {
    /// To the end of the list less the (grown) target; the running request is aborted.
    SeekToLive,
    /// To the start of the list plus this much.
    SeekToStart {
        /// How far behind the start of the list.
        plus: Duration,
    },
    /// The reader goes on with the first listed segment.
    Skip,
}

/// When initialisation sections are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitRule {
    /// Once for each URI (and byte range).
    Once {
        /// Beside the segment that needs it, or before it.
        order: InitOrder,
    },
    /// Again after each playlist reload, before the next segment.
    EachReload,
}

/// Whether a segment waits for its initialisation section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitOrder {
    /// The segment is asked for when the section has come.
    Before,
    /// Both are asked for at once.
    Beside,
}

/// How connections are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connections {
    /// Kept and reused.
    Keep,
    /// The first request asks to close; the rest keep.
    CloseFirst,
    /// As `CloseFirst`, and each file of a list with initialisation sections opens a new one.
    CloseFirstNewPerFmp4File,
}

/// Time limits by what is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLimits {
    /// Multivariant and media playlists.
    pub playlist: Limits,
    /// Segments, initialisation sections, keys.
    pub segment: Limits,
}

/// Which of the source's wishes a player honours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Honours {
    /// `EXT-X-START`.
    pub start: bool,
    /// `HOLD-BACK` of `EXT-X-SERVER-CONTROL`.
    pub hold_back: bool,
}

impl Profile {
    /// All profiles, the default first.
    pub fn all() -> [Self; 4] {
        [
            Self::hls_js(),
            Self::shaka(),
            Self::ffmpeg(),
            Self::rfc8216(),
        ]
    }

    /// The profile of that name (as on the command line).
    pub fn by_name(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|profile| profile.name == name)
    }
}
