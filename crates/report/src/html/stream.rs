//! What the viewers saw of the stream.

use maud::{Markup, html};
use telemetry::What;

use super::draw::Plots;
use super::page::{self, Mark, Row};
use super::spread;
use crate::agreement::{self, Agreement, Counted, Pair};
use crate::document::{Document, Error, Summary};
use crate::format::{self, UNKNOWN, or_unknown};
use crate::words;

/// Glass-to-glass series that are listed.
const SERIES_MAX: usize = 50;
/// Kinds of errors that are listed.
const ERRORS_MAX: usize = 50;

pub(super) fn over_time(document: &Document, plots: &Plots<'_>) -> Markup {
    let body = html! {
        (page::plots(&plots.run()))
        @if document.timeline.is_empty() {
            p class="note" { "The run has no timeline: it was too short, or of an earlier version." }
        }
    };
    page::section("over-time", "Over time", &body)
}

pub(super) fn latency(document: &Document) -> Markup {
    let figures = |of: Summary| {
        let [p50, p90, p95, p99, max] =
            [of.p50, of.p90, of.p95, of.p99, of.max].map(|ms| or_unknown(ms, format::ms));
        [p50, p90, p95, p99, max, format::count(of.count)]
    };
    let name = |what| match what {
        What::PlaylistSent | What::SegmentTtfbSent | What::SegmentDownloadSent => {
            format!("…{}", words::latency(what).trim())
        }
        what => words::latency(what).to_owned(),
    };
    let rows: Vec<Row> = What::ALL
        .into_iter()
        .map(|what| Row::of(name(what), figures(document.latency(what))))
        .collect();
    let head = ["", "p50", "p90", "p95", "p99", "max", "samples"];
    let body = html! {
        (page::plots(&spread::plots(document)))
        (page::table(&head, &rows))
        p class="note" {
            "Requests are timed from when they were due, so that a slow generator can't hide a slow "
            "origin; “from sent” leaves out what the generator was late by."
        }
    };
    page::section("latency", "Latency", &body)
}

pub(super) fn glass_to_glass(document: &Document, plots: &Plots<'_>) -> Markup {
    let plots = plots.glass_to_glass();
    if document.slo.is_empty() && plots.is_empty() {
        return html! {};
    }
    let rows = document.slo.iter().take(SERIES_MAX).map(|row| {
        let ms = [row.p50_ms, row.p95_ms, row.p99_ms, row.max_ms].map(format::millis);
        let run = [row.run.p50_ms, row.run.p95_ms, row.run.p99_ms];
        let run = run.map(|ms| or_unknown(ms, format::millis));
        let name = match row.broadcast.as_str() {
            "" => "/",
            name => name,
        };
        let mut cells = Row::of(name, [])
            .words(&row.transport)
            .words(row.source.name());
        let figures = ms
            .into_iter()
            .chain([format::count(row.sample_count)])
            .chain(run);
        let figures = figures.chain([format::count(row.total_observed)]);
        cells.cells.extend(figures.map(page::Cell::Figure));
        cells
    });
    let rows: Vec<Row> = rows.collect();
    let head = [
        "broadcast",
        "via",
        "by",
        "p50",
        "p95",
        "p99",
        "max",
        "newest",
        "run p50",
        "run p95",
        "run p99",
        "in all",
    ];
    let body = html! {
        (page::plots(&plots))
        (page::table(&head, &rows))
        (page::more(document.slo.len(), SERIES_MAX, "series"))
        p class="note" {
            "From the source's own time stamp to playback. p50 to max are of the newest samples, "
            "“run” is of all."
        }
    };
    page::section("glass-to-glass", "Glass to glass", &body)
}

pub(super) fn requests(document: &Document) -> Markup {
    let row = |name: &str, of: &telemetry::requests::Counters| {
        let counts = [of.ok, of.failed, of.cancelled, of.in_flight].map(format::count);
        let figures = counts.into_iter().chain([format::bytes(of.bytes)]);
        let mark = if of.failed > 0 {
            Mark::Odd
        } else {
            Mark::Plain
        };
        Row::of(name, figures).marked(mark)
    };
    let seen = document.requests.iter();
    let seen = seen.filter(|(_, of)| of.requests() > 0 || of.bytes > 0);
    let mut rows: Vec<Row> = seen
        .map(|(class, of)| row(words::class(*class), of))
        .collect();
    rows.push(row("all", &document.all_requests()));
    let head = ["", "ok", "failed", "cancelled", "in flight", "bytes"];
    page::section("requests", "Requests", &page::table(&head, &rows))
}

pub(super) fn errors(document: &Document) -> Markup {
    if document.errors.is_empty() {
        return html! {};
    }
    let mut errors: Vec<&Error> = document.errors.iter().collect();
    errors.sort_by_key(|error| std::cmp::Reverse(error.count));
    let at = |ms: i64| format::millis(ms.max(0) as u64);
    let rows = errors.iter().take(ERRORS_MAX).map(|error| {
        let figures = [
            format::count(error.count),
            at(error.first_ms),
            at(error.last_ms),
        ];
        let name = format!("{}: {}", words::class(error.class), error.name());
        Row::of(name, figures)
            .saying(error.hint())
            .marked(Mark::Bad)
    });
    let rows: Vec<Row> = rows.collect();
    let body = html! {
        (page::table(&["error, and what to try", "times", "first", "last"], &rows))
        (page::more(errors.len(), ERRORS_MAX, "kinds"))
    };
    page::section("errors", "Errors", &body)
}

/// The origin's own count beside ours.
pub(super) fn origin(document: &Document) -> Markup {
    let Some(origin) = &document.origin else {
        return html! {};
    };
    let errors = document.errors.iter();
    let failures = errors.map(|error| (error.class, error.failure(), error.count));
    let counted = Counted::new(&document.statuses, failures);
    let pairs = agreement::pairs(&counted, &origin.classes);
    let rows: Vec<Row> = pairs.iter().map(pair).collect();
    let verdict = match origin.agreement {
        Agreement::Equal => "Both counted the same, request for request and byte for byte.",
        Agreement::ButInterrupted => {
            "Both counted the same, but for requests that were interrupted: each side counts those \
             as it saw them."
        }
        Agreement::Differs => "The two counts differ.",
    };
    let head = [
        "",
        "requests here",
        "at the origin",
        "bytes here",
        "at the origin",
        "agreement",
    ];
    let body = html! {
        p { (verdict) }
        (page::table(&head, &rows))
    };
    page::section("origin", "The origin's own count", &body)
}

fn pair(pair: &Pair) -> Row {
    let (mark, word) = match pair.agreement() {
        Agreement::Equal => (Mark::Good, "equal".to_owned()),
        agreement => {
            let (requests, bytes) = pair.difference();
            let [requests, bytes] = [requests, bytes].map(format::signed);
            let said = format!("origin {requests} requests, {bytes} bytes");
            match agreement {
                Agreement::Differs => (Mark::Bad, said),
                _ => (
                    Mark::Plain,
                    format!("{said}: interrupted here, whole there"),
                ),
            }
        }
    };
    let figures = [
        pair.viewers.requests,
        pair.origin.requests,
        pair.viewers.bytes,
        pair.origin.bytes,
    ];
    Row::of(words::class(pair.class), figures.map(format::count))
        .words(word)
        .marked(mark)
}

/// A figure that may not be there.
pub(super) fn count_or_unknown(count: Option<u64>) -> String {
    count.map_or_else(|| UNKNOWN.to_owned(), format::count)
}
