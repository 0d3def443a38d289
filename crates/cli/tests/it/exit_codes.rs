//! The exit code says how a run ended, and the words beside it why.

use std::net::TcpListener;
use std::time::Duration;

use crate::common::{LIMIT, Origin, errors, liveswarm, run, said};
use anyhow::ensure;
use testkit::cut::{self, Answer};
use testkit::process::Signal;
use testkit::wait;

/// The URL of a port on which nobody listens.
fn refused() -> anyhow::Result<String> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    Ok(format!("http://127.0.0.1:{port}/live/master.m3u8"))
}

#[test]
fn fine_is_0() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s")?;
    run(&origin.url)
        .args("-n 2 --duration 4s")
        .finish(LIMIT)?
        .expect_code(0)?;
    Ok(())
}

#[test]
fn a_run_that_cannot_begin_is_1() -> anyhow::Result<()> {
    let url = refused()?;
    let nowhere = liveswarm()
        .args("run --duration 1s --json /nonexistent/run.json")
        .arg(&url)
        .finish(LIMIT)?;
    nowhere.expect_code(1)?;
    ensure!(
        said(&nowhere).contains("/nonexistent/run.json"),
        "{nowhere}"
    );
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let origin = liveswarm()
        .args("origin --listen")
        .arg(taken.local_addr()?.to_string())
        .finish(LIMIT)?;
    origin.expect_code(1)?;
    ensure!(
        said(&origin).contains(&taken.local_addr()?.to_string()),
        "{origin}"
    );
    Ok(())
}

#[test]
fn too_few_descriptors_are_1_with_the_command_to_type() -> anyhow::Result<()> {
    let ended = testkit::process::Liveswarm::new("/bin/sh")?
        .arg("-c")
        .arg(format!(
            "ulimit -n 64; exec {} run {} -n 500 --duration 1s",
            env!("CARGO_BIN_EXE_liveswarm"),
            refused()?
        ))
        .finish(LIMIT)?;
    ended.expect_code(1)?;
    ensure!(said(&ended).contains("ulimit "), "{ended}");
    Ok(())
}

#[test]
fn wrong_usage_is_2() -> anyhow::Result<()> {
    for wrong in [
        "run --viewers many",
        "run --nonsense",
        "run not-a-url",
        "run ftp://127.0.0.1/live/master.m3u8",
        "run http://127.0.0.1:1/live/master.m3u8 --header NoColon",
        "run http://127.0.0.1:1/live/master.m3u8 --duration soon",
        "run http://127.0.0.1:1/live/master.m3u8 --player quicktime",
        "run http://127.0.0.1:1/live/master.m3u8 --resolve nothing",
        "run http://127.0.0.1:1/live/master.m3u8 --ramp-rate 0",
        "origin --fault segment:99",
        "nonsense",
        "",
    ] {
        let ended = liveswarm().args(wrong).finish(LIMIT)?;
        ended.expect_code(2)?;
        ensure!(!ended.stderr.is_empty(), "{ended}");
    }
    Ok(())
}

#[test]
fn every_viewer_refused_is_3() -> anyhow::Result<()> {
    let ended = run(&refused()?)
        .args("-n 3 --ramp-rate 100 --duration 3s --restart never")
        .finish(LIMIT)?;
    ended.expect_code(3)?;
    ensure!(errors(&ended.json()?, "connect_refused") >= 3, "{ended}");
    Ok(())
}

#[test]
fn a_page_instead_of_a_playlist_is_3_and_said_so() -> anyhow::Result<()> {
    let server = cut::Server::start(|_| Answer::page())?;
    let ended = run(&server.url("live/master.m3u8"))
        .args("-n 3 --ramp-rate 100 --duration 3s")
        .finish(LIMIT)?;
    ended.expect_code(3)?;
    ensure!(errors(&ended.json()?, "invalid_playlist") >= 3, "{ended}");
    ensure!(said(&ended).contains("HTML"), "{ended}");
    Ok(())
}

#[test]
fn a_generator_that_cannot_keep_up_is_4() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s")?;
    let mut running = run(&origin.url).args("-n 5 --duration 20s").spawn()?;
    // What a machine that is far too busy does to a process: it gets every other moment.
    let mut stopped = false;
    wait::every(Duration::from_millis(150), Duration::from_secs(16), || {
        stopped = !stopped;
        running.signal(if stopped { Signal::STOP } else { Signal::CONT })
    })?;
    running.signal(Signal::CONT)?;
    let ended = running.wait(LIMIT)?;
    ended.expect_code(4)?;
    ensure!(said(&ended).contains("generator"), "{ended}");
    Ok(())
}
