//! Players that are processes: what they fetched is what the server served, and none outlives us.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::common::{BINARY, LIMIT, Origin, errors, figure, liveswarm, run, said};
use crate::output::follows_the_schema;
use anyhow::{Context, ensure};
use base::Class;
use serde_json::Value;
use testkit::compare::{self, Account};
use testkit::cut::Answer;
use testkit::ffmpegs;
use testkit::live::{self, Container, Live};
use testkit::nginx::{self, Nginx};
use testkit::process::{Liveswarm, Signal};
use testkit::served::Ledger;
use testkit::wait;

/// A run of FFmpeg processes.
fn ffmpeg(url: &str, program: &Path) -> Liveswarm {
    run(url).args("--engine ffmpeg --ffmpeg").arg(program)
}

/// Twenty FFmpeg processes for a while, counted by nginx and by the gateway.
fn counts_are_equal(container: Container, program: &Path) -> anyhow::Result<Value> {
    let live = Live::start(live::Config::short(container))?;
    let server = Nginx::start(&live.folder(), nginx::Config::plain())?;
    let ended = ffmpeg(&server.url("master.m3u8"), program)
        .args("-n 20 --ramp-rate 10 --duration 12s")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let json = ended.json()?;
    let seen = compare::held_against(&json, &server.into_ledger()?, Account::Whole)?;
    ensure!(seen.failed() == 0, "{:#}", json["errors"]);
    ensure!(seen.class(Class::Segment).ok >= 20 * 4, "{seen:#?}");
    follows_the_schema(&json)?;
    // Its own share is told of each exchange that passed, which are all but a look a worker.
    let told = figure(&json, "/generator/gateway_ms/count")? as u64;
    let looks = figure(&json, "/generator/workers")? as u64;
    let of = |count: fn(&compare::Seen) -> u64| seen.classes.values().map(count).sum::<u64>();
    let (least, most) = (of(|seen| seen.ok) - looks, of(compare::Seen::requests));
    ensure!(
        (least..=most).contains(&told),
        "{told}, not {least} to {most}"
    );
    Ok(json)
}

#[test]
fn ts_counts_of_processes_equal_the_access_log() -> anyhow::Result<()> {
    for program in ffmpegs::all() {
        let json = counts_are_equal(Container::Ts, &program)?;
        ensure!(json["viewers"]["states"]["playing"] == 20, "{json:#}");
        // It copies: what nobody can know is not made up.
        ensure!(json["latency_ms"]["startup"]["p50"].is_null(), "{json:#}");
    }
    Ok(())
}

#[test]
fn fmp4_counts_of_processes_equal_the_access_log() -> anyhow::Result<()> {
    for program in ffmpegs::all() {
        counts_are_equal(Container::Fmp4, &program)?;
    }
    Ok(())
}

/// Whether a figure is another one within a share of it, but for what the end of the run cut off:
/// of that either side may know more.
fn near(ours: u64, theirs: u64, share: f64, cut_off: u64) -> bool {
    ours.abs_diff(theirs).saturating_sub(cut_off) as f64 <= theirs as f64 * share
}

#[test]
fn by_their_logs_counts_are_within_one_percent_and_bytes_within_two() -> anyhow::Result<()> {
    let live = Live::start(live::Config {
        segment_s: 2,
        ..live::Config::short(Container::Ts)
    })?;
    let server = Nginx::start(&live.folder(), nginx::Config::plain())?;
    let ended = ffmpeg(&server.url("master.m3u8"), Path::new("ffmpeg"))
        .args(
            "-n 20 --ramp-rate 10 --duration 20s --measure logs --slo default --segment-sizes-url",
        )
        .arg(server.listing_url())
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let json = ended.json()?;
    let ledger = server.into_ledger()?;
    for class in [Class::Playlist, Class::Segment] {
        let seen = &json["requests"][class.name()];
        let figure = |name: &str| seen[name].as_u64().context("no figure");
        let ours = figure("ok")? + figure("failed")? + figure("cancelled")?;
        let tally = ledger.class(class);
        let (whole, broken) = (tally.whole(), tally.broken);
        let requests = whole.requests + broken.requests;
        let cut_off = broken.requests.max(figure("cancelled")?);
        let both = format!("{class:?}: {seen} against {tally:?}");
        ensure!(requests >= 20 * 6 && cut_off <= 20, "{both}");
        ensure!(near(ours, requests, 0.01, cut_off), "requests of {both}");
        let bytes = whole.bytes + broken.bytes;
        ensure!(
            near(figure("bytes")?, bytes, 0.02, broken.bytes),
            "bytes of {both}"
        );
        ensure!(figure("failed")? == 0, "{both}");
        ensure!(
            near(figure("ok")?, whole.requests, 0.02, cut_off),
            "whole ones of {both}"
        );
    }
    ensure!(json["estimated"]["measured"] == false, "{json:#}");
    Ok(())
}

