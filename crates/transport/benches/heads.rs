//! What a request and a response cost before any socket is touched.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use transport::{Headers, Method, probe};

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 06 Nov 1994 \
    08:49:37 GMT\r\nContent-Type: video/mp2t\r\nContent-Length: 5\r\nLast-Modified: Sun, 06 Nov \
    1994 08:49:37 GMT\r\nConnection: keep-alive\r\nETag: \"66f0c0de-84208\"\r\nCache-Control: \
    no-cache\r\nAccess-Control-Allow-Origin: *\r\nAccept-Ranges: bytes\r\n\r\nhello";

/// Headers as a browser sends them.
fn browser() -> Headers {
    let mut headers = Headers::new().host();
    for (name, value) in [
        ("Connection", "keep-alive"),
        ("sec-ch-ua-platform", "\"Linux\""),
        (
            "User-Agent",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)",
        ),
        ("Accept", "*/*"),
        ("Origin", "http://127.0.0.1:8000"),
        ("Sec-Fetch-Site", "same-site"),
        ("Sec-Fetch-Mode", "cors"),
        ("Referer", "http://127.0.0.1:8000/"),
        ("Accept-Encoding", "gzip, deflate, br, zstd"),
        ("Accept-Language", "en-US,en;q=0.9"),
    ] {
        headers.push(name, value).unwrap_or_default();
    }
    headers.cookie()
}

fn heads(criterion: &mut Criterion) {
    let url = Arc::new(
        "http://127.0.0.1:8080/live/720p/segment-12345.ts"
            .parse()
            .unwrap_or_else(|error| panic!("{error}")),
    );
    let headers = browser();
    let mut out = Vec::new();
    criterion.bench_function("request head encode", |bencher| {
        bencher.iter(|| {
            out.clear();
            probe::encode_head(black_box(&url), &headers, None, &mut out);
            out.len()
        });
    });
    criterion.bench_function("response head parse", |bencher| {
        bencher.iter(|| probe::decode([black_box(RESPONSE)].into_iter(), Method::Get).is_ok());
    });
}

fn bodies(criterion: &mut Criterion) {
    let mut chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..32 {
        chunked.extend_from_slice(b"2000\r\n");
        chunked.resize(chunked.len() + 0x2000, b'x');
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    let mut group = criterion.benchmark_group("chunked body");
    group.throughput(Throughput::Bytes(chunked.len() as u64));
    group.bench_function("8 KiB chunks, 128 KiB reads", |bencher| {
        bencher.iter(|| probe::decode(black_box(&chunked).chunks(128 * 1024), Method::Get).is_ok());
    });
    group.finish();
}

criterion_group!(benches, heads, bodies);
criterion_main!(benches);
