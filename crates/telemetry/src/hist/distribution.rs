use std::marker::PhantomData;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Micros, Quantile, Scale, highest_of, lowest_of, wire};

/// What a histogram held at one moment: plain, mergeable, small where few bins were hit.
///
/// Bins are exact counts; `sum` and `max` are exact values. Two distributions merge to the one
/// that a single histogram would have held. Serialised as `{sum, max, v2}`, `v2` being the
/// `HdrHistogram` V2 encoding in base64.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "wire::Encoded", into = "wire::Encoded")]
pub struct Distribution<S: Scale> {
    /// The bin of `counts[0]`; the first and the last of `counts` are not zero.
    first: usize,
    counts: Vec<u64>,
    sum: u64,
    max: u64,
    scale: PhantomData<S>,
}

impl<S: Scale> Distribution<S> {
    /// How many samples there are.
    pub fn count(&self) -> u64 {
        self.counts
            .iter()
            .fold(0, |sum, &count| sum.saturating_add(count))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The sum of all samples.
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// The mean of all samples; `None` without samples.
    pub fn mean(&self) -> Option<f64> {
        (!self.is_empty()).then(|| self.sum as f64 / self.count() as f64)
    }

    /// The greatest sample; `None` without samples.
    pub fn max(&self) -> Option<u64> {
        (!self.is_empty()).then_some(self.max)
    }

    /// The value that at least the share `quantile` of the samples does not exceed, to the
    /// precision of the scale: the upper end of its bin, as `HdrHistogram` has it, but never more
    /// than the greatest sample. `None` without samples.
    pub fn quantile(&self, quantile: Quantile) -> Option<u64> {
        let rank = quantile.rank(self.count());
        let mut seen = 0;
        for (bin, count) in self.bins() {
            seen = count.saturating_add(seen);
            if seen >= rank {
                return Some(highest_of::<S>(bin).min(self.max));
            }
        }
        None
    }

    /// How many samples are at most `value`, where a bin that `value` falls into counts whole.
    pub fn count_at_most(&self, value: u64) -> u64 {
        self.bins()
            .take_while(|&(bin, _)| lowest_of::<S>(bin) <= value)
            .map(|(_, count)| count)
            .sum()
    }

    /// Adds what `other` holds.
    pub fn merge(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        if self.is_empty() {
            self.clone_from(other);
            return;
        }
        if other.first < self.first {
            let missing = self.first - other.first;
            self.counts.splice(0..0, std::iter::repeat_n(0, missing));
            self.first = other.first;
        }
        let at = other.first - self.first;
        let end = at + other.counts.len();
        if self.counts.len() < end {
            // To the bin: it widens seldom, there are many, and doubled ones would stay empty.
            self.counts.reserve_exact(end - self.counts.len());
            self.counts.resize(end, 0);
        }
        for (mine, more) in self.counts[at..end].iter_mut().zip(&other.counts) {
            *mine = mine.saturating_add(*more);
        }
        self.sum = self.sum.saturating_add(other.sum);
        self.max = self.max.max(other.max);
    }

    /// What came since this same distribution was `earlier`. Bins and sum are exact. So is the
    /// greatest sample where it is the greatest of all; else only its bin is known, and it is taken
    /// for the upper end of that, though never for more than the greatest of all.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let before = |bin: usize| {
            let place = bin.checked_sub(earlier.first);
            place.and_then(|place| earlier.counts.get(place)).copied()
        };
        let news = |bin: usize, count: u64| count.saturating_sub(before(bin).unwrap_or(0));
        let mut hit = self.bins().filter(|&(bin, count)| news(bin, count) > 0);
        let Some((first, _)) = hit.next() else {
            return Self::default();
        };
        let last = hit.last().map_or(first, |(bin, _)| bin);
        let counts = (first..=last).map(|bin| news(bin, self.counts[bin - self.first]));
        // The last bin has no upper end: all that is beyond the range is in it.
        let max = if self.max > earlier.max || last + 1 == S::BINS {
            self.max
        } else {
            highest_of::<S>(last).min(self.max)
        };
        Self {
            first,
            counts: counts.collect(),
            sum: self.sum.saturating_sub(earlier.sum),
            max,
            scale: PhantomData,
        }
    }

    /// The bins that were hit, each with its count, in order of value.
    fn bins(&self) -> impl Iterator<Item = (usize, u64)> {
        let bins = self.counts.iter().enumerate();
        bins.map(|(place, &count)| (self.first + place, count))
            .filter(|&(_, count)| count > 0)
    }

    /// Takes the place of what is here; `counts` begins and ends with a bin that was hit.
    pub(super) fn assign(&mut self, first: usize, counts: &[u64], sum: u64, max: u64) {
        self.first = if counts.is_empty() { 0 } else { first };
        self.counts.clear();
        self.counts.reserve_exact(counts.len());
        self.counts.extend_from_slice(counts);
        (self.sum, self.max) = (sum, max);
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.counts.capacity() * size_of::<u64>()
    }
}

