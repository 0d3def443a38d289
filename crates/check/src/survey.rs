//! What the viewer did not choose, looked at once.

use std::sync::Arc;
use std::time::Duration;

use base::Class;
use media::hls::Segment;
use player::Profile;
use transport::{Client, Limits};
use url::Url;

use crate::certificate::Validity;
use crate::keeping::{is_at, keep_init, keep_segment, load, name, named};
use crate::observed::{Observed, Secured, Track};
use crate::wire::{Ask, Wire};

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
        let load = load(observed, came);
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
