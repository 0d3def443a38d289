//! The whole origin, asked at chosen instants.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;
mod ffmpeg;
mod fragments;
mod live;
mod transport_stream;
