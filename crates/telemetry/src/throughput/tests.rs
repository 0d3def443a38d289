use std::time::Duration;

use base::Now;
use proptest::prelude::*;

use super::*;
use crate::clock::Clock;

/// What a tracker may take beside its buckets.
const _: () = assert!(Tracker::BYTES < 10_000);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn tracker(start_ms: i64) -> Tracker {
    Tracker::new(Clock::new(Now {
        elapsed: Duration::ZERO,
        unix_ms: start_ms,
    }))
}

fn history(tracker: &mut Tracker, at: Duration) -> History {
    let mut out = History::default();
    tracker.snapshot_into(at, &mut out);
    out
}

#[test]
fn nothing_is_known_before_any_data() {
    let mut idle = tracker(1_000_250);
    assert_eq!(idle.windows(ms(0)), Windows::default());
    assert_eq!(idle.windows(ms(60_000)), Windows::default());
    let none = history(&mut idle, ms(60_000));
    assert_eq!(
        (none.windows(), none.peak_100ms()),
        (Windows::default(), None)
    );
    idle.add(7, ms(60_001));
    // Data, but no whole second since.
    assert_eq!(idle.windows(ms(60_700)), Windows::default());
    assert_eq!(History::default().windows(), Windows::default());
    assert_eq!(History::default().peak_100ms(), None);
}

#[test]
fn a_short_history_counts_with_its_true_age() {
    // 0.75 s to the first whole second, then one more.
    let mut young = tracker(1_000_250);
    young.add(1_750, ms(10));
    let windows = young.windows(ms(1_800));
    assert_eq!(windows.avg_1s, Some(0.0));
    assert_eq!(windows.avg_30s, Some(1_000.0));
    assert_eq!(
        (windows.avg_300s, windows.overall),
        (Some(1_000.0), Some(1_000.0))
    );
}

#[test]
fn windows_end_at_whole_seconds_and_zero_is_a_figure() {
    let mut tracker = tracker(5_000);
    tracker.add(300, ms(900));
    assert_eq!(tracker.windows(ms(1_999)).avg_1s, Some(300.0));
    tracker.add(600, ms(1_999));
    assert_eq!(tracker.windows(ms(1_999)).avg_1s, Some(300.0));
    assert_eq!(tracker.windows(ms(2_000)).avg_1s, Some(600.0));
    let later = tracker.windows(ms(400_000));
    assert_eq!((later.avg_1s, later.avg_300s), (Some(0.0), Some(0.0)));
    assert_eq!(later.overall, Some(900.0 / 400.0));
}

#[test]
fn the_baseline_is_the_sample_at_the_window_s_begin() {
    let mut tracker = tracker(0);
    for second in 0..100 {
        tracker.add(second, ms(second * 1000 + 500));
    }
    let windows = tracker.windows(ms(100_000));
    let mean = |from: u64| (from..100).sum::<u64>() as f64 / (100 - from) as f64;
    assert_eq!(windows.avg_1s, Some(99.0));
    assert_eq!(windows.avg_30s, Some(mean(70)));
    assert_eq!(windows.avg_60s, Some(mean(40)));
    assert_eq!(windows.avg_300s, Some(mean(0)));
}

#[test]
fn buckets_and_their_peak() {
    let mut tracker = tracker(200);
    for (bytes, at) in [(5, 0), (6, 99), (100, 100), (1, 850), (70, 1_900)] {
        tracker.add(bytes, ms(at));
    }
    let history = history(&mut tracker, ms(2_800));
    assert_eq!(history.peak_100ms(), Some(1_000.0));
    // What came before the first whole second belongs to none.
    assert_eq!(
        history.seconds().collect::<Vec<_>>(),
        [(1, 1, 1), (2, 70, 70)]
    );
    assert_eq!((history.total_bytes(), history.through()), (182, Some(3)));
}

#[test]
fn the_peak_is_forgotten_after_five_minutes() {
    let mut tracker = tracker(0);
    tracker.add(1_000, ms(50));
    tracker.add(1, ms(150));
    assert_eq!(
        history(&mut tracker, ms(300_000)).peak_100ms(),
        Some(10_000.0)
    );
    assert_eq!(history(&mut tracker, ms(301_000)).peak_100ms(), Some(0.0));
}

#[test]
fn after_a_stop_only_the_total_grows() {
    let mut tracker = tracker(0);
    tracker.add(100, ms(1_500));
    tracker.stop(ms(2_100));
    let at_stop = history(&mut tracker, ms(2_100));
    tracker.add(50, ms(9_000));
    let after = history(&mut tracker, ms(9_900));
    assert_eq!(after.total_bytes(), 150);
    assert_eq!(after.windows(), at_stop.windows());
    assert_eq!(
        History {
            total: 100,
            ..after
        },
        at_stop
    );
}

#[test]
fn a_recorder_that_is_lost_holds_nothing_back_once_it_is_closed() {
    let mut tracker = tracker(700);
    for step in 0..200 {
        tracker.add(step, ms(step * 123));
    }
    let mut lost = history(&mut tracker, ms(24_600));
    let goes_on = history(&mut self::tracker(700), ms(100_000));
    let mut held_back = goes_on.clone();
    held_back.merge(&lost);
    assert_eq!(held_back.through(), Some(25));
    lost.close();
    lost.close();
    lost.merge(&goes_on);
    let silent = history(&mut tracker, ms(100_000));
    assert_eq!(lost.windows(), silent.windows());
    assert_eq!(lost.through(), Some(100));
    assert_eq!(lost.total_bytes(), silent.total_bytes());
    let mut nobody = History::default();
    nobody.close();
    assert_eq!(nobody, History::default());
}

