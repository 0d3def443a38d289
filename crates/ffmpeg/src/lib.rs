//! FFmpeg from outside: what it is told, and what its log and its progress say.
//!
//! - [`features`]: what a given FFmpeg accepts, from what it prints of itself.
//! - [`command`]: the command line of one viewer, with accepted options only.
//! - [`log`]: one line of its standard error → one event, borrowed from the line.
//! - [`progress`]: what `-progress` writes → blocks of figures.
//! - [`estimate`]: a viewer's requests, bytes and state from both, each figure marked as measured
//!   or inferred.
//!
//! The crate starts no process, reads no clock and opens no file; `process` does, and hands the
//! lines on. Contract: no bytes make it panic, nothing it keeps grows without a named limit, and a
//! figure that is not known is `None`.

pub mod command;
pub mod estimate;
pub mod features;
pub mod log;
pub mod progress;

pub use command::{Command, Connections, Level, Reconnect, Select, shell_line};
pub use estimate::Estimate;
pub use features::{Features, Version};
pub use progress::Progress;
