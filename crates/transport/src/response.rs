use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base::Failure;
use bytes::Bytes;
use url::Url;

/// A whole response, of any status: the last one of its exchange.
#[derive(Clone, Debug)]
pub struct Response {
    /// Status and header fields.
    pub head: Head,
    /// Where it came from, after redirects: relative references resolve against it.
    pub final_url: Arc<Url>,
    /// The decoded body, if it was kept; else empty.
    pub body: Bytes,
    /// When things happened in the last hop.
    pub timings: Timings,
    /// Body bytes of the last hop, without transfer framing, before decompression.
    pub body_bytes: u64,
    /// Bytes on the socket for the last hop.
    pub wire: Wire,
    /// Whether the last hop's connection had carried an exchange before.
    pub reused: bool,
    /// The server's address in the last hop.
    pub remote: SocketAddr,
    /// Redirects that were followed.
    pub redirects: u8,
}

impl Response {
    /// The status.
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// What the status says: 200, 206 and 304 are successes.
    pub fn failure(&self) -> Option<Failure> {
        status_failure(self.head.status)
    }
}

/// 200, 206 and 304 are successes; everything else fails with its status.
pub(crate) fn status_failure(status: u16) -> Option<Failure> {
    match status {
        200 | 206 | 304 => None,
        other => Some(Failure::Status(other)),
    }
}

/// The version a response came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    Http11,
}

/// A response head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The status code, 200 to 999.
    pub status: u16,
    /// The version.
    pub version: Version,
    /// The header fields, as they came.
    pub fields: Fields,
}

/// Header fields as they came, in one block, found by a walk: a response has few, and most are
/// never asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    block: Box<[u8]>,
}

impl Fields {
    /// The block of field lines, each `name: value\r\n`, of a head that parsed.
    pub fn from_block(block: &[u8]) -> Self {
        Self {
            block: block.into(),
        }
    }

    /// All fields in order: name as it came, value without surrounding white space.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.block.split(|byte| *byte == b'\n').filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = std::str::from_utf8(&line[..colon]).ok()?;
            Some((name, line[colon + 1..].trim_ascii()))
        })
    }

    /// The first field of that name (in any case), if it is text.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every field of that name that is text.
    pub fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.iter()
            .filter(move |(given, _)| given.eq_ignore_ascii_case(name))
            .filter_map(|(_, value)| std::str::from_utf8(value).ok())
    }
}

/// When the phases of a request happened, since the run began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// When the request was started.
    pub started: Duration,
    /// How long its connection took to make; `None` if it took one that was open.
    pub connect: Option<Connect>,
    /// When the last byte of the request head was handed to the socket, or to the
    /// [`Network`](crate::Network) that is modelled before it.
    pub sent: Option<Duration>,
    /// When the first byte of the response arrived.
    pub first_byte: Option<Duration>,
    /// When the last byte arrived, or when it failed or was given up.
    pub ended: Duration,
}

/// How long the parts of a new connection took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connect {
    /// The name; zero for an address or an override, near zero from the cache.
    pub dns: Duration,
    /// TCP, from the first attempt to the one that won.
    pub tcp: Duration,
    /// The TLS handshake; zero on plain HTTP.
    pub tls: Duration,
}

/// Bytes on the socket, TLS and its handshake included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wire {
    /// Written.
    pub sent: u64,
    /// Read.
    pub received: u64,
}
