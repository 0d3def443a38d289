//! Scenarios: groups of viewers in one run, each counted by the server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::common::{LIMIT, Origin, figure, liveswarm, run, run_with_origin, said};
use crate::output::follows_the_schema;
use anyhow::{Context, ensure};
use base::Class;
use serde_json::Value;
use testkit::compare::{self, Account};
use testkit::live::{self, Container, Live};
use testkit::nginx::{self, Nginx};
use testkit::process::Liveswarm;
use testkit::served::{self, Ledger, Row};

/// A scenario in a file beside the run's.
fn file(command: &Liveswarm, text: &str) -> anyhow::Result<PathBuf> {
    let path = command.folder().join("crowd.toml");
    std::fs::write(&path, text)?;
    Ok(path)
}

/// A run that was refused, in its words.
fn refused(text: &str, arguments: &str) -> anyhow::Result<String> {
    let command = run_with_origin();
    let path = file(&command, text)?;
    let ended = command
        .arg("--scenario")
        .arg(&path)
        .args(arguments)
        .finish(LIMIT)?;
    ended.expect_code(2)?;
    Ok(said(&ended))
}

/// The requests of each user agent's viewers for things of a class.
fn by_agent(rows: &[Row], class: Class) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in rows.iter().filter(|row| served::class(&row.path) == class) {
        *counts
            .entry(row.agent.clone().unwrap_or_default())
            .or_default() += 1;
    }
    counts
}

/// Viewers by group, as the run's JSON has it.
fn viewers_by_group(json: &Value) -> anyhow::Result<BTreeMap<String, u64>> {
    let groups = json["config"]["groups"].as_array().context("no groups")?;
    let of = |group: &Value| {
        Some((
            group["name"].as_str()?.to_owned(),
            group["viewers"].as_u64()?,
        ))
    };
    let groups = groups.iter().map(|group| of(group).context("no group"));
    groups.collect()
}

/// The groups of a run's JSON by their names. What they saw adds up to what all saw.
fn groups_of(json: &Value) -> anyhow::Result<BTreeMap<String, &Value>> {
    let groups = json["groups"].as_array().context("no groups")?;
    for figure in [
        "/viewers/started",
        "/viewers/target",
        "/viewers/states/playing",
        "/playback/stalls",
        "/playback/late",
        "/requests/multivariant/ok",
        "/requests/playlist/ok",
        "/requests/segment/ok",
        "/requests/segment/failed",
        "/requests/segment/bytes",
        "/throughput/total_bytes",
        "/latency_ms/startup/count",
        "/latency_ms/segment_download/count",
    ] {
        let of = |json: &Value| {
            let value = json
                .pointer(figure)
                .with_context(|| format!("no {figure}"))?;
            // Of who plays nothing it is not known, and adds nothing.
            let known = if value.is_null() {
                Some(0)
            } else {
                value.as_u64()
            };
            known.with_context(|| format!("{figure} is {value}"))
        };
        let sum: u64 = groups.iter().map(of).sum::<Result<_, _>>()?;
        ensure!(
            sum == of(json)?,
            "{figure}: {sum} of groups are not {}",
            of(json)?
        );
    }
    let named = |group| -> Option<_> {
        let group: &Value = group;
        Some((group["name"].as_str()?.to_owned(), group))
    };
    let named = groups.iter().map(|group| named(group).context("no name"));
    named.collect()
}

/// Holds each group's figures against the server's count of its user agents.
///
/// Viewers that are processes are ended in the middle of a request, which the server counts its way.
fn groups_equal(json: &Value, rows: &[Row], agent: fn(&str) -> String) -> anyhow::Result<()> {
    for (name, group) in groups_of(json)? {
        let agent = agent(&name);
        let own = rows.iter().filter(|row| {
            let said = row.agent.as_deref().unwrap_or_default();
            said.starts_with(&agent)
        });
        let seen = compare::held_against(group, &Ledger::of(own), Account::Whole);
        let seen = seen.with_context(|| name.clone())?;
        ensure!(seen.class(Class::Segment).ok > 0, "{name}");
    }
    Ok(())
}

