use std::time::Duration;

use base::Rng;

use crate::Error;

/// Times at a rate: slot k is `[k/rate, (k+1)/rate)`, and whatever happens in it is moved by
/// jitter within that slot only. So the rate is met on average and order is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Slots {
    rate: f64,
    jitter: Duration,
    seed: u64,
}

impl Slots {
    /// `rate` slots a second. Jitter is capped at a slot, 1/rate.
    pub(crate) fn new(rate: f64, jitter: Duration, seed: u64) -> Result<Self, Error> {
        if !rate.is_finite() || rate <= 0.0 {
            return Err(Error::Rate(rate));
        }
        let slot = Duration::try_from_secs_f64(1.0 / rate).unwrap_or(Duration::MAX);
        let jitter = jitter.min(slot);
        Ok(Self { rate, jitter, seed })
    }

    /// The same slots with jitter of their own.
    pub(crate) fn reseeded(self, seed: u64) -> Self {
        let seed = self.seed ^ seed;
        Self { seed, ..self }
    }

    /// When slot `k` begins.
    pub(crate) fn begin(&self, k: u64) -> Duration {
        Duration::try_from_secs_f64(k as f64 / self.rate).unwrap_or(Duration::MAX)
    }

    /// The moment in slot `k` that the jitter of `n` gives; never after slot `k + 1` begins.
    pub(crate) fn at(&self, k: u64, n: u64) -> Duration {
        let within = self.jitter.mul_f64(Rng::nth(self.seed, n).unit());
        let moved = self.begin(k).saturating_add(within);
        moved.min(self.begin(k.saturating_add(1)))
    }
}
