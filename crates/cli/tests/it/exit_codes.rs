//! The exit code says how a run ended, and the words beside it why.

use std::net::TcpListener;
use std::time::Duration;

use crate::common::{BINARY, LIMIT, Origin, errors, face_of, liveswarm, run, said};
use anyhow::ensure;
use testkit::cut::{self, Answer};
use testkit::process::{Ended, Liveswarm, Signal};
use testkit::{http, wait};

/// A URL that nobody answers: port 1 is reserved, so that no other test comes to listen on it.
const REFUSED: &str = "http://127.0.0.1:1/live/master.m3u8";

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
    let nowhere = liveswarm()
        .args("run --duration 1s --json /nonexistent/run.json")
        .arg(REFUSED)
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
    for engine in ["native", "ffmpeg", "exec --exec 'player {url}'"] {
        let line = format!(
            "ulimit -n 64; exec {BINARY} run {REFUSED} -n 500 --duration 1s --engine {engine}"
        );
        let command = Liveswarm::new("/bin/sh")?.arg("-c").arg(line);
        let ended = command.finish(LIMIT)?;
        ended.expect_code(1)?;
        ensure!(said(&ended).contains("`ulimit -Hn "), "{ended}");
    }
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
    let ended = run(REFUSED)
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
    let mut running = Liveswarm::run(BINARY, Some(&origin.url))?
        .args("-n 5 --duration 10m --admin-listen 127.0.0.1:0")
        .spawn()?;
    let face = face_of(&mut running)?;
    // What a machine that is far too busy does to a process: it gets every other moment.
    wait::until(LIMIT, "the generator to be found wanting", || {
        running.signal(Signal::STOP)?;
        wait::pass(Duration::from_millis(150));
        running.signal(Signal::CONT)?;
        let json = http::get_json(face, "/api/v1/snapshot")?;
        Ok((json["generator"]["verdict"] == "bottleneck").then_some(()))
    })?;
    running.signal(Signal::INT)?;
    let ended = running.wait(LIMIT)?;
    ended.expect_code(4)?;
    ensure!(said(&ended).contains("generator"), "{ended}");
    Ok(())
}

/// The run was held up by `cause` and by nothing else, and every failure of it is `kind`.
fn is_short_of(ended: &Ended, cause: &str, kind: &str) -> anyhow::Result<()> {
    ended.expect_code(4)?;
    let json = ended.json()?;
    let causes = json["generator"]["causes"].as_object();
    let causes: Vec<_> = causes
        .into_iter()
        .flat_map(|causes| causes.keys())
        .collect();
    ensure!(causes == [cause], "{causes:?}: {ended}");
    ensure!(json["generator"]["verdict"] == "bottleneck", "{ended}");
    let all = json["errors"].as_array().into_iter().flatten();
    let all: u64 = all.filter_map(|error| error["count"].as_u64()).sum();
    let short = errors(&json, kind);
    ensure!(short > 0 && short == all, "{:#}", json["errors"]);
    Ok(())
}

/// One connection for each viewer fits, which is all that is asked before a run; with segments
/// that take two seconds each viewer needs a second one for its playlist.
#[test]
fn a_run_that_has_no_descriptor_left_is_4() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s --fault segment:delay=2s")?;
    let command = Liveswarm::new("/bin/sh")?;
    let json = command.folder().join("run.json");
    let line = format!(
        "ulimit -n 190; exec {BINARY} run {} -n 100 --ramp-rate 100 --duration 5s --json {}",
        origin.url,
        json.display()
    );
    let ended = command.arg("-c").arg(line).finish(LIMIT)?;
    is_short_of(&ended, "descriptors", "no_descriptor")?;
    ensure!(said(&ended).contains("ulimit -n"), "{ended}");
    Ok(())
}

/// A network of its own (`unshare`) with four ports, of which the origin listens on one and four
/// viewers want the others.
#[test]
fn a_run_that_has_no_port_left_is_4() -> anyhow::Result<()> {
    const OWN_NETWORK: &str = "ip link set lo up \
         && echo 40000 40003 > /proc/sys/net/ipv4/ip_local_port_range";
    let unshare = || Liveswarm::new("/usr/bin/unshare").map(|it| it.args("-rn /bin/sh -c"));
    if unshare()?.arg(OWN_NETWORK).finish(LIMIT)?.code != Some(0) {
        eprintln!("skipped: this machine gives its users no network namespaces");
        return Ok(());
    }
    let command = unshare()?;
    let json = command.folder().join("run.json");
    let line = format!(
        "{OWN_NETWORK} && exec {BINARY} run -n 4 --ramp-rate 10 --duration 4s --segment 1s --json {}",
        json.display()
    );
    let ended = command.arg(line).finish(LIMIT)?;
    is_short_of(&ended, "ports", "no_port")?;
    ensure!(said(&ended).contains("ip_local_port_range"), "{ended}");
    Ok(())
}
