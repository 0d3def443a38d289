//! What the origin says of itself.

use maud::{Markup, html};
use telemetry::origin::View;

use super::page::{self, Mark, Row};
use crate::document::Document;
use crate::format;
use crate::origin_metrics::{self, HEADS};

pub(super) fn section(document: &Document) -> Markup {
    let Some(view) = &document.origin_metrics else {
        return html! {};
    };
    let figures = origin_metrics::figures(view);
    let figures = figures
        .iter()
        .map(|named| Row::of(named.name, named.cells()));
    let figures: Vec<Row> = figures.collect();
    let body = html! {
        @if !figures.is_empty() { (page::table(&head("", HEADS), &figures)) }
        @if !view.sent.is_empty() { (sent(view)) }
        @if let Some(segments) = origin_metrics::segments(view) { p { "Segments: " (segments) "." } }
        (sources(view))
        p class="note" {
            "As the origin's exporters tell of it, at the end of the run. Rates, shares and "
            "latencies are of the time between two readings; p50 and max of the last 30 s of them."
        }
    };
    page::section("origin-metrics", "What the origin says of itself", &body)
}

fn head<const N: usize>(first: &'static str, others: [&'static str; N]) -> Vec<&'static str> {
    std::iter::once(first).chain(others).collect()
}

/// What it says it sent, beside what viewers received.
fn sent(view: &View) -> Markup {
    let rows = view.sent.iter().map(|sent| {
        let [said, received] = [sent.bytes, sent.received_bytes].map(format::count);
        let figures = [said, received, origin_metrics::difference(sent)];
        let row = Row::of(origin_metrics::scope(sent.scope), figures);
        if sent.resets > 0 {
            row.saying("its counter began anew in between")
                .marked(Mark::Odd)
        } else {
            row
        }
    });
    let rows: Vec<Row> = rows.collect();
    page::table(
        &["bytes", "the origin sent", "viewers received", "difference"],
        &rows,
    )
}

fn sources(view: &View) -> Markup {
    let rows = view.sources.iter().map(|source| {
        let counts = [source.readings, source.failures].map(format::count);
        let row = Row::of(source.url.clone(), counts);
        match origin_metrics::trouble(source) {
            Some(trouble) => row.saying(trouble).marked(Mark::Odd),
            None => row,
        }
    });
    let rows: Vec<Row> = rows.collect();
    page::table(&["source", "readings", "failures"], &rows)
}
