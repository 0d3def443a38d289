/// The seeded random source: `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom
/// number generators", OOPSLA 2014).
///
/// Same seed, same sequence, on every machine and in every version: event logs replay byte for
/// byte. It is not for secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rng {
    state: u64,
}

/// The increment of `SplitMix64`: 2^64 divided by the golden ratio, made odd.
const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

impl Rng {
    /// A source that depends on `seed` alone.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A source for the `n`-th of many: it depends on `seed` and `n`, not on the other sources.
    pub fn nth(seed: u64, n: u64) -> Self {
        let mut of_n = Self::new(n);
        Self::new(seed ^ of_n.next_u64())
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN_GAMMA);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        // 53 bits are what an f64 holds exactly.
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in `[low, high)`; `low` where the range is empty.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + self.unit() * (high - low).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Rng;
    use proptest::prelude::*;

    #[test]
    fn first_values_are_those_of_the_reference_implementation() {
        let mut rng = Rng::new(1_234_567);
        assert_eq!(rng.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(rng.next_u64(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn neighbours_are_unlike() {
        let firsts: Vec<f64> = (0..1000).map(|n| Rng::nth(7, n).unit()).collect();
        let mean = firsts.iter().sum::<f64>() / 1000.0;
        assert!((0.45..0.55).contains(&mean), "{mean}");
    }

    proptest! {
        #[test]
        fn unit_and_between_stay_in_range(seed: u64, low in -1e6..1e6_f64, width in 0.0..1e6_f64) {
            let mut rng = Rng::new(seed);
            for _ in 0..16 {
                let unit = rng.unit();
                prop_assert!((0.0..1.0).contains(&unit));
                let x = rng.between(low, low + width);
                prop_assert!(x >= low && x <= low + width);
            }
        }
    }
}
