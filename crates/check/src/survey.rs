//! What the viewer did not choose, looked at once; and where each thing that comes belongs.

use std::sync::Arc;
use std::time::Duration;

use base::Class;
use media::hls::{KeyMethod, Map, Multivariant, RenditionKind, Segment};
use player::Profile;
use transport::{Client, Limits};
use url::Url;

use crate::certificate::Validity;
use crate::contents::{Contents, Init};
use crate::exchange::Exchange;
use crate::observed::{InitSeen, Observed, Secured, SegmentSeen, Track, TrackKind};
use crate::probe;
use crate::rules;
use crate::wire::{Ask, Came, Wire};

/// How long the look at the other variants may take in all.
pub const SURVEY_MAX: Duration = Duration::from_secs(15);
/// How many media playlists are looked at, those that the viewer followed included.
pub const TRACKS_MAX: usize = 24;

/// Loads each media playlist that the viewer did not follow, and a segment of each.
pub(crate) async fn look(wire: &Wire, observed: &mut Observed) {
    if observed.multivariant().is_none() || observed.playback.gave_up.is_some() {
        return;
    }
    // What is not done in time is not done; it is counted as left out.
    let in_time = tokio::time::timeout(SURVEY_MAX, look_at_all(wire, observed)).await;
    if in_time.is_err() {
        tracing::info!("the look at the other variants took too long");
        observed.left_out += observed
            .tracks
            .iter()
            .filter(|it| it.loads.is_empty())
            .count();
        observed.tracks.retain(|track| !track.loads.is_empty());
    }
}

/// What the server of the first playlist shows in a TLS handshake, where it was reached over one.
pub(crate) async fn secured(client: &Client, observed: &Observed) -> Option<Secured> {
    let answer = observed.entry.as_ref()?.exchange.answer()?;
    let url = Some(&answer.final_url).filter(|url| url.scheme() == "https")?;
    let shown = tokio::time::timeout(SURVEY_MAX, client.secured(url)).await;
    let shown = shown
        .ok()?
        .inspect_err(|error| tracing::info!(%error, "a look at TLS"))
        .ok()?;
    let certificate = shown.certificate.as_deref();
    Some(Secured {
        version: shown.version,
        validity: certificate.and_then(Validity::of_der),
    })
}

async fn look_at_all(wire: &Wire, observed: &mut Observed) {
    let is_live = observed.is_live() == Some(true);
    let followed = observed.tracks.len();
    let urls = add_others(observed);
    let again = (0..followed).filter(|_| is_live);
    let again: Vec<_> = again
        .filter_map(|place| Some((place, newest_url(&observed.tracks[place])?)))
        .collect();
    // All lists first, so that they are of about the same time.
    for (place, url) in again.into_iter().chain((followed..).zip(urls)) {
        let came = wire.get(ask(Class::Playlist, url)).await;
        let load = probe::load(observed, came);
        observed.tracks[place].loads.push(load);
    }
    for place in followed..observed.tracks.len() {
        look_inside(wire, observed, place).await;
    }
}

fn newest_url(track: &Track) -> Option<Arc<Url>> {
    let answer = track.loads.last()?.exchange.answer()?;
    Some(Arc::clone(&answer.final_url))
}

/// A segment of a track, and what is needed to read it.
async fn look_inside(wire: &Wire, observed: &mut Observed, place: usize) {
    let Some(segment) = observed.tracks.get(place).and_then(one_segment) else {
        return;
    };
    if let Some(map) = segment.map.clone() {
        let mut ask = ask(Class::Init, Arc::clone(&map.uri));
        ask.byte_range = map.byte_range;
        let came = wire.get(ask).await;
        keep_init(observed, &came);
    }
    let mut ask = ask(Class::Segment, Arc::clone(&segment.uri));
    ask.byte_range = segment.byte_range;
    let came = wire.get(ask).await;
    keep_segment(observed, came);
}

/// The newest segment of a live list, the oldest of one that has ended.
fn one_segment(track: &Track) -> Option<Segment> {
    let list = track.latest()?;
    let mut there = list.segments.iter().filter(|segment| !segment.gap);
    let segment = if list.is_live() {
        there.next_back()
    } else {
        there.next()
    };
    segment.cloned()
}

fn ask(class: Class, url: Arc<Url>) -> Ask {
    let limits = Profile::rfc8216().limits;
    let limits = if class.is_playlist() {
        limits.playlist
    } else {
        limits.segment
    };
    Ask {
        class,
        url,
        byte_range: None,
        limits: Limits {
            connect: limits.connect,
            first_byte: limits.first_byte,
            idle: limits.stall,
            total: limits.total,
        },
    }
}

/// Adds a track for each media playlist that is not there yet, and returns their URLs.
fn add_others(observed: &mut Observed) -> Vec<Arc<Url>> {
    let Some(lists) = observed.multivariant().cloned() else {
        return Vec::new();
    };
    let mut urls: Vec<Arc<Url>> = Vec::new();
    for (kind, url) in named(&lists) {
        let is_known =
            observed.tracks.iter().any(|track| is_at(track, &url)) || urls.contains(&url);
        if is_known {
            continue;
        }
        if observed.tracks.len() >= TRACKS_MAX {
            observed.left_out += 1;
            continue;
        }
        observed
            .tracks
            .push(Track::new(name(&lists, kind), kind, false));
        urls.push(url);
    }
    urls
}

