use report::compare::{Direction, Unjudged};
use report::{Document, compare, document};
use telemetry::objective::State;

use crate::{rich, runs};

type Change = fn(&mut Document);

fn fine() -> Document {
    document(&runs::named("fine").run())
}

#[test]
fn a_run_against_itself_has_no_difference() {
    for case in runs::all() {
        let document = document(&case.run());
        let comparison = compare(&document, &document);
        assert_eq!(comparison.regressions(0.0), [""; 0], "{}", case.name);
        assert!(
            comparison
                .rows
                .iter()
                .all(|row| row.direction == Direction::Neutral)
        );
        assert!(comparison.newly_broken.is_empty() && comparison.new_errors.is_empty());
    }
}

#[test]
fn a_good_run_and_a_bad_one() {
    let comparison = compare(&fine(), &rich::document_of(60));
    insta::assert_snapshot!("compare_worse", comparison.text());
    insta::assert_snapshot!(
        "compare_regressions",
        comparison.regressions(0.1).join("\n")
    );
    let back = compare(&rich::document_of(60), &fine());
    insta::assert_snapshot!("compare_better", back.text());
    assert_eq!(back.regressions(0.1), [""; 0]);
}

#[test]
fn the_text_is_no_wider_than_80_columns() {
    let mut other = rich::document_of(60);
    other.config.url = format!("https://cdn.example.org/{}", "x".repeat(300));
    other.config.own_origin = false;
    "\x1b[2J".clone_into(&mut other.objectives[1].objective);
    for line in compare(&fine(), &other).text().lines() {
        assert!(line.chars().count() <= 80, "{line}");
        assert!(!line.contains(char::is_control), "{line:?}");
    }
}

#[test]
fn a_limit_lets_small_changes_through() {
    let (before, mut after) = (fine(), fine());
    let throughput = after.throughput.windows.overall.as_mut().unwrap();
    *throughput *= 0.93;
    let comparison = compare(&before, &after);
    assert_eq!(comparison.regressions(0.1), [""; 0]);
    let worse = comparison.regressions(0.05);
    assert_eq!(worse.len(), 1);
    assert!(worse[0].starts_with("segment throughput: "), "{worse:?}");
    assert!(worse[0].ends_with("(-7.00 %)"), "{worse:?}");
}

#[test]
fn few_samples_say_nothing() {
    let (before, mut after) = (fine(), fine());
    // A hundred starts: enough for p95, not for p99.
    let startup = after.latency_ms.get_mut(&telemetry::What::Startup).unwrap();
    (startup.p95, startup.p99) = (Some(9_000.0), Some(9_900.0));
    let comparison = compare(&before, &after);
    let row = |name: &str| comparison.rows.iter().find(|row| row.name == name).unwrap();
    assert_eq!(row("startup p95").direction, Direction::Worse);
    assert_eq!(row("startup p99").unjudged, Some(Unjudged::FewSamples));
    assert_eq!(comparison.regressions(0.1).len(), 1);
}

#[test]
fn the_generator_is_no_regression_of_the_stream() {
    let (before, mut after) = (fine(), fine());
    *after.generator.cpu_s.as_mut().unwrap() *= 10.0;
    let comparison = compare(&before, &after);
    let cpu = comparison
        .rows
        .iter()
        .find(|row| row.name.starts_with("CPU"))
        .unwrap();
    assert_eq!(cpu.direction, Direction::Worse);
    assert_eq!(comparison.regressions(0.1), [""; 0]);
}

#[test]
fn objectives_break_and_mend() {
    let (mut before, mut after) = (fine(), fine());
    before.objectives = rich::objectives();
    after.objectives = rich::objectives();
    after.objectives[0].state = State::Broken;
    after.objectives[1].state = State::Met;
    let comparison = compare(&before, &after);
    assert_eq!(comparison.newly_broken, ["glass_to_glass.p95 < 9s"]);
    assert_eq!(comparison.mended, ["segment_download.p99 < 5ms"]);
    assert_eq!(
        comparison.regressions(9.0),
        ["objective newly broken: glass_to_glass.p95 < 9s"]
    );
}

