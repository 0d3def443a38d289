use crate::{Error, Shares};

/// Things by weight: which of them the n-th of many has.
///
/// Two mixtures of one crowd go by each other's ranks, so that they do not move in step and their
/// products are exact too: who is the r-th of those that have the first thing of one mixture is
/// asked for as number r of the next ([`Mix::of`] answers with both).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mix<T> {
    kinds: Vec<T>,
    shares: Shares,
}

impl<T> Mix<T> {
    /// Things with their weights.
    pub fn new(weighted: Vec<(T, u32)>) -> Result<Self, Error> {
        let weights: Vec<u32> = weighted.iter().map(|(_, weight)| *weight).collect();
        let shares = Shares::new(&weights)?;
        Ok(Self {
            kinds: weighted.into_iter().map(|(kind, _)| kind).collect(),
            shares,
        })
    }

    /// One thing for all.
    pub fn one(kind: T) -> Self {
        Self {
            kinds: vec![kind],
            shares: Shares::alone(),
        }
    }

    /// What number `n` has, and how many before it have the same.
    pub fn of(&self, n: u64) -> (&T, u64) {
        (&self.kinds[self.shares.of(n)], self.shares.rank(n))
    }

    /// All things, in the order in which they were given.
    pub fn kinds(&self) -> &[T] {
        &self.kinds
    }
}

#[cfg(test)]
mod tests {
    use super::Mix;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn mixtures_of_equal_weights_do_not_move_in_step() {
        let players = Mix::new(vec![('a', 1), ('b', 1)]).unwrap();
        let variants = Mix::new(vec![(1, 1), (2, 1)]).unwrap();
        let seen: Vec<_> = (0..4)
            .map(|n| {
                let (player, rank) = players.of(n);
                (*player, *variants.of(rank).0)
            })
            .collect();
        assert_eq!(seen, [('a', 1), ('b', 1), ('a', 2), ('b', 2)]);
        assert_eq!(Mix::one('x').of(7), (&'x', 7));
    }

    /// Weights, not all of which are 0.
    fn weights() -> impl Strategy<Value = Vec<u32>> {
        let any = prop::collection::vec(0_u32..6, 1..4);
        any.prop_map(|mut weights| {
            if weights.iter().all(|weight| *weight == 0) {
                weights[0] = 1;
            }
            weights
        })
    }

    proptest! {
        #[test]
        fn products_of_mixtures_are_exact(outer in weights(), inner in weights()) {
            let mix = |weights: &[u32]| Mix::new(weights.iter().copied().enumerate().collect());
            let (first, second): (Mix<usize>, Mix<usize>) = (mix(&outer).unwrap(), mix(&inner).unwrap());
            let all = outer.iter().sum::<u32>() * inner.iter().sum::<u32>();
            let mut seen = BTreeMap::new();
            for n in 0..u64::from(all) {
                let (a, rank) = first.of(n);
                let (b, _) = second.of(rank);
                *seen.entry((*a, *b)).or_insert(0_u32) += 1;
            }
            for (a, x) in outer.iter().enumerate() {
                for (b, y) in inner.iter().enumerate() {
                    prop_assert_eq!(seen.get(&(a, b)).copied().unwrap_or(0), x * y);
                }
            }
        }
    }
}
