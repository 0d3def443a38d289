//! One playlist body. Seeds: `crates/media/tests/hls`.
#![no_main]

#[allow(
    dead_code,
    reason = "shared with the other target and the property tests"
)]
#[path = "../../crates/media/tests/checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|body: &[u8]| checks::playlist(body));
