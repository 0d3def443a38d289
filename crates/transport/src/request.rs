use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::Headers;

/// Redirects that are followed unless the request says otherwise.
pub const REDIRECTS_MAX: u8 = 5;

/// One exchange to run: what to ask for and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// What to fetch; the fragment is not sent.
    pub url: Arc<Url>,
    /// How to ask.
    pub method: Method,
    /// All headers, in order. Nothing is added to them.
    pub headers: Headers,
    /// What becomes of the body.
    pub body: Body,
    /// Time limits.
    pub limits: Limits,
    /// Which connection to take.
    pub open: Open,
    /// What becomes of the connection afterwards.
    pub after: After,
    /// Redirects that are followed; one more fails the exchange.
    pub redirects: u8,
}

impl Request {
    /// A GET whose body is discarded, without time limits, over a kept connection.
    pub fn get(url: Arc<Url>, headers: Headers) -> Self {
        Self {
            url,
            method: Method::Get,
            headers,
            body: Body::Discard,
            limits: Limits::default(),
            open: Open::Reuse,
            after: After::Keep,
            redirects: REDIRECTS_MAX,
        }
    }
}

/// Methods without a request body, all of them idempotent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// GET.
    #[default]
    Get,
    /// HEAD: the response has no body.
    Head,
    /// OPTIONS: what may be asked for.
    Options,
}

impl Method {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
        }
    }
}

/// What becomes of a response's body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Body {
    /// Counted and thrown away.
    #[default]
    Discard,
    /// Kept and decoded, if the status is a success (2xx); otherwise counted and thrown away.
    Keep {
        /// The most bytes, before decoding and again after it, that are kept.
        limit: usize,
    },
    /// Handed on as it comes ([`Observer::chunk`](crate::Observer::chunk)), and read no faster than
    /// it is taken ([`Observer::poll_room`](crate::Observer::poll_room)); of a redirect that is
    /// followed, thrown away.
    Stream,
}

/// Time limits; `None` waits for ever. All but `connect` and `idle` count from the start of the
/// exchange, redirects included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Name, TCP and TLS together, for each connection that is made.
    pub connect: Option<Duration>,
    /// Until the first byte of the (last) response.
    pub first_byte: Option<Duration>,
    /// The longest time without a byte, once the request is sent.
    pub idle: Option<Duration>,
    /// Until the last byte.
    pub total: Option<Duration>,
}

/// Which connection an exchange takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Open {
    /// An idle one of this session to the same scheme, host and port; else a new one.
    #[default]
    Reuse,
    /// Always a new one.
    New,
}

/// What becomes of a connection after its exchange, if the server lets us choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum After {
    /// Kept for the session's next exchange.
    #[default]
    Keep,
    /// Closed.
    Close,
}