impl Distribution<Micros> {
    /// [`Distribution::quantile`] as a time.
    pub fn duration(&self, quantile: Quantile) -> Option<Duration> {
        self.quantile(quantile).map(Duration::from_micros)
    }
}

impl<S: Scale> From<Distribution<S>> for wire::Encoded {
    fn from(from: Distribution<S>) -> Self {
        let counts = from.bins();
        Self {
            sum: from.sum,
            max: from.max,
            v2: wire::to_v2::<S>(counts),
        }
    }
}

impl<S: Scale> TryFrom<wire::Encoded> for Distribution<S> {
    type Error = wire::Error;

    fn try_from(from: wire::Encoded) -> Result<Self, wire::Error> {
        let mut out = Self::default();
        for (bin, count) in wire::from_v2::<S>(&from.v2)? {
            if out.counts.is_empty() {
                out.first = bin;
            }
            out.counts.resize(bin - out.first, 0);
            out.counts.push(count);
        }
        (out.sum, out.max) = (from.sum, from.max);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Histogram, Millis, Seconds, bin_of};
    use super::*;
    use proptest::prelude::*;

    fn of<S: Scale>(values: &[u64]) -> Distribution<S> {
        let mut histogram = Histogram::<S>::new();
        for &value in values {
            histogram.record(value);
        }
        histogram.distribution()
    }

    #[test]
    fn nothing_is_unknown_and_zero_is_a_sample() {
        let empty = of::<Micros>(&[]);
        assert_eq!(empty, Distribution::default());
        assert_eq!((empty.count(), empty.max(), empty.mean()), (0, None, None));
        assert_eq!(empty.quantile(Quantile::P50), None);
        let zero = of::<Micros>(&[0]);
        assert_eq!((zero.count(), zero.max()), (1, Some(0)));
        assert_eq!(zero.quantile(Quantile::P99), Some(0));
        assert_eq!(zero.mean(), Some(0.0));
    }

    #[test]
    fn values_beyond_the_range_are_counted_at_its_end() {
        let beyond = of::<Micros>(&[700_000_000, u64::MAX]);
        assert_eq!(beyond.count(), 2);
        assert_eq!(beyond.max(), Some(u64::MAX));
        assert!(beyond.quantile(Quantile::P50).unwrap() >= 600_000_000);
        assert_eq!(beyond.sum(), u64::MAX);
    }

    #[test]
    fn beyond_the_range_the_greatest_since_is_the_greatest_of_all() {
        let earlier = of::<Millis>(&[9_000_000]);
        let mut whole = earlier.clone();
        whole.merge(&of(&[8_000_000]));
        let since = whole.since(&earlier);
        assert_eq!((since.count(), since.max()), (1, Some(9_000_000)));
    }

    #[test]
    fn cleared_is_as_new() {
        let mut histogram = Histogram::<Millis>::new();
        histogram.record(3);
        histogram.record(3_000_000);
        histogram.clear();
        assert_eq!(histogram.distribution(), of(&[]));
        histogram.record(7);
        assert_eq!(histogram.distribution(), of(&[7]));
    }

