//! What the origin says of itself, as outputs show it: figures with their age, and what it says
//! it sent beside what viewers say they received.
//!
//! Plain data. Whoever asks the origin fills it in; nothing here is measured by viewers, but for
//! [`Sent::received_bytes`].

use serde::{Deserialize, Serialize};

/// What the origin says of itself at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Where it was asked, in the order in which that was given.
    pub sources: Vec<Source>,
    /// The machine; `None` where no source tells of it.
    pub host: Option<Host>,
    /// The web server; `None` likewise.
    pub server: Option<Server>,
    /// What it says it sent, the most exact account first.
    pub sent: Vec<Sent>,
    /// Sizes of segments as it lists them; `None` likewise.
    pub segments: Option<Segments>,
}

/// One URL that is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The URL; credentials are masked.
    pub url: String,
    /// How often it answered with something that could be read.
    pub readings: u64,
    /// How often it did not.
    pub failures: u64,
    /// How often its counters began anew: what they counted in between is not known.
    pub resets: u64,
    /// How old the newest reading is; `None` before the first.
    pub age_ms: Option<u64>,
    /// Whether that is too old, or there is none though there should be: figures that come from
    /// here are then not those of this moment.
    pub stale: bool,
    /// Why the newest attempt gave nothing; `None` where it did.
    pub error: Option<String>,
}

/// A figure over the newest readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Of the newest reading.
    pub newest: f64,
    /// How old that is.
    pub age_ms: u64,
    /// Whether that is too old to be taken for this moment's.
    pub stale: bool,
    /// The median of the window.
    pub p50: f64,
    /// The greatest of the window.
    pub max: f64,
    /// The greatest since the run began.
    pub run_max: f64,
}

/// The origin's machine, as node exporter tells of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// Share of all its cores that was busy, from 0 to 1.
    pub cpu: Option<Figure>,
    /// Share of its memory that was not available, from 0 to 1.
    pub memory: Option<Figure>,
    /// Its memory.
    pub memory_bytes: Option<u64>,
    /// Bytes a second that came in over its network devices, but loopback.
    pub network_in: Option<Figure>,
    /// Bytes a second that went out likewise.
    pub network_out: Option<Figure>,
}

/// The origin's web server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Server {
    /// Open connections.
    pub connections: Option<Figure>,
    /// Of them: request heads are read.
    pub reading: Option<u64>,
    /// Of them: answers are written.
    pub writing: Option<u64>,
    /// Of them: idle.
    pub waiting: Option<u64>,
    /// Connections accepted since the first reading.
    pub accepted: Option<u64>,
    /// Requests since the first reading, those for its own metrics included.
    pub requests: Option<u64>,
    /// Requests a second.
    pub requests_per_s: Option<Figure>,
    /// Mean time that it took for the requests of an interval, in milliseconds.
    pub latency_ms: Option<Figure>,
    /// 95th percentile of the same, from its histogram.
    pub latency_p95_ms: Option<Figure>,
    /// Bytes sent a second.
    pub sent_per_s: Option<Figure>,
}

/// What the origin says it sent, and what viewers say they received in the same time: from the
/// first reading to the newest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// What is counted.
    pub scope: Scope,
    /// Bytes that it says it sent.
    pub bytes: u64,
    /// Bytes of body that viewers received.
    pub received_bytes: u64,
    /// How much more it says it sent than viewers received, in percent of what they received; less
    /// is negative. `None` where they received nothing.
    pub difference_percent: Option<f64>,
    /// How long that took, in milliseconds.
    pub over_ms: u64,
    /// How often its counter began anew meanwhile: then it sent more than it says.
    pub resets: u64,
}

impl Sent {
    /// Two counts, that of the origin first, and what they differ by.
    pub fn of(scope: Scope, bytes: u64, received_bytes: u64) -> Self {
        let more = bytes as f64 - received_bytes as f64;
        Self {
            scope,
            bytes,
            received_bytes,
            difference_percent: (received_bytes > 0).then(|| more * 100.0 / received_bytes as f64),
            over_ms: 0,
            resets: 0,
        }
    }
}

/// What a count of bytes counts, the most exact first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Bodies of this stream's answers: what viewers count too.
    Bodies,
    /// Answers of the web server with their heads, whoever asked.
    Server,
    /// All that left the machine over the network, with its framing, for whatever reason.
    Host,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Bodies, Self::Server, Self::Host];

    /// The name in outputs for machines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bodies => "bodies",
            Self::Server => "server",
            Self::Host => "host",
        }
    }
}

/// Sizes of the segments that the origin lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segments {
    /// Segments in the newest listing.
    pub listed: u64,
    /// Segments whose size is known, those that have left the listing lately included.
    pub known: u64,
    /// The median size in the newest listing; `None` where it has no segment.
    pub p50_bytes: Option<u64>,
    /// The greatest likewise.
    pub max_bytes: Option<u64>,
    /// How often the stream began anew: numbers went back.
    pub restarts: u64,
    /// How old the newest listing is.
    pub age_ms: u64,
    /// Whether that is too old to be taken for this moment's.
    pub stale: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_is_of_what_viewers_received() {
        let percent = |bytes, received| Sent::of(Scope::Host, bytes, received).difference_percent;
        assert_eq!(percent(100, 100), Some(0.0));
        assert_eq!(percent(150, 100), Some(50.0));
        assert_eq!(percent(50, 100), Some(-50.0));
        assert_eq!(percent(50, 0), None);
    }
}
