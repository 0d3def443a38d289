//! The checks, one file for each area.
//!
//! Each function looks at what was seen and says one line for each of its checks: fine, wrong, or
//! not looked at.

mod alignment;
mod caching;
mod dates;
mod delivery;
mod media_time;
mod multivariant;
mod playback;
mod playlists;
mod rates;
mod reach;
mod reloads;
mod segments;
mod syntax;

use std::time::Duration;

use media::hls::MediaPlaylist;

use crate::findings::Findings;
use crate::observed::{Observed, Track};

pub(crate) use multivariant::name as variant_name;

/// Whole target durations that a list may stand still (RFC 8216bis, 6.2.1).
const STALE: f64 = 1.5;

/// Makes every check that can be made.
pub(crate) fn all(observed: &Observed, findings: &mut Findings) {
    reach::judge(observed, findings);
    multivariant::judge(observed, findings);
    if observed.tracks.iter().all(|track| track.loads.is_empty()) {
        return;
    }
    playlists::judge(observed, findings);
    if observed.tracks.iter().all(|track| track.latest().is_none()) {
        return;
    }
    reloads::judge(observed, findings);
    dates::judge(observed, findings);
    segments::judge(observed, findings);
    media_time::judge(observed, findings);
    rates::judge(observed, findings);
    alignment::judge(observed, findings);
    delivery::judge(observed, findings);
    caching::judge(observed, findings);
    playback::judge(observed, findings);
}

/// A problem of one track, said with its name where there are several.
fn of(observed: &Observed, track: &Track, words: impl std::fmt::Display) -> String {
    if observed.tracks.len() > 1 {
        format!("{}: {words}", track.name)
    } else {
        words.to_string()
    }
}

/// The tracks that have a list, with its newest state.
fn lists(observed: &Observed) -> impl Iterator<Item = (&Track, &MediaPlaylist)> {
    let tracks = observed.tracks.iter();
    tracks.filter_map(|track| Some((track, track.latest()?.as_ref())))
}

/// The target duration of the first list.
fn target(observed: &Observed) -> Duration {
    lists(observed)
        .next()
        .map_or(Duration::ZERO, |(_, list)| list.target_duration)
}

/// Whole seconds, as the standard rounds (4.4.3.1).
fn rounded(length: Duration) -> Duration {
    Duration::from_secs(length.as_secs_f64().round() as u64)
}