const THREE: &str = "\
viewers = 20
ramp-rate = 20
duration = '10s'

[[group]]
name = 'phones'
weight = 5
player = 'shaka'
user-agent = 'phones/1'
header = ['X-Group: phones', 'Authorization: Bearer hush']

[[group]]
name = 'boxes'
weight = 3
player = 'rfc8216'
variant = 'lowest'
user-agent = 'boxes/1'

[[group]]
name = 'other'
weight = 2
url = 'HOST/other/master.m3u8'
user-agent = 'other/1'
";

#[test]
fn each_groups_viewers_are_those_of_the_access_log() -> anyhow::Result<()> {
    let live = Live::start(live::Config::short(Container::Ts))?;
    std::os::unix::fs::symlink(live.folder(), live.folder().join("other"))?;
    let server = Nginx::start(&live.folder(), nginx::Config::plain())?;
    let command = run(&server.url("master.m3u8"));
    let host = server.url("");
    let path = file(&command, &THREE.replace("HOST", host.trim_end_matches('/')))?;
    let ended = command.arg("--scenario").arg(&path).finish(LIMIT)?;
    ended.expect_code(0)?;
    let json = ended.json()?;
    follows_the_schema(&json)?;
    let rows = server.into_rows()?;
    let seen = compare::equal(&json, &Ledger::of(&rows))?;
    ensure!(seen.class(Class::Segment).ok > 100);
    groups_equal(&json, &rows, |name| format!("{name}/1"))?;

    // A viewer asks for the multivariant playlist once.
    let viewers = by_agent(&rows, Class::Multivariant);
    let expected = [("boxes/1", 6), ("other/1", 4), ("phones/1", 10)];
    let expected = expected.map(|(agent, count)| (agent.to_owned(), count));
    ensure!(viewers == BTreeMap::from(expected), "{viewers:?}");
    let shown = viewers_by_group(&json)?;
    let expected = [("boxes", 6), ("other", 4), ("phones", 10)];
    let expected = expected.map(|(group, count)| (group.to_owned(), count));
    ensure!(shown == BTreeMap::from(expected), "{shown:?}");
    for row in &rows {
        let of_other = row.agent.as_deref() == Some("other/1");
        ensure!(row.path.contains("/other/") == of_other, "{row:?}");
    }
    let told = said(&ended);
    for words in [
        "group",
        "phones",
        "10 viewers",
        "player=rfc8216",
        "/other/master.m3u8",
    ] {
        ensure!(told.contains(words), "{words} is not in {told}");
    }
    ensure!(!format!("{told}{json}").contains("hush"), "{told}");
    // Latency is told by group.
    let latencies = json["slo"].to_string();
    for group in ["phones", "boxes", "other"] {
        ensure!(latencies.contains(group), "{group} is not in {latencies}");
    }
    Ok(())
}

/// Every second viewer is far away, as its group says; a server's count knows no difference.
#[test]
fn a_group_has_a_network_of_its_own() -> anyhow::Result<()> {
    const FAR_MS: f64 = 400.0;
    const HISTOGRAM: f64 = 0.98;
    let origin = Origin::start("--segment 1s --variants 400k")?;
    let command = run(&origin.url);
    let text = "viewers = 8\nramp-rate = 8\nduration = '6s'\n\
        [[group]]\nname = 'near'\n\
        [[group]]\nname = 'far'\nnetwork = 'latency=400ms'\n";
    let path = file(&command, text)?;
    let ended = command.arg("--scenario").arg(&path).finish(LIMIT)?;
    ended.expect_code(0)?;
    let json = ended.json()?;
    compare::equal(&json, &origin.ledger()?)?;
    let connect = figure(&json, "/latency_ms/connect/p90")?;
    ensure!(connect >= FAR_MS * HISTOGRAM, "connect p90 {connect} ms");
    let groups = json["config"]["groups"].as_array().context("no groups")?;
    let [near, far] = groups.as_slice() else {
        anyhow::bail!("{groups:?}")
    };
    let options = [near, far].map(|group| group["options"].to_string());
    ensure!(!options[0].contains("network"), "{options:?}");
    ensure!(options[1].contains("latency=400ms"), "{options:?}");
    Ok(())
}