#[test]
fn throttling_shows_in_what_processes_wait_for() -> anyhow::Result<()> {
    let live = Live::start(live::Config {
        segment_s: 2,
        ..live::Config::short(Container::Ts)
    })?;
    let config = nginx::Config {
        limit_rate: Some(150_000),
        ..nginx::Config::plain()
    };
    let server = Nginx::start(&live.folder(), config)?;
    let ended = ffmpeg(&server.url("master.m3u8"), Path::new("ffmpeg"))
        .args("-n 5 --ramp-rate 10 --duration 14s")
        .finish(LIMIT)?;
    let json = ended.json()?;
    let rows = server.into_rows()?;
    compare::held_against(&json, &Ledger::of(&rows), Account::Whole)?;
    let whole_segment = |path: &str| testkit::served::class(path) == Class::Segment;
    let rows = rows
        .iter()
        .filter(|row| row.complete && whole_segment(&row.path));
    let mut seconds: Vec<f64> = rows.filter_map(|row| row.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    let imposed = seconds.get(seconds.len() / 2).context("no segments")? * 1000.0;
    let seen = figure(&json, "/latency_ms/segment_download_sent/p50")?;
    ensure!(imposed >= 900.0, "nginx imposed only {imposed} ms");
    ensure!(
        (seen / imposed - 1.0).abs() < 0.1,
        "p50: ours {seen} ms, nginx's {imposed} ms"
    );
    Ok(())
}

#[test]
fn what_processes_are_refused_is_counted() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s --fault segment:503:10% --fault segment:404:10%")?;
    let ended = ffmpeg(&origin.url, Path::new("ffmpeg"))
        .args("-n 10 --ramp-rate 10 --duration 14s")
        .finish(LIMIT)?;
    let json = ended.json()?;
    let ledger = origin.ledger()?;
    let seen = compare::held_against(&json, &ledger, Account::Whole)?;
    let refused = ledger.status(503) + ledger.status(404);
    ensure!(refused > 0);
    // One whose player was ended meanwhile is given up.
    let segments = seen.class(Class::Segment);
    let least = refused.saturating_sub(segments.cancelled);
    ensure!(
        (least..=refused).contains(&segments.failed),
        "{refused}: {seen:#?}"
    );
    ensure!(
        errors(&json, "status") == segments.failed,
        "{:#}",
        json["errors"]
    );
    Ok(())
}

#[test]
fn where_nobody_listens_nobody_plays() -> anyhow::Result<()> {
    let ended = ffmpeg("http://127.0.0.1:1/live.m3u8", Path::new("ffmpeg"))
        .args("-n 3 --ramp-rate 10 --duration 30s")
        .finish(LIMIT)?;
    ended.expect_code(3)?;
    let json = ended.json()?;
    ensure!(json["viewers"]["states"]["failed"] == 3, "{json:#}");
    ensure!(errors(&json, "connect_refused") > 0, "{:#}", json["errors"]);
    let said = said(&ended);
    ensure!(
        said.matches("and is not started again").count() == 1,
        "once, in FFmpeg's own words: {said}"
    );
    Ok(())
}

/// In place of FFmpeg where a stream is opened: it says what FFmpeg would, and is killed within the
/// head that it sends.
const KILLED: &str = r"#!/bin/sh
case $* in
*live.m3u8*)
    printf '[http @ 0x1] [error] this much went well\n' >&2
    printf '[http @ 0x1] [debug] request: GET /live.m3u8 HTTP/1.1\r\n' >&2
    printf 'X-Pass: open sesame\r\nAuthorization: Basic c2VzYW1l\r\n' >&2
    kill -9 $$ ;;
esac
exec ffmpeg $*
";

