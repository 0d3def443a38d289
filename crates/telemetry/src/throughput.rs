//! Segment bytes over time.
//!
//! A sample, the bytes counted so far, is taken on every whole Unix second; a window is the
//! difference of two samples over the time between them. Whole seconds are the same instants for
//! every recorder, so samples of many add up, second by second, to those of one that saw it all.
//! Beside the samples stand buckets of 100 ms.
//!
//! ```text
//!  start        first sample                                  through    now
//!    ├────────────────┼────────┼────────┼── … ──┼────────┼────────┼───────┤
//!    0 bytes                   └───────── a window ends here ─────┘  counted, in no window yet
//! ```
//!
//! Samples reach back a little further than the longest window, so that recorders whose snapshots
//! were taken up to [`SLACK`] seconds apart still merge without loss.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::generator::join;

/// The longest window, in seconds.
pub const WINDOW_MAX: i64 = 300;
/// How far apart merged snapshots may be, in seconds, without shortening the longest window.
pub const SLACK: i64 = 19;
/// Samples that are kept: the window's two ends, and the slack.
const KEPT: i64 = WINDOW_MAX + 1 + SLACK;
/// Buckets a second.
const PER_SECOND: i64 = 10;
const BUCKET_MS: i64 = 1000 / PER_SECOND;

