//! Answers to reloads of one playlist. Seeds: `crates/media/tests/reloads`.
#![no_main]

#[allow(
    dead_code,
    reason = "shared with the other target and the property tests"
)]
#[path = "../../crates/media/tests/checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|answers: &[u8]| checks::reloads(answers));
