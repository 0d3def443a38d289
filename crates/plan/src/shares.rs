use crate::Error;

/// The longest cycle that is kept: the sum of the weights once their common divisor is out.
pub(crate) const CYCLE_MAX: u64 = 100_000;

/// Exact shares of a mix: which of several kinds the n-th viewer is.
///
/// The kinds are spread as evenly as can be (smooth weighted round robin), so the first viewers
/// of a ramp have the mix of the whole, and after each whole cycle the shares are exact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shares {
    cycle: Vec<u32>,
    /// How many of a kind are before each place of the cycle.
    before: Vec<u32>,
    /// How many of each kind a cycle holds.
    weights: Vec<u32>,
}

impl Shares {
    /// Shares by weight; the answer of [`Shares::of`] is a place in `weights`.
    pub fn new(weights: &[u32]) -> Result<Self, Error> {
        let divisor = weights.iter().fold(0, |acc, &weight| gcd(acc, weight));
        if divisor == 0 {
            return Err(Error::NoShares);
        }
        let weights: Vec<i64> = weights.iter().map(|w| i64::from(w / divisor)).collect();
        let total: i64 = weights.iter().sum();
        if total as u64 > CYCLE_MAX {
            return Err(Error::SharesTooFine(total as u64));
        }
        let mut credit = vec![0_i64; weights.len()];
        let mut seen = vec![0_u32; weights.len()];
        let cycle: Vec<u32> = (0..total)
            .map(|_| next(&weights, total, &mut credit))
            .collect();
        let count = |kind: &u32| {
            let seen = &mut seen[*kind as usize];
            *seen += 1;
            *seen - 1
        };
        let before = cycle.iter().map(count).collect();
        Ok(Self {
            cycle,
            before,
            weights: seen,
        })
    }

    /// One kind for all.
    pub fn alone() -> Self {
        Self {
            cycle: vec![0],
            before: vec![0],
            weights: vec![1],
        }
    }

    /// The kind of viewer `n`.
    pub fn of(&self, n: u64) -> usize {
        self.cycle[(n % self.cycle.len() as u64) as usize] as usize
    }

    /// How many of the first `n` viewers are of this kind.
    pub fn count(&self, kind: usize, n: u64) -> u64 {
        let length = self.cycle.len() as u64;
        let rest = &self.cycle[..(n % length) as usize];
        let rest = rest.iter().filter(|of| **of as usize == kind).count() as u64;
        n / length * u64::from(self.weights.get(kind).copied().unwrap_or(0)) + rest
    }

    /// The first viewer of this kind, if it has any.
    pub fn first(&self, kind: usize) -> Option<u64> {
        let place = self.cycle.iter().position(|of| *of as usize == kind);
        place.map(|place| place as u64)
    }

    /// The fewest viewers in a row that have one of this kind wherever they begin; `None` where
    /// nobody is of it.
    pub fn one_in(&self, kind: usize) -> Option<u64> {
        let places = self.cycle.iter().zip(0_u64..);
        let places = places.filter(|(of, _)| **of as usize == kind);
        let places: Vec<u64> = places.map(|(_, place)| place).collect();
        let first = places.first()?;
        // The first of the next cycle comes after the last of this one.
        let next = first + self.cycle.len() as u64;
        let after = places.iter().skip(1).copied().chain([next]);
        places
            .iter()
            .zip(after)
            .map(|(one, other)| other - one)
            .max()
    }

    /// How many viewers before `n` are of its kind.
    pub fn rank(&self, n: u64) -> u64 {
        let length = self.cycle.len() as u64;
        let place = (n % length) as usize;
        let weight = self.weights[self.cycle[place] as usize];
        n / length * u64::from(weight) + u64::from(self.before[place])
    }
}

/// One step of smooth weighted round robin: everybody earns its weight, the richest pays the total.
fn next(weights: &[i64], total: i64, credit: &mut [i64]) -> u32 {
    let mut richest = 0;
    for (kind, weight) in weights.iter().enumerate() {
        credit[kind] += weight;
        if credit[kind] > credit[richest] {
            richest = kind;
        }
    }
    credit[richest] -= total;
    richest as u32
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::Shares;
    use crate::Error;
    use proptest::prelude::*;

    #[test]
    fn seven_two_one_is_exact_after_ten_and_mixed_from_the_start() {
        let shares = Shares::new(&[7, 2, 1]).unwrap();
        let first: Vec<usize> = (0..10).map(|n| shares.of(n)).collect();
        assert_eq!(first, [0, 0, 1, 0, 0, 2, 0, 0, 1, 0]);
        assert_eq!(Shares::new(&[70, 20, 10]).unwrap(), shares);
    }

    #[test]
    fn bad_weights_are_refused() {
        assert_eq!(Shares::new(&[]), Err(Error::NoShares));
        assert_eq!(Shares::new(&[0, 0]), Err(Error::NoShares));
        assert_eq!(
            Shares::new(&[1, 4_000_000]),
            Err(Error::SharesTooFine(4_000_001))
        );
    }

    proptest! {
        #[test]
        fn a_cycle_holds_each_kind_as_often_as_its_weight(
            weights in prop::collection::vec(0_u32..50, 1..6),
        ) {
            prop_assume!(weights.iter().any(|w| *w > 0));
            let shares = Shares::new(&weights).unwrap();
            let total: u32 = weights.iter().sum();
            for (kind, weight) in weights.iter().enumerate() {
                let count = (0..u64::from(total)).filter(|n| shares.of(*n) == kind).count();
                prop_assert_eq!(count as u32, *weight);
            }
            for (kind, weight) in weights.iter().enumerate() {
                // By looking at every row of so many, and of one fewer.
                let some_without = |length: u64| (0..u64::from(total)).any(|from| {
                    !(from..from + length).any(|n| shares.of(n) == kind)
                });
                let least = shares.one_in(kind);
                prop_assert_eq!(least.is_some(), *weight > 0);
                if let Some(least) = least {
                    prop_assert!(!some_without(least));
                    prop_assert!(some_without(least - 1));
                }
            }
            let mut seen = vec![0; weights.len()];
            for n in 0..u64::from(3 * total) {
                let kind = shares.of(n);
                prop_assert_eq!(shares.rank(n), seen[kind]);
                for (kind, seen) in seen.iter().enumerate() {
                    prop_assert_eq!(shares.count(kind, n), *seen);
                }
                if seen[kind] == 0 {
                    prop_assert_eq!(shares.first(kind), Some(n));
                }
                seen[kind] += 1;
            }
        }
    }
}
