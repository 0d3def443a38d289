//! A search for capacity finds a ceiling that is known.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use base::Class;
use serde_json::Value;
use testkit::bottleneck::Link;
use testkit::exporter::Exporter;
use testkit::gate::{self, Gate};
use testkit::live::{self, Container, Live};
use testkit::nginx::{self, Nginx};
use testkit::process::{Ended, Liveswarm};
use testkit::served::{self, Row};

use crate::common::{BINARY, LIMIT, Origin, figure, liveswarm, said};

const SCHEMA: &str = include_str!("../../../../docs/schema/liveswarm.capacity.1.schema.json");
/// Far more than the longest search of these tests takes.
const SEARCH_MAX: Duration = Duration::from_mins(15);

/// What was found, held against its schema.
fn found(ended: &Ended) -> anyhow::Result<Value> {
    let json: Value = serde_json::from_str(&ended.stdout).with_context(|| format!("{ended}"))?;
    let schema = serde_json::from_str(SCHEMA)?;
    let schema = jsonschema::validator_for(&schema)?;
    let problems: Vec<String> = schema.iter_errors(&json).map(|p| p.to_string()).collect();
    ensure!(problems.is_empty(), "{problems:?}");
    Ok(json)
}

/// Heads of the two responses a second, a playlist and a segment, that a viewer has.
const HEADS: f64 = 2.0 * 300.0;

/// Bytes a second that a viewer of the stream in `folder` takes, by the sizes and durations of what
/// is listed there: a segment, its playlist and their heads.
fn bytes_per_s(folder: &Path) -> anyhow::Result<f64> {
    let (mut bytes, mut seconds, mut playlist) = (0, 0.0, 0);
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|ext| ext != "m3u8") {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        playlist = playlist.max(text.len());
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let Some(duration) = line.strip_prefix("#EXTINF:") else {
                continue;
            };
            let segment = lines.find(|line| !line.starts_with('#'));
            let segment = folder.join(segment.context("a segment without a name")?);
            bytes += fs::metadata(segment)?.len();
            seconds += duration.trim_end_matches(',').parse::<f64>()?;
        }
    }
    ensure!(seconds >= 4.0, "only {seconds} s of segments");
    Ok(bytes as f64 / seconds + playlist as f64 + HEADS)
}

/// nginx behind a link that carries sixty viewers.
#[test]
#[ignore = "a search of real viewers in real time takes minutes: run it by its name"]
fn a_bandwidth_of_sixty_viewers_is_found_within_five_percent_in_under_ten_levels()
-> anyhow::Result<()> {
    let ceiling = 60.0;
    let mut live = Live::start(live::Config::short(Container::Ts))?;
    live.await_segments(6)?;
    let server = Nginx::start(&live.folder(), nginx::Config::plain())?;
    let link = Link::start(server.addr(), ceiling * bytes_per_s(&live.folder())?)?;
    let ended = liveswarm()
        .args("capacity")
        .arg(format!("http://{}/live/master.m3u8", link.addr()))
        .args("--from 20 --to 160 --hold 12s --settle 6s --ramp-rate 5 --json -")
        .args("--slo segment_download.p95<800ms")
        .finish(SEARCH_MAX)?;
    ended.expect_code(0)?;
    let json = found(&ended)?;
    let carried = figure(&json, "/carried")?;
    // In whole viewers: five percent of sixty are three.
    ensure!(
        (carried - ceiling).abs() <= ceiling * 0.05,
        "{carried} viewers of {ceiling}: {ended}"
    );
    ensure!(tried(&json)?.len() < 10, "{ended}");
    ensure!(json["blame"]["place"] == "network", "{:#}", json["blame"]);
    Ok(())
}

/// How many viewers each hold had, in the order of the holds.
fn holds(json: &Value) -> anyhow::Result<Vec<u64>> {
    let levels = json["levels"].as_array().context("no levels")?;
    let viewers = levels.iter().map(|level| level["viewers"].as_u64());
    viewers
        .map(|viewers| viewers.context("no viewers"))
        .collect()
}

