use std::collections::VecDeque;

use super::budget::Tally;

/// The longest window.
const WINDOW_MS_MAX: i64 = 300_000;
/// Observations closer together than this are kept as one, so that their number is bounded by
/// that of half seconds in the longest window, however often somebody looks.
const SPACING_MS: i64 = 500;

/// What was counted at a moment, from the run's start on.
#[derive(Clone, Copy, Debug)]
struct Point {
    at_ms: i64,
    tally: Tally,
}

/// Cumulative counts over the last 300 s. A window is the difference of two of them, so reading
/// it changes nothing.
#[derive(Clone, Debug)]
pub(super) struct History {
    points: VecDeque<Point>,
}

impl History {
    /// Nothing was counted before `start_ms`.
    pub(super) fn new(start_ms: i64) -> Self {
        Self {
            points: VecDeque::from([Point {
                at_ms: start_ms,
                tally: Tally::default(),
            }]),
        }
    }

    /// The counts at `at_ms`. Where time has not gone on, they take the place of those before.
    pub(super) fn push(&mut self, at_ms: i64, tally: Tally) {
        let at_ms = self
            .newest()
            .map_or(at_ms, |newest| newest.at_ms.max(at_ms));
        if self.newest_is_replaced(at_ms) {
            self.points.pop_back();
        }
        self.points.push_back(Point { at_ms, tally });
        let begin = at_ms - WINDOW_MS_MAX;
        while self.points.get(1).is_some_and(|point| point.at_ms <= begin) {
            self.points.pop_front();
        }
    }

    /// Whether more was counted before than `tally`.
    pub(super) fn is_more_than(&self, tally: Tally) -> bool {
        self.newest()
            .is_some_and(|newest| newest.tally.good > tally.good || newest.tally.bad > tally.bad)
    }

    /// Counts have become fewer: what was counted before says nothing of what comes after.
    pub(super) fn forget(&mut self) {
        self.points.clear();
    }

    /// What was counted in the last `window_ms`: since the last observation that is at least so
    /// old, or since the first one.
    pub(super) fn last(&self, window_ms: i64) -> Tally {
        let Some(newest) = self.newest() else {
            return Tally::default();
        };
        let begin = newest.at_ms - window_ms;
        let after = self.points.partition_point(|point| point.at_ms <= begin);
        let from = self.points[after.saturating_sub(1)];
        newest.tally.since(from.tally)
    }

    fn newest(&self) -> Option<&Point> {
        self.points.back()
    }

    fn newest_is_replaced(&self, at_ms: i64) -> bool {
        let before = self.points.len().checked_sub(2).map(|at| &self.points[at]);
        let (Some(before), Some(newest)) = (before, self.newest()) else {
            return false;
        };
        newest.at_ms - before.at_ms < SPACING_MS || newest.at_ms == at_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tally(good: u64, bad: u64) -> Tally {
        Tally { good, bad }
    }

    #[test]
    fn a_window_is_no_longer_than_the_run() {
        let mut history = History::new(1_000);
        assert_eq!(history.last(60_000), Tally::default());
        history.push(2_000, tally(5, 1));
        assert_eq!(history.last(60_000), tally(5, 1));
        assert_eq!(history.last(300_000), tally(5, 1));
        history.push(61_000, tally(7, 1));
        assert_eq!(history.last(60_000), tally(7, 1));
        history.push(62_000, tally(9, 1));
        assert_eq!(history.last(60_000), tally(4, 0));
    }

    #[test]
    fn looking_again_at_once_replaces() {
        let mut history = History::new(0);
        history.push(1_000, tally(1, 0));
        history.push(2_000, tally(2, 0));
        history.push(2_000, tally(3, 0));
        history.push(1_900, tally(4, 0));
        assert_eq!(history.points.len(), 3);
        assert_eq!(history.last(1_000), tally(3, 0));
        history.push(2_200, tally(5, 0));
        history.push(2_400, tally(6, 0));
        assert_eq!(history.points.len(), 4, "closer than half a second");
        assert_eq!(history.last(400), tally(2, 0));
    }

    #[test]
    fn after_forgetting_windows_begin_with_the_next_counts() {
        let mut history = History::new(0);
        history.push(1_000, tally(100, 10));
        history.forget();
        assert_eq!(history.last(60_000), Tally::default());
        history.push(2_000, tally(50, 5));
        assert_eq!(history.last(60_000), Tally::default());
        history.push(3_000, tally(60, 5));
        assert_eq!(history.last(60_000), tally(10, 0));
    }

    proptest! {
        /// Time is what is counted, so a window's count is its length.
        #[test]
        fn windows_are_as_long_as_they_say(steps in prop::collection::vec(0..3_000_i64, 1..2_000)) {
            let mut history = History::new(0);
            let mut at_ms = 0;
            let longest = steps.iter().copied().max().unwrap_or(0);
            for step in steps {
                at_ms += step;
                history.push(at_ms, tally(at_ms as u64, 0));
                prop_assert!(history.points.len() <= 604);
            }
            for window in [60_000, 300_000] {
                let length = history.last(window).good as i64;
                prop_assert!(length >= window.min(at_ms));
                prop_assert!(length <= at_ms.min(window + longest + SPACING_MS));
            }
        }
    }
}
