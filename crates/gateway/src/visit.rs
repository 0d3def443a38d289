//! An exchange, as it is told to the spectator.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use base::Failure;
use player::Playlist;
use player::spectator::{ExchangeId, Extent, Fact};
use url::Url;
use viewer::Shared;

use crate::seat::Seat;

/// One exchange, as the spectator is told of it: begun once, ended once, also by being dropped.
#[derive(Debug)]
pub(crate) struct Visit {
    shared: Rc<Shared>,
    seat: Rc<Seat>,
    /// `None`: nothing that a spectator is told of, or told to its end.
    id: Cell<Option<ExchangeId>>,
    asked: Extent,
    /// Bytes of the resource that arrived.
    got: Cell<u64>,
}

/// How an exchange ended.
#[derive(Debug)]
pub(crate) enum Ended {
    Playlist(Playlist, Arc<Url>),
    Unchanged,
    Arrived(Extent),
    /// `None`: the player does not want it any more.
    Failed(Option<Failure>),
}

impl Visit {
    /// An exchange begins; `told` where it brings a body.
    pub(crate) fn begin(
        shared: &Rc<Shared>,
        seat: &Rc<Seat>,
        url: &Arc<Url>,
        asked: Extent,
        told: bool,
    ) -> Self {
        let id = seat.comes(shared.clock.elapsed());
        if told {
            let url = Arc::clone(url);
            let extent = asked;
            seat.tell(shared, Fact::Asked { id, url, extent });
        }
        Self {
            shared: Rc::clone(shared),
            seat: Rc::clone(seat),
            id: Cell::new(told.then_some(id)),
            asked,
            got: Cell::new(0),
        }
    }

    pub(crate) fn got(&self, bytes: usize) {
        self.got.set(self.got.get() + bytes as u64);
    }

    pub(crate) fn end(&self, ended: Ended) {
        let Some(id) = self.id.take() else {
            return;
        };
        let fact = match ended {
            Ended::Playlist(playlist, from) => Fact::Playlist {
                id,
                playlist,
                final_url: Some(from),
            },
            Ended::Unchanged => Fact::Unchanged { id },
            Ended::Arrived(extent) => Fact::Arrived { id, extent },
            Ended::Failed(failure) => Fact::Failed {
                id,
                failure,
                got: (self.got.get() > 0).then(|| Extent {
                    offset: self.asked.offset,
                    length: Some(self.got.get()),
                }),
            },
        };
        self.seat.tell(&self.shared, fact);
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.end(Ended::Failed(None));
        self.seat.goes(self.shared.clock.elapsed());
    }
}
