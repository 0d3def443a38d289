use base::{Class, Failure, ViewerState};
use report::{Document, document, json};
use serde_json::{Value, json as value};
use telemetry::What;

use crate::{rich, runs};

const SCHEMA: &str = include_str!("../../../../docs/schema/liveswarm.run.1.schema.json");

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

#[test]
fn the_schema_is_one() {
    assert!(jsonschema::meta::is_valid(&schema()));
    assert_eq!(schema()["properties"]["schema"]["const"], report::SCHEMA);
}

#[test]
fn every_state_of_a_run_as_json_follows_the_schema() {
    for case in runs::all() {
        let text = json(&case.run());
        insta::assert_snapshot!(format!("json_{}", case.name), text);
        let parsed: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(problems(&parsed), [""; 0], "{}", case.name);
        let back: Document = serde_json::from_str(&text).unwrap();
        assert_eq!(back, document(&case.run()), "{}", case.name);
    }
}

/// The document with the value at `pointer` replaced, or put there; or removed.
fn with(pointer: &str, new: Option<Value>) -> Value {
    let case = runs::named("bad");
    let mut document: Value = serde_json::from_str(&json(&case.run())).unwrap();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = document
        .pointer_mut(parent)
        .unwrap()
        .as_object_mut()
        .unwrap();
    match new {
        Some(new) => parent.insert(key.to_owned(), new),
        None => parent.remove(key),
    };
    document
}

#[test]
fn the_schema_refuses_what_is_wrong() {
    assert_eq!(problems(&with("/duration_s", Some(value!(60.0)))), [""; 0]);
    let wrong = [
        ("/schema", Some(value!("liveswarm.run/2"))),
        ("/schema", None),
        ("/made_up", Some(value!(1))),
        ("/origin_metrics/made_up", Some(value!(1))),
        ("/origin_metrics/server", None),
        ("/origin_metrics/sources/0/url", None),
        ("/origin_metrics/sources/0/readings", Some(value!(-1))),
        ("/origin_metrics/host/cpu/stale", Some(value!(0))),
        ("/origin_metrics/sent/0/scope", Some(value!("galaxy"))),
        (
            "/origin_metrics/sent/0/difference_percent",
            Some(value!("0 %")),
        ),
        ("/duration_s", Some(value!(-1))),
        ("/exit/code", Some(value!(6))),
        ("/viewers/states/asleep", Some(value!(0))),
        ("/viewers/states/playing", None),
        ("/viewers/started", Some(value!(1.5))),
        ("/requests/segment/in_flight", None),
        ("/requests/segment/ok", Some(value!(-1))),
        ("/requests/manifest", Some(value!({}))),
        ("/requests/part", None),
        ("/errors/0/kind", Some(value!("gremlins"))),
        ("/errors/0/status", None),
        ("/throughput/avg_1s", Some(value!("fast"))),
        ("/throughput/total_bytes", Some(Value::Null)),
        ("/latency_ms/segment_latency", Some(value!({}))),
        ("/latency_ms/playlist", None),
        ("/latency_ms/playlist/p99", Some(value!(-3))),
        ("/playback/rebuffer_ratio", Some(value!(1.5))),
        ("/playback/startup_ms", Some(value!(700))),
        ("/generator/verdict", Some(value!("great"))),
        ("/slo", Some(value!([{"broadcast": "x"}]))),
        ("/config/password", Some(value!("secret"))),
        ("/origin/agreement", Some(value!("maybe"))),
    ];
    for (pointer, new) in wrong {
        let document = with(pointer, new.clone());
        assert_ne!(
            problems(&document),
            [""; 0],
            "{pointer} = {new:?} was let through"
        );
    }
}

/// The schema's closed lists are those of the program.
#[test]
fn the_schema_lists_what_there_is() {
    let schema = schema();
    let keys = |pointer: &str| -> Vec<String> {
        let properties = schema.pointer(pointer).unwrap().as_object().unwrap();
        let mut keys: Vec<String> = properties.keys().cloned().collect();
        keys.sort();
        keys
    };
    let sorted = |mut names: Vec<&'static str>| {
        names.sort_unstable();
        names
    };
    let latencies = What::ALL.map(What::name).to_vec();
    assert_eq!(keys("/properties/latency_ms/properties"), sorted(latencies));
    let states = ViewerState::ALL.map(ViewerState::name).to_vec();
    assert_eq!(
        keys("/properties/viewers/properties/states/properties"),
        sorted(states)
    );
    let classes = Class::ALL.map(Class::name).to_vec();
    assert_eq!(
        keys("/properties/requests/properties"),
        sorted(classes.clone())
    );
    assert_eq!(schema["$defs"]["class"]["enum"], value!(classes));
    let kinds = [
        Failure::Status(0),
        Failure::Dns,
        Failure::ConnectRefused,
        Failure::ConnectTimedOut,
        Failure::ConnectFailed,
        Failure::Tls,
        Failure::ReadTimedOut,
        Failure::Reset,
        Failure::Truncated,
        Failure::TooLarge,
        Failure::Protocol,
        Failure::Redirect,
        Failure::InvalidPlaylist,
        Failure::NoDescriptor,
        Failure::NoPort,
        Failure::Generator,
    ];
    assert_eq!(
        schema["$defs"]["kind"]["enum"],
        value!(kinds.map(Failure::kind))
    );
}

