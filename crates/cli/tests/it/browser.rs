//! The dashboard of a live run, in a real browser.

use std::collections::HashMap;
use std::net::SocketAddr;

use anyhow::{Context, ensure};
use serde_json::Value;
use testkit::browser::Browser;
use testkit::dashboard::{self, Shown};
use testkit::http::get_json;
use testkit::process::Running;
use testkit::wait;

use crate::common::{LIMIT, Origin, liveswarm};

/// How wide a phone is, in CSS pixels.
const PHONE: (u32, u32) = (390, 844);

/// Where a process serves its dashboard.
fn face(process: &mut Running) -> anyhow::Result<SocketAddr> {
    let addr = process.until(LIMIT, "the dashboard's address", |stdout, stderr| {
        let lines = stdout.lines().chain(stderr.lines());
        let mut urls = lines.filter_map(|line| line.split_once("dashboard: http://"));
        urls.next()
            .and_then(|(_, url)| url.split('/').next())
            .map(str::to_owned)
    })?;
    Ok(addr.parse()?)
}

/// What a moment is known by: two looks between two reports of the workers find the run as long, and
/// the process's CPU time differs.
fn moment(document: &Value) -> String {
    format!(
        "{} {}",
        document["duration_s"], document["generator"]["cpu_s"]
    )
}

/// Waits for a moment of which both the page and the snapshot tell, and holds one against the
/// other. The page has one a second, the snapshot four.
fn agrees(browser: &mut Browser, addr: SocketAddr) -> anyhow::Result<Shown> {
    let mut snapshots = HashMap::new();
    let (shown, snapshot): (Shown, Value) =
        wait::until(LIMIT, "the page and a snapshot of one moment", || {
            let snapshot = get_json(addr, "/api/v1/snapshot")?;
            snapshots.insert(moment(&snapshot), snapshot);
            let shown = Shown::on(browser)?;
            let same = snapshots.remove(&moment(&shown.document));
            Ok(same.map(|snapshot| (shown, snapshot)))
        })?;
    let differences = shown.differences(&snapshot);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(shown)
}

#[test]
fn figures_of_a_live_run_are_those_of_its_snapshot() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s --fault segment:503:20%")?;
    let mut run = liveswarm()
        .arg("run")
        .arg(&origin.url)
        .args("-n 12 --ramp-rate 4 --admin-listen 127.0.0.1:0 --no-tui")
        .arg("--slo")
        .arg("glass_to_glass.p95 < 1ms")
        .arg("--broadcast")
        .arg("<h6>live</h6>")
        .spawn()?;
    let addr = face(&mut run)?;
    let mut browser = Browser::start()?;
    dashboard::open(&mut browser, &format!("http://{addr}/"))?;

    let early = agrees(&mut browser, addr)?;
    ensure!(early.visible().count() > 50, "{early:#?}");
    let all = "liveswarm.document.slo.length > 0 && liveswarm.document.errors.length > 0
        && liveswarm.document.viewers.states.playing > 6
        && liveswarm.document.objectives[0].state === 'broken'";
    browser.until(LIMIT, all)?;
    let shown = agrees(&mut browser, addr)?;
    let broadcast = shown
        .visible()
        .find(|figure| figure.path == "slo.0.broadcast");
    let broadcast = broadcast.context("no SLO series in sight")?;
    ensure!(broadcast.text == "<h6>live</h6>", "{broadcast:?}");
    // Charts have lines by now.
    let drawn =
        "[...document.querySelectorAll('.plot svg')].every((plot) => plot.querySelector('path'))";
    browser.until(LIMIT, drawn)?;

    browser.resize(PHONE.0, PHONE.1)?;
    agrees(&mut browser, addr)?;
    let width = browser.evaluate("document.documentElement.scrollWidth")?;
    ensure!(width == PHONE.0, "a phone has to scroll sideways: {width}");

    let complaints = browser.complaints()?;
    ensure!(complaints.is_empty(), "{complaints:#?}");
    let own = format!("http://{addr}/");
    let mut elsewhere = browser.requests()?;
    elsewhere.retain(|url| !url.starts_with(&own));
    ensure!(elsewhere.is_empty(), "{elsewhere:?}");
    Ok(())
}

/// The page changes the number of viewers, ends the run, and has its last figures when it is over.
#[test]
fn a_run_is_steered_and_ended_from_the_page() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s")?;
    let mut run = liveswarm()
        .arg("run")
        .arg(&origin.url)
        .args("-n 4 --ramp-rate 8 --admin-listen 127.0.0.1:0 --no-tui --slo")
        .arg("startup.p95 < 1us")
        .spawn()?;
    let addr = face(&mut run)?;
    let mut browser = Browser::start()?;
    dashboard::open(&mut browser, &format!("http://{addr}/"))?;
    browser.until(LIMIT, "liveswarm.document.viewers.states.playing === 4")?;
    browser.evaluate(
        "document.querySelector('#target').value = 6;
         document.querySelector('#controls').requestSubmit()",
    )?;
    browser.until(LIMIT, "liveswarm.document.viewers.states.playing === 6")?;
    agrees(&mut browser, addr)?;
    browser.evaluate(
        "document.querySelector('#stop').click();
         document.querySelector('#stop-dialog button[value=stop]').click()",
    )?;
    let over = browser.until(LIMIT, "liveswarm.document.exit")?;
    let ended = run.wait(LIMIT)?;
    ensure!(
        ended.code.map(Value::from) == Some(over["code"].clone()),
        "{over} {ended}"
    );
    ended.expect_code(5)?;
    browser.until(
        LIMIT,
        "document.querySelector('#connection').textContent === 'over'",
    )?;
    let last = Shown::on(&mut browser)?;
    let differences = last.differences(&last.document);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

#[test]
fn an_origin_has_a_dashboard_too() -> anyhow::Result<()> {
    let mut origin = Origin::start("--segment 1s --admin-listen 127.0.0.1:0")?;
    let addr = face(&mut origin.process)?;
    let mut browser = Browser::start()?;
    dashboard::open(&mut browser, &format!("http://{addr}/"))?;
    liveswarm()
        .arg("run")
        .arg(&origin.url)
        .args("-n 2 --duration 4s --quiet --admin-listen off")
        .finish(LIMIT)?
        .expect_code(0)?;
    browser.until(LIMIT, "liveswarm.document.slo.length > 0")?;
    let segments = browser.until(
        LIMIT,
        "[...document.querySelectorAll('#serving tr')].find((row) => row.textContent.startsWith('segment'))?.cells[2].dataset.value",
    )?;
    ensure!(origin.segments()? > 0 && segments != "0", "{segments}");
    Ok(())
}
