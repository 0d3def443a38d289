//! A figure over the newest readings.

use std::collections::VecDeque;
use std::time::Duration;

use telemetry::origin::Figure;

/// How far a window reaches back from its newest reading.
pub const SPAN: Duration = Duration::from_secs(30);
/// Readings of a window at most: the oldest go first.
pub const READINGS_MAX: usize = 256;

/// The newest readings of one figure.
#[derive(Clone, Debug, Default)]
pub struct Window {
    readings: VecDeque<(Duration, f64)>,
    run_max: Option<f64>,
}

impl Window {
    /// Takes in what was read at `at`. What is no number is no reading.
    pub fn push(&mut self, at: Duration, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.run_max = Some(self.run_max.map_or(value, |max| max.max(value)));
        self.readings.push_back((at, value));
        while self.readings.len() > READINGS_MAX || self.reaches_back(at) {
            self.readings.pop_front();
        }
    }

    fn reaches_back(&self, at: Duration) -> bool {
        let oldest = self.readings.front();
        oldest.is_some_and(|(oldest, _)| at.saturating_sub(*oldest) > SPAN)
    }

    /// The figure as of `now`; from the age `stale_from` on it is stale. `None` before the first
    /// reading.
    pub fn figure(&self, now: Duration, stale_from: Duration) -> Option<Figure> {
        let (at, newest) = *self.readings.back()?;
        let mut sorted: Vec<f64> = self.readings.iter().map(|(_, value)| *value).collect();
        sorted.sort_by(f64::total_cmp);
        let age = now.saturating_sub(at);
        Some(Figure {
            newest,
            age_ms: age.as_millis() as u64,
            stale: age >= stale_from,
            p50: sorted[(sorted.len() - 1) / 2],
            max: *sorted.last()?,
            run_max: self.run_max?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STALE: Duration = Duration::from_secs(6);

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn nothing_is_known_before_the_first_reading() {
        let mut window = Window::default();
        window.push(secs(1), f64::NAN);
        assert_eq!(window.figure(secs(1), STALE), None);
    }

    #[test]
    fn it_rolls_and_remembers_the_greatest() {
        let mut window = Window::default();
        for (at, value) in [(0, 90.0), (2, 10.0), (4, 20.0), (32, 40.0), (33, 30.0)] {
            window.push(secs(at), value);
        }
        let figure = window.figure(secs(34), STALE).unwrap();
        // Of 20, 40 and 30: what is older than 30 s before the newest has left.
        assert_eq!((figure.p50, figure.max, figure.newest), (30.0, 40.0, 30.0));
        assert_eq!((figure.run_max, figure.age_ms), (90.0, 1000));
        assert!(!figure.stale);
    }

    #[test]
    fn it_grows_stale_and_stays() {
        let mut window = Window::default();
        window.push(secs(1), 5.0);
        assert!(
            !window
                .figure(Duration::from_millis(6_999), STALE)
                .unwrap()
                .stale
        );
        let old = window.figure(secs(600), STALE).unwrap();
        assert_eq!((old.stale, old.age_ms, old.newest), (true, 599_000, 5.0));
    }

    #[test]
    fn it_is_bounded() {
        let mut window = Window::default();
        for number in 0..READINGS_MAX as u64 * 2 {
            window.push(Duration::from_micros(number), number as f64);
        }
        assert_eq!(window.readings.len(), READINGS_MAX);
    }
}
