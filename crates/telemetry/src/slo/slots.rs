//! Histograms in slots of 5 s, each as the bytes of its bins that were hit.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::hist::{Millis, Scale, wire};

/// How long a slot is.
pub(super) const SLOT_MS: i64 = 5_000;
/// Slots that are kept: 300 s, the slot that is being filled, and room for snapshots that were
/// taken up to 15 s apart.
pub(super) const SLOTS: i64 = 64;
/// Bytes that the slots of one series take. Realistic ones take a fifth; where samples are spread
/// over every bin, the oldest slots are given up and windows get shorter.
pub(super) const SLOTS_BYTES_MAX: usize = 160 * 1024;
/// The most bytes that one slot takes: every bin hit.
const SLOT_BYTES_MAX: usize = Millis::BINS * wire::COUNT_BYTES_MAX;

/// One slot in the list of slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    /// Time since 1970 in slots.
    number: i64,
    /// Length of its bytes.
    length: usize,
}

/// Closed slots, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Encoded>", into = "Vec<Encoded>")]
pub(super) struct Slots {
    list: VecDeque<Slot>,
    bytes: Vec<u8>,
}

/// A slot as it is serialised.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Encoded {
    slot: i64,
    bins: String,
}

impl Slots {
    /// Room for all that may come, so that closing a slot does not allocate. (Memory that is
    /// reserved and never written costs nothing.)
    pub(super) fn with_room() -> Self {
        Self {
            list: VecDeque::with_capacity(SLOTS as usize + 1),
            bytes: Vec::with_capacity(SLOTS_BYTES_MAX + SLOT_BYTES_MAX),
        }
    }

    /// Adds the newest slot.
    pub(super) fn push(&mut self, number: i64, bins: impl Iterator<Item = (usize, u64)>) {
        let before = self.bytes.len();
        wire::encode(bins, &mut self.bytes);
        self.list.push_back(Slot {
            number,
            length: self.bytes.len() - before,
        });
    }

    /// Gives up slots that are too old beside `newest`, and the oldest where they are too large.
    pub(super) fn trim(&mut self, newest: i64) {
        let (mut slots, mut bytes) = (0, 0);
        for slot in &self.list {
            let too_large = self.bytes.len() - bytes > SLOTS_BYTES_MAX;
            if slot.number > newest - SLOTS && !too_large {
                break;
            }
            slots += 1;
            bytes += slot.length;
        }
        self.list.drain(..slots);
        self.bytes.drain(..bytes);
    }

    /// [`Slots::trim`] for slots of a snapshot, which give back memory that they do not need.
    pub(super) fn settle(&mut self, newest: i64) {
        self.trim(newest);
        if self.bytes.capacity() > SLOTS_BYTES_MAX {
            self.bytes.shrink_to_fit();
        }
    }

    pub(super) fn copy_into(&self, out: &mut Self) {
        out.list.clone_from(&self.list);
        out.bytes.clone_from(&self.bytes);
    }

    /// The bins of the slots from `oldest` on.
    pub(super) fn bins_from(&self, oldest: i64) -> impl Iterator<Item = (usize, u64)> {
        self.iter()
            .filter(move |(number, _)| *number >= oldest)
            .flat_map(|(_, bytes)| wire::Bins::new(bytes))
            .take_while(|&(bin, _)| bin < Millis::BINS)
    }

    fn iter(&self) -> impl Iterator<Item = (i64, &[u8])> {
        let mut rest = self.bytes.as_slice();
        self.list.iter().map(move |slot| {
            let (bytes, after) = rest.split_at(slot.length);
            rest = after;
            (slot.number, bytes)
        })
    }

    /// Adds the slots of `other`.
    pub(super) fn merge(&mut self, other: &Self) {
        let newest = [self, other].map(|slots| slots.list.back().map(|slot| slot.number));
        let Some(newest) = newest.into_iter().flatten().max() else {
            return;
        };
        let mut merged = Self::default();
        merged.bytes.reserve(self.bytes.len() + other.bytes.len());
        {
            let (mut mine, mut more) = (self.iter().peekable(), other.iter().peekable());
            loop {
                let number = [mine.peek(), more.peek()]
                    .into_iter()
                    .flatten()
                    .map(|slot| slot.0);
                let Some(number) = number.min() else { break };
                let a = mine
                    .next_if(|slot| slot.0 == number)
                    .map_or(&[][..], |slot| slot.1);
                let b = more
                    .next_if(|slot| slot.0 == number)
                    .map_or(&[][..], |slot| slot.1);
                merged.push(number, sum(wire::Bins::new(a), wire::Bins::new(b)));
            }
        }
        merged.settle(newest);
        *self = merged;
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.bytes.capacity() + self.list.capacity() * size_of::<Slot>()
    }
}

/// The bins of two histograms added, in order.
fn sum<'a>(a: wire::Bins<'a>, b: wire::Bins<'a>) -> impl Iterator<Item = (usize, u64)> {
    let (mut a, mut b) = (a.peekable(), b.peekable());
    std::iter::from_fn(move || {
        let order = match (a.peek(), b.peek()) {
            (Some(x), Some(y)) => x.0.cmp(&y.0),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, _) => std::cmp::Ordering::Greater,
        };
        match order {
            std::cmp::Ordering::Less => a.next(),
            std::cmp::Ordering::Greater => b.next(),
            std::cmp::Ordering::Equal => {
                let (bin, count) = a.next()?;
                Some((bin, b.next()?.1.saturating_add(count)))
            }
        }
    })
}

impl From<Slots> for Vec<Encoded> {
    fn from(slots: Slots) -> Self {
        let encode = |(slot, bytes): (i64, &[u8])| Encoded {
            slot,
            bins: wire::to_text(bytes),
        };
        slots.iter().map(encode).collect()
    }
}

impl From<Vec<Encoded>> for Slots {
    /// Takes slots in any order; what is not a slot is empty.
    fn from(mut encoded: Vec<Encoded>) -> Self {
        encoded.sort_by_key(|slot| slot.slot);
        encoded.dedup_by_key(|slot| slot.slot);
        let mut slots = Self::default();
        for slot in encoded {
            let bytes = wire::from_text(&slot.bins).unwrap_or_default();
            slots.push(
                slot.slot,
                wire::Bins::new(&bytes).take_while(|bin| bin.0 < Millis::BINS),
            );
        }
        slots
    }
}
