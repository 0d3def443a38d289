//! The HTTP face of a run and of an origin, as the binary serves it.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;
use testkit::process::{Liveswarm, Running};
use testkit::{http, wait};

use crate::common::{BINARY, LIMIT, Origin, face_of, figure, liveswarm, run};

/// A run that shows its face, not quiet, so that it says where.
fn watched(url: &str) -> Liveswarm {
    let run = Liveswarm::run(BINARY, Some(url)).expect("a folder for the run");
    run.args("--admin-listen 127.0.0.1:0 --ramp-rate 100 --duration 10m")
}

fn snapshot(face: SocketAddr) -> anyhow::Result<Value> {
    http::get_json(face, "/api/v1/snapshot")
}

fn until(face: SocketAddr, what: &str, holds: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
    wait::until(LIMIT, what, || Ok(Some(snapshot(face)?).filter(&holds)))
}

fn stop(running: Running, face: SocketAddr) -> anyhow::Result<Value> {
    let answer = http::post_json(face, "/api/v1/stop", "", None)?;
    ensure!(answer.status == 202, "{}", answer.status);
    let ended = running.wait(LIMIT)?;
    ended.expect_code(0)?;
    ended.json()
}

#[test]
fn a_run_is_watched_changed_and_stopped_over_http() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s")?;
    let mut running = watched(&origin.url).args("-n 4").spawn()?;
    let face = face_of(&mut running)?;
    until(face, "four viewers to play", |json| {
        json["viewers"]["states"]["playing"] == 4
    })?;
    ensure!(http::get(face, "/readyz")?.status == 200);
    let more = http::post_json(face, "/api/v1/viewers", "{\"target\": 7}", None)?;
    ensure!(more.status == 202, "{}", more.status);
    until(face, "seven viewers to play", |json| {
        json["viewers"]["states"]["playing"] == 7
    })?;
    let fewer = http::post_json(face, "/api/v1/viewers", "{\"target\": 2}", None)?;
    ensure!(fewer.status == 202, "{}", fewer.status);
    until(face, "five to leave", |json| {
        json["viewers"]["states"]["playing"] == 2 && json["viewers"]["states"]["ended"] == 5
    })?;
    let too_many = http::post_json(face, "/api/v1/viewers", "{\"target\": 2000000}", None)?;
    ensure!((400..500).contains(&too_many.status), "{}", too_many.status);
    let json = stop(running, face)?;
    ensure!(json["viewers"]["target"] == 2 && json["viewers"]["started"] == 7);
    testkit::compare::held_against(&json, &origin.ledger()?, testkit::compare::Account::Whole)?;
    Ok(())
}

#[test]
fn who_pushes_a_sample_sees_it_listed_and_ours_stay_apart() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s")?;
    let mut running = watched(&origin.url).args("-n 2 --broadcast live").spawn()?;
    let face = face_of(&mut running)?;
    let sample =
        r#"{"broadcast":"live","transport":"hls","ingest_ts_ms":1000,"render_ts_ms":5500}"#;
    let answer = http::post_json(face, "/api/v1/slo/client-sample", sample, None)?;
    ensure!(answer.status == 204, "{}", answer.status);
    let rows = wait::until(LIMIT, "both sources", || {
        let json = http::get_json(face, "/api/v1/slo")?;
        let rows = json["broadcasts"].as_array().context("no broadcasts")?;
        Ok((rows.len() == 2).then(|| rows.clone()))
    })?;
    let pushed = rows.iter().find(|row| row["source"] == "pushed");
    let pushed = pushed.context("no pushed series")?;
    ensure!(
        pushed["p50_ms"] == 4500 && pushed["total_observed"] == 1,
        "{pushed}"
    );
    let json = stop(running, face)?;
    let ours = json["slo"].as_array().into_iter().flatten();
    let ours = ours.filter(|row| row["source"] == "viewer").count();
    ensure!(ours == 1, "{}", json["slo"]);
    Ok(())
}

