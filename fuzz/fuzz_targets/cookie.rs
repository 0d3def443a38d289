//! A `Set-Cookie` of any shape: what is sent back for it is one line.
#![no_main]

use transport::probe;

libfuzzer_sys::fuzz_target!(|set_cookie: &str| {
    let Ok(url) = url::Url::parse("http://www.example.com/live/master.m3u8") else {
        return;
    };
    if let Some(cookie) = probe::cookie(&url, set_cookie, 0) {
        assert!(!cookie.contains(['\r', '\n', '\0']), "{cookie:?}");
    }
});