fn two_groups() -> Vec<report::Group> {
    let group = |name: &str, weight, url: Option<&str>, option: &[&str]| report::Group {
        name: name.to_owned(),
        weight,
        viewers: u64::from(weight),
        url: url.map(str::to_owned),
        options: option.iter().map(|&option| option.to_owned()).collect(),
    };
    vec![
        group("phones", 7, None, &["--network=3g"]),
        group("boxes", 3, Some("http://h/b.m3u8"), &[]),
    ]
}

#[test]
fn runs_of_different_things_are_not_comparable() {
    let before = fine();
    let change = |change: Change| {
        let mut after = fine();
        change(&mut after);
        compare(&before, &after).incomparable
    };
    // Another port of our own origin is the same stream.
    let same = change(|run| run.config.url = "http://127.0.0.1:4/live/master.m3u8".to_owned());
    assert_eq!(same, [""; 0]);
    // Nor do these change what viewers do.
    let same = change(|run| {
        let options = ["--scenario=b.toml", "--slo=error_rate < 1%"];
        run.config.options = options.map(str::to_owned).to_vec();
    });
    assert_eq!(same, [""; 0]);
    let different: [(Change, &str); 12] = [
        (|run| run.config.viewers = 200, "viewers: 100 → 200"),
        (
            |run| run.config.player = "shaka".to_owned(),
            "player: hls.js → shaka",
        ),
        (
            |run| run.config.variant = "all".to_owned(),
            "variant: profile → all",
        ),
        (
            |run| run.config.origin = vec!["--segment=4s".to_owned()],
            "stream: our own origin → our own origin --segment=4s",
        ),
        (
            |run| run.config.restart = "always".to_owned(),
            "restart: on-failure → always",
        ),
        (
            |run| run.config.target_buffer_s = Some(10.0),
            "target buffer: the profile's → 10.0 s",
        ),
        (
            |run| run.config.seg_retry = Some(1),
            "tries of a segment: the profile's → 1",
        ),
        (
            |run| run.config.timeout_s = Some(3.0),
            "time limit: the profile's → 3.00 s",
        ),
        (
            |run| run.config.options = vec!["--network=3g".to_owned()],
            "options: none → --network=3g",
        ),
        (
            |run| run.config.groups = two_groups(),
            "groups: none → 7 phones network=3g, 3 boxes http://h/b.m3u8",
        ),
        (|run| run.duration_s = 60.0, "length: 30.0 s → 1m 00s"),
        (
            |run| run.generator.verdict = telemetry::Verdict::Bottleneck,
            "in the second run the generator was the bottleneck: its figures are not the stream's",
        ),
    ];
    for (with, why) in different {
        assert_eq!(change(with), [why]);
    }
}

/// A run that an objective stopped is shorter because the stream got worse; one that a person stopped
/// is just shorter.
#[test]
fn a_run_that_an_objective_stopped_is_comparable() {
    let ended = |length, stops| {
        let mut run = fine();
        run.config.duration_s = Some(30.0);
        run.duration_s = length;
        run.objectives = rich::objectives();
        run.objectives.truncate(1);
        let first = &mut run.objectives[0];
        (first.abort, first.broken_since_ms) = (stops, Some(1));
        run
    };
    let incomparable =
        |length, stops| compare(&ended(30.0, false), &ended(length, stops)).incomparable;
    assert_eq!(incomparable(12.0, true), [""; 0]);
    assert_eq!(incomparable(12.0, false), ["length: 30.0 s → 12.0 s"]);
    let mut longer = ended(12.0, true);
    longer.config.duration_s = Some(60.0);
    let why = compare(&ended(30.0, false), &longer).incomparable;
    assert_eq!(why, ["length: 30.0 s → 12.0 s"]);
}
