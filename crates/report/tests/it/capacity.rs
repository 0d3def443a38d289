//! What a search for capacity found, in every form.

use base::{Class, Now, Outcome, ViewerState};
use report::capacity::{
    Blame, Broke, Capacity, End, Exit, Figures, Judgement, Level, Origin, Place, SCHEMA, Search,
    Setup, Standing,
};
use report::{Config, Group};
use serde_json::Value;
use std::time::Duration;
use telemetry::objective::{State, Unit};
use telemetry::viewers::Playback;
use telemetry::{Recorder, Sample, Snapshot};

const SCHEMA_FILE: &str = include_str!("../../../../docs/schema/liveswarm.capacity.1.schema.json");

fn standing(figure: Option<f64>) -> Standing {
    Standing {
        objective: "segment_download.p95 < 500ms".to_owned(),
        group: None,
        state: match figure {
            None => State::Unknown,
            Some(..500.0) => State::Met,
            Some(_) => State::Broken,
        },
        figure,
        limit: 500.0,
        unit: Unit::Ms,
        budget_left: figure.map(|figure| 1.0 - figure / 500.0),
    }
}

/// A level whose segments take so long.
fn level(viewers: u64, download_ms: Option<f64>) -> Level {
    let broken = download_ms.is_none_or(|ms| ms >= 500.0);
    Level {
        viewers,
        judgement: if broken {
            Judgement::Broken
        } else {
            Judgement::Held
        },
        close: viewers == 57,
        began_s: 10.0,
        objectives: vec![standing(download_ms)],
        figures: Figures {
            length_s: 30.0,
            playing: viewers,
            segment_download_p95_ms: download_ms,
            segment_ttfb_p95_ms: download_ms.map(|_| 4.0),
            playlist_p95_ms: download_ms.map(|_| 2.5),
            rebuffer_ratio: Some(if broken { 0.02 } else { 0.0 }),
            error_rate: Some(0.0),
            throughput_bytes_per_s: 25_000.0 * viewers.min(60) as f64,
            requests_ok: 60 * viewers,
            failed_origin: 0,
            failed_network: 0,
            failed_generator: 0,
        },
        origin: None,
    }
}

/// A search with a mixed crowd, whose origin was asked of itself.
fn mixed() -> Capacity {
    let group = |name: &str, weight, url: Option<&str>, options: &[&str]| Group {
        name: name.to_owned(),
        weight,
        viewers: 0,
        url: url.map(str::to_owned),
        options: options.iter().map(|&option| option.to_owned()).collect(),
    };
    let config = Config {
        engine: "2 groups".to_owned(),
        groups: vec![
            group("phones", 3, None, &["--player=shaka"]),
            group("<boxes>", 1, Some("http://h/other.m3u8"), &[]),
        ],
        options: vec!["--scenario=crowd.toml".to_owned()],
        ..Config::default()
    };
    let mut found = Capacity {
        setup: Setup::from(&config),
        ..found()
    };
    let phones = || Some("phones".to_owned());
    found.broke[0].group = phones();
    for level in &mut found.levels {
        level.objectives[0].group = phones();
        level.origin = Some(Origin {
            cpu: (level.viewers != 80).then_some(level.viewers as f64 / 100.0),
            connections: Some(level.viewers),
        });
    }
    found
}

fn found() -> Capacity {
    let config = Config {
        url: "http://h/live/<b>\u{202e}.m3u8".to_owned(),
        player: "hls.js".to_owned(),
        variant: "profile".to_owned(),
        ramp_rate: 20.0,
        workers: 2,
        seed: 1,
        ..Config::default()
    };
    let levels = vec![
        level(20, Some(80.0)),
        level(80, Some(2_400.0)),
        level(40, Some(110.0)),
        level(57, Some(460.0)),
        level(60, Some(700.0)),
        level(57, Some(450.0)),
    ];
    let blame = Blame::of(Some(&levels[3].figures), &levels[4].figures);
    Capacity {
        schema: SCHEMA.to_owned(),
        version: "0.1.0".to_owned(),
        setup: Setup::from(&config),
        search: Search {
            from: 20,
            to: 160,
            hold_s: 30.0,
            settle_s: 10.0,
            objectives: vec!["segment_download.p95 < 500ms".to_owned()],
        },
        carried: Some(57),
        broken: Some(60),
        end: End::Found,
        broke: vec![Broke {
            objective: "segment_download.p95 < 500ms".to_owned(),
            group: None,
            after_s: Some(7.25),
            figure: Some(700.0),
            limit: 500.0,
            unit: Unit::Ms,
        }],
        blame,
        levels,
        exit: Exit {
            code: 0,
            reason: "found".to_owned(),
        },
    }
}

