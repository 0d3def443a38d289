//! How samples of the whole run spread, as charts.

use telemetry::What;
use telemetry::hist::{Distribution, Micros, Quantile};

use super::draw::Plot;
use crate::document::Document;
use crate::format;
use crate::svg::{Axis, Chart, Kind, Layer, Point};
use crate::words;

/// Classes of equal ratio that a latency distribution has.
const CLASSES: u32 = 48;
/// Points of a cumulative distribution.
const SHARES: u32 = 200;

/// The latencies that are shown together, each with its colour and dashes.
const LATENCIES: [(What, &str); 3] = [
    (What::Playlist, "c3 dot"),
    (What::SegmentTtfb, "c2 dash"),
    (What::SegmentDownload, "c1"),
];

/// The charts that have a sample to show. A file of an earlier version has none.
pub(super) fn plots(document: &Document) -> Vec<Plot> {
    [latency(document), startup(document)]
        .into_iter()
        .flatten()
        .collect()
}

fn latency(document: &Document) -> Option<Plot> {
    let samples = LATENCIES.into_iter().filter_map(|(what, class)| {
        let of = document.distributions.get(&what)?;
        (!of.is_empty()).then_some((what, class, of))
    });
    let samples: Vec<_> = samples.collect();
    let ends = samples.iter().map(|(_, _, of)| ends(of));
    let (low, high) = ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
    let x = Axis::log_millis(low / 1e3, high / 1e3);
    let (first, last) = x.ends();
    let edges: Vec<f64> = (0..=CLASSES)
        .map(|n| first * (last / first).powf(f64::from(n) / f64::from(CLASSES)))
        .collect();
    let layers: Vec<Layer> = samples
        .iter()
        .map(|(what, class, of)| Layer {
            kind: Kind::Steps,
            class,
            label: words::latency(*what).to_owned(),
            told: told(of),
            points: shares(of, &edges),
        })
        .collect();
    let points = layers.iter().flat_map(|layer| &layer.points);
    let most = points.filter_map(|point| point.y).fold(0.0, f64::max);
    Some(Plot {
        chart: Chart {
            id: "latency-spread".to_owned(),
            title: "Latency, all samples".to_owned(),
            x,
            y: Axis::share(most),
            layers,
            limits: Vec::new(),
        },
        note: format!(
            "The share of samples in each of {CLASSES} classes; equal ratios are equally wide."
        ),
    })
}

/// The share of samples between each edge and the next, at the first of the two. Edges are in
/// milliseconds; the first class holds what is below it too.
fn shares(of: &Distribution<Micros>, edges: &[f64]) -> Vec<Point> {
    let all = of.count() as f64;
    let up_to = |edge: f64| of.count_at_most((edge * 1e3).round() as u64) as f64;
    let mut below = 0.0;
    let mut points: Vec<Point> = edges
        .windows(2)
        .map(|edge| {
            let within = up_to(edge[1]) - below;
            below += within;
            Point::new(edge[0], Some(within / all))
        })
        .collect();
    // The last class is as wide as the others.
    if let (Some(end), Some(last)) = (edges.last(), points.last().copied()) {
        points.push(Point { x: *end, ..last });
    }
    points
}

fn startup(document: &Document) -> Option<Plot> {
    let of = document.distributions.get(&What::Startup)?;
    if of.is_empty() {
        return None;
    }
    let (low, high) = ends(of);
    let at = |n: u32| {
        let share = Quantile::per_ten_thousand(u64::from(n) * 10_000 / u64::from(SHARES));
        let micros = of.quantile(share)?;
        Some(Point::new(
            micros as f64 / 1e3,
            Some(f64::from(n) / f64::from(SHARES)),
        ))
    };
    let mut points: Vec<Point> = (0..=SHARES).filter_map(at).collect();
    // A viewer that was slower is not on the line until it is.
    if let Some(first) = points.first().copied() {
        points.insert(
            0,
            Point {
                y: Some(0.0),
                ..first
            },
        );
    }
    let layer = Layer {
        kind: Kind::Steps,
        class: "c1",
        label: "viewers".to_owned(),
        told: told(of),
        points,
    };
    Some(Plot {
        chart: Chart {
            id: "startup".to_owned(),
            title: "Startup".to_owned(),
            x: Axis::millis_from(low / 1e3, high / 1e3),
            y: Axis::share(1.0),
            layers: vec![layer],
            limits: Vec::new(),
        },
        note: "The share of starts that had their first picture by then.".to_owned(),
    })
}

/// The least and the greatest sample, in microseconds.
fn ends(of: &Distribution<Micros>) -> (f64, f64) {
    let least = of.quantile(Quantile::percent(0)).unwrap_or(0);
    (least as f64, of.max().unwrap_or(0) as f64)
}

fn told(of: &Distribution<Micros>) -> String {
    let quantile = |quantile| format::or_unknown(of.quantile(quantile), format::micros);
    format!(
        "{}, p50 {}, p95 {}, p99 {}, highest {}",
        format::things(of.count(), "sample", "samples"),
        quantile(Quantile::P50),
        quantile(Quantile::P95),
        quantile(Quantile::P99),
        format::or_unknown(of.max(), format::micros)
    )
}
