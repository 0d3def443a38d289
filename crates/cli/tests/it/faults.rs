//! What goes wrong is counted as it was, named, and never reads as health.

use crate::common::{LIMIT, Origin, errors, figure, is_not_called_healthy, run, said};
use anyhow::{Context, ensure};
use base::Class;
use testkit::compare::{self, Account};
use testkit::cut::{self, Answer, End};
use testkit::live::{self, Container, Live};
use testkit::nginx::{self, Nginx};
use testkit::process::Signal;
use testkit::wait;

/// A server that was killed under ten viewers.
const KILLED: Account = Account::Torn { unlogged_max: 10 };

#[test]
fn refused_segments_are_counted_by_status() -> anyhow::Result<()> {
    let live = Live::start(live::Config::short(Container::Ts))?;
    let server = Nginx::start(&live.folder(), nginx::Config::every_tenth_segment_fails())?;
    let ended = run(&server.url("master.m3u8"))
        .args("-n 10 --ramp-rate 10 --duration 14s")
        .finish(LIMIT)?;
    is_not_called_healthy(&ended)?;
    let json = ended.json()?;
    let ledger = server.into_ledger()?;
    let seen = compare::equal(&json, &ledger)?;
    ensure!(ledger.status(503) > 0 && ledger.status(404) > 0);
    let segments = seen.class(Class::Segment);
    ensure!(segments.failed == ledger.status(503) + ledger.status(404));
    ensure!(
        errors(&json, "status") == segments.failed,
        "{:#}",
        json["errors"]
    );
    let said = said(&ended);
    ensure!(said.contains("503") && said.contains("404"), "{said}");
    Ok(())
}

#[test]
fn a_body_cut_by_the_server_is_truncated_and_counted_apart() -> anyhow::Result<()> {
    let live = Live::start(live::Config::short(Container::Ts))?;
    let behind = cut::Server::start(|_| Answer::Cut {
        body: vec![0x47; 100_000],
        sent: 30_000,
        end: End::Close,
    })?;
    let config = nginx::Config {
        pass: Some((r"/seg_\d*[05]\.ts$".to_owned(), behind.addr())),
        ..nginx::Config::plain()
    };
    let server = Nginx::start(&live.folder(), config)?;
    let ended = run(&server.url("master.m3u8"))
        .args("-n 10 --ramp-rate 10 --duration 10s")
        .finish(LIMIT)?;
    is_not_called_healthy(&ended)?;
    let json = ended.json()?;
    let ledger = server.into_ledger()?;
    let seen = compare::held_against(&json, &ledger, Account::Whole)?;
    let broken = ledger.class(Class::Segment).broken;
    ensure!(broken.requests > 0);
    ensure!(
        seen.class(Class::Segment).broken == broken,
        "{:#}",
        json["errors"]
    );
    ensure!(
        errors(&json, "truncated") == broken.requests,
        "{:#}",
        json["errors"]
    );
    ensure!(said(&ended).contains("cut short"), "{ended}");
    Ok(())
}

#[test]
fn a_playlist_that_stops_moving_is_the_origins_fault() -> anyhow::Result<()> {
    let mut live = Live::start(live::Config::short(Container::Ts))?;
    let server = Nginx::start(&live.folder(), nginx::Config::plain())?;
    live.freeze()?;
    let ended = run(&server.url("master.m3u8"))
        .args("-n 5 --ramp-rate 10 --duration 14s")
        .finish(LIMIT)?;
    is_not_called_healthy(&ended)?;
    let json = ended.json()?;
    compare::equal(&json, &server.into_ledger()?)?;
    ensure!(figure(&json, "/playback/stale_playlists/count")? > 0.0);
    ensure!(figure(&json, "/playback/stalls")? > 0.0 || figure(&json, "/playback/stall_s")? > 0.0);
    let said = said(&ended).to_lowercase();
    ensure!(said.contains("stale"), "{said}");
    Ok(())
}

/// Waits until the live stream has written segment `number`.
fn await_segment(live: &Live, number: u32) -> anyhow::Result<()> {
    let file = live.folder().join(format!("seg_{number:05}.ts"));
    wait::until(LIMIT, "the stream to go on", || {
        Ok(file.exists().then_some(()))
    })
}

#[test]
fn a_killed_server_that_comes_back_is_played_again() -> anyhow::Result<()> {
    let live = Live::start(live::Config::short(Container::Ts))?;
    let mut server = Nginx::start(&live.folder(), nginx::Config::plain())?;
    let running = run(&server.url("master.m3u8"))
        .args("-n 10 --ramp-rate 10 --duration 16s")
        .spawn()?;
    await_segment(&live, 8)?;
    server.kill();
    await_segment(&live, 11)?;
    server.restart()?;
    let ended = running.wait(LIMIT)?;
    ended.expect_code(0)?;
    is_not_called_healthy(&ended)?;
    let json = ended.json()?;
    compare::held_against(&json, &server.into_ledger()?, KILLED)?;
    ensure!(errors(&json, "connect_refused") > 0, "{:#}", json["errors"]);
    ensure!(said(&ended).contains("refused"), "{ended}");
    ensure!(figure(&json, "/viewers/states/playing")? > 0.0, "{ended}");
    Ok(())
}

