//! Load shapes, as people type them.

use anyhow::ensure;

use crate::common::{LIMIT, Origin, figure, liveswarm, run_with_origin};

#[test]
fn a_plan_is_drawn_and_nothing_is_started() -> anyhow::Result<()> {
    let drawn = liveswarm()
        .args("run http://127.0.0.1:9/live.m3u8 --plan-only --stages 1m:100,2m:100,1m:0")
        .finish(LIMIT)?;
    drawn.expect_code(0)?;
    let last = drawn.stdout.lines().last().unwrap_or_default();
    ensure!(
        last == "at most 100 viewers, 100 starts, 300 viewer-minutes in 4m",
        "{drawn}"
    );
    ensure!(drawn.stderr.is_empty(), "{drawn}");
    Ok(())
}

#[test]
fn a_run_takes_as_long_as_its_stages() -> anyhow::Result<()> {
    let ended = run_with_origin()
        .args("--segment 1s --variants 200k --stages 500ms:6,2s:6,500ms:0,3s:0")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let json = ended.json()?;
    ensure!(json["viewers"]["started"] == 6);
    ensure!(json["viewers"]["exits"]["left"] == 6);
    ensure!(json["config"]["duration_s"] == 6.0);
    ensure!(json["config"]["viewers"] == 6);
    ensure!(!ended.stdout.contains("counted otherwise"), "{ended}");
    Ok(())
}

#[test]
fn people_come_and_go_by_themselves() -> anyhow::Result<()> {
    let ended = run_with_origin()
        .args("--segment 1s --variants 200k --arrivals 10/s:even --watch-time fixed:1s")
        .args("--duration 3s")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let json = ended.json()?;
    // At 0 s, 0.1 s, and so on; the stop comes in the middle of one gap or the next. What a busy
    // machine is late by, ten a second come more or fewer.
    let lag = figure(&json, "/generator/lag_ms/max")? / 1e3;
    let late = 10.0 * (lag + figure(&json, "/duration_s")? - 3.0);
    let (started, left) = (
        figure(&json, "/viewers/started")?,
        figure(&json, "/viewers/exits/left")?,
    );
    let fits = |count: f64, least: f64, most: f64| count >= least - late && count <= most + late;
    ensure!(fits(started, 30.0, 32.0), "{late} {:#}", json["viewers"]);
    ensure!(
        fits(started - left, 9.0, 11.0),
        "{late} {:#}",
        json["viewers"]
    );
    Ok(())
}

#[test]
fn a_herd_says_what_it_waits_for() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s")?;
    let ended = liveswarm()
        .arg("run")
        .arg(&origin.url)
        .args("-n 2 --thundering-herd --duration 3s")
        .finish(LIMIT)?;
    let waits = "waiting for a new segment, for 3 s at most";
    ensure!(ended.stderr.contains(waits), "{ended}");
    Ok(())
}

#[test]
fn a_herd_starts_at_once_and_costs_the_origin_no_request_of_ours() -> anyhow::Result<()> {
    let ended = run_with_origin()
        .args("--segment 1s --variants 200k -n 20 --thundering-herd --duration 4s")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    ensure!(!ended.stdout.contains("counted otherwise"), "{ended}");
    let json = ended.json()?;
    ensure!(json["viewers"]["started"] == 20);
    Ok(())
}
