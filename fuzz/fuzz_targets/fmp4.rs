//! An initialisation segment and what follows it, and a progressive file. Seeds:
//! `fuzz/seeds/fmp4`.
#![no_main]

use media::fmp4::{Track, fragment_facts, init_facts};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(init) = init_facts(bytes) {
        for track in &init.tracks {
            let _ = (track.description.codec(), track.description.size());
            let _ = (track.description.aac(), track.description.parameter_sets());
        }
        let _ = fragment_facts(&init, bytes);
    }
    let _ = Track::read(bytes);
});
