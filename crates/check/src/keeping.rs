//! Where each thing that comes belongs.

use std::sync::Arc;

use base::Class;
use media::hls::{self, KeyMethod, Map, Multivariant, RenditionKind, Segment, Variables};
use player::Playlist;
use url::Url;

use crate::contents::{Contents, Init};
use crate::exchange::Exchange;
use crate::lines::Lines;
use crate::observed::{InitSeen, Load, Observed, SegmentSeen, Track, TrackKind};
use crate::rules;
use crate::wire::Came;

/// Every media playlist that a multivariant one names, I-frame variants apart.
pub(crate) fn named(lists: &Multivariant) -> impl Iterator<Item = (TrackKind, Arc<Url>)> {
    let variants = lists.variants.iter().enumerate();
    let variants = variants.map(|(place, it)| (TrackKind::Variant(place), Arc::clone(&it.uri)));
    let renditions = lists.renditions.iter().enumerate();
    let renditions = renditions.filter_map(|(place, it)| {
        Some((TrackKind::Rendition(place), Arc::clone(it.uri.as_ref()?)))
    });
    variants.chain(renditions)
}

pub(crate) fn name(lists: &Multivariant, kind: TrackKind) -> String {
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
pub(crate) fn is_at(track: &Track, url: &Url) -> bool {
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
        tracing::debug!(url = %transport::mask::url(exchange.url.as_str()), "a segment that no list names");
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

/// A playlist that came, read.
pub(crate) fn load(observed: &Observed, came: Came) -> Load {
    let imports = observed.multivariant().map(|lists| lists.variables.clone());
    let imports: Variables = imports.unwrap_or_default();
    let read = came.exchange.answer().map(|answer| {
        hls::parse(&came.body, &answer.final_url, &imports).map(|playlist| match playlist {
            hls::Playlist::Multivariant(lists) => Playlist::Multivariant(Arc::new(lists)),
            hls::Playlist::Media(list) => Playlist::Media(Arc::new(list)),
        })
    });
    Load {
        lines: Lines::read(&came.body),
        exchange: came.exchange,
        read,
    }
}

/// Puts a segment or an initialisation section where it belongs.
pub(crate) fn keep_media(observed: &mut Observed, came: Came) {
    match came.exchange.class {
        Class::Init => keep_init(observed, &came),
        Class::Segment => keep_segment(observed, came),
        _ => {}
    }
}
