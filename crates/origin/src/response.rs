use std::{sync::Arc, time::Duration};

use base::Class;
use bytes::Bytes;

/// The answer to one request, and how to deliver it.
#[derive(Clone, Debug)]
pub struct Response {
    /// What was asked for.
    pub class: Class,
    /// HTTP status.
    pub status: u16,
    /// All headers but `Date` and `Connection`, `Content-Length` included.
    pub headers: Headers,
    /// What to send: empty for HEAD, 204 and 304.
    pub body: Bytes,
    /// How to send it: as fast as possible and whole, unless a fault says otherwise.
    pub delivery: Delivery,
}

/// How a response is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Wait this long before the head.
    pub delay: Duration,
    /// Send the body no faster than this many bytes a second.
    pub rate: Option<u64>,
    /// Where the answer ends.
    pub end: End,
}

/// Where an answer ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// After its last byte.
    #[default]
    Whole,
    /// After `after` bytes of the body the connection is closed.
    Close {
        /// Bytes of body to send first.
        after: usize,
    },
    /// After `after` bytes of the body the connection is reset.
    Reset {
        /// Bytes of body to send first.
        after: usize,
    },
    /// The connection is closed without a head.
    Silent,
}

/// Response headers as lines of text, ready to be written.
///
/// Headers that belong to a resource are made once and shared by all its answers.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    shared: Option<Arc<str>>,
    own: String,
}

impl Headers {
    /// Headers that open with `shared`: whole lines, each ending in CRLF.
    pub(crate) fn shared(shared: Arc<str>) -> Self {
        Self {
            shared: Some(shared),
            own: String::new(),
        }
    }

    /// Adds one header.
    pub(crate) fn push(&mut self, name: &str, value: impl std::fmt::Display) {
        use std::fmt::Write;
        // Writing to a String cannot fail.
        let _ = write!(self.own, "{name}: {value}\r\n");
    }

    /// Adds whole lines, each ending in CRLF.
    pub(crate) fn push_lines(&mut self, lines: &str) {
        self.own.push_str(lines);
    }

    /// The blocks of header lines, each line ending in CRLF; to be written one after the other.
    pub fn blocks(&self) -> [&str; 2] {
        [self.shared.as_deref().unwrap_or_default(), &self.own]
    }

    /// Each header's name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.blocks()
            .into_iter()
            .flat_map(str::lines)
            .filter_map(|line| line.split_once(": "))
    }

    /// The value of the first header called `name`, whatever its case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(this, _)| this.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}
