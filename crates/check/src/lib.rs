//! A verdict on a stream before the load.
//!
//! [`watch`] sends one viewer at a stream for a while, keeps what came, and looks once at what the
//! viewer did not choose. [`Findings::of`] judges what was seen, by the clauses of RFC 8216bis
//! (draft-pantos-hls-rfc8216bis) and by what a crowd of players needs; [`text()`] and [`json()`]
//! show it.
//!
//! It refuses to decode pictures, to follow parts of low-latency streams and to fetch anything
//! that no playlist of the stream names. Contract: judging is pure and never panics, whatever was
//! seen; what was not looked at is said to be so, never counted as fine; everything kept has a
//! named limit; URLs are masked before they are shown.

mod certificate;
mod contents;
mod document;
mod exchange;
mod finding;
mod findings;
mod http;
mod idr;
mod keeping;
mod lines;
mod observed;
mod probe;
mod rules;
mod survey;
mod text;
mod wire;
mod words;

pub use certificate::Validity;
pub use contents::{Container, Contents, Init};
pub use document::{Counts, Document, Figures, SCHEMA, document, json};
pub use exchange::{Answer, Exchange, Failed, Hop};
pub use finding::{Area, Finding, Level};
pub use findings::{EXAMPLES_MAX, Findings};
pub use lines::{Lines, Needs};
pub use observed::{InitSeen, Load, Observed, Playback, Secured, SegmentSeen, Track, TrackKind};
pub use probe::{LIMIT_MAX, Progress, Settings, watch};
pub use survey::{SURVEY_MAX, TRACKS_MAX};
pub use text::{Style, text};
pub use wire::SEGMENT_BYTES_MAX;
