mod brute;
mod config;
mod grammar;
mod playing;
mod span;
mod watch;

use std::time::Duration;

use base::{Now, ViewerState};
use serde_json::json;

use super::{Objective, Status, Watch};
use crate::Snapshot;
use crate::latency::{self, What};
use crate::slo::{Key, Source, Tracker};
use crate::viewers::Group;

/// When the runs of these tests begin, in Unix milliseconds.
const START_MS: i64 = 1_700_000_000_000;

fn objective(text: &str) -> Objective {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn watch(expressions: &[&str]) -> Watch {
    Watch::new(expressions.iter().map(|text| objective(text)).collect())
}

fn at(ms: u64) -> Now {
    Now::new(Duration::from_millis(ms), START_MS)
}

/// A run as it is recorded: sums that only grow.
struct Run {
    slo: Tracker,
    latency: latency::Recorder,
    ok: u64,
    failed: u64,
    started: u64,
    time_ns: [u64; ViewerState::COUNT],
}

impl Run {
    fn new() -> Self {
        Self {
            slo: Tracker::new(at(0)),
            latency: latency::Recorder::default(),
            ok: 0,
            failed: 0,
            started: 0,
            time_ns: [0; ViewerState::COUNT],
        }
    }

    /// `count` glass-to-glass samples of viewers.
    fn glass(&mut self, ms: u64, latency_ms: u64, count: u64) {
        self.series(("/live", "hls", Source::Viewer), ms, latency_ms, count);
    }

    fn series(&mut self, key: (&str, &str, Source), ms: u64, latency_ms: u64, count: u64) {
        let series = self.slo.series(&Key::new(key.0, key.1, key.2), at(ms));
        for _ in 0..count {
            self.slo.record(series, latency_ms, at(ms));
        }
    }

    fn download(&mut self, us: u64) {
        self.latency
            .record(What::SegmentDownload, Duration::from_micros(us));
    }

    fn spend(&mut self, state: ViewerState, ms: u64) {
        self.time_ns[state.index()] += ms * 1_000_000;
    }

    fn snapshot(&self, ms: u64) -> Snapshot {
        let mut out = Snapshot {
            started_ms: Some(START_MS),
            at_ms: Some(START_MS + ms as i64),
            slo: self.slo.snapshot(),
            ..Snapshot::default()
        };
        self.latency.snapshot_into(&mut out.latency);
        let segments = json!({
            "ok": self.ok, "failed": self.failed, "cancelled": 3, "in_flight": 2, "bytes": 0,
        });
        let requests = json!({ "classes": { "segment": segments }, "statuses": [], "errors": [] });
        out.requests = serde_json::from_value(requests).unwrap();
        out.viewers.started = self.started;
        out.viewers.tracked = group(self.time_ns);
        out
    }
}

/// A hundred viewers that spent these times.
fn group(time_ns: [u64; ViewerState::COUNT]) -> Group {
    let states = [0, 0, 100, 0, 0, 0, 0];
    serde_json::from_value(json!({ "states": states, "time_ns": time_ns })).unwrap()
}

fn only(watch: &Watch) -> Status {
    let status = watch.status();
    assert_eq!(status.len(), 1);
    status[0].clone()
}
