//! Reports of runs in every state that a run can be in.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod json;
mod progress;
mod runs;
mod text;
