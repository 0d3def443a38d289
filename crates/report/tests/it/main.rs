//! Reports of runs in every state that a run can be in.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod capacity;
mod compare;
mod csv;
mod groups;
mod html;
mod json;
mod junit;
mod origins;
mod page;
mod progress;
mod repeat;
mod rich;
mod runs;
mod text;
