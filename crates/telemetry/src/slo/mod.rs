//! The latency SLO tracker: glass-to-glass samples by broadcast, transport and source.
//!
//! Each thread has a [`Tracker`] of its own. [`Tracker::series`] hands out a handle for a key,
//! once; recording through it takes no lock and allocates nothing. Whoever collects snapshots
//! merges the [`Table`]s of all threads, and a table lists what was seen as [`Row`]s.
//!
//! A series keeps three things: the newest [`RING`] samples with their times (for exact
//! quantiles), histograms of two digits in slots of 5 s (for the last 60 s and 300 s), and one
//! histogram of the whole run. That is at most [`SERIES_BYTES_MAX`].

mod key;
mod newest;
mod row;
mod slots;
mod table;
#[cfg(test)]
mod tests;
mod tracker;

pub use key::{Key, Source};
pub use row::{Row, Spread};
pub use table::{SeriesSnapshot, Table};
pub use tracker::{Series, Tracker};

/// Newest samples that a series keeps.
pub const RING: usize = 1024;
/// Series that a tracker, or a table, holds; more are refused and counted.
pub const SERIES_MAX: usize = 1024;
/// A series without a sample for this long is no longer listed, and gives its place away.
pub const IDLE_MS: i64 = 15 * 60 * 1000;
/// The most memory that one series takes.
pub const SERIES_BYTES_MAX: usize = 256 * 1024;
/// The longest name of a broadcast, in bytes; longer ones are cut.
pub const BROADCAST_BYTES_MAX: usize = 256;
/// The longest name of a transport, in bytes; longer ones are cut.
pub const TRANSPORT_BYTES_MAX: usize = 32;
/// The greatest latency that is told apart, in milliseconds (70 min); greater ones count as this.
pub const LATENCY_MS_MAX: u64 = (1 << 22) - 1;
