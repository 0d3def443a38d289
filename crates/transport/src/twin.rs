//! The decoder held against hyper: both read the same bytes and must agree on what they mean.

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::decoder::{Decoder, Sink};
use crate::{Error, Head, Method};

/// What a client makes of a stream: status and body, or no whole response.
type Meaning = Option<(u16, Vec<u8>)>;

#[derive(Default)]
struct Whole {
    status: u16,
    body: Vec<u8>,
}

impl Sink for Whole {
    fn head(&mut self, head: Head) -> Result<(), Error> {
        self.status = head.status;
        Ok(())
    }
    fn body(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.body.extend_from_slice(bytes);
        Ok(())
    }
}

fn ours(stream: &[u8], method: Method) -> Meaning {
    let mut decoder = Decoder::new(method);
    let mut whole = Whole::default();
    decoder.feed(stream, &mut whole).ok()?;
    decoder.end_of_stream().ok()?;
    Some((whole.status, whole.body))
}

async fn hypers(stream: &[u8], method: Method) -> Meaning {
    let (client, mut server) = tokio::io::duplex(1 << 20);
    let handshake = hyper::client::conn::http1::Builder::new().handshake(TokioIo::new(client));
    let (mut sender, connection) = handshake.await.ok()?;
    let driver = tokio::spawn(connection);
    let request = hyper::Request::builder()
        .method(method.name())
        .uri("/")
        .header("host", "h")
        .body(Empty::<Bytes>::new())
        .ok()?;
    let (response, ()) = tokio::join!(sender.send_request(request), async {
        // An answer that comes before its request would be none.
        let mut head = [0; 64];
        if server.read(&mut head).await.is_ok() && server.write_all(stream).await.is_ok() {
            let _ = server.shutdown().await;
        }
    });
    let response = response.ok()?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.ok()?;
    driver.abort();
    Some((status, body.to_bytes().to_vec()))
}

fn agree(stream: &[u8], method: Method) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let theirs = runtime.block_on(hypers(stream, method));
    let shown = String::from_utf8_lossy(stream);
    assert_eq!(ours(stream, method), theirs, "{shown:?}");
}

fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("Content-Length: 5\r\n".to_owned()),
        Just("content-length: 12\r\n".to_owned()),
        Just("Content-Length: 0\r\n".to_owned()),
        Just("Content-Length: x\r\n".to_owned()),
        Just("Transfer-Encoding: chunked\r\n".to_owned()),
        Just("Connection: close\r\n".to_owned()),
        Just("Connection: keep-alive\r\n".to_owned()),
        "X-[A-Za-z]{1,8}: [ -~]{0,20}\r\n",
        "[ -~]{1,10}\r\n",
    ]
}

fn body() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,14}",
        prop::collection::vec("[a-z]{1,12}", 0..4).prop_map(|chunks| {
            let chunk = |chunk: &String| format!("{:x}\r\n{chunk}\r\n", chunk.len());
            let chunks: Vec<String> = chunks.iter().map(chunk).collect();
            chunks.concat() + "0\r\n\r\n"
        }),
        "[1-9a-f][0-9a-f]?\r\n[a-z]{0,4}\r\n0\r\n\r\n",
    ]
}

proptest! {
    #[test]
    fn hyper_reads_the_same(
        status in prop::sample::select(vec![200, 204, 206, 302, 304, 404, 503]),
        version in prop::sample::select(vec!["HTTP/1.1", "HTTP/1.0", "HTTP/1.2"]),
        fields in prop::collection::vec(field(), 0..4),
        body in body(),
        head: bool,
    ) {
        // hyper takes `chunked` twice for once, and refuses it from HTTP/1.0.
        let chunked = fields.iter().filter(|field| field.starts_with("Transfer")).count();
        prop_assume!(chunked == 0 || (chunked == 1 && version != "HTTP/1.0"));
        let stream = format!("{version} {status} X\r\n{}\r\n{body}", fields.concat());
        agree(stream.as_bytes(), if head { Method::Head } else { Method::Get });
    }
}
