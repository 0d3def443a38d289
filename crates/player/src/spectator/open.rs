//! What a player has asked for, and not got yet.

use std::sync::Arc;

use media::hls::ByteRange;
use smallvec::SmallVec;
use url::Url;

use super::source::Piece;
use super::{ExchangeId, Extent};

/// Requests under way that are kept; past this the oldest is forgotten.
const OPEN_MAX: usize = 64;
/// Pieces of which a part has arrived, kept for the request of the rest; past this the oldest is
/// forgotten.
const BEGUN_MAX: usize = 8;

/// One request under way.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub(super) id: ExchangeId,
    pub(super) url: Arc<Url>,
    /// The list that names it, by its place, and what it is there.
    pub(super) piece: Option<(usize, Piece)>,
}

/// A piece of media of which the beginning has arrived.
#[derive(Clone, Debug)]
struct Begun {
    url: Arc<Url>,
    offset: u64,
    end: u64,
}

/// Requests under way, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Desk {
    open: SmallVec<[Open; 2]>,
    begun: SmallVec<[Begun; 1]>,
}

impl Desk {
    pub(super) fn begin(&mut self, open: Open) {
        self.take(open.id);
        if self.open.len() == OPEN_MAX {
            self.open.remove(0);
        }
        self.open.push(open);
    }

    pub(super) fn take(&mut self, id: ExchangeId) -> Option<Open> {
        let place = self.open.iter().position(|open| open.id == id)?;
        Some(self.open.remove(place))
    }

    /// Whether a segment of this list is under way.
    pub(super) fn reads(&self, source: usize) -> bool {
        let mut pieces = self.open.iter().filter_map(|open| open.piece);
        pieces.any(|(place, _)| place == source)
    }

    /// Whether these bytes, with those that arrived before, are all of a piece of media; if not,
    /// they are kept in mind.
    pub(super) fn completes(
        &mut self,
        url: &Arc<Url>,
        mut got: Extent,
        piece: Option<ByteRange>,
    ) -> bool {
        let first = piece.map_or(0, |range| range.offset);
        let place = self.begun.iter().position(|begun| {
            begun.url == *url && begun.offset == first && got.offset <= begun.end
        });
        if let Some(place) = place {
            let begun = self.begun.remove(place);
            let end = got.end().map(|end| end.max(begun.end));
            got = Extent {
                offset: got.offset.min(begun.offset),
                length: end.map(|end| end - got.offset.min(begun.offset)),
            };
        }
        if got.covers(piece) {
            return true;
        }
        if let Some(end) = got.end()
            && got.offset <= first
            && end > first
        {
            if self.begun.len() == BEGUN_MAX {
                self.begun.remove(0);
            }
            self.begun.push(Begun {
                url: Arc::clone(url),
                offset: first,
                end,
            });
        }
        false
    }
}
