//! A run that is asked to stop says what it saw until then; one that is asked twice is gone.

use crate::common::{
    BINARY, LIMIT, Origin, face_of, figure, liveswarm, run, run_with_origin, said,
};
use anyhow::ensure;
use testkit::compare;
use testkit::cut::{self, Answer};
use testkit::process::{Liveswarm, Signal};
use testkit::{http, wait};

/// Stops a run in the middle of its ramp.
fn stopped_by(signal: Signal) -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s")?;
    let mut running = Liveswarm::run(BINARY, Some(&origin.url))?
        .args("-n 600 --ramp-rate 10 --admin-listen 127.0.0.1:0")
        .spawn()?;
    let face = face_of(&mut running)?;
    // Stopped in the middle of things: some viewers play, others have not begun.
    wait::until(LIMIT, "viewers to play", || {
        let json = http::get_json(face, "/api/v1/snapshot")?;
        Ok((figure(&json, "/viewers/states/playing")? > 3.0).then_some(()))
    })?;
    running.signal(signal)?;
    let ended = running.wait(LIMIT)?;
    ended.expect_code(0)?;
    let json = ended.json()?;
    let seen = compare::held_against(&json, &origin.ledger()?, compare::Account::Whole)?;
    let in_flight: u64 = seen.classes.values().map(|seen| seen.in_flight).sum();
    ensure!(
        in_flight == 0,
        "requests in flight were not let go: {in_flight}"
    );
    ensure!(figure(&json, "/viewers/target")? as u64 == 600);
    let started = figure(&json, "/viewers/started")? as u64;
    ensure!(
        (1..600).contains(&started),
        "the ramp was not stopped: {started}"
    );
    ensure!(said(&ended).contains("viewers"), "no summary: {ended}");
    Ok(())
}

#[test]
fn ctrl_c_ends_the_run_with_a_summary() -> anyhow::Result<()> {
    stopped_by(Signal::INT)
}

#[test]
fn sigterm_ends_the_run_with_a_summary() -> anyhow::Result<()> {
    stopped_by(Signal::TERM)
}

/// A playlist that never ends, whose segments never come: requests stay in flight.
pub(crate) fn silent() -> anyhow::Result<cut::Server> {
    cut::Server::start(|request| match request.path() {
        "/index.m3u8" => Answer::playlist(cut::vod(10, 2)),
        _ => Answer::Silence,
    })
}

#[test]
fn requests_in_flight_get_three_seconds_and_are_then_given_up() -> anyhow::Result<()> {
    let server = silent()?;
    let mut running = run(&server.url("index.m3u8"))
        .args("-n 3 --ramp-rate 100")
        .spawn()?;
    wait::until(LIMIT, "segments to be asked for", || {
        Ok((server.requests().len() >= 6).then_some(()))
    })?;
    running.signal(Signal::INT)?;
    let ended = running.wait(LIMIT)?;
    // Nothing was played.
    ended.expect_code(3)?;
    let seen = compare::Run::of(&ended.json()?)?;
    let segments = seen.class(base::Class::Segment);
    ensure!(segments.cancelled == 3, "{segments:?}");
    Ok(())
}

#[test]
fn a_second_ctrl_c_leaves_at_once() -> anyhow::Result<()> {
    let server = silent()?;
    let mut running = liveswarm()
        .arg("run")
        .arg(server.url("index.m3u8"))
        .args("-n 3 --ramp-rate 100")
        .spawn()?;
    wait::until(LIMIT, "segments to be asked for", || {
        Ok((server.requests().len() >= 6).then_some(()))
    })?;
    running.signal(Signal::INT)?;
    running.until(LIMIT, "the first signal to be taken", |_, stderr| {
        stderr.contains("again leaves at once").then_some(())
    })?;
    running.signal(Signal::INT)?;
    let ended = running.wait(LIMIT)?;
    // The server never answers, so whoever waits for it has three seconds, and then a summary.
    ended.expect_code(1)?;
    ensure!(ended.stdout.is_empty(), "{ended}");
    Ok(())
}

/// The children of a process, by their ids.
fn children(of: u32) -> anyhow::Result<Vec<u32>> {
    let mut children = Vec::new();
    for task in std::fs::read_dir(format!("/proc/{of}/task"))? {
        let list = std::fs::read_to_string(task?.path().join("children"))?;
        for id in list.split_whitespace() {
            children.push(id.parse()?);
        }
    }
    Ok(children)
}

/// Whether a process is there and not merely waiting to be collected.
fn lives(id: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn an_origin_of_our_own_does_not_outlive_its_run() -> anyhow::Result<()> {
    let mut running = run_with_origin().args("-n 2 --duration 60s").spawn()?;
    let id = running.id();
    let origin = wait::until(LIMIT, "the origin to start", || {
        let name = |id: &u32| std::fs::read_to_string(format!("/proc/{id}/cmdline"));
        Ok(children(id)?
            .into_iter()
            .find(|id| name(id).is_ok_and(|name| name.contains("origin"))))
    })?;
    ensure!(lives(origin));
    running.signal(Signal::KILL)?;
    wait::until(LIMIT, "the origin to end with its run", || {
        Ok((!lives(origin)).then_some(()))
    })
}
