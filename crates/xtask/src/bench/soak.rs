//! A long run in a rough world: the origin goes and comes back, requests fail, links are slow.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::process::Signal;
use serde_json::json;
use testkit::compare::{self, Account};
use testkit::http;
use testkit::served::Ledger;

use super::{Bench, Lab, say, warn_of_load};
use crate::figures::{Bound, Of, Row};
use crate::liveswarm::{Crowd, Origin, Run};
use crate::stop;

pub(super) const SOAK: Bench = Bench {
    name: "soak",
    what: "2,000 viewers, the origin restarted every 3 minutes, 1 % faults, slow links",
    peers: &[],
    default: false,
    run,
};

/// What goes wrong: a hundredth of the segments fails, a tenth comes over a slow link.
const FAULTS: [&str; 2] = ["segment:503:1%", "segment:throttle=80KB/s:10%"];

const BITRATE: &str = "400k";

/// How long the origin lives.
const LIFE: Duration = Duration::from_mins(3);

/// How long it is away.
const AWAY: Duration = Duration::from_secs(2);

/// Viewers a second.
const RAMP: u32 = 50;

/// How often memory and descriptors are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// How long a viewer that was told to leave may take, and an origin.
const LEAVE_MAX: Duration = Duration::from_secs(30);

/// Guards the run's HTTP face, which is on loopback for the length of the bench.
const TOKEN: &str = "soak";

fn run(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let viewers = lab.choose(2_000, 200);
    let length = Duration::from_secs(lab.minutes * 60);
    let life = LIFE.min(length / 4);
    let ledger = lab.home().join("ledger.json");
    let mut arguments = ["--variants", BITRATE, "--ledger"]
        .map(str::to_owned)
        .to_vec();
    arguments.push(
        ledger
            .to_str()
            .context("a folder's name is no text")?
            .to_owned(),
    );
    for fault in FAULTS {
        arguments.extend(["--fault".to_owned(), fault.to_owned()]);
    }
    let listen = free_addr()?.to_string();
    let mut origin = Some(Origin::start(lab, &listen, &arguments)?);
    let url = origin.iter().flat_map(|origin| &origin.urls).next();
    let url = url.context("an origin without a URL")?.clone();
    let face = free_addr()?;
    warn_of_load();
    // It begins with one viewer and ends with one, so that the two can be compared.
    let crowd = Crowd {
        binary: None,
        url: &url,
        viewers: 1,
        ramp: RAMP,
        length: length + leaving(viewers) * 2,
        certificate: None,
        more: &format!("--admin-listen {face} --admin-token {TOKEN} --restart always"),
    };
    let run = crowd.start(lab)?;
    let mut watch = Watch::new(&run)?;
    target(face, viewers)?;
    let end = Instant::now() + length;
    let mut restarts = 0;
    let mut next = Instant::now() + life;
    while Instant::now() < end {
        stop::rest(LOOK)?;
        watch.look(&run)?;
        if Instant::now() >= next && Instant::now() + life / 2 < end {
            next = Instant::now() + life;
            restarts += 1;
            say(&format!("the origin goes for the {restarts}. time"));
            restart(lab, &mut origin, &listen, &arguments)?;
        }
    }
    say("all viewers but one leave");
    target(face, 1)?;
    let left = all_but_one_left(&run, &watch, leaving(viewers))?;
    post(face, "/api/v1/stop", "{}")?;
    let ended = run.end()?;
    let differs = account(&ended.json, &listen)?;
    let mut rows = watch.rows(length, left)?;
    let at_most = |row: Row, value| row.reach(Of::Ours, Bound::AtMost, value);
    rows.push(at_most(
        Row::alone(
            "accounts that differ from the origin's ledger",
            "",
            vec![differs],
        )?,
        0.0,
    ));
    let states = ["starting", "playing", "stalled", "backing_off"];
    let alive = states
        .iter()
        .map(|state| ended.figure(&format!("/viewers/states/{state}")));
    let alive: f64 = alive.sum::<anyhow::Result<f64>>()?;
    rows.push(at_most(
        Row::alone(
            "viewers left behind the one that stays",
            "",
            vec![alive - 1.0],
        )?,
        0.0,
    ));
    rows.push(Row::alone(
        "restarts of the origin",
        "",
        vec![f64::from(restarts)],
    )?);
    for (what, pointer) in [
        ("segments fetched", "/requests/segment/ok"),
        ("segments that failed", "/requests/segment/failed"),
        ("restarts of viewers", "/viewers/restarts"),
    ] {
        rows.push(Row::alone(what, "", vec![ended.figure(pointer)?])?);
    }
    Ok(rows)
}

/// What was seen of the process's memory and descriptors.
struct Watch {
    descriptors_before: usize,
    descriptors_most: usize,
    began: Instant,
    /// Seconds since the begin, and resident bytes.
    memory: Vec<(f64, f64)>,
}

