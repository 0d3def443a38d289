//! Exporters for Prometheus: of a machine, and of an nginx.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::bail;

use crate::child::{self, Guard};
use crate::nginx::{Nginx, free_port};
use crate::{http, wait};

/// How long one may take to answer.
const LIMIT: Duration = Duration::from_secs(20);
/// How many ports are tried: another process may take one before it listens.
const PORTS_TRIED: u32 = 5;

/// A running exporter on loopback.
#[derive(Debug)]
pub struct Exporter {
    _process: Guard,
    addr: SocketAddr,
}

impl Exporter {
    /// Node exporter: of this machine.
    pub fn node() -> anyhow::Result<Self> {
        let program = child::find("prometheus-node-exporter", "prometheus-node-exporter")?;
        Self::start("node_exporter_build_info", |addr| {
            let mut command = child::command(&program);
            command.arg(format!("--web.listen-address={addr}"));
            command
        })
    }

    /// The nginx exporter: of `nginx`.
    pub fn nginx(nginx: &Nginx) -> anyhow::Result<Self> {
        let program: PathBuf =
            child::find("prometheus-nginx-exporter", "prometheus-nginx-exporter")?;
        let status = nginx.status_url();
        Self::start("nginx_up 1", |addr| {
            let mut command = child::command(&program);
            command.arg(format!("-web.listen-address={addr}"));
            command.arg(format!("-nginx.scrape-uri={status}"));
            command
        })
    }

    /// Where its metrics are.
    pub fn url(&self) -> String {
        format!("http://{}/metrics", self.addr)
    }

    /// Starts one and waits until its metrics hold `word`.
    fn start(word: &str, command: impl Fn(SocketAddr) -> Command) -> anyhow::Result<Self> {
        let mut last = None;
        for attempt in 0..PORTS_TRIED {
            let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port(attempt)?));
            let mut command = command(addr);
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            let mut process = Guard::spawn(&mut command)?;
            let answered = wait::until(LIMIT, "an exporter to answer", || {
                if let Some(status) = process.status()? {
                    bail!("{command:?} ended with {status}");
                }
                let answer = http::get(addr, "/metrics").ok();
                let text = answer.map(|answer| String::from_utf8_lossy(&answer.body).into_owned());
                Ok(text.filter(|text| text.contains(word)))
            });
            match answered {
                Ok(_) => {
                    return Ok(Self {
                        _process: process,
                        addr,
                    });
                }
                Err(error) => last = Some(error),
            }
        }
        bail!("an exporter did not start on {PORTS_TRIED} ports; the last time: {last:?}")
    }
}
