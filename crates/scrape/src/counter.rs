//! Counters that only grow, until whoever counts begins anew.

use std::collections::BTreeMap;
use std::time::Duration;

/// Series of one counter that are followed; more are left out.
pub const SERIES_MAX: usize = 4_096;

/// The series of one counter in one reading, by what tells them apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values(BTreeMap<Box<str>, f64>);

impl Values {
    /// Takes in a series; what is no number, or below zero, is none.
    pub fn add(&mut self, series: &str, value: f64) {
        if !value.is_finite() || value < 0.0 {
            return;
        }
        if let Some(sum) = self.0.get_mut(series) {
            *sum += value;
        } else if self.0.len() < SERIES_MAX {
            self.0.insert(series.into(), value);
        }
    }

    /// Whether there is no series.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All series together; `None` where there is none.
    pub fn sum(&self) -> Option<f64> {
        (!self.is_empty()).then(|| self.0.values().sum())
    }

    /// The series that `keep` wants.
    #[must_use]
    pub fn only(&self, keep: impl Fn(&str) -> bool) -> Self {
        let kept = self.0.iter().filter(|(series, _)| keep(series));
        Self(
            kept.map(|(series, value)| (series.clone(), *value))
                .collect(),
        )
    }
}

/// What a counter grew by from one reading to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Increase {
    /// By how much: at least, where it began anew.
    pub by: f64,
    /// In which time.
    pub over: Duration,
    /// Whether it began anew.
    pub reset: bool,
}

impl Increase {
    /// The increase a second; `None` where it began anew, or in no time.
    pub fn rate(&self) -> Option<f64> {
        let seconds = self.over.as_secs_f64();
        (!self.reset && seconds > 0.0).then(|| self.by / seconds)
    }
}

/// A counter that is followed over readings. A series that appears later counts from zero.
#[derive(Clone, Debug, Default)]
pub struct Counter {
    before: BTreeMap<Box<str>, f64>,
    first: Option<Duration>,
    newest: Duration,
    total: f64,
    resets: u64,
}

impl Counter {
    /// Takes in a reading. `None` for the first, and for one that has no series.
    pub fn observe(&mut self, at: Duration, values: &Values) -> Option<Increase> {
        if values.is_empty() {
            return None;
        }
        let begun = self.first.is_some();
        let (mut by, mut reset) = (0.0, false);
        for (series, &value) in &values.0 {
            let Some(before) = self.remember(series, value) else {
                continue;
            };
            reset |= value < before;
            by += if value < before {
                value
            } else {
                value - before
            };
        }
        let over = at.saturating_sub(self.newest);
        self.newest = at;
        if !begun {
            self.first = Some(at);
            return None;
        }
        self.total += by;
        self.resets += u64::from(reset);
        Some(Increase { by, over, reset })
    }

    /// What the series was before; `None` where there is no room for it.
    fn remember(&mut self, series: &str, value: f64) -> Option<f64> {
        if let Some(before) = self.before.get_mut(series) {
            return Some(std::mem::replace(before, value));
        }
        (self.before.len() < SERIES_MAX).then(|| {
            self.before.insert(series.into(), value);
            0.0
        })
    }

    /// What it grew by since the first reading; `None` before that.
    pub fn total(&self) -> Option<f64> {
        self.first.map(|_| self.total)
    }

    /// From the first reading to the newest; `None` before the first.
    pub fn span(&self) -> Option<Duration> {
        self.first.map(|first| self.newest.saturating_sub(first))
    }

    /// Whether the newest reading that had it is that of `at`.
    pub(crate) fn is_of(&self, at: Duration) -> bool {
        self.first.is_some() && self.newest == at
    }

    /// How often it began anew.
    pub fn resets(&self) -> u64 {
        self.resets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(of: &[(&str, f64)]) -> Values {
        let mut values = Values::default();
        for (series, value) in of {
            values.add(series, *value);
        }
        values
    }

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn the_first_reading_is_where_counting_begins() {
        let mut counter = Counter::default();
        assert_eq!((counter.total(), counter.span()), (None, None));
        assert_eq!(counter.observe(secs(5), &values(&[("a", 1e9)])), None);
        assert_eq!(
            (counter.total(), counter.span()),
            (Some(0.0), Some(secs(0)))
        );
        let grew = counter
            .observe(secs(7), &values(&[("a", 1e9 + 30.0)]))
            .unwrap();
        assert_eq!((grew.by, grew.rate()), (30.0, Some(15.0)));
        assert_eq!(
            (counter.total(), counter.span()),
            (Some(30.0), Some(secs(2)))
        );
    }

    #[test]
    fn series_come_and_go_and_begin_anew() {
        let mut counter = Counter::default();
        counter.observe(secs(0), &values(&[("a", 100.0), ("b", 50.0)]));
        // One is new, one is missing.
        let grew = counter.observe(secs(1), &values(&[("a", 110.0), ("c", 5.0)]));
        assert_eq!(grew.unwrap().by, 15.0);
        // The missing one is back where it was.
        let grew = counter.observe(secs(2), &values(&[("a", 110.0), ("b", 51.0)]));
        assert_eq!(grew.unwrap().by, 1.0);
        // A restart: what is counted since is at least what was sent.
        let grew = counter
            .observe(secs(3), &values(&[("a", 7.0), ("b", 0.0)]))
            .unwrap();
        assert_eq!((grew.by, grew.reset, grew.rate()), (7.0, true, None));
        assert_eq!((counter.total(), counter.resets()), (Some(23.0), 1));
        // A reading without it changes nothing, and the next covers all the time.
        assert_eq!(counter.observe(secs(4), &values(&[])), None);
        let grew = counter.observe(secs(7), &values(&[("a", 9.0)])).unwrap();
        assert_eq!((grew.by, grew.over), (2.0, secs(4)));
    }

    #[test]
    fn what_is_no_count_is_left_out_and_series_are_bounded() {
        let values = values(&[("a", f64::NAN), ("b", -1.0), ("c", f64::INFINITY)]);
        assert!(values.is_empty() && values.sum().is_none());
        let mut many = Values::default();
        for number in 0..SERIES_MAX + 9 {
            many.add(&number.to_string(), 1.0);
        }
        assert_eq!(many.sum(), Some(SERIES_MAX as f64));
        let mut counter = Counter::default();
        counter.observe(secs(0), &many);
        assert_eq!(counter.before.len(), SERIES_MAX);
        // One that finds no room is not counted from zero each time.
        let late = self::values(&[("late", 1e6)]);
        let grew = counter.observe(secs(1), &late);
        assert_eq!(grew.map(|grew| grew.by), Some(0.0));
    }
}