#[test]
fn the_last_words_of_a_killed_player_are_not_what_it_sent() -> anyhow::Result<()> {
    let server = testkit::cut::Server::start(|_| Answer::playlist(testkit::cut::vod(3, 1)))?;
    let folder = testkit::TempDir::new()?;
    let program = folder.path().join("ffmpeg.sh");
    std::fs::write(&program, KILLED)?;
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))?;
    for measure in ["logs", "gateway"] {
        let command = ffmpeg(&server.url("live.m3u8"), &program)
            .args("-n 1 --duration 30s -v --measure")
            .args(measure);
        let page = command.folder().join("page.html");
        let ended = command.arg("--report").arg(&page).finish(LIMIT)?;
        ended.expect_code(3)?;
        let json = ended.json()?.to_string();
        if measure == "logs" {
            ensure!(json.contains("this much went well"), "{json}");
        }
        for output in [
            &ended.stdout,
            &ended.stderr,
            &json,
            &std::fs::read_to_string(&page)?,
        ] {
            ensure!(!output.contains("c2VzYW1l"), "{measure}: {output}");
            ensure!(
                measure != "logs" || !output.contains("open sesame"),
                "{output}"
            );
        }
    }
    Ok(())
}

#[test]
fn a_stale_playlist_is_named_and_stalls_who_plays() -> anyhow::Result<()> {
    let mut live = Live::start(live::Config::short(Container::Ts))?;
    let server = Nginx::start(&live.folder(), nginx::Config::plain())?;
    live.freeze()?;
    let ended = ffmpeg(&server.url("master.m3u8"), Path::new("ffmpeg"))
        .args("-n 3 --ramp-rate 10 --duration 16s --assume-playback")
        .finish(LIMIT)?;
    let json = ended.json()?;
    compare::held_against(&json, &server.into_ledger()?, Account::Whole)?;
    ensure!(figure(&json, "/playback/stale_playlists/count")? > 0.0);
    ensure!(figure(&json, "/playback/stalls")? > 0.0 || figure(&json, "/playback/stall_s")? > 0.0);
    Ok(())
}

#[test]
fn any_command_is_a_player() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s")?;
    let ended = run(&origin.url)
        .args("-n 4 --ramp-rate 10 --duration 8s --engine exec --exec")
        .arg("ffmpeg -loglevel error -nostdin -re -i {url} -c copy -f null -")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let json = ended.json()?;
    compare::held_against(&json, &origin.ledger()?, Account::Whole)?;
    ensure!(json["latency_ms"]["startup"]["count"] == 4, "{json:#}");
    Ok(())
}

/// The processes whose command line has these words.
fn alive(words: &str) -> anyhow::Result<usize> {
    let mut alive = 0;
    for entry in std::fs::read_dir("/proc")? {
        let line = std::fs::read(entry?.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        alive += usize::from(line.contains(words));
    }
    Ok(alive)
}

#[test]
fn no_player_outlives_a_run_that_is_killed() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s")?;
    for engine in [
        "ffmpeg --ffmpeg-arg -user_agent --ffmpeg-arg orphan/MARK",
        "exec --exec",
    ] {
        let mark = format!("mark-{}", testkit::TempDir::new()?.path().display()).replace('/', "-");
        let mut command = run(&origin.url)
            .args("-n 5 --ramp-rate 10 --duration 60s --engine")
            .args(&engine.replace("MARK", &mark));
        if engine.ends_with("--exec") {
            // A shell between us and the player, which is then a grandchild.
            command = command.arg(format!(
                "sh -c 'ffmpeg -loglevel error -nostdin -user_agent {mark} -i {{url}} -c copy -f null -; true'"
            ));
        }
        let mut running = command.spawn()?;
        wait::until(LIMIT, "players", || Ok((alive(&mark)? >= 5).then_some(())))?;
        running.signal(Signal::KILL)?;
        running.wait(LIMIT)?;
        wait::until(LIMIT, "players to end", || {
            Ok((alive(&mark)? == 0).then_some(()))
        })?;
    }
    Ok(())
}

#[test]
fn the_command_that_is_printed_is_a_players() -> anyhow::Result<()> {
    let ended = liveswarm()
        .args("run http://127.0.0.1:9/live.m3u8 --engine ffmpeg --print-cmd --user-agent crowd/1.0")
        .args("--header X-Seat:7 --variant all --ffmpeg-arg -seekable --ffmpeg-arg 0")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let line = ended.stdout.trim();
    for words in [
        "ffmpeg -hide_banner -nostdin -nostats",
        "-user_agent crowd/1.0/viewer-0",
        "X-Seat: 7",
        "-seekable 0 -i http://127.0.0.1:9/live.m3u8 -map 0 -c copy -f null -",
    ] {
        ensure!(line.contains(words), "no {words:?} in {line}");
    }
    Ok(())
}

