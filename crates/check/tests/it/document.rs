//! The JSON and the text.

use check::{Document, Findings, Style};
use serde_json::{Value, json};

use crate::world::World;

const SCHEMA: &str = include_str!("../../../../docs/schema/liveswarm.check.1.schema.json");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

fn problems(document: &Value) -> Vec<String> {
    let schema = jsonschema::validator_for(&schema()).unwrap();
    let problems = schema.iter_errors(document);
    problems
        .map(|problem| format!("{}: {problem}", problem.instance_path()))
        .collect()
}

/// A good stream, one with much wrong, and one that does not answer.
fn worlds() -> [World; 3] {
    let mut bad = World::good();
    bad.all_lists(|text| text.replace("#EXT-X-VERSION:3\n", ""));
    bad.list_headers(|_| String::new());
    let mut silent = World::good();
    silent.entry.fails(base::Failure::ConnectRefused);
    [World::good(), bad, silent]
}

#[test]
fn the_schema_is_one() {
    assert!(jsonschema::meta::is_valid(&schema()));
    assert_eq!(schema()["properties"]["schema"]["const"], check::SCHEMA);
}

#[test]
fn documents_follow_the_schema_and_read_back() {
    for world in worlds() {
        let (observed, findings) = (world.observed(), world.findings());
        let text = check::json(&observed, &findings);
        assert_eq!(
            problems(&serde_json::from_str(&text).unwrap()),
            [""; 0],
            "{text}"
        );
        let back: Document = serde_json::from_str(&text).unwrap();
        assert_eq!(back, check::document(&observed, &findings));
    }
}

#[test]
fn the_schema_refuses_what_is_wrong() {
    let world = World::good();
    let text = check::json(&world.observed(), &world.findings());
    let good: Value = serde_json::from_str(&text).unwrap();
    let changes: [fn(&mut Value); 7] = [
        |it| it["schema"] = json!("liveswarm.check/2"),
        |it| it["more"] = json!(1),
        |it| it["verdict"] = json!("fine"),
        |it| it["counts"]["ok"] = json!(-1),
        |it| it["figures"]["live"] = json!("yes"),
        |it| it["findings"][0]["area"] = json!("else"),
        |it| drop(it["findings"][0].as_object_mut().unwrap().remove("clause")),
    ];
    for (place, change) in changes.into_iter().enumerate() {
        let mut wrong = good.clone();
        change(&mut wrong);
        assert_ne!(problems(&wrong), [""; 0], "change {place}");
    }
}

#[test]
fn every_finding_is_in_the_text_and_lines_are_narrow() {
    for world in worlds() {
        let (observed, findings) = (world.observed(), world.findings());
        let text = check::text(&observed, &findings, Style::Plain);
        for finding in findings.list() {
            let line = text.lines().find(|line| {
                line.starts_with(finding.level.word()) && line.contains(&finding.check)
            });
            assert!(line.is_some(), "{finding:?} is not in {text}");
        }
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
            assert!(!line.contains('\u{1b}'), "{line}");
        }
    }
}

#[test]
fn colour_adds_nothing_but_colour() {
    for world in worlds() {
        let (observed, findings) = (world.observed(), world.findings());
        let plain = check::text(&observed, &findings, Style::Plain);
        let coloured = check::text(&observed, &findings, Style::Colour);
        assert!(coloured.contains("\u{1b}["));
        assert_eq!(without_colour(&coloured), plain);
    }
}

fn without_colour(text: &str) -> String {
    let mut out = String::new();
    for (place, part) in text.split("\u{1b}[").enumerate() {
        let rest = if place == 0 {
            part
        } else {
            part.split_once('m').unwrap().1
        };
        out.push_str(rest);
    }
    out
}

#[test]
fn the_last_line_counts_and_says_what_to_do() {
    let sentences = worlds().map(|world| {
        let text = check::text(&world.observed(), &world.findings(), Style::Plain);
        text.split("── verdict")
            .nth(1)
            .unwrap()
            .lines()
            .skip(1)
            .collect::<Vec<_>>()
            .join(" ")
    });
    assert!(
        sentences[0].starts_with("Nothing wrong was found"),
        "{sentences:?}"
    );
    for sentence in &sentences[1..] {
        assert!(
            sentence.contains("error") && sentence.contains("mend"),
            "{sentences:?}"
        );
    }
}

#[test]
fn secrets_are_masked() {
    let mut world = World::good();
    world.base = "http://user:hunter2@h/live/".to_owned();
    world.each_list(|text| text.replace(".ts\n", ".ts?token=c0ffee\n"));
    world.each_segment(|segment| segment.reply.fails(base::Failure::Status(403)));
    let (observed, findings) = (world.observed(), world.findings());
    for text in [
        check::text(&observed, &findings, Style::Plain),
        check::json(&observed, &findings),
    ] {
        assert!(
            !text.contains("hunter2") && !text.contains("c0ffee"),
            "{text}"
        );
    }
    assert_eq!(Findings::of(&observed), findings);
}
