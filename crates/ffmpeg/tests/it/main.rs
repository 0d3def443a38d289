//! The crate held against what FFmpeg really printed, and against the FFmpeg that is installed.

mod capture;
mod command;
mod counts;
mod features;
mod progress;
mod state;
