use std::time::Duration;

use super::history::History;
use super::{BUCKET_MS, KEPT, PER_SECOND, Span, Windows, first_second};
use crate::clock::Clock;

/// Counts segment bytes: one a recorder.
#[derive(Clone, Debug)]
pub struct Tracker {
    clock: Clock,
    total: u64,
    /// What the open bucket holds.
    open: u64,
    /// When the open bucket ends.
    open_until: Duration,
    /// The open bucket, in 100 ms since 1970.
    bucket: i64,
    /// What the open bucket held, and all bytes, when counting stopped.
    stopped: Option<(u64, u64)>,
    samples: Box<[u64]>,
    buckets: Box<[u64]>,
}

impl Tracker {
    /// What the tracker itself holds on to, without the buckets.
    pub const BYTES: usize = size_of::<Self>() + KEPT as usize * size_of::<u64>();

    pub(crate) fn new(clock: Clock) -> Self {
        let bucket = clock.start_ms().div_euclid(BUCKET_MS);
        Self {
            clock,
            total: 0,
            open: 0,
            open_until: clock.elapsed_at((bucket + 1) * BUCKET_MS),
            bucket,
            stopped: None,
            samples: vec![0; KEPT as usize].into_boxed_slice(),
            buckets: vec![0; (KEPT * PER_SECOND) as usize].into_boxed_slice(),
        }
    }

    /// Counts bytes that arrived at `elapsed`. An instant before one already told counts as that.
    #[inline]
    pub fn add(&mut self, bytes: u64, elapsed: Duration) {
        if elapsed >= self.open_until {
            self.roll(elapsed);
        }
        self.open += bytes;
        self.total += bytes;
    }

    /// The averages, as of the last whole second.
    pub fn windows(&mut self, elapsed: Duration) -> Windows {
        self.roll(elapsed);
        let (floor, through) = (self.floor(), self.through());
        let span = Span {
            start_ms: self.clock.start_ms(),
            floor,
            through,
        };
        span.windows(|second| self.samples[ring(second, KEPT)])
    }

    /// Later bytes count in the total only: samples, buckets and windows stay as of `elapsed`.
    pub(crate) fn stop(&mut self, elapsed: Duration) {
        self.roll(elapsed);
        self.stopped = Some((self.open, self.total));
        self.open_until = Duration::MAX;
    }

    pub(crate) fn snapshot_into(&mut self, elapsed: Duration, out: &mut History) {
        self.roll(elapsed);
        out.start_ms = Some(self.clock.start_ms());
        out.floor = self.floor();
        out.through = self.through();
        out.total = self.total;
        out.closed = self.stopped.map(|(_, bytes)| bytes);
        let (samples, buckets) = (out.first_sample(), out.first_bucket());
        copy_ring(&self.samples, samples, out.through + 1, &mut out.samples);
        let end = match self.stopped {
            Some(_) => self.bucket,
            None => out.through * PER_SECOND,
        };
        copy_ring(&self.buckets, buckets, end, &mut out.buckets);
        out.buckets.extend(self.stopped.map(|(open, _)| open));
    }

    /// The newest whole second that has begun.
    fn through(&self) -> i64 {
        self.bucket.div_euclid(PER_SECOND)
    }

    /// The oldest second that is kept, where older ones were given up.
    fn floor(&self) -> Option<i64> {
        let oldest = self.through() - KEPT + 1;
        (oldest > first_second(self.clock.start_ms())).then_some(oldest)
    }

    /// Closes the buckets and takes the samples that are due by `elapsed`.
    #[cold]
    fn roll(&mut self, elapsed: Duration) {
        let bucket = self.clock.unix_ms(elapsed).div_euclid(BUCKET_MS);
        if self.stopped.is_some() || bucket <= self.bucket {
            return;
        }
        // After a silence longer than the ring only what the ring holds needs writing.
        self.bucket = self.bucket.max(bucket - (KEPT + 1) * PER_SECOND);
        while self.bucket < bucket {
            self.buckets[ring(self.bucket, KEPT * PER_SECOND)] = std::mem::take(&mut self.open);
            self.bucket += 1;
            if self.bucket % PER_SECOND == 0 {
                self.samples[ring(self.through(), KEPT)] = self.total;
            }
        }
        self.open_until = self.clock.elapsed_at((bucket + 1) * BUCKET_MS);
    }
}

fn ring(at: i64, length: i64) -> usize {
    at.rem_euclid(length) as usize
}

/// Copies the places `from..until` of a ring.
fn copy_ring(ring_of: &[u64], from: i64, until: i64, out: &mut Vec<u64>) {
    out.clear();
    if until > from {
        let length = ring_of.len();
        let (start, count) = (ring(from, length as i64), (until - from) as usize);
        let head = count.min(length - start);
        out.extend_from_slice(&ring_of[start..start + head]);
        out.extend_from_slice(&ring_of[..count - head]);
    }
}
