use std::time::Duration;

use base::Rng;

/// The first delay.
const FIRST: Duration = Duration::from_millis(250);
/// Each delay is this much longer than the one before.
const FACTOR: f64 = 1.7;
/// Delays grow to this, before they are spread.
const MAX: Duration = Duration::from_secs(5);
/// Each delay is spread by this share up and down, so that a crowd that failed together does not
/// come back together.
const SPREAD: f64 = 0.2;
/// After this long without a failure the next delay is the first again.
const HEALTHY_AFTER: Duration = Duration::from_secs(30);

/// Delays between the restarts of one viewer: 250 ms × 1.7ⁿ, at most 5 s, ± 20 %, from the start
/// again after 30 s of health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The delay before the next try, after a try that was healthy for `healthy`.
    pub fn after(&mut self, healthy: Duration, rng: &mut Rng) -> Duration {
        if healthy >= HEALTHY_AFTER {
            self.failures = 0;
        }
        let grown = FIRST.as_secs_f64() * FACTOR.powi(self.failures.min(64) as i32);
        self.failures = self.failures.saturating_add(1);
        let capped = grown.min(MAX.as_secs_f64());
        Duration::from_secs_f64(capped * rng.between(1.0 - SPREAD, 1.0 + SPREAD))
    }
}

#[cfg(test)]
mod tests {
    use super::Backoff;
    use base::Rng;
    use std::time::Duration;

    #[test]
    fn grows_by_its_factor_to_its_limit_within_its_spread() {
        let mut backoff = Backoff::default();
        let mut rng = Rng::new(3);
        let nominal = [0.25, 0.425, 0.7225, 1.228, 2.088, 3.550, 5.0, 5.0, 5.0];
        for (n, expected) in nominal.into_iter().enumerate() {
            let delay = backoff.after(Duration::ZERO, &mut rng).as_secs_f64();
            let share = delay / expected;
            assert!((0.799..=1.201).contains(&share), "{n}: {delay}");
        }
    }

    #[test]
    fn health_starts_it_anew() {
        let mut backoff = Backoff::default();
        let mut rng = Rng::new(3);
        for _ in 0..10 {
            backoff.after(Duration::from_secs(29), &mut rng);
        }
        let delay = backoff.after(Duration::from_secs(30), &mut rng);
        assert!(delay <= Duration::from_millis(300), "{delay:?}");
    }

    #[test]
    fn a_thousand_failures_do_not_overflow() {
        let mut backoff = Backoff { failures: u32::MAX };
        let delay = backoff.after(Duration::ZERO, &mut Rng::new(0));
        assert!(delay <= Duration::from_secs(6));
    }
}