#[test]
fn options_of_another_engine_are_refused() -> anyhow::Result<()> {
    for (arguments, says) in [
        ("--ffmpeg /x", "--ffmpeg needs --engine ffmpeg"),
        (
            "--engine ffmpeg --ffmpeg /x/ffmpeg",
            "/x/ffmpeg is not there",
        ),
        ("--engine exec --exec mpv", "where the URL goes"),
        ("--engine ffmpeg --seg-retry 3", "--seg-retry can't be told"),
        (
            "--engine ffmpeg --measure logs --resolve h:80:127.0.0.1",
            "fetch by themselves",
        ),
        (
            "--engine ffmpeg --measure logs --insecure",
            "trust a certificate with --cacert",
        ),
        ("--engine ffmpeg -n 1000000", "ask for at most"),
    ] {
        let ended = run("http://127.0.0.1:1/live.m3u8")
            .args(arguments)
            .finish(LIMIT)?;
        ensure!(ended.stderr.contains(says), "{arguments}: {ended}");
    }
    Ok(())
}

#[test]
fn a_gateway_says_what_a_player_of_mine_fetched() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s")?;
    let command = Liveswarm::new(BINARY)?;
    let json = command.folder().join("run.json");
    let mut open = command
        .args("gateway --listen 127.0.0.1:0 --no-tui --json")
        .arg(json)
        .arg(&origin.url)
        .spawn()?;
    let url = open.until(LIMIT, "the URL to open", |_, stderr| {
        let mut words = stderr
            .split_whitespace()
            .skip_while(|word| *word != "player:");
        words.nth(1).map(str::to_owned)
    })?;
    let played = std::process::Command::new("ffmpeg")
        .args([
            "-loglevel",
            "error",
            "-nostdin",
            "-re",
            "-t",
            "6",
            "-i",
            &url,
        ])
        .args(["-c", "copy", "-f", "null", "-"])
        .status()?;
    ensure!(played.success(), "{played}");
    open.signal(Signal::INT)?;
    let ended = open.wait(LIMIT)?;
    ended.expect_code(0)?;
    let json = ended.json()?;
    let seen = compare::held_against(&json, &origin.ledger()?, Account::Whole)?;
    ensure!(seen.class(Class::Segment).ok >= 3, "{seen:#?}");
    ensure!(json["latency_ms"]["startup"]["count"] == 1, "{json:#}");
    ensure!(
        ended.stdout.contains("players that come to the gateway"),
        "{ended}"
    );
    Ok(())
}

#[test]
fn processes_are_spread_over_source_addresses_too() -> anyhow::Result<()> {
    let server = testkit::cut::Server::start(|request| match request.path() {
        "/live/index.m3u8" => Answer::playlist(testkit::cut::vod(3, 1)),
        _ => Answer::ok("video/mp2t", vec![0x47; 188 * 10]),
    })?;
    let url = format!("{}?viewer={{n}}", server.url("live/index.m3u8"));
    run(&url)
        .args("-n 4 --ramp-rate 10 --duration 60s --restart never --engine ffmpeg")
        .args("--source 127.0.0.2-127.0.0.3")
        .finish(LIMIT)?;
    let mut peers = BTreeSet::new();
    for request in server.requests() {
        if let Some((_, n)) = request.target.split_once("viewer=") {
            peers.insert((n.to_owned(), request.peer.to_string()));
        }
    }
    let expected = [(0, 2), (1, 3), (2, 2), (3, 3)];
    let expected = expected.map(|(n, last)| (n.to_string(), format!("127.0.0.{last}")));
    ensure!(peers == BTreeSet::from(expected), "{peers:?}");
    Ok(())
}

#[test]
fn a_gateway_that_is_to_be_quiet_says_where_it_is() -> anyhow::Result<()> {
    let ended = liveswarm()
        .args("gateway http://127.0.0.1:1/live.m3u8 --listen 127.0.0.1:0 --duration 1s --quiet")
        .args("--token a-token-for-tests")
        .finish(LIMIT)?;
    ended.expect_code(3)?;
    let path = "/t/a-token-for-tests/v/0/http/127.0.0.1:1/live.m3u8";
    ensure!(ended.stderr.contains(path), "{ended}");
    Ok(())
}

