//! The crate held against what FFmpeg really printed, and against the FFmpeg that is installed.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod capture;
#[path = "../checks/mod.rs"]
mod checks;
mod command;
mod counts;
mod features;
mod hostile;
mod lines;
mod live;
mod progress;
mod state;
mod stop;
