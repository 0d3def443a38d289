use std::sync::Arc;

use base::Failure;
use media::hls::ByteRange;
use url::Url;

use crate::io::Playlist;

/// Names one request of a player that is watched. Whoever tells the facts counts them up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExchangeId(pub u32);

/// Which bytes of a resource are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// The first byte.
    pub offset: u64,
    /// How many bytes; `None`: to the end of the resource.
    pub length: Option<u64>,
}

impl Extent {
    /// All bytes.
    pub const WHOLE: Self = Self {
        offset: 0,
        length: None,
    };

    /// The byte after the last one; `None`: the end of the resource.
    pub fn end(self) -> Option<u64> {
        Some(self.offset.saturating_add(self.length?))
    }

    /// Whether a segment that is this range of its resource (or all of it) lies in these bytes.
    pub fn covers(self, segment: Option<ByteRange>) -> bool {
        let (first, end) = match segment {
            Some(range) => (range.offset, Some(range.offset + range.length)),
            None => (0, None),
        };
        self.offset <= first
            && match (self.end(), end) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(mine), Some(its)) => mine >= its,
            }
    }

    /// Whether the request begins within such a segment: it is the segment, a part of it, or the
    /// rest of it.
    pub fn begins_in(self, segment: Option<ByteRange>) -> bool {
        segment.is_none_or(|range| {
            self.offset >= range.offset && self.offset < range.offset + range.length.max(1)
        })
    }
}

/// What was seen of a player from outside. Facts about an exchange that is over do nothing.
#[derive(Clone, Debug)]
pub enum Fact {
    /// The player asks for something (a request that brings a body; `HEAD` is none).
    Asked {
        /// Which exchange this begins.
        id: ExchangeId,
        /// The origin's URL, as the player names it.
        url: Arc<Url>,
        /// The bytes it asks for (`Range`).
        extent: Extent,
    },
    /// The answer arrived whole and is a playlist. Ends the exchange.
    Playlist {
        /// Which exchange.
        id: ExchangeId,
        /// What it says.
        playlist: Playlist,
        /// Where it came from, where redirects led elsewhere.
        final_url: Option<Arc<Url>>,
    },
    /// 304: as before. Ends the exchange.
    Unchanged {
        /// Which exchange.
        id: ExchangeId,
    },
    /// The answer arrived whole and is no playlist. Ends the exchange.
    Arrived {
        /// Which exchange.
        id: ExchangeId,
        /// The bytes it brought (`Content-Range`); without length where they reach the end of the
        /// resource, which those of a 200 do.
        extent: Extent,
    },
    /// It failed, or the player gave it up. Ends the exchange.
    Failed {
        /// Which exchange.
        id: ExchangeId,
        /// Why; `None` where the player itself did not want it any more.
        failure: Option<Failure>,
        /// What had arrived of the resource, for players that ask for the rest.
        got: Option<Extent>,
    },
    /// The time of [`Spectator::deadline`](super::Spectator::deadline) has come. Early, late and
    /// repeated ones do no harm.
    Timer,
    /// The player is gone: nothing more happens, and no event tells of it. Whoever knows why enters
    /// the viewer's last state.
    Gone,
}