impl Watch {
    fn new(run: &Run) -> anyhow::Result<Self> {
        stop::rest(LOOK)?;
        Ok(Self {
            descriptors_before: run.process.descriptors()?,
            descriptors_most: 0,
            began: Instant::now(),
            memory: Vec::new(),
        })
    }

    fn look(&mut self, run: &Run) -> anyhow::Result<()> {
        let at = self.began.elapsed().as_secs_f64();
        self.memory.push((at, run.process.rss()? as f64));
        self.descriptors_most = self.descriptors_most.max(run.process.descriptors()?);
        Ok(())
    }

    fn rows(&self, length: Duration, left: usize) -> anyhow::Result<Vec<Row>> {
        let from = length.as_secs_f64() / 4.0;
        let late: Vec<(f64, f64)> = self
            .memory
            .iter()
            .copied()
            .filter(|(at, _)| *at >= from)
            .collect();
        let (growth, mean) = growth(&late).context("too short for a slope")?;
        let first = late.first().context("no look at memory")?.1;
        let last = late.last().context("no look at memory")?.1;
        let at_most = |row: Row, value| row.reach(Of::Ours, Bound::AtMost, value);
        let memory = "growth of memory from the first quarter to the end, by its slope";
        let beyond = left as f64 - self.descriptors_before as f64;
        Ok(vec![
            at_most(Row::alone(memory, "%", vec![growth / mean * 100.0])?, 1.0),
            Row::alone("resident memory after a quarter", "MB", vec![first / 1e6])?,
            Row::alone("resident memory at the end", "MB", vec![last / 1e6])?,
            Row::alone("descriptors, most", "", vec![self.descriptors_most as f64])?,
            at_most(
                Row::alone(
                    "descriptors beyond those at the start, once all but one left",
                    "",
                    vec![beyond],
                )?,
                0.0,
            ),
        ])
    }
}

/// By how much the least-squares line through `points` rises over their length, and their mean.
fn growth(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let count = points.len() as f64;
    let (first, last) = (points.first()?.0, points.last()?.0);
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
    let slope = points
        .iter()
        .map(|(x, y)| (x - mean_x) * (y - mean_y))
        .sum::<f64>();
    let spread = points
        .iter()
        .map(|(x, _)| (x - mean_x).powi(2))
        .sum::<f64>();
    (spread > 0.0).then(|| (slope / spread * (last - first), mean_y))
}

/// The origin ends as a service does, and comes back on the same port with the same ledger.
fn restart(
    lab: &Lab,
    origin: &mut Option<Origin>,
    listen: &str,
    arguments: &[String],
) -> anyhow::Result<()> {
    if let Some(mut old) = origin.take() {
        old.process.signal(Signal::TERM)?;
        old.process.wait(LEAVE_MAX)?;
    }
    stop::rest(AWAY)?;
    *origin = Some(Origin::start(lab, listen, arguments)?);
    Ok(())
}

/// How long a crowd may take to leave: it goes at the rate at which it came.
fn leaving(viewers: u32) -> Duration {
    Duration::from_secs(u64::from(viewers / RAMP)) + LEAVE_MAX
}

/// Descriptors once the viewers' connections are closed: when they are as many as before, or when
/// time is up.
fn all_but_one_left(run: &Run, watch: &Watch, patience: Duration) -> anyhow::Result<usize> {
    let end = Instant::now() + patience;
    loop {
        stop::rest(Duration::from_millis(500))?;
        let open = run.process.descriptors()?;
        if open <= watch.descriptors_before || Instant::now() >= end {
            return Ok(open);
        }
    }
}

/// Whether the run's account and the ledger of all the origin's lives differ: 1 if so.
fn account(run: &serde_json::Value, listen: &str) -> anyhow::Result<f64> {
    let ledger = Ledger::of_origin(&http::get_json(listen.parse()?, "/ledger")?)?;
    Ok(match compare::held_against(run, &ledger, Account::Whole) {
        Ok(_) => 0.0,
        Err(error) => {
            say(&format!("{error:#}"));
            1.0
        }
    })
}

fn target(face: SocketAddr, viewers: u32) -> anyhow::Result<()> {
    post(
        face,
        "/api/v1/viewers",
        &json!({ "target": viewers }).to_string(),
    )
}

fn post(face: SocketAddr, path: &str, body: &str) -> anyhow::Result<()> {
    let answer = http::post_json(face, path, body, Some(TOKEN))?;
    anyhow::ensure!(
        (200..300).contains(&answer.status),
        "{path} answered {}: {}",
        answer.status,
        String::from_utf8_lossy(&answer.body)
    );
    Ok(())
}

/// An address that is free at this moment, and stays the same over restarts.
fn free_addr() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_that_of_the_line() {
        let (rise, mean) = growth(&[(0.0, 10.0), (1.0, 12.0), (2.0, 14.0)]).unwrap();
        assert!((rise - 4.0).abs() < 1e-9 && (mean - 12.0).abs() < 1e-9);
        assert!(growth(&[(1.0, 2.0)]).is_none() && growth(&[]).is_none());
    }
}