fn tried(json: &Value) -> anyhow::Result<BTreeSet<u64>> {
    Ok(holds(json)?.into_iter().collect())
}

/// nginx behind a gate that lets sixty viewers in at a time, whatever the machine.
#[test]
fn a_ceiling_of_sixty_viewers_is_found_within_five_percent_in_under_ten_levels()
-> anyhow::Result<()> {
    const CEILING: usize = 60;
    let mut live = Live::start(live::Config::short(Container::Ts))?;
    live.await_segments(3)?;
    let server = Nginx::start(&live.folder(), nginx::Config::plain())?;
    let gate = Gate::start(server.addr(), CEILING)?;
    let ended = liveswarm()
        .args("capacity")
        .arg(format!("http://{}/live/master.m3u8", gate.addr()))
        .arg(format!("--header={}: {{n}}", gate::VIEWER))
        .args("--from 20 --to 160 --hold 3s --settle 1s --ramp-rate 60 --json -")
        .args("--slo error_rate<0.4%")
        .finish(SEARCH_MAX)?;
    ended.expect_code(0)?;
    let json = found(&ended)?;
    ensure!(json["end"] == "found", "{ended}");
    let carried = figure(&json, "/carried")?;
    let ceiling = CEILING as f64;
    ensure!(
        (carried - ceiling).abs() <= ceiling * 0.05,
        "{carried} viewers of {ceiling}: {ended}"
    );
    ensure!(tried(&json)?.len() < 10, "{ended}");
    ensure!(json["blame"]["place"] == "origin", "{:#}", json["blame"]);
    ensure!(
        json["broke"][0]["objective"] == "error_rate < 0.4%",
        "{:#}",
        json["broke"]
    );
    Ok(())
}

const MIX: &str = "\
stages = '1m:500'
duration = '10m'
slo = ['error_rate < 50%']

[[group]]
name = 'phones'
weight = 3
player = 'shaka'
header = ['User-Agent: phones/{n}', 'Authorization: Bearer hush']

[[group]]
name = 'boxes'
player = 'rfc8216'
url = 'HOST/live/other/master.m3u8'
slo = ['error_rate < 70%', 'startup.p95 < 4s']
header = ['User-Agent: boxes/{n}']
";

/// Which group each viewer was of, by its number: by who asked for the multivariant playlist.
fn groups(rows: &[Row]) -> anyhow::Result<Vec<String>> {
    let firsts = rows
        .iter()
        .filter(|row| served::class(&row.path) == Class::Multivariant);
    let mut viewers = Vec::new();
    for row in firsts {
        let agent = row.agent.as_deref().context("no user agent")?;
        let (group, number) = agent.split_once('/').context("no number")?;
        ensure!(
            row.path.contains("/other/") == (group == "boxes"),
            "{row:?}"
        );
        viewers.push((number.parse::<usize>()?, group.to_owned()));
    }
    viewers.sort();
    // Who times out and starts again asks twice.
    viewers.dedup();
    for (place, (number, group)) in viewers.iter().enumerate() {
        ensure!(place == *number, "{group}/{number} is {place}th");
    }
    Ok(viewers.into_iter().map(|(_, group)| group).collect())
}

/// A search with a mixed crowd, and who was there by nginx's log.
fn mixed(objective: &str) -> anyhow::Result<(Ended, Value, Vec<String>)> {
    let live = Live::start(live::Config::short(Container::Ts))?;
    std::os::unix::fs::symlink(live.folder(), live.folder().join("other"))?;
    let server = Nginx::start(&live.folder(), nginx::Config::plain())?;
    let command = liveswarm();
    let path = command.folder().join("mix.toml");
    fs::write(
        &path,
        MIX.replace("HOST", &format!("http://{}", server.addr())),
    )?;
    let ended = command
        .args("capacity")
        .arg(server.url("master.m3u8"))
        .args("--from 4 --to 12 --hold 2s --settle 1s --json - --scenario")
        .arg(&path)
        .arg(format!("--slo={objective}"))
        .finish(LIMIT)?;
    let json = found(&ended)?;
    let groups = groups(&server.into_rows()?)?;
    Ok((ended, json, groups))
}