/// When a stream's media playlist changed last (Unix milliseconds), and its target duration in
/// milliseconds.
fn last_change(live: &Live) -> anyhow::Result<(f64, f64)> {
    let mut changes = Vec::new();
    for entry in std::fs::read_dir(live.folder())? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "m3u8") {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        let mut lines = text.lines();
        let target = lines.find_map(|line| line.strip_prefix("#EXT-X-TARGETDURATION:"));
        if let Some(target) = target {
            let written = path.metadata()?.modified()?;
            let written = written.duration_since(std::time::UNIX_EPOCH)?;
            let target: f64 = target.parse()?;
            changes.push((written.as_secs_f64() * 1_000.0, target * 1_000.0));
        }
    }
    changes
        .into_iter()
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .context("no media playlist")
}

#[test]
fn a_stale_playlist_is_named_within_three_target_durations() -> anyhow::Result<()> {
    let mut live = Live::start(live::Config {
        segment_s: 3,
        ..live::Config::short(Container::Ts)
    })?;
    let server = Nginx::start(&live.folder(), nginx::Config::plain())?;
    let url = server.url("master.m3u8");
    let mut runs = Vec::new();
    for engine in [
        "native",
        "ffmpeg",
        "ffmpeg --measure logs",
        "ffmpeg --measure logs --ffmpeg-arg -loglevel --ffmpeg-arg error",
    ] {
        let command = run(&url).args("-n 2 --ramp-rate 10 --duration 10m --engine");
        runs.push((engine, command.args(engine).spawn()?));
    }
    // What all of them begin with, and two more segments each.
    wait::until(LIMIT, "viewers at the live edge", || {
        let rows = server.rows_so_far()?;
        let media =
            |row: &&testkit::served::Row| testkit::served::class(&row.path) == Class::Segment;
        Ok((rows.iter().filter(media).count() >= runs.len() * 2 * 5).then_some(()))
    })?;
    live.freeze()?;
    let (changed, target) = last_change(&live)?;
    // Past the time in which it is to be named, by as much as a look may take.
    wait::until(LIMIT, "the playlist to be stale", || {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
        let passed = now.as_secs_f64() * 1_000.0 - changed;
        Ok((passed >= 4.0 * target).then_some(()))
    })?;
    for (_, running) in &mut runs {
        running.signal(Signal::INT)?;
    }
    for (engine, running) in runs {
        let json = running.wait(LIMIT)?.json()?;
        let stale = &json["playback"]["stale_playlists"];
        ensure!(stale["count"].as_u64() >= Some(2), "{engine}: {stale}");
        let first = figure(&json, "/playback/stale_playlists/first_ms")?;
        let named = figure(&json, "/started_ms")? + first;
        let after = (named - changed) / target;
        ensure!(
            (1.5..=3.0).contains(&after),
            "{engine}: named {after} target durations after the last change"
        );
    }
    Ok(())
}

#[test]
fn what_no_log_tells_is_inferred_from_the_streams_own_timeline() -> anyhow::Result<()> {
    let live = Live::start(live::Config::short(Container::Ts))?;
    let server = Nginx::start(&live.folder(), nginx::Config::plain())?;
    let ended = ffmpeg(&server.url("master.m3u8"), Path::new("ffmpeg"))
        .args("-n 5 --ramp-rate 10 --duration 20s --measure logs --slo default")
        .args("--ffmpeg-arg -loglevel --ffmpeg-arg error")
        .finish(LIMIT)?;
    let json = ended.json()?;
    // The stream told its target duration of a second, of which the median may be 4.5.
    ensure!(
        json["objectives"][0]["limit"] == 4_500.0,
        "{:#}",
        json["objectives"]
    );
    let ledger = server.into_ledger()?;
    let segments = ledger.class(Class::Segment);
    let asked = segments.whole().requests + segments.broken.requests;
    let inferred = figure(&json, "/estimated/classes/segment/inferred")?;
    // A segment is told of when media of it was written; the last of each may not be.
    ensure!(
        inferred <= asked as f64 && inferred >= asked as f64 - 2.0 * 5.0,
        "{inferred} of {asked}"
    );
    // Of playlists only what we looked at ourselves is known, and that was measured.
    // The last look may be cut off by the end of the run.
    let own = figure(&json, "/estimated/classes/playlist/own")?;
    let mut looked = 0.0;
    for outcome in ["ok", "failed", "cancelled"] {
        looked += figure(&json, &format!("/requests/playlist/{outcome}"))?;
    }
    ensure!(looked.total_cmp(&own).is_eq(), "{json:#}");
    Ok(())
}

/// A password that shows nowhere.
const PASSWORD: &str = "open sesame/7";

