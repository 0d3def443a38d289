//! What a metric is: one entry of the table.

use report::Frame;

use super::SloAt;
use super::bounds::Bounds;
use super::samples::Samples;
use crate::origin::OriginFrame;

/// One metric.
#[derive(Debug)]
pub(super) struct Metric {
    /// The name in the plain format: counters end in `_total`.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) unit: Unit,
    pub(super) labels: &'static [Label],
    /// One sentence, exposed with it.
    pub(super) help: &'static str,
    /// What else its definition says; may be empty.
    pub(super) more: &'static str,
    /// Where the same figure stands: a JSON pointer into `/api/v1/snapshot`, or what is made of
    /// several.
    pub(super) from: &'static str,
    pub(super) read: Read,
}

/// The type of a metric.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down, and is absent while it is unknown.
    Gauge,
    /// Samples counted by size.
    Histogram(Bounds),
    /// Always 1: its labels are what it says.
    Info,
}

/// What a figure counts. The first four may end a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Bytes,
    Ratio,
    BytesPerSecond,
    Milliseconds,
    PerSecond,
    /// Of the things that the name says.
    Count,
    None,
}

/// A label of a metric.
#[derive(Clone, Copy, Debug)]
pub(super) struct Label {
    pub(super) name: &'static str,
    /// Its values.
    pub(super) values: &'static str,
}

/// How the figures are read, which is also where they are exposed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Read {
    /// Of a run.
    Run(fn(&Frame, &mut Samples<'_>)),
    /// Of a run, where each viewer has series of its own.
    Viewer(fn(&Frame, &mut Samples<'_>)),
    /// Of an origin.
    Origin(fn(&OriginFrame, &mut Samples<'_>)),
    /// Of the latency series that both have.
    Slo(fn(SloAt<'_>, &mut Samples<'_>)),
}

/// Metrics on one subject.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) title: &'static str,
    /// What holds for all of them; may be empty.
    pub(super) about: &'static str,
    pub(super) metrics: &'static [Metric],
}

impl Kind {
    /// The type as the plain format has it, which knows no info.
    pub(super) const fn plain(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge | Self::Info => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }

    /// The type as OpenMetrics has it.
    pub(super) const fn open(self) -> &'static str {
        match self {
            Self::Info => "info",
            other => other.plain(),
        }
    }
}

impl Metric {
    /// The name of the family in OpenMetrics, to which samples add a suffix.
    pub(super) fn family(&self) -> &'static str {
        let suffix = match self.kind {
            Kind::Counter => "_total",
            Kind::Info => "_info",
            Kind::Gauge | Kind::Histogram(_) => "",
        };
        self.name.strip_suffix(suffix).unwrap_or(self.name)
    }
}

impl Unit {
    /// The unit as a name may end in it.
    pub(super) const fn suffix(self) -> Option<&'static str> {
        match self {
            Self::Seconds => Some("seconds"),
            Self::Bytes => Some("bytes"),
            Self::Ratio => Some("ratio"),
            Self::BytesPerSecond => Some("bytes_per_second"),
            Self::Milliseconds | Self::PerSecond | Self::Count | Self::None => None,
        }
    }

    /// The unit in words.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Bytes => "bytes",
            Self::Ratio => "ratio",
            Self::BytesPerSecond => "bytes a second",
            Self::Milliseconds => "milliseconds",
            Self::PerSecond => "a second",
            Self::Count => "count",
            Self::None => "",
        }
    }
}

/// What an entry is where it says nothing else.
pub(super) const PLAIN: Metric = Metric {
    name: "",
    kind: Kind::Gauge,
    unit: Unit::Count,
    labels: &[],
    help: "",
    more: "",
    from: "",
    read: Read::Run(|_, _| {}),
};
