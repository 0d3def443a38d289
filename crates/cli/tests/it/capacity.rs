//! A search for capacity finds a ceiling that is known.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;
use testkit::bottleneck::Link;
use testkit::live::{self, Container, Live};
use testkit::nginx::{self, Nginx};
use testkit::process::Ended;

use crate::common::{LIMIT, Origin, figure, liveswarm};

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
    let levels = json["levels"].as_array().context("no levels")?;
    let mut tried: Vec<u64> = levels
        .iter()
        .filter_map(|l| l["viewers"].as_u64())
        .collect();
    tried.sort_unstable();
    tried.dedup();
    ensure!(tried.len() < 10, "{tried:?}");
    ensure!(json["blame"]["place"] == "network", "{:#}", json["blame"]);
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
            .args("--from 2 --to 6 --hold 3s --settle 1s --quiet --json - --slo")
            .arg(objective)
            .finish(LIMIT)
    };
    let holds = search("error_rate<50%")?;
    holds.expect_code(0)?;
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
    Ok(())
}