/// Averages in bytes a second; `None` is unknown: no data yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Windows {
    /// Over the last second.
    pub avg_1s: Option<f64>,
    /// Over the last 30 s.
    pub avg_30s: Option<f64>,
    /// Over the last minute.
    pub avg_60s: Option<f64>,
    /// Over the last five minutes.
    pub avg_300s: Option<f64>,
    /// Since the run began.
    pub overall: Option<f64>,
}

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
    stopped: bool,
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
            stopped: false,
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
        self.stopped = true;
        self.open_until = Duration::MAX;
    }

    pub(crate) fn snapshot_into(&mut self, elapsed: Duration, out: &mut History) {
        self.roll(elapsed);
        out.start_ms = Some(self.clock.start_ms());
        out.floor = self.floor();
        out.through = self.through();
        out.total = self.total;
        let (samples, buckets) = (out.first_sample(), out.first_bucket());
        copy_ring(&self.samples, samples, out.through + 1, &mut out.samples);
        copy_ring(
            &self.buckets,
            buckets,
            out.through * PER_SECOND,
            &mut out.buckets,
        );
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
        if self.stopped || bucket <= self.bucket {
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

/// The first whole second at or after `unix_ms`.
fn first_second(unix_ms: i64) -> i64 {
    unix_ms.div_euclid(1000) + i64::from(unix_ms.rem_euclid(1000) > 0)
}

/// Which samples there are.
#[derive(Clone, Copy)]
struct Span {
    start_ms: i64,
    floor: Option<i64>,
    through: i64,
}

impl Span {
    fn windows(self, sample: impl Fn(i64) -> u64) -> Windows {
        if self.through < self.oldest() {
            return Windows::default();
        }
        let bytes = sample(self.through);
        if bytes == 0 {
            return Windows::default();
        }
        let end_ms = self.through * 1000;
        let since_ms = |from_ms, base| rate(bytes.saturating_sub(base), end_ms - from_ms);
        let window = |seconds: i64| {
            let wanted = self.through - seconds;
            if self.floor.is_none() && wanted * 1000 <= self.start_ms {
                return since_ms(self.start_ms, 0);
            }
            let base = wanted.max(self.oldest());
            since_ms(base * 1000, sample(base))
        };
        Windows {
            avg_1s: window(1),
            avg_30s: window(30),
            avg_60s: window(60),
            avg_300s: window(WINDOW_MAX),
            overall: since_ms(self.start_ms, 0),
        }
    }

    /// The oldest second with a sample.
    fn oldest(self) -> i64 {
        self.floor.unwrap_or_else(|| first_second(self.start_ms))
    }
}

fn rate(bytes: u64, ms: i64) -> Option<f64> {
    (ms > 0).then(|| bytes as f64 * 1000.0 / ms as f64)
}

/// The samples and buckets of a snapshot.
///
/// Merging adds them second by second and ends at the last whole second that *every* part has
/// reached (a part that lags holds the windows back rather than lowering them); it begins where
/// every part still has samples. A part that never reports again must be dropped by whoever
/// merges, or brought up to date with [`History::idle_until`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Unix milliseconds when counting began; `None` where no recorder took part.
    start_ms: Option<i64>,
    /// The last whole Unix second that has a sample.
    through: i64,
    /// The oldest second that is kept, where older ones were given up.
    floor: Option<i64>,
    /// Bytes so far, at each second up to `through`.
    samples: Vec<u64>,
    /// Bytes in each 100 ms, up to `through`.
    buckets: Vec<u64>,
    /// Bytes so far, those after `through` included.
    total: u64,
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
        let oldest = self
            .buckets
            .len()
            .saturating_sub((WINDOW_MAX * PER_SECOND) as usize);
        let peak = self.buckets[oldest..].iter().max().copied().unwrap_or(0);
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
            through: self.through.min(other.through),
            floor: self.floor,
            total: self.total.saturating_add(other.total),
            ..Self::default()
        };
        join(&mut merged.start_ms, other.start_ms, i64::min);
        join(&mut merged.floor, other.floor, i64::max);
        let parts = [&*self, other];
        let sum = |at, of: fn(&Self, i64) -> u64| {
            parts
                .iter()
                .fold(0_u64, |sum, part| sum.saturating_add(of(part, at)))
        };
        let samples = merged.first_sample()..=merged.through;
        merged.samples = samples.map(|second| sum(second, Self::sample)).collect();
        let buckets = merged.first_bucket()..merged.through * PER_SECOND;
        merged.buckets = buckets.map(|bucket| sum(bucket, Self::bucket)).collect();
        *self = merged;
    }

    /// As if nothing more had arrived until `unix_ms`.
    pub fn idle_until(&mut self, unix_ms: i64) {
        let through = unix_ms.div_euclid(1000);
        if self.start_ms.is_none() || through <= self.through {
            return;
        }
        let mut idle = self.clone();
        idle.through = through;
        let oldest = through - KEPT + 1;
        if oldest > self.first_sample() {
            idle.floor = Some(oldest);
        }
        let samples = idle.first_sample()..=through;
        let sample = |second| {
            if second > self.through {
                self.total
            } else {
                self.sample(second)
            }
        };
        idle.samples = samples.map(sample).collect();
        // What was counted after the last sample arrived in the second that follows it.
        let known = self.samples.last().copied().unwrap_or(0);
        let loose = self.total.saturating_sub(known);
        let next = self.through * PER_SECOND;
        let buckets = idle.first_bucket()..through * PER_SECOND;
        let bucket = |bucket| {
            if bucket == next {
                loose
            } else {
                self.bucket(bucket)
            }
        };
        idle.buckets = buckets.map(bucket).collect();
        *self = idle;
    }

    /// Bytes so far at `second`: nothing before the start.
    fn sample(&self, second: i64) -> u64 {
        get(&self.samples, second - self.first_sample())
    }

    fn bucket(&self, bucket: i64) -> u64 {
        get(&self.buckets, bucket - self.first_bucket())
    }

    fn first_sample(&self) -> i64 {
        let oldest = self
            .floor
            .unwrap_or_else(|| first_second(self.start_ms.unwrap_or(0)));
        oldest.max(self.through - KEPT + 1)
    }

    fn first_bucket(&self) -> i64 {
        let start = self.start_ms.unwrap_or(0).div_euclid(BUCKET_MS);
        let oldest = self.floor.map_or(start, |floor| floor * PER_SECOND);
        oldest.max((self.through - KEPT) * PER_SECOND)
    }
}

