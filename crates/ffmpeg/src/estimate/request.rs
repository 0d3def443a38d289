//! A request, as it is handed on.

use base::{Class, Now, Outcome};

use super::{Basis, Figure};

/// A request that has ended, or was inferred.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What it asked for.
    pub class: Class,
    /// The URL, as FFmpeg or the playlist writes it.
    pub url: String,
    /// When it was announced or sent; an inferred one, when it was inferred.
    pub sent: Now,
    /// When its end was logged: exact where the connection ended with it, else absent.
    pub ended: Option<Now>,
    /// How it ended.
    pub outcome: Outcome,
    /// Bytes of its body, where known.
    pub bytes: Option<Figure<u64>>,
    /// Whether it was logged or inferred.
    pub basis: Basis,
}

impl Request {
    /// One that must have been made, since media of it was written.
    pub(super) fn inferred(url: &str, now: Now) -> Self {
        Self {
            class: Class::Segment,
            url: url.to_owned(),
            sent: now,
            ended: None,
            outcome: Outcome::Ok,
            bytes: None,
            basis: Basis::Inferred,
        }
    }

    /// Adds what follows from the size of its body, which the origin states.
    pub(super) fn complete(&mut self, size: impl Fn(&str) -> Option<u64>) {
        match (self.outcome, self.bytes) {
            (Outcome::Ok, None) => self.bytes = size(&self.url).map(Figure::stated),
            // FFmpeg was being ended, and had read all the same.
            (Outcome::Cancelled, Some(read)) if size(&self.url) == Some(read.value) => {
                self.outcome = Outcome::Ok;
            }
            _ => {}
        }
    }
}
