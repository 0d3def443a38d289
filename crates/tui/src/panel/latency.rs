//! Latency of requests.

use report::{format, words};
use telemetry::What;
use telemetry::hist::Quantile;

use crate::line::Line;
use crate::look::Tone;
use crate::table::{Cell, Column, Table, Title};
use crate::view::{View, latencies};

const COLUMNS: [Column; 6] = [
    Column::figures("p50", 8, 0),
    Column::figures("p90", 8, 4),
    Column::figures("p95", 8, 1),
    Column::figures("p99", 8, 2),
    Column::figures("max", 8, 3),
    Column::figures("count", 10, 5),
];

/// From when a request was due.
const FIRST: [What; 3] = [What::Playlist, What::SegmentTtfb, What::SegmentDownload];
/// Also from when it was sent.
const ALL: [What; 7] = [
    What::Playlist,
    What::PlaylistSent,
    What::SegmentTtfb,
    What::SegmentTtfbSent,
    What::SegmentDownload,
    What::SegmentDownloadSent,
    What::Connect,
];

pub(super) fn summary(view: &View<'_>) -> Vec<Line> {
    let download = view.snapshot().latency.of(What::SegmentDownload);
    let at = |name, quantile| {
        let figure = download.quantile(quantile);
        figure.map(|figure| Line::plain(format!("{name} {}", format::micros(figure))))
    };
    let figures: Vec<Line> = [
        at("download p95", Quantile::P95),
        at("p50", Quantile::P50),
        at("p99", Quantile::P99),
    ]
    .into_iter()
    .flatten()
    .collect();
    if figures.is_empty() {
        return vec![Line::new(Tone::Faint, "no segment yet")];
    }
    figures
}

pub(super) fn heights(view: &View<'_>) -> Vec<usize> {
    if is_empty(view) {
        return Vec::new();
    }
    vec![1 + FIRST.len(), 1 + ALL.len()]
}

pub(super) fn lines(view: &View<'_>, title: Title, room: usize, height: usize) -> Vec<Line> {
    let shown: &[What] = if height > ALL.len() { &ALL } else { &FIRST };
    let mut table = Table::new(&COLUMNS, 16);
    for &what in shown {
        let of = view.snapshot().latency.of(what);
        let mut cells = latencies(
            of,
            [Quantile::P50, Quantile::P90, Quantile::P95, Quantile::P99],
        );
        cells.push(Cell::from(format::count(of.count())));
        table.row(words::latency(what), cells);
    }
    table.lines(title, room)
}

fn is_empty(view: &View<'_>) -> bool {
    ALL.iter()
        .all(|&what| view.snapshot().latency.of(what).is_empty())
}
