//! From what a player wants to what goes over the wire, and back.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use base::{Class, Failure};
use media::hls::Variables;
use player::profile::request::{Context, Line};
use player::{Connection, Fetch, Input, Playlist};
use transport::{After, Body, Error, Headers, Limits, Open, Request, Response};
use url::Url;

use crate::browser_cache::{self, Copy, Validators};
use crate::exchange::Record;
use crate::{Shared, Spec};

/// The longest playlist that is kept, before and after decoding.
const PLAYLIST_BYTES_MAX: usize = media::hls::BODY_BYTES_MAX;

/// What came of a request.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Ends the request.
    pub(crate) input: Input,
    /// What is to be remembered of it.
    pub(crate) learned: Learned,
    /// What was asked for.
    pub(crate) url: Arc<Url>,
}

/// What an answer leaves behind in the viewer's cache.
#[derive(Debug)]
pub(crate) enum Learned {
    Nothing,
    /// A playlist that may be kept.
    Keep(Copy),
    /// A playlist that may not be kept.
    Forget,
    /// The copy still holds for so long.
    Renew(Duration),
}

/// The request that `fetch` asks for.
pub(crate) fn build(
    spec: &Spec,
    fetch: &Fetch,
    validators: Option<&Validators>,
) -> Result<Request, Error> {
    let close = fetch.connection == Connection::Close;
    let context = Context {
        url: &fetch.url,
        class: fetch.class,
        byte_range: fetch.byte_range,
        first: fetch.first,
        close,
        user_agent: spec.user_agent.as_deref(),
        etag: validators.and_then(|kept| kept.etag.as_deref()),
        last_modified: validators.and_then(|kept| kept.last_modified.as_deref()),
        if_range: None,
        no_cache: spec.no_cache,
        user: &spec.headers,
    };
    let mut headers = Headers::new();
    for line in spec.profile.requests.lines(&context) {
        match line {
            Line::Host => headers = headers.host(),
            Line::Cookie => headers = headers.cookie(),
            Line::Given { name, value } => headers.push(name.to_owned(), &*value)?,
        }
    }
    let mut request = Request::get(Arc::clone(&fetch.url), headers);
    if fetch.keep_body {
        request.body = Body::Keep {
            limit: PLAYLIST_BYTES_MAX,
        };
    }
    request.limits = Limits {
        connect: fetch.limits.connect,
        first_byte: fetch.limits.first_byte,
        idle: fetch.limits.stall,
        total: fetch.limits.total,
    };
    if fetch.connection == Connection::New {
        request.open = Open::New;
    }
    if close {
        request.after = After::Close;
    }
    Ok(request)
}

/// Who asked, and what is needed to understand the answer.
pub(crate) struct Asked {
    pub(crate) shared: Rc<Shared>,
    pub(crate) record: Rc<Record>,
    pub(crate) fetch: Fetch,
    pub(crate) imports: Option<Arc<Variables>>,
    /// The copy whose validators went with the request.
    pub(crate) copy: Option<Copy>,
}

impl Asked {
    /// What the answer means to the player; ends the record of a playlist.
    pub(crate) fn understand(&self, result: Result<Response, Error>) -> Answer {
        let id = self.fetch.id;
        let failed = |failure| self.answer(Input::Failed { id, failure }, Learned::Nothing);
        let response = match result {
            Ok(response) => response,
            Err(error) => {
                let failure = error.failure();
                self.shared.describe(&self.fetch, failure, &error);
                return failed(failure);
            }
        };
        if let Some(failure) = response.failure() {
            self.shared.describe(&self.fetch, failure, &failure);
            return failed(failure);
        }
        match response.status() {
            304 => match &self.copy {
                // A player that was started anew has not seen what its browser still holds.
                Some(copy) => self.answer(from_cache(&self.fetch, copy), renewed(&response)),
                None => failed(Failure::Status(304)),
            },
            _ if self.fetch.keep_body => self.playlist(response),
            _ => {
                let bytes = response.body_bytes;
                self.answer(Input::Done { id, bytes }, Learned::Nothing)
            }
        }
    }

    fn playlist(&self, response: Response) -> Answer {
        let id = self.fetch.id;
        let url = &response.final_url;
        let body = response.body.clone();
        let mut playlists = self.shared.playlists.borrow_mut();
        match playlists.parse(url, self.imports.as_ref(), body) {
            Ok(playlist) => {
                self.record.judge(class_of(&playlist), None);
                let learned = kept(&response, &playlist);
                let final_url = Some(response.final_url);
                let input = Input::Playlist {
                    id,
                    playlist,
                    final_url,
                };
                self.answer(input, learned)
            }
            Err(error) => {
                let failure = Failure::InvalidPlaylist;
                self.shared.describe(&self.fetch, failure, &error);
                self.record.judge(self.fetch.class, Some(failure));
                self.answer(Input::Failed { id, failure }, Learned::Forget)
            }
        }
    }

    fn answer(&self, input: Input, learned: Learned) -> Answer {
        Answer {
            input,
            learned,
            url: Arc::clone(&self.fetch.url),
        }
    }
}

/// What a playlist that came leaves in the cache.
fn kept(response: &Response, playlist: &Playlist) -> Learned {
    let Some((validators, lifetime)) = browser_cache::storable(&response.head.fields) else {
        return Learned::Forget;
    };
    Learned::Keep(Copy {
        playlist: playlist.clone(),
        final_url: Arc::clone(&response.final_url),
        validators,
        fresh_until: response.timings.ended.saturating_add(lifetime),
    })
}

/// What a 304 leaves in the cache.
fn renewed(response: &Response) -> Learned {
    let lifetime = browser_cache::storable(&response.head.fields)
        .map_or(Duration::ZERO, |(_, lifetime)| lifetime);
    Learned::Renew(response.timings.ended.saturating_add(lifetime))
}

fn class_of(playlist: &Playlist) -> Class {
    match playlist {
        Playlist::Multivariant(_) => Class::Multivariant,
        Playlist::Media(_) => Class::Playlist,
    }
}

/// A copy that is handed over without a request.
pub(crate) fn from_cache(fetch: &Fetch, copy: &Copy) -> Input {
    Input::Playlist {
        id: fetch.id,
        playlist: copy.playlist.clone(),
        final_url: Some(Arc::clone(&copy.final_url)),
    }
}
