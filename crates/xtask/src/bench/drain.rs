//! Media bytes a CPU-second: how much a client can take in before it is what is measured.
//!
//! Ours are whole viewers of the real binary, which keep a book on each request; they watch a
//! recorded stream with a goal for their buffer that is never reached, so they fetch one segment
//! after another. The peers ask for one segment again and again.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;

use super::{Bench, Lab, say, warn_of_load};
use crate::figures::{Bound, Of, Row};
use crate::liveswarm::Crowd;
use crate::nginx::{Config, Nginx};
use crate::peers::{self, Pull, Pulled};
use crate::process::Used;
use crate::stream;

pub(super) const PLAIN: Bench = Bench {
    name: "drain",
    what: "media bytes a CPU-second, 2,000 connections, 256 KiB segments, plain HTTP from nginx",
    peers: &["nginx", "wrk", "oha"],
    default: true,
    run: plain,
};

pub(super) const TLS: Bench = Bench {
    name: "tls",
    what: "media bytes a CPU-second, 500 connections, 256 KiB segments, TLS 1.3 AES-128-GCM",
    peers: &["nginx", "wrk"],
    default: true,
    run: tls,
};

pub(super) const BUILDS: Bench = Bench {
    name: "builds",
    what: "the drain of this build against that of another (--before FILE): whether a change pays",
    peers: &["nginx"],
    default: false,
    run: builds,
};

const SEGMENT: u64 = 256 * 1024;

/// More segments than a viewer can fetch in a round.
const SEGMENTS: u64 = 2_000;

/// One side's figures, round by round.
#[derive(Default)]
struct Side {
    /// Bytes a CPU-second.
    rates: Vec<f64>,
    /// Resident memory at its peak.
    memory: Vec<f64>,
}

impl Side {
    fn add(&mut self, bytes: f64, used: &Used) {
        self.rates.push(bytes / used.cpu.as_secs_f64() / 1e6);
        self.memory.push(used.rss_peak as f64 / 1e6);
    }

    fn pulled(&mut self, pulled: &Pulled) {
        self.add(pulled.bytes as f64, &pulled.used);
    }
}

fn plain(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let folder = stream::recorded(lab, SEGMENTS, SEGMENT)?;
    let nginx = Nginx::start(lab, &folder, Config::default())?;
    let connections = lab.choose(2_000, 200);
    let length = lab.seconds(10, 3);
    let segment = nginx.url("seg-0.ts");
    let pull = Pull {
        url: &segment,
        connections,
        length,
    };
    let (has_wrk, oha) = (lab.peer("wrk").is_some(), lab.peer("oha"));
    let mut sides: [Side; 3] = Default::default();
    let [ours, wrk, other] = &mut sides;
    for round in 1..=lab.rounds() {
        warn_of_load();
        say(&format!("round {round}: liveswarm"));
        drain(lab, None, (&nginx, connections, length), ours)?;
        if has_wrk {
            say(&format!("round {round}: wrk"));
            wrk.pulled(&peers::wrk(lab, pull)?);
        }
        if let Some(program) = &oha {
            say(&format!("round {round}: oha"));
            other.pulled(&peers::oha(lab, program, pull)?);
        }
    }
    let what = format!("{connections} connections, 256 KiB, plain");
    rows(&what, sides)
}

fn rows(what: &str, [ours, wrk, oha]: [Side; 3]) -> anyhow::Result<Vec<Row>> {
    let unit = "MB/CPU-s";
    let memory = "resident memory of the same at its peak";
    let mut rows = Vec::new();
    if !wrk.rates.is_empty() {
        let row = Row::against(what, unit, ours.rates.clone(), ("wrk", wrk.rates))?;
        rows.push(row.reach(Of::Ratio, Bound::AtLeast, 1.5));
    }
    if !oha.rates.is_empty() {
        let row = Row::against(what, unit, ours.rates.clone(), ("oha", oha.rates))?;
        rows.push(row.reach(Of::Ratio, Bound::AtLeast, 1.1));
        let row = Row::against(memory, "MB", ours.memory.clone(), ("oha", oha.memory))?;
        rows.push(row.reach(Of::Ratio, Bound::AtMost, 1.0 / 40.0));
    }
    if rows.is_empty() {
        rows.push(Row::alone(what, unit, ours.rates)?);
        rows.push(Row::alone(memory, "MB", ours.memory)?);
    }
    Ok(rows)
}

