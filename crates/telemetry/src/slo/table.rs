use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::row::Row;
use super::slots::Slots;
use super::{IDLE_MS, Key, SERIES_MAX, newest};
use crate::hist::{Distribution, Millis};

/// The series of a snapshot, in order of their keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub(super) series: Vec<SeriesSnapshot>,
    /// Series that were asked for and had no room.
    pub refused_series: u64,
    /// Samples that belonged to a series without room.
    pub refused_samples: u64,
}

impl Table {
    /// The series, in order of broadcast, transport, source. Idle ones are among them.
    pub fn series(&self) -> &[SeriesSnapshot] {
        &self.series
    }

    /// The rows to show at `unix_ms`, in order of broadcast, transport, source: series that have a
    /// sample, and had one within [`IDLE_MS`].
    pub fn rows(&self, unix_ms: i64) -> Vec<Row> {
        let listed = self
            .series
            .iter()
            .filter(|series| series.total_observed > 0 && series.last_ms > unix_ms - IDLE_MS);
        listed.map(|series| Row::of(series, unix_ms)).collect()
    }

    /// Adds what `other` holds. Where there are more than [`SERIES_MAX`] series, those that come
    /// first by source and key stay (whatever the order of merging); the rest counts as refused.
    pub fn merge(&mut self, other: &Self) {
        self.refused_series += other.refused_series;
        self.refused_samples += other.refused_samples;
        for more in &other.series {
            match self
                .series
                .binary_search_by(|series| series.key.cmp(&more.key))
            {
                Ok(at) => self.series[at].merge(more),
                Err(at) => self.series.insert(at, more.clone()),
            }
        }
        while self.series.len() > SERIES_MAX {
            let ranked = self.series.iter().enumerate();
            let Some((last, _)) = ranked.max_by(|a, b| a.1.key.rank().cmp(&b.1.key.rank())) else {
                return;
            };
            self.refused_series += 1;
            self.refused_samples += self.series.remove(last).total_observed;
        }
    }
}

/// One series as it was at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesSnapshot {
    /// What it is of.
    pub key: Arc<Key>,
    /// Unix milliseconds of the newest sample; 0 before one.
    pub last_ms: i64,
    /// Samples in the whole run.
    pub total_observed: u64,
    /// All samples of the run, in milliseconds to two digits.
    pub run: Distribution<Millis>,
    /// The newest samples, packed, ascending.
    #[serde(deserialize_with = "newest::deserialize")]
    pub(super) newest: Vec<u64>,
    pub(super) slots: Slots,
}

impl SeriesSnapshot {
    pub(super) fn empty(key: Arc<Key>) -> Self {
        Self {
            key,
            last_ms: 0,
            total_observed: 0,
            run: Distribution::default(),
            newest: Vec::new(),
            slots: Slots::default(),
        }
    }

    /// The newest samples, oldest first: Unix milliseconds and latency in milliseconds.
    pub fn newest(&self) -> impl Iterator<Item = (i64, u64)> {
        let newest = self.newest.iter();
        newest.map(|&packed| (newest::unix_ms(packed), newest::latency_ms(packed)))
    }

    /// The samples of the last `seconds` at `unix_ms`, as a histogram. It begins with the 5 s
    /// slot in which the window begins, so it may cover up to 5 s more.
    pub fn window(&self, seconds: i64, unix_ms: i64) -> Distribution<Millis> {
        super::row::window(&self.slots, seconds, unix_ms)
    }

    fn merge(&mut self, other: &Self) {
        self.last_ms = self.last_ms.max(other.last_ms);
        self.total_observed += other.total_observed;
        self.run.merge(&other.run);
        newest::merge(&mut self.newest, &other.newest);
        self.slots.merge(&other.slots);
    }

    /// What it takes, in bytes.
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>()
            + self.newest.capacity() * size_of::<u64>()
            + self.run.memory_bytes()
            + self.slots.memory_bytes()
    }
}
