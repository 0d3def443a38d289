//! A response from a server that may send anything: read in one piece and in many, it must come to
//! the same.
#![no_main]

use transport::{Method, probe};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [method, size, stream @ ..] = data else {
        return;
    };
    let method = if method % 2 == 0 {
        Method::Get
    } else {
        Method::Head
    };
    let whole = probe::decode(std::iter::once(stream), method);
    let pieces = probe::decode(stream.chunks(usize::from(*size).max(1)), method);
    match (whole, pieces) {
        (Ok(whole), Ok(pieces)) => assert_eq!(whole, pieces),
        (Err(_), Err(_)) => {}
        (whole, pieces) => panic!("in one piece {whole:?}, in many {pieces:?}"),
    }
});