/// Half of the crowd is elsewhere: our own origin can't have counted it.
#[test]
fn what_groups_are_is_told_of_each_and_of_no_run() -> anyhow::Result<()> {
    let other = Origin::start("--segment 1s --variants 400k")?;
    let command = run_with_origin();
    let page = command.folder().join("run.html");
    let text = format!(
        "viewers = 4\nramp-rate = 8\nduration = '3s'\nrestart = 'always'\n\
         header = ['Cookie: hush']\n\
         [[group]]\nname = 'here'\nplayer = 'shaka'\n\
         [[group]]\nname = 'there'\nplayer = 'rfc8216'\nurl = '{}'\n",
        other.url
    );
    let path = file(&command, &text)?;
    let command = command.args("--segment 1s --scenario").arg(&path);
    let ended = command.arg("--report").arg(&page).finish(LIMIT)?;
    ended.expect_code(0)?;
    let (json, told) = (ended.json()?, said(&ended));
    follows_the_schema(&json)?;
    ensure!(json["origin"].is_null(), "{:#}", json["origin"]);
    ensure!(!told.contains("counted otherwise"), "{told}");
    let config = &json["config"];
    for of_groups in ["player", "variant", "restart"] {
        ensure!(config[of_groups] == "by group", "{config:#}");
    }
    ensure!(config["headers"] == serde_json::json!([]), "{config:#}");
    let page = std::fs::read_to_string(&page)?;
    for shown in [&told, &page] {
        for words in ["serves only some of the groups", "restart=always", "shaka"] {
            ensure!(shown.contains(words), "{words} is not in {shown}");
        }
        for words in ["hls.js", "on-failure", "hush"] {
            ensure!(!shown.contains(words), "{words} is in {shown}");
        }
    }
    Ok(())
}

#[test]
fn processes_stand_beside_viewers_of_ours() -> anyhow::Result<()> {
    let live = Live::start(live::Config::short(Container::Ts))?;
    let server = Nginx::start(&live.folder(), nginx::Config::plain())?;
    let command = run(&server.url("master.m3u8"));
    let text = "viewers = 12\nramp-rate = 20\nduration = '10s'\n\
        [[group]]\nname = 'load'\nweight = 3\nuser-agent = 'load/1'\n\
        [[group]]\nname = 'proof'\nengine = 'ffmpeg'\nuser-agent = 'proof'\n";
    let path = file(&command, text)?;
    let ended = command.arg("--scenario").arg(&path).finish(LIMIT)?;
    ended.expect_code(0)?;
    let json = ended.json()?;
    let rows = server.into_rows()?;
    let seen = compare::held_against(&json, &Ledger::of(&rows), Account::Whole)?;
    ensure!(seen.failed() == 0, "{:#}", json["errors"]);
    groups_equal(&json, &rows, str::to_owned)?;
    let agents = by_agent(&rows, Class::Multivariant);
    ensure!(agents.get("load/1") == Some(&9), "{agents:?}");
    let proofs = agents
        .keys()
        .filter(|agent| agent.starts_with("proof/viewer-"));
    ensure!(proofs.count() == 3, "{agents:?}");
    ensure!(json["viewers"]["started"] == 12);
    Ok(())
}

