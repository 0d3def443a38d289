//! A look at a playlist, for players that fetch from the origin themselves or have to be told which
//! variant to read.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use base::{Class, Failure};
use media::hls::{BODY_BYTES_MAX, Variables};
use player::Playlist;
use telemetry::viewers::Place;
use transport::{Body, Head, Headers, Hop, HopStart, Limits, Observer, Request, Response};
use url::Url;
use viewer::exchange::{Asked, Record, Watch};
use viewer::{Shared, Spec};

use super::own_headers;

/// How long the origin may take.
const TIME_MAX: Duration = Duration::from_secs(10);

/// On whose behalf a look is had.
#[derive(Clone, Copy, Debug)]
pub(super) struct Who<'a> {
    pub(super) viewer: Place,
    pub(super) spec: &'a Spec,
}

/// What is looked at.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) url: Arc<Url>,
    /// Variables of the multivariant playlist that led here.
    pub(super) imports: Option<Arc<Variables>>,
    /// What it is taken for, until it has come.
    pub(super) class: Class,
}

/// What a look brought.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) playlist: Playlist,
    /// Bytes of its body.
    pub(super) bytes: u64,
}

/// Fetches a playlist; recorded as requests of the viewer, since the origin sees them, and of our
/// own. `None` where there is none to be had: the player will say so in its own words.
pub(super) async fn look(shared: &Rc<Shared>, who: Who<'_>, target: &Target) -> Option<Found> {
    let asked = Asked {
        viewer: who.viewer,
        class: target.class,
        due: shared.clock.elapsed(),
    };
    let record = Record::of(Rc::clone(shared), asked);
    record.keep_back();
    let account = Rc::new(Account::new(shared, target.class));
    let eye = Eye {
        watch: Watch(Rc::clone(&record)),
        account: Rc::clone(&account),
    };
    let request = request(&target.url, who.spec)?;
    let session = who.spec.session(shared.client());
    let response = match session.start(request, eye).await {
        Ok(response) => response,
        Err(error) => {
            shared.failed(record.class(), &target.url, error.failure(), &error);
            return None;
        }
    };
    if let Some(failure) = response.failure() {
        shared.failed(record.class(), &target.url, failure, &failure);
        return None;
    }
    let found = read(shared, target, &response, &record);
    if let Some(found) = &found {
        account.found.set(class(&found.playlist));
    }
    found
}

/// What came, if it is a playlist; ends the record.
fn read(shared: &Shared, target: &Target, response: &Response, record: &Record) -> Option<Found> {
    let (url, imports) = (&response.final_url, target.imports.as_ref());
    match shared.playlist(url, imports, response.body.clone()) {
        Ok(playlist) => {
            record.judge(class(&playlist), None);
            let bytes = response.body_bytes;
            Some(Found { playlist, bytes })
        }
        Err(error) => {
            let failure = Failure::InvalidPlaylist;
            shared.failed(record.class(), &target.url, failure, &error);
            record.judge(record.class(), Some(failure));
            None
        }
    }
}

fn class(playlist: &Playlist) -> Class {
    match playlist {
        Playlist::Multivariant(_) => Class::Multivariant,
        Playlist::Media(_) => Class::Playlist,
    }
}

fn request(url: &Arc<Url>, spec: &Spec) -> Option<Request> {
    let mut headers = Headers::new().host();
    headers.push("Accept", "*/*").ok()?;
    if let Some(agent) = &spec.user_agent {
        let agent = format!("{agent}/viewer-{}", spec.number);
        headers.push("User-Agent", agent).ok()?;
    }
    for (name, value) in own_headers(spec) {
        headers.set(name, value).ok()?;
    }
    let mut request = Request::get(Arc::clone(url), headers);
    request.body = Body::Keep {
        limit: BODY_BYTES_MAX,
    };
    request.limits = Limits {
        total: Some(TIME_MAX),
        ..Limits::default()
    };
    Some(request)
}

/// Sees to it that requests of ours are told from those of players, also where a look is broken
/// off.
struct Account {
    shared: Rc<Shared>,
    /// What the requests were taken for.
    class: Class,
    /// What the last one brought: redirects that led to it stay what they were taken for.
    found: Cell<Class>,
    requests: Cell<u64>,
}

impl Account {
    fn new(shared: &Rc<Shared>, class: Class) -> Self {
        Self {
            shared: Rc::clone(shared),
            class,
            found: Cell::new(class),
            requests: Cell::new(0),
        }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let Some(earlier) = self.requests.get().checked_sub(1) else {
            return;
        };
        let mut recorder = self.shared.recorder.borrow_mut();
        recorder.looked(self.found.get(), 1);
        if earlier > 0 {
            recorder.looked(self.class, earlier);
        }
    }
}

/// Records each request, and counts it as ours.
struct Eye {
    watch: Watch,
    account: Rc<Account>,
}

impl Observer for Eye {
    fn hop_begin(&mut self, start: &HopStart<'_>) {
        let requests = &self.account.requests;
        requests.set(requests.get() + 1);
        self.watch.hop_begin(start);
    }

    fn head(&mut self, head: &Head, at: Duration) {
        self.watch.head(head, at);
    }

    fn body(&mut self, bytes: usize, at: Duration) {
        self.watch.body(bytes, at);
    }

    fn hop_end(&mut self, hop: &Hop<'_>) {
        self.watch.hop_end(hop);
    }
}