fn ended(end: End, carried: Option<u64>, levels: Vec<Level>) -> Capacity {
    Capacity {
        end,
        carried,
        broken: None,
        broke: Vec::new(),
        blame: None,
        levels,
        ..found()
    }
}

fn bound() -> Capacity {
    let mut bound = ended(End::GeneratorBound, Some(20), vec![level(20, Some(80.0))]);
    bound.levels.push(Level {
        judgement: Judgement::GeneratorBound,
        objectives: Vec::new(),
        figures: Figures::default(),
        ..level(80, None)
    });
    bound.blame = Some(Blame {
        place: Place::Generator,
        why: "it ran out of cpu".to_owned(),
    });
    bound
}

fn all() -> Vec<(&'static str, Capacity)> {
    vec![
        ("found", found()),
        ("bound", bound()),
        ("mixed", mixed()),
        (
            "held to the end",
            ended(End::HeldToTheEnd, Some(160), vec![level(160, Some(80.0))]),
        ),
        (
            "broke from the start",
            ended(End::BrokeFromTheStart, None, vec![level(20, None)]),
        ),
        ("unsettled", ended(End::Unsettled, Some(20), Vec::new())),
        ("stopped", ended(End::Stopped, None, Vec::new())),
    ]
}

fn problems(document: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(SCHEMA_FILE).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let problems = schema.iter_errors(document);
    problems
        .map(|problem| format!("{}: {problem}", problem.instance_path()))
        .collect()
}

#[test]
fn every_end_as_json_follows_the_schema_and_reads_back() {
    let schema: Value = serde_json::from_str(SCHEMA_FILE).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    assert_eq!(schema["properties"]["schema"]["const"], SCHEMA);
    for (name, found) in all() {
        let text = found.json();
        let parsed: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(problems(&parsed), [""; 0], "{name}");
        let back: Capacity = serde_json::from_str(&text).unwrap();
        assert_eq!(back, found, "{name}");
    }
}

#[test]
fn the_schema_refuses_what_is_wrong() {
    let with = |pointer: &str, new: Value| {
        let mut document: Value = serde_json::from_str(&found().json()).unwrap();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = document.pointer_mut(parent).unwrap();
        parent.as_object_mut().unwrap().insert(key.to_owned(), new);
        problems(&document)
    };
    for (pointer, new) in [
        ("/schema", Value::from("liveswarm.run/1")),
        ("/more", Value::from(1)),
        ("/carried", Value::from(-1)),
        ("/end", Value::from("perhaps")),
        ("/levels/0/judgement", Value::from("good")),
        ("/levels/0/figures/rebuffer_ratio", Value::from(1.5)),
        ("/levels/0/figures/more", Value::from(1)),
        ("/blame/place", Value::from("moon")),
        ("/setup/url", Value::Null),
    ] {
        assert_eq!(with(pointer, new).len(), 1, "{pointer}");
    }
}