    #[test]
    fn counts_at_most() {
        let some = of::<Millis>(&[1, 5, 5, 9, 4000]);
        assert_eq!(
            [0, 1, 5, 8, 9, 3999, 4000].map(|ms| some.count_at_most(ms)),
            [0, 1, 3, 3, 4, 4, 5]
        );
    }

    proptest! {
        #[test]
        fn quantiles_are_those_of_hdrhistogram(
            values in prop::collection::vec(0..600_000_000_u64, 1..200),
            share in 1..=100_u64,
        ) {
            let mut hdr = hdrhistogram::Histogram::<u64>::new_with_bounds(1, Micros::HIGHEST, 3)
                .unwrap();
            for &value in &values {
                hdr.record(value).unwrap();
            }
            let ours = of::<Micros>(&values);
            let quantile = Quantile::percent(share);
            // Its own quantiles rank in floating point, so the rank is taken here.
            let mut sorted = values.clone();
            sorted.sort_unstable();
            let rank = (values.len() * share as usize).div_ceil(100);
            let theirs = hdr.highest_equivalent(sorted[rank - 1]);
            prop_assert_eq!(ours.quantile(quantile).unwrap(), theirs.min(ours.max().unwrap()));
            prop_assert_eq!(ours.count(), hdr.len());
        }

        #[test]
        fn parts_merge_to_the_whole(
            a in prop::collection::vec(0..5_000_000_u64, 0..50),
            b in prop::collection::vec(0..5_000_000_u64, 0..50),
        ) {
            let whole = of::<Millis>(&[a.clone(), b.clone()].concat());
            let mut ab = of::<Millis>(&a);
            ab.merge(&of(&b));
            let mut ba = of::<Millis>(&b);
            ba.merge(&of(&a));
            prop_assert_eq!(&ab, &whole);
            prop_assert_eq!(&ba, &whole);
        }

        /// The difference is what a histogram of the later samples alone would hold, but for a
        /// greatest sample that is not the greatest of all.
        #[test]
        fn since_is_what_came_later(
            early in prop::collection::vec(0..9_000_000_u64, 0..50),
            late in prop::collection::vec(0..9_000_000_u64, 0..50),
        ) {
            let (earlier, later) = (of::<Millis>(&early), of::<Millis>(&late));
            let mut whole = earlier.clone();
            whole.merge(&later);
            let since = whole.since(&earlier);
            prop_assert_eq!(since.first, later.first);
            prop_assert_eq!(&since.counts, &later.counts);
            prop_assert_eq!(since.sum, later.sum);
            if later.max() > earlier.max() {
                prop_assert_eq!(&since, &later);
            } else if let (Some(since), Some(later)) = (since.max(), later.max()) {
                prop_assert!(since >= later);
                prop_assert_eq!(bin_of::<Millis>(since), bin_of::<Millis>(later));
            }
            let mut again = earlier.clone();
            again.merge(&since);
            prop_assert_eq!(again, whole);
            prop_assert_eq!(earlier.since(&earlier), Distribution::default());
        }

        #[test]
        fn uptimes_are_counted_as_by_hdrhistogram(
            values in prop::collection::vec(0..Seconds::HIGHEST, 1..100),
            share in 1..=100_u64,
        ) {
            let mut hdr = hdrhistogram::Histogram::<u64>::new_with_bounds(1, Seconds::HIGHEST, 2)
                .unwrap();
            for &value in &values {
                hdr.record(value).unwrap();
            }
            let ours = of::<Seconds>(&values);
            let mut sorted = values.clone();
            sorted.sort_unstable();
            let rank = (values.len() * share as usize).div_ceil(100);
            let theirs = hdr.highest_equivalent(sorted[rank - 1]);
            let quantile = ours.quantile(Quantile::percent(share)).unwrap();
            prop_assert_eq!(quantile, theirs.min(ours.max().unwrap()));
            prop_assert_eq!(ours.count(), hdr.len());
        }

        #[test]
        fn survives_the_wire(values in prop::collection::vec(0..4_000_000_u64, 0..80)) {
            let before = of::<Millis>(&values);
            let text = serde_json::to_string(&before).unwrap();
            prop_assert_eq!(serde_json::from_str::<Distribution<Millis>>(&text).unwrap(), before);
        }
    }
}
