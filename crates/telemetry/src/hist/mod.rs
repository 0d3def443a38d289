//! Log-linear histograms: the bins of `HdrHistogram` (Gil Tene), one array index a bin.
//!
//! [`Histogram`] is what a recorder writes: dense, allocated once. [`Distribution`] is what a
//! snapshot carries: the range of bins that were hit, mergeable and serialised in
//! `HdrHistogram`'s V2 format, which its other implementations read too.

mod distribution;
mod histogram;
pub(crate) mod wire;

use std::fmt::Debug;

pub use distribution::Distribution;
pub use histogram::Histogram;

/// The unit, range and precision of a histogram.
pub trait Scale: Copy + Debug + Default + PartialEq + Eq + Send + Sync + 'static {
    /// Significant decimal digits that are kept.
    const DIGITS: u32;
    /// Values of 2 to this power and above keep this many bits after the leading one.
    const HALF_BITS: u32;
    /// The largest value; larger ones are counted here.
    const HIGHEST: u64;
    /// How many bins there are.
    const BINS: usize = index_of(Self::HIGHEST, Self::HALF_BITS) + 1;
}

/// Microseconds, 1 µs to 10 min, three digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Micros;

impl Scale for Micros {
    const DIGITS: u32 = 3;
    const HALF_BITS: u32 = 10;
    const HIGHEST: u64 = 600_000_000;
}

/// Milliseconds, 0 to 70 min, two digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Millis;

impl Scale for Millis {
    const DIGITS: u32 = 2;
    const HALF_BITS: u32 = 7;
    const HIGHEST: u64 = (1 << 22) - 1;
}

/// Whole seconds, 0 to 48 days, two digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seconds;

impl Scale for Seconds {
    const DIGITS: u32 = 2;
    const HALF_BITS: u32 = 7;
    const HIGHEST: u64 = (1 << 22) - 1;
}

/// A share of all samples, in ten-thousandths, so that ranks are whole-number arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantile(u64);

impl Quantile {
    /// The median.
    pub const P50: Self = Self::percent(50);
    /// Nine of ten.
    pub const P90: Self = Self::percent(90);
    /// Nineteen of twenty.
    pub const P95: Self = Self::percent(95);
    /// Ninety-nine of a hundred.
    pub const P99: Self = Self::percent(99);

    /// `percent` of a hundred; more than a hundred is a hundred.
    pub const fn percent(percent: u64) -> Self {
        Self::per_ten_thousand(percent.saturating_mul(100))
    }

    /// `share` of ten thousand; more than that is all.
    pub const fn per_ten_thousand(share: u64) -> Self {
        Self(if share > 10_000 { 10_000 } else { share })
    }

    /// The rank, from 1, of this quantile among `count` samples: ⌈count·q⌉, at least 1.
    pub(crate) fn rank(self, count: u64) -> u64 {
        let rank = (u128::from(count) * u128::from(self.0)).div_ceil(10_000);
        (rank as u64).max(1)
    }

    /// The place, from 0, of this quantile in `count` sorted samples: min(count−1, ⌊count·q⌋).
    pub(crate) fn place(self, count: usize) -> usize {
        let place = (count as u128 * u128::from(self.0) / 10_000) as usize;
        place.min(count.saturating_sub(1))
    }
}

/// The bin of `value`.
#[inline]
pub(crate) fn bin_of<S: Scale>(value: u64) -> usize {
    index_of(
        if value > S::HIGHEST {
            S::HIGHEST
        } else {
            value
        },
        S::HALF_BITS,
    )
}

#[inline]
const fn index_of(value: u64, half_bits: u32) -> usize {
    // Below 2^(half_bits+1) bins are one unit wide; above, each power of two has 2^half_bits bins.
    let magnitude = (value | 1).ilog2();
    let shift = magnitude.saturating_sub(half_bits);
    ((shift as usize) << half_bits) + (value >> shift) as usize
}

/// The least value of a bin.
pub(crate) fn lowest_of<S: Scale>(bin: usize) -> u64 {
    ((bin - offset_of::<S>(bin)) as u64) << shift_of::<S>(bin)
}

/// The greatest value of a bin.
pub(crate) fn highest_of<S: Scale>(bin: usize) -> u64 {
    lowest_of::<S>(bin) + (1 << shift_of::<S>(bin)) - 1
}

fn shift_of<S: Scale>(bin: usize) -> u32 {
    ((bin >> S::HALF_BITS) as u32).saturating_sub(1)
}

fn offset_of<S: Scale>(bin: usize) -> usize {
    (shift_of::<S>(bin) as usize) << S::HALF_BITS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn holds_its_value<S: Scale>(value: u64) {
        let bin = bin_of::<S>(value);
        let clamped = value.min(S::HIGHEST);
        assert!(bin < S::BINS);
        assert!(lowest_of::<S>(bin) <= clamped && clamped <= highest_of::<S>(bin));
        let width = highest_of::<S>(bin) - lowest_of::<S>(bin);
        assert!(
            width * 10_u64.pow(S::DIGITS) <= 2 * clamped.max(1),
            "{value} ± {width}"
        );
    }

    fn has_the_bins_of_hdrhistogram<S: Scale>() {
        let digits = S::DIGITS as u8;
        let hdr = hdrhistogram::Histogram::<u64>::new_with_bounds(1, S::HIGHEST, digits).unwrap();
        let (middle, end) = (S::HIGHEST / 2, S::HIGHEST);
        for value in (0..3_000).chain([65_535, 65_536, 1_000_000, middle, end - 1, end]) {
            let bin = bin_of::<S>(value);
            let ours = (lowest_of::<S>(bin), highest_of::<S>(bin));
            let theirs = (hdr.lowest_equivalent(value), hdr.highest_equivalent(value));
            assert_eq!(ours, theirs, "{value}");
        }
    }

    #[test]
    fn bins_are_those_of_hdrhistogram() {
        assert_eq!(Millis::BINS, 2048);
        has_the_bins_of_hdrhistogram::<Micros>();
        has_the_bins_of_hdrhistogram::<Millis>();
        has_the_bins_of_hdrhistogram::<Seconds>();
    }

    #[test]
    fn ranks_and_places() {
        assert_eq!(
            [50, 95, 99].map(|p| Quantile::percent(p).place(100)),
            [50, 95, 99]
        );
        assert_eq!(
            [50, 95, 99].map(|p| Quantile::percent(p).rank(100)),
            [50, 95, 99]
        );
        assert_eq!(Quantile::P99.place(1), 0);
        assert_eq!(Quantile::percent(100).place(7), 6);
        assert_eq!(Quantile::per_ten_thousand(0).rank(7), 1);
        assert_eq!(Quantile::percent(101), Quantile::percent(100));
    }

    proptest! {
        #[test]
        fn every_value_is_inside_its_bin(value: u64) {
            holds_its_value::<Micros>(value);
            holds_its_value::<Millis>(value);
            holds_its_value::<Seconds>(value);
            holds_its_value::<Micros>(value % 2_000_000_000);
            holds_its_value::<Millis>(value % 10_000_000);
        }

        #[test]
        fn bins_are_in_order(a in 0..Micros::HIGHEST, b in 0..Micros::HIGHEST) {
            let (less, more) = (a.min(b), a.max(b));
            prop_assert!(bin_of::<Micros>(less) <= bin_of::<Micros>(more));
        }
    }
}