/// One group finds nothing: its own objective breaks and stops the run, that of the other holds.
#[test]
fn each_group_is_held_against_its_own_objectives() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s --variants 400k")?;
    let command = run(&origin.url);
    let (junit, page) = (
        command.folder().join("run.xml"),
        command.folder().join("run.html"),
    );
    let text = format!(
        "viewers = 8\nramp-rate = 8\nduration = '10m'\nslo = ['error_rate < 99%']\n\
         [[group]]\nname = 'well'\nweight = 3\nslo = ['error_rate < 50%', 'default']\n\
         [[group]]\nname = 'lost'\nurl = 'http://{}/nowhere/master.m3u8'\nrestart = 'never'\n\
         slo = ['error_rate < 50% abort']\n",
        origin.addr
    );
    let path = file(&command, &text)?;
    let command = command
        .arg("--scenario")
        .arg(&path)
        .arg("--junit")
        .arg(&junit);
    let ended = command.arg("--report").arg(&page).finish(LIMIT)?;
    ended.expect_code(5)?;
    let json = ended.json()?;
    follows_the_schema(&json)?;
    ensure!(
        figure(&json, "/duration_s")? < 600.0,
        "it was to be stopped"
    );
    let groups = groups_of(&json)?;
    ensure!(
        groups["lost"]["viewers"]["states"]["failed"] == 2,
        "{:#}",
        groups["lost"]
    );
    ensure!(
        groups["lost"]["errors"][0]["status"] == 404,
        "{:#}",
        groups["lost"]
    );
    let of_lost = |error: &Value| error["class"] == "multivariant";
    let well = groups["well"]["errors"].as_array();
    ensure!(
        !well.context("no errors")?.iter().any(of_lost),
        "{:#}",
        groups["well"]
    );
    let objectives = json["objectives"].as_array().context("no objectives")?;
    let of = |group: Option<&str>| {
        let state = |row: &Value| {
            let of_group = row.get("group").and_then(Value::as_str) == group;
            let of_errors = row["metric"] == "error_rate";
            (of_group && of_errors).then(|| row["state"].clone())
        };
        objectives.iter().find_map(state)
    };
    ensure!(of(None) == Some("met".into()), "{objectives:#?}");
    ensure!(of(Some("well")) == Some("met".into()), "{objectives:#?}");
    ensure!(of(Some("lost")) == Some("broken".into()), "{objectives:#?}");
    // The default ones are those of the group's own stream.
    let default = objectives
        .iter()
        .filter(|row| row["metric"] == "glass_to_glass");
    ensure!(default.clone().count() >= 3, "{objectives:#?}");
    ensure!(
        default.into_iter().all(|row| row["group"] == "well"),
        "{objectives:#?}"
    );
    let told = said(&ended);
    let words = "lost: error_rate < 50% abort";
    ensure!(told.contains(words) && told.contains("by group"), "{told}");
    let xml = std::fs::read_to_string(&junit)?;
    let page = std::fs::read_to_string(&page)?;
    for shown in [&xml, &page] {
        ensure!(shown.contains(&words.replace('<', "&lt;")), "{shown}");
    }
    ensure!(page.contains("By group"), "{page}");
    Ok(())
}

/// A ready scenario against our own origin, cut short.
fn runs(name: &str, viewers: u64) -> anyhow::Result<()> {
    let ended = run_with_origin()
        .args("--segment 1s --variants 300k,200k --duration 8s --scenario")
        .arg(name)
        .args(&format!("-n {viewers}"))
        .finish(LIMIT)?;
    // On a machine that is held up for a moment its objectives may be missed.
    ensure!(matches!(ended.code, Some(0 | 5)), "{ended}");
    let json = ended.json()?;
    ensure!(figure(&json, "/requests/segment/ok")? > 0.0, "{ended}");
    ensure!(
        json["config"]["groups"]
            .as_array()
            .is_some_and(|all| all.len() > 1)
    );
    ensure!(
        json["config"]["options"][0] == format!("--scenario={name}"),
        "{:#}",
        json["config"]
    );
    ensure!(!ended.stdout.contains("counted otherwise"), "{ended}");
    Ok(())
}

#[test]
fn tune_in_storm_runs() -> anyhow::Result<()> {
    runs("tune-in-storm", 60)
}

#[test]
fn steady_evening_runs() -> anyhow::Result<()> {
    runs("steady-evening", 150)
}

#[test]
fn flash_crowd_runs() -> anyhow::Result<()> {
    runs("flash-crowd", 60)
}

#[test]
fn soak_runs() -> anyhow::Result<()> {
    runs("soak", 10)
}

