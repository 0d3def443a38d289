//! The parts of a document: plain data, with units where a name needs them.

use std::collections::BTreeMap;

use base::{Class, Failure, ViewerState};
use serde::{Deserialize, Serialize};
use telemetry::requests::{Counters, Status};
use telemetry::throughput::Windows;
use telemetry::viewers::Exits;
use telemetry::{Cause, Estimated, Verdict, What};

use crate::agreement::{Agreement, Served};
use crate::words;

/// How the run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// The exit code.
    pub code: u8,
    /// The reason in words.
    pub reason: String,
}

/// Viewers by state, and how often they started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Viewers {
    /// How many were wanted.
    pub target: u64,
    /// Those whose turn came.
    pub started: u64,
    /// Starts after a backoff.
    pub restarts: u64,
    /// How lives ended; `None` in files of versions that did not say.
    #[serde(default)]
    pub exits: Option<Exits>,
    /// Connections that viewers made after the first one of each; `None` likewise.
    #[serde(default)]
    pub reconnections: Option<u64>,
    /// How long lives that ended had lasted, in seconds; `None` likewise.
    #[serde(default)]
    pub uptime_s: Option<Summary>,
    /// By state: they add up to all.
    pub states: BTreeMap<ViewerState, u64>,
}

impl Viewers {
    /// Viewers in `state`.
    pub fn count(&self, state: ViewerState) -> u64 {
        self.states.get(&state).copied().unwrap_or(0)
    }
}

/// What viewers with a playhead saw, summed over them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Playback {
    /// A viewer's start to its first picture.
    pub startup_ms: Summary,
    /// Time played, in seconds.
    pub play_s: Option<f64>,
    /// Time stalled, in seconds.
    pub stall_s: Option<f64>,
    /// How often a viewer stalled.
    pub stalls: Option<u64>,
    /// Stalled / (stalled + played), startup excluded.
    pub rebuffer_ratio: Option<f64>,
    /// Segments that were not fetched.
    pub skipped: u64,
    /// When; `None` in files of versions that did not say.
    #[serde(default)]
    pub skipped_at: Option<Happened>,
    /// Segments that arrived after the buffer ran out.
    pub late: u64,
    /// When; `None` in files of versions that did not say.
    #[serde(default)]
    pub late_at: Option<Happened>,
    /// Playlists that did not change for too long.
    pub stale_playlists: Happened,
    /// Glass-to-glass samples below zero.
    pub clock_ahead: Happened,
}

/// How often something happened, and when first and last, in milliseconds since the run began;
/// `None` where it never happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happened {
    /// How often.
    pub count: u64,
    /// The first time.
    pub first_ms: Option<i64>,
    /// The last time.
    pub last_ms: Option<i64>,
}

/// How often requests of one class failed in one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    /// What was asked for.
    pub class: Class,
    /// The name of the failure.
    pub kind: String,
    /// The HTTP status, where that is the failure.
    pub status: Option<u16>,
    /// How often.
    pub count: u64,
    /// The first, in milliseconds since the run began.
    pub first_ms: i64,
    /// The last, likewise.
    pub last_ms: i64,
}

impl Error {
    /// The failure that is named; `None` where a later version named one that is not known here.
    pub fn failure(&self) -> Option<Failure> {
        let known = [
            Failure::Status(self.status.unwrap_or(0)),
            Failure::Dns,
            Failure::ConnectRefused,
            Failure::ConnectTimedOut,
            Failure::ConnectFailed,
            Failure::Tls,
            Failure::ReadTimedOut,
            Failure::Reset,
            Failure::Truncated,
            Failure::TooLarge,
            Failure::Protocol,
            Failure::Redirect,
            Failure::InvalidPlaylist,
            Failure::NoDescriptor,
            Failure::NoPort,
            Failure::Generator,
        ];
        known.into_iter().find(|known| known.kind() == self.kind)
    }

    /// The failure in words.
    pub fn name(&self) -> String {
        match self.failure() {
            Some(failure) => words::failure(self.class, failure).0,
            None => self.kind.clone(),
        }
    }

