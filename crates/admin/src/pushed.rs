//! Latencies that somebody else measured.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use base::Now;
use telemetry::slo::{Key, Source, Table, Tracker};

use crate::sample::Sample;

/// Series that are kept of what others push; they have no part in the room for our own.
pub const PUSHED_SERIES_MAX: usize = 256;

/// What others pushed: one store, of which this is a handle. Whoever makes frames merges its table
/// into the snapshot's, so that every output shows it.
#[derive(Clone, Debug)]
pub struct Pushed {
    began: Instant,
    start: Now,
    store: Arc<Mutex<Store>>,
}

impl Pushed {
    /// An empty store.
    pub(crate) fn new() -> Self {
        let since_1970 = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        let start = Now::new(Duration::ZERO, since_1970.as_millis() as i64);
        Self {
            began: Instant::now(),
            start,
            store: Arc::new(Mutex::new(Store::new(start))),
        }
    }

    /// Everything that was pushed so far, with [`Source::Pushed`]. It is made anew only after
    /// something more was pushed.
    pub fn table(&self) -> Arc<Table> {
        self.with(Store::table)
    }

    /// Notes a sample, at the time at which it came. `false`: there is no room for its series.
    pub(crate) fn push(&self, sample: &Sample) -> bool {
        let now = self.start.after(self.began.elapsed());
        self.with(|store| store.push(sample, now))
    }

    fn with<T>(&self, then: impl FnOnce(&mut Store) -> T) -> T {
        // A store whose holder panicked has counted a sample or has not.
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        then(&mut store)
    }
}

#[derive(Debug)]
struct Store {
    tracker: Tracker,
    table: Option<Arc<Table>>,
}

impl Store {
    fn new(start: Now) -> Self {
        Self {
            tracker: Tracker::with_room(start, PUSHED_SERIES_MAX),
            table: None,
        }
    }

    fn push(&mut self, sample: &Sample, now: Now) -> bool {
        let key = Key::new(&sample.broadcast, &sample.transport, Source::Pushed);
        let series = self.tracker.series(&key, now);
        self.tracker.record(series, sample.latency_ms, now);
        self.table = None;
        !series.is_refused()
    }

    fn table(&mut self) -> Arc<Table> {
        let tracker = &self.tracker;
        let table = self
            .table
            .get_or_insert_with(|| Arc::new(tracker.snapshot()));
        Arc::clone(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use telemetry::slo::IDLE_MS;

    fn sample(broadcast: &str, latency_ms: u64) -> Sample {
        Sample {
            broadcast: broadcast.to_owned(),
            transport: "moq".to_owned(),
            latency_ms,
        }
    }

    #[test]
    fn what_is_pushed_has_a_bound_of_its_own() {
        let start = Now::new(Duration::ZERO, 1_700_000_000_000);
        let mut store = Store::new(start);
        for n in 0..PUSHED_SERIES_MAX {
            assert!(store.push(&sample(&n.to_string(), 7), start), "{n}");
        }
        assert!(!store.push(&sample("one more", 7), start));
        assert!(
            store.push(&sample("0", 9), start),
            "a known one has its room"
        );
        let table = store.table();
        assert_eq!(table.series().len(), PUSHED_SERIES_MAX);
        assert_eq!((table.refused_series, table.refused_samples), (1, 1));
        let sources = table.series().iter().map(|series| series.key.source);
        assert!(sources.into_iter().all(|source| source == Source::Pushed));
        let later = start.after(Duration::from_millis(IDLE_MS as u64));
        assert!(store.push(&sample("one more", 7), later));
        assert_eq!(store.table().series().len(), PUSHED_SERIES_MAX);
    }

    #[test]
    fn a_table_is_made_once_for_many_readers() {
        let pushed = Pushed::new();
        assert!(pushed.push(&sample("/live", 40)));
        let table = pushed.table();
        assert!(Arc::ptr_eq(&table, &pushed.clone().table()));
        assert!(pushed.push(&sample("/live", 60)));
        assert_eq!(table.series()[0].total_observed, 1);
        let table = pushed.table();
        let newest: Vec<u64> = table.series()[0].newest().map(|(_, ms)| ms).collect();
        assert_eq!(newest, [40, 60]);
        assert!(table.series()[0].last_ms > 1_600_000_000_000);
    }
}
