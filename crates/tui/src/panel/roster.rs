//! Single viewers, the slowest first.

use report::{format, words};
use telemetry::roster::Row;

use crate::line::{self, Line};
use crate::look::Tone;
use crate::table::{Cell, Column, Table, Title};
use crate::view::{View, fault, known};

/// Viewers that are listed before others get room.
const FIRST: usize = 3;

const COLUMNS: [Column; 10] = [
    Column::words("state", 11, 0),
    Column::figures("behind", 8, 1),
    Column::figures("speed", 7, 2),
    Column::figures("stalls", 6, 3),
    Column::figures("latency", 8, 4),
    Column::figures("restarts", 8, 6),
    Column::figures("played", 8, 7),
    Column::figures("ok", 8, 8),
    Column::figures("failed", 6, 5),
    Column::figures("bytes", 8, 9),
];

pub(super) fn summary(view: &View<'_>) -> Vec<Line> {
    let Some(slowest) = view.snapshot().roster.slowest.first() else {
        return vec![Line::new(Tone::Faint, "no viewer has started")];
    };
    let mut items = vec![Line::plain(name(slowest))];
    if let Some(drift) = slowest.drift_ms {
        items.push(Line::plain(format!("{} behind", format::millis(drift))));
    }
    items.push(Line::plain(words::state(slowest.state)));
    items
}

pub(super) fn heights(view: &View<'_>) -> Vec<usize> {
    match view.snapshot().roster.slowest.len() {
        0 => Vec::new(),
        some => (1 + some.min(FIRST)..=1 + some).collect(),
    }
}

pub(super) fn lines(view: &View<'_>, title: Title, room: usize, height: usize) -> Vec<Line> {
    let slowest = &view.snapshot().roster.slowest;
    if slowest.is_empty() {
        let none = line::label("").and(Tone::Faint, "no viewer has started");
        return vec![title.line("", room), none];
    }
    let mut table = Table::new(&COLUMNS, 10);
    for row in slowest.iter().take(height) {
        table.row(name(row).as_str(), cells(row));
    }
    table.lines(title, room)
}

fn name(row: &Row) -> String {
    format!("viewer {}", row.viewer)
}

fn cells(row: &Row) -> [Cell; 10] {
    let speed = |permille| format::percent(permille as f64 / 1_000.0);
    [
        words::state(row.state).into(),
        known(row.drift_ms, format::millis),
        known(row.speed_permille, speed),
        fault(row.stalls, Tone::Odd),
        known(row.live_latency_ms, format::millis),
        fault(row.restarts, Tone::Odd),
        known(row.played_ms, format::millis),
        format::count(row.requests_ok).into(),
        fault(row.requests_failed, Tone::Bad),
        format::bytes(row.bytes).into(),
    ]
}
