//! What a line means.

/// What a line means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A URL is opened: a request is about to be sent, unless connecting fails.
    Opening {
        /// The URL.
        url: &'a [u8],
    },
    /// The demuxer wants a segment or an initialisation section.
    HlsRequest {
        /// The URL.
        url: &'a [u8],
        /// Where in it the wanted bytes begin.
        offset: u64,
        /// The demuxer's number of the media playlist.
        playlist: u64,
    },
    /// The head of a request, as sent; [`Event::Header`]s follow.
    Request {
        /// `GET`.
        method: &'a [u8],
        /// Path and query.
        target: &'a [u8],
    },
    /// A line of a request head.
    Header {
        /// Its name.
        name: &'a [u8],
        /// Its value.
        value: &'a [u8],
    },
    /// The answer has this status, which is not a success.
    Status {
        /// Three digits.
        code: u16,
    },
    /// A connection is being made.
    Connecting {
        /// Host and port, as FFmpeg writes them.
        to: &'a [u8],
    },
    /// A connection was made.
    Connected {
        /// Host and port, as FFmpeg writes them.
        to: &'a [u8],
    },
    /// There will be no connection.
    ConnectFailed {
        /// The system's reason.
        reason: &'a [u8],
    },
    /// One address of several did not answer; others are tried, or [`Event::ConnectFailed`] follows.
    AttemptFailed {
        /// The system's reason.
        reason: &'a [u8],
    },
    /// The host's name did not resolve.
    ResolveFailed {
        /// The resolver's reason.
        reason: &'a [u8],
    },
    /// TLS failed.
    TlsFailed {
        /// The library's reason.
        reason: &'a [u8],
    },
    /// It will connect again.
    Reconnect {
        /// In so many seconds.
        seconds: u64,
    },
    /// The body ended before its announced length.
    Premature,
    /// A request on a kept connection failed; it is sent again on a new one.
    KeptConnectionFailed {
        /// The URL.
        url: &'a [u8],
        /// FFmpeg's words.
        reason: &'a [u8],
    },
    /// A segment could not be opened.
    SegmentFailed {
        /// Its media sequence number.
        segment: u64,
        /// The demuxer's number of the media playlist.
        playlist: u64,
    },
    /// A segment failed too often and is passed over.
    SegmentSkipped {
        /// Its media sequence number.
        segment: u64,
        /// The demuxer's number of the media playlist.
        playlist: u64,
    },
    /// So many segments left the playlist before they were read.
    Expired {
        /// How many.
        segments: u64,
    },
    /// A media playlist could not be loaded again.
    PlaylistFailed {
        /// The demuxer's number of it.
        playlist: u64,
    },
    /// A media playlist moved on.
    SequenceChange {
        /// Media sequence number of its first segment before.
        from: u64,
        /// And after.
        to: u64,
    },
    /// A tag the demuxer passes over: a playlist was read.
    Tag,
    /// A connection was closed.
    BytesRead {
        /// Bytes of all bodies that came over it.
        bytes: u64,
    },
    /// A connection was closed; how often it was used. Newer versions only, after
    /// [`Event::BytesRead`].
    ConnectionUse {
        /// Requests that were sent over it.
        requests: u64,
    },
    /// The input is open, its streams are known.
    InputOpen,
    /// The input can't be opened; FFmpeg ends.
    InputFailed {
        /// FFmpeg's words.
        reason: &'a [u8],
    },
    /// The line before came so many times more.
    Repeated {
        /// How many times.
        times: u64,
    },
    /// Nothing that concerns us.
    Other,
}
