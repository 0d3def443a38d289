//! Requests met with resources: routes, availability, faults.

use std::{sync::Arc, time::Duration};

use base::{Class, Now};
use bytes::Bytes;

use crate::{
    Action, Config, End, Error, Format, Method, Request, Response,
    asset::Asset,
    cache::Shelf,
    fault::Facts,
    grid::Grid,
    listing, playlist,
    resource::{self, Freshness, Resource},
    route::{self, Route},
    track::{self, Track},
};

const HLS_TYPE: &str = "application/vnd.apple.mpegurl";
/// Playlists kept of a track: the current one, and what stands still because of a fault.
const PLAYLISTS_KEPT: usize = 4;
/// Bytes of segments kept in memory for all tracks; what does not fit is made anew when asked for.
const CACHE_BYTES_MAX: u64 = 512 << 20;
/// Segments kept of a track whatever their size: the newest, and the one before.
const SEGMENTS_KEPT_MIN: u64 = 2;

/// A live origin: a function of (asset, configuration, request, now).
#[derive(Debug)]
pub struct Origin {
    config: Config,
    grid: Grid,
    tracks: Vec<Shelves>,
    multivariant: Resource,
}

/// A track and what was rendered of it.
#[derive(Debug)]
struct Shelves {
    track: Track,
    init: Option<Resource>,
    playlists: Shelf,
    segments: Shelf,
}

impl Origin {
    /// The path of the multivariant playlist.
    pub const MULTIVARIANT_PATH: &'static str = route::MULTIVARIANT;

    /// An origin that serves `config`, or why it can't.
    pub fn new(config: Config) -> Result<Self, Error> {
        let asset = Arc::new(Asset::load()?);
        let grid = track::grid(&config)?;
        let tracks = track::tracks(&config, grid, &asset)?;
        let text = playlist::multivariant(&config, &asset, grid, &tracks);
        let budget = CACHE_BYTES_MAX / tracks.len() as u64;
        Ok(Self {
            multivariant: Resource::new(HLS_TYPE, Freshness::Seconds(60), 0, text.into()),
            tracks: tracks
                .into_iter()
                .map(|track| Shelves::new(track, grid, budget))
                .collect(),
            config,
            grid,
        })
    }

    /// What it serves.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Paths of all playlists: the multivariant one, each variant's, the audio rendition's.
    pub fn playlist_paths(&self) -> Vec<String> {
        let media = self.tracks.iter().map(|shelves| {
            format!(
                "{}{}",
                route::LIVE,
                route::playlist_name(&shelves.track.name)
            )
        });
        std::iter::once(route::MULTIVARIANT.into())
            .chain(media)
            .collect()
    }

    /// The class of a request for `path`, whether there is such a thing or not.
    pub fn class_of(path: &str) -> Class {
        route::class_of(path)
    }

    /// When the last frame of the media segment at `path` had been captured, in Unix milliseconds:
    /// where the segment ends on the stream's own clock. `None` where `path` is no media segment
    /// that could be of this age of the world.
    pub fn captured_ms(&self, path: &str) -> Option<i64> {
        let Route::Segment(_, n) = Route::of(path, self.config.format) else {
            return None;
        };
        let end_ms = n.checked_add(1)?.checked_mul(self.grid.segment_ms)?;
        i64::try_from(end_ms).ok()
    }

    /// The answer to `request` at the instant `now`. The monotonic clock does not matter.
    pub fn respond(&self, request: &Request<'_>, now: Now) -> Response {
        let route = Route::of(request.path, self.config.format);
        let facts = Facts {
            class: route::class_of(request.path),
            track: route.track(),
            number: route.number(),
            path: request.path,
            sequence: request.sequence,
            unix_ms: now.unix_ms,
            seed: self.config.seed,
        };
        if self.config.faults.is_empty() {
            return self.healthy(request, route, facts.class, now.unix_ms);
        }
        self.faulty(request, route, &facts)
    }

    /// Renders what becomes available next, so that no request has to wait for it.
    pub fn prepare(&self, now: Now) {
        let next = self.grid.newest(now.unix_ms).map_or(0, |newest| newest + 1);
        for shelves in &self.tracks {
            shelves.segment(self.grid, self.config.format, next);
            shelves.playlist(&self.config, self.grid, Some(next));
        }
    }

    /// The duration of a segment.
    pub fn segment_duration(&self) -> Duration {
        Duration::from_millis(self.grid.segment_ms)
    }

