//! How late segments are delivered: from the capture of a segment's last frame to the moment its
//! last byte was handed to the socket.

use std::{
    cell::Cell,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use base::Now;
use telemetry::slo::{Key, Series, Source, Table, Tracker};

/// How the origin's stream is carried, as latency series name it.
const TRANSPORT: &str = "hls";
/// The name of the stream where latency is kept: its URL's path without its last component.
const BROADCAST: &str = "live";
/// Trackers: each thread that serves has one, mostly to itself.
const SHARDS: usize = 8;

/// Samples of all threads. A thread's lock is its own but while somebody reads, so that recording
/// never waits for another delivery.
#[derive(Debug)]
pub(crate) struct Deliveries(Box<[Shard]>);

#[derive(Debug)]
#[repr(align(128))]
struct Shard(Mutex<(Tracker, Series)>);

impl Deliveries {
    pub(crate) fn new(start: Now) -> Self {
        let key = Key::new(BROADCAST, TRANSPORT, Source::Origin);
        let shard = |_| {
            let mut tracker = Tracker::new(start);
            let series = tracker.series(&key, start);
            Shard(Mutex::new((tracker, series)))
        };
        Self((0..SHARDS).map(shard).collect())
    }

    /// The last byte of a segment that was captured at `captured_ms` has gone out.
    pub(crate) fn delivered(&self, captured_ms: i64, now: Now) {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static MINE: Cell<usize> = Cell::new(NEXT.fetch_add(1, Relaxed));
        }
        let shard = &self.0[MINE.get() % SHARDS].0;
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let (tracker, series) = &mut *shard;
        let latency_ms = (now.unix_ms - captured_ms).max(0) as u64;
        tracker.record(*series, latency_ms, now);
    }

    /// All samples.
    pub(crate) fn table(&self) -> Table {
        let mut all = Table::default();
        for shard in &self.0 {
            let shard = shard.0.lock().unwrap_or_else(PoisonError::into_inner);
            let table = shard.0.snapshot();
            drop(shard);
            all.merge(&table);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_delivery_is_one_sample_whichever_thread_made_it() {
        let at = |ms: u64| Now::new(Duration::from_millis(ms), 1_700_000_000_000);
        let deliveries = Deliveries::new(at(0));
        std::thread::scope(|scope| {
            for thread in 0..16_u64 {
                let deliveries = &deliveries;
                scope.spawn(move || {
                    for n in 0..100 {
                        deliveries.delivered(at(n).unix_ms, at(n + thread));
                    }
                });
            }
        });
        let table = deliveries.table();
        let rows = table.rows(1_700_000_002_000);
        assert_eq!(rows.len(), 1);
        let row = &rows[0];
        assert_eq!(
            (row.broadcast.as_str(), row.transport.as_str()),
            ("live", "hls")
        );
        assert_eq!((row.source, row.total_observed), (Source::Origin, 1600));
        // Each thread is one millisecond later than the last.
        assert_eq!(
            (row.max_ms, row.run.p50_ms, row.run.p99_ms),
            (15, Some(7), Some(15))
        );
    }

    #[test]
    fn what_leaves_before_its_capture_is_over_is_not_late() {
        let now = Now::new(Duration::ZERO, 1_700_000_000_000);
        let deliveries = Deliveries::new(now);
        deliveries.delivered(now.unix_ms + 5, now);
        assert_eq!(deliveries.table().rows(now.unix_ms)[0].max_ms, 0);
    }
}
