//! What players do, as data: one value per row of the table of observed behaviour.
//!
//! Nothing in the player asks which profile it runs; it asks what the profile says. A new player
//! is a new value of [`Profile`].

pub mod request;

mod headers;
mod players;

use std::time::Duration;

use crate::io::Limits;
use crate::playhead;

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
    /// After a segment of the list was given up, this share of that interval.
    pub after_skip: Option<f64>,
    /// Whether it waits until it has fetched all that is listed.
    pub when: ReloadWhen,
    /// One clock for all of its lists: a list that joins is asked for again with the others.
    pub together: bool,
    /// Waits go in steps of this length.
    pub step: Option<Duration>,
    /// Whether it asks conditionally (ETag, Last-Modified).
    pub conditional: bool,
}

/// What a reload interval is counted from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReloadFrom {
    /// The start of the last request.
    Request,
    /// The end of the last answer.
    Answer,
    /// The instant for which the last request was scheduled, however late it left.
    Schedule,
    /// The end of the last answer, less what an answer took of late.
    AnswerLessMean {
        /// Answers after which one weighs half.
        half_life: f64,
    },
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
    /// One, and the highest after so many segments.
    ThenHighest {
        /// Which one.
        first: Pick,
        /// Segments of it.
        segments: u8,
        /// How the highest takes over.
        switch: Switch,
    },
    /// All are opened one after another, then the highest is kept.
    AllThenHighest {
        /// Segments of each.
        segments: u8,
    },
}

/// Which variant is picked before anything is known of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The one listed first.
    FirstListed,
    /// The highest one under so many bits per second, else the lowest.
    Under(u64),
}

/// How another variant takes over at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// What came of the first was for measuring only: it is not played.
    Measured,
    /// What is buffered is replaced from the play position on.
    Replace,
    /// It goes on where the first one ended.
    Append,
}

/// What a player does when a request fails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retries {
    /// Segment answered 5xx, or not at all.
    pub segment_5xx: Retry,
    /// Segment answered 4xx.
    pub segment_4xx: Retry,
    /// Media playlist, in play.
    pub playlist: Retry,
    /// The first playlist.
    pub first_playlist: Retry,
    /// Segment answered 4xx before anything was buffered, where that differs.
    pub first_segment_4xx: Option<Retry>,
    /// Segment answered 5xx, or not at all, before anything was buffered, where that differs.
    pub first_segment_5xx: Option<Retry>,
    /// A failing segment that begins a new burst has the one after it asked for beside it, once.
    pub beside_next: bool,
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
    /// Attempts come in groups.
    pub burst: Option<Burst>,
    /// The clock on which waits are looked at: they end on its next beat.
    pub step: Option<Duration>,
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
    /// A wait precedes that pause too.
    pub waits_too: bool,
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
    /// A playlist: it waits for the next reload.
    NextReload,
}

/// Playback: where, and what moves it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlayRules {
    /// Distance from the end of the list, in target durations, where the source says none.
    pub target: f64,
    /// Distance that was set by hand.
    pub target_set: Option<Duration>,
    /// Added to it after each stall.
    pub target_growth: Duration,
    /// At most this much is added in all, in target durations.
    pub target_growth_max: f64,
    /// Startup, resumption, holes.
    pub head: playhead::Rules,
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
    /// When a reload shows it, while playback stands: to the end of the list less the (grown)
    /// target; the running request is aborted.
    SeekToLive {
        /// How far before the list still counts as in it.
        slack: Duration,
        /// A wait for a retry goes on after the seek.
        keeps_wait: bool,
    },
    /// As soon as a clock says so that began with the first list and runs with the wall: to the
    /// start of the range that has not left the list, plus this much; the request is aborted.
    SeekToStart {
        /// How far behind the start.
        plus: Duration,
        /// How often it looks.
        step: Duration,
        /// How long after the answer that starts it that clock starts.
        late: Duration,
    },
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

/// What replaces a profile's own value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Overrides {
    /// How far ahead it buffers: the goal, and in live the distance from the end of the list,
    /// where nothing further can be buffered.
    pub target_buffer: Option<Duration>,
    /// Attempts after the first for a segment.
    pub seg_retry: Option<u16>,
    /// The longest any request may take.
    pub timeout: Option<Duration>,
}

impl Profile {
    /// This profile with values set by hand.
    pub fn with(mut self, overrides: Overrides) -> Self {
        if let Some(buffer) = overrides.target_buffer {
            self.buffer_goal = self.buffer_goal.map(|_| buffer);
            if let Some(play) = &mut self.play {
                play.target_set = Some(buffer);
            }
        }
        if let Some(retries) = overrides.seg_retry {
            let attempts = Some(retries.saturating_add(1));
            self.retries.segment_5xx.attempts = attempts;
            self.retries.segment_4xx.attempts = attempts;
            self.retries.first_segment_4xx = None;
            self.retries.first_segment_5xx = None;
        }
        if let Some(timeout) = overrides.timeout {
            for limits in [&mut self.limits.playlist, &mut self.limits.segment] {
                *limits = Limits {
                    connect: limits.connect.map(|limit| limit.min(timeout)),
                    first_byte: limits.first_byte.map(|limit| limit.min(timeout)),
                    stall: limits.stall.map(|limit| limit.min(timeout)),
                    total: Some(timeout),
                };
            }
        }
        self
    }

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