    /// The answer where faults are configured.
    fn faulty(&self, request: &Request<'_>, route: Route<'_>, facts: &Facts<'_>) -> Response {
        let mut delay = Duration::ZERO;
        let mut rate = None;
        let mut playlist_at = facts.unix_ms;
        let mut ending = None;
        for (place, fault) in self.config.faults.iter().enumerate() {
            if !fault.applies(place, facts) {
                continue;
            }
            match fault.action {
                Action::Delay(by) => delay += by,
                Action::Throttle(to) => rate = Some(rate.map_or(to, |rate: u64| rate.min(to))),
                Action::Stale => {
                    let opened = fault.window.and_then(|window| window.opened(facts.unix_ms));
                    playlist_at = playlist_at.min(opened.unwrap_or(facts.unix_ms));
                }
                other => ending = ending.or(Some(other)),
            }
        }
        let mut response = match ending {
            Some(Action::Status(status)) => {
                let text = format!("{status}: a fault, as configured\n");
                resource::plain(facts.class, status, request.method, &text)
            }
            _ if facts.class == Class::Playlist => {
                self.healthy(request, route, facts.class, playlist_at)
            }
            _ => self.healthy(request, route, facts.class, facts.unix_ms),
        };
        let half = response.body.len() / 2;
        response.delivery.delay = delay;
        response.delivery.rate = rate;
        response.delivery.end = match ending {
            // A body too short to be halved can't be cut: the answer goes missing instead.
            Some(Action::Truncate) if response.body.len() < 2 => End::Silent,
            Some(Action::Truncate) => End::Close { after: half },
            Some(Action::Reset) => End::Reset { after: half },
            Some(Action::Close) => End::Silent,
            _ => End::Whole,
        };
        response
    }

    /// The answer of an origin without faults.
    fn healthy(
        &self,
        request: &Request<'_>,
        route: Route<'_>,
        class: Class,
        unix_ms: i64,
    ) -> Response {
        match request.method {
            Method::Get | Method::Head => {}
            Method::Options => return resource::preflight(class),
            Method::Other => {
                let mut response = resource::plain(
                    class,
                    405,
                    request.method,
                    "405: GET, HEAD and OPTIONS are served\n",
                );
                response.headers.push("Allow", "GET, HEAD, OPTIONS");
                return response;
            }
        }
        match self.resource(route, unix_ms) {
            Ok(resource) => resource.answer(class, request),
            Err(why) => resource::plain(class, 404, request.method, why),
        }
    }

    fn resource(&self, route: Route<'_>, unix_ms: i64) -> Result<Resource, &'static str> {
        const NO_TRACK: &str = "404: there is no such variant; /live/master.m3u8 lists them\n";
        const NOTHING: &str = "404: nothing is here; the stream is at /live/master.m3u8\n";
        let newest = self.grid.newest(unix_ms);
        let track = |name| {
            self.tracks
                .iter()
                .find(|shelves| shelves.track.name == name)
                .ok_or(NO_TRACK)
        };
        match route {
            Route::Multivariant => Ok(self.multivariant.clone()),
            Route::Playlist(name) => Ok(track(name)?.playlist(&self.config, self.grid, newest)),
            Route::Init(name) => track(name)?.init.clone().ok_or(NOTHING),
            Route::Segment(name, n) => {
                let shelves = track(name)?;
                let fetchable = newest.map(|newest| self.grid.fetchable(newest));
                match fetchable {
                    Some(range) if range.contains(&n) => {
                        Ok(shelves.segment(self.grid, self.config.format, n))
                    }
                    Some(range) if n < *range.start() => {
                        Err("404: this segment is gone; its window has passed\n")
                    }
                    _ => Err("404: this segment is still to come\n"),
                }
            }
            Route::Listing => {
                let tracks = self.tracks.iter().map(|shelves| &shelves.track);
                let text = listing::listing(self.config.format, self.grid, tracks, newest);
                let modified = newest.map_or(0, |newest| self.grid.start_ms(newest + 1) / 1000);
                Ok(Resource::new(
                    "application/json",
                    Freshness::Revalidate,
                    modified,
                    text.into(),
                ))
            }
            Route::Unknown => Err(NOTHING),
        }
    }
}

impl Shelves {
    fn new(track: Track, grid: Grid, budget_bytes: u64) -> Self {
        let affordable = budget_bytes / track.renderer.segment_len_max().max(1);
        // What can be fetched, and the one that `prepare` makes ahead.
        let segments = affordable.clamp(SEGMENTS_KEPT_MIN, grid.fetchable_count() + 1);
        Self {
            init: track.renderer.init().map(|body| {
                let content_type = content_type(&track, Format::Fmp4);
                Resource::new(content_type, Freshness::Immutable, 0, body)
            }),
            playlists: Shelf::new(PLAYLISTS_KEPT),
            segments: Shelf::new(segments as usize),
            track,
        }
    }

    fn segment(&self, grid: Grid, format: Format, n: u64) -> Resource {
        self.segments.get(n, || {
            let modified = grid.start_ms(n + 1) / 1000;
            let content_type = content_type(&self.track, format);
            Resource::new(
                content_type,
                Freshness::Immutable,
                modified,
                self.track.renderer.segment(n),
            )
        })
    }

    fn playlist(&self, config: &Config, grid: Grid, newest: Option<u64>) -> Resource {
        let make = || {
            let text = playlist::media(config, grid, &self.track, newest);
            let modified = newest.map_or(0, |newest| grid.start_ms(newest + 1) / 1000);
            Resource::new(HLS_TYPE, Freshness::Revalidate, modified, Bytes::from(text))
        };
        match newest {
            Some(newest) => self.playlists.get(newest, make),
            None => make(),
        }
    }
}

fn content_type(track: &Track, format: Format) -> &'static str {
    match (format, track.picture) {
        (Format::Ts, _) => "video/mp2t",
        (Format::Fmp4, Some(_)) => "video/mp4",
        (Format::Fmp4, None) => "audio/mp4",
    }
}
