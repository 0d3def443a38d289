//! The `liveswarm` binary under measurement.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::bench::Lab;
use crate::process::{self, Process, Used};
use crate::root::root;
use crate::stop;

/// How long it may take to end after its time is up.
const GRACE: Duration = Duration::from_mins(1);

/// How long the origin may take to say where it listens.
const START_MAX: Duration = Duration::from_secs(20);

/// Builds the release binary, and says where it is.
pub(crate) fn build() -> anyhow::Result<PathBuf> {
    executable(&["--release", "--package=liveswarm", "--bin=liveswarm"])
}

/// Builds one target; where its executable is.
pub(crate) fn executable(target: &[&str]) -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .current_dir(root())
        .args(["build", "--locked", "--message-format", "json"])
        .args(target)
        .stderr(Stdio::inherit())
        .output()
        .context("can't start cargo")?;
    if !built.status.success() {
        bail!("cargo could not build {}", target.join(" "));
    }
    let said = String::from_utf8_lossy(&built.stdout);
    let messages = said.lines().map(serde_json::from_str::<Value>);
    let mut artifacts =
        messages.filter_map(|message| Some(message.ok()?["executable"].as_str()?.into()));
    artifacts.next_back().context("cargo built no executable")
}

/// A run to be.
#[derive(Clone, Debug)]
pub(crate) struct Crowd<'a> {
    /// Another binary than the one under measurement.
    pub(crate) binary: Option<&'a Path>,
    pub(crate) url: &'a str,
    pub(crate) viewers: u32,
    /// Viewers a second.
    pub(crate) ramp: u32,
    pub(crate) length: Duration,
    /// The certificate to trust.
    pub(crate) certificate: Option<PathBuf>,
    /// More arguments, split at blanks.
    pub(crate) more: &'a str,
}

/// A run under way.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) process: Process,
    json: PathBuf,
    length: Duration,
}

/// A run that ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) json: Value,
    pub(crate) used: Used,
}

impl Crowd<'_> {
    /// Starts it, with one worker: the other core is the server's.
    pub(crate) fn start(&self, lab: &Lab) -> anyhow::Result<Run> {
        let home = lab.folder("run")?;
        let json = home.join("run.json");
        let mut command = command(self.binary.unwrap_or(lab.binary()));
        command
            .arg("run")
            .arg(self.url)
            .args(["--workers", "1", "--quiet", "--ramp-jitter", "0ms"])
            .args(["--admin-listen", "off"])
            .arg(format!("--viewers={}", self.viewers))
            .arg(format!("--ramp-rate={}", self.ramp))
            .arg(format!("--duration={}s", self.length.as_secs()))
            .arg("--json")
            .arg(&json)
            .args(self.more.split_whitespace());
        if let Some(file) = &self.certificate {
            command.arg("--cacert").arg(file);
        }
        Ok(Run {
            process: Process::spawn("liveswarm", &mut command, &home)?,
            json,
            length: self.length,
        })
    }

    /// Starts it and waits for its end.
    pub(crate) fn run(&self, lab: &Lab) -> anyhow::Result<Ended> {
        self.start(lab)?.end()
    }
}

impl Run {
    /// Waits until it ends by itself, and reads what it saw. Whatever code it ended with, the
    /// figures are what counts.
    pub(crate) fn end(mut self) -> anyhow::Result<Ended> {
        let used = self.process.wait(self.length + GRACE)?;
        let json = std::fs::read(&self.json).with_context(|| self.process.said())?;
        Ok(Ended {
            json: serde_json::from_slice(&json)?,
            used,
        })
    }
}

impl Ended {
    /// A figure of the run's JSON; an error where it is unknown.
    pub(crate) fn figure(&self, pointer: &str) -> anyhow::Result<f64> {
        let figure = self.json.pointer(pointer).and_then(Value::as_f64);
        figure.with_context(|| format!("the run tells no {pointer}"))
    }
}

/// The binary with an environment that changes nothing.
fn command(binary: &Path) -> Command {
    let mut command = process::command(binary);
    for name in [
        "LIVESWARM_LOG",
        "LIVESWARM_ADMIN_TOKEN",
        "LIVESWARM_PUSH_TOKEN",
    ] {
        command.env_remove(name);
    }
    command
}

/// Our own origin.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) process: Process,
    /// The multivariant playlist, and what else it names.
    pub(crate) urls: Vec<String>,
}

impl Origin {
    /// Starts it on `listen` with `more` arguments.
    pub(crate) fn start(lab: &Lab, listen: &str, more: &[String]) -> anyhow::Result<Self> {
        let home = lab.folder("origin")?;
        let mut command = command(lab.binary());
        command.args(["origin", "--admin-listen", "off", "--listen", listen]);
        command.args(more);
        let mut process = Process::spawn("origin", &mut command, &home)?;
        let urls = stop::until(START_MAX, "the origin to listen", || {
            if process.ended()? {
                process.finish(START_MAX)?;
            }
            let said = process.stdout()?;
            let whole = said.ends_with('\n') && said.starts_with("http");
            Ok(whole.then(|| said.lines().map(str::to_owned).collect()))
        })?;
        Ok(Self { process, urls })
    }
}
