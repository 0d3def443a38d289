use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Class, Failure, Now};
use media::hls::{self, Variables};
use origin::{End, Origin, Request, Response};
use player::Playlist;
use url::Url;

use crate::flight::{Answer, Content};

/// States of one playlist that are kept parsed.
const STATES_KEPT: usize = 4;

/// The origin, and what it has counted.
#[derive(Debug)]
pub(crate) struct Server {
    origin: Origin,
    requests: u64,
    /// Answers by class, and the bytes of their bodies, whether they arrived or not.
    sent: [Sent; Class::COUNT],
    playlists: BTreeMap<String, Vec<(String, Playlist)>>,
}

/// What was sent of one class.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sent {
    pub(crate) ok: u64,
    pub(crate) bytes: u64,
}

/// The parts of a request that the origin looks at.
pub(crate) struct Ask<'a> {
    pub(crate) url: &'a Arc<Url>,
    pub(crate) if_none_match: Option<&'a str>,
    pub(crate) range: Option<&'a str>,
    pub(crate) keep_body: bool,
}

impl Server {
    pub(crate) fn new(config: origin::Config) -> Result<Self, origin::Error> {
        Ok(Self {
            origin: Origin::new(config)?,
            requests: 0,
            sent: [Sent::default(); Class::COUNT],
            playlists: BTreeMap::new(),
        })
    }

    pub(crate) fn sent(&self, class: Class) -> Sent {
        self.sent[class.index()]
    }

    pub(crate) fn answer(&mut self, ask: &Ask<'_>, now: Now) -> Answer {
        self.requests += 1;
        let request = Request {
            range: ask.range,
            if_none_match: ask.if_none_match,
            sequence: self.requests,
            ..Request::get(ask.url.path())
        };
        let response = self.origin.respond(&request, now);
        let sent = &mut self.sent[response.class.index()];
        sent.bytes += response.body.len() as u64;
        sent.ok += u64::from(matches!(response.status, 200 | 206 | 304));
        let etag = response.headers.get("ETag").map(str::to_owned);
        Answer {
            status: response.status,
            len: response.body.len() as u64,
            content: self.content(ask, &response, etag.as_deref()),
            delay: response.delivery.delay,
            rate: response.delivery.rate,
            breaks: breaks(response.delivery.end),
            is_silent: response.delivery.end == End::Silent,
            etag,
        }
    }

    fn content(&mut self, ask: &Ask<'_>, response: &Response, etag: Option<&str>) -> Content {
        if !ask.keep_body || !matches!(response.status, 200 | 206) {
            return Content::Bytes;
        }
        let kept = self.playlists.entry(ask.url.path().to_owned()).or_default();
        let known = kept.iter().find(|(known, _)| Some(known.as_str()) == etag);
        if let Some((_, playlist)) = known {
            return Content::Playlist(playlist.clone());
        }
        let playlist = match hls::parse(&response.body, ask.url, &Variables::new()) {
            Ok(hls::Playlist::Multivariant(list)) => Playlist::Multivariant(Arc::new(list)),
            Ok(hls::Playlist::Media(list)) => Playlist::Media(Arc::new(list)),
            Err(_) => return Content::Unreadable,
        };
        if kept.len() >= STATES_KEPT {
            kept.remove(0);
        }
        if let Some(etag) = etag {
            kept.push((etag.to_owned(), playlist.clone()));
        }
        Content::Playlist(playlist)
    }
}

fn breaks(end: End) -> Option<(u64, Failure)> {
    match end {
        End::Whole => None,
        End::Close { after } => Some((after as u64, Failure::Truncated)),
        End::Reset { after } => Some((after as u64, Failure::Reset)),
        End::Silent => Some((0, Failure::Reset)),
    }
}
