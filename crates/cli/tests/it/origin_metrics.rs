//! What the origin says of itself, beside what viewers count.

use anyhow::{Context, ensure};
use serde_json::Value;
use testkit::exporter::Exporter;
use testkit::live::{self, Container, Live};
use testkit::nginx::{self, Nginx};

use crate::common::{LIMIT, Origin, figure, run};

/// Bytes of body that viewers received, of all classes or without `other`.
fn received(json: &Value, other: bool) -> anyhow::Result<u64> {
    let classes = json["requests"].as_object().context("no requests")?;
    let counted = classes
        .iter()
        .filter(|(class, _)| other || *class != "other");
    counted
        .map(|(_, of)| of["bytes"].as_u64().context("no bytes"))
        .sum()
}

/// The address of an origin's HTTP face, which it says on standard error.
fn face(origin: &mut Origin) -> anyhow::Result<String> {
    origin
        .process
        .until(LIMIT, "the origin's face", |_, stderr| {
            let mut words = stderr.split_whitespace();
            let url = words.find(|word| word.starts_with("http://"))?;
            Some(url.trim_end_matches('/').to_owned())
        })
}

#[test]
fn our_origin_says_it_sent_what_viewers_received() -> anyhow::Result<()> {
    let mut origin = Origin::start("--segment 1s --admin-listen 127.0.0.1:0")?;
    let metrics = face(&mut origin)?;
    let listing = format!("http://{}/files/json/", origin.addr);
    let ended = run(&origin.url)
        .args("-n 10 --ramp-rate 10 --duration 6s --origin-metrics")
        .arg(metrics)
        .arg("--segment-sizes-url")
        .arg(listing)
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let json = ended.json()?;
    let says = &json["origin_metrics"];
    let sent = &says["sent"][0];
    ensure!(sent["scope"] == "bodies", "{says:#}");
    ensure!(
        sent["received_bytes"] == received(&json, false)?,
        "{says:#}"
    );
    ensure!(sent["bytes"] == sent["received_bytes"], "{says:#}");
    ensure!(sent["difference_percent"] == 0.0, "{says:#}");
    ensure!(figure(sent, "/received_bytes")? > 1e6, "{says:#}");
    ensure!(says["host"] == Value::Null, "{says:#}");
    // Every request of a viewer, and those for the listing.
    let requests: u64 = (json["requests"].as_object().into_iter().flatten())
        .filter_map(|(_, of)| of["ok"].as_u64())
        .sum();
    let listings = says["sources"][1]["readings"]
        .as_u64()
        .context("no readings")?;
    let said = says["server"]["requests"].as_u64().context("no requests")?;
    ensure!(
        (requests..=requests + listings).contains(&said),
        "{said} {requests} {says:#}"
    );
    ensure!(figure(says, "/segments/listed")? > 10.0, "{says:#}");
    ensure!(ended.stdout.contains("viewers received"), "{ended}");
    ensure!(ended.stdout.contains(": 0.00 %"), "{ended}");
    Ok(())
}

#[test]
fn nginx_says_it_had_the_requests_of_its_log() -> anyhow::Result<()> {
    let live = Live::start(live::Config::short(Container::Ts))?;
    let server = Nginx::start(&live.folder(), nginx::Config::plain())?;
    let (node, exporter) = (Exporter::node()?, Exporter::nginx(&server)?);
    let ended = run(&server.url("master.m3u8"))
        .args("-n 10 --ramp-rate 10 --duration 6s")
        .args(&format!("--origin-metrics {}", node.url()))
        .args(&format!("--nginx-metrics {}", exporter.url()))
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let json = ended.json()?;
    let says = &json["origin_metrics"];
    // Each reading after the first is a request to nginx too.
    let count = |pointer| json.pointer(pointer).and_then(Value::as_u64);
    let readings = count("/origin_metrics/sources/1/readings").context("no readings")?;
    let said = count("/origin_metrics/server/requests").context("no requests")?;
    let logged = server.into_rows()?.len() as u64;
    ensure!(said == logged + readings - 1, "{logged}: {says:#}");
    ensure!(
        figure(says, "/server/connections/run_max")? >= 10.0,
        "{says:#}"
    );
    let cpu = figure(says, "/host/cpu/run_max")?;
    ensure!(cpu > 0.0 && cpu <= 1.0, "{says:#}");
    // What goes over loopback goes over no network.
    let host = &says["sent"][0];
    ensure!(host["scope"] == "host", "{says:#}");
    ensure!(host["received_bytes"] == received(&json, true)?, "{says:#}");
    ensure!(figure(host, "/difference_percent")? < 0.0, "{says:#}");
    Ok(())
}

#[test]
fn an_exporter_that_is_not_there_changes_nothing_else() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s")?;
    let ended = run(&origin.url)
        .args("-n 2 --duration 7s --nginx-metrics http://me:secret@127.0.0.1:1/metrics")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let json = ended.json()?;
    let source = &json["origin_metrics"]["sources"][0];
    ensure!(
        source["stale"] == true && source["readings"] == 0,
        "{source:#}"
    );
    let error = source["error"].as_str().unwrap_or_default();
    ensure!(error.contains("refused"), "{source:#}");
    // The line is broken where it has no room.
    let words: Vec<&str> = ended.stdout.split_whitespace().collect();
    ensure!(words.join(" ").contains("has told nothing"), "{ended}");
    let said = format!("{}{}{json}", ended.stdout, ended.stderr);
    ensure!(!said.contains("secret"), "{said}");
    Ok(())
}

#[test]
fn what_is_no_url_is_wrong_usage() -> anyhow::Result<()> {
    for (option, value) in [
        ("--origin-metrics", "h:9100"),
        ("--nginx-metrics", "ftp://h/"),
        ("--origin-metrics-host", "http://h"),
        ("--segment-sizes-url", "/files/json/"),
    ] {
        let ended = run("http://127.0.0.1:1/live.m3u8")
            .args(&format!("{option} {value}"))
            .finish(LIMIT)?;
        ended.expect_code(2)?;
        ensure!(ended.stderr.contains(option), "{ended}");
    }
    Ok(())
}
