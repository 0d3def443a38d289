//! A URL that is asked for once more over the same context: with the credentials that the origin
//! asked for, where a redirect led, or after a connection was lost. The log tells it by what the two
//! heads say, not by the answer between them.

use base::{Class, Failure, Now, Outcome};

use super::Request;

/// What a head said that tells it from another one of the same path.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) host: Option<String>,
    /// It showed credentials.
    pub(super) authorized: bool,
}

/// A request that has ended; whether well is not known yet.
#[derive(Debug)]
pub(super) struct Again {
    request: Request,
    head: Head,
    /// When the next one was sent.
    at: Now,
}

impl Again {
    pub(super) fn new(request: Request, head: Head, at: Now) -> Self {
        Self { request, head, at }
    }

    pub(super) fn class(&self) -> Class {
        self.request.class
    }

    pub(super) fn url(&self) -> &str {
        &self.request.url
    }

    /// Whether `next` asks the same host for it.
    pub(super) fn is_of_host(&self, next: &Head) -> bool {
        self.head.host == next.host
    }

    /// How it ended if `next` asks the same host: credentials are shown only when they were asked
    /// for.
    pub(super) fn ended(self, next: &Head) -> Request {
        if self.head.authorized || !next.authorized {
            return self.request;
        }
        Request {
            outcome: Outcome::Failed(Failure::Status(401)),
            ended: Some(self.at),
            ..self.request
        }
    }

    /// It was answered by a redirect to another host.
    pub(super) fn redirected(self) -> Request {
        self.request
    }
}
