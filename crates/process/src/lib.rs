//! Player processes of viewers: started, watched, ended, never orphaned.
//!
//! A [`Spec`] is what to start. [`Spec::spawn`] starts it as the leader of a process group of its
//! own and gives a [`Child`]; [`Child::run`] reads what it writes, line by line, until it has ended,
//! and says how that was ([`Exit`]). Nothing is spawned in secret: the caller drives the future of
//! `run` and ends it by a [`Stopper`], or by dropping it.
//!
//! Contract:
//!
//! - The child never waits for us to read: lines go to a function that is called at once, through
//!   one buffer of fixed size. Overlong lines come in pieces, marked; all is counted.
//! - When a child ends, or is stopped or dropped, its whole group ends with it.
//! - When this process dies, even by `SIGKILL`, so does the child (the parent-death signal), and
//!   with a [`Guard`] its whole group.
//!
//! Linux only. Limit: a process that leaves its group by `setsid` is out of reach.

mod capture;
mod child;
mod error;
mod exit;
mod group;
pub mod guard;
mod lines;
mod spec;
mod stream;
mod system;
mod usage;

pub use capture::{Captured, capture};
pub use child::{Child, STOP_GRACE, Stopper};
pub use error::Error;
pub use exit::{Category, Counts, Exit, LAST_LINES, Stopped};
pub use guard::Guard;
pub use lines::{Keep, LINE_BYTES_MAX, Line, Source};
pub use spec::Spec;
pub use usage::Usage;
