//! A bucket of tokens: one is taken for each thing that is let through, and they come back at a
//! steady rate.

use std::time::Duration;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    per_second: u32,
    burst: u32,
    /// What was taken and has not come back, as time that it takes to come back.
    owed: Duration,
    /// When that was so.
    at: Duration,
}

impl Bucket {
    /// A full bucket of `burst`, filled by `per_second`, which is not zero.
    pub(crate) const fn new(per_second: u32, burst: u32) -> Self {
        Self {
            per_second,
            burst,
            owed: Duration::ZERO,
            at: Duration::ZERO,
        }
    }

    /// Takes one where there is one. `now` is any time that does not go back.
    pub(crate) fn take(&mut self, now: Duration) -> bool {
        let each = Duration::from_secs(1) / self.per_second;
        let owed = self.owed.saturating_sub(now.saturating_sub(self.at));
        (self.at, self.owed) = (now.max(self.at), owed);
        let fits = owed + each <= each * self.burst;
        if fits {
            self.owed += each;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(bucket: &mut Bucket, tries: u32, at_ms: u64) -> u32 {
        let now = Duration::from_millis(at_ms);
        (0..tries).map(|_| u32::from(bucket.take(now))).sum()
    }

    #[test]
    fn a_burst_then_a_steady_rate() {
        let mut bucket = Bucket::new(10, 20);
        assert_eq!(taken(&mut bucket, 50, 0), 20);
        assert_eq!(taken(&mut bucket, 50, 99), 0);
        assert_eq!(taken(&mut bucket, 50, 100), 1);
        assert_eq!(taken(&mut bucket, 50, 1_100), 10);
        assert_eq!(taken(&mut bucket, 50, 60_000), 20);
        // A clock that goes back gives nothing.
        assert_eq!(taken(&mut bucket, 50, 0), 0);
        assert_eq!(taken(&mut bucket, 50, 60_050), 0);
        assert_eq!(taken(&mut bucket, 50, 60_100), 1);
    }

    #[test]
    fn over_a_long_time_it_lets_through_what_it_says() {
        let mut bucket = Bucket::new(500, 1000);
        let through: u32 = (0..10_000).map(|ms| taken(&mut bucket, 3, ms)).sum();
        assert!((5_990..=6_000).contains(&through), "{through}");
    }
}
