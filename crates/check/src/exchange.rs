//! One request and what came of it.

use std::sync::Arc;
use std::time::Duration;

use base::{Class, Failure};
use media::hls::ByteRange;
use transport::{Head, Timings};
use url::Url;

/// One request of the viewer, with its redirects, and what came of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What was asked for.
    pub class: Class,
    /// Where.
    pub url: Arc<Url>,
    /// Which bytes; all where `None`.
    pub byte_range: Option<ByteRange>,
    /// The requests that it took, in order: redirects, those that were lost, the last one.
    pub hops: Vec<Hop>,
    /// What came at last.
    pub outcome: Result<Answer, Failed>,
}

/// One request on the wire.
#[derive(Clone, Debug)]
pub struct Hop {
    /// What it asked for.
    pub url: Url,
    /// The status, if a head came.
    pub status: Option<u16>,
    /// When things happened, since the check began.
    pub timings: Timings,
    /// Whether its connection had carried a request before.
    pub reused: bool,
}

/// A whole answer, of any status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status and header fields.
    pub head: Head,
    /// Where it came from, after redirects.
    pub final_url: Arc<Url>,
    /// Bytes of the body as they came, before decompression.
    pub bytes: u64,
}

/// Why no whole answer came.
#[derive(Clone, Debug)]
pub struct Failed {
    /// Its place in the closed list.
    pub failure: Failure,
    /// The same in words.
    pub words: String,
}

impl Exchange {
    /// Why it did not bring what was asked for; a status counts too.
    pub fn failure(&self) -> Option<Failure> {
        match &self.outcome {
            Ok(answer) => match answer.head.status {
                200 | 206 | 304 => None,
                other => Some(Failure::Status(other)),
            },
            Err(failed) => Some(failed.failure),
        }
    }

    /// The answer, if it brought what was asked for.
    pub fn answer(&self) -> Option<&Answer> {
        let answer = self.outcome.as_ref().ok()?;
        self.failure().is_none().then_some(answer)
    }

    /// When the first of its requests was begun.
    pub fn began(&self) -> Duration {
        self.hops.first().map_or(Duration::ZERO, |hop| {
            hop.timings.sent.unwrap_or(hop.timings.started)
        })
    }

    /// When the last byte came, or it failed.
    pub fn ended(&self) -> Duration {
        self.hops
            .last()
            .map_or(Duration::ZERO, |hop| hop.timings.ended)
    }

    /// From the first request to the first byte of the answer, redirects included and the making
    /// of connections left out.
    pub fn first_byte(&self) -> Option<Duration> {
        let last = self.hops.last()?;
        Some(last.timings.first_byte?.saturating_sub(self.began()))
    }

    /// From the first request to the last byte.
    pub fn took(&self) -> Duration {
        self.ended().saturating_sub(self.began())
    }
}
