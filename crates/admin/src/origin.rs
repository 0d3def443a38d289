use base::Class;
use serde::Serialize;
use telemetry::slo;

/// A moment of an origin, as its face shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OriginFrame {
    /// The program's version.
    pub version: &'static str,
    /// Unix milliseconds when it began to serve.
    pub started_ms: i64,
    /// Unix milliseconds of the moment.
    pub at_ms: i64,
    /// Requests that ended, by class and status, each pair once.
    pub served: Vec<Served>,
    /// Requests that are being answered.
    pub in_flight: u64,
    /// Requests whose head did not read.
    pub malformed: u64,
    /// Connections that are open.
    pub connections: u64,
    /// Connections that were accepted so far.
    pub connections_total: u64,
    /// How late segments went out ([`slo::Source::Origin`]), and what others pushed.
    pub slo: slo::Table,
}

/// What an origin answered to requests of one class with one status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Served {
    /// What was asked for.
    pub class: Class,
    /// The status; `None` where the connection ended before one was sent.
    pub status: Option<u16>,
    /// Requests, answered whole or cut short.
    pub requests: u64,
    /// Bytes of body that were sent.
    pub bytes: u64,
}

/// The moment as JSON.
#[derive(Debug, Serialize)]
pub(crate) struct Document<'a> {
    schema: &'static str,
    version: &'static str,
    started_ms: i64,
    at_ms: i64,
    served: &'a [Served],
    in_flight: u64,
    malformed: u64,
    connections: u64,
    connections_total: u64,
    slo: Vec<slo::Row>,
    slo_refused: Refused,
}

#[derive(Debug, Serialize)]
struct Refused {
    series: u64,
    samples: u64,
}

impl<'a> Document<'a> {
    pub(crate) fn of(frame: &'a OriginFrame) -> Self {
        Self {
            schema: "liveswarm.origin/1",
            version: frame.version,
            started_ms: frame.started_ms,
            at_ms: frame.at_ms,
            served: &frame.served,
            in_flight: frame.in_flight,
            malformed: frame.malformed,
            connections: frame.connections,
            connections_total: frame.connections_total,
            slo: frame.slo.rows(frame.at_ms),
            slo_refused: Refused {
                series: frame.slo.refused_series,
                samples: frame.slo.refused_samples,
            },
        }
    }
}