/// The definition, written down naively: the bytes before an instant.
fn by_definition(arrivals: &[(u64, u64)], start_ms: i64, end: i64, seconds: i64) -> Option<f64> {
    let before = |unix_ms: i64| -> u64 {
        let counted = arrivals
            .iter()
            .filter(|(at, _)| start_ms + (*at as i64) < unix_ms);
        counted.map(|(_, bytes)| bytes).sum()
    };
    let from_ms = ((end - seconds) * 1000).max(start_ms);
    let known = before(end * 1000) > 0 && end * 1000 > from_ms;
    known.then(|| {
        let bytes = before(end * 1000) - before(from_ms);
        bytes as f64 * 1000.0 / (end * 1000 - from_ms) as f64
    })
}

proptest! {
    #[test]
    fn windows_are_as_defined(
        start_ms in 1_000_000..1_003_000_i64,
        gaps in prop::collection::vec((0..40_000_u64, 0..1_000_000_u64), 0..60),
        rest in 0..400_000_u64,
    ) {
        let mut tracker = tracker(start_ms);
        let (mut at, mut arrivals) = (0, Vec::new());
        for (gap, bytes) in gaps {
            at += gap;
            arrivals.push((at, bytes));
            tracker.add(bytes, ms(at));
        }
        at += rest;
        let end = (start_ms + at as i64).div_euclid(1000);
        let windows = tracker.windows(ms(at));
        prop_assert_eq!(windows, history(&mut tracker, ms(at)).windows());
        let expected = |seconds| by_definition(&arrivals, start_ms, end, seconds);
        prop_assert_eq!(windows.avg_1s, expected(1));
        prop_assert_eq!(windows.avg_30s, expected(30));
        prop_assert_eq!(windows.avg_60s, expected(60));
        prop_assert_eq!(windows.avg_300s, expected(300));
        prop_assert_eq!(windows.overall, expected(i64::from(i32::MAX)));
    }

    /// Parts whose snapshots were taken at different moments merge to the windows and the
    /// peak of the whole at the last second that all of them had reached.
    #[test]
    fn parts_taken_at_different_moments_merge_exactly(
        start_ms in 1_000_000..1_002_000_i64,
        arrivals in prop::collection::vec((0..20_000_u64, 0..1_000_000_u64, 0..3_usize), 1..120),
        rest in 0..2_000_u64,
        late in prop::array::uniform3(0..SLACK as u64 * 1000),
        order in Just([0, 1, 2]).prop_shuffle(),
    ) {
        let mut at = 0;
        let arrivals: Vec<_> = arrivals
            .into_iter()
            .map(|(gap, bytes, part)| { at += gap; (at, bytes, part) })
            .collect();
        at += rest;
        let taken = late.map(|late| at.saturating_sub(late));
        let mut merged = History::default();
        for part in order {
            let mut tracker = tracker(start_ms);
            for &(at, bytes, of) in &arrivals {
                if of == part && at <= taken[part] {
                    tracker.add(bytes, ms(at));
                }
            }
            merged.merge(&history(&mut tracker, ms(taken[part])));
        }
        let first = taken.into_iter().min().unwrap();
        let mut one = tracker(start_ms);
        for &(at, bytes, _) in arrivals.iter().filter(|(at, ..)| *at <= first) {
            one.add(bytes, ms(at));
        }
        let whole = history(&mut one, ms(first));
        prop_assert_eq!(merged.windows(), whole.windows());
        prop_assert_eq!(merged.peak_100ms(), whole.peak_100ms());
        prop_assert_eq!(merged.through(), whole.through());
    }

    /// Parts that stop, each when it has nothing more to do, merge to one that goes on to the
    /// end, in any grouping.
    #[test]
    fn parts_that_stop_early_hold_nothing_back(
        start_ms in 1_000_000..1_002_000_i64,
        arrivals in prop::collection::vec((0..9_000_u64, 0..1_000_000_u64, 0..3_usize), 1..120),
        rest in 0..2_000_u64,
        goes_on in prop::array::uniform3(any::<bool>()),
        order in Just([0, 1, 2]).prop_shuffle(),
    ) {
        let (mut at, mut last) = (0, [0; 3]);
        let mut one = tracker(start_ms);
        let mut many = [one.clone(), one.clone(), one.clone()];
        for (gap, bytes, part) in arrivals {
            at += gap;
            one.add(bytes, ms(at));
            many[part].add(bytes, ms(at));
            last[part] = at;
        }
        if goes_on == [false; 3] {
            one.stop(ms(at));
        }
        at += rest;
        let parts = order.map(|part| {
            if !goes_on[part] {
                many[part].stop(ms(last[part]));
            }
            history(&mut many[part], ms(at))
        });
        let join = |a: &History, b: &History| { let mut a = a.clone(); a.merge(b); a };
        let left = join(&join(&parts[0], &parts[1]), &parts[2]);
        let right = join(&parts[0], &join(&parts[1], &parts[2]));
        prop_assert_eq!(&left, &right);
        let whole = history(&mut one, ms(at));
        prop_assert_eq!(left.windows(), whole.windows());
        prop_assert_eq!(left.peak_100ms(), whole.peak_100ms());
        prop_assert_eq!(left, whole);
    }
}