#[test]
fn a_urls_credentials_are_sent_by_every_engine_and_shown_by_none() -> anyhow::Result<()> {
    let live = Live::start(live::Config::short(Container::Ts))?;
    for engine in ["native", "ffmpeg", "ffmpeg --measure logs"] {
        let config = nginx::Config {
            user: Some(("me".to_owned(), PASSWORD.to_owned())),
            ..nginx::Config::plain()
        };
        let server = Nginx::start(&live.folder(), config)?;
        let url = server.url("master.m3u8");
        let url = url.replacen("http://", "http://me:open%20sesame%2F7@", 1);
        let command = run(&url).args("-n 2 --ramp-rate 10 --duration 6s -v");
        let page = command.folder().join("page.html");
        let command = command.arg("--report").arg(&page);
        let ended = command.args("--engine").args(engine).finish(LIMIT)?;
        ended.expect_code(0)?;
        let json = ended.json()?;
        let ledger = server.into_ledger()?;
        let segments = figure(&json, "/requests/segment/ok")?;
        ensure!(segments >= 6.0, "{engine}: {json:#}");
        // FFmpeg by itself shows them when it is asked to, each time anew; we do at once.
        let asked = ledger.status(401);
        let is_asked = engine.ends_with("logs");
        ensure!((asked > 0) == is_asked, "{engine}: {asked} times");
        let told = json["errors"].as_array().into_iter().flatten();
        let told: u64 = told.filter_map(|error| error["count"].as_u64()).sum();
        ensure!(
            told.abs_diff(asked) * 100 <= asked,
            "{engine}: {told} of {asked}"
        );
        for output in [
            &ended.stdout,
            &ended.stderr,
            &json.to_string(),
            &std::fs::read_to_string(&page)?,
        ] {
            for secret in ["sesame", "bWU6b3BlbiBzZXNhbWUvNw"] {
                ensure!(!output.contains(secret), "{engine}: {output}");
            }
        }
    }
    Ok(())
}

#[test]
fn what_is_asked_of_requests_is_heard_by_any_player() -> anyhow::Result<()> {
    let asked = "--header X-Seat:{n} --user-agent crowd/{n} --no-cache --timeout 9s";
    let player = "ffmpeg -loglevel error -nostdin -i {url} -c copy -f null -";
    for (engine, exec, agent) in [
        ("exec", Some(player), "crowd/1"),
        ("ffmpeg", None, "crowd/1/viewer-1"),
    ] {
        let server = testkit::cut::Server::start(|request| match request.path() {
            "/live/index.m3u8" => Answer::playlist(testkit::cut::vod(3, 1)),
            _ => Answer::ok("video/mp2t", vec![0x47; 188 * 10]),
        })?;
        let mut command = run(&server.url("live/index.m3u8"))
            .args("-n 2 --ramp-rate 10 --duration 4s --restart never")
            .args(asked)
            .args("--engine")
            .args(engine);
        if let Some(player) = exec {
            command = command.arg("--exec").arg(player);
        }
        command.finish(LIMIT)?;
        let requests = server.requests();
        let of_second: Vec<_> = requests
            .iter()
            .filter(|request| request.header("X-Seat") == Some("1"))
            .collect();
        ensure!(!of_second.is_empty(), "{engine}: {requests:?}");
        for request in &of_second {
            ensure!(request.header("User-Agent") == Some(agent), "{request:?}");
            ensure!(
                request.header("Cache-Control") == Some("no-cache"),
                "{request:?}"
            );
            ensure!(request.header("Pragma") == Some("no-cache"), "{request:?}");
        }
    }
    Ok(())
}

#[test]
fn a_certificate_is_trusted_where_ffmpeg_fetches_by_itself() -> anyhow::Result<()> {
    let live = Live::start(live::Config::short(Container::Ts))?;
    let config = nginx::Config {
        tls: true,
        ..nginx::Config::plain()
    };
    let server = Nginx::start(&live.folder(), config)?;
    for program in ffmpegs::all() {
        let ended = ffmpeg(&server.url("master.m3u8"), &program)
            .args("-n 2 --ramp-rate 10 --duration 6s --measure logs --cacert")
            .arg(server.certificate())
            .finish(LIMIT)?;
        ended.expect_code(0)?;
        let json = ended.json()?;
        let segments = figure(&json, "/requests/segment/ok")?;
        ensure!(segments >= 6.0, "{program:?}: {json:#}");
        ensure!(
            json["errors"] == Value::Array(Vec::new()),
            "{:#}",
            json["errors"]
        );
    }
    Ok(())
}
