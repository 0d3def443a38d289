//! A chart over time, from rows of the timeline.

use telemetry::objective::{Status, Unit};
use telemetry::timeline::Row;

use super::thin::Thinned;
use crate::document::Document;
use crate::format;
use crate::svg::{Axis, Chart, Kind, Layer, Limit, POINTS_MAX, Point};

/// A limit that is further above what was seen is not drawn: it would flatten the rest.
const LIMIT_ABOVE_MAX: f64 = 2.0;
/// Limits in a chart, at most.
const LIMITS_MAX: usize = 4;
/// The longest label of a limit, in characters.
const LIMIT_LABEL_MAX: usize = 24;
/// Spans that differ from a second by less than this are seconds, in milliseconds.
const ABOUT_A_SECOND_MS: u64 = 1_500;

/// A chart and what a reader must know of it.
#[derive(Clone, Debug)]
pub(super) struct Plot {
    pub(super) chart: Chart,
    pub(super) note: String,
}

/// The charts of a run, those that have something to show.
pub(super) struct Plots<'a> {
    pub(super) document: &'a Document,
    pub(super) thinned: Thinned,
}

impl<'a> Plots<'a> {
    pub(super) fn of(document: &'a Document) -> Self {
        let thinned = Thinned::of(&document.timeline, POINTS_MAX);
        Self { document, thinned }
    }

    pub(super) fn layer(
        &self,
        kind: Kind,
        class: &'static str,
        label: &str,
        show: impl Fn(f64) -> String,
        figure: impl Fn(&Row) -> Option<f64>,
    ) -> Layer {
        let rows = self.thinned.rows.iter();
        let points: Vec<Point> = rows
            .map(|row| Point::new(row.elapsed_ms as f64 / 1e3, figure(row)))
            .collect();
        Layer {
            kind,
            class,
            label: label.to_owned(),
            told: told(&points, show),
            points,
        }
    }

    pub(super) fn chart(
        &self,
        id: &str,
        title: &str,
        y: impl Fn(f64) -> Axis,
        layers: Vec<Layer>,
    ) -> Chart {
        let end = self.thinned.rows.last().map_or(0, |row| row.elapsed_ms);
        Chart {
            id: id.to_owned(),
            title: title.to_owned(),
            x: Axis::time(0.0, end as f64 / 1e3),
            y: y(most(&layers)),
            layers,
            limits: Vec::new(),
        }
    }

    /// Draws the limits of objectives in milliseconds that are `of` the chart.
    pub(super) fn limit(&self, chart: &mut Chart, of: impl Fn(&Status) -> bool) {
        let seen = most(&chart.layers);
        let objectives = self.document.objectives.iter();
        let near = objectives
            // A chart is of all viewers.
            .filter(|status| status.group.is_none())
            .filter(|status| status.unit == Unit::Ms && of(status))
            .filter(|status| status.limit <= seen * LIMIT_ABOVE_MAX);
        chart.limits = near
            .take(LIMITS_MAX)
            .map(|status| Limit {
                at: status.limit,
                label: short(status),
            })
            .collect();
        let highest = chart.limits.iter().map(|limit| limit.at);
        chart.y = Axis::millis(highest.fold(seen, f64::max));
    }

    /// How long a point is, in words.
    pub(super) fn span(&self) -> String {
        match self.thinned.rows.first().map(|row| row.span_ms) {
            Some(ms @ ABOUT_A_SECOND_MS..) => format::seconds(std::time::Duration::from_secs(
                ms.saturating_add(500) / 1000,
            )),
            _ => "second".to_owned(),
        }
    }

    pub(super) fn spans(&self, more: &str) -> String {
        format!("The average of every {}{more}.", self.span())
    }

    /// What a point of percentiles is.
    pub(super) fn worst(&self, what: &str) -> String {
        match self.thinned.each {
            1 => format!("{what}; of the samples of every {}.", self.span()),
            each => format!(
                "{what}; each point is the highest of {each} neighbours, {} in all.",
                self.span()
            ),
        }
    }
}

/// What the objective says of the chart's own metric: `p95 < 10s`.
fn short(status: &Status) -> String {
    let objective = status.objective.as_str();
    let of_metric = objective.strip_prefix(&status.metric).unwrap_or(objective);
    let limit = of_metric.split(" for ").next().unwrap_or(of_metric);
    let limit = limit.trim_start_matches('.').trim_end_matches(" abort");
    format::one_line(limit, LIMIT_LABEL_MAX)
}

/// The greatest height of all layers.
fn most(layers: &[Layer]) -> f64 {
    let points = layers.iter().flat_map(|layer| &layer.points);
    points.filter_map(|point| point.y).fold(0.0, f64::max)
}

/// The last and the highest, for who can't see the line.
fn told(points: &[Point], show: impl Fn(f64) -> String) -> String {
    let mut known = points.iter().filter_map(|point| point.y);
    let Some(last) = known.next_back() else {
        return "unknown".to_owned();
    };
    let highest = known.fold(last, f64::max);
    format!("last {}, highest {}", show(last), show(highest))
}
