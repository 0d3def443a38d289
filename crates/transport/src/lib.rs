//! HTTP for very many connections: bodies drained, not stored.
//!
//! A [`Client`] belongs to one worker thread and holds what its viewers share: the read buffer,
//! the name cache, the TLS configuration. A [`Session`] belongs to one viewer and holds what a
//! player holds: keep-alive connections and cookies. [`Session::start`] runs one exchange, with
//! its redirects, and tells an [`Observer`] about each request that the server may have seen. One
//! that a server lets fall with a kept connection is sent again once, on a new connection, as
//! browsers do: that is two requests, and the first of them has failed. A connection that turns
//! out to be closed before a byte is written costs nothing.
//!
//! What it refuses to do: it adds no header it was not given but the `Authorization` of a URL that
//! has a user or a password, stores no body it was not asked to
//! keep, follows no more redirects than the request allows, and never pools connections across
//! viewers.
//!
//! Contract: each [`Observer::hop_begin`] is followed by exactly one [`Observer::hop_end`], also
//! when the future is dropped (then the outcome is `Cancelled`). Bytes told through
//! [`Observer::body`] add up to [`Hop::body_bytes`]. Instants are durations since the run began
//! ([`Clock`]). Everything here lives on one thread, inside a tokio runtime with I/O and time.

mod client;
mod clock;
mod conn;
mod connect;
mod cookies;
mod credentials;
mod decoder;
mod dns;
mod encode;
mod encoding;
mod error;
mod exchange;
mod framing;
mod head;
mod headers;
mod intake;
pub mod mask;
mod network;
mod observer;
mod patience;
mod pool;
mod ports;
#[doc(hidden)]
pub mod probe;
mod redirect;
mod request;
mod response;
mod scratch;
mod session;
mod socket_option;
mod sources;
mod timer;
mod tls;
mod track;
#[cfg(test)]
mod twin;

pub use client::{Client, Config};
pub use clock::Clock;
pub use connect::ATTEMPT_DELAY;
pub use cookies::{COOKIE_BYTES_MAX, COOKIES_MAX};
pub use decoder::INFORMATIONAL_HEADS_MAX;
pub use dns::{DNS_ADDRESSES_MAX, DNS_NAMES_MAX, DNS_TTL, Override};
pub use encoding::{ENCODINGS_MAX, ZSTD_WINDOW_BYTES_MAX, decode};
pub use error::{Error, Phase};
pub use exchange::TURN_BYTES_MAX;
pub use framing::{CHUNK_LINE_BYTES_MAX, TRAILER_BYTES_MAX};
pub use head::{HEAD_BYTES_MAX, HEAD_FIELDS_MAX};
pub use headers::{Field, Headers};
pub use intake::REDIRECT_BODY_BYTES_MAX;
pub use network::{Network, NetworkError};
pub use observer::{Hop, HopStart, Observer};
pub use patience::{WAIT_BYTES_MAX, WAIT_BYTES_MIN, WAIT_MAX};
pub use pool::{HOSTS_MAX, IDLE_MAX, PER_HOST_MAX};
pub use request::{After, Body, Limits, Method, Open, REDIRECTS_MAX, Request};
pub use response::{Connect, Fields, Head, Response, Timings, Version, Wire};
pub use scratch::READ_BYTES_MAX;
pub use session::Session;
pub use tls::{
    HANDSHAKE_BYTES_MAX, POST_HANDSHAKE_BYTES_MAX, Secured, TICKET_SERVERS_MAX, TICKETS_MAX, Tls,
    Verify,
};
