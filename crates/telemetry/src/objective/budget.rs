use super::State;
use super::goal::Bound;

/// All of a share, in millionths.
pub(super) const WHOLE_PPM: u32 = 1_000_000;
/// What is left of a budget of nothing after a bad sample: how far it is overspent has no measure.
const OVERSPENT: f64 = -1.0;

/// Samples, or nanoseconds of viewers' time, that were good and that were bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) good: u64,
    pub(super) bad: u64,
}

impl Tally {
    pub(super) fn total(self) -> u64 {
        self.good.saturating_add(self.bad)
    }

    /// What came after `earlier`.
    pub(super) fn since(self, earlier: Self) -> Self {
        Self {
            good: self.good.saturating_sub(earlier.good),
            bad: self.bad.saturating_sub(earlier.bad),
        }
    }

    /// The share of bad ones; `None` where there is nothing.
    pub(super) fn bad_share(self) -> Option<f64> {
        (self.total() > 0).then(|| self.bad as f64 / self.total() as f64)
    }

    /// The share of good ones; `None` where there is nothing.
    pub(super) fn good_share(self) -> Option<f64> {
        (self.total() > 0).then(|| self.good as f64 / self.total() as f64)
    }
}

/// How much may be bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Budget {
    /// In millionths of everything.
    pub(super) ppm: u32,
    /// Whether spending it all is good.
    pub(super) bound: Bound,
}

impl Budget {
    /// The budget as a share, 0 to 1.
    pub(super) fn share(self) -> f64 {
        f64::from(self.ppm) / f64::from(WHOLE_PPM)
    }

    /// Whether `tally` keeps to it: whole-number arithmetic, so that the limit itself is told
    /// apart from beside it.
    pub(super) fn state(self, tally: Tally) -> State {
        let total = u128::from(tally.total());
        if total == 0 {
            return State::Unknown;
        }
        let spent = u128::from(tally.bad) * u128::from(WHOLE_PPM);
        let held = match self.bound {
            Bound::Strict => spent < total * u128::from(self.ppm),
            Bound::Inclusive => spent <= total * u128::from(self.ppm),
        };
        if held { State::Met } else { State::Broken }
    }

    /// The share of it that `tally` leaves.
    pub(super) fn left(self, tally: Tally) -> Option<f64> {
        if self.ppm > 0 {
            return self.burn(tally).map(|burn| 1.0 - burn);
        }
        (tally.total() > 0).then_some(if tally.bad == 0 { 1.0 } else { OVERSPENT })
    }

    /// How many times over `tally` spends it.
    pub(super) fn burn(self, tally: Tally) -> Option<f64> {
        if self.ppm == 0 || tally.total() == 0 {
            return None;
        }
        let spent = u128::from(tally.bad) * u128::from(WHOLE_PPM);
        let budget = u128::from(tally.total()) * u128::from(self.ppm);
        Some(spent as f64 / budget as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE_PERCENT: Budget = Budget {
        ppm: 50_000,
        bound: Bound::Inclusive,
    };

    fn tally(good: u64, bad: u64) -> Tally {
        Tally { good, bad }
    }

    #[test]
    fn the_limit_itself_is_good_where_it_is_inclusive() {
        let strict = Budget {
            bound: Bound::Strict,
            ..FIVE_PERCENT
        };
        let cases = [
            (tally(0, 0), State::Unknown, State::Unknown),
            (tally(96, 4), State::Met, State::Met),
            (tally(95, 5), State::Met, State::Broken),
            (tally(94, 6), State::Broken, State::Broken),
        ];
        for (tally, inclusive, exclusive) in cases {
            assert_eq!(FIVE_PERCENT.state(tally), inclusive, "{tally:?}");
            assert_eq!(strict.state(tally), exclusive, "{tally:?}");
        }
    }

    #[test]
    fn budgets_are_spent_exactly_and_over() {
        let left = |good, bad| FIVE_PERCENT.left(tally(good, bad));
        assert_eq!(left(0, 0), None);
        assert_eq!(left(100, 0), Some(1.0));
        assert_eq!(left(95, 5), Some(0.0));
        assert_eq!(left(90, 10), Some(-1.0));
        assert_eq!(FIVE_PERCENT.burn(tally(90, 10)), Some(2.0));
    }

    #[test]
    fn a_budget_of_nothing_is_whole_or_overspent_and_never_burns() {
        let nothing = Budget {
            ppm: 0,
            bound: Bound::Inclusive,
        };
        assert_eq!(nothing.state(tally(5, 0)), State::Met);
        assert_eq!(nothing.state(tally(5_000_000, 1)), State::Broken);
        assert_eq!(nothing.left(tally(5, 0)), Some(1.0));
        assert_eq!(nothing.left(tally(5, 1)), Some(-1.0));
        assert_eq!(nothing.left(tally(0, 0)), None);
        assert_eq!(nothing.burn(tally(5, 1)), None);
    }

    #[test]
    fn sums_near_the_end_of_their_range_do_not_overflow() {
        assert_eq!(FIVE_PERCENT.state(tally(u64::MAX, 0)), State::Met);
        assert_eq!(FIVE_PERCENT.state(tally(0, u64::MAX)), State::Broken);
        assert_eq!(tally(u64::MAX, u64::MAX).total(), u64::MAX);
    }
}
