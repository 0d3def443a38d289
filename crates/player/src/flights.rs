//! Requests in flight: each is landed exactly once.

use smallvec::SmallVec;

use crate::io::FetchId;

/// What a request in flight is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// The first playlist.
    First,
    /// The playlist of the track at this place.
    List(u16),
    /// A slot of the track at this place.
    Slot(u16),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Flights {
    next: u32,
    open: SmallVec<[(FetchId, Errand); 4]>,
}

impl Flights {
    /// A number for a new request.
    pub(crate) fn start(&mut self, errand: Errand) -> FetchId {
        let id = FetchId(self.next);
        self.next = self.next.wrapping_add(1);
        self.open.push((id, errand));
        id
    }

    /// No request was made yet.
    pub(crate) fn is_first(&self) -> bool {
        self.next == 0
    }

    /// The request is over; what it was for, if it was in flight.
    pub(crate) fn land(&mut self, id: FetchId) -> Option<Errand> {
        let place = self.open.iter().position(|(open, _)| *open == id)?;
        Some(self.open.swap_remove(place).1)
    }

    pub(crate) fn errand(&self, id: FetchId) -> Option<Errand> {
        let (_, errand) = self.open.iter().find(|(open, _)| *open == id)?;
        Some(*errand)
    }

    pub(crate) fn any(&self) -> Option<FetchId> {
        self.open.first().map(|(id, _)| *id)
    }

    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }
}
