//! Listings of segments and their sizes. Seeds: `fuzz/seeds/listing`.
#![no_main]

#[allow(dead_code, reason = "shared with the other target and the tests")]
#[path = "../../crates/scrape/tests/checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::listings(bytes));
