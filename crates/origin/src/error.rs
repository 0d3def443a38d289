use std::time::Duration;

/// Why a configuration can't be served.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum Error {
    /// The committed clip does not read: the build is broken.
    #[error("the built-in clip `{clip}` is unusable: {reason}")]
    Asset {
        /// Which clip.
        clip: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Segments are cut where the clip has keyframes.
    #[error(
        "segments of {asked:?} can't be cut: take a whole number of seconds from 1s to {max:?}"
    )]
    SegmentDuration {
        /// What was asked for.
        asked: Duration,
        /// The longest possible.
        max: Duration,
    },
    /// A window too short to play from, or too long to keep.
    #[error("a window of {asked} segments is not possible: take {min} to {max}")]
    Window {
        /// What was asked for.
        asked: u32,
        /// The fewest: RFC 8216bis, 6.2.2, wants three target durations.
        min: u32,
        /// The most.
        max: u32,
    },
    /// No variant, or too many.
    #[error("{asked} variants are not possible: take 1 to {max}")]
    VariantCount {
        /// What was asked for.
        asked: usize,
        /// The most.
        max: usize,
    },
    /// Two variants with one bitrate.
    #[error("two variants of {bitrate} bit/s: each variant needs a bitrate of its own")]
    VariantTwice {
        /// The bitrate, bit/s.
        bitrate: u64,
    },
    /// Padding makes a stream bigger, never smaller.
    #[error("{bitrate} bit/s is too little for the test picture: take at least {min} bit/s")]
    BitrateTooLow {
        /// What was asked for, bit/s.
        bitrate: u64,
        /// The least that fits, bit/s.
        min: u64,
    },
    /// Beyond what a segment in memory can hold.
    #[error(
        "{bitrate} bit/s makes segments of more than {max_bytes} bytes: lower it, or shorten the segments"
    )]
    BitrateTooHigh {
        /// What was asked for, bit/s.
        bitrate: u64,
        /// The biggest segment, bytes.
        max_bytes: u64,
    },
    /// A bitrate that does not read.
    #[error("`{text}` is not a bitrate: write `2M`, `800k` or `2500000` (bit/s)")]
    Bitrate {
        /// What was written.
        text: String,
    },
    /// A fault that does not read.
    #[error(
        "fault `{text}`: {problem}; the form is TARGET:ACTION[:SHARE][:WINDOW], as in `segment:503:10%` or `all:delay=2s:6s/20s`"
    )]
    Fault {
        /// What was written.
        text: String,
        /// What is wrong with it, and what would be right.
        problem: String,
    },
}