#[test]
fn the_groups_of_a_scenario_have_their_shares_at_every_level() -> anyhow::Result<()> {
    let (ended, json, viewers) = mixed("error_rate<60%")?;
    ended.expect_code(0)?;
    ensure!(json["carried"] == 12, "{json:#}");
    ensure!(holds(&json)? == [4, 12, 12], "{json:#}");
    // Who is there at a level stays for the next, so the first n are those of the level of n.
    ensure!(viewers.len() == 12, "{viewers:?}");
    for level in tried(&json)? {
        let of = |group: &str| {
            let there = viewers[..level as usize].iter();
            there.filter(|of| *of == group).count() as u64
        };
        ensure!(of("phones") == level / 4 * 3, "{level} of {viewers:?}");
        ensure!(of("boxes") == level / 4, "{level} of {viewers:?}");
    }
    let shares: Vec<_> = json["setup"]["groups"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|group| (group["name"].as_str(), group["share"].as_f64()))
        .collect();
    let expected = [("phones", 0.75), ("boxes", 0.25)];
    ensure!(shares == expected.map(|(name, share)| (Some(name), Some(share))));
    let objectives = json["search"]["objectives"].to_string();
    for objective in [
        "error_rate < 50%",
        "error_rate < 60%",
        "boxes: error_rate < 70%",
    ] {
        ensure!(objectives.contains(objective), "{objectives}");
    }
    let of_boxes = json["levels"][0]["objectives"].as_array();
    let of_boxes = of_boxes.and_then(|all| all.iter().find(|one| one["group"] == "boxes"));
    let of_boxes = of_boxes.context("none of the boxes")?;
    ensure!(of_boxes["objective"] == "error_rate < 70%", "{of_boxes:#}");
    let aside = ended
        .stderr
        .lines()
        .filter(|line| line.contains("put aside"));
    let aside: Vec<&str> = aside.collect();
    ensure!(
        aside.len() == 2 && aside[0].contains(": stages, duration (a search says"),
        "{aside:?}"
    );
    ensure!(
        aside[1].contains(": startup.p95 < 4s (viewers start before"),
        "{aside:?}"
    );
    ensure!(!objectives.contains("startup"), "{objectives}");
    ensure!(!said(&ended).contains("hush"), "{ended}");
    Ok(())
}

/// Two holds of four that break: eight viewers in all.
#[test]
fn after_a_level_that_broke_a_fresh_crowd_has_the_same_shares() -> anyhow::Result<()> {
    let (ended, json, viewers) = mixed("segment_download.max<1us")?;
    ended.expect_code(5)?;
    ensure!(holds(&json)? == [4, 4], "{json:#}");
    ensure!(viewers.len() == 8, "{viewers:?}");
    for crowd in viewers.chunks(4) {
        let phones = crowd.iter().filter(|of| *of == "phones").count();
        ensure!(phones == 3, "{viewers:?}");
    }
    Ok(())
}

#[test]
fn processes_are_held_level_by_level() -> anyhow::Result<()> {
    let live = Live::start(live::Config::short(Container::Ts))?;
    let server = Nginx::start(&live.folder(), nginx::Config::plain())?;
    let ended = liveswarm()
        .args("capacity")
        .arg(server.url("master.m3u8"))
        .args("--engine ffmpeg --measure gateway --user-agent proof --from 2 --to 4")
        .args("--hold 3s --settle 1s --ramp-rate 10 --slo error_rate<50% --json -")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let json = found(&ended)?;
    ensure!(json["carried"] == 4, "{json:#}");
    let engine = json["setup"]["engine"].as_str().context("no engine")?;
    ensure!(engine.contains("processes through a gateway"), "{engine}");
    ensure!(
        figure(&json, "/levels/0/figures/requests_ok")? > 0.0,
        "{json:#}"
    );
    let rows = server.into_rows()?;
    let firsts = rows
        .iter()
        .filter(|row| served::class(&row.path) == Class::Multivariant);
    let agents: BTreeSet<_> = firsts.filter_map(|row| row.agent.clone()).collect();
    // One that ended comes back under its next number.
    ensure!(agents.len() >= 4, "{agents:?}");
    Ok(())
}

