use serde::{Deserialize, Serialize};

use super::{BUCKET_MS, KEPT, PER_SECOND, Span, WINDOW_MAX, Windows, first_second};
use crate::generator::join;

/// The samples and buckets of a snapshot.
///
/// Merging adds them second by second. A part is open, or closed when its recorder was stopped:
/// nothing counts after that. The sum ends at the last whole second that *every* open part has
/// reached (a part that lags holds the windows back rather than lowering them), and where all are
/// closed at the last that any of them has; it begins where every part still has samples. A part
/// whose recorder is lost is closed by whoever merges ([`History::close`]).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Unix milliseconds when counting began; `None` where no recorder took part.
    pub(super) start_ms: Option<i64>,
    /// The last whole Unix second that has a sample.
    pub(super) through: i64,
    /// The oldest second that is kept, where older ones were given up.
    pub(super) floor: Option<i64>,
    /// Bytes so far, at each second up to `through`.
    pub(super) samples: Vec<u64>,
    /// Bytes in each 100 ms, up to `through`; up to the stop where that came.
    pub(super) buckets: Vec<u64>,
    /// Where nothing counts any more: the bytes that counted.
    pub(super) closed: Option<u64>,
    /// Bytes so far, those after `through` included.
    pub(super) total: u64,
}

impl History {
    /// All bytes counted.
    pub fn total_bytes(&self) -> u64 {
        self.total
    }

    /// The Unix second that windows end at; `None` before the first.
    pub fn through(&self) -> Option<i64> {
        (!self.samples.is_empty()).then_some(self.through)
    }

    /// The averages.
    pub fn windows(&self) -> Windows {
        let Some(start_ms) = self.start_ms else {
            return Windows::default();
        };
        let span = Span {
            start_ms,
            floor: self.floor,
            through: self.through,
        };
        span.windows(|second| self.sample(second))
    }

    /// The greatest rate over 100 ms within the last 300 s, in bytes a second; `None` before any
    /// data. Peaks of parts do not add up, so the peak is that of the buckets, which do.
    pub fn peak_100ms(&self) -> Option<f64> {
        let end = self.through * PER_SECOND;
        let place = |bucket: i64| (bucket - self.first_bucket()).max(0) as usize;
        let window = place(end - WINDOW_MAX * PER_SECOND)..place(end).min(self.buckets.len());
        let peak = self
            .buckets
            .get(window)
            .and_then(|buckets| buckets.iter().max());
        let peak = peak.copied().unwrap_or(0);
        let any_data = self.samples.last().is_some_and(|&bytes| bytes > 0);
        any_data.then_some(peak as f64 * PER_SECOND as f64)
    }

    /// For each whole second, oldest first: the Unix second that it began with, its bytes, and
    /// the bytes of its fullest 100 ms.
    pub fn seconds(&self) -> impl Iterator<Item = (i64, u64, u64)> {
        let first = first_second(self.first_bucket() * BUCKET_MS);
        (first..self.through).map(move |second| {
            let mut sums = (0, 0);
            for bucket in second * PER_SECOND..(second + 1) * PER_SECOND {
                let bytes = self.bucket(bucket);
                sums = (sums.0 + bytes, bytes.max(sums.1));
            }
            (second, sums.0, sums.1)
        })
    }

    /// The greatest rate over 100 ms from the Unix second `first` on, in bytes a second; `None` where
    /// no second that began then or later is whole.
    pub(crate) fn peak_since(&self, first: i64) -> Option<f64> {
        let place = |second: i64| {
            let bucket = second.saturating_mul(PER_SECOND);
            usize::try_from(bucket.saturating_sub(self.first_bucket())).unwrap_or(0)
        };
        let end = place(self.through).min(self.buckets.len());
        let buckets = self.buckets.get(place(first)..end)?;
        let peak = buckets.iter().max()?;
        Some(*peak as f64 * PER_SECOND as f64)
    }

    /// Adds what `other` holds.
    pub fn merge(&mut self, other: &Self) {
        if other.start_ms.is_none() {
            return;
        }
        if self.start_ms.is_none() {
            self.clone_from(other);
            return;
        }
        let mut merged = Self {
            start_ms: self.start_ms,
            through: self.through_with(other),
            floor: self.floor,
            total: self.total.saturating_add(other.total),
            closed: self
                .closed
                .zip(other.closed)
                .map(|(a, b)| a.saturating_add(b)),
            ..Self::default()
        };
        join(&mut merged.start_ms, other.start_ms, i64::min);
        join(&mut merged.floor, other.floor, i64::max);
        merged.add([self, other]);
        *self = merged;
    }

    /// Nothing more will come of the recorder: from here on it has counted what it has counted.
    pub fn close(&mut self) {
        if self.closed.is_none() && self.start_ms.is_some() {
            // What came after the last sample came in the second that follows it.
            let sampled = self.sample(self.through);
            self.buckets.push(self.total.saturating_sub(sampled));
            self.closed = Some(self.total);
        }
    }

    /// The last whole second of both.
    fn through_with(&self, other: &Self) -> i64 {
        match (self.closed, other.closed) {
            (None, None) => self.through.min(other.through),
            (None, Some(_)) => self.through,
            (Some(_), None) => other.through,
            (Some(_), Some(_)) => self.through.max(other.through),
        }
    }

    /// Fills in the samples and buckets that are the sums of those of `parts`.
    fn add(&mut self, parts: [&Self; 2]) {
        let oldest = self.through - KEPT + 1;
        if oldest > first_second(self.start_ms.unwrap_or(0)) {
            join(&mut self.floor, Some(oldest), i64::max);
        }
        let sum = |at, of: fn(&Self, i64) -> u64| {
            let parts = parts.iter();
            parts.fold(0_u64, |sum, part| sum.saturating_add(of(part, at)))
        };
        let samples = self.first_sample()..=self.through;
        self.samples = samples.map(|second| sum(second, Self::sample)).collect();
        let mut end = self.through * PER_SECOND;
        if self.closed.is_some() {
            end = parts
                .iter()
                .map(|part| part.end_bucket())
                .fold(end, i64::max);
        }
        let buckets = self.first_bucket()..end;
        self.buckets = buckets.map(|bucket| sum(bucket, Self::bucket)).collect();
    }

    /// Bytes so far at `second`: nothing before the start, all of them after the end.
    fn sample(&self, second: i64) -> u64 {
        if let (Some(bytes), true) = (self.closed, second > self.through) {
            return bytes;
        }
        get(&self.samples, second - self.first_sample())
    }

    fn end_bucket(&self) -> i64 {
        self.first_bucket() + self.buckets.len() as i64
    }

    fn bucket(&self, bucket: i64) -> u64 {
        get(&self.buckets, bucket - self.first_bucket())
    }

    pub(super) fn first_sample(&self) -> i64 {
        let oldest = self
            .floor
            .unwrap_or_else(|| first_second(self.start_ms.unwrap_or(0)));
        oldest.max(self.through - KEPT + 1)
    }

    pub(super) fn first_bucket(&self) -> i64 {
        let start = self.start_ms.unwrap_or(0).div_euclid(BUCKET_MS);
        let oldest = self.floor.map_or(start, |floor| floor * PER_SECOND);
        oldest.max((self.through - KEPT) * PER_SECOND)
    }
}

fn get(list: &[u64], at: i64) -> u64 {
    let at = usize::try_from(at).ok();
    at.and_then(|at| list.get(at)).copied().unwrap_or(0)
}
