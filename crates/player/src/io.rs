use std::sync::Arc;
use std::time::Duration;

use base::{Class, Failure, ViewerState};
use media::hls::{ByteRange, MediaPlaylist, Multivariant};
use url::Url;

/// Names one [`Fetch`] of one player. Never used twice by the same player.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FetchId(pub u32);

/// Which of the parallel streams of a viewer a request belongs to.
///
/// Requests of one lane follow one another as the profile's concurrency has it; lanes run beside
/// each other. A driver may use it as a hint for which connection to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// The multivariant playlist, before any track is known.
    Main,
    /// The main rendition: video, or everything muxed together.
    Video,
    /// A demuxed audio rendition.
    Audio,
    /// One more variant or rendition, fetched because all were asked for.
    Extra(u16),
}

/// What the player wants of the connection of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Take an idle connection if there is one, and keep it afterwards.
    KeepAlive,
    /// Ask the server to close it after this answer.
    Close,
    /// Open a new one, and keep it afterwards.
    New,
}

/// Time limits of one request; `None` is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Limits {
    /// From the start of the connection attempt until it stands.
    pub connect: Option<Duration>,
    /// From the start of the request until the first byte of the answer.
    pub first_byte: Option<Duration>,
    /// Between two reads.
    pub stall: Option<Duration>,
    /// From the start of the request until its last byte.
    pub total: Option<Duration>,
}

/// One request the driver is to make.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// Echoed in every input about this request.
    pub id: FetchId,
    /// What is asked for. `Main`'s first request is `Multivariant` until the answer says that it
    /// is a media playlist.
    pub class: Class,
    /// Where from.
    pub url: Arc<Url>,
    /// Which bytes; all where `None`.
    pub byte_range: Option<ByteRange>,
    /// The deadline of the timer, or the instant of the event, that caused it (time since the run
    /// began).
    pub due: Duration,
    /// Which of the parallel streams it belongs to.
    pub lane: Lane,
    /// What is wanted of the connection.
    pub connection: Connection,
    /// Send the validators kept for this URL, if any: a 304 is [`Input::Unchanged`].
    pub conditional: bool,
    /// The body is needed (a playlist), not just its length.
    pub keep_body: bool,
    /// The first request this player ever makes.
    pub first: bool,
    /// Time limits.
    pub limits: Limits,
}

/// A parsed playlist of either kind, shared by every viewer that got the same body.
#[derive(Clone, Debug)]
pub enum Playlist {
    /// RFC 8216bis, 4.4.6.
    Multivariant(Arc<Multivariant>),
    /// RFC 8216bis, 4.4.3.
    Media(Arc<MediaPlaylist>),
}

/// What happened. Inputs about a request that is over, or was cancelled, do nothing.
#[derive(Clone, Debug)]
pub enum Input {
    /// The response head arrived.
    Head {
        /// Which request.
        id: FetchId,
        /// The HTTP status.
        status: u16,
    },
    /// Bytes of the body arrived.
    Progress {
        /// Which request.
        id: FetchId,
        /// How many since the last such input.
        bytes: u64,
    },
    /// A playlist arrived whole and is a playlist. Ends the request.
    Playlist {
        /// Which request.
        id: FetchId,
        /// What it says.
        playlist: Playlist,
        /// Where it came from, where redirects led elsewhere.
        final_url: Option<Arc<Url>>,
    },
    /// 304: as before. Ends the request.
    Unchanged {
        /// Which request.
        id: FetchId,
    },
    /// The body arrived whole. Ends the request.
    Done {
        /// Which request.
        id: FetchId,
        /// Length of the body.
        bytes: u64,
    },
    /// It failed. Ends the request.
    Failed {
        /// Which request.
        id: FetchId,
        /// Why.
        failure: Failure,
    },
    /// The time of [`Output::Wait`] has come. Early, late and repeated ones do no harm.
    Timer,
    /// The viewer leaves: what is in flight is cancelled, nothing more is asked for.
    Stop,
}

/// Why the player waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nothing but the answers to requests in flight can move it on.
    Answers,
    /// A deadline: a reload, a retry, a tick, or an event of the playhead.
    Deadline,
    /// It is over.
    Over,
}

/// What the player wants. Drain with [`Player::poll`](crate::Player::poll) until `Wait`.
#[derive(Clone, Debug)]
pub enum Output {
    /// Make this request.
    Fetch(Fetch),
    /// Give this request up; no input about it counts any more.
    Cancel {
        /// Which request.
        id: FetchId,
    },
    /// Something worth counting.
    Event(Event),
    /// Nothing to do until an answer comes, or until then.
    Wait {
        /// When to give [`Input::Timer`] (time since the run began).
        until: Option<Duration>,
        /// Why.
        reason: Reason,
    },
}

/// Why a segment was skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// It left the list before it was asked for, or the position jumped over it.
    LeftList,
    /// Every attempt failed.
    GivenUp,
    /// The origin says that it is not there (`EXT-X-GAP`).
    Gap,
}

/// What a viewer lived through, for those who count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// The viewer's state changed.
    State {
        /// To what.
        to: ViewerState,
        /// When (time since the run began): computed, so it may lie before the input that told.
        at: Duration,
    },
    /// First frame.
    Started {
        /// From the creation of the player.
        after: Duration,
    },
    /// A stall is over.
    StallEnded {
        /// How long it lasted.
        length: Duration,
    },
    /// One more second was played.
    Second {
        /// When (time since the run began): computed, so it may lie before the input that told.
        at: Duration,
        /// Playhead behind live (law 9): by PROGRAM-DATE-TIME where there is one, else end of the
        /// list − playhead + age of the list. `None` for VOD.
        live_latency: Option<Duration>,
        /// Wall clock minus the date-time stamped at the playhead, in ms; may be negative where
        /// clocks differ. `None` where the source stamps none.
        glass_to_glass_ms: Option<i64>,
    },
    /// Segments that were not fetched, or not whole: holes.
    Skipped {
        /// How many.
        segments: u32,
        /// Why.
        because: Because,
    },
    /// A segment arrived after the buffer had run out.
    Late,
    /// An unchanged playlist arrived more than 1.5 target durations after the answer that first
    /// showed that state.
    StalePlaylist {
        /// Since that answer.
        age: Duration,
        /// The first such answer for this state.
        first: bool,
    },
    /// The playhead jumped forward.
    Seek {
        /// From there (media time).
        from: Duration,
        /// To there (media time).
        to: Duration,
    },
    /// A variant was chosen for the main rendition.
    VariantChosen {
        /// Its place in the multivariant playlist.
        index: u16,
        /// Its BANDWIDTH, bits per second.
        bandwidth: u64,
    },
    /// The profile gave up: the viewer failed.
    GaveUp {
        /// What was asked for.
        class: Class,
        /// Why the last attempt failed.
        failure: Failure,
    },
    /// Played to the end.
    Finished,
}