#[test]
fn viewers_see_later_what_the_origin_delivered() -> anyhow::Result<()> {
    let mut process = liveswarm()
        .args("origin --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --segment 1s")
        .spawn()?;
    let url = process.until(LIMIT, "the origin's URL", |stdout, _| {
        stdout.lines().next().map(str::to_owned)
    })?;
    let origin_face = face_of(&mut process)?;
    let mut running = watched(&url).args("-n 3").spawn()?;
    let face = face_of(&mut running)?;
    until(face, "viewers to have played for a while", |json| {
        json["playback"]["play_s"]
            .as_f64()
            .is_some_and(|played| played > 12.0)
    })?;
    let p50 = |face: SocketAddr, source: &str| -> anyhow::Result<f64> {
        let json = http::get_json(face, "/api/v1/slo")?;
        let rows = json["broadcasts"].as_array().context("no broadcasts")?;
        let row = rows.iter().find(|row| row["source"] == source);
        let row = row.with_context(|| format!("no series of {source} in {json:#}"))?;
        ensure!(
            row["broadcast"] == "live" && row["transport"] == "hls",
            "{row}"
        );
        figure(row, "/p50_ms")
    };
    let (viewer, delivered) = (p50(face, "viewer")?, p50(origin_face, "origin")?);
    ensure!(viewer >= delivered, "{viewer} < {delivered}");
    for face in [face, origin_face] {
        let metrics = http::get(face, "/metrics")?;
        let text = String::from_utf8(metrics.body)?;
        ensure!(
            text.contains("lvqr_subscriber_glass_to_glass_ms_bucket{"),
            "{text}"
        );
    }
    let json = stop(running, face)?;
    let segments = &json["requests"]["segment"];
    let ends = ["ok", "cancelled", "failed"].iter();
    let asked: u64 = ends.filter_map(|end| segments[*end].as_u64()).sum();
    // What the origin's face counts is what its viewers counted, once it has heard of their ends.
    wait::until(LIMIT, "the origin to count what was asked", || {
        let served = segments_served(origin_face)?;
        ensure!(served <= asked, "{served} served, {asked} asked");
        Ok((served == asked).then_some(()))
    })
}

/// Requests for segments that an origin's metrics have.
fn segments_served(face: SocketAddr) -> anyhow::Result<u64> {
    let metrics = String::from_utf8(http::get(face, "/metrics")?.body)?;
    let served = metrics.lines().filter(|line| {
        line.starts_with("liveswarm_origin_requests_total{") && line.contains("\"segment\"")
    });
    Ok(served
        .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
        .sum())
}

#[test]
fn an_address_that_was_asked_for_and_is_taken_ends_it_before_it_starts() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s")?;
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let ended = run(&origin.url)
        .arg("--admin-listen")
        .arg(taken.local_addr()?.to_string())
        .finish(LIMIT)?;
    ended.expect_code(1)?;
    ensure!(ended.stderr.contains("--admin-listen"), "{ended}");
    ensure!(origin.ledger()?.status(200) == 0, "nobody was sent");
    Ok(())
}

#[test]
fn an_open_door_to_others_wants_a_token() -> anyhow::Result<()> {
    let ended = run("http://127.0.0.1:9/a.m3u8")
        .args("--admin-listen 0.0.0.0:0 --duration 1s")
        .finish(LIMIT)?;
    ended.expect_code(1)?;
    ensure!(ended.stderr.contains("--admin-token"), "{ended}");
    Ok(())
}

