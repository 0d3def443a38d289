//! Resident memory of a live viewer: what ten thousand take beyond what one takes.

use std::time::Duration;

use super::{Bench, Lab, say, warn_of_load};
use crate::figures::{Bound, Of, Row};
use crate::liveswarm::Crowd;
use crate::nginx::{Config, Nginx};
use crate::stop;
use crate::stream::Live;

pub(super) const MEMORY: Bench = Bench {
    name: "memory",
    what: "resident memory a viewer, 10,000 live viewers, beyond the process with one viewer",
    peers: &["nginx"],
    default: true,
    run,
};

/// Bit rate of the stream. What a viewer holds does not depend on it; what the machine has to
/// carry does.
const BITRATE: u64 = 100_000;

const SEGMENT: Duration = Duration::from_secs(4);

/// How often memory is looked at.
const LOOK: Duration = Duration::from_secs(1);

fn run(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let viewers = lab.choose(10_000, 500);
    let mut rows = Vec::new();
    for (name, tls, most) in [("plain", false, 8.0), ("TLS 1.3", true, 32.0)] {
        let live = Live::start(lab, BITRATE, SEGMENT)?;
        let config = Config {
            tls,
            ..Config::default()
        };
        let nginx = Nginx::start(lab, &live.folder, config)?;
        let (mut each, mut all) = (Vec::new(), Vec::new());
        for round in 1..=lab.rounds() {
            warn_of_load();
            say(&format!("{name}, round {round}: one viewer"));
            let idle = resident(lab, &nginx, 1)?;
            say(&format!("{name}, round {round}: {viewers} viewers"));
            let full = resident(lab, &nginx, viewers)?;
            each.push(full.saturating_sub(idle) as f64 / f64::from(viewers - 1) / 1e3);
            all.push(full as f64 / 1e6);
        }
        let what = format!("a viewer's memory, {viewers} live viewers, {name}");
        rows.push(Row::alone(&what, "kB", each)?.reach(Of::Ours, Bound::AtMost, most));
        rows.push(Row::alone("the whole process with them", "MB", all)?);
        live.end()?;
    }
    Ok(rows)
}

/// Resident memory of the process while `viewers` watch: the most that was seen.
fn resident(lab: &Lab, nginx: &Nginx, viewers: u32) -> anyhow::Result<u64> {
    let ramp = lab.choose(500, 250).min(viewers);
    let started = Duration::from_secs(u64::from(viewers / ramp));
    let watched = lab.seconds(20, 8);
    let url = nginx.url("list.m3u8");
    let crowd = Crowd {
        binary: None,
        url: &url,
        viewers,
        ramp,
        length: started + watched,
        certificate: url.starts_with("https").then(|| nginx.certificate()),
        more: "--player hls.js",
    };
    let run = crowd.start(lab)?;
    stop::rest(started + watched / 2)?;
    let mut most = 0;
    for _ in 0..watched.as_secs() / 2 - 1 {
        most = run.process.rss()?.max(most);
        stop::rest(LOOK)?;
    }
    let ended = run.end()?;
    let playing =
        ended.figure("/viewers/states/playing")? + ended.figure("/viewers/states/ended")?;
    anyhow::ensure!(
        playing >= f64::from(viewers) * 0.99,
        "only {playing} of {viewers} viewers played"
    );
    Ok(most)
}
