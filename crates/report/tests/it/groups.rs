//! Runs of several groups, told group by group.

use report::{Config, Document, Exit, Group, Run, Style, html, junit, text};
use telemetry::Snapshot;
use telemetry::objective::{State, Status};

use crate::{rich, runs};

const MISSED: Exit<'static> = Exit {
    code: 5,
    reason: "an objective was not met",
};

/// A group that is well, one with everything that can go wrong, and one that plays nothing.
fn groups() -> Vec<Snapshot> {
    ["fine", "bad", "nothing_plays"]
        .map(|name| runs::named(name).snapshot)
        .to_vec()
}

fn config() -> Config {
    let group = |name: &str| Group {
        name: name.to_owned(),
        weight: 1,
        viewers: 100,
        ..Group::default()
    };
    Config {
        groups: ["browsers", "phones", "a recorder with a long name"]
            .map(group)
            .to_vec(),
        engine: "3 groups".to_owned(),
        ..runs::named("fine").config
    }
}

/// Shows what `show` makes of the run.
fn shown<T>(show: impl FnOnce(&Run<'_>) -> T) -> T {
    let (groups, config) = (groups(), config());
    let mut all = Snapshot::default();
    for group in &groups {
        all.merge(group);
    }
    show(&Run {
        version: "0.1.0",
        config: &config,
        snapshot: &all,
        groups: &groups,
        timeline: &[],
        objectives: &[],
        ledger: None,
        origin_metrics: None,
        exit: Some(MISSED),
    })
}

pub(crate) fn document() -> Document {
    shown(report::document)
}

#[test]
fn the_text_has_a_row_for_each_group() {
    let text = shown(|run| text(run, Style::Plain));
    let table = text.split("── by group").nth(1).unwrap();
    let table = table.split("\n\n").next().unwrap();
    insta::assert_snapshot!("text_groups", table);
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn the_page_has_a_row_for_each_group() {
    let page = html(&document());
    let section = page.split("<section id=\"groups\">").nth(1).unwrap();
    let section = section.split("</section>").next().unwrap();
    for words in ["browsers", "phones", "a recorder with a long name", "none"] {
        assert!(section.contains(words), "{words} is not in {section}");
    }
    assert_eq!(section.matches("<tr").count(), 4, "{section}");
    // Of viewers that play nothing nothing is known of playback.
    let recorder = section.split("a recorder").nth(1).unwrap();
    assert!(recorder.contains("n/a"), "{recorder}");
    let alone = html(&report::document(&runs::named("fine").run()));
    assert!(!alone.contains("id=\"groups\""));
}

#[test]
fn what_groups_saw_adds_up_to_what_all_saw() {
    let document = document();
    assert_eq!(document.groups.len(), 3);
    for (class, all) in &document.requests {
        let of = |figure: fn(&telemetry::requests::Counters) -> u64| {
            let groups = document.groups.iter();
            groups
                .map(|group| figure(&group.requests[class]))
                .sum::<u64>()
        };
        assert_eq!(of(|counters| counters.ok), all.ok, "{class:?}");
        assert_eq!(of(|counters| counters.failed), all.failed, "{class:?}");
        assert_eq!(of(|counters| counters.bytes), all.bytes, "{class:?}");
    }
    let started = document.groups.iter().map(|group| group.viewers.started);
    assert_eq!(started.sum::<u64>(), document.viewers.started);
    let stalls = document
        .groups
        .iter()
        .filter_map(|group| group.playback.stalls);
    assert_eq!(Some(stalls.sum::<u64>()), document.playback.stalls);
}

#[test]
fn a_run_without_groups_says_nothing_of_any() {
    let json = report::json(&runs::named("fine").run());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json.get("groups"), None);
}

/// The same objective of all, and of two groups.
fn objectives() -> Vec<Status> {
    let one = rich::objectives().remove(0);
    let of = |group: Option<&str>, state| Status {
        group: group.map(str::to_owned),
        state,
        ..one.clone()
    };
    vec![
        of(None, State::Met),
        of(Some("browsers"), State::Met),
        of(Some("phones"), State::Broken),
    ]
}

#[test]
fn an_objective_of_a_group_is_shown_with_its_name() {
    let name = "phones: glass_to_glass.p95 &lt; 9s";
    let document = Document {
        objectives: objectives(),
        ..document()
    };
    for shown in [html(&document), junit(&document)] {
        assert!(shown.contains(name), "{shown}");
        assert!(shown.contains("browsers: glass_to_glass"), "{shown}");
    }
    assert!(
        junit(&document).contains("failures=\"2\""),
        "an objective and the run"
    );
    let said = shown(|run| {
        let objectives = objectives();
        let run = Run {
            objectives: &objectives,
            exit: None,
            ..*run
        };
        (text(&run, Style::Plain), report::health(&run).reason)
    });
    assert!(
        said.0.contains("phones: glass_to_glass.p95 < 9s"),
        "{}",
        said.0
    );
    // They are the scenario's, and it is that which repeats the run.
    assert!(!report::repeat::command(&document).contains("--slo"));
    let read = Document::read(&document.json()).unwrap();
    assert_eq!(read.objectives, document.objectives);
}

#[test]
fn runs_are_compared_by_the_objectives_of_each_group() {
    let before = Document {
        objectives: objectives(),
        ..document()
    };
    let mut after = before.clone();
    after.objectives[1].state = State::Broken;
    let compared = report::compare(&before, &after);
    let text = format!("{compared:?}");
    assert!(text.contains("browsers: glass_to_glass.p95 < 9s"), "{text}");
}