/// Descriptors for a few processes, and a range of many.
#[test]
fn what_the_machine_cannot_be_ends_the_search_in_the_generators_name() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s --variants 200k")?;
    let line = format!(
        "ulimit -n 128; exec {BINARY} capacity {} --from 2 --to 40 --hold 3s --settle 1s \
         --ramp-rate 20 --quiet --json - --engine ffmpeg --slo 'error_rate < 50%'",
        origin.url
    );
    let command = Liveswarm::new("/bin/sh")?.arg("-c").arg(line);
    let ended = command.finish(LIMIT)?;
    ended.expect_code(4)?;
    let json = found(&ended)?;
    ensure!(
        json["end"] == "generator_bound" && json["broken"].is_null(),
        "{json:#}"
    );
    ensure!(figure(&json, "/carried")? >= 2.0, "{json:#}");
    ensure!(json["blame"]["place"] == "generator", "{:#}", json["blame"]);
    let why = json["blame"]["why"].to_string();
    ensure!(why.contains("descriptors"), "{why}");
    Ok(())
}

#[test]
fn the_origin_is_asked_of_itself_at_every_level() -> anyhow::Result<()> {
    let live = Live::start(live::Config::short(Container::Ts))?;
    let server = Nginx::start(&live.folder(), nginx::Config::plain())?;
    let (node, exporter) = (Exporter::node()?, Exporter::nginx(&server)?);
    let ended = liveswarm()
        .args("capacity")
        .arg(server.url("master.m3u8"))
        .args("--from 2 --to 4 --hold 6s --settle 0s --quiet --json - --slo error_rate<50%")
        .arg(format!("--origin-metrics={}", node.url()))
        .arg(format!("--nginx-metrics={}", exporter.url()))
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let json = found(&ended)?;
    // On a slow machine a level may end before it is told of.
    let levels = json["levels"].as_array().context("no levels")?;
    let mut told = [0; 2];
    for level in levels {
        if let Ok(cpu) = figure(level, "/origin/cpu") {
            ensure!((0.0..=1.0).contains(&cpu), "{level:#}");
            told[0] += 1;
        }
        if let Ok(connections) = figure(level, "/origin/connections") {
            // Each viewer has one, and there may be one of a moment ago; the exporter's own too.
            ensure!(connections >= figure(level, "/viewers")?, "{level:#}");
            told[1] += 1;
        }
    }
    ensure!(told.iter().all(|&levels| levels > 0), "{json:#}");
    Ok(())
}

/// Objectives that nothing can break, and one that everything does.
#[test]
fn what_holds_and_what_breaks_at_the_ends_of_the_range() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s --variants 200k")?;
    let search = |objective: &str| {
        liveswarm()
            .args("capacity")
            .arg(&origin.url)
            .args("--from 2 --to 6 --hold 3s --settle 1s --json - --slo")
            .arg(objective)
            .finish(LIMIT)
    };
    let holds = search("error_rate<50%")?;
    holds.expect_code(0)?;
    ensure!(
        holds.stderr.contains("6 viewers: judged for 3 s\n"),
        "{holds}"
    );
    let json = found(&holds)?;
    ensure!(
        json["end"] == "held_to_the_end" && json["carried"] == 6,
        "{json:#}"
    );
    ensure!(
        json["levels"][0]["figures"]["requests_ok"].as_u64() > Some(0),
        "{json:#}"
    );
    let breaks = search("segment_download.max<1us")?;
    breaks.expect_code(5)?;
    let json = found(&breaks)?;
    ensure!(
        json["end"] == "broke_from_the_start" && json["carried"].is_null(),
        "{json:#}"
    );
    ensure!(
        json["broke"][0]["objective"] == "segment_download.max < 1us",
        "{json:#}"
    );
    // What is never measured never holds.
    let unknown = search("glass_to_glass.p95<8s for transport=moq")?;
    unknown.expect_code(5)?;
    ensure!(found(&unknown)?["broke"][0]["after_s"].is_null());
    Ok(())
}

