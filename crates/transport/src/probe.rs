//! Doors into the pure parts, for benches and fuzz targets. Not for anyone else.

use std::sync::Arc;

use url::Url;

use crate::cookies::Jar;
use crate::decoder::{Decoder, Sink};
use crate::encode::{RequestHead, encode};
use crate::{Error, Fields, Head, Headers, Method, encoding};

struct Count {
    status: u16,
    bytes: usize,
}

impl Sink for Count {
    fn head(&mut self, head: Head) -> Result<(), Error> {
        self.status = head.status;
        Ok(())
    }
    fn body(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.bytes += bytes.len();
        Ok(())
    }
}

/// Reads a response out of `pieces`; its status and the bytes of its body if it is whole.
pub fn decode<'a>(
    pieces: impl Iterator<Item = &'a [u8]>,
    method: Method,
) -> Result<(u16, usize), Error> {
    let mut decoder = Decoder::new(method);
    let mut count = Count {
        status: 0,
        bytes: 0,
    };
    for piece in pieces {
        decoder.feed(piece, &mut count)?;
    }
    decoder.end_of_stream()?;
    Ok((count.status, count.bytes))
}

/// Writes a request head at the end of `out`.
pub fn encode_head(url: &Arc<Url>, headers: &Headers, cookies: Option<&str>, out: &mut Vec<u8>) {
    let head = RequestHead {
        method: Method::Get,
        url,
        headers,
        cookies,
        authorization: None,
        crossed: false,
    };
    encode(&head, out);
}

/// Takes the encodings that `names` lists off `body`.
pub fn decode_body(names: &str, body: &[u8], limit: usize) -> Result<usize, Error> {
    let fields = Fields::from_block(format!("content-encoding: {names}").as_bytes());
    encoding::decode(&fields, body.to_vec(), limit).map(|body| body.len())
}

/// Takes a cookie in, and gives what is sent back for it.
pub fn cookie(url: &Url, set_cookie: &str, now_unix_ms: i64) -> Option<String> {
    let mut jar = Jar::default();
    jar.absorb(url, set_cookie, now_unix_ms);
    jar.header(url, now_unix_ms)
}
