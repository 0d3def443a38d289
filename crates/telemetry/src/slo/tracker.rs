use std::collections::BTreeMap;
use std::sync::Arc;

use base::Now;

use super::newest::{self, Newest};
use super::slots::{SLOT_MS, Slots};
use super::table::{SeriesSnapshot, Table};
use super::{IDLE_MS, Key, LATENCY_MS_MAX, SERIES_MAX};
use crate::clock::Clock;
use crate::hist::{Histogram, Millis, Scale, bin_of};

/// A handle to one series of one tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Series {
    place: u32,
    /// The place may have been given to another key since; 0 is a refusal.
    generation: u32,
}

impl Series {
    const REFUSED: Self = Self {
        place: 0,
        generation: 0,
    };

    /// Whether there was no room for it: recording through it counts a refused sample.
    pub fn is_refused(self) -> bool {
        self == Self::REFUSED
    }
}

/// The series of one thread.
#[derive(Clone, Debug)]
pub struct Tracker {
    clock: Clock,
    series_max: usize,
    series: Vec<Local>,
    places: BTreeMap<Arc<Key>, u32>,
    generation: u32,
    refused_series: u64,
    refused_samples: u64,
}

impl Tracker {
    /// A tracker for a run that began at `start`.
    pub fn new(start: Now) -> Self {
        Self::with_room(start, SERIES_MAX)
    }

    /// A tracker that holds at most `series_max` series, and never more than [`SERIES_MAX`].
    pub fn with_room(start: Now, series_max: usize) -> Self {
        Self {
            clock: Clock::new(start),
            series_max: series_max.min(SERIES_MAX),
            series: Vec::new(),
            places: BTreeMap::new(),
            generation: 0,
            refused_series: 0,
            refused_samples: 0,
        }
    }

    /// The handle of `key`: the same one each time. Where there is no room for another,
    /// the one that was idle longest gives its place, if that was at least [`IDLE_MS`]; else the
    /// new one is refused, and counted.
    pub fn series(&mut self, key: &Key, now: Now) -> Series {
        let unix_ms = self.clock.unix_ms(now.elapsed);
        if let Some(&place) = self.places.get(key) {
            return Series {
                place,
                generation: self.series[place as usize].generation,
            };
        }
        let place = if self.series.len() < self.series_max {
            self.series.len()
        } else if let Some(idle) = self.idle(unix_ms) {
            self.places.remove(&self.series[idle].key);
            idle
        } else {
            self.refused_series += 1;
            return Series::REFUSED;
        };
        self.generation += 1;
        let key = Arc::new(key.clone());
        self.places.insert(Arc::clone(&key), place as u32);
        let local = Local::new(key, self.generation, unix_ms);
        match self.series.get_mut(place) {
            Some(taken) => *taken = local,
            None => self.series.push(local),
        }
        Series {
            place: place as u32,
            generation: self.generation,
        }
    }

    /// Records one sample. Zero is one; what is beyond [`LATENCY_MS_MAX`] counts as that. An
    /// instant before one already told counts as that, as time goes.
    #[inline]
    pub fn record(&mut self, series: Series, latency_ms: u64, now: Now) {
        let unix_ms = self.clock.unix_ms(now.elapsed);
        match self.series.get_mut(series.place as usize) {
            Some(local) if local.generation == series.generation => {
                local.record(latency_ms.min(LATENCY_MS_MAX), unix_ms);
            }
            _ => self.refused_samples += 1,
        }
    }

    /// What all series hold.
    pub fn snapshot(&self) -> Table {
        let mut out = Table::default();
        self.snapshot_into(&mut out);
        out
    }

    /// As [`Tracker::snapshot`], into memory that is there already.
    pub fn snapshot_into(&self, out: &mut Table) {
        out.refused_series = self.refused_series;
        out.refused_samples = self.refused_samples;
        out.series.truncate(self.places.len());
        for (at, (key, &place)) in self.places.iter().enumerate() {
            let local = &self.series[place as usize];
            if at == out.series.len() {
                out.series.push(SeriesSnapshot::empty(Arc::clone(key)));
            }
            local.snapshot_into(&mut out.series[at]);
        }
    }

