//! Servers, streams and counts that the tests hold liveswarm against.
//!
//! `testkit` starts real counterparts (nginx, `FFmpeg`, Chromium, Prometheus, a scripted TCP
//! server) on loopback, runs the `liveswarm` binary against them, and compares what both sides
//! counted. It measures nothing itself and knows no room of liveswarm but `base`.
//!
//! Contract: everything that is started is stopped when its handle is dropped, and dies with the
//! test's thread even where the test is killed; every wait has a limit; nothing listens beyond
//! loopback. A counterpart that is not installed is an error that names the package, not a test
//! that silently passes.

pub mod access_log;
pub mod bottleneck;
pub mod browser;
mod child;
pub mod compare;
pub mod cut;
pub mod dashboard;
pub mod exporter;
pub mod ffmpegs;
pub mod gate;
pub mod http;
pub mod live;
pub mod nginx;
pub mod process;
pub mod prometheus;
pub mod served;
pub mod terminal;
pub mod wait;

/// A folder that goes when its handle does.
pub use tempfile::TempDir;