#[test]
fn a_file_of_an_earlier_version_reads_and_follows_the_schema() {
    let text = include_str!("earlier.json");
    assert_eq!(problems(&serde_json::from_str(text).unwrap()), [""; 0]);
    let document = Document::read(text).unwrap();
    assert_eq!((document.health, document.roster), (None, None));
    assert!(document.timeline.is_empty() && document.distributions.is_empty());
    assert_eq!(document.viewers.exits, None);
    assert_eq!(document.viewers.started, 100);
}

#[test]
fn what_is_no_run_is_told_apart() {
    let cases = [
        ("", "not the JSON of a run"),
        ("[1]", "not the JSON of a run"),
        ("{}", "it names no schema"),
        (
            "{\"schema\":\"liveswarm.run/2\"}",
            "it follows the schema \"liveswarm.run/2\"",
        ),
        (
            "{\"schema\":\"\\u001b[2J\"}",
            "it follows the schema \"\u{fffd}[2J\"",
        ),
        ("{\"schema\":\"liveswarm.run/1\"}", "missing field"),
    ];
    for (text, why) in cases {
        let error = Document::read(text).unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
}

/// A document with all there is follows the schema, and has every field that it lists.
#[test]
fn a_rich_run_follows_the_schema_and_reads_back() {
    let mut rich = rich::document_of(120);
    rich.players = serde_json::from_value(value!({
        "success": 1, "error": 12, "signal": 1, "stopped": 20, "not_started": 0,
        "cpu_s": 1.25, "memory_max_bytes": 60_000_000,
        "last_words": [{
            "words": "http://h/live.m3u8: Connection refused",
            "seen": { "count": 12, "first_ms": 3, "last_ms": 900 },
        }],
    }))
    .unwrap();
    rich.estimated = serde_json::from_value(value!({
        "measured": false,
        "classes": { "segment": { "inferred": 3, "sizes_stated": 50, "sizes_unknown": 7, "own": 2 } },
    }))
    .unwrap();
    let text = rich.json();
    let parsed: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(problems(&parsed), [""; 0]);
    assert_eq!(Document::read(&text).unwrap(), rich);
    let listed = schema()["properties"].as_object().unwrap().clone();
    for field in listed.keys() {
        assert!(parsed.get(field).is_some(), "{field}");
    }
    let page = report::html(&rich);
    for words in [
        "13 player processes failed (12 with an error, 1 by a signal, 0 did not start); 12 said last",
        "http://h/live.m3u8: Connection refused",
        "3 are inferred; the sizes of 50 are as the origin states them and those of 7 are unknown",
    ] {
        assert!(page.contains(words), "{words}");
    }
    // A row of the timeline is a line.
    let rows = text.lines().filter(|line| line.contains("\"elapsed_ms\""));
    assert_eq!(rows.count(), 120);
}

#[test]
fn the_schema_refuses_wrong_timelines_and_objectives() {
    let rich: Value = serde_json::from_str(&rich::document_of(3).json()).unwrap();
    let wrong = [
        ("/timeline/0/span_ms", value!(-1)),
        ("/timeline/0/made_up", value!(1)),
        ("/timeline/0/states/asleep", value!(1)),
        ("/timeline/0/latency_ms/playlist/count", value!(0)),
        ("/timeline/0/slo/0/source", value!("gossip")),
        ("/objectives/0/state", value!("fine")),
        ("/objectives/0/group", value!("")),
        ("/groups/0/name", value!(7)),
        ("/groups/0/made_up", value!(1)),
        ("/groups/0/viewers/states/asleep", value!(1)),
        ("/groups/1/requests/segment/ok", value!(-1)),
        ("/groups/1/latency_ms/playlist/p99", value!(-1)),
        ("/objectives/0/unit", value!("s")),
        ("/health/word", value!("great")),
        ("/roster/slowest/0/state", value!("asleep")),
        ("/distributions/playlist/v2", value!(3)),
        ("/viewers/exits/ended", value!(-1)),
    ];
    for (pointer, new) in wrong {
        let mut document = rich.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = document
            .pointer_mut(parent)
            .unwrap_or_else(|| panic!("{pointer}"));
        parent.as_object_mut().unwrap().insert(key.to_owned(), new);
        assert_ne!(problems(&document), [""; 0], "{pointer} was let through");
    }
}

/// The word and the schema's list of words are one.
#[test]
fn the_schema_lists_the_words_of_health() {
    let words = &schema()["properties"]["health"]["oneOf"][1]["properties"]["word"]["enum"];
    assert_eq!(words, &value!(report::Word::ALL.map(report::Word::name)));
}

/// What a file holds is what the run held, so that reports can be made later.
#[test]
fn distributions_survive_the_file() {
    let case = runs::named("bad");
    let back = Document::read(&json(&case.run())).unwrap();
    for (what, of) in case
        .snapshot
        .latency
        .iter()
        .filter(|(_, of)| !of.is_empty())
    {
        assert_eq!(&back.distributions[&what], of, "{what:?}");
    }
}
