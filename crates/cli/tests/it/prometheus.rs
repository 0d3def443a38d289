//! A real Prometheus scrapes a run and an origin: alerts fire, every panel of the Grafana
//! dashboards has data, and counts are those of the run.

mod alerts;
mod counts;
mod panels;

use std::net::SocketAddr;

use anyhow::ensure;
use testkit::http;
use testkit::process::{Ended, Liveswarm, Running};
use testkit::prometheus::{Config, Prometheus};

use crate::common::{BINARY, LIMIT, Origin, face_of};

/// A latency beyond every limit of the alerts, in milliseconds.
pub(crate) const SLOW_MS: u64 = 9_000;

/// A stream that fails now and then, so that every count has something to count.
const FAILING: &str = "--fault segment:503:1/5";

/// An origin and a run against it, both watched.
pub(crate) struct Stage {
    _origin: Origin,
    pub(crate) origin_face: SocketAddr,
    pub(crate) run: Running,
    pub(crate) run_face: SocketAddr,
}

impl Stage {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let objectives = ["glass_to_glass.p95 < 1m", "error_rate < 90%"];
        Self::of(FAILING, &objectives)
    }

    fn of(fault: &str, objectives: &[&str]) -> anyhow::Result<Self> {
        let mut origin = Origin::start(&format!(
            "--segment 1s --variants 300k {fault} --admin-listen 127.0.0.1:0"
        ))?;
        let origin_face = face_of(&mut origin.process)?;
        let mut run = Liveswarm::run(BINARY, Some(&origin.url))?
            .args("-n 4 --ramp-rate 4 --duration 10m --admin-listen 127.0.0.1:0");
        for objective in objectives {
            run = run.args("--slo").arg(objective);
        }
        let mut run = run.spawn()?;
        let run_face = face_of(&mut run)?;
        Ok(Self {
            _origin: origin,
            origin_face,
            run,
            run_face,
        })
    }

    /// A sample that somebody else measured, to each face.
    pub(crate) fn push(&self, latency_ms: u64) -> anyhow::Result<()> {
        let sample = format!(
            r#"{{"broadcast":"live","transport":"ll-hls","ingest_ts_ms":1000,"render_ts_ms":{}}}"#,
            1000 + latency_ms
        );
        for face in [self.run_face, self.origin_face] {
            let answer = http::post_json(face, "/api/v1/slo/client-sample", &sample, None)?;
            ensure!(answer.status == 204, "{}", answer.status);
        }
        Ok(())
    }

    /// What there is to scrape, each with its `job`.
    fn targets(&self, name: &str) -> [(String, SocketAddr); 2] {
        [
            (format!("{name}-run"), self.run_face),
            (format!("{name}-origin"), self.origin_face),
        ]
    }

    fn prometheus(&self, rules: Option<String>) -> anyhow::Result<Prometheus> {
        let targets = self.targets("liveswarm").into();
        Prometheus::start(&Config { targets, rules })
    }

    fn stop(self) -> anyhow::Result<()> {
        stop(self.run, self.run_face)?.expect_code(0)?;
        Ok(())
    }
}

/// Stops a run as a person would from afar.
fn stop(run: Running, face: SocketAddr) -> anyhow::Result<Ended> {
    let answer = http::post_json(face, "/api/v1/stop", "", None)?;
    ensure!(answer.status == 202, "{}", answer.status);
    run.wait(LIMIT)
}
