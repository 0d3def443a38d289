//! What an FFmpeg writes. Seeds: `fuzz/seeds/ffmpeg_log`.
#![no_main]

#[path = "../../crates/ffmpeg/tests/checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|log: &[u8]| checks::log(log));
