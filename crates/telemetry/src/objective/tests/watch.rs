use std::time::Duration;

use super::super::{State, Unit, defaults};
use super::*;

#[test]
fn before_anything_is_known_it_says_so() {
    let watch = watch(&[
        "glass_to_glass.p95 < 3s for transport=hls abort",
        "error_rate < 0.1%",
    ]);
    let status = watch.status();
    assert_eq!(
        status[0],
        Status {
            objective: "glass_to_glass.p95 < 3s for transport=hls abort".to_owned(),
            group: None,
            metric: "glass_to_glass".to_owned(),
            transport: Some("hls".to_owned()),
            source: Some(Source::Viewer),
            unit: Unit::Ms,
            limit: 3_000.0,
            figure: None,
            state: State::Unknown,
            budget: 0.05,
            budget_left: None,
            burn_60s: None,
            burn_300s: None,
            abort: true,
            broken_since_ms: None,
        }
    );
    let errors = &status[1];
    assert_eq!(
        (errors.unit, errors.limit, errors.budget),
        (Unit::Ratio, 0.001, 0.001)
    );
    assert_eq!((errors.transport.as_deref(), errors.source), (None, None));
    assert_eq!(watch.abort(), None);
}

#[test]
fn an_empty_snapshot_changes_nothing() {
    let mut watch = watch(&[
        "startup.max < 1s",
        "glass_to_glass.p50 < 1s",
        "rebuffer_ratio < 1%",
        "error_rate <= 0%",
        "viewers_playing >= 95%",
    ]);
    let before = watch.status();
    watch.observe(&Snapshot::default());
    watch.observe(&Run::new().snapshot(1_000));
    assert_eq!(watch.status(), before);
}

/// Limit, samples as (latency, count), figure, state, budget left.
type Case = (&'static str, &'static [(u64, u64)], f64, State, f64);

#[test]
fn a_quantile_holds_while_its_share_is_within_the_limit() {
    let cases: [Case; 10] = [
        ("p95 < 100ms", &[(99, 95), (500, 5)], 99.0, State::Met, 0.0),
        (
            "p95 < 100ms",
            &[(99, 94), (500, 6)],
            500.0,
            State::Broken,
            -0.2,
        ),
        ("p95 < 100ms", &[(100, 100)], 100.0, State::Broken, -19.0),
        ("p95 <= 100ms", &[(100, 100)], 100.0, State::Met, 1.0),
        ("p50 < 100ms", &[(10, 1), (200, 1)], 10.0, State::Met, 0.0),
        (
            "p99.9 < 100ms",
            &[(10, 998), (200, 2)],
            200.0,
            State::Broken,
            -1.0,
        ),
        ("max <= 100ms", &[(100, 7)], 100.0, State::Met, 1.0),
        (
            "max <= 100ms",
            &[(10, 999), (101, 1)],
            101.0,
            State::Broken,
            -1.0,
        ),
        // 3,001 shares its bin with the limit: counted as within, except where the greatest is
        // asked for.
        ("p95 <= 3s", &[(3_001, 10)], 3_000.0, State::Met, 1.0),
        ("max <= 3s", &[(3_001, 10)], 3_001.0, State::Broken, -1.0),
    ];
    for (limit, samples, figure, state, left) in cases {
        let mut watch = watch(&[&format!("glass_to_glass.{limit}")]);
        let mut run = Run::new();
        for &(latency_ms, count) in samples {
            run.glass(500, latency_ms, count);
        }
        watch.observe(&run.snapshot(1_000));
        let status = only(&watch);
        assert_eq!(
            (status.figure, status.state),
            (Some(figure), state),
            "{limit} {samples:?}"
        );
        let difference = (status.budget_left.unwrap() - left).abs();
        assert!(difference < 1e-9, "{limit} {samples:?} {status:?}");
        let burns = status.budget > 0.0;
        assert_eq!(status.burn_60s.is_some(), burns, "{status:?}");
    }
}

#[test]
fn ratios_have_the_limit_as_budget() {
    let mut watch = watch(&[
        "error_rate < 1%",
        "rebuffer_ratio <= 1%",
        "viewers_playing >= 90%",
    ]);
    let mut run = Run::new();
    (run.ok, run.failed, run.started) = (990, 10, 100);
    run.spend(ViewerState::Playing, 99_000);
    run.spend(ViewerState::Stalled, 1_000);
    watch.observe(&run.snapshot(1_000));
    let all = watch.status();
    let states: Vec<_> = all.iter().map(|one| one.state).collect();
    assert_eq!(states, [State::Broken, State::Met, State::Met]);
    let figures: Vec<_> = all.iter().map(|one| one.figure.unwrap()).collect();
    assert_eq!(figures, [0.01, 0.01, 0.99]);
    let left: Vec<_> = all
        .iter()
        .map(|status| status.budget_left.unwrap())
        .collect();
    assert_eq!(left[..2], [0.0, 0.0]);
    assert!((left[2] - 0.9).abs() < 1e-9 && (all[2].budget - 0.1).abs() < 1e-9);
}

