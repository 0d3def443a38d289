//! What is shown where: the summary on standard output, everything else beside it.

use std::path::Path;

use anyhow::ensure;
use serde_json::Value;
use testkit::process::Liveswarm;

use crate::common::{BINARY, LIMIT, Origin, errors, liveswarm, run, run_with_origin, said};

const SCHEMA: &str = include_str!("../../../../docs/schema/liveswarm.run.1.schema.json");

#[test]
fn progress_goes_to_stderr_and_the_summary_alone_to_stdout() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s")?;
    let ended = liveswarm()
        .arg("run")
        .arg(&origin.url)
        .args("-n 4 --duration 7s -v")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    ensure!(ended.stdout.starts_with("── liveswarm"), "{ended}");
    let lines: Vec<&str> = ended
        .stderr
        .lines()
        .filter(|line| line.contains("4/4 started"))
        .collect();
    ensure!(
        !lines.is_empty() && lines.len() <= 4,
        "a line every few seconds: {ended}"
    );
    ensure!(
        lines.iter().all(|line| line.contains("segments/s")),
        "{lines:?}"
    );
    ensure!(
        !said(&ended).contains('\u{1b}'),
        "no terminal, no escapes: {ended}"
    );
    Ok(())
}

#[test]
fn quiet_says_nothing_but_the_summary() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s")?;
    let ended = run(&origin.url).args("-n 2 --duration 6s").finish(LIMIT)?;
    ended.expect_code(0)?;
    ensure!(ended.stdout.starts_with("── liveswarm"), "{ended}");
    ensure!(ended.stderr.is_empty(), "{ended}");
    Ok(())
}

#[test]
fn logs_go_to_their_file() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s --fault segment:503:50%")?;
    let command = run(&origin.url);
    let file = command.folder().join("run.log");
    let ended = command
        .args("-n 2 --duration 4s -vv --log-file")
        .arg(&file)
        .finish(LIMIT)?;
    let log = std::fs::read_to_string(ended.file("run.log"))?;
    ensure!(log.contains("503"), "{log}");
    ensure!(!ended.stderr.contains("503"), "{ended}");
    Ok(())
}

/// `-vv` says so of itself: a line for each request, and what viewers do as with `-v`.
#[test]
fn the_log_names_each_request_and_what_viewers_do() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s")?;
    let ended = run(&origin.url)
        .args("-n 2 --duration 4s --quiet -vv")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let json = ended.json()?;
    let mut requests = 0;
    for class in json["requests"]
        .as_object()
        .into_iter()
        .flat_map(|all| all.values())
    {
        for how in ["ok", "failed", "cancelled"] {
            requests += class[how].as_u64().unwrap_or_default();
        }
    }
    let lines = |words: &str| {
        ended
            .stderr
            .lines()
            .filter(|line| line.contains(words))
            .count()
    };
    ensure!(
        requests > 0 && lines(" request: ") as u64 == requests,
        "{ended}"
    );
    let starts = json["latency_ms"]["startup"]["count"].as_u64();
    ensure!(
        starts > Some(0) && Some(lines(" first frame ") as u64) == starts,
        "{ended}"
    );
    ensure!(lines(" playing ") > 0, "{ended}");
    Ok(())
}

#[test]
fn rows_on_stdout_are_all_there_is_on_stdout() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s")?;
    let ended = liveswarm()
        .arg("run")
        .arg(&origin.url)
        .args("-n 2 --duration 4s --csv -")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let mut lines = ended.stdout.lines();
    let columns = |line: &str| line.split(',').count();
    let header = lines.next().unwrap_or_default();
    ensure!(header.starts_with("unix_ms,"), "{ended}");
    let rows: Vec<_> = lines.collect();
    ensure!(
        !rows.is_empty() && rows.iter().all(|row| columns(row) == columns(header)),
        "{ended}"
    );
    ensure!(!Path::new("-").exists(), "a file of that name");
    Ok(())
}

#[test]
fn json_on_stdout_is_all_there_is_on_stdout() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s")?;
    let ended = liveswarm()
        .arg("run")
        .arg(&origin.url)
        .args("-n 2 --duration 4s --json -")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let json: serde_json::Value = serde_json::from_str(&ended.stdout)?;
    ensure!(json["schema"] == "liveswarm.run/1");
    Ok(())
}

pub(crate) fn follows_the_schema(json: &Value) -> anyhow::Result<()> {
    let schema = jsonschema::validator_for(&serde_json::from_str(SCHEMA)?)?;
    let problems: Vec<String> = schema
        .iter_errors(json)
        .map(|problem| format!("{}: {problem}", problem.instance_path()))
        .collect();
    ensure!(problems.is_empty(), "{problems:#?}\n{json:#}");
    Ok(())
}

/// The schema is held against what runs write: one that plays, one that meets faults and brings
/// its origin's own count, and one that nobody answers.
#[test]
fn the_json_of_real_runs_follows_the_schema() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s")?;
    let plays = run(&origin.url).args("-n 3 --duration 4s").finish(LIMIT)?;
    plays.expect_code(0)?;
    let json = plays.json()?;
    follows_the_schema(&json)?;
    ensure!(json["origin"].is_null(), "{json:#}");
    ensure!(json["requests"]["segment"]["ok"] != 0, "{json:#}");

    let faults = "--fault segment:close:20% --fault segment:503:20% --fault segment:truncate:10%";
    let meets_faults = run_with_origin()
        .args("-n 10 --duration 4s --segment 1s")
        .args(faults)
        .finish(LIMIT)?;
    let json = meets_faults.json()?;
    follows_the_schema(&json)?;
    ensure!(json["origin"].is_object(), "{json:#}");
    ensure!(errors(&json, "status") > 0, "{:#}", json["errors"]);

    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let unanswered = run(&format!("http://{port}/live/master.m3u8"))
        .args("-n 3 --ramp-rate 100 --duration 2s --restart never")
        .finish(LIMIT)?;
    unanswered.expect_code(3)?;
    let json = unanswered.json()?;
    follows_the_schema(&json)?;
    ensure!(
        errors(&json, "connect_refused") >= 3,
        "{:#}",
        json["errors"]
    );
    Ok(())
}

/// On a terminal (`script` makes one) there is one block that renews itself, logs stand above it,
/// and at the end the summary has the screen to itself.
#[test]
fn a_terminal_shows_one_block_and_then_the_summary() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s --fault segment:503:30%")?;
    let line = format!(
        "stty cols 100 rows 40; {BINARY} run {} -n 4 --duration 5s -v",
        origin.url
    );
    let ended = Liveswarm::new("/usr/bin/script")?
        .args("--quiet --return --command")
        .arg(line)
        .arg("/dev/null")
        .env("TERM", "xterm-256color")
        .finish(LIMIT)?;
    ensure!(
        ended.stdout.contains("\u{1b}["),
        "nothing was renewed: {ended}"
    );
    ensure!(ended.stdout.contains("503"), "no log line: {ended}");
    let summary = ended.stdout.rfind("── liveswarm");
    ensure!(
        summary.is_some_and(|at| !ended.stdout[at..].contains("\u{1b}[2K")),
        "the block was drawn over the summary: {ended}"
    );
    Ok(())
}
