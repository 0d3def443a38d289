//! An expression, read from left to right.

use std::str::FromStr;

use super::cursor::Cursor;
use super::error::ParseError;
use super::goal::{Aggregate, Bound, Goal, Ratio, Samples, Scope, WHOLE};
use super::limit::whole;
use super::number::is_number;
use super::spelling::meant;
use super::{Listed, Objective};
use crate::latency::What;
use crate::slo::Source;

/// The longest expression, in bytes.
const EXPRESSION_BYTES_MAX: usize = 1024;
/// Digits that the percentage of a quantile has after its point.
const QUANTILE_PLACES: u32 = 2;

const AGGREGATES: &str = "take max, or a quantile such as p50, p95, p99 or p99.9";

impl FromStr for Objective {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut parser = Cursor::new(text);
        if text.len() > EXPRESSION_BYTES_MAX {
            let what = format!("an objective has at most {EXPRESSION_BYTES_MAX} bytes");
            return Err(parser.error(0, what, "write one objective for each --slo"));
        }
        let mut goal = parser.goal()?;
        let abort = parser.options(&mut goal)?;
        Ok(Self {
            goal,
            abort,
            listed: Listed::Always,
        })
    }
}

/// A metric as it is named.
enum Metric {
    Latency(What),
    Ratio(Ratio),
}

impl Cursor<'_> {
    fn goal(&mut self) -> Result<Goal, ParseError> {
        self.space();
        match self.metric()? {
            Metric::Latency(what) => {
                let aggregate = self.aggregate(what)?;
                let (bound, limit) = (self.bound(what.name(), false)?, self.time()?);
                self.possible(bound == Bound::Inclusive || limit.0 > 0, limit)?;
                Ok(Goal::Latency {
                    samples: samples(what),
                    aggregate,
                    bound,
                    limit,
                })
            }
            Metric::Ratio(of) => {
                self.no_aggregate(of)?;
                let (bound, limit) = (self.bound(of.name(), of.is_floor())?, self.share()?);
                self.sensible(of, bound, limit)?;
                Ok(Goal::Ratio { of, bound, limit })
            }
        }
    }

    fn metric(&mut self) -> Result<Metric, ParseError> {
        let start = self.at();
        let name = self.run(|c| c.is_alphanumeric() || c == '_' || c == '-');
        let latency = What::ALL.into_iter().find(|what| what.name() == name);
        let ratio = Ratio::ALL.into_iter().find(|ratio| ratio.name() == name);
        let metric = latency.map(Metric::Latency);
        metric.or(ratio.map(Metric::Ratio)).ok_or_else(|| {
            if name.is_empty() {
                let hint = "try `glass_to_glass.p95 < 3s`";
                return self.error(start, "an objective begins with a metric".to_owned(), hint);
            }
            let hint = meant(name).map_or_else(
                || "take one of the metrics below".to_owned(),
                |name| format!("did you mean {name}?"),
            );
            self.error(start, format!("there is no metric `{name}`"), &hint)
        })
    }

    fn aggregate(&mut self, what: What) -> Result<Aggregate, ParseError> {
        let start = self.at();
        if !self.take('.') {
            let name = what.name();
            let why = format!("{name} is many samples: say which figure of them is meant");
            return Err(self.error(start, why, &format!("try {name}.p95 or {name}.max")));
        }
        let start = self.at();
        let name = self.run(|c| c.is_alphanumeric() || c == '_' || c == '.');
        if name == "max" {
            return Ok(Aggregate::Max);
        }
        let percent = name.strip_prefix('p').filter(|digits| is_number(digits));
        let Some(percent) = percent else {
            let why = format!("`{name}` is no figure of samples");
            return Err(self.error(start, why, AGGREGATES));
        };
        let share = whole(percent, 10_u64.pow(QUANTILE_PLACES));
        match share.ok().and_then(|share| u32::try_from(share).ok()) {
            Some(share) if (1..WHOLE).contains(&share) => Ok(Aggregate::Quantile(share)),
            Some(WHOLE) => Err(self.error(start, format!("{name} is the greatest"), "write max")),
            _ => {
                let why = format!("`{name}` is not between p0.01 and p99.99");
                Err(self.error(start, why, AGGREGATES))
            }
        }
    }

    fn no_aggregate(&self, of: Ratio) -> Result<(), ParseError> {
        if !self.rest().starts_with('.') {
            return Ok(());
        }
        let why = format!("{} is one figure and has no quantiles", of.name());
        Err(self.error(
            self.at(),
            why,
            "leave out what stands from the point to the operator",
        ))
    }

    fn bound(&mut self, name: &str, floor: bool) -> Result<Bound, ParseError> {
        self.space();
        let start = self.at();
        let [strict, inclusive] = if floor { [">", ">="] } else { ["<", "<="] };
        let written = self.run(|c| "<>=!~≤≥≠".contains(c));
        if written == strict {
            return Ok(Bound::Strict);
        }
        if written == inclusive {
            return Ok(Bound::Inclusive);
        }
        let what = match written {
            "" => format!("{name} is compared with nothing"),
            "<" | "<=" => format!("{name} is good when it is high: it has no upper limit"),
            ">" | ">=" => format!("{name} is good when it is low: it has no lower limit"),
            other => format!("`{other}` is no comparison"),
        };
        let hint = format!("write {name} {strict} LIMIT, or {name} {inclusive} LIMIT");
        Err(self.error(start, what, &hint))
    }
}

fn samples(what: What) -> Samples {
    if what == What::GlassToGlass {
        return Samples::GlassToGlass(Scope {
            transport: None,
            source: Source::Viewer,
        });
    }
    Samples::Of(what)
}
