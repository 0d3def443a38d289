//! Request and playback samples in, snapshots out.
//!
//! A worker writes into its own [`Recorder`]; from time to time it takes a [`Snapshot`] and hands
//! it over; whoever collects them merges them. Everything a person or a machine is shown is a
//! function of a snapshot.
//!
//! It reads no clock, takes no lock, does no I/O, and knows nothing of HTTP or of players.
//!
//! Contract: snapshots are cumulative (a figure is never reset by being read), what is unknown is
//! `None` and never zero, and merging is exact: any split of a run over recorders, merged in any
//! order, gives the snapshot of one recorder that saw it all.

mod clock;
pub mod estimated;
mod generator;
pub mod hist;
pub mod latency;
pub mod objective;
mod occurrences;
pub mod origin;
mod playback;
pub mod players;
mod recorder;
pub mod requests;
pub mod roster;
pub mod slo;
mod snapshot;
pub mod throughput;
pub mod timeline;
pub mod viewers;

pub use estimated::Estimated;
pub use generator::{Cause, Generator, Verdict};
pub use latency::What;
pub use occurrences::Occurrences;
pub use playback::Playback;
pub use players::Players;
pub use recorder::Recorder;
pub use requests::{Connect, Sample};
pub use snapshot::Snapshot;
pub use viewers::Viewer;