#[test]
fn what_a_search_cannot_do_is_said_before_it_begins() -> anyhow::Result<()> {
    let url = "http://127.0.0.1:9/live.m3u8";
    let cases = [
        ("", "--slo 'rebuffer_ratio < 0.5%'"),
        (
            "--slo error_rate<1% --from 9 --to 5",
            "from 9 to 5 viewers has no levels",
        ),
        (
            "--slo error_rate<1% --stages 1m:5",
            "--stages means nothing",
        ),
        ("--slo error_rate<1% -n 7", "--viewers means nothing"),
        ("--slo nonsense<1%", "nonsense"),
        (
            "--slo error_rate<1% --slo startup.p95<2s",
            "--slo startup.p95<2s: viewers start before a level is judged",
        ),
        (
            "--slo stall.p95<2s",
            "--slo stall.p95<2s: a level in which nobody stalls has no sample",
        ),
        (
            "--slo error_rate<1% -n 100",
            "--viewers means nothing to a search",
        ),
        (
            "--slo error_rate<1% --scenario soak --print-scenario",
            "--print-scenario means nothing",
        ),
        (
            "--slo error_rate<1% --segment 2s",
            "--segment means nothing",
        ),
        ("--slo error_rate<1% --scenario storm", "tune-in-storm"),
        (
            "--slo error_rate<1% --engine ffmpeg --measure logs",
            "--measure logs gives estimates, by which no level can be judged",
        ),
        (
            "--slo error_rate<1% --assume-playback",
            "--assume-playback needs --engine ffmpeg",
        ),
    ];
    for (options, words) in cases {
        let ended = liveswarm()
            .args("capacity")
            .arg(url)
            .args(options)
            .finish(LIMIT)?;
        ended.expect_code(2)?;
        ensure!(ended.stderr.contains(words), "{options}: {ended}");
    }
    let command = liveswarm();
    let path = command.folder().join("starts.toml");
    fs::write(&path, "slo = ['startup.p95 < 4s', 'connect.max < 1s']\n")?;
    let aside = command.args("capacity").arg(url).arg("--config").arg(path);
    let aside = aside.finish(LIMIT)?;
    aside.expect_code(2)?;
    for words in [
        "put aside of the file: startup.p95 < 4s (viewers start before",
        "put aside of the file: connect.max < 1s (viewers connect before",
        "say what is to hold",
    ] {
        ensure!(aside.stderr.contains(words), "no `{words}`: {aside}");
    }
    let few = liveswarm()
        .args("capacity http://127.0.0.1:9/a.m3u8 --scenario soak --from 9")
        .finish(LIMIT)?;
    few.expect_code(2)?;
    let words = "none of group `recorders`; begin with --from 10";
    ensure!(few.stderr.contains(words), "{few}");
    let nowhere = liveswarm().args("capacity --scenario soak").finish(LIMIT)?;
    nowhere.expect_code(2)?;
    let words = "group `browsers`: give the URL of the stream";
    ensure!(nowhere.stderr.contains(words), "{nowhere}");
    Ok(())
}

#[test]
fn a_stream_that_is_not_there_is_no_capacity_of_none() -> anyhow::Result<()> {
    // Port 1 is reserved, and nobody listens on it.
    let ended = liveswarm()
        .args("capacity http://127.0.0.1:1/live.m3u8 --from 3 --to 9 --ramp-rate 100")
        .args("--settle 10m --json -")
        .arg("--slo=error_rate < 1%")
        .finish(SEARCH_MAX)?;
    ended.expect_code(1)?;
    let said = said(&ended);
    for words in [
        "none of 3 viewers got anything",
        "connection refused",
        "is the server running?",
        "liveswarm check",
    ] {
        ensure!(said.contains(words), "no `{words}`: {ended}");
    }
    ensure!(ended.stdout.is_empty(), "{ended}");
    Ok(())
}
