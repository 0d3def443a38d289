//! What was rendered, kept while it is wanted: each thing is made once, by whoever asks first.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use crate::resource::Resource;

/// A bounded shelf of numbered resources of one kind.
///
/// Numbers grow with time, so the lowest is the one that is wanted least.
#[derive(Debug)]
pub(crate) struct Shelf {
    slots: Mutex<BTreeMap<u64, Arc<OnceLock<Resource>>>>,
    capacity: usize,
}

impl Shelf {
    /// A shelf for `capacity` resources, at least one.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            slots: Mutex::default(),
            capacity: capacity.max(1),
        }
    }

    /// Resource `n`, made by `make` if it is not there. Others who want it wait for it; nobody
    /// waits for another number.
    pub(crate) fn get(&self, n: u64, make: impl FnOnce() -> Resource) -> Resource {
        let slot = self.slot(n);
        slot.get_or_init(make).clone()
    }

    fn slot(&self, n: u64) -> Arc<OnceLock<Resource>> {
        // Whoever panicked here left the map whole.
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(&n) {
            return Arc::clone(slot);
        }
        let slot = Arc::<OnceLock<_>>::default();
        if slots.len() >= self.capacity {
            let lowest = slots.keys().next().copied();
            match lowest {
                // Older than all that is kept, which is newer for a reason: made, not kept.
                Some(lowest) if n < lowest => return slot,
                Some(lowest) => drop(slots.remove(&lowest)),
                None => {}
            }
        }
        slots.insert(n, Arc::clone(&slot));
        slot
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use base::Class;
    use bytes::Bytes;

    use super::*;
    use crate::{Request, resource::Freshness};

    #[test]
    fn each_is_made_once_and_the_lowest_goes_first() {
        let shelf = Shelf::new(2);
        let made = Cell::new(0);
        let get = |n: u64| {
            let resource = shelf.get(n, || {
                made.set(made.get() + 1);
                Resource::new("x", Freshness::Immutable, 0, Bytes::from(n.to_string()))
            });
            let body = resource.answer(Class::Other, &Request::get("/")).body;
            assert_eq!(body, n.to_string());
            made.get()
        };
        assert_eq!([5, 6, 5, 6].map(get), [1, 2, 2, 2]);
        assert_eq!(get(7), 3, "7 takes the place of 5");
        assert_eq!([6, 7].map(get), [3, 3]);
        assert_eq!(
            [5, 5].map(get),
            [4, 5],
            "what is older than the shelf is not kept"
        );
        assert_eq!([6, 7].map(get), [5, 5]);
    }
}
