use serde::Deserialize;
use serde_json::json;

use super::super::Objective;
use super::objective;

#[derive(Deserialize)]
struct Config {
    objectives: Vec<Objective>,
}

#[test]
fn a_configuration_has_strings_or_tables() {
    let text = r#"
        [[objectives]]
        expr = "startup.p95 < 2s"

        [[objectives]]
        expr = "error_rate < 0.1%"
        abort = true
    "#;
    let config: Config = toml::from_str(text).unwrap();
    let expected = ["startup.p95 < 2s", "error_rate < 0.1% abort"].map(objective);
    assert_eq!(config.objectives, expected);
    let text = r#"objectives = ["startup.p95 < 2s", { expr = "error_rate < 0.1% abort" }]"#;
    assert_eq!(toml::from_str::<Config>(text).unwrap().objectives, expected);
}

#[test]
fn an_error_in_a_configuration_points_too() {
    let text = "objectives = [\n  \"startup.p95 < 2s\",\n  \"startup.p95 < 2\",\n]\n";
    let error = toml::from_str::<Config>(text).err().unwrap().to_string();
    for part in [
        "line 3",
        "`2` has no unit",
        "  startup.p95 < 2\n                 ^",
        "metrics: playlist,",
    ] {
        assert!(error.contains(part), "{part}\n{error}");
    }
}

#[test]
fn what_is_no_entry_is_refused() {
    let cases = [
        (json!({}), "missing field `expr`"),
        (
            json!({ "expr": "error_rate < 1%", "stop": true }),
            "unknown field `stop`, expected `expr` or `abort`",
        ),
        (json!({ "expr": 5 }), "expected a string"),
        (json!(["error_rate < 1%"]), "expected an objective such as"),
        (json!(null), "expected an objective such as"),
        (json!({ "expr": "nothing" }), "there is no metric `nothing`"),
    ];
    for (value, expected) in cases {
        let error = serde_json::from_value::<Objective>(value).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn it_is_written_as_its_text() {
    let text = "glass_to_glass.p95 < 3s for transport=hls abort";
    let value = serde_json::to_value(objective(text)).unwrap();
    assert_eq!(value, text);
    assert_eq!(
        serde_json::from_value::<Objective>(value).unwrap(),
        objective(text)
    );
}
