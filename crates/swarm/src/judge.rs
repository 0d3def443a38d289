//! Whether the generator was the bottleneck, judged during the run.
//!
//! Pure: figures of each second come in, a verdict comes out.

use std::collections::VecDeque;
use std::time::Duration;

use telemetry::Cause;

/// The verdict needs this many seconds in a row.
const SECONDS: usize = 10;
/// Scheduling lag p99 above which a second counts as lagging.
const LAG_MAX: Duration = Duration::from_millis(50);
/// Share of one core above which a worker counts as busy.
const CPU_MAX: f64 = 0.9;

/// One second of one worker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Second {
    /// 99th percentile of the scheduling lag in this second; `None` where the worker did not get
    /// to take a single sample, which is lag too.
    pub(crate) lag_p99: Option<Duration>,
    /// CPU time used, as a share of one core.
    pub(crate) cpu: f64,
}

/// Watches the seconds of one worker.
#[derive(Debug, Default)]
pub(crate) struct Judge {
    last: VecDeque<Second>,
    found: Option<(Cause, i64)>,
}

impl Judge {
    /// Takes in one more second, which ended at `unix_ms`.
    pub(crate) fn second(&mut self, second: Second, unix_ms: i64) {
        if self.last.len() == SECONDS {
            self.last.pop_front();
        }
        self.last.push_back(second);
        if self.found.is_none() {
            self.found = self.verdict().map(|cause| (cause, unix_ms));
        }
    }

    /// What was found at any time in the run, and when.
    pub(crate) fn found(&self) -> Option<(Cause, i64)> {
        self.found
    }

    /// Whether enough was seen to judge: a run that ends before that is judged on what there is.
    pub(crate) fn has_judged(&self) -> bool {
        !self.last.is_empty()
    }

    fn verdict(&self) -> Option<Cause> {
        if self.last.len() < SECONDS {
            return None;
        }
        let busy = self.last.iter().map(|second| second.cpu).sum::<f64>() / SECONDS as f64;
        if busy > CPU_MAX {
            return Some(Cause::Cpu);
        }
        let lagging = |second: &Second| second.lag_p99.is_none_or(|lag| lag > LAG_MAX);
        self.last.iter().all(lagging).then_some(Cause::Lag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINE: Second = Second {
        lag_p99: Some(Duration::from_millis(2)),
        cpu: 0.5,
    };
    const LATE: Second = Second {
        lag_p99: Some(Duration::from_millis(51)),
        cpu: 0.5,
    };
    const FROZEN: Second = Second {
        lag_p99: None,
        cpu: 0.0,
    };
    const BUSY: Second = Second {
        lag_p99: Some(Duration::from_millis(2)),
        cpu: 0.97,
    };

    fn judged(seconds: &[(usize, Second)]) -> Option<Cause> {
        let mut judge = Judge::default();
        for (times, second) in seconds {
            for _ in 0..*times {
                judge.second(*second, 7);
            }
        }
        judge.found().map(|(cause, unix_ms)| {
            assert_eq!(unix_ms, 7);
            cause
        })
    }

    #[test]
    fn ten_bad_seconds_in_a_row_are_a_bottleneck_and_nine_are_not() {
        type Case<'a> = (&'a [(usize, Second)], Option<Cause>);
        let cases: &[Case<'_>] = &[
            (&[(60, FINE)], None),
            (&[(9, LATE)], None),
            (&[(9, LATE), (1, FINE), (9, LATE)], None),
            (&[(10, LATE)], Some(Cause::Lag)),
            (&[(5, LATE), (5, FROZEN)], Some(Cause::Lag)),
            (&[(9, BUSY)], None),
            (&[(10, BUSY)], Some(Cause::Cpu)),
            (&[(5, BUSY), (10, FINE)], None),
            (&[(10, LATE), (60, FINE)], Some(Cause::Lag)),
        ];
        for (seconds, expected) in cases {
            assert_eq!(judged(seconds), *expected, "{seconds:?}");
        }
    }
}
