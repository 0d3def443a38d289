//! Heads: of requests and of responses.

use std::hint::black_box;
use std::sync::Arc;

use transport::{Headers, Method, probe};

use super::{Meter, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "request head encode",
        run: encode,
    },
    Step {
        name: "response head parse",
        run: parse,
    },
];

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 06 Nov 1994 \
    08:49:37 GMT\r\nContent-Type: video/mp2t\r\nContent-Length: 5\r\nLast-Modified: Sun, 06 Nov \
    1994 08:49:37 GMT\r\nConnection: keep-alive\r\nETag: \"66f0c0de-84208\"\r\nCache-Control: \
    no-cache\r\nAccept-Ranges: bytes\r\n\r\nhello";

fn encode(meter: &mut Meter) {
    let url = "http://127.0.0.1:8080/live/720p/segment-12345.ts".parse();
    let url = Arc::new(url.unwrap_or_else(|error| panic!("{error}")));
    let mut headers = Headers::new().host();
    for (name, value) in [
        ("Connection", "keep-alive"),
        (
            "User-Agent",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
        ),
        ("Accept", "*/*"),
        ("Origin", "null"),
        ("Accept-Encoding", "gzip, deflate, br, zstd"),
        ("Accept-Language", "en-US,en;q=0.9"),
    ] {
        if let Err(error) = headers.push(name, value) {
            panic!("{error}");
        }
    }
    let headers = headers.cookie();
    let mut out = Vec::new();
    meter.run(50, || {
        out.clear();
        probe::encode_head(black_box(&url), &headers, None, &mut out);
        out.len()
    });
}

fn parse(meter: &mut Meter) {
    meter.run(50, || {
        probe::decode([black_box(RESPONSE)].into_iter(), Method::Get)
    });
}
