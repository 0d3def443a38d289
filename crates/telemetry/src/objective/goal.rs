use std::fmt;

use super::Unit;
use super::budget::{Budget, WHOLE_PPM};
use super::limit::{Micros, Ppm};
use crate::hist::Quantile;
use crate::latency::What;
use crate::slo::{Key, Source};

/// What is to hold: a metric, which way its limit bounds it, and the limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// Samples, of which a share is within a time.
    Latency {
        samples: Samples,
        aggregate: Aggregate,
        bound: Bound,
        limit: Micros,
    },
    /// A share of everything.
    Ratio { of: Ratio, bound: Bound, limit: Ppm },
}

/// Which samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Samples {
    /// Those of a latency histogram, never of [`What::GlassToGlass`].
    Of(What),
    /// Those of the SLO series.
    GlassToGlass(Scope),
}

/// Which SLO series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    /// In the spelling of [`transport`]; all if absent.
    pub(super) transport: Option<String>,
    pub(super) source: Source,
}

/// Which share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ratio {
    /// Time stalled, of time stalled and played.
    Rebuffer,
    /// Requests that failed, of those that ended and were not given up.
    Errors,
    /// Time that viewers play, of the time in which they should.
    Playing,
}

/// Which figure of the samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aggregate {
    /// A quantile, in ten-thousandths: 1 to 9,999.
    Quantile(u32),
    /// The greatest.
    Max,
}

/// Whether the limit itself is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// `<`, `>`.
    Strict,
    /// `<=`, `>=`.
    Inclusive,
}

/// All of the quantile's scale.
pub(super) const WHOLE: u32 = 10_000;
/// What a ten-thousandth is in millionths.
const PPM: u32 = WHOLE_PPM / WHOLE;

impl Ratio {
    pub(super) const ALL: [Self; 3] = [Self::Rebuffer, Self::Errors, Self::Playing];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Rebuffer => "rebuffer_ratio",
            Self::Errors => "error_rate",
            Self::Playing => "viewers_playing",
        }
    }

    /// Whether more is better.
    pub(super) const fn is_floor(self) -> bool {
        matches!(self, Self::Playing)
    }
}

/// The names of all metrics, in the order in which outputs list them.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let latencies = What::ALL.into_iter().map(What::name);
    latencies.chain(Ratio::ALL.into_iter().map(Ratio::name))
}

impl Scope {
    pub(super) fn holds(&self, key: &Key) -> bool {
        let asked = self.transport.as_deref();
        key.source == self.source && asked.is_none_or(|name| name == transport(&key.transport))
    }
}

/// The one spelling of a transport that has several.
pub(super) fn transport(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    if name == "ws" {
        return "websocket".to_owned();
    }
    name
}

impl Aggregate {
    pub(super) fn quantile(self) -> Quantile {
        Quantile::per_ten_thousand(match self {
            Self::Quantile(share) => u64::from(share),
            Self::Max => u64::from(WHOLE),
        })
    }
}

impl Goal {
    pub(super) fn metric(&self) -> &'static str {
        match self {
            Self::Latency { samples, .. } => samples.name(),
            Self::Ratio { of, .. } => of.name(),
        }
    }

    pub(super) fn scope(&self) -> Option<&Scope> {
        match self {
            Self::Latency {
                samples: Samples::GlassToGlass(scope),
                ..
            } => Some(scope),
            _ => None,
        }
    }

    /// Whether it counts samples, which time that viewers spent is not.
    pub(super) fn counts_samples(&self) -> bool {
        matches!(
            self,
            Self::Latency { .. }
                | Self::Ratio {
                    of: Ratio::Errors,
                    ..
                }
        )
    }

    pub(super) fn unit(&self) -> Unit {
        match self {
            Self::Latency { .. } => Unit::Ms,
            Self::Ratio { .. } => Unit::Ratio,
        }
    }

    /// The limit, in [`Goal::unit`].
    pub(super) fn limit(&self) -> f64 {
        match self {
            Self::Latency { limit, .. } => limit.0 as f64 / 1000.0,
            Self::Ratio { limit, .. } => f64::from(limit.0) / f64::from(WHOLE_PPM),
        }
    }

    /// How much of it may be bad.
    pub(super) fn budget(&self) -> Budget {
        match *self {
            Self::Latency { aggregate, .. } => Budget {
                ppm: match aggregate {
                    Aggregate::Quantile(share) => (WHOLE - share) * PPM,
                    Aggregate::Max => 0,
                },
                bound: Bound::Inclusive,
            },
            Self::Ratio { of, bound, limit } => Budget {
                ppm: if of.is_floor() {
                    WHOLE_PPM - limit.0
                } else {
                    limit.0
                },
                bound,
            },
        }
    }
}

impl Samples {
    fn name(&self) -> &'static str {
        match self {
            Self::Of(what) => what.name(),
            Self::GlassToGlass(_) => What::GlassToGlass.name(),
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.metric();
        match self {
            Self::Latency {
                samples,
                aggregate,
                bound,
                limit,
            } => {
                write!(f, "{name}.{aggregate} {} {limit}", operator(*bound, false))?;
                if let Samples::GlassToGlass(scope) = samples {
                    scope.fmt(f)?;
                }
                Ok(())
            }
            Self::Ratio { of, bound, limit } => {
                write!(f, "{name} {} {limit}", operator(*bound, of.is_floor()))
            }
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(transport) = &self.transport {
            write!(f, " for transport={transport}")?;
        }
        if self.source != Source::Viewer {
            write!(f, " for source={}", self.source.name())?;
        }
        Ok(())
    }
}

impl fmt::Display for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quantile(share) => {
                let percent = super::limit::decimal(u64::from(*share), 2);
                write!(f, "p{percent}")
            }
            Self::Max => f.write_str("max"),
        }
    }
}

fn operator(bound: Bound, floor: bool) -> &'static str {
    match (bound, floor) {
        (Bound::Strict, false) => "<",
        (Bound::Inclusive, false) => "<=",
        (Bound::Strict, true) => ">",
        (Bound::Inclusive, true) => ">=",
    }
}
