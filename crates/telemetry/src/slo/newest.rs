//! The newest samples of a series, each packed in 64 bits: its time above, its latency below. So
//! the order of numbers is the order of time, ties are settled the same way by everybody, and
//! "the newest 1,024 of these" does not depend on how they were split before.

use serde::{Deserialize, Deserializer};

use super::{LATENCY_MS_MAX, RING};

const LATENCY_BITS: u32 = LATENCY_MS_MAX.count_ones();

/// A sample as one number. Time before 1970 is 1970.
#[inline]
pub(super) fn pack(unix_ms: i64, latency_ms: u64) -> u64 {
    (unix_ms.max(0) as u64) << LATENCY_BITS | latency_ms.min(LATENCY_MS_MAX)
}

pub(super) fn latency_ms(packed: u64) -> u64 {
    packed & LATENCY_MS_MAX
}

pub(super) fn unix_ms(packed: u64) -> i64 {
    (packed >> LATENCY_BITS) as i64
}

/// Room for twice the samples that count, so that the older half is dropped once in 1,024 times.
#[derive(Clone, Debug)]
pub(super) struct Newest(Vec<u64>);

impl Newest {
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(2 * RING))
    }

    #[inline]
    pub(super) fn push(&mut self, packed: u64) {
        if self.0.len() == 2 * RING {
            self.drop_older();
        }
        self.0.push(packed);
    }

    /// The newest samples in ascending order.
    pub(super) fn copy_into(&self, out: &mut Vec<u64>) {
        out.clear();
        out.extend_from_slice(&self.0);
        out.sort_unstable();
        out.drain(..out.len().saturating_sub(RING));
    }

    #[cold]
    fn drop_older(&mut self) {
        self.0.select_nth_unstable_by(RING, |a, b| b.cmp(a));
        self.0.truncate(RING);
    }
}

/// Merges two ascending lists, keeping the newest.
pub(super) fn merge(mine: &mut Vec<u64>, other: &[u64]) {
    let kept = (mine.len() + other.len()).min(RING);
    let mut merged = vec![0; kept];
    let (mut a, mut b) = (mine.as_slice(), other);
    for place in merged.iter_mut().rev() {
        let from = if a.last() >= b.last() { &mut a } else { &mut b };
        if let Some((&newest, older)) = from.split_last() {
            (*place, *from) = (newest, older);
        }
    }
    *mine = merged;
}

/// Reads a list of samples, which comes in any order and of any length.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u64>, D::Error> {
    let mut newest = Vec::deserialize(from)?;
    newest.sort_unstable();
    newest.drain(..newest.len().saturating_sub(RING));
    Ok(newest)
}