#[test]
fn an_origin_of_ours_keeps_its_ledger_over_a_restart() -> anyhow::Result<()> {
    let folder = testkit::TempDir::new()?;
    let arguments = format!(
        "--segment 1s --ledger {}",
        folder.path().join("ledger.json").display()
    );
    let mut origin = Origin::start(&arguments)?;
    let listen = origin.addr.to_string();
    let running = run(&origin.url)
        .args("-n 10 --ramp-rate 10 --duration 14s")
        .spawn()?;
    wait::until(LIMIT, "segments to be served", || {
        Ok((origin.segments()? > 40).then_some(()))
    })?;
    origin.process.signal(Signal::KILL)?;
    origin.process.wait(LIMIT)?;
    // It stays away until somebody misses it.
    wait::until(LIMIT, "a viewer to be refused", || {
        Ok(running.stderr().contains("refused").then_some(()))
    })?;
    let origin = Origin::at(&listen, &arguments)?;
    let ended = running.wait(LIMIT)?;
    ended.expect_code(0)?;
    is_not_called_healthy(&ended)?;
    let json = ended.json()?;
    let ledger = origin.ledger()?;
    compare::held_against(&json, &ledger, KILLED)?;
    ensure!(ledger.class(Class::Segment).whole().requests > 40);
    ensure!(figure(&json, "/viewers/states/playing")? > 0.0, "{ended}");
    Ok(())
}

#[test]
fn faults_of_an_origin_of_ours_are_counted_by_kind() -> anyhow::Result<()> {
    for (fault, kinds) in [
        ("truncate", ["truncated", "truncated"]),
        ("reset", ["reset", "truncated"]),
        // No answer at all: lost with a kept connection, and sent again on a new one.
        ("close", ["reset", "reset"]),
    ] {
        let origin = Origin::start(&format!("--segment 1s --fault segment:{fault}:20%"))?;
        let ended = run(&origin.url)
            .args("-n 10 --ramp-rate 10 --duration 6s")
            .finish(LIMIT)?;
        is_not_called_healthy(&ended)?;
        let json = ended.json()?;
        let ledger = origin.ledger()?;
        let seen = compare::held_against(&json, &ledger, Account::Whole)?;
        let broken = ledger.class(Class::Segment).broken;
        ensure!(broken.requests > 0, "{fault}: nothing was broken");
        ensure!(
            seen.class(Class::Segment).broken.requests == broken.requests,
            "{fault}: ours {:?}, the origin's {broken:?}",
            seen.class(Class::Segment).broken
        );
        let counted: u64 = json["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|error| kinds.iter().any(|kind| error["kind"] == *kind))
            .filter_map(|error| error["count"].as_u64())
            .sum();
        ensure!(counted == broken.requests, "{fault}: {:#}", json["errors"]);
    }
    Ok(())
}

#[test]
fn what_a_hostile_server_does_is_survived_and_named() -> anyhow::Result<()> {
    let half = Answer::HalfHead(End::Close);
    let cases = [
        ("silence", Answer::Silence, "read_timed_out"),
        ("a head without end", Answer::EndlessHead, "too_large"),
        ("a body without end", Answer::EndlessBody, "too_large"),
        ("half a head", half, "reset"),
        (
            "no HTTP",
            Answer::Raw(b"SSH-2.0-OpenSSH\r\n".to_vec()),
            "protocol",
        ),
        ("nothing", Answer::playlist(""), "invalid_playlist"),
        (
            "a redirect to itself",
            Answer::redirect(302, "/live/master.m3u8"),
            "redirect",
        ),
    ];
    for (name, answer, kind) in cases {
        let server = cut::Server::start(move |_| answer.clone())?;
        // Only silence is to be timed out.
        let timeout = if name == "silence" { "1s" } else { "30s" };
        let ended = run(&server.url("live/master.m3u8"))
            .args("-n 1 --duration 2s --timeout")
            .arg(timeout)
            .finish(LIMIT)?;
        ended.expect_code(3).context(name)?;
        let json = ended.json()?;
        compare::Run::of(&json).context(name)?;
        ensure!(errors(&json, kind) > 0, "{name}: {:#}", json["errors"]);
        let peak = figure(&json, "/generator/rss_peak_bytes")?;
        ensure!(peak < 300e6, "{name}: {peak} bytes of memory");
    }
    Ok(())
}
