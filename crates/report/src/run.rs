use std::sync::Arc;

use serde::{Deserialize, Serialize};
use telemetry::{Snapshot, objective, origin, timeline};

use crate::agreement::Ledger;
use crate::format;

/// Room for the words of a load in a line; a plan of stages may be of any length.
const LOAD_WIDTH: usize = 48;

/// A run, finished or not: what every report is a function of.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The program's version.
    pub version: &'a str,
    /// What was asked for.
    pub config: &'a Config,
    /// What was seen. Its windows and states are those at the stop.
    pub snapshot: &'a Snapshot,
    /// The same of each group of the scenario, in the order of the configuration; empty where all
    /// viewers are of one.
    pub groups: &'a [Snapshot],
    /// What happened in each span of time, oldest first.
    pub timeline: &'a [Arc<timeline::Row>],
    /// How the objectives stand, in the order in which they were given.
    pub objectives: &'a [objective::Status],
    /// What the origin says it served, where it says so.
    pub ledger: Option<&'a Ledger>,
    /// What the origin's exporters say of it, where they are asked.
    pub origin_metrics: Option<&'a origin::View>,
    /// How it ended; `None` while it goes on.
    pub exit: Option<Exit<'a>>,
}

/// The exit code and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit<'a> {
    /// The code: 0 fine, 1 could not run, 2 wrong usage, 3 bad result, 4 generator-bound,
    /// 5 an objective was missed.
    pub code: u8,
    /// The reason in words.
    pub reason: &'a str,
}

/// What was asked for, with what was left out filled in. Credentials and tokens are masked
/// already.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option that is given or not"
)]
pub struct Config {
    /// The stream.
    pub url: String,
    /// Whether the stream is served by an origin that the run started itself.
    pub own_origin: bool,
    /// Viewers.
    pub viewers: u64,
    /// How they come and go, in words; empty where they come at `ramp_rate` and stay.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub load: String,
    /// Viewers started per second, where `load` doesn't say otherwise.
    pub ramp_rate: f64,
    /// By how much each start is moved at most, in milliseconds.
    pub ramp_jitter_ms: u64,
    /// How long the run was to take, ramp included, in seconds; `None`: until it is stopped.
    pub duration_s: Option<f64>,
    /// The players that viewers imitate, with weights, as typed; `by group` in a scenario.
    pub player: String,
    /// The variant, as typed; `by group` in a scenario.
    pub variant: String,
    /// When a viewer starts again: `on-failure`, `always` or `never`; `by group` in a scenario.
    pub restart: String,
    /// Buffer ahead of the playhead in seconds; `None`: the profile's.
    pub target_buffer_s: Option<f64>,
    /// Tries of a failed segment; `None`: the profile's.
    pub seg_retry: Option<u32>,
    /// Time limit of a request in seconds; `None`: the profile's.
    pub timeout_s: Option<f64>,
    /// Request headers beside the profile's, `Name: value`.
    pub headers: Vec<String>,
    /// The User-Agent; `None`: the profile's.
    pub user_agent: Option<String>,
    /// Whether no-cache request headers are sent.
    pub no_cache: bool,
    /// Names resolved by hand, `HOST:PORT:ADDR`.
    pub resolve: Vec<String>,
    /// Whether any certificate is accepted.
    pub insecure: bool,
    /// A file of certificates that are trusted too.
    pub cacert: Option<String>,
    /// Worker threads.
    pub workers: u64,
    /// The name under which latency is kept; `None`: from the URL.
    pub broadcast: Option<String>,
    /// The seed of every random choice.
    pub seed: u64,
    /// Options of our own origin, as typed.
    pub origin: Vec<String>,
    /// Whether an objective without a sample is missed.
    pub slo_require_data: bool,
    /// What viewers are, in words; empty where they are our own, which imitate `player`.
    pub engine: String,
    /// What else was asked for, each as one word as typed: `--source=127.0.0.2-127.0.0.9`.
    pub options: Vec<String>,
    /// The groups of a scenario; empty where all viewers are alike.
    pub groups: Vec<Group>,
}

/// A group of viewers of a scenario, secrets masked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Group {
    /// Its name, which no other has.
    pub name: String,
    /// Its share of the crowd, beside the weights of the others.
    pub weight: u32,
    /// How many of the run's `viewers` it has.
    pub viewers: u64,
    /// Its own stream; `None`: the run's.
    pub url: Option<String>,
    /// What the file says of its viewers, above the groups and in its own table, each as one word
    /// as typed: `--player=shaka`.
    pub options: Vec<String>,
}

impl Group {
    /// What its viewers are, piece by piece.
    pub(crate) fn traits(&self) -> impl Iterator<Item = &str> {
        let options = self
            .options
            .iter()
            .map(|option| option.trim_start_matches("--"));
        self.url.as_deref().into_iter().chain(options)
    }
}

impl Config {
    /// Whether nobody was sent: viewers came by themselves, to a gateway.
    pub(crate) fn is_gateway(&self) -> bool {
        self.viewers == 0
    }

    /// What each group saw, with its name.
    pub(crate) fn named<'a>(
        &'a self,
        groups: &'a [Snapshot],
    ) -> impl Iterator<Item = (&'a str, &'a Snapshot)> {
        let names = self.groups.iter().map(|group| group.name.as_str());
        names.zip(groups)
    }

    /// Whether our own origin serves some groups only, while others watch another stream.
    pub(crate) fn own_origin_serves_some(&self) -> bool {
        self.own_origin && self.groups.iter().any(|group| group.url.is_some())
    }

    /// How many viewers there are, and how they come and go.
    pub(crate) fn crowd(&self) -> String {
        let viewers = format::things(self.viewers, "viewer", "viewers");
        let most = if self.load.is_empty() { "" } else { "up to " };
        let pace = self.pace();
        format!("{most}{viewers}, {}", format::one_line(&pace, LOAD_WIDTH))
    }

    /// How viewers come and go.
    pub(crate) fn pace(&self) -> String {
        if self.load.is_empty() {
            format!("{}/s", self.ramp_rate)
        } else {
            self.load.clone()
        }
    }

    /// What viewers are.
    pub(crate) fn players(&self) -> &str {
        if self.engine.is_empty() {
            &self.player
        } else {
            &self.engine
        }
    }
}
