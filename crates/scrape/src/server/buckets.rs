//! How long requests of an interval took, from a histogram's cumulative buckets.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::counter::{Counter, Values};
use crate::exposition::Sample;

/// Buckets of a histogram that are followed; more are left out.
pub(super) const BUCKETS_MAX: usize = 128;

/// A bucket's upper bound in microseconds, which puts bounds in order; that of the last is
/// [`UNBOUNDED`].
type Bound = u64;

const UNBOUNDED: Bound = u64::MAX;

/// The buckets of one reading.
#[derive(Clone, Debug, Default)]
pub(super) struct Buckets(BTreeMap<Bound, Values>);

impl Buckets {
    pub(super) fn take(&mut self, sample: &Sample<'_>) {
        let Some(bound) = sample.label("le").and_then(|le| bound(&le)) else {
            return;
        };
        if self.0.len() < BUCKETS_MAX || self.0.contains_key(&bound) {
            self.0
                .entry(bound)
                .or_default()
                .add(sample.series, sample.value);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn bound(le: &str) -> Option<Bound> {
    let seconds: f64 = le.parse().ok()?;
    if seconds == f64::INFINITY {
        return Some(UNBOUNDED);
    }
    (seconds.is_finite() && seconds >= 0.0).then(|| (seconds * 1e6).round() as Bound)
}

/// Buckets over time.
#[derive(Clone, Debug, Default)]
pub(super) struct Tracker(BTreeMap<Bound, Counter>);

impl Tracker {
    /// Takes in a reading. The 95th percentile of the requests since the one before, in
    /// milliseconds; `None` where there were none, or the server began anew.
    pub(super) fn observe(&mut self, at: Duration, buckets: &Buckets) -> Option<f64> {
        let mut grew = Vec::with_capacity(buckets.0.len());
        let mut known = true;
        for (&bound, values) in &buckets.0 {
            if self.0.len() >= BUCKETS_MAX && !self.0.contains_key(&bound) {
                continue;
            }
            match self.0.entry(bound).or_default().observe(at, values) {
                Some(increase) if !increase.reset => grew.push((bound, increase.by)),
                _ => known = false,
            }
        }
        known.then(|| percentile(&grew, 0.95))?
    }
}

/// The `share`th quantile in milliseconds: within its bucket, samples are taken to be spread
/// evenly; beyond the last bound there is only that bound to tell of.
fn percentile(cumulative: &[(Bound, f64)], share: f64) -> Option<f64> {
    let (UNBOUNDED, all) = *cumulative.last()? else {
        return None;
    };
    if all <= 0.0 {
        return None;
    }
    let rank = all * share;
    let (mut lower, mut below) = (0.0, 0.0);
    for &(bound, count) in cumulative {
        if bound == UNBOUNDED {
            break;
        }
        let upper = bound as f64 / 1e3;
        if count >= rank {
            let within = (rank - below) / (count - below);
            return Some(lower + (upper - lower) * within.clamp(0.0, 1.0));
        }
        (lower, below) = (upper, count);
    }
    Some(lower)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exposition::samples;

    fn buckets(of: &[(&str, u64)]) -> Buckets {
        let lines = of.iter();
        let lines =
            lines.map(|(le, count)| format!("x_bucket{{host=\"a\",le=\"{le}\"}} {count}\n"));
        let mut buckets = Buckets::default();
        for sample in samples(lines.collect::<String>().as_bytes()) {
            buckets.take(&sample);
        }
        buckets
    }

    #[test]
    fn it_is_of_the_interval_and_not_of_all_time() {
        let mut tracker = Tracker::default();
        let at = Duration::from_secs;
        let first = buckets(&[("0.1", 1000), ("1", 1000), ("+Inf", 1000)]);
        assert_eq!(tracker.observe(at(0), &first), None);
        // A hundred more, all between 100 ms and 1 s.
        let then = buckets(&[("0.1", 1000), ("1", 1100), ("+Inf", 1100)]);
        assert_eq!(tracker.observe(at(2), &then), Some(100.0 + 900.0 * 0.95));
        // None, and a restart.
        assert_eq!(tracker.observe(at(4), &then), None);
        let anew = buckets(&[("0.1", 5), ("1", 5), ("+Inf", 5)]);
        assert_eq!(tracker.observe(at(6), &anew), None);
        let then = buckets(&[("0.1", 5), ("1", 5), ("+Inf", 9)]);
        assert_eq!(tracker.observe(at(8), &then), Some(1000.0));
    }

    #[test]
    fn what_is_no_histogram_is_none() {
        assert_eq!(percentile(&[], 0.5), None);
        assert_eq!(percentile(&[(5, 5.0)], 0.5), None);
        assert_eq!(percentile(&[(UNBOUNDED, 0.0)], 0.5), None);
        assert_eq!(percentile(&[(UNBOUNDED, 5.0)], 0.5), Some(0.0));
        for wrong in ["x", "NaN", "-1", ""] {
            assert_eq!(bound(wrong), None, "{wrong}");
        }
    }
}