    /// What to try; empty where nothing is known of the failure.
    pub fn hint(&self) -> &'static str {
        self.failure()
            .map_or("", |failure| words::failure(self.class, failure).1)
    }
}

/// Segment bytes a second; `None` before any data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Throughput {
    /// Averages over windows that end at the last whole second.
    #[serde(flatten)]
    pub windows: Windows,
    /// The fullest 100 ms of the last 300 s, as a rate.
    pub peak_100ms: Option<f64>,
    /// All segment bytes.
    pub total_bytes: u64,
}

/// How samples spread, in the unit that the field's name has; `None` without samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How many samples.
    pub count: u64,
    /// The median.
    pub p50: Option<f64>,
    /// 90 of 100 samples are this or less.
    pub p90: Option<f64>,
    /// 95 of 100 samples are this or less.
    pub p95: Option<f64>,
    /// 99 of 100 samples are this or less.
    pub p99: Option<f64>,
    /// The greatest.
    pub max: Option<f64>,
}

/// What one group of a scenario saw: figures of its viewers alone, each as the run has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupFigures {
    /// The group's name.
    pub name: String,
    /// Viewers by state.
    pub viewers: Viewers,
    /// What viewers saw.
    pub playback: Playback,
    /// Requests by class.
    pub requests: BTreeMap<Class, Counters>,
    /// Requests that ended, by class and status.
    pub statuses: Vec<Status>,
    /// Failures by class and kind.
    pub errors: Vec<Error>,
    /// Segment bytes a second.
    pub throughput: Throughput,
    /// Latencies, in milliseconds.
    pub latency_ms: BTreeMap<What, Summary>,
    /// How players ended that are processes of their own; `None` where there are none, or none
    /// has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub players: Option<Players>,
    /// What of the counts is not measured; `None` where all of them are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated: Option<Estimated>,
}

/// SLO series and samples that found no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Series.
    pub series: u64,
    /// Samples of such series.
    pub samples: u64,
}

/// The generator's own health.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Generator {
    /// CPU time, in seconds.
    pub cpu_s: Option<f64>,
    /// The most memory it held.
    pub rss_peak_bytes: Option<u64>,
    /// How late timers fired.
    pub lag_ms: Summary,
    /// What the gateway added to each exchange of a player; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_ms: Option<Summary>,
    /// Worker threads.
    pub workers: Option<u64>,
    /// The greatest share of a core that a worker used over a second.
    pub worker_cpu_max: Option<f64>,
    /// The most file descriptors that were open.
    pub descriptors_max: Option<u64>,
    /// How many may be.
    pub descriptors_limit: Option<u64>,
    /// Whether it kept up.
    pub verdict: Verdict,
    /// Why it did not.
    pub causes: BTreeMap<Cause, Happened>,
}

/// What the origin says it served, beside what the viewers counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// What it served of each class.
    pub classes: BTreeMap<Class, Served>,
    /// The worst of all classes.
    pub agreement: Agreement,
    /// Where the two counts differ.
    pub difference: BTreeMap<Class, Difference>,
}

/// What the origin counted more than the viewers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Requests.
    pub requests: i64,
    /// Bytes of body.
    pub bytes: i64,
    /// Whether interrupted requests explain it.
    pub agreement: Agreement,
}

/// How players ended that are processes of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Players {
    /// By themselves, with exit code 0.
    pub success: u64,
    /// By themselves, with another exit code.
    pub error: u64,
    /// Killed by a signal that was not ours.
    pub signal: u64,
    /// Ended by us: their viewers left, or they were to be started again.
    pub stopped: u64,
    /// Those that did not start.
    pub not_started: u64,
    /// CPU time that they used, in seconds; `None` where it is not known.
    pub cpu_s: Option<f64>,
    /// The most memory that one of them held, in bytes; `None` likewise.
    pub memory_max_bytes: Option<u64>,
    /// What those said last that failed.
    pub last_words: Vec<LastWords>,
}

/// What players said last, and how often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastWords {
    /// The last line.
    pub words: String,
    /// How many said it, and when first and last.
    pub seen: Happened,
}