/// Every media playlist that a multivariant one names, I-frame variants apart.
fn named(lists: &Multivariant) -> impl Iterator<Item = (TrackKind, Arc<Url>)> {
    let variants = lists.variants.iter().enumerate();
    let variants = variants.map(|(place, it)| (TrackKind::Variant(place), Arc::clone(&it.uri)));
    let renditions = lists.renditions.iter().enumerate();
    let renditions = renditions.filter_map(|(place, it)| {
        Some((TrackKind::Rendition(place), Arc::clone(it.uri.as_ref()?)))
    });
    variants.chain(renditions)
}

fn name(lists: &Multivariant, kind: TrackKind) -> String {
    match kind {
        TrackKind::Only => "the playlist".to_owned(),
        TrackKind::Variant(place) => match lists.variants.get(place) {
            Some(variant) => rules::variant_name(place, variant),
            None => format!("variant {}", place + 1),
        },
        TrackKind::Rendition(place) => {
            let kind = match lists.renditions.get(place).map(|it| it.kind) {
                Some(RenditionKind::Audio) => "audio",
                Some(RenditionKind::Subtitles) => "subtitles",
                _ => "rendition",
            };
            format!("{kind} rendition {}", place + 1)
        }
    }
}

/// Whether a track's list was asked for at `url`, or came from there.
fn is_at(track: &Track, url: &Url) -> bool {
    track.loads.iter().any(|load| {
        let led_to = load.exchange.answer().map(|answer| &*answer.final_url);
        *load.exchange.url == *url || led_to == Some(url)
    })
}

/// The place of the track whose list was asked for at `url`; a new one where there is none.
pub(crate) fn track_of(observed: &mut Observed, url: &Url) -> usize {
    if let Some(place) = observed.tracks.iter().position(|track| is_at(track, url)) {
        return place;
    }
    let track = match observed.multivariant() {
        Some(lists) => {
            let mut named = named(lists);
            let kind = named
                .find(|(_, named)| **named == *url)
                .map(|(kind, _)| kind);
            let kind = kind.unwrap_or(TrackKind::Only);
            Track::new(name(lists, kind), kind, true)
        }
        None => Track::new("the playlist".to_owned(), TrackKind::Only, true),
    };
    observed.tracks.push(track);
    observed.tracks.len() - 1
}

/// Keeps an initialisation section with each track that names it.
pub(crate) fn keep_init(observed: &mut Observed, came: &Came) {
    let init = came.exchange.answer().map(|_| Init::read(&came.body));
    for track in &mut observed.tracks {
        let names = track.states().any(|(_, list)| {
            list.segments.iter().any(|it| {
                it.map
                    .as_deref()
                    .is_some_and(|map| is_of(map, &came.exchange))
            })
        });
        if names {
            track.inits.push(InitSeen {
                exchange: came.exchange.clone(),
                init: init.clone(),
            });
        }
    }
}

fn is_of(map: &Map, exchange: &Exchange) -> bool {
    map.uri == exchange.url && map.byte_range == exchange.byte_range
}

/// Keeps a segment with the track that lists it.
pub(crate) fn keep_segment(observed: &mut Observed, came: Came) {
    let exchange = came.exchange;
    let found = observed
        .tracks
        .iter()
        .enumerate()
        .find_map(|(place, track)| {
            let (msn, segment) = listed(track, &exchange)?;
            Some((place, msn, segment))
        });
    let Some((place, msn, listed)) = found else {
        tracing::debug!(url = %exchange.url, "a segment that no list names");
        return;
    };
    let track = &mut observed.tracks[place];
    let init = listed.map.as_deref().and_then(|map| {
        let mut inits = track.inits.iter().rev();
        let seen = inits.find(|seen| is_of(map, &seen.exchange))?;
        seen.init.as_ref()?.as_ref().ok()
    });
    let is_whole = exchange.answer().is_some();
    let contents = is_whole.then(|| Contents::read(&came.body, init, is_encrypted(&listed)));
    track.segments.push(SegmentSeen {
        msn: Some(msn),
        listed: Some(listed),
        exchange,
        contents,
    });
}

/// What a track's newest list that names it says of a segment.
fn listed(track: &Track, exchange: &Exchange) -> Option<(u64, Segment)> {
    track.states().rev().find_map(|(_, list)| {
        let mut numbered = (list.first_msn()..).zip(&list.segments);
        let (msn, segment) = numbered
            .find(|(_, it)| it.uri == exchange.url && it.byte_range == exchange.byte_range)?;
        Some((msn, segment.clone()))
    })
}

/// Whether the whole segment is encrypted, so that its container can't be read.
fn is_encrypted(segment: &Segment) -> bool {
    segment.key().is_some_and(|key| match key.method {
        KeyMethod::Aes128 | KeyMethod::Other(_) => true,
        KeyMethod::SampleAes | KeyMethod::SampleAesCtr => false,
    })
}
