//! The programs that liveswarm is held against: where they are, and what they say they did.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, anyhow};
use serde_json::Value;

use crate::bench::Lab;
use crate::process::{self, Process, Used};

/// Far beyond what a peer was told to take.
const GRACE: Duration = Duration::from_mins(1);

/// Peers, what says their version, and what installs them.
const PEERS: [(&str, &[&str], &str); 4] = [
    ("nginx", &["-v"], "apt-get install nginx"),
    ("wrk", &["-v"], "apt-get install wrk"),
    (
        "oha",
        &["--version"],
        "cargo install oha --locked, with ~/.cargo/bin on the PATH",
    ),
    ("ffmpeg", &["-version"], "apt-get install ffmpeg"),
];

/// Where a peer is; an error that says how it is installed.
pub(crate) fn need(name: &str) -> anyhow::Result<PathBuf> {
    process::find(name).ok_or_else(|| anyhow!("{}", missing(name)))
}

/// That a peer is not there, and what to type.
pub(crate) fn missing(name: &str) -> String {
    let found = PEERS.iter().find(|(peer, ..)| *peer == name);
    let how = found.map_or("see its site", |(.., how)| how);
    format!("{name} is not installed; to have it: {how}")
}

/// The version a peer tells; none where it is not installed or tells none.
pub(crate) fn version(name: &str) -> Option<String> {
    let (_, arguments, _) = PEERS.iter().find(|(peer, ..)| *peer == name)?;
    let told = Command::new(process::find(name)?)
        .args(*arguments)
        .output()
        .ok()?;
    let text = [told.stdout, told.stderr].concat();
    let line = String::from_utf8_lossy(&text);
    let line = line.lines().find(|line| line.contains(name))?;
    let end = line.find("Copyright").unwrap_or(line.len());
    Some(line[..end].trim().to_owned())
}

/// What a client that asks for one URL again and again did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pulled {
    pub(crate) requests: u64,
    /// Bytes off the network, heads included.
    pub(crate) bytes: u64,
    pub(crate) used: Used,
}

/// How hard it is to ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pull<'a> {
    pub(crate) url: &'a str,
    pub(crate) connections: u32,
    pub(crate) length: Duration,
}

/// Tells what wrk's own summary rounds.
const WRK_SCRIPT: &str = r#"done = function(summary)
  local errors = summary.errors
  io.write(string.format('{"requests":%d,"bytes":%d,"errors":%d}\n', summary.requests,
    summary.bytes, errors.connect + errors.read + errors.write + errors.status))
end
"#;

/// One thread of wrk.
pub(crate) fn wrk(lab: &Lab, pull: Pull<'_>) -> anyhow::Result<Pulled> {
    let script = lab.home().join("done.lua");
    std::fs::write(&script, WRK_SCRIPT)?;
    let mut command = process::command(&need("wrk")?);
    command
        .args(["-t", "1", "--timeout", "30s", "-c"])
        .arg(pull.connections.to_string())
        .arg("-d")
        .arg(format!("{}s", pull.length.as_secs()))
        .arg("-s")
        .arg(&script)
        .arg(pull.url);
    let (said, used) = run(lab, "wrk", command, pull.length)?;
    let line = said.lines().find(|line| line.starts_with('{'));
    let told: Value = serde_json::from_str(line.context("wrk told nothing")?)?;
    let figure = |name: &str| told[name].as_u64().context("a figure of wrk's");
    anyhow::ensure!(figure("errors")? == 0, "wrk had errors: {said}");
    Ok(Pulled {
        requests: figure("requests")?,
        bytes: figure("bytes")?,
        used,
    })
}

/// oha; its connections are all its tasks.
pub(crate) fn oha(lab: &Lab, program: &Path, pull: Pull<'_>) -> anyhow::Result<Pulled> {
    let mut command = process::command(program);
    command
        .args(["--no-tui", "--output-format", "json", "--insecure", "-c"])
        .arg(pull.connections.to_string())
        .arg("-z")
        .arg(format!("{}s", pull.length.as_secs()))
        .arg(pull.url);
    let (said, used) = run(lab, "oha", command, pull.length)?;
    let told: Value = serde_json::from_str(&said).context("oha told no JSON")?;
    let bytes = told["summary"]["totalData"].as_u64();
    let statuses = told["statusCodeDistribution"].as_object();
    let whole = statuses.and_then(|statuses| statuses.get("200")?.as_u64());
    Ok(Pulled {
        requests: whole.context("oha had no answer of status 200")?,
        bytes: bytes.context("oha told no bytes")?,
        used,
    })
}

fn run(
    lab: &Lab,
    name: &str,
    mut command: Command,
    length: Duration,
) -> anyhow::Result<(String, Used)> {
    let mut process = Process::spawn(name, &mut command, lab.home())?;
    let used = process.finish(length + GRACE)?;
    Ok((process.stdout()?, used))
}