#[test]
fn the_text_gives_the_answer_and_the_curve() {
    let text = found().text();
    assert!(
        text.starts_with("carries 57 viewers; 60 break an objective (5 levels in 6 holds)\n"),
        "{text}"
    );
    assert!(
        text.contains("broke         segment_download.p95 < 500ms (700 ms, 7 s into the level)"),
        "{text}"
    );
    assert!(
        text.contains("where         network: the transfer of a segment takes"),
        "{text}"
    );
    let first = |line: &str| {
        line.split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let rows: Vec<String> = text
        .lines()
        .skip_while(|l| !l.contains("p95 "))
        .map(first)
        .collect();
    assert_eq!(
        rows[rows.len() - 6..],
        ["20", "40", "57", "57", "60", "80"],
        "{text}"
    );
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    let first_lines: Vec<String> = all()
        .iter()
        .map(|(_, found)| found.text().lines().next().unwrap_or_default().to_owned())
        .collect();
    insta::assert_snapshot!("capacity_answers", first_lines.join("\n"));
}

#[test]
fn who_watched_and_what_the_origin_said_is_told() {
    let found = mixed();
    let shares: Vec<f64> = found.setup.groups.iter().map(|of| of.share).collect();
    assert_eq!(shares, [0.75, 0.25]);
    let text = found.text();
    for line in [
        "viewers       75.0 % phones player=shaka",
        "viewers       25.0 % <boxes> http://h/other.m3u8",
        "broke         phones: segment_download.p95 < 500ms (700 ms, 7 s into the level)",
        "       20        20.0 %           20",
        "       80           n/a           80",
    ] {
        assert!(text.lines().any(|told| told == line), "{line:?} in {text}");
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    let page = found.html();
    assert_eq!(page.matches("<figure").count(), 7);
    for words in ["75.0 % phones player=shaka", "--scenario=crowd.toml"] {
        assert!(page.contains(words), "{words} in {page}");
    }
}

#[test]
fn the_page_holds_the_answer_each_level_and_nothing_that_runs() {
    for (name, found) in all() {
        let page = found.html();
        assert!(page.starts_with("<!DOCTYPE html>"), "{name}");
        assert!(!page.contains("<script") && !page.contains("<b>"), "{name}");
        assert!(!page.contains('\u{202e}'), "{name}");
        let rows = page.matches("<tr").count();
        assert_eq!(rows, 1 + found.levels.len(), "{name}");
    }
    let page = found().html();
    assert!(page.contains("carries 57 viewers"), "{page}");
    assert_eq!(page.matches("<figure").count(), 5);
    let bound = bound().html();
    assert!(bound.contains("generator: it ran out of cpu"), "{bound}");
}

#[test]
fn figures_are_of_the_level_alone() {
    let at = |ms: u64| Now::new(Duration::from_millis(ms), 1_700_000_000_000);
    let mut recorder = Recorder::new(at(0));
    let mut viewer = recorder.add_viewer(0, Playback::Tracked, at(0).elapsed);
    recorder.enter(&mut viewer, ViewerState::Starting, at(0).elapsed);
    recorder.enter(&mut viewer, ViewerState::Stalled, at(100).elapsed);
    let fetch = |recorder: &mut Recorder, ms: u64, took: u64, ok: bool| {
        recorder.begin(Class::Segment);
        recorder.bytes(Class::Segment, 1_000, at(ms));
        let sample = Sample {
            class: Class::Segment,
            outcome: if ok {
                Outcome::Ok
            } else {
                Outcome::Failed(base::Failure::Reset)
            },
            status: Some(200),
            bytes: 1_000,
            due: at(ms - took).elapsed,
            sent: at(ms - took).elapsed,
            first_byte: Some(at(ms - took + 1).elapsed),
            last_byte: at(ms).elapsed,
            connect: None,
        };
        recorder.end(None, &sample, at(ms));
    };
    for ms in [2_000, 3_000] {
        fetch(&mut recorder, ms, 1_500, false);
    }
    let begin: Snapshot = recorder.snapshot(at(4_000));
    recorder.enter(&mut viewer, ViewerState::Playing, at(5_000).elapsed);
    for ms in [5_000, 6_000, 7_000] {
        fetch(&mut recorder, ms, 100, true);
    }
    fetch(&mut recorder, 7_500, 100, false);
    let figures = Figures::between(&begin, &recorder.snapshot(at(8_000)));
    assert_eq!((figures.requests_ok, figures.failed_network), (3, 1));
    assert_eq!(figures.error_rate, Some(0.25));
    assert_eq!(figures.rebuffer_ratio, Some(0.25));
    assert_eq!(
        (figures.length_s, figures.throughput_bytes_per_s),
        (4.0, 1_000.0)
    );
    assert_eq!(figures.playing, 1);
    let p95 = figures.segment_download_p95_ms.unwrap();
    assert!((p95 / 100.0 - 1.0).abs() < 0.01, "{p95}");
    let nothing = Figures::between(&begin, &begin);
    assert_eq!(
        (nothing.error_rate, nothing.segment_download_p95_ms),
        (None, None)
    );
}
