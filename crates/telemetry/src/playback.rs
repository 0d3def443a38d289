use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::generator::join;
use crate::occurrences::Occurrences;

/// What went wrong in playback, beside stalls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Playback {
    /// Segments that were not fetched: they left the window, or every attempt failed.
    pub skipped: Occurrences,
    /// Segments that arrived after the buffer had run out.
    pub late: Occurrences,
    /// Playlists that stood still for more than 1.5 target durations: the origin's fault.
    pub stale_playlists: Occurrences,
    /// The longest target duration of a media playlist (RFC 8216bis, 4.4.3.1), in milliseconds;
    /// `None` before one was read.
    #[serde(default)]
    pub target_duration_ms: Option<u64>,
    /// Glass-to-glass samples below zero, counted as zero: the source's clock is ahead of ours.
    pub clock_ahead: Occurrences,
}

impl Playback {
    /// Adds what `other` holds.
    pub fn merge(&mut self, other: &Self) {
        self.skipped.merge(&other.skipped);
        self.late.merge(&other.late);
        self.stale_playlists.merge(&other.stale_playlists);
        self.clock_ahead.merge(&other.clock_ahead);
        join(
            &mut self.target_duration_ms,
            other.target_duration_ms,
            u64::max,
        );
    }

    /// The longest target duration of a media playlist; `None` before one was read.
    pub fn target_duration(&self) -> Option<Duration> {
        self.target_duration_ms.map(Duration::from_millis)
    }
}