#[test]
fn a_token_guards_what_reveals_and_changes() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s")?;
    let mut running = watched(&origin.url)
        .args("-n 1")
        .env("LIVESWARM_ADMIN_TOKEN", "s3cret")
        .spawn()?;
    let face = face_of(&mut running)?;
    ensure!(http::get(face, "/api/v1/snapshot")?.status == 401);
    ensure!(http::get(face, "/metrics")?.status == 200);
    ensure!(http::post_json(face, "/api/v1/stop", "", Some("guess"))?.status == 401);
    ensure!(http::post_json(face, "/api/v1/stop", "", Some("s3cret"))?.status == 202);
    let ended = running.wait(LIMIT)?;
    ensure!(!crate::common::said(&ended).contains("s3cret"), "{ended}");
    Ok(())
}

#[test]
fn series_of_their_own_are_for_few_viewers() -> anyhow::Result<()> {
    let ended = run("http://127.0.0.1:9/a.m3u8")
        .args("--per-viewer-metrics -n 201")
        .finish(LIMIT)?;
    ended.expect_code(2)?;
    ensure!(ended.stderr.contains("200"), "{ended}");
    Ok(())
}

/// Readers that scrape again and again.
const SCRAPERS: usize = 100;
/// What each waits after an answer, so that they leave the generator its share of a small machine.
const BREATH: Duration = Duration::from_millis(200);
/// Readers of the event stream that never read.
const SLEEPERS: usize = 20;
/// What somebody tries to push, in bytes.
const FLOOD: usize = 100 << 20;

/// Sends a body that nobody wants, until it is all gone or refused.
fn flood(face: SocketAddr) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(face)?;
    write!(
        stream,
        "POST /api/v1/slo/client-sample HTTP/1.1\r\nHost: {face}\r\n\
         Content-Type: application/json\r\nContent-Length: {FLOOD}\r\n\r\n"
    )?;
    let block = vec![b'x'; 1 << 16];
    for _ in 0..FLOOD / block.len() {
        if stream.write_all(&block).is_err() {
            break;
        }
    }
    Ok(())
}

fn sleeper(face: SocketAddr) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(face)?;
    write!(
        stream,
        "GET /api/v1/events HTTP/1.1\r\nHost: {face}\r\n\r\n"
    )?;
    Ok(stream)
}

#[test]
fn a_crowd_of_readers_changes_no_figure() -> anyhow::Result<()> {
    // Viewers have some seconds in hand: what a busy machine holds up is no stall.
    let origin = Origin::start("--segment 3s")?;
    let mut running = watched(&origin.url).args("-n 20").spawn()?;
    let face = face_of(&mut running)?;
    let over = AtomicBool::new(false);
    let answered = AtomicU64::new(0);
    let json = std::thread::scope(|scope| -> anyhow::Result<Value> {
        for n in 0..SCRAPERS {
            let path = ["/metrics", "/api/v1/snapshot", "/api/v1/slo"][n % 3];
            let (over, answered) = (&over, &answered);
            scope.spawn(move || {
                while !over.load(Relaxed) {
                    // At the end the face goes away under their hands.
                    if http::get(face, path).is_ok_and(|answer| answer.status == 200) {
                        answered.fetch_add(1, Relaxed);
                    }
                    wait::pass(BREATH);
                }
            });
        }
        let watched = (|| {
            let _sleepers: Vec<TcpStream> = (0..SLEEPERS)
                .map(|_| sleeper(face))
                .collect::<anyhow::Result<_>>()?;
            flood(face)?;
            until(face, "viewers to have played for a while", |json| {
                json["playback"]["play_s"]
                    .as_f64()
                    .is_some_and(|played| played > 120.0)
            })?;
            stop(running, face)
        })();
        over.store(true, Relaxed);
        watched
    })?;
    ensure!(
        answered.load(Relaxed) > SCRAPERS as u64,
        "nobody was answered"
    );
    for what in ["failed", "cancelled"] {
        ensure!(
            figure(&json, &format!("/requests/segment/{what}"))? == 0.0,
            "{what}: {json:#}"
        );
    }
    ensure!(json["playback"]["stalls"] == 0, "{}", json["playback"]);
    testkit::compare::equal(&json, &origin.ledger()?)?;
    Ok(())
}
