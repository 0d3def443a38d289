//! Runs of a day and more, looked at whenever it pleases: coarse rows are exactly the fine ones that
//! they stand for, and there are never more than so many.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base::{Class, Now};
use proptest::prelude::*;
use telemetry::timeline::{MINUTES_MAX, Row, SECONDS_MAX, TEN_SECONDS_MAX, Timeline};
use telemetry::{Recorder, Snapshot, What};

const START_MS: i64 = 1_700_000_000_400;
const DAY_MS: u64 = 24 * 3_600 * 1_000;
/// A coarse resolution, and seconds for what is younger than its newest whole row.
const ROWS_MAX: usize = MINUTES_MAX + 60;

/// What comes before a look.
#[derive(Clone, Copy, Debug)]
struct Step {
    pause_ms: u64,
    bytes: u64,
    startups: u64,
    /// How far the wall clock is off at this look.
    off_ms: i64,
}

fn pause() -> impl Strategy<Value = u64> {
    prop_oneof![
        8 => 1..2_500_u64,
        2 => Just(1_000_u64),
        2 => 2_500..90_000_u64,
        1 => 90_000..7_200_000_u64,
    ]
}

/// Mostly right; set back, or ahead for a moment.
fn off() -> impl Strategy<Value = i64> {
    prop_oneof![12 => Just(0_i64), 1 => -9_000_000..0_i64, 1 => 0..9_000_000_i64]
}

fn step() -> impl Strategy<Value = Step> {
    (pause(), 0..5_000_000_u64, 0..4_u64, off()).prop_map(|(pause_ms, bytes, startups, off_ms)| {
        Step {
            pause_ms,
            bytes,
            startups,
            off_ms,
        }
    })
}

/// A run, who looks at it, and every row of a second that there ever was.
struct Run {
    recorder: Recorder,
    timeline: Timeline,
    last: Snapshot,
    elapsed_ms: u64,
    /// The latest time that any look told.
    end_ms: i64,
    fine: BTreeMap<i64, Arc<Row>>,
}

impl Run {
    fn new() -> Self {
        Self {
            recorder: Recorder::new(Now::new(Duration::ZERO, START_MS)),
            timeline: Timeline::new(),
            last: Snapshot::default(),
            elapsed_ms: 0,
            end_ms: START_MS,
            fine: BTreeMap::new(),
        }
    }

    fn step(&mut self, step: Step) {
        self.elapsed_ms += step.pause_ms;
        let now = Now::new(Duration::from_millis(self.elapsed_ms), START_MS);
        self.recorder.bytes(Class::Segment, step.bytes, now);
        self.recorder.skipped(step.startups, now);
        for n in 0..step.startups {
            let took = Duration::from_micros(900 + 37 * n + self.elapsed_ms % 5_000);
            self.recorder.startup(took);
        }
        self.recorder.snapshot_into(now, &mut self.last);
        self.last.at_ms = self.last.at_ms.map(|at| at + step.off_ms);
        self.end_ms = self.end_ms.max(self.last.at_ms.unwrap_or(self.end_ms));
        self.timeline.observe(&self.last);
        // A row that begins as an earlier one did takes that one's place.
        let newest = self.timeline.seconds().next_back();
        self.fine
            .extend(newest.map(|row| (row.begin_ms(), Arc::clone(row))));
    }

    /// Rows follow each other, from the start to the latest look, and are no more than there may be.
    fn has_no_gap(&self) -> Arc<[Arc<Row>]> {
        let rows = self.timeline.rows();
        assert!(rows.len() <= ROWS_MAX, "{} rows", rows.len());
        assert!(self.timeline.seconds().count() <= SECONDS_MAX);
        assert_eq!(rows.first().map(|row| row.begin_ms()), Some(START_MS));
        assert_eq!(rows.last().map(|row| row.unix_ms), Some(self.end_ms));
        for pair in rows.windows(2) {
            assert_eq!(pair[0].unix_ms, pair[1].begin_ms());
        }
        rows
    }

    /// Each row is the sum of the rows of a second within it.
    fn merges_exactly(&self, rows: &[Arc<Row>]) {
        for row in rows {
            // Where every look was set back to the start, the only row spans no time.
            let end_ms = row.unix_ms.max(row.begin_ms() + 1);
            let within = self.fine.range(row.begin_ms()..end_ms);
            let fine: Vec<&Row> = within.map(|(_, fine)| &**fine).collect();
            let sum = |of: fn(&Row) -> u64| fine.iter().map(|row| of(row)).sum::<u64>();
            assert_eq!(sum(|row| row.span_ms), row.span_ms);
            assert_eq!(sum(|row| row.media_bytes), row.media_bytes);
            assert_eq!(sum(|row| row.skipped), row.skipped);
            assert_eq!(sum(startups), startups(row));
            let peaks: Option<Vec<f64>> = fine.iter().map(|row| row.peak_100ms).collect();
            if let Some(peaks) = peaks {
                assert_eq!(peaks.into_iter().reduce(f64::max), row.peak_100ms);
            }
        }
    }

    fn adds_up(&self, rows: &[Arc<Row>]) {
        let sum = |of: fn(&Row) -> u64| rows.iter().map(|row| of(row)).sum::<u64>();
        assert_eq!(
            sum(|row| row.media_bytes),
            self.last.throughput.total_bytes()
        );
        assert_eq!(sum(|row| row.skipped), self.last.playback.skipped.count);
        let told = self.last.latency.of(What::Startup).count();
        assert_eq!(sum(startups), told);
    }
}

fn startups(row: &Row) -> u64 {
    let spread = row.latency_ms.get(&What::Startup);
    spread.map_or(0, |spread| spread.count)
}

/// The clock was set back before the first look, which then tells of no time at all.
#[test]
fn a_run_that_is_looked_at_before_it_began_has_a_row_without_time() {
    let mut run = Run::new();
    run.step(Step {
        pause_ms: 1,
        bytes: 5,
        startups: 1,
        off_ms: -2,
    });
    let rows = run.has_no_gap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].span_ms, startups(&rows[0])), (0, 1));
    run.merges_exactly(&rows);
    run.adds_up(&rows);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whenever_anybody_looks(steps in prop::collection::vec(step(), 1..900)) {
        let mut run = Run::new();
        for step in steps.into_iter().filter(|step| step.pause_ms < DAY_MS) {
            if run.elapsed_ms + step.pause_ms < DAY_MS {
                run.step(step);
            }
        }
        let rows = run.has_no_gap();
        run.merges_exactly(&rows);
        run.adds_up(&rows);
    }
}

/// A look a second for a day.
#[test]
fn a_day_is_told_in_minutes() {
    let mut run = Run::new();
    let mut most = 0;
    for second in 1..=DAY_MS / 1_000 {
        run.step(Step {
            pause_ms: 1_000,
            bytes: second * 17 % 4_096,
            startups: second % 3,
            off_ms: 0,
        });
        if second % 1_000 == 0 {
            most = most.max(run.timeline.rows().len());
        }
    }
    let rows = run.has_no_gap();
    run.merges_exactly(&rows);
    run.adds_up(&rows);
    let minutes = rows.iter().filter(|row| row.span_ms == 60_000).count();
    assert_eq!(minutes, 24 * 60 - 1);
    // Tens at the end of two hours or minutes at the end of the day, and seconds behind them.
    let most_minutes = 24 * 60 + 60;
    assert!((TEN_SECONDS_MAX..=most_minutes).contains(&most), "{most}");
}
