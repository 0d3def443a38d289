//! Frames of runs in every state, at every size.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod frames;
mod runs;
mod screen;
mod sizes;
