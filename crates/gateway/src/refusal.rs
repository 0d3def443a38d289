//! What the gateway says in its own name.

use std::borrow::Cow;

/// A request that is not passed on, or an answer that did not come: a status and a word of why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) words: Cow<'static, str>,
}

impl Refusal {
    pub(crate) fn new(status: u16, words: impl Into<Cow<'static, str>>) -> Self {
        let words = words.into();
        Self { status, words }
    }

    /// The upstream exchange failed before a head was passed on.
    pub(crate) fn upstream(url: &url::Url, error: &transport::Error) -> Self {
        let status = match error {
            transport::Error::TimedOut { .. } => 504,
            _ => 502,
        };
        let url = transport::mask::url(url.as_str());
        let kind = error.failure().kind();
        Self::new(status, format!("{url}: {kind}: {error}"))
    }

    /// The body of the answer.
    pub(crate) fn body(&self) -> String {
        format!("{}: {}\n", self.status, self.words)
    }
}

/// The reason phrase of a status (RFC 9110, 15); clients ignore it, people read it.
pub(crate) fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        206 => "Partial Content",
        300 => "Multiple Choices",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        410 => "Gone",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        416 => "Range Not Satisfiable",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "-",
    }
}
