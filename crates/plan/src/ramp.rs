use std::time::Duration;

use crate::Error;
use crate::slots::Slots;

/// An arrival ramp on an absolute schedule.
///
/// ```text
/// viewers
///    3 |              x       each viewer has the slot [n/rate, (n+1)/rate) to itself;
///    2 |        x             jitter moves it within that slot only, so the asked rate
///    1 |   x                  is met on average and order is kept
///      +--|-----|-----|--> t
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ramp {
    viewers: u64,
    slots: Slots,
}

impl Ramp {
    /// `viewers` viewers, `rate` of them per second, each up to `jitter` after the beginning of
    /// its slot. Jitter is capped at the slot, 1/rate.
    pub fn new(viewers: u64, rate: f64, jitter: Duration, seed: u64) -> Result<Self, Error> {
        let slots = Slots::new(rate, jitter, seed)?;
        Ok(Self { viewers, slots })
    }

    /// How many viewers the ramp starts in all.
    pub fn viewers(&self) -> u64 {
        self.viewers
    }

    /// When viewer `n` (from 0) starts, counted from the beginning of the run; `None` past the
    /// last one.
    pub fn start_of(&self, n: u64) -> Option<Duration> {
        (n < self.viewers).then(|| self.slots.at(n, n))
    }

    /// When the slot of the last viewer ends: the ramp is over.
    pub fn length(&self) -> Duration {
        self.slots.begin(self.viewers)
    }

    /// The same pace for so many viewers.
    #[must_use]
    pub fn of(&self, viewers: u64) -> Self {
        Self { viewers, ..*self }
    }

    pub(crate) fn slots(&self) -> Slots {
        self.slots
    }
}

#[cfg(test)]
mod tests {
    use super::Ramp;
    use crate::Error;
    use base::Rng;
    use proptest::prelude::*;
    use std::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);

    fn starts(ramp: &Ramp) -> Vec<Duration> {
        (0..ramp.viewers())
            .filter_map(|n| ramp.start_of(n))
            .collect()
    }

    #[test]
    fn twenty_a_second_start_twenty_in_every_second() {
        let ramp = Ramp::new(200, 20.0, Duration::from_millis(200), 1).unwrap();
        let starts = starts(&ramp);
        for second in 0..10_u32 {
            let within = starts
                .iter()
                .filter(|at| **at >= SECOND * second && **at < SECOND * (second + 1))
                .count();
            assert_eq!(within, 20, "second {second}");
        }
        assert_eq!(ramp.length(), SECOND * 10);
        assert_eq!(ramp.start_of(200), None);
    }

    #[test]
    fn without_jitter_the_schedule_is_exact() {
        let ramp = Ramp::new(3, 4.0, Duration::ZERO, 9).unwrap();
        assert_eq!(
            starts(&ramp),
            [0, 250, 500].map(Duration::from_millis).to_vec()
        );
    }

    #[test]
    fn rates_that_start_nobody_are_refused() {
        for rate in [0.0, -1.0, f64::INFINITY] {
            assert_eq!(
                Ramp::new(1, rate, Duration::ZERO, 0),
                Err(Error::Rate(rate))
            );
        }
        assert!(Ramp::new(1, f64::NAN, Duration::ZERO, 0).is_err());
    }

    proptest! {
        /// The schedule of a seed is the same in every version: runs of the past can be repeated.
        #[test]
        fn each_has_the_jitter_of_its_number(
            seed: u64, rate in 0.01..5000.0_f64, jitter_ms in 0_u64..100_000, n in 0_u64..100_000,
        ) {
            let jitter = Duration::from_millis(jitter_ms);
            let ramp = Ramp::new(n + 1, rate, jitter, seed).unwrap();
            let jitter = jitter.as_secs_f64().min(1.0 / rate);
            let expected = n as f64 / rate + jitter * Rng::nth(seed, n).unit();
            let at = ramp.start_of(n).unwrap().as_secs_f64();
            prop_assert!((at - expected).abs() < 1e-6 * expected.max(1.0), "{at} {expected}");
        }

        #[test]
        fn each_stays_in_its_slot_and_depends_on_nobody_else(
            seed: u64, rate in 0.01..5000.0_f64, jitter_ms in 0_u64..100_000, n in 0_u64..100_000,
        ) {
            let ramp = |viewers| {
                Ramp::new(viewers, rate, Duration::from_millis(jitter_ms), seed).unwrap()
            };
            let at = ramp(100_000).start_of(n).unwrap();
            prop_assert_eq!(ramp(n + 1).start_of(n), Some(at));
            let slot = n as f64 / rate;
            prop_assert!(at.as_secs_f64() >= slot - 1e-6);
            prop_assert!(at.as_secs_f64() <= slot + 1.0 / rate + 1e-6);
        }
    }
}
