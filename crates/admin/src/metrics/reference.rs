//! The reference of all metrics, as Markdown.

use std::fmt::Write;

use super::GROUPS;
use super::metric::{Group, Kind, Metric};

const HEAD: &str = "\
# Metrics

What `GET /metrics` says of a run (`liveswarm run`) and of an origin (`liveswarm origin`): Prometheus
text 0.0.4, or OpenMetrics 1.0 where `Accept` prefers it. This page and the exposition are made from
one table.

Every figure is of one moment, the same that `/api/v1/snapshot`, the terminal and the dashboard
show. Counters start at 0 and only grow; what is unknown is absent, never 0. Histograms have classic
buckets (`_bucket`, `_sum`, `_count`), with the same bounds in both formats. An info is a gauge of 1
in Prometheus text.

*From* is where the same figure stands in `/api/v1/snapshot`, or what it is made of.
";

/// The reference of all metrics, as Markdown: what `docs/metrics.md` holds.
pub fn reference() -> String {
    let mut page = HEAD.to_owned();
    for group in GROUPS {
        section(group, &mut page);
    }
    page
}

fn section(group: &Group, page: &mut String) {
    // A string takes what it is given.
    let _ = write!(page, "\n## {}\n\n", group.title);
    if !group.about.is_empty() {
        let _ = write!(page, "{}\n\n", group.about);
    }
    page.push_str("| name | type | unit | definition | from |\n|---|---|---|---|---|\n");
    for metric in group.metrics {
        row(metric, page);
    }
    for metric in group.metrics {
        if let Kind::Histogram(bounds) = metric.kind {
            let bounds = bounds
                .kept
                .iter()
                .map(|&kept| bounds.exposed(kept).to_string());
            let bounds: Vec<String> = bounds.collect();
            let _ = write!(
                page,
                "\nBuckets of `{}`: {}.\n",
                metric.name,
                bounds.join(", ")
            );
        }
    }
}

fn row(metric: &Metric, page: &mut String) {
    let mut definition = metric.help.to_owned();
    if !metric.more.is_empty() {
        let _ = write!(definition, " {}", metric.more);
    }
    for label in metric.labels {
        let _ = write!(definition, "<br>`{}`: {}", label.name, label.values);
    }
    let from = if metric.from.starts_with('/') {
        format!("`{}`", metric.from)
    } else {
        metric.from.to_owned()
    };
    let _ = writeln!(
        page,
        "| `{}` | {} | {} | {definition} | {from} |",
        metric.name,
        metric.kind.open(),
        metric.unit.words(),
    );
}
