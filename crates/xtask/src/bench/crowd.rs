//! Ten thousand viewers for two minutes on the machine that serves them too.

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
    what: "10,000 viewers at 500 kbit/s, 2 s segments, from nginx on the same cores, 2 minutes",
    peers: &["nginx"],
    default: true,
    run,
};

const BITRATE: u64 = 500_000;

const SEGMENT: Duration = Duration::from_secs(2);

fn run(lab: &Lab) -> anyhow::Result<Vec<Row>> {
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
    say(&format!("{viewers} viewers for {watched:?}"));
    let url = nginx.url("list.m3u8");
    let crowd = Crowd {
        binary: None,
        url: &url,
        viewers,
        ramp,
        length: begun + watched,
        certificate: None,
        more: "--player rfc8216",
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
    let mut rows = judged(&ended, differs)?;
    rows.push(Row::alone(
        "one core that liveswarm used, after the ramp",
        "%",
        vec![ours],
    )?);
    rows.push(Row::alone(
        "one core that nginx used, after the ramp",
        "%",
        vec![theirs],
    )?);
    Ok(rows)
}

fn judged(ended: &Ended, differs: f64) -> anyhow::Result<Vec<Row>> {
    let figure = |what: &str, unit: &str, pointer: &str| {
        Row::alone(what, unit, vec![ended.figure(pointer)?])
    };
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
            Row::alone("accounts that differ from nginx's log", "", vec![differs])?,
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
