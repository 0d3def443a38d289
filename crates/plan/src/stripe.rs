use std::ops::Range;

/// The viewers of one worker of several: those whose number leaves `index` when it is divided by
/// `of`. Every number is in exactly one stripe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stripe {
    index: u64,
    of: u64,
}

impl Stripe {
    /// Every number.
    pub const ALL: Self = Self { index: 0, of: 1 };

    /// The stripe `index` (from 0) of `of`. None at all counts as one.
    pub fn new(index: u64, of: u64) -> Self {
        let of = of.max(1);
        let index = index % of;
        Self { index, of }
    }

    /// Whether `n` is in it.
    pub fn holds(self, n: u64) -> bool {
        n % self.of == self.index
    }

    /// Its numbers within `range`, ascending.
    pub fn within(self, range: Range<u64>) -> impl Iterator<Item = u64> {
        let ahead = (self.index + self.of - range.start % self.of) % self.of;
        let first = range.start.saturating_add(ahead);
        (first..range.end).step_by(self.of as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::Stripe;

    #[test]
    fn stripes_share_the_numbers_out() {
        for of in 1..6 {
            let mut all: Vec<u64> = (0..of)
                .flat_map(|index| Stripe::new(index, of).within(7..31))
                .collect();
            all.sort_unstable();
            assert_eq!(all, (7..31).collect::<Vec<_>>(), "{of}");
            for n in 7..31 {
                let held = |index: &u64| Stripe::new(*index, of).holds(n);
                assert_eq!((0..of).filter(held).collect::<Vec<_>>(), [n % of]);
            }
        }
        assert_eq!(Stripe::new(9, 0), Stripe::ALL);
    }
}
