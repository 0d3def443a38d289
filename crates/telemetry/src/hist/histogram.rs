use std::marker::PhantomData;

use super::{Distribution, Scale, bin_of, highest_of};

/// A dense histogram that one recorder writes. Recording neither allocates nor branches on size.
#[derive(Clone, Debug)]
pub struct Histogram<S: Scale> {
    counts: Box<[u64]>,
    /// Bins that were hit lie in `low..=high`; `low > high` while there are none.
    low: usize,
    high: usize,
    sum: u64,
    max: u64,
    scale: PhantomData<S>,
}

impl<S: Scale> Histogram<S> {
    /// An empty histogram.
    pub fn new() -> Self {
        Self {
            counts: vec![0; S::BINS].into_boxed_slice(),
            low: usize::MAX,
            high: 0,
            sum: 0,
            max: 0,
            scale: PhantomData,
        }
    }

    /// Counts one `value`, in the unit of the scale.
    #[inline]
    pub fn record(&mut self, value: u64) {
        let bin = bin_of::<S>(value);
        self.counts[bin] += 1;
        self.low = self.low.min(bin);
        self.high = self.high.max(bin);
        self.sum = self.sum.saturating_add(value);
        self.max = self.max.max(value);
    }

    /// Counts `count` values of which only the bin is known: each as the greatest of it.
    pub(crate) fn record_bin(&mut self, bin: usize, count: u64) {
        let value = highest_of::<S>(bin);
        self.counts[bin] = self.counts[bin].saturating_add(count);
        self.low = self.low.min(bin);
        self.high = self.high.max(bin);
        self.sum = self.sum.saturating_add(value.saturating_mul(count));
        self.max = self.max.max(value);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        if self.low <= self.high {
            self.counts[self.low..=self.high].fill(0);
        }
        (self.low, self.high, self.sum, self.max) = (usize::MAX, 0, 0, 0);
    }

    /// What was counted so far.
    pub fn distribution(&self) -> Distribution<S> {
        let mut out = Distribution::default();
        self.distribution_into(&mut out);
        out
    }

    /// As [`Histogram::distribution`], into memory that is there already.
    pub fn distribution_into(&self, out: &mut Distribution<S>) {
        let hit = if self.low <= self.high {
            &self.counts[self.low..=self.high]
        } else {
            &[]
        };
        out.assign(self.low, hit, self.sum, self.max);
    }
}

impl<S: Scale> Default for Histogram<S> {
    fn default() -> Self {
        Self::new()
    }
}
