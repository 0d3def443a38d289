//! HTTP for very many connections: bodies drained, not stored.
//!
//! A [`Client`] belongs to one worker thread and holds what its viewers share: the read buffer,
//! the name cache, the TLS configuration. A [`Session`] belongs to one viewer and holds what a
//! player holds: keep-alive connections and cookies. [`Session::start`] runs one exchange, with
//! its redirects, and tells an [`Observer`] about each request that the server saw.
//!
//! What it refuses to do: it adds no header it was not given, stores no body it was not asked to
//! keep, follows no more redirects than the request allows, and never pools connections across
//! viewers.
//!
//! Contract: each [`Observer::hop_begin`] is followed by exactly one [`Observer::hop_end`], also
//! when the future is dropped (then the outcome is `Cancelled`). Bytes told through
//! [`Observer::body`] add up to [`Hop::body_bytes`]. Instants are durations since the run began
//! ([`Clock`]). Everything here lives on one thread, inside a tokio runtime with I/O and time.

mod client;
mod clock;
mod decoder;
mod dns;
mod error;
mod framing;
mod head;
mod headers;
pub mod mask;
mod observer;
mod request;
mod response;
mod session;
mod tls;

pub use client::{Client, Config};
pub use clock::Clock;
pub use dns::Override;
pub use error::{Error, Phase};
pub use headers::{Field, Headers};
pub use observer::{Hop, HopStart, Observer};
pub use request::{After, Body, Limits, Method, Open, REDIRECTS_MAX, Request};
pub use response::{Connect, Fields, Head, Response, Timings, Version, Wire};
pub use session::{PER_HOST_MAX, Session};
pub use tls::{Tls, Verify};
