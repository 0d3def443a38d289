//! Files that a run writes, and what is made of them later.

use std::iter::Sum;
use std::str::FromStr;

use anyhow::{Context, ensure};
use serde_json::Value;
use testkit::process::Ended;

use crate::common::{LIMIT, Origin, figure, liveswarm, run, run_with_origin};

/// A run that left every kind of file.
fn with_files() -> anyhow::Result<Ended> {
    let mut command = run_with_origin();
    let folder = command.folder().to_owned();
    for option in ["report", "junit", "csv"] {
        command = command.arg(format!("--{option}={}", folder.join(option).display()));
    }
    let ended = command
        .args("-n 4 --ramp-rate 100 --segment 1s --duration 7s")
        .arg("--slo=startup.p95 < 60s")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    Ok(ended)
}

fn text(ended: &Ended, name: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(ended.file(name)).with_context(|| format!("no {name}"))
}

/// The sum of a column.
fn sum<T: FromStr + Sum>(csv: &str, column: &str) -> anyhow::Result<T> {
    let mut lines = csv.lines();
    let mut names = lines.next().unwrap_or_default().split(',');
    let place = names
        .position(|name| name == column)
        .context("no such column")?;
    let value = |line: &str| line.split(',').nth(place)?.parse::<T>().ok();
    lines
        .map(|line| value(line).with_context(|| format!("no {column} in {line}")))
        .sum()
}

#[test]
fn rows_add_up_to_the_run() -> anyhow::Result<()> {
    let ended = with_files()?;
    let json = ended.json()?;
    let csv = text(&ended, "csv")?;
    let total = figure(&json, "/throughput/total_bytes")? as u64;
    ensure!(sum::<u64>(&csv, "segment_bytes")? == total, "{csv}");
    ensure!(sum::<u64>(&csv, "segments_ok")? == figure(&json, "/requests/segment/ok")? as u64);
    let playlists =
        figure(&json, "/requests/playlist/ok")? + figure(&json, "/requests/multivariant/ok")?;
    ensure!(sum::<u64>(&csv, "playlists_ok")? == playlists as u64);
    // A row a second, and a longer one where this machine was late.
    let (rows, seconds) = (csv.lines().count() - 1, figure(&json, "/duration_s")?);
    let spans = sum::<f64>(&csv, "span_s")?;
    ensure!(seconds >= 7.0 && (spans - seconds).abs() < 0.1, "{csv}");
    ensure!((2.0..=seconds + 1.0).contains(&(rows as f64)), "{csv}");
    Ok(())
}

#[test]
fn outputs_into_one_file_are_wrong_usage() -> anyhow::Result<()> {
    for options in [
        "run --json a --csv ./a",
        "run --json - --junit -",
        "report none.json --html a --csv a",
        "capacity http://127.0.0.1:9/a.m3u8 --slo error_rate<1% --json a --report a",
    ] {
        let ended = liveswarm().args(options).finish(LIMIT)?;
        ended.expect_code(2)?;
        ensure!(ended.stderr.contains("would both be written to"), "{ended}");
    }
    // What is there is not emptied first.
    let command = liveswarm();
    let both = command.folder().join("both");
    std::fs::write(&both, "figures")?;
    let ended = command.arg("run").arg("--json").arg(&both);
    let ended = ended.arg("--log-file").arg(&both).finish(LIMIT)?;
    ended.expect_code(2)?;
    let words = "--json and --log-file would both be written to";
    ensure!(ended.stderr.contains(words), "{ended}");
    ensure!(std::fs::read_to_string(ended.file("both"))? == "figures");
    let ended = liveswarm()
        .args("report run.json --html ./run.json")
        .finish(LIMIT)?;
    ended.expect_code(2)?;
    let words = "--html would replace the run";
    ensure!(ended.stderr.contains(words), "{ended}");
    Ok(())
}

#[test]
fn what_is_made_of_the_json_later_is_what_was_made_at_once() -> anyhow::Result<()> {
    let ended = with_files()?;
    let folder = ended.file("later");
    std::fs::create_dir(&folder)?;
    let at = |name: &str| folder.join(name).display().to_string();
    let json = ended.file("run.json");
    let later = liveswarm()
        .arg("report")
        .arg(&json)
        .arg(format!("--html={}", at("report")))
        .arg(format!("--junit={}", at("junit")))
        .arg(format!("--csv={}", at("csv")))
        .finish(LIMIT)?;
    later.expect_code(0)?;
    for name in ["report", "junit", "csv"] {
        let now = std::fs::read_to_string(at(name))?;
        ensure!(now == text(&ended, name)?, "{name} differs");
    }
    Ok(())
}

