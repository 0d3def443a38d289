//! `liveswarm check` as people run it.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};
use base::Class;
use serde_json::Value;
use testkit::live::{self, Audio, Container, Live};
use testkit::nginx::{self, Nginx};
use testkit::process::Ended;

use crate::common::{LIMIT, Origin, liveswarm};

const SCHEMA: &str = include_str!("../../../../docs/schema/liveswarm.check.1.schema.json");

/// Looks at a stream; the JSON goes to standard output, the text to standard error.
fn check(url: &str, arguments: &str) -> anyhow::Result<(Ended, Value)> {
    let ended = liveswarm()
        .args("check --json -")
        .arg(url)
        .args(arguments)
        .finish(LIMIT)?;
    let document: Value = serde_json::from_str(&ended.stdout).with_context(|| ended.to_string())?;
    let schema = jsonschema::validator_for(&serde_json::from_str(SCHEMA)?)?;
    let problems: Vec<_> = schema
        .iter_errors(&document)
        .map(|it| it.to_string())
        .collect();
    ensure!(problems.is_empty(), "{problems:?} in {document:#}");
    Ok((ended, document))
}

/// The names of the checks that found something of a level.
fn of_level<'a>(document: &'a Value, level: &str) -> BTreeSet<&'a str> {
    let findings = document["findings"].as_array().into_iter().flatten();
    let found = findings.filter(|finding| finding["level"] == level);
    found
        .filter_map(|finding| finding["check"].as_str())
        .collect()
}

/// What a machine makes worse whose processors are taken, whatever the stream.
const OF_TIME: [&str; 9] = [
    "clock",
    "first-byte",
    "in-step",
    "listed-late",
    "live-edge",
    "moving",
    "speed",
    "stalls",
    "startup",
];

/// As [`of_level`], without what a busy machine may be to blame for.
fn of_the_stream<'a>(document: &'a Value, level: &str) -> BTreeSet<&'a str> {
    let mut found = of_level(document, level);
    found.retain(|check| !OF_TIME.contains(check));
    found
}

/// No error is the stream's, and it ended as its errors ask for.
fn is_fine(ended: &Ended, document: &Value) -> anyhow::Result<()> {
    ensure!(of_the_stream(document, "error").is_empty(), "{ended}");
    let errors = !of_level(document, "error").is_empty();
    ended.expect_code(if errors { 3 } else { 0 })?;
    Ok(())
}

/// What a check said.
fn said<'a>(document: &'a Value, check: &str) -> &'a str {
    let findings = document["findings"].as_array().into_iter().flatten();
    let mut found = findings.filter(|finding| finding["check"] == check);
    found
        .next()
        .and_then(|finding| finding["message"].as_str())
        .unwrap_or("nothing")
}

#[test]
fn our_own_origin_passes_strictly() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s --variants 1M,400k")?;
    let command = liveswarm();
    let json = command.folder().join("check.json");
    let ended = command
        .args("check --strict --duration 4s")
        .arg(&origin.url)
        .arg("--json")
        .arg(json)
        .finish(LIMIT)?;
    let document = std::fs::read(ended.file("check.json")).with_context(|| ended.to_string())?;
    let document: Value = serde_json::from_slice(&document)?;
    let mut complaints = 0;
    for level in ["warning", "error"] {
        ensure!(of_the_stream(&document, level).is_empty(), "{ended}");
        complaints += of_level(&document, level).len();
    }
    ended.expect_code(if complaints == 0 { 0 } else { 3 })?;
    let praised = ended.stdout.contains("Nothing wrong was found");
    ensure!(praised == (complaints == 0), "{ended}");
    ensure!(
        !ended.stdout.contains('\u{1b}'),
        "colour into a pipe: {ended}"
    );
    ensure!(ended.stderr.is_empty(), "{ended}");
    // Nothing was asked for but the stream, and nothing in vain.
    let ledger = origin.ledger()?;
    ensure!(
        ledger.class(Class::Other).whole().requests == 0,
        "{ledger:?}"
    );
    ensure!(
        ledger.status(404) == 0 && ledger.broken() == 0,
        "{ledger:?}"
    );
    Ok(())
}

#[test]
fn errors_end_with_three_and_warnings_only_strictly() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s --fault segment:404:1/2")?;
    let (ended, document) = check(&origin.url, "--duration 4s")?;
    ended.expect_code(3)?;
    ensure!(
        of_level(&document, "error").contains("available"),
        "{document:#}"
    );
    ensure!(ended.stderr.contains("ERROR    available"), "{ended}");
    ensure!(ended.stderr.contains("mend the errors"), "{ended}");

    let origin = Origin::start("--segment 1s --fault playlist:delay=700ms")?;
    let (ended, document) = check(&origin.url, "--duration 4s")?;
    is_fine(&ended, &document)?;
    ensure!(
        of_level(&document, "warning").contains("first-byte"),
        "{document:#}"
    );
    let (ended, _) = check(&origin.url, "--duration 4s --strict")?;
    ended.expect_code(3)?;
    Ok(())
}

