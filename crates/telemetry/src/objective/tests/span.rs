use proptest::prelude::*;

use super::super::{Span, State, Unit};
use super::*;

const ALL: [&str; 5] = [
    "glass_to_glass.p90 < 100ms",
    "segment_download.p90 < 100ms",
    "error_rate < 1%",
    "rebuffer_ratio < 1%",
    "viewers_playing >= 90%",
];

fn span() -> Span {
    Span::new(ALL.iter().map(|text| objective(text)).collect())
}

/// A second of a run in which a share of everything is bad.
fn second(run: &mut Run, ms: u64, bad: u64) {
    run.glass(ms, 10, 100 - bad);
    run.glass(ms, 500, bad);
    for _ in 0..100 - bad {
        run.download(10_000);
    }
    for _ in 0..bad {
        run.download(500_000);
    }
    run.ok += 100 - bad;
    run.failed += bad;
    run.started = 100;
    run.spend(ViewerState::Playing, 1_000 * (100 - bad));
    run.spend(ViewerState::Stalled, 1_000 * bad);
}

fn states(status: &[Status]) -> Vec<State> {
    status.iter().map(|one| one.state).collect()
}

#[test]
fn what_came_before_neither_helps_nor_harms() {
    let (mut run, mut span) = (Run::new(), span());
    assert_eq!(states(&span.status(&run.snapshot(0))), [State::Unknown; 5]);
    // Bad, good, bad again: each part stands for itself.
    let mut ms = 0;
    for (bad, state) in [(60, State::Broken), (0, State::Met), (40, State::Broken)] {
        span.begin(&run.snapshot(ms));
        assert_eq!(states(&span.status(&run.snapshot(ms))), [State::Unknown; 5]);
        for _ in 0..5 {
            ms += 1_000;
            second(&mut run, ms, bad);
            span.observe(&run.snapshot(ms));
        }
        let status = span.status(&run.snapshot(ms));
        assert_eq!(states(&status), [state; 5], "{bad}: {status:?}");
        let share = bad as f64 / 100.0;
        let figures: Vec<_> = status.iter().map(|one| one.figure.unwrap()).collect();
        assert_eq!(figures[2..], [share, share, 1.0 - share]);
        assert_eq!(
            span.status(&run.snapshot(ms)),
            status,
            "reading changes nothing"
        );
    }
}

proptest! {
    /// A part of a run says what a run of that part alone says; a quantile may be the upper end of
    /// its bin where the run alone knows its greatest sample.
    #[test]
    fn a_part_is_as_a_run_of_its_own(before in prop::collection::vec(0..100_u64, 0..5), after in prop::collection::vec(0..100_u64, 1..5)) {
        let (mut run, mut part) = (Run::new(), span());
        let (mut alone, mut watch) = (Run::new(), watch(&ALL));
        let mut ms = 0;
        for bad in &before {
            ms += 1_000;
            second(&mut run, ms, *bad);
            part.observe(&run.snapshot(ms));
        }
        part.begin(&run.snapshot(ms));
        let began = ms;
        for bad in &after {
            ms += 1_000;
            second(&mut run, ms, *bad);
            second(&mut alone, ms - began, *bad);
            part.observe(&run.snapshot(ms));
            watch.observe(&alone.snapshot(ms - began));
        }
        let part = part.status(&run.snapshot(ms));
        for (part, alone) in part.iter().zip(watch.status().iter()) {
            prop_assert_eq!(part.state, alone.state);
            prop_assert_eq!(part.budget_left, alone.budget_left);
            let (of_part, own) = (part.figure.unwrap(), alone.figure.unwrap());
            let bin = if part.unit == Unit::Ms { own / 128.0 } else { 0.0 };
            prop_assert!((own..=own + bin).contains(&of_part), "{of_part} {own}");
        }
    }
}

#[test]
fn who_failed_for_good_in_an_earlier_crowd_is_no_part_of_a_fresh_one() {
    let mut run = Run::new();
    let mut span = Span::new(vec![objective("viewers_playing >= 99%")]);
    let at = |run: &Run, ms: u64, failed: u64| {
        let mut snapshot = run.snapshot(ms);
        let tracked = json!({ "states": [0, 0, 10, 0, 0, 0, failed], "time_ns": run.time_ns });
        snapshot.viewers.tracked = serde_json::from_value(tracked).unwrap();
        snapshot
    };
    span.begin(&at(&run, 0, 0));
    let figure = |span: &mut Span, snapshot: &Snapshot| span.status(snapshot)[0].figure;
    // Half fail, and stay so; then ten others come, of whom one fails.
    let mut level = |fresh: bool, begin_ms: u64, playing: u64, failed: u64| {
        let before = at(&run, begin_ms, 5);
        if fresh {
            span.fresh(&before);
        }
        span.begin(&before);
        for second in 1..=10 {
            run.spend(ViewerState::Playing, 1_000 * playing);
            run.spend(ViewerState::Failed, 1_000 * failed);
            span.observe(&at(&run, begin_ms + second * 1_000, failed));
        }
        figure(&mut span, &at(&run, begin_ms + 10_000, failed)).unwrap()
    };
    for (fresh, begin_ms, playing, failed, expected) in [
        (false, 10_000, 5, 5, 0.5),
        (true, 30_000, 10, 5, 1.0),
        (false, 50_000, 9, 6, 0.9),
    ] {
        let found = level(fresh, begin_ms, playing, failed);
        assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
    }
}