#[test]
fn a_page_needs_nothing_else() -> anyhow::Result<()> {
    let page = text(&with_files()?, "report")?;
    ensure!(page.starts_with("<!DOCTYPE html>") && page.contains("</html>"));
    // `url(#…)` is a pattern of the page itself.
    let page = page.replace("url(#", "");
    for foreign in ["<script", "src=", "<link", "@import", "url("] {
        ensure!(!page.contains(foreign), "{foreign} in the page");
    }
    ensure!(page.matches("<svg").count() >= 6, "plots are missing");
    Ok(())
}

#[test]
fn runs_are_compared_and_a_worse_one_fails() -> anyhow::Result<()> {
    let ended = with_files()?;
    let before = ended.file("run.json");
    let mut json: Value = ended.json()?;
    let slower = figure(&json, "/latency_ms/live_latency/p95")? * 3.0;
    for what in ["p50", "p90", "p95", "p99", "max"] {
        json["latency_ms"]["live_latency"][what] = slower.into();
    }
    let after = ended.file("after.json");
    std::fs::write(&after, json.to_string())?;
    let compare = |with: &std::path::Path| {
        liveswarm()
            .arg("report")
            .arg(&before)
            .arg("--compare")
            .arg(with)
            .args("--fail-on-regression 10%")
            .finish(LIMIT)
    };
    compare(&before)?.expect_code(0)?;
    let worse = compare(&after)?;
    worse.expect_code(5)?;
    ensure!(worse.stderr.contains("live latency"), "{worse}");
    // As worse, but of another crowd: neither a pass nor a regression.
    json["config"]["viewers"] = 1_000.into();
    std::fs::write(&after, json.to_string())?;
    let other = compare(&after)?;
    other.expect_code(1)?;
    for words in ["can't be compared", "viewers: ", "1,000"] {
        ensure!(other.stderr.contains(words), "{words} is not in {other}");
    }
    ensure!(!other.stderr.contains("worse by too much"), "{other}");
    ensure!(other.stdout.contains("not alike"), "{other}");
    Ok(())
}

#[test]
fn what_is_no_run_is_refused_with_a_reason() -> anyhow::Result<()> {
    let command = liveswarm();
    let file = command.folder().join("other.json");
    std::fs::write(&file, "{\"schema\": \"other/1\"}")?;
    let ended = command
        .arg("report")
        .arg(&file)
        .arg("--html=-")
        .finish(LIMIT)?;
    ended.expect_code(1)?;
    ensure!(ended.stderr.contains("other.json"), "{ended}");
    let nothing_asked = liveswarm().args("report run.json").finish(LIMIT)?;
    nothing_asked.expect_code(2)?;
    Ok(())
}

#[test]
fn a_file_that_cannot_be_written_is_found_before_the_run() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s")?;
    for option in ["json", "report", "junit", "csv"] {
        let ended = run(&origin.url)
            .arg(format!("--{option}=/nowhere/at/all"))
            .finish(LIMIT)?;
        ended.expect_code(1)?;
        ensure!(
            ended
                .stderr
                .contains(&format!("--{option}: /nowhere/at/all")),
            "{ended}"
        );
    }
    ensure!(origin.ledger()?.status(200) == 0, "nobody was sent");
    Ok(())
}

#[test]
fn options_stand_in_a_file_and_what_is_typed_wins() -> anyhow::Result<()> {
    let command = run_with_origin();
    let file = command.folder().join("load.toml");
    std::fs::write(
        &file,
        "viewers = 3\nramp-rate = 100\nduration = \"20m\"\nsegment = \"1s\"\n\
         slo = [\"startup.p95 < 60s\", \"error_rate < 1%\"]\n",
    )?;
    let ended = command
        .arg("--config")
        .arg(&file)
        .args("--duration 6s")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let json = ended.json()?;
    ensure!(json["viewers"]["started"] == 3 && json["config"]["duration_s"] == 6.0);
    ensure!(json["objectives"].as_array().map(Vec::len) == Some(2));
    Ok(())
}

#[test]
fn a_wrong_line_of_the_file_is_shown() -> anyhow::Result<()> {
    let command = liveswarm();
    let file = command.folder().join("load.toml");
    std::fs::write(&file, "viewers = 3\nduratoin = '1s'\n")?;
    let ended = command.args("run --config").arg(&file).finish(LIMIT)?;
    ended.expect_code(2)?;
    for words in [
        "load.toml:2:1",
        "did you mean `duration`?",
        "2 | duratoin = '1s'",
        "^^^^^^^^",
    ] {
        ensure!(ended.stderr.contains(words), "{words}: {ended}");
    }
    Ok(())
}
