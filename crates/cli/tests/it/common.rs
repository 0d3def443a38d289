//! What the tests of the binary share.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;
use testkit::http;
use testkit::process::{Ended, Liveswarm, Running};
use testkit::served::Ledger;
use testkit::wait;

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_liveswarm");

/// Far more than any run of these tests takes.
pub(crate) const LIMIT: Duration = Duration::from_secs(90);

/// `liveswarm`, with nothing said yet.
pub(crate) fn liveswarm() -> Liveswarm {
    Liveswarm::new(BINARY).expect("a folder for the run")
}

/// `liveswarm run URL --json FILE --quiet`.
pub(crate) fn run(url: &str) -> Liveswarm {
    Liveswarm::run(BINARY, Some(url))
        .expect("a folder for the run")
        .arg("--quiet")
}

/// `liveswarm run --json FILE --quiet`: with its own origin.
pub(crate) fn run_with_origin() -> Liveswarm {
    Liveswarm::run(BINARY, None)
        .expect("a folder for the run")
        .arg("--quiet")
}

/// `liveswarm origin`, ready to serve.
pub(crate) struct Origin {
    pub(crate) process: Running,
    pub(crate) addr: SocketAddr,
    pub(crate) url: String,
}

impl Origin {
    /// Starts it on a free port.
    pub(crate) fn start(arguments: &str) -> anyhow::Result<Self> {
        Self::at("127.0.0.1:0", arguments)
    }

    /// Starts it at an address.
    pub(crate) fn at(listen: &str, arguments: &str) -> anyhow::Result<Self> {
        let mut process = liveswarm()
            .args("origin --listen")
            .arg(listen)
            .args(arguments)
            .spawn()?;
        let url = process.until(LIMIT, "the origin's URL", |stdout, _| {
            stdout
                .lines()
                .flat_map(str::split_whitespace)
                .find(|word| word.starts_with("http://") && word.ends_with("master.m3u8"))
                .map(str::to_owned)
        })?;
        let addr = url
            .strip_prefix("http://")
            .and_then(|rest| rest.split('/').next())
            .context("no address in the URL")?
            .parse()?;
        Ok(Self { process, addr, url })
    }

    /// What it says it served, once nothing is under way any more: of a connection that was
    /// dropped it hears a moment after the client is gone.
    pub(crate) fn ledger(&self) -> anyhow::Result<Ledger> {
        let json = wait::until(LIMIT, "the origin's exchanges to end", || {
            let json = http::get_json(self.addr, "/ledger")?;
            Ok((json["total"]["in_flight"] == 0).then_some(json))
        })?;
        Ledger::of_origin(&json)
    }

    /// How many whole segments it has served by now.
    pub(crate) fn segments(&self) -> anyhow::Result<u64> {
        let json = http::get_json(self.addr, "/ledger")?;
        json["classes"]["segment"]["complete"]["requests"]
            .as_u64()
            .context("no segments in the ledger")
    }
}

/// Where a run or an origin says that its HTTP face is.
pub(crate) fn face_of(process: &mut Running) -> anyhow::Result<SocketAddr> {
    let url = process.until(LIMIT, "the face's address", |_, stderr| {
        let words = stderr.split_whitespace();
        let mut words = words.skip_while(|word| *word != "dashboard:").skip(1);
        words.next().map(str::to_owned)
    })?;
    let addr = url.trim_start_matches("http://").trim_end_matches('/');
    addr.parse().with_context(|| format!("no address in {url}"))
}

/// A figure of a run's JSON.
pub(crate) fn figure(json: &Value, path: &str) -> anyhow::Result<f64> {
    json.pointer(path)
        .and_then(Value::as_f64)
        .with_context(|| format!("no figure at {path} in {json:#}"))
}

/// How often requests failed for a reason, over all classes.
pub(crate) fn errors(json: &Value, kind: &str) -> u64 {
    json["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|error| error["kind"] == kind)
        .filter_map(|error| error["count"].as_u64())
        .sum()
}

/// A run whose stream had faults must not read as if nothing had been.
pub(crate) fn is_not_called_healthy(ended: &Ended) -> anyhow::Result<()> {
    ensure!(
        ended.stdout.contains("look at"),
        "nothing to look at? {ended}"
    );
    Ok(())
}

/// All that a run said, for words that must or must not be in it.
pub(crate) fn said(ended: &Ended) -> String {
    format!("{}\n{}", ended.stdout, ended.stderr)
}