#[test]
fn a_scenario_is_drawn_and_printed() -> anyhow::Result<()> {
    let drawn = liveswarm()
        .args("run --scenario tune-in-storm -n 100 --plan-only")
        .finish(LIMIT)?;
    drawn.expect_code(0)?;
    ensure!(drawn.stdout.contains("at most 100 viewers"), "{drawn}");
    ensure!(drawn.stdout.contains("group browsers: 60"), "{drawn}");
    let printed = liveswarm()
        .args("run --scenario soak --print-scenario")
        .finish(LIMIT)?;
    printed.expect_code(0)?;
    // What is printed can be run.
    let command = liveswarm();
    let path = file(&command, &printed.stdout)?;
    let again = command
        .args("run --plan-only --scenario")
        .arg(&path)
        .finish(LIMIT)?;
    again.expect_code(0)?;
    ensure!(again.stdout.contains("group recorders: 20"), "{again}");
    Ok(())
}

#[test]
fn what_does_not_fit_is_refused_with_its_line() -> anyhow::Result<()> {
    let two = |entry: &str| format!("[[group]]\nname = 'a'\n[[group]]\nname = 'b'\n{entry}\n");
    for (text, arguments, words) in [
        (
            two("playr = 'shaka'"),
            "",
            "crowd.toml:5:1: there is no option `playr`",
        ),
        (
            two("engine = 'ffmpeg'\nmeasure = 'logs'"),
            "",
            "group `b`: --measure logs makes the figures of the whole run estimates",
        ),
        (
            two("engine = 'ffmpeg'\nseg-retry = 2"),
            "",
            "crowd.toml:4: group `b`: --seg-retry can't be told to players",
        ),
        (
            two("url = 'http://127.0.0.1:9/b.m3u8'")
                .replace("'a'", "'a'\nurl = 'http://127.0.0.1:9/a.m3u8'"),
            "http://127.0.0.1:9/c.m3u8",
            "http://127.0.0.1:9/c.m3u8 is for groups without a URL",
        ),
        (
            two(""),
            "http://127.0.0.1:9/c.m3u8 --variants 2M",
            "--variants is for our own origin",
        ),
        (two(""), "--config x.toml", "cannot be used with"),
        (two(""), "--print-cmd", "--print-cmd needs --engine ffmpeg"),
    ] {
        let told = refused(&text, arguments)?;
        ensure!(told.contains(words), "{words:?} is not in {told}");
    }
    let unknown = liveswarm().args("run --scenario storm").finish(LIMIT)?;
    unknown.expect_code(2)?;
    ensure!(unknown.stderr.contains("tune-in-storm"), "{unknown}");
    Ok(())
}

#[test]
fn a_file_too_large_is_refused() -> anyhow::Result<()> {
    let told = refused(&"# comment\n".repeat(200_000), "")?;
    ensure!(told.contains("larger than 1 MiB"), "{told}");
    Ok(())
}

#[test]
fn each_groups_player_is_shown_its_command_line() -> anyhow::Result<()> {
    let command = liveswarm();
    let text = "[[group]]\nname = 'ours'\nweight = 2\n\
        [[group]]\nname = 'one'\nengine = 'exec'\nexec = 'one {url} {n}'\n\
        [[group]]\nname = 'two'\nengine = 'exec'\nexec = 'two {url} {n}'\n";
    let path = file(&command, text)?;
    let ended = command
        .args("run http://127.0.0.1:9/live.m3u8 --print-cmd --scenario")
        .arg(&path)
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let lines: Vec<&str> = ended.stdout.lines().collect();
    let expected = [
        "one http://127.0.0.1:9/live.m3u8 1",
        "two http://127.0.0.1:9/live.m3u8 2",
    ];
    ensure!(lines == expected, "{ended}");
    Ok(())
}

/// The scenario that the README shows, run as it shows it.
#[test]
fn the_readmes_scenario_works() -> anyhow::Result<()> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(readme)?;
    let shown = readme.split("```toml\n").nth(1).context("no scenario")?;
    let shown = shown.split("```").next().context("no end")?;
    let command = run_with_origin();
    let path = file(&command, shown)?;
    let ended = command
        .args("--segment 1s --variants 300k,200k -n 20 --duration 8s --scenario")
        .arg(&path)
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    ensure!(viewers_by_group(&ended.json()?)?.len() == 3, "{ended}");
    Ok(())
}
