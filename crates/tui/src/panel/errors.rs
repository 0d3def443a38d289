//! Failed requests by kind, the most frequent first.

use report::{format, words};
use telemetry::requests::Error;

use crate::line::{self, Line};
use crate::look::Tone;
use crate::table::{Cell, Column, Table, Title};
use crate::view::View;

/// Kinds that are shown before others get room.
const FIRST: usize = 2;
/// How far what to try stands off the left edge.
const HINT_INDENT: usize = 4;

const COLUMNS: [Column; 3] = [
    Column::figures("count", 9, 0),
    Column::figures("last at", 8, 1),
    Column::figures("first at", 8, 2),
];

pub(super) fn summary(view: &View<'_>) -> Vec<Line> {
    let all = view.snapshot().requests.all();
    if all.failed == 0 {
        return vec![Line::plain("none")];
    }
    let share = format::or_unknown(all.error_rate(), format::percent);
    let failed = format!("{} failed, {share}", format::count(all.failed));
    let mut items = vec![Line::new(Tone::Bad, failed)];
    if let Some(rate) = view.rate(|row| row.failed) {
        items.push(Line::plain(format!("{}/s now", format::per_second(rate))));
    }
    items.extend(sorted(view).iter().map(|error| {
        let count = format::count(error.seen.count);
        Line::plain(format!("{count} × {}", kind(error)))
    }));
    items
}

pub(super) fn heights(view: &View<'_>, room: usize) -> Vec<usize> {
    let errors = sorted(view);
    if errors.is_empty() {
        return Vec::new();
    }
    let kinds = errors.len();
    let hints: usize = errors.iter().map(|error| hint(error, room).len()).sum();
    let mut heights = vec![1 + kinds.min(FIRST), 1 + kinds, 1 + kinds + hints];
    heights.dedup();
    heights
}

pub(super) fn lines(view: &View<'_>, title: Title, room: usize, height: usize) -> Vec<Line> {
    let errors = sorted(view);
    if errors.is_empty() {
        return vec![
            title.line("", room),
            line::label("").and(Tone::Plain, "none"),
        ];
    }
    let mut table = Table::new(&COLUMNS, 24);
    for error in &errors {
        table.row(
            Cell::new(Tone::Bad, kind(error)),
            [
                format::count(error.seen.count),
                view.since_start(error.seen.last_ms),
                view.since_start(error.seen.first_ms),
            ],
        );
    }
    let lines = table.lines(title, room);
    let with_hints = with_hints(&lines, &errors, room);
    if with_hints.len() <= height {
        return with_hints;
    }
    line::clipped(lines, height, "kinds")
}

/// Below each kind what to try.
fn with_hints(lines: &[Line], errors: &[&Error], room: usize) -> Vec<Line> {
    let mut out = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        out.push(line.clone());
        if let Some(error) = place.checked_sub(1).and_then(|row| errors.get(row)) {
            out.extend(hint(error, room));
        }
    }
    out
}

fn hint(error: &Error, room: usize) -> Vec<Line> {
    let (_, hint) = words::failure(error.class, error.failure);
    line::paragraph(
        Line::plain(" ".repeat(HINT_INDENT)),
        Tone::Faint,
        hint,
        room,
    )
}

fn sorted<'a>(view: &'a View<'_>) -> Vec<&'a Error> {
    let mut errors: Vec<&Error> = view.snapshot().requests.errors.iter().collect();
    errors.sort_by_key(|error| std::cmp::Reverse(error.seen.count));
    errors
}

fn kind(error: &Error) -> String {
    let (name, _) = words::failure(error.class, error.failure);
    format!("{}: {name}", words::class(error.class))
}
