//! Playlists parsed into one timeline; container facts and writers of TS and fMP4.
//!
//! [`hls`] turns the bytes of an HLS playlist into our own types; [`Timeline`] merges successive
//! reloads of one media playlist into one continuous line of segments. [`ts`] and [`fmp4`] read
//! the facts of a container and write both for the origin.
//!
//! The crate refuses to fetch, to decode media and to judge a stream: it says what a playlist
//! says, and what was odd about it. Contract: no input makes it panic, every limit has a name,
//! and parsed playlists are immutable and shared (`Arc`), so that a thousand viewers of one
//! stream hold one copy.

pub mod fmp4;
pub mod hls;
pub mod timeline;
pub mod ts;

pub use timeline::Timeline;