#[test]
fn the_series_that_was_asked_for_is_read_and_no_other() {
    let mut run = Run::new();
    let keys = [
        (("/a", "hls", Source::Viewer), 100),
        (("/b", "hls", Source::Viewer), 200),
        (("/a", "ll-hls", Source::Viewer), 300),
        (("/a", "hls", Source::Origin), 400),
        (("/a", "ws", Source::Pushed), 500),
        (("/a", "WebSocket", Source::Pushed), 600),
    ];
    for (key, latency_ms) in keys {
        run.series(key, 500, latency_ms, 10);
    }
    let cases = [
        ("", Some(300.0)),
        (" for transport=hls", Some(200.0)),
        (" for transport=LL-HLS", Some(300.0)),
        (" for source=origin", Some(400.0)),
        (" for transport=websocket for source=pushed", Some(600.0)),
        (" for transport=moq", None),
    ];
    for (scope, figure) in cases {
        let mut watch = watch(&[&format!("glass_to_glass.max < 9s{scope}")]);
        watch.observe(&run.snapshot(1_000));
        assert_eq!(only(&watch).figure, figure, "{scope}");
    }
}

#[test]
fn a_default_of_others_is_listed_from_its_first_sample_on() {
    let mut watch = Watch::new(defaults(Duration::from_secs(2)));
    let listed = |watch: &Watch| {
        watch
            .status()
            .iter()
            .map(|s| s.objective.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(listed(&watch).len(), 3);
    assert!(
        watch
            .status()
            .iter()
            .all(|status| status.source == Some(Source::Viewer))
    );
    let mut run = Run::new();
    run.series(("/live", "dash", Source::Pushed), 500, 2_000, 10);
    watch.observe(&run.snapshot(1_000));
    assert_eq!(
        listed(&watch)[3..],
        [
            "glass_to_glass.p50 < 1s for transport=dash for source=pushed",
            "glass_to_glass.p95 < 3s for transport=dash for source=pushed",
            "glass_to_glass.p99 < 4s for transport=dash for source=pushed",
        ]
    );
    let states: Vec<_> = watch.status().iter().map(|status| status.state).collect();
    assert_eq!(states[..3], [State::Unknown; 3]);
    assert_eq!(states[3..], [State::Broken, State::Met, State::Met]);
}

/// A second of a run: good and bad requests in it.
fn seconds(watch: &mut Watch, run: &mut Run, seconds: std::ops::Range<u64>, good: u64, bad: u64) {
    for second in seconds {
        run.ok += good;
        run.failed += bad;
        watch.observe(&run.snapshot((second + 1) * 1_000));
    }
}

#[test]
fn ten_seconds_broken_stop_the_run_and_nine_do_not() {
    let mut watch = watch(&["error_rate < 1%", "error_rate < 2% abort"]);
    let mut run = Run::new();
    seconds(&mut watch, &mut run, 0..5, 100, 0);
    seconds(&mut watch, &mut run, 5..15, 100, 20);
    let since = START_MS + 6_000;
    assert!(
        watch
            .status()
            .iter()
            .all(|status| status.broken_since_ms == Some(since))
    );
    assert_eq!(watch.abort(), None, "broken from second 6 to 15");
    seconds(&mut watch, &mut run, 15..16, 100, 20);
    assert_eq!(watch.abort().unwrap().objective, "error_rate < 2% abort");
}

#[test]
fn a_recovery_counts_while_the_run_stays_broken() {
    let mut watch = watch(&["error_rate < 10% abort"]);
    let mut run = Run::new();
    seconds(&mut watch, &mut run, 0..5, 0, 1_000);
    seconds(&mut watch, &mut run, 5..9, 5, 0);
    assert_eq!(only(&watch).broken_since_ms, Some(START_MS + 1_000));
    seconds(&mut watch, &mut run, 9..10, 100_000, 0);
    assert_eq!((only(&watch).broken_since_ms, watch.abort()), (None, None));
    // An old sin, which the run is judged by and the present is not.
    run.failed += 1_000_000;
    seconds(&mut watch, &mut run, 10..11, 0, 0);
    assert_eq!(only(&watch).broken_since_ms, Some(START_MS + 11_000));
    seconds(&mut watch, &mut run, 11..71, 5, 0);
    let status = only(&watch);
    assert_eq!(
        (status.state, status.broken_since_ms),
        (State::Broken, None)
    );
    assert_eq!((status.burn_60s, watch.abort()), (Some(0.0), None));
    assert!(status.burn_300s.unwrap() > 1.0);
}

#[test]
fn without_samples_for_a_minute_the_present_is_unknown() {
    let mut watch = watch(&["error_rate < 10% abort"]);
    let mut run = Run::new();
    run.failed = 5;
    watch.observe(&run.snapshot(1_000));
    seconds(&mut watch, &mut run, 1..62, 0, 0);
    let status = only(&watch);
    assert_eq!((status.state, status.burn_60s), (State::Broken, None));
    assert_eq!((status.broken_since_ms, watch.abort()), (None, None));
    assert_eq!(status.burn_300s, Some(10.0));
}

#[test]
fn looking_late_or_twice_tells_the_same() {
    let mut often = watch(&["error_rate < 10%"]);
    let mut once = watch(&["error_rate < 10%"]);
    let mut run = Run::new();
    for second in 1..400 {
        run.ok += second % 7;
        run.failed += second % 3;
        let snapshot = run.snapshot(second * 1_000);
        for _ in 0..3 {
            often.observe(&snapshot);
            let _read = often.status();
        }
        once.observe(&snapshot);
        assert_eq!(often.status(), once.status());
    }
    // Nobody looked for 100 s: windows are longer, and what happened is in them.
    run.failed += 7;
    once.observe(&run.snapshot(500_000));
    let all = f64::from(7_u32) / 7.0 / 0.1;
    assert_eq!(only(&once).burn_60s, Some(all));
}

#[test]
fn requests_that_end_after_the_run_still_count() {
    let mut watch = watch(&["error_rate <= 10%"]);
    let mut run = Run::new();
    seconds(&mut watch, &mut run, 0..10, 9, 1);
    let before = only(&watch);
    run.failed += 1;
    watch.observe(&run.snapshot(10_000));
    let after = only(&watch);
    assert_eq!((before.state, after.state), (State::Met, State::Broken));
    assert!(after.burn_60s > before.burn_60s);
}

#[test]
fn a_series_that_gave_its_place_away_takes_no_window_with_it() {
    let mut watch = watch(&["glass_to_glass.p95 < 1s for source=pushed abort"]);
    let mut run = Run::new();
    for second in 0..100 {
        run.series(("/a", "hls", Source::Pushed), second * 1_000, 10, 50);
        watch.observe(&run.snapshot((second + 1) * 1_000));
    }
    let mut other = Run::new();
    other.series(("/b", "hls", Source::Pushed), 100_500, 2_000, 1);
    other.series(("/b", "hls", Source::Pushed), 100_500, 10, 39);
    watch.observe(&other.snapshot(101_000));
    let status = only(&watch);
    assert_eq!((status.state, status.burn_60s), (State::Met, None));
    other.series(("/b", "hls", Source::Pushed), 101_500, 10, 60);
    watch.observe(&other.snapshot(102_000));
    assert_eq!(only(&watch).burn_60s, Some(0.0));
}

/// A stall may be told of after it began: what counted as played until then was not.
#[test]
fn time_that_steps_back_keeps_its_windows() {
    let mut watch = watch(&["rebuffer_ratio < 5%"]);
    let mut run = Run::new();
    for second in 1..100 {
        run.spend(ViewerState::Playing, 900);
        run.spend(ViewerState::Stalled, 100);
        watch.observe(&run.snapshot(second * 1_000));
    }
    run.time_ns[ViewerState::Playing.index()] -= 300_000_000;
    run.spend(ViewerState::Stalled, 1_300);
    watch.observe(&run.snapshot(100_000));
    let status = only(&watch);
    let (stalled, played) = (5.9 + 1.3, 53.1 - 0.3);
    let burn = stalled / (stalled + played) / 0.05;
    assert!(
        (status.burn_60s.unwrap() - burn).abs() < 1e-9,
        "{status:?} {burn}"
    );
    assert_eq!(status.broken_since_ms, Some(START_MS + 1_000));
}

#[test]
fn objectives_of_a_group_say_whose_they_are() {
    let objectives = || vec!["error_rate < 2% abort".parse().unwrap()];
    let of_all = Watch::new(objectives());
    let mut of_phones = Watch::of_group("phones", objectives());
    assert_eq!(of_all.status()[0].name(), "error_rate < 2% abort");
    let status = of_phones.status()[0].clone();
    assert_eq!(status.name(), "phones: error_rate < 2% abort");
    // And go on to.
    of_phones.observe(&Snapshot::default());
    assert_eq!(of_phones.status()[0], status);
}

#[test]
fn objectives_that_are_known_late_take_nothing_from_those_that_were_there() {
    const EARLY: [&str; 2] = ["error_rate < 1% abort", "viewers_playing >= 99%"];
    let early = || EARLY.map(objective).to_vec();
    let mut alone = Watch::of_group("phones", early());
    let mut joined = Watch::of_group("phones", early());
    let mut run = Run::new();
    for second in 1..40 {
        if second == 20 {
            joined.add(vec![objective("segment_download.max < 1s")]);
        }
        run.failed += 1;
        run.started = 100;
        // Nobody gets a picture, so all are overdue when their grace is over.
        run.spend(ViewerState::Starting, 100_000);
        run.download(2_000_000);
        for watch in [&mut alone, &mut joined] {
            watch.observe(&run.snapshot(second * 1_000));
        }
    }
    let (alone, joined) = (alone.status(), joined.status());
    assert_eq!(joined[..2], alone[..]);
    assert_eq!(alone[0].broken_since_ms, Some(START_MS + 1_000));
    assert_eq!(alone[1].state, State::Broken);
    assert_eq!(joined[2].name(), "phones: segment_download.max < 1s");
    // Over the whole run, what came before included.
    assert_eq!(joined[2].state, State::Broken);
}