fn get(list: &[u64], at: i64) -> u64 {
    let at = usize::try_from(at).ok();
    at.and_then(|at| list.get(at)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Now;
    use proptest::prelude::*;

    /// What a tracker may take beside its buckets.
    const _: () = assert!(Tracker::BYTES < 10_000);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn tracker(start_ms: i64) -> Tracker {
        Tracker::new(Clock::new(Now {
            elapsed: Duration::ZERO,
            unix_ms: start_ms,
        }))
    }

    fn history(tracker: &mut Tracker, at: Duration) -> History {
        let mut out = History::default();
        tracker.snapshot_into(at, &mut out);
        out
    }

    #[test]
    fn nothing_is_known_before_any_data() {
        let mut idle = tracker(1_000_250);
        assert_eq!(idle.windows(ms(0)), Windows::default());
        assert_eq!(idle.windows(ms(60_000)), Windows::default());
        let none = history(&mut idle, ms(60_000));
        assert_eq!(
            (none.windows(), none.peak_100ms()),
            (Windows::default(), None)
        );
        idle.add(7, ms(60_001));
        // Data, but no whole second since.
        assert_eq!(idle.windows(ms(60_700)), Windows::default());
        assert_eq!(History::default().windows(), Windows::default());
        assert_eq!(History::default().peak_100ms(), None);
    }

    #[test]
    fn a_short_history_counts_with_its_true_age() {
        // 0.75 s to the first whole second, then one more.
        let mut young = tracker(1_000_250);
        young.add(1_750, ms(10));
        let windows = young.windows(ms(1_800));
        assert_eq!(windows.avg_1s, Some(0.0));
        assert_eq!(windows.avg_30s, Some(1_000.0));
        assert_eq!(
            (windows.avg_300s, windows.overall),
            (Some(1_000.0), Some(1_000.0))
        );
    }

    #[test]
    fn windows_end_at_whole_seconds_and_zero_is_a_figure() {
        let mut tracker = tracker(5_000);
        tracker.add(300, ms(900));
        assert_eq!(tracker.windows(ms(1_999)).avg_1s, Some(300.0));
        tracker.add(600, ms(1_999));
        assert_eq!(tracker.windows(ms(1_999)).avg_1s, Some(300.0));
        assert_eq!(tracker.windows(ms(2_000)).avg_1s, Some(600.0));
        let later = tracker.windows(ms(400_000));
        assert_eq!((later.avg_1s, later.avg_300s), (Some(0.0), Some(0.0)));
        assert_eq!(later.overall, Some(900.0 / 400.0));
    }

    #[test]
    fn the_baseline_is_the_sample_at_the_window_s_begin() {
        let mut tracker = tracker(0);
        for second in 0..100 {
            tracker.add(second, ms(second * 1000 + 500));
        }
        let windows = tracker.windows(ms(100_000));
        let mean = |from: u64| (from..100).sum::<u64>() as f64 / (100 - from) as f64;
        assert_eq!(windows.avg_1s, Some(99.0));
        assert_eq!(windows.avg_30s, Some(mean(70)));
        assert_eq!(windows.avg_60s, Some(mean(40)));
        assert_eq!(windows.avg_300s, Some(mean(0)));
    }

    #[test]
    fn buckets_and_their_peak() {
        let mut tracker = tracker(200);
        for (bytes, at) in [(5, 0), (6, 99), (100, 100), (1, 850), (70, 1_900)] {
            tracker.add(bytes, ms(at));
        }
        let history = history(&mut tracker, ms(2_800));
        assert_eq!(history.peak_100ms(), Some(1_000.0));
        // What came before the first whole second belongs to none.
        assert_eq!(
            history.seconds().collect::<Vec<_>>(),
            [(1, 1, 1), (2, 70, 70)]
        );
        assert_eq!((history.total_bytes(), history.through()), (182, Some(3)));
    }

    #[test]
    fn the_peak_is_forgotten_after_five_minutes() {
        let mut tracker = tracker(0);
        tracker.add(1_000, ms(50));
        tracker.add(1, ms(150));
        assert_eq!(
            history(&mut tracker, ms(300_000)).peak_100ms(),
            Some(10_000.0)
        );
        assert_eq!(history(&mut tracker, ms(301_000)).peak_100ms(), Some(0.0));
    }

    #[test]
    fn after_a_stop_only_the_total_grows() {
        let mut tracker = tracker(0);
        tracker.add(100, ms(1_500));
        tracker.stop(ms(2_100));
        let at_stop = history(&mut tracker, ms(2_100));
        tracker.add(50, ms(9_000));
        let after = history(&mut tracker, ms(9_900));
        assert_eq!(after.total_bytes(), 150);
        assert_eq!(after.windows(), at_stop.windows());
        assert_eq!(
            History {
                total: 100,
                ..after
            },
            at_stop
        );
    }

    #[test]
    fn one_that_fell_silent_can_be_brought_up_to_date() {
        for gap in [0, 400, 1_000, 250_000, 900_000] {
            let mut tracker = tracker(700);
            for step in 0..200 {
                tracker.add(step, ms(step * 123));
            }
            let mut idle = history(&mut tracker, ms(24_600));
            idle.idle_until(25_300 + gap);
            let silent = history(&mut tracker, ms(24_600 + gap as u64));
            assert_eq!(idle.windows(), silent.windows(), "{gap}");
            assert_eq!(idle.through(), silent.through());
            assert_eq!(idle.total_bytes(), silent.total_bytes());
        }
    }

    /// The definition, written down naively: the bytes before an instant.
    fn by_definition(
        arrivals: &[(u64, u64)],
        start_ms: i64,
        end: i64,
        seconds: i64,
    ) -> Option<f64> {
        let before = |unix_ms: i64| -> u64 {
            let counted = arrivals
                .iter()
                .filter(|(at, _)| start_ms + (*at as i64) < unix_ms);
            counted.map(|(_, bytes)| bytes).sum()
        };
        let from_ms = ((end - seconds) * 1000).max(start_ms);
        let known = before(end * 1000) > 0 && end * 1000 > from_ms;
        known.then(|| {
            let bytes = before(end * 1000) - before(from_ms);
            bytes as f64 * 1000.0 / (end * 1000 - from_ms) as f64
        })
    }

    proptest! {
        #[test]
        fn windows_are_as_defined(
            start_ms in 1_000_000..1_003_000_i64,
            gaps in prop::collection::vec((0..40_000_u64, 0..1_000_000_u64), 0..60),
            rest in 0..400_000_u64,
        ) {
            let mut tracker = tracker(start_ms);
            let (mut at, mut arrivals) = (0, Vec::new());
            for (gap, bytes) in gaps {
                at += gap;
                arrivals.push((at, bytes));
                tracker.add(bytes, ms(at));
            }
            at += rest;
            let end = (start_ms + at as i64).div_euclid(1000);
            let windows = tracker.windows(ms(at));
            prop_assert_eq!(windows, history(&mut tracker, ms(at)).windows());
            let expected = |seconds| by_definition(&arrivals, start_ms, end, seconds);
            prop_assert_eq!(windows.avg_1s, expected(1));
            prop_assert_eq!(windows.avg_30s, expected(30));
            prop_assert_eq!(windows.avg_60s, expected(60));
            prop_assert_eq!(windows.avg_300s, expected(300));
            prop_assert_eq!(windows.overall, expected(i64::from(i32::MAX)));
        }

        /// Parts whose snapshots were taken at different moments merge to the windows and the
        /// peak of the whole at the last second that all of them had reached.
        #[test]
        fn parts_taken_at_different_moments_merge_exactly(
            start_ms in 1_000_000..1_002_000_i64,
            arrivals in prop::collection::vec((0..20_000_u64, 0..1_000_000_u64, 0..3_usize), 1..120),
            rest in 0..2_000_u64,
            late in prop::array::uniform3(0..SLACK as u64 * 1000),
            order in Just([0, 1, 2]).prop_shuffle(),
        ) {
            let mut at = 0;
            let arrivals: Vec<_> = arrivals
                .into_iter()
                .map(|(gap, bytes, part)| { at += gap; (at, bytes, part) })
                .collect();
            at += rest;
            let taken = late.map(|late| at.saturating_sub(late));
            let mut merged = History::default();
            for part in order {
                let mut tracker = tracker(start_ms);
                for &(at, bytes, of) in &arrivals {
                    if of == part && at <= taken[part] {
                        tracker.add(bytes, ms(at));
                    }
                }
                merged.merge(&history(&mut tracker, ms(taken[part])));
            }
            let first = taken.into_iter().min().unwrap();
            let mut one = tracker(start_ms);
            for &(at, bytes, _) in arrivals.iter().filter(|(at, ..)| *at <= first) {
                one.add(bytes, ms(at));
            }
            let whole = history(&mut one, ms(first));
            prop_assert_eq!(merged.windows(), whole.windows());
            prop_assert_eq!(merged.peak_100ms(), whole.peak_100ms());
            prop_assert_eq!(merged.through(), whole.through());
        }
    }
}
