//! A run's figures equal nginx's access log, with a live stream that `FFmpeg` writes.

use crate::common::{LIMIT, errors, figure, run};
use std::collections::BTreeSet;

use anyhow::ensure;
use base::Class;
use testkit::compare;
use testkit::live::{self, Audio, Container, Live};
use testkit::nginx::{self, Nginx};
use testkit::served::Ledger;

/// Twenty viewers for ten seconds, counted by both sides.
fn counts_are_equal(stream: live::Config, player: &str) -> anyhow::Result<compare::Run> {
    let live = Live::start(stream)?;
    let server = Nginx::start(&live.folder(), nginx::Config::plain())?;
    let ended = run(&server.url("master.m3u8"))
        .args("-n 20 --ramp-rate 10 --duration 10s --player")
        .arg(player)
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    compare::equal(&ended.json()?, &server.into_ledger()?)
}

#[test]
fn ts_counts_equal_the_access_log() -> anyhow::Result<()> {
    let seen = counts_are_equal(live::Config::short(Container::Ts), "hls.js")?;
    ensure!(seen.class(Class::Multivariant).ok == 20);
    ensure!(seen.class(Class::Segment).ok > 100);
    Ok(())
}

#[test]
fn fmp4_counts_equal_the_access_log() -> anyhow::Result<()> {
    let seen = counts_are_equal(live::Config::short(Container::Fmp4), "hls.js")?;
    ensure!(seen.class(Class::Init).ok == 20);
    ensure!(seen.class(Class::Segment).ok > 100);
    Ok(())
}

#[test]
fn demuxed_audio_counts_equal_the_access_log() -> anyhow::Result<()> {
    let stream = live::Config {
        audio: Audio::Demuxed,
        ..live::Config::short(Container::Fmp4)
    };
    let seen = counts_are_equal(stream, "shaka")?;
    ensure!(seen.class(Class::Segment).ok > 100);
    Ok(())
}

#[test]
fn a_mixed_crowd_counts_what_the_access_log_has() -> anyhow::Result<()> {
    let live = Live::start(live::Config::short(Container::Ts))?;
    let server = Nginx::start(&live.folder(), nginx::Config::plain())?;
    let ended = run(&server.url("master.m3u8"))
        .args("-n 20 --ramp-rate 10 --duration 10s")
        .args("--player hls.js=1,shaka=1,ffmpeg=1,rfc8216=1")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let json = ended.json()?;
    let rows = server.into_rows()?;
    let seen = compare::held_against(&json, &Ledger::of(&rows), compare::Account::Whole)?;
    ensure!(seen.failed() == 0, "{:#}", json["errors"]);
    ensure!(seen.class(Class::Segment).ok > 100);
    // Each player is imitated by as many viewers as its weight says; two of them run in browsers.
    for (agent, viewers) in [("Chrome", 10), ("Lavf", 5)] {
        let begun = rows.iter().filter(|row| {
            let agents = row.agent.as_deref().unwrap_or_default();
            row.path.ends_with("master.m3u8") && agents.contains(agent)
        });
        let begun = begun.count();
        ensure!(begun == viewers, "{begun} begun as {agent}, not {viewers}");
    }
    Ok(())
}

#[test]
fn connections_that_the_server_closes_while_idle_cost_nothing() -> anyhow::Result<()> {
    let live = Live::start(live::Config {
        segment_s: 2,
        ..live::Config::short(Container::Ts)
    })?;
    let config = nginx::Config {
        keepalive_s: Some(1),
        ..nginx::Config::plain()
    };
    let server = Nginx::start(&live.folder(), config)?;
    let ended = run(&server.url("master.m3u8"))
        .args("-n 10 --ramp-rate 10 --duration 10s")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let rows = server.into_rows()?;
    compare::equal(&ended.json()?, &Ledger::of(&rows))?;
    let connections: BTreeSet<u64> = rows.iter().map(|row| row.connection).collect();
    ensure!(
        connections.len() > 20,
        "nothing was closed: {connections:?}"
    );
    Ok(())
}

#[test]
fn tls_is_trusted_only_where_it_should_be() -> anyhow::Result<()> {
    let live = Live::start(live::Config::short(Container::Ts))?;
    let config = nginx::Config {
        tls: true,
        ..nginx::Config::plain()
    };
    let server = Nginx::start(&live.folder(), config.clone())?;
    let url = server.url("master.m3u8");
    let refused = run(&url)
        .args("-n 2 --duration 2s --restart never")
        .finish(LIMIT)?;
    refused.expect_code(3)?;
    ensure!(errors(&refused.json()?, "tls") > 0, "{refused}");

    let trusted = run(&url)
        .args("-n 10 --duration 6s --cacert")
        .arg(server.certificate())
        .finish(LIMIT)?;
    trusted.expect_code(0)?;
    compare::equal(&trusted.json()?, &server.into_ledger()?)?;

    let server = Nginx::start(&live.folder(), config)?;
    let careless = run(&server.url("master.m3u8"))
        .args("-n 2 --duration 6s --insecure")
        .finish(LIMIT)?;
    careless.expect_code(0)?;
    compare::equal(&careless.json()?, &server.into_ledger()?)?;
    Ok(())
}

#[test]
fn gzipped_playlists_are_played_and_every_request_counted() -> anyhow::Result<()> {
    let live = Live::start(live::Config::short(Container::Ts))?;
    let config = nginx::Config {
        gzip: true,
        ..nginx::Config::plain()
    };
    let server = Nginx::start(&live.folder(), config)?;
    let ended = run(&server.url("master.m3u8"))
        .args("-n 5 --duration 6s")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let seen = compare::Run::of(&ended.json()?)?;
    let ledger = server.into_ledger()?;
    // nginx's bytes hold the chunks' framing here, so playlists are held by number alone.
    for class in [Class::Multivariant, Class::Playlist] {
        let (ours, theirs) = (seen.class(class).whole(), ledger.class(class).whole());
        ensure!(ours.requests == theirs.requests, "{class:?}");
        ensure!(ours.bytes < theirs.bytes, "{class:?} was not compressed");
    }
    ensure!(seen.class(Class::Segment).whole() == ledger.class(Class::Segment).whole());
    Ok(())
}

#[test]
fn a_throttled_body_shows_in_the_download_time() -> anyhow::Result<()> {
    // About 225 kB a segment at 150 kB/s: nginx itself pauses for a second in each.
    let live = Live::start(live::Config {
        segment_s: 2,
        ..live::Config::short(Container::Ts)
    })?;
    let config = nginx::Config {
        limit_rate: Some(150_000),
        ..nginx::Config::plain()
    };
    let server = Nginx::start(&live.folder(), config)?;
    let ended = run(&server.url("master.m3u8"))
        .args("-n 10 --ramp-rate 10 --duration 12s")
        .finish(LIMIT)?;
    let json = ended.json()?;
    let rows = server.into_rows()?;
    compare::held_against(&json, &Ledger::of(&rows), compare::Account::Whole)?;
    let mut seconds: Vec<f64> = rows
        .iter()
        .filter(|row| row.complete && testkit::served::class(&row.path) == Class::Segment)
        .filter_map(|row| row.seconds)
        .collect();
    seconds.sort_by(f64::total_cmp);
    let imposed = seconds[seconds.len() / 2] * 1000.0;
    let seen = figure(&json, "/latency_ms/segment_download_sent/p50")?;
    ensure!(imposed >= 900.0, "nginx imposed only {imposed} ms");
    ensure!(
        (seen / imposed - 1.0).abs() < 0.1,
        "p50: ours {seen} ms, nginx's {imposed} ms"
    );
    Ok(())
}