/// The stream is FFmpeg's and the server as the distribution has it: what is missing is what
/// its configuration leaves out, and nothing else is complained of.
fn ffmpeg_behind_nginx(config: live::Config, container: &str) -> anyhow::Result<()> {
    let mut live = Live::start(config)?;
    live.await_segments(6)?;
    let server = Nginx::start(&live.folder(), nginx::Config::plain())?;
    let (ended, document) = check(&server.url("master.m3u8"), "--duration 8s")?;
    is_fine(&ended, &document)?;
    let warnings = of_the_stream(&document, "warning");
    // The server's configuration leaves both out.
    let left_out = BTreeSet::from(["cache-segments", "cors"]);
    ensure!(warnings.is_superset(&left_out), "{ended}");
    // FFmpeg copies without naming codecs, and declares its average and a tenth.
    let explained = BTreeSet::from(["cache-segments", "codecs", "cors", "peak"]);
    ensure!(warnings.is_subset(&explained), "{ended}");
    ensure!(
        document["figures"]["containers"][0] == container,
        "{document:#}"
    );
    // What it says that came is what the server says that it sent.
    let ledger = server.into_ledger()?;
    let figures = &document["figures"];
    ensure!(
        ledger.class(Class::Playlist).whole().requests == figures["playlists"],
        "{ledger:?}"
    );
    ensure!(
        ledger.class(Class::Segment).whole().requests == figures["segments"],
        "{ledger:?}"
    );
    let bytes: u64 = ledger
        .classes
        .values()
        .map(|tally| tally.whole().bytes)
        .sum();
    ensure!(figures["bytes"] == bytes, "{bytes} bytes: {figures:#}");
    ensure!(ledger.status(200) > 0 && ledger.broken() == 0, "{ledger:?}");
    Ok(())
}

#[test]
fn ffmpeg_ts_behind_nginx_is_judged_fairly() -> anyhow::Result<()> {
    ffmpeg_behind_nginx(live::Config::short(Container::Ts), "MPEG-TS")
}

#[test]
fn ffmpeg_fmp4_behind_nginx_is_judged_fairly() -> anyhow::Result<()> {
    let config = live::Config {
        audio: Audio::Demuxed,
        ..live::Config::short(Container::Fmp4)
    };
    ffmpeg_behind_nginx(config, "fMP4")
}

#[test]
fn a_writer_that_stands_still_is_stale() -> anyhow::Result<()> {
    let mut live = Live::start(live::Config::short(Container::Ts))?;
    let server = Nginx::start(&live.folder(), nginx::Config::plain())?;
    live.freeze()?;
    let (ended, document) = check(&server.url("index.m3u8"), "--duration 5s")?;
    ended.expect_code(3)?;
    ensure!(
        said(&document, "moving").starts_with("stale: nothing new for"),
        "{ended}"
    );
    Ok(())
}

#[test]
fn verbose_says_what_the_viewer_did_and_more_of_it_each_request() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s")?;
    let (ended, _) = check(&origin.url, "--duration 2s --quiet -v")?;
    ensure!(
        ended.stderr.contains("INFO the viewer event=State"),
        "{ended}"
    );
    ensure!(!ended.stderr.contains("DEBUG"), "{ended}");
    let (ended, _) = check(&origin.url, "--duration 2s --quiet -vv")?;
    ensure!(ended.stderr.contains(": request url=http://"), "{ended}");
    Ok(())
}

#[test]
fn tls_is_trusted_only_where_it_should_be() -> anyhow::Result<()> {
    let live = Live::start(live::Config::short(Container::Ts))?;
    let config = nginx::Config {
        tls: true,
        ..nginx::Config::plain()
    };
    let server = Nginx::start(&live.folder(), config)?;
    let url = server.url("master.m3u8");
    let (ended, document) = check(&url, "--duration 2s")?;
    ended.expect_code(3)?;
    ensure!(said(&document, "answer").contains("--cacert"), "{ended}");

    let trusting = format!("--duration 4s --cacert {}", server.certificate().display());
    let (ended, document) = check(&url, &trusting)?;
    is_fine(&ended, &document)?;
    let tls = said(&document, "tls");
    ensure!(tls.starts_with("TLS 1."), "{ended}");
    ensure!(
        tls.contains("trusted here, the certificate holds for"),
        "{ended}"
    );

    let (ended, document) = check(&url, "--duration 4s --insecure")?;
    is_fine(&ended, &document)?;
    ensure!(said(&document, "tls").contains("not verified"), "{ended}");
    Ok(())
}

#[test]
fn what_cannot_be_checked_is_said_with_the_right_code() -> anyhow::Result<()> {
    let cases = [
        ("check", 2, "URL"),
        ("check ftp://h/a.m3u8", 2, "http:// or https://"),
        (
            "check http://h/a.m3u8 --duration 1h",
            2,
            "between 1s and 10m",
        ),
        ("check http://h/a.m3u8 --header nothing", 2, "Name: value"),
        (
            "check http://h/a.m3u8 --cacert /not/there.pem",
            1,
            "/not/there.pem",
        ),
        (
            "check http://h/a.m3u8 --json /not/there/a.json",
            1,
            "--json",
        ),
        // Port 1 is reserved, and nobody listens on it.
        ("check http://127.0.0.1:1/a.m3u8", 3, "refused"),
    ];
    for (arguments, code, words) in cases {
        let ended = liveswarm().args(arguments).finish(LIMIT)?;
        ended.expect_code(code)?;
        let all = format!("{}{}", ended.stdout, ended.stderr);
        ensure!(all.contains(words), "{arguments}: {ended}");
    }
    Ok(())
}
