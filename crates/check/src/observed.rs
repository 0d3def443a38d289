//! What was seen of a stream.

use std::sync::Arc;
use std::time::Duration;

use base::{Class, Failure, Now};
use media::hls::{self, MediaPlaylist, Multivariant, Segment};
use player::Playlist;
use url::Url;

use crate::certificate::Validity;
use crate::contents::{Contents, Init};
use crate::exchange::Exchange;
use crate::lines;

/// All that was seen.
#[derive(Clone, Debug)]
pub struct Observed {
    /// What was asked for.
    pub url: Arc<Url>,
    /// When it began, on both clocks.
    pub began: Now,
    /// How long the viewer watched.
    pub watched: Duration,
    /// Certificates were not verified.
    pub insecure: bool,
    /// What the stream's server shows in a TLS handshake; `None` where it was not looked at.
    pub secured: Option<Secured>,
    /// The first playlist: everything else follows from it.
    pub entry: Option<Load>,
    /// The media playlists: those that the viewer followed, then those that were looked at once.
    pub tracks: Vec<Track>,
    /// Variants and renditions that were left out.
    pub left_out: usize,
    /// What the viewer lived through.
    pub playback: Playback,
}

/// What a server shows in a TLS handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secured {
    /// `TLS 1.2` or `TLS 1.3`; `None`: another one.
    pub version: Option<&'static str>,
    /// How long its certificate holds; `None` where that can't be read.
    pub validity: Option<Validity>,
}

/// One media playlist and its segments.
#[derive(Clone, Debug)]
pub struct Track {
    /// What it is called in a sentence.
    pub name: String,
    /// What it is in the multivariant playlist.
    pub kind: TrackKind,
    /// The viewer followed it; else it was looked at once.
    pub followed: bool,
    /// Each time it was loaded, oldest first.
    pub loads: Vec<Load>,
    /// Its initialisation sections, as they came.
    pub inits: Vec<InitSeen>,
    /// Its segments, as they came.
    pub segments: Vec<SegmentSeen>,
}

/// What a media playlist is in the multivariant one, by its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackKind {
    /// There is no multivariant playlist.
    Only,
    /// A variant.
    Variant(usize),
    /// A rendition.
    Rendition(usize),
}

/// A playlist, loaded once.
#[derive(Clone, Debug)]
pub struct Load {
    /// How it came.
    pub exchange: Exchange,
    /// What its text says beside what was parsed.
    pub lines: lines::Lines,
    /// What it is; `None` where nothing came.
    pub read: Option<Result<Playlist, hls::Error>>,
}

/// An initialisation section.
#[derive(Clone, Debug)]
pub struct InitSeen {
    /// How it came.
    pub exchange: Exchange,
    /// What it holds; `None` where nothing came.
    pub init: Option<Result<Init, String>>,
}

/// A segment.
#[derive(Clone, Debug)]
pub struct SegmentSeen {
    /// Its media sequence number, where the playlist that listed it is known.
    pub msn: Option<u64>,
    /// What the playlist says of it.
    pub listed: Option<Segment>,
    /// How it came.
    pub exchange: Exchange,
    /// What it holds; `None` where nothing came.
    pub contents: Option<Contents>,
}

/// What the viewer lived through.
#[derive(Clone, Debug, Default)]
pub struct Playback {
    /// From its start to the first frame; `None` if it never played.
    pub startup: Option<Duration>,
    /// Stalls that ended.
    pub stalls: Vec<Duration>,
    /// It was stalled when the watch ended.
    pub stalled_at_the_end: bool,
    /// Segments that it had to leave out.
    pub skipped: u64,
    /// The latest distance from the live edge.
    pub live_latency: Option<Duration>,
    /// The latest distance from the capture, by the dates of the stream, in milliseconds.
    pub glass_to_glass_ms: Option<i64>,
    /// It gave up on this, because of that.
    pub gave_up: Option<(Class, Failure)>,
}

impl Observed {
    /// The multivariant playlist, if there is one that parses.
    pub fn multivariant(&self) -> Option<&Arc<Multivariant>> {
        match self.entry.as_ref()?.read.as_ref()?.as_ref().ok()? {
            Playlist::Multivariant(lists) => Some(lists),
            Playlist::Media(_) => None,
        }
    }

    /// The media playlists that the viewer followed.
    pub fn followed(&self) -> impl Iterator<Item = &Track> {
        self.tracks.iter().filter(|track| track.followed)
    }

    /// Wall-clock milliseconds at an instant of the check.
    pub fn unix_ms(&self, at: Duration) -> i64 {
        self.began.unix_ms_at(at)
    }

    /// Every request, in no particular order. The first playlist is there once.
    pub fn exchanges(&self) -> impl Iterator<Item = &Exchange> {
        let entry = self.entry.iter().map(|load| &load.exchange);
        // A stream without a multivariant playlist has its first load among those of its track.
        let is_own = self.multivariant().is_some() || self.tracks.is_empty();
        let entry = entry.filter(move |_| is_own);
        entry.chain(self.tracks.iter().flat_map(Track::exchanges))
    }

    /// Whether the stream is live: `None` where no media playlist was read.
    pub fn is_live(&self) -> Option<bool> {
        let mut lists = self.tracks.iter().filter_map(Track::latest);
        Some(lists.next()?.is_live())
    }
}

impl Track {
    /// A track of which nothing was seen.
    pub fn new(name: String, kind: TrackKind, followed: bool) -> Self {
        Self {
            name,
            kind,
            followed,
            loads: Vec::new(),
            inits: Vec::new(),
            segments: Vec::new(),
        }
    }

    /// The newest state that parsed.
    pub fn latest(&self) -> Option<&Arc<MediaPlaylist>> {
        self.states().last().map(|(_, list)| list)
    }

    /// Every load that gave a media playlist.
    pub fn states(&self) -> impl DoubleEndedIterator<Item = (&Load, &Arc<MediaPlaylist>)> {
        self.loads
            .iter()
            .filter_map(|load| Some((load, load.media()?)))
    }

    fn exchanges(&self) -> impl Iterator<Item = &Exchange> {
        let loads = self.loads.iter().map(|load| &load.exchange);
        let inits = self.inits.iter().map(|seen| &seen.exchange);
        loads
            .chain(inits)
            .chain(self.segments.iter().map(|seen| &seen.exchange))
    }
}

impl Load {
    /// The media playlist, if it is one.
    pub fn media(&self) -> Option<&Arc<MediaPlaylist>> {
        match self.read.as_ref()?.as_ref().ok()? {
            Playlist::Media(list) => Some(list),
            Playlist::Multivariant(_) => None,
        }
    }
}
