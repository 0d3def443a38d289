use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::rc::Rc;
use std::sync::Arc;

use base::{Class, Failure};
use bytes::Bytes;
use media::hls::{self, Variables};
use player::{Fetch, Playlist};
use telemetry::Recorder;
use transport::{Client, Clock};
use url::Url;

use crate::playlists::Playlists;

/// What the viewers of one worker thread share; or of one group of them, beside others that share all
/// but the recorder ([`Shared::beside`]).
#[derive(Debug)]
pub struct Shared {
    /// The run's clock.
    pub clock: Clock,
    /// Where they are recorded. Borrowed for the length of a call, never across an await.
    pub recorder: RefCell<Recorder>,
    pub(crate) client: Client,
    pub(crate) insecure: bool,
    /// Failures of which one was written down in words; the rest are only counted.
    described: Rc<RefCell<BTreeSet<(Class, Failure)>>>,
    pub(crate) playlists: Rc<RefCell<Playlists>>,
}

impl Shared {
    /// What the viewers of this thread share.
    ///
    /// `insecure`: certificates are not verified, so browsers would not keep what comes over TLS.
    pub fn new(client: Client, recorder: Recorder, insecure: bool) -> Rc<Self> {
        Rc::new(Self {
            clock: client.clock(),
            recorder: RefCell::new(recorder),
            client,
            insecure,
            playlists: Rc::default(),
            described: Rc::default(),
        })
    }

    /// The same for other viewers of this thread, who are recorded by themselves.
    pub fn beside(&self, recorder: Recorder) -> Rc<Self> {
        Rc::new(Self {
            clock: self.clock,
            recorder: RefCell::new(recorder),
            client: self.client.clone(),
            insecure: self.insecure,
            described: Rc::clone(&self.described),
            playlists: Rc::clone(&self.playlists),
        })
    }

    /// Writes a failure down in words: the first of its kind where everybody sees it, so that a
    /// crowd that fails does not say so a thousand times.
    pub fn failed(&self, class: Class, url: &Url, failure: Failure, why: &dyn Display) {
        let url = transport::mask::url(url.as_str());
        let name = class.name();
        if self.described.borrow_mut().insert((class, failure)) {
            tracing::warn!(%url, "{name} failed: {why}");
        } else {
            tracing::debug!(%url, "{name} failed: {why}");
        }
    }

    pub(crate) fn describe(&self, fetch: &Fetch, failure: Failure, why: &dyn Display) {
        self.failed(fetch.class, &fetch.url, failure, why);
    }

    /// The worker's client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The playlist that `body` is, when it came from `url`: parsed once for all that get the same.
    ///
    /// `imports` are the variables of the multivariant playlist that led there.
    pub fn playlist(
        &self,
        url: &Arc<Url>,
        imports: Option<&Arc<Variables>>,
        body: Bytes,
    ) -> Result<Playlist, hls::Error> {
        self.playlists.borrow_mut().parse(url, imports, body)
    }
}
