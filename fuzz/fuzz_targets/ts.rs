//! A transport stream: its facts, and each table and header by itself. Seeds: `fuzz/seeds/ts`.
#![no_main]

use media::ts::{Facts, PesHeader, parse_pat, parse_pmt};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(facts) = Facts::read(bytes) {
        assert!(facts.packets >= facts.null_packets);
        assert!(!facts.streams.is_empty());
    }
    let _ = parse_pat(bytes);
    let _ = parse_pmt(bytes);
    let _ = PesHeader::parse(bytes);
});
