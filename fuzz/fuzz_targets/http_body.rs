//! A compressed body: it never decodes to more than its limit.
#![no_main]

use transport::probe;

const LIMIT: usize = 64 * 1024;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [which, body @ ..] = data else {
        return;
    };
    let names = ["gzip", "deflate", "br", "zstd", "gzip, br"][usize::from(which % 5)];
    if let Ok(length) = probe::decode_body(names, body, LIMIT) {
        assert!(length <= LIMIT, "{names}: {length}");
    }
});