    /// The most memory that a series takes, in bytes.
    pub fn series_bytes_max(&self) -> usize {
        self.series
            .iter()
            .map(Local::memory_bytes)
            .max()
            .unwrap_or(0)
    }

    fn idle(&self, unix_ms: i64) -> Option<usize> {
        let places = self.series.iter().enumerate();
        let (place, idlest) = places.min_by_key(|(_, local)| local.used_ms())?;
        (idlest.used_ms() <= unix_ms - IDLE_MS).then_some(place)
    }
}

/// One series as its thread holds it.
#[derive(Clone, Debug)]
struct Local {
    key: Arc<Key>,
    generation: u32,
    made_ms: i64,
    /// When the newest sample came; 0 before one.
    last_ms: i64,
    total: u64,
    newest: Newest,
    run: Histogram<Millis>,
    /// The slot that is being filled: its end, and its bins.
    open_until_ms: i64,
    open: Box<[u32]>,
    slots: Slots,
}

impl Local {
    fn new(key: Arc<Key>, generation: u32, unix_ms: i64) -> Self {
        Self {
            key,
            generation,
            made_ms: unix_ms,
            last_ms: 0,
            total: 0,
            newest: Newest::new(),
            run: Histogram::new(),
            open_until_ms: slot_end_ms(unix_ms),
            open: vec![0; Millis::BINS].into_boxed_slice(),
            slots: Slots::with_room(),
        }
    }

    /// When it was last of use.
    fn used_ms(&self) -> i64 {
        self.last_ms.max(self.made_ms)
    }

    #[inline]
    fn record(&mut self, latency_ms: u64, unix_ms: i64) {
        let unix_ms = unix_ms.max(self.last_ms);
        if unix_ms >= self.open_until_ms {
            self.close(unix_ms);
        }
        self.last_ms = unix_ms;
        self.total += 1;
        self.newest.push(newest::pack(unix_ms, latency_ms));
        self.run.record(latency_ms);
        self.open[bin_of::<Millis>(latency_ms)] += 1;
    }

    /// Closes the open slot and opens the one of `unix_ms`.
    #[cold]
    fn close(&mut self, unix_ms: i64) {
        let open = self.open_slot();
        if self.open.iter().any(|&count| count > 0) {
            self.slots.push(open, bins(&self.open));
            self.open.fill(0);
        }
        self.open_until_ms = slot_end_ms(unix_ms);
        self.slots.trim(self.open_slot());
    }

    fn open_slot(&self) -> i64 {
        self.open_until_ms / SLOT_MS - 1
    }

    fn snapshot_into(&self, out: &mut SeriesSnapshot) {
        if !Arc::ptr_eq(&out.key, &self.key) {
            out.key = Arc::clone(&self.key);
        }
        out.last_ms = self.last_ms;
        out.total_observed = self.total;
        self.newest.copy_into(&mut out.newest);
        self.run.distribution_into(&mut out.run);
        self.slots.copy_into(&mut out.slots);
        if self.open.iter().any(|&count| count > 0) {
            out.slots.push(self.open_slot(), bins(&self.open));
            out.slots.settle(self.open_slot());
        }
    }

    fn memory_bytes(&self) -> usize {
        size_of::<Self>()
            + 2 * super::RING * size_of::<u64>()
            + Millis::BINS * (size_of::<u64>() + size_of::<u32>())
            + self.slots.memory_bytes()
    }
}

fn slot_end_ms(unix_ms: i64) -> i64 {
    (unix_ms.div_euclid(SLOT_MS) + 1) * SLOT_MS
}

fn bins(open: &[u32]) -> impl Iterator<Item = (usize, u64)> {
    let bins = open.iter().enumerate();
    bins.filter(|&(_, &count)| count > 0)
        .map(|(bin, &count)| (bin, u64::from(count)))
}