fn tls(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let folder = stream::recorded(lab, SEGMENTS, SEGMENT)?;
    let config = Config {
        tls: true,
        ..Config::default()
    };
    let nginx = Nginx::start(lab, &folder, config)?;
    let connections = lab.choose(500, 50);
    let length = lab.seconds(10, 3);
    let segment = nginx.url("seg-0.ts");
    let pull = Pull {
        url: &segment,
        connections,
        length,
    };
    let has_wrk = lab.peer("wrk").is_some();
    let mut sides: [Side; 2] = Default::default();
    let [ours, wrk] = &mut sides;
    for round in 1..=lab.rounds() {
        warn_of_load();
        say(&format!("round {round}: liveswarm"));
        drain(lab, None, (&nginx, connections, length), ours)?;
        if has_wrk {
            say(&format!("round {round}: wrk"));
            wrk.pulled(&peers::wrk(lab, pull)?);
        }
    }
    let [ours, wrk] = sides;
    let what = format!("{connections} connections, 256 KiB, TLS 1.3 AES-128-GCM");
    let unit = "MB/CPU-s";
    Ok(vec![if wrk.rates.is_empty() {
        Row::alone(&what, unit, ours.rates)?
    } else {
        let row = Row::against(&what, unit, ours.rates, ("wrk", wrk.rates))?;
        row.reach(Of::Ratio, Bound::AtLeast, 1.0)
    }])
}

/// Rounds in which two builds are compared, which differ by little.
const BUILD_ROUNDS: usize = 9;

/// Connections with which two builds are compared: so many that one waits for another, and so few
/// that the worker is woken for each read alone.
const BUILD_CONNECTIONS: [u32; 2] = [2_000, 30];

fn builds(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let before = lab.before.as_deref();
    let before = before.context("name the other build: --before FILE")?;
    let folder = stream::recorded(lab, SEGMENTS, SEGMENT)?;
    let nginx = Nginx::start(lab, &folder, Config::default())?;
    let mut rows = Vec::new();
    for connections in lab.choose(BUILD_CONNECTIONS, [200, 30]) {
        let load = (&nginx, connections, lab.seconds(4, 2));
        let (mut ours, mut theirs) = (Side::default(), Side::default());
        let rounds = lab.rounds_or(BUILD_ROUNDS);
        for round in 1..=rounds {
            warn_of_load();
            say(&format!(
                "{connections} connections, round {round} of {rounds}"
            ));
            drain(lab, None, load, &mut ours)?;
            drain(lab, Some(before), load, &mut theirs)?;
        }
        let what = format!("{connections} connections, 256 KiB, plain");
        let peer = ("the build before", theirs.rates);
        rows.push(Row::against(&what, "MB/CPU-s", ours.rates, peer)?);
    }
    Ok(rows)
}

/// Viewers that fetch as fast as they can.
fn drain(
    lab: &Lab,
    binary: Option<&Path>,
    (nginx, viewers, length): (&Nginx, u32, Duration),
    side: &mut Side,
) -> anyhow::Result<()> {
    let url = nginx.url("list.m3u8");
    let crowd = Crowd {
        binary,
        url: &url,
        viewers,
        ramp: viewers,
        length,
        certificate: url.starts_with("https").then(|| nginx.certificate()),
        more: "--player rfc8216 --target-buffer 24h",
    };
    let ended = crowd.run(lab)?;
    let failed = ended.figure("/requests/segment/failed")?;
    anyhow::ensure!(failed == 0.0, "{failed} segments failed");
    side.add(ended.figure("/requests/segment/bytes")?, &ended.used);
    Ok(())
}
