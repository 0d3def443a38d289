//! A run held against objectives: what it says of them, and how it ends.

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::common::{LIMIT, Origin, figure, run, run_with_origin};

const BRIEF: &str = "-n 4 --ramp-rate 100 --segment 1s --duration 7s";

fn objective<'a>(json: &'a Value, begins: &str) -> anyhow::Result<&'a Value> {
    let all = json["objectives"].as_array().into_iter().flatten();
    let mut found = all.filter(|row| {
        let text = row["objective"].as_str();
        text.is_some_and(|text| text.starts_with(begins))
    });
    found
        .next()
        .with_context(|| format!("no objective {begins} in {:#}", json["objectives"]))
}

#[test]
fn objectives_that_hold_change_nothing() -> anyhow::Result<()> {
    let ended = run_with_origin()
        .args(BRIEF)
        .arg("--slo=startup.p95 < 60s")
        .arg("--slo=error_rate < 0.1%")
        .arg("--slo=default")
        .finish(LIMIT)?;
    let json = ended.json()?;
    // Those of the default are too strict for a busy machine.
    let all = json["objectives"].as_array().into_iter().flatten();
    let broken = all.filter(|row| row["state"] == "broken").count();
    ended.expect_code(if broken == 0 { 0 } else { 5 })?;
    let startup = objective(&json, "startup.p95")?;
    ensure!(startup["state"] == "met", "{startup}");
    ensure!(
        startup["figure"] == json["latency_ms"]["startup"]["p95"],
        "{startup}"
    );
    let errors = objective(&json, "error_rate")?;
    ensure!(
        errors["state"] == "met" && errors["figure"] == 0.0,
        "{errors}"
    );
    // Of the default ones, those of 1 s segments: 4.5, 5 and 6 target durations.
    for limit in [
        "glass_to_glass.p50 < 4.5s",
        "glass_to_glass.p95 < 5s",
        "glass_to_glass.p99 < 6s",
    ] {
        objective(&json, limit)?;
    }
    Ok(())
}

#[test]
fn one_that_does_not_hold_ends_with_its_own_code() -> anyhow::Result<()> {
    let command = run_with_origin();
    let junit = command.folder().join("slo.xml");
    let ended = command
        .args(BRIEF)
        .arg("--slo=glass_to_glass.p95 < 10ms")
        .arg("--slo=viewers_playing >= 1%")
        .arg("--junit")
        .arg(&junit)
        .finish(LIMIT)?;
    ended.expect_code(5)?;
    let json = ended.json()?;
    ensure!(json["exit"]["code"] == 5);
    ensure!(objective(&json, "glass_to_glass")?["state"] == "broken");
    ensure!(objective(&json, "viewers_playing")?["state"] == "met");
    ensure!(ended.stdout.contains("exit code 5"), "{ended}");
    let xml = std::fs::read_to_string(ended.file("slo.xml"))?;
    ensure!(
        xml.matches("<failure").count() >= 1 && xml.contains("glass_to_glass.p95"),
        "{xml}"
    );
    Ok(())
}

#[test]
fn one_without_a_sample_is_unknown_and_fails_only_where_data_is_required() -> anyhow::Result<()> {
    let nobody_pushes = "--slo=glass_to_glass.p95 < 1s for source=pushed";
    let ended = run_with_origin()
        .args(BRIEF)
        .arg(nobody_pushes)
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    ensure!(objective(&ended.json()?, "glass_to_glass")?["state"] == "unknown");
    let required = run_with_origin()
        .args(BRIEF)
        .arg(nobody_pushes)
        .arg("--slo-require-data")
        .finish(LIMIT)?;
    required.expect_code(5)?;
    Ok(())
}

#[test]
fn one_that_aborts_stops_the_run() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s")?;
    let ended = run(&origin.url)
        .args("-n 4 --duration 10m")
        .arg("--slo=glass_to_glass.p50 < 10ms abort")
        .finish(LIMIT)?;
    ended.expect_code(5)?;
    let json = ended.json()?;
    ensure!(
        figure(&json, "/duration_s")? < 600.0,
        "{}",
        json["duration_s"]
    );
    Ok(())
}

#[test]
fn what_is_no_objective_is_pointed_at() -> anyhow::Result<()> {
    let ended = run_with_origin()
        .arg("--slo=glas_to_glass.p95 < 3s")
        .finish(LIMIT)?;
    ended.expect_code(2)?;
    for words in [
        "glas_to_glass.p95 < 3s",
        "^",
        "segment_download",
        "rebuffer_ratio",
    ] {
        ensure!(ended.stderr.contains(words), "{words}: {ended}");
    }
    Ok(())
}
