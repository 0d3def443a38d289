//! The run as plain data: `liveswarm.run/1`.
//!
//! A [`Document`] holds all that reports need, so that a page or a comparison can be made of the
//! file long after the run. Fields are only ever added: a file of an earlier version reads, and
//! what it does not have is unknown.

mod layout;
mod make;
mod parts;

use std::collections::BTreeMap;
use std::sync::Arc;

use base::Class;
use serde::{Deserialize, Serialize};
use telemetry::hist::{Distribution, Micros};
use telemetry::requests::{Counters, Status};
use telemetry::roster::Roster;
use telemetry::slo::Row;
use telemetry::{Estimated, What, objective, origin, timeline};

use crate::health::Health;
use crate::run::{Config, Run};
use layout::Layout;

pub use make::document;
pub(crate) use make::groups;
pub use parts::{
    Difference, Error, Exit, Generator, GroupFigures, Happened, LastWords, Origin, Playback,
    Players, Refused, Summary, Throughput, Viewers,
};

/// The name of the schema that [`json()`] follows.
pub const SCHEMA: &str = "liveswarm.run/1";

/// The whole document. Its fields, with their units, are those of the published schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: String,
    /// The program's version.
    pub version: String,
    /// When the run began (RFC 3339, UTC).
    pub started_at: Option<String>,
    /// The same in Unix milliseconds.
    pub started_ms: Option<i64>,
    /// How long it took, in seconds, ramp included.
    pub duration_s: f64,
    /// How it ended; `None` while it goes on.
    pub exit: Option<Exit>,
    /// How it goes, in one word; `None` in files of versions that did not say.
    #[serde(default)]
    pub health: Option<Health>,
    /// What was asked for.
    pub config: Config,
    /// How the objectives stand, in the order in which they were given.
    #[serde(default)]
    pub objectives: Vec<objective::Status>,
    /// Viewers by state.
    pub viewers: Viewers,
    /// Single viewers; `None` in files of versions that did not list them.
    #[serde(default)]
    pub roster: Option<Roster>,
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
    /// The samples that `latency_ms` sums up, those that have any.
    #[serde(default)]
    pub distributions: BTreeMap<What, Distribution<Micros>>,
    /// Glass-to-glass series.
    pub slo: Vec<Row>,
    /// Glass-to-glass series that found no room.
    pub slo_refused: Refused,
    /// The generator's own health.
    pub generator: Generator,
    /// The origin's own count; `None` where it keeps none.
    pub origin: Option<Origin>,
    /// What the origin's exporters say of it; `None` where they are not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin_metrics: Option<origin::View>,
    /// How players ended that are processes of their own; `None` where there are none, or none
    /// has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub players: Option<Players>,
    /// What of the counts is not measured; `None` where all of them are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated: Option<Estimated>,
    /// What each group of a scenario saw; empty where all viewers are of one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupFigures>,
    /// What happened in each span of time, oldest first.
    #[serde(default)]
    pub timeline: Vec<Arc<timeline::Row>>,
}

impl Document {
    /// Reads what [`json()`] wrote, in this version or an earlier one.
    pub fn read(text: &str) -> Result<Self, ReadError> {
        #[derive(Deserialize)]
        struct Named {
            schema: Option<String>,
        }
        let named: Named = serde_json::from_str(text).map_err(ReadError::NotARun)?;
        match named.schema {
            Some(schema) if schema == SCHEMA => {}
            found => return Err(ReadError::OtherSchema { found }),
        }
        serde_json::from_str(text).map_err(ReadError::NotARun)
    }

    /// The document as JSON text, ending with a line break.
    pub fn json(&self) -> String {
        let mut text = Vec::new();
        let mut to = serde_json::Serializer::with_formatter(&mut text, Layout::new());
        // Keys are strings and numbers are finite, so there is nothing that JSON could not hold.
        let _ = self.serialize(&mut to);
        text.push(b'\n');
        String::from_utf8(text).unwrap_or_default()
    }

    /// Requests of all classes.
    pub fn all_requests(&self) -> Counters {
        let mut all = Counters::default();
        self.requests.values().for_each(|class| all.merge(class));
        all
    }

    /// The latency of `what`; nothing where there is no sample.
    pub fn latency(&self, what: What) -> Summary {
        self.latency_ms.get(&what).copied().unwrap_or_default()
    }
}

/// Why a file can't be read as a run.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is no JSON, or not that of a run.
    #[error("not the JSON of a run (was it written with --json?): {0}")]
    NotARun(serde_json::Error),
    /// It follows another schema.
    #[error("{}", other_schema(found.as_deref()))]
    OtherSchema {
        /// What it says of itself.
        found: Option<String>,
    },
}

fn other_schema(found: Option<&str>) -> String {
    match found {
        Some(found) => format!(
            "it follows the schema {:?}, and this version reads {SCHEMA}",
            crate::format::one_line(found, 40)
        ),
        None => format!("it names no schema: is it the file that --json wrote ({SCHEMA})?"),
    }
}

/// The run as JSON text, ending with a line break.
pub fn json(run: &Run<'_>) -> String {
    document(run).json()
}
