//! CPU time of a live viewer: ours against `FFmpeg` processes, which decode nothing.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use testkit::live::{self, Container};

use super::{Bench, Lab, say, warn_of_load};
use crate::figures::{Bound, Of, Row};
use crate::liveswarm::Crowd;
use crate::nginx::{Config, Nginx};
use crate::process::{self, Process};
use crate::stop;

pub(super) const PLAYERS: Bench = Bench {
    name: "players",
    what: "CPU time of a live viewer at 2.25 Mbit/s, 2 s segments, against FFmpeg with -c copy",
    peers: &["nginx", "ffmpeg"],
    default: true,
    run,
};

/// Bits a second of the picture; sound and container make it 2.25 Mbit/s.
const VIDEO_BPS: u32 = 2_050_000;

/// `FFmpeg` processes at a time.
const PROCESSES: u32 = 10;

/// How long players take from their start to a steady state.
const SETTLE: Duration = Duration::from_secs(8);

fn run(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let stream = live::Live::start(live::Config {
        segment_s: 2,
        video_bps: VIDEO_BPS,
        ..live::Config::short(Container::Ts)
    })?;
    let nginx = Nginx::start(lab, &stream.folder(), Config::default())?;
    let ffmpeg = lab.peer("ffmpeg");
    let (mut ours, mut theirs, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=lab.rounds() {
        warn_of_load();
        say(&format!("round {round}: liveswarm"));
        let (cost, bps) = viewers(lab, &nginx)?;
        ours.push(cost);
        rates.push(bps / 1e6);
        if let Some(program) = &ffmpeg {
            say(&format!("round {round}: {PROCESSES} FFmpeg processes"));
            theirs.push(processes(lab, &nginx, program)?);
        }
    }
    let what = "CPU time of a live viewer for a minute";
    let unit = "CPU-s";
    let mut rows = vec![
        Row::alone(what, unit, ours.clone())?.reach(Of::Ours, Bound::AtMost, 0.006),
        Row::alone("media that a viewer took in", "Mbit/s", rates)?,
    ];
    if !theirs.is_empty() {
        let row = Row::against(what, unit, ours, ("FFmpeg", theirs))?;
        rows.push(row.reach(Of::Ratio, Bound::AtMost, 1.0 / 20.0));
    }
    Ok(rows)
}

/// CPU-seconds a viewer-minute in the steady state, and bits of media a second and viewer.
fn viewers(lab: &Lab, nginx: &Nginx) -> anyhow::Result<(f64, f64)> {
    let viewers = lab.choose(500, 50);
    let window = lab.seconds(40, 8);
    let ramp = viewers / 5;
    let begun = Duration::from_secs(5) + SETTLE;
    let url = nginx.url("index.m3u8");
    let crowd = Crowd {
        binary: None,
        url: &url,
        viewers,
        ramp,
        length: begun + window + Duration::from_secs(2),
        certificate: None,
        more: "--player hls.js",
    };
    let run = crowd.start(lab)?;
    stop::rest(begun)?;
    let before = run.process.cpu()?;
    stop::rest(window)?;
    let spent = run.process.cpu()?.saturating_sub(before);
    let ended = run.end()?;
    let minutes = f64::from(viewers) * window.as_secs_f64() / 60.0;
    let rate = ended
        .figure("/throughput/avg_30s")
        .or_else(|_| ended.figure("/throughput/overall"));
    Ok((
        spent.as_secs_f64() / minutes,
        rate? * 8.0 / f64::from(viewers),
    ))
}

fn processes(lab: &Lab, nginx: &Nginx, program: &Path) -> anyhow::Result<f64> {
    let url = nginx.url("index.m3u8");
    let folder = lab.folder("ffmpeg")?;
    let mut players = Vec::new();
    for number in 0..PROCESSES {
        let mut command = process::command(program);
        command
            .args(["-hide_banner", "-loglevel", "error", "-nostdin", "-i", &url])
            .args(["-map", "0", "-c", "copy", "-f", "null", "-"]);
        let name = format!("ffmpeg-{number}");
        players.push(Process::spawn(&name, &mut command, &folder)?);
    }
    stop::rest(SETTLE)?;
    let spent = |players: &[Process]| -> anyhow::Result<Duration> {
        players.iter().map(Process::cpu).sum()
    };
    let before = spent(&players)?;
    let window = lab.seconds(40, 8);
    stop::rest(window)?;
    let after = spent(&players).context("a player ended")?;
    for player in &players {
        anyhow::ensure!(!player.ended()?, "a player ended; {}", player.said());
    }
    let minutes = f64::from(PROCESSES) * window.as_secs_f64() / 60.0;
    Ok(after.saturating_sub(before).as_secs_f64() / minutes)
}
