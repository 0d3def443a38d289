//! A live origin, pure: (asset, configuration, request, now) gives the response.
//!
//! What is live at any instant follows from the wall clock: segment `n` covers Unix time
//! `[n·d, (n+1)·d)` and becomes available when its end has passed. So the origin needs no state,
//! two origins agree byte for byte, and a test can ask about any instant. A short clip, built in,
//! loops for ever without a seam; its timestamps are rewritten from `n`, and padding brings each
//! segment to its variant's bitrate.
//!
//! It opens no socket, reads no clock and no file, and knows no HTTP library: `origin-server` is
//! the thin server around it. The only thing it keeps is a bounded cache of what it rendered.

mod config;
mod error;
mod fault;
mod request;
mod response;

pub use config::{Audio, Bitrate, Config, Format, ReferenceTime};
pub use error::Error;
pub use fault::{Action, Fault, Share, Target, Window};
pub use request::{Method, Request};
pub use response::{Delivery, End, Headers, Response};

use base::{Class, Now};

/// A live origin: a function of (asset, configuration, request, now).
#[derive(Debug)]
pub struct Origin {
    config: Config,
}

impl Origin {
    /// An origin that serves `config`, or why it can't.
    pub fn new(config: Config) -> Result<Self, Error> {
        Ok(Self { config })
    }

    /// The path of the multivariant playlist.
    pub const MULTIVARIANT_PATH: &'static str = "/live/master.m3u8";

    /// What it serves.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Paths of all playlists: the multivariant one, each variant's, the audio rendition's.
    pub fn playlist_paths(&self) -> Vec<String> {
        vec![Self::MULTIVARIANT_PATH.into()]
    }

    /// The answer to `request` at the instant `now`.
    pub fn respond(&self, request: &Request<'_>, now: Now) -> Response {
        let _ = (request, now);
        Response {
            class: Class::Other,
            status: 404,
            headers: Headers::default(),
            body: bytes::Bytes::new(),
            delivery: Delivery::default(),
        }
    }

    /// Renders what becomes available next, so that no request has to wait for it.
    pub fn prepare(&self, now: Now) {
        let _ = now;
    }
}
