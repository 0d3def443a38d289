//! A real Prometheus that scrapes loopback, and promtool beside it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{Seek as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::child::{self, Guard};
use crate::{http, wait};

/// The Debian package of both programs.
const PACKAGE: &str = "prometheus";

/// How long it may take to be ready.
const LIMIT: Duration = Duration::from_secs(30);

/// What it scrapes, and what it makes of that. It scrapes and evaluates once a second.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Where `/metrics` is, each with the `job` label of what is scraped there.
    pub targets: Vec<(String, SocketAddr)>,
    /// A rules file, as text.
    pub rules: Option<String>,
}

/// A running server.
#[derive(Debug)]
pub struct Prometheus {
    _process: Guard,
    addr: SocketAddr,
    home: TempDir,
}

/// One series at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Its labels, the name among them as `__name__`.
    pub labels: BTreeMap<String, String>,
    /// Its value.
    pub value: f64,
}

impl Prometheus {
    /// Starts a server on a free port and waits until it is ready.
    pub fn start(config: &Config) -> anyhow::Result<Self> {
        let program = child::find("prometheus", PACKAGE)?;
        let home = TempDir::with_prefix("liveswarm-prometheus-")?;
        if let Some(rules) = &config.rules {
            fs::write(home.path().join("rules.yml"), rules)?;
        }
        fs::write(home.path().join("prometheus.yml"), config.text()?)?;
        let log = home.path().join("log");
        let mut command = child::command(&program);
        command
            .current_dir(home.path())
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"])
            .arg("--web.listen-address=127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log)?);
        let mut process = Guard::spawn(&mut command)?;
        let ready = wait::until(LIMIT, "Prometheus to be ready", || {
            if let Some(status) = process.status()? {
                bail!("Prometheus ended with {status}");
            }
            let Some(addr) = address(&fs::read_to_string(&log)?) else {
                return Ok(None);
            };
            let answer = http::get(addr, "/-/ready").ok();
            Ok(answer.filter(|answer| answer.status == 200).map(|_| addr))
        });
        let addr = ready.with_context(|| fs::read_to_string(&log).unwrap_or_default())?;
        Ok(Self {
            _process: process,
            addr,
            home,
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What an expression says at this moment: a vector's series, or a scalar without labels.
    pub fn query(&self, expression: &str) -> anyhow::Result<Vec<Sample>> {
        let data = self.api("query", &[("query", expression)])?;
        samples(&data).with_context(|| format!("{expression}: {data}"))
    }

    /// The alerts that are pending or firing, as its API has them.
    pub fn alerts(&self) -> anyhow::Result<Vec<Value>> {
        let data = self.api("alerts", &[])?;
        Ok(data["alerts"].as_array().cloned().unwrap_or_default())
    }

    /// `data` of what `/api/v1/PATH` answers; an error with its reason where that is no success.
    pub fn api(&self, path: &str, parameters: &[(&str, &str)]) -> anyhow::Result<Value> {
        let mut target = format!("/api/v1/{path}");
        for (at, (name, value)) in parameters.iter().enumerate() {
            let sign = if at == 0 { '?' } else { '&' };
            write!(target, "{sign}{name}={}", encoded(value))?;
        }
        let answer = http::get(self.addr, &target)?;
        let mut json: Value = serde_json::from_slice(&answer.body)
            .with_context(|| format!("{target} answered {}", answer.status))?;
        ensure!(json["status"] == "success", "{parameters:?}: {json}");
        Ok(json["data"].take())
    }

    /// What it has said so far, for messages.
    pub fn log(&self) -> String {
        fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }
}

impl Config {
    fn text(&self) -> anyhow::Result<String> {
        let mut text =
            "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
                .to_owned();
        if self.rules.is_some() {
            text.push_str("rule_files: [rules.yml]\n");
        }
        text.push_str("scrape_configs:\n");
        for (job, addr) in &self.targets {
            writeln!(
                text,
                "- {{job_name: '{job}', static_configs: [{{targets: ['{addr}']}}]}}"
            )?;
        }
        Ok(text)
    }
}

/// Runs promtool in `folder`; an error with what it said, unless it ended well.
pub fn promtool(folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let program: PathBuf = child::find("promtool", PACKAGE)?;
    let output = child::command(program)
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .output()?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    ensure!(output.status.success(), "promtool {arguments:?}:\n{said}");
    Ok(said)
}

/// What `promtool check metrics` finds wrong with what `/metrics` answered, a finding a line.
pub fn check_metrics(exposition: &str) -> anyhow::Result<Vec<String>> {
    let program = child::find("promtool", PACKAGE)?;
    let mut file = tempfile::tempfile()?;
    file.write_all(exposition.as_bytes())?;
    file.rewind()?;
    let output = child::command(program)
        .args(["check", "metrics"])
        .stdin(file)
        .output()?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    // It ends with 3 where there are findings, and otherwise where it could not read them.
    let read = matches!(output.status.code(), Some(0 | 3));
    ensure!(read, "promtool check metrics: {said}");
    Ok(said.lines().map(str::to_owned).collect())
}

/// The address that the log says it listens on.
fn address(log: &str) -> Option<SocketAddr> {
    let line = log
        .lines()
        .find(|line| line.contains("msg=\"Listening on\""))?;
    let words = line.split_whitespace();
    let address = words.rev().find_map(|word| word.strip_prefix("address="));
    // A line may be half written.
    address.filter(|_| log.ends_with('\n'))?.parse().ok()
}

fn samples(data: &Value) -> Option<Vec<Sample>> {
    let result = data["result"].as_array()?;
    match data["resultType"].as_str()? {
        "vector" => result.iter().map(sample).collect(),
        "scalar" => Some(vec![Sample {
            labels: BTreeMap::new(),
            value: result.get(1)?.as_str()?.parse().ok()?,
        }]),
        _ => None,
    }
}

fn sample(series: &Value) -> Option<Sample> {
    let labels = series["metric"].as_object()?.iter();
    let labels = labels.map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    Some(Sample {
        labels: labels.collect::<Option<_>>()?,
        // It writes `+Inf` and `NaN` as Rust reads them.
        value: series["value"][1].as_str()?.parse().ok()?,
    })
}

/// A value as a query has it.
fn encoded(value: &str) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // A string takes what it is given.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_a_whole_line() {
        let line = "ts=1 caller=tls_config.go:232 level=info component=web msg=\"Listening on\" \
                    address=127.0.0.1:43547\n";
        let expected = "127.0.0.1:43547".parse().ok();
        assert_eq!(address(line), expected);
        assert_eq!(address(line.trim_end_matches("7\n")), None);
        let asked = "msg=\"Start listening for connections\" address=127.0.0.1:0\n";
        assert_eq!(address(asked), None);
        assert_eq!(address(&format!("{asked}{line}")), expected);
    }

    #[test]
    fn answers_are_read_and_queries_written() {
        let vector = serde_json::json!({"resultType": "vector", "result": [
            {"metric": {"__name__": "up", "job": "a"}, "value": [1.5, "1"]},
            {"metric": {}, "value": [1.5, "+Inf"]},
        ]});
        let read = samples(&vector).unwrap();
        assert_eq!(read[0].labels["job"], "a");
        assert_eq!((read[0].value, read[1].value), (1.0, f64::INFINITY));
        let scalar = serde_json::json!({"resultType": "scalar", "result": [1.5, "2.5"]});
        let labels = BTreeMap::new();
        let expected = vec![Sample { labels, value: 2.5 }];
        assert_eq!(samples(&scalar), Some(expected));
        assert_eq!(samples(&serde_json::json!({"resultType": "matrix"})), None);
        assert_eq!(encoded("up{a=\"b c\"}~1"), "up%7Ba%3D%22b%20c%22%7D~1");
    }
}
