//! Ten thousand viewers for two minutes on the machine that serves them too: as its own network
//! carries them, and each behind a network of its own.

use std::time::Duration;

use testkit::compare::{self, Account};

use super::{Bench, Lab, say, warn_of_load};
use crate::figures::{Bound, Of, Row};
use crate::liveswarm::{Crowd, Ended};
use crate::nginx::{Config, Nginx};
use crate::stop;
use crate::stream::Live;

pub(super) const CROWD: Bench = Bench {
    name: "crowd",
    what: "10,000 viewers at 500 kbit/s, 2 s segments, from nginx on the same cores, twice 2 minutes: \
           as they are, and each behind a mobile network",
    peers: &["nginx"],
    default: true,
    run,
};

const BITRATE: u64 = 500_000;

const SEGMENT: Duration = Duration::from_secs(2);

/// The networks that viewers are behind: their names in the table, and what they are asked for with.
const NETWORKS: [(&str, &str); 2] = [("", ""), ("behind 4G, ", "--network 4g")];

fn run(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (name, network) in NETWORKS {
        rows.extend(behind(lab, name, network)?);
    }
    Ok(rows)
}

/// The crowd behind one of the networks.
fn behind(lab: &Lab, name: &str, network: &str) -> anyhow::Result<Vec<Row>> {
    let viewers = lab.choose(10_000, 500);
    let ramp = lab.choose(500, 250);
    let begun = Duration::from_secs(u64::from(viewers / ramp));
    let watched = lab.seconds(120, 10);
    let live = Live::start(lab, BITRATE, SEGMENT)?;
    let config = Config {
        log: true,
        ..Config::default()
    };
    let nginx = Nginx::start(lab, &live.folder, config)?;
    warn_of_load();
    say(&format!("{name}{viewers} viewers for {watched:?}"));
    let more = format!("--player rfc8216 {network}");
    let url = nginx.url("list.m3u8");
    let crowd = Crowd {
        binary: None,
        url: &url,
        viewers,
        ramp,
        length: begun + watched,
        certificate: None,
        more: &more,
    };
    let run = crowd.start(lab)?;
    stop::rest(begun)?;
    let (ours, theirs) = (run.process.cpu()?, nginx.process.cpu()?);
    let window = watched
        .checked_sub(Duration::from_secs(2))
        .unwrap_or(watched);
    stop::rest(window)?;
    let share = |spent: Duration| spent.as_secs_f64() / window.as_secs_f64() * 100.0;
    let ours = share(run.process.cpu()?.saturating_sub(ours));
    let theirs = share(nginx.process.cpu()?.saturating_sub(theirs));
    let ended = run.end()?;
    live.end()?;
    say("counting what nginx logged");
    let differs = match compare::held_against(&ended.json, &nginx.into_ledger()?, Account::Whole) {
        Ok(_) => 0.0,
        Err(error) => {
            say(&format!("{error:#}"));
            1.0
        }
    };
    let mut rows = judged(name, &ended, differs)?;
    for (who, share) in [("liveswarm", ours), ("nginx", theirs)] {
        let what = format!("{name}one core that {who} used, after the ramp");
        rows.push(Row::alone(&what, "%", vec![share])?);
    }
    Ok(rows)
}

fn judged(name: &str, ended: &Ended, differs: f64) -> anyhow::Result<Vec<Row>> {
    let row =
        |what: &str, unit: &str, value| Row::alone(&format!("{name}{what}"), unit, vec![value]);
    let figure = |what: &str, unit: &str, pointer: &str| row(what, unit, ended.figure(pointer)?);
    let at_most = |row: Row, value| row.reach(Of::Ours, Bound::AtMost, value);
    let late = "/requests/segment/failed";
    Ok(vec![
        at_most(figure("stalls", "", "/playback/stalls")?, 0.0),
        at_most(figure("segments that failed", "", late)?, 0.0),
        at_most(figure("segments skipped", "", "/playback/skipped")?, 0.0),
        at_most(
            figure("scheduling lag, p99", "ms", "/generator/lag_ms/p99")?,
            5.0,
        ),
        at_most(
            row("accounts that differ from nginx's log", "", differs)?,
            0.0,
        ),
        figure("segments fetched", "", "/requests/segment/ok")?,
        figure("playlists fetched", "", "/requests/playlist/ok")?,
        figure(
            "segment latency from when it was due, p99",
            "ms",
            "/latency_ms/segment_download/p99",
        )?,
    ])
}
