use std::collections::VecDeque;
use std::time::Duration;

use base::ViewerState::{self, BackingOff, Failed, Playing, Stalled, Starting};

use super::budget::Tally;
use super::watch::STARTUP_GRACE_MS;
use crate::viewers::Counts;

/// Observations closer together than this are kept as one.
const SPACING_MS: i64 = 500;

/// The time that viewers spend playing, beside the time in which they should and do not.
///
/// Playing is good; stalled, backing off and failed for good is bad; waiting and ended is neither.
/// Starting is neither for the first [`STARTUP_GRACE_MS`] of a viewer that starts for the first
/// time, and bad beyond them and at restarts: so a ramp spends nothing, and a viewer that never
/// gets its first picture does. What is known is how many viewers are starting and how many began
/// when, not which, so as many of those starting as began within the grace are taken to be these;
/// stuck ones may hide behind new ones while a ramp lasts, and no longer.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    /// When it was looked at, and how many viewers had started by then: the grace, and one more.
    started: VecDeque<(i64, u64)>,
    starting: Duration,
    at_ms: i64,
    overdue: Duration,
    /// Viewers that failed for good and are not asked for any more, and their time since.
    given_up: u64,
    written_off: Duration,
    failed: Duration,
    sum: Tally,
}

impl Meter {
    /// No viewer had started at `start_ms`.
    pub(super) fn new(start_ms: i64) -> Self {
        Self {
            started: VecDeque::from([(start_ms, 0)]),
            starting: Duration::ZERO,
            at_ms: start_ms,
            overdue: Duration::ZERO,
            given_up: 0,
            written_off: Duration::ZERO,
            failed: Duration::ZERO,
            sum: Tally::default(),
        }
    }

    /// The viewers at `at_ms`.
    pub(super) fn observe(&mut self, counts: &Counts, at_ms: i64) {
        let time = |state: ViewerState| counts.tracked.time(state) + counts.untracked.time(state);
        let span_ms = at_ms.saturating_sub(self.at_ms);
        if span_ms > 0 {
            let starting = time(Starting);
            let excused = span(span_ms).saturating_mul(self.fresh(counts.started));
            let spent = starting.saturating_sub(self.starting);
            self.overdue += spent.saturating_sub(excused);
            self.starting = starting;
            self.at_ms = at_ms;
            self.remember(counts.started);
        }
        self.write_off(time(Failed), counts.count(Failed));
        let failed = self.failed.saturating_sub(self.written_off);
        let bad = time(Stalled) + time(BackingOff) + failed + self.overdue;
        self.sum = Tally {
            good: nanos(time(Playing)),
            bad: nanos(bad),
        };
    }

    /// Whoever has failed for good by now was of a crowd that is over: from here on it is not asked to
    /// play.
    pub(super) fn give_up_failed(&mut self, counts: &Counts) {
        self.given_up = counts.count(Failed);
    }

    /// Takes the share of those that were given up out of the time spent since the last observation.
    fn write_off(&mut self, failed: Duration, viewers: u64) {
        let spent = failed.saturating_sub(self.failed).as_nanos();
        let share =
            spent * u128::from(self.given_up) / u128::from(viewers.max(self.given_up).max(1));
        self.written_off += Duration::from_nanos(u64::try_from(share).unwrap_or(u64::MAX));
        self.failed = failed;
    }

    /// All of the run so far, in nanoseconds.
    pub(super) fn sum(&self) -> Tally {
        self.sum
    }

    /// Viewers that were within their grace at any time since the last observation.
    fn fresh(&self, started: u64) -> u32 {
        let begin = self.at_ms - STARTUP_GRACE_MS;
        let after = self.started.partition_point(|&(at_ms, _)| at_ms <= begin);
        let before = after.checked_sub(1).map_or(0, |at| self.started[at].1);
        u32::try_from(started.saturating_sub(before)).unwrap_or(u32::MAX)
    }

    fn remember(&mut self, started: u64) {
        let before = self
            .started
            .len()
            .checked_sub(2)
            .map(|at| self.started[at].0);
        let newest = self.started.back().map(|&(at_ms, _)| at_ms);
        if let (Some(before), Some(newest)) = (before, newest)
            && newest - before < SPACING_MS
        {
            self.started.pop_back();
        }
        self.started.push_back((self.at_ms, started));
        let begin = self.at_ms - STARTUP_GRACE_MS;
        while self
            .started
            .get(1)
            .is_some_and(|&(at_ms, _)| at_ms <= begin)
        {
            self.started.pop_front();
        }
    }
}

fn span(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_often_somebody_looks_it_keeps_little_and_tells_the_same() {
        let mut meter = Meter::new(0);
        for at_ms in (0..60_000).step_by(7) {
            let started = u64::try_from(at_ms).unwrap() / 1_000;
            let counts = Counts {
                started,
                ..Counts::default()
            };
            meter.observe(&counts, at_ms);
            assert!(meter.started.len() <= 24, "{}", meter.started.len());
        }
        // Ten in the last ten seconds, one more for what is kept as one.
        assert!((10..=11).contains(&meter.fresh(59)), "{}", meter.fresh(59));
    }
}
