use std::time::Duration;

/// So many things spread evenly over a span: each in the middle of its share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) span: Duration,
    pub(crate) count: u64,
}

impl Line {
    /// When the `k`-th (from 0) happens, in whole nanoseconds rounded up: never after the span.
    pub(crate) fn at(&self, k: u64) -> Duration {
        let halves = 2 * u128::from(k.min(self.count)) + 1;
        let shares = 2 * u128::from(self.count.max(1));
        let nanos = (self.span.as_nanos() * halves).div_ceil(shares);
        let second = 1_000_000_000;
        Duration::new((nanos / second) as u64, (nanos % second) as u32)
    }
}
