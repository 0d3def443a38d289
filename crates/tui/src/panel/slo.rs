//! Glass-to-glass latency by broadcast, and how the objectives stand.

use report::{format, objectives, words};
use telemetry::objective::{State, Status};
use telemetry::{What, slo};

use crate::line::{self, Line};
use crate::look::Tone;
use crate::table::{Cell, Column, Table, Title};
use crate::view::{View, known};

/// Series that are listed.
const SERIES_MAX: usize = 200;
/// What metrics of the series are called.
const METRIC: &str = "glass_to_glass";

/// An objective in its canonical form is mostly no longer.
const OBJECTIVE_WIDTH: usize = 42;

const SERIES: [Column; 9] = [
    Column::words("via", 4, 3),
    Column::words("by", 6, 4),
    Column::figures("p50", 7, 2),
    Column::figures("p95", 7, 0),
    Column::figures("p99", 7, 1),
    Column::figures("max", 7, 7),
    Column::figures("samples", 7, 8),
    Column::words("objective", 10, 5),
    Column::figures("budget", 7, 6),
];
const OBJECTIVES: [Column; 6] = [
    Column::words("state", 7, 0),
    Column::figures("figure", 8, 1),
    Column::figures("budget left", 11, 2),
    Column::figures("burn 60 s", 9, 3),
    Column::figures("burn 5 min", 10, 4),
    Column::words("", 5, 5),
];

pub(super) fn summary(view: &View<'_>) -> Vec<Line> {
    let mut items = standing(view);
    if let Some(row) = view.slo.first() {
        let name = words::latency(What::GlassToGlass);
        items.push(Line::plain(format!(
            "{name} p95 {}",
            format::millis(row.p95_ms)
        )));
    } else if view.frame.objectives.is_empty() {
        items.push(Line::new(
            Tone::Faint,
            "no objective, and no glass-to-glass sample",
        ));
    }
    items
}

/// How many objectives hold.
fn standing(view: &View<'_>) -> Vec<Line> {
    let of = |state| {
        let all = view.frame.objectives.iter();
        all.filter(|status| status.state == state).count() as u64
    };
    let states = [
        (State::Broken, Tone::Bad, "BROKEN"),
        (State::Met, Tone::Good, "met"),
        (State::Unknown, Tone::Faint, "unknown"),
    ];
    let some = states.into_iter().filter(|&(state, ..)| of(state) > 0);
    some.map(|(state, tone, name)| Line::new(tone, format!("{} {name}", format::count(of(state)))))
        .collect()
}

pub(super) fn heights(view: &View<'_>) -> Vec<usize> {
    let series = view.slo.len().min(SERIES_MAX);
    let held = view.frame.objectives.len();
    let first = if series > 0 { 1 + series } else { 0 };
    let second = if held > 0 { 1 + held } else { 0 };
    let mut heights = vec![1 + series.min(1), first, first + second];
    heights.retain(|&height| height > 1);
    heights.dedup();
    heights
}

pub(super) fn lines(view: &View<'_>, title: Title, room: usize, height: usize) -> Vec<Line> {
    let series = view.slo.len();
    let objectives = view.frame.objectives.len();
    if series == 0 && objectives == 0 {
        let none = "no objective, and no glass-to-glass sample";
        return vec![title.line("", room), line::label("").and(Tone::Faint, none)];
    }
    if series == 0 {
        return line::clipped(
            table_of_objectives(view).lines(title, room),
            height,
            "objectives",
        );
    }
    let lines = table_of_series(view).lines(title, room);
    // Where not all fits, objectives go before the series after the first.
    let wanted = if objectives == 0 { 0 } else { 1 + objectives };
    let room_for_series = height.saturating_sub(wanted).max(2);
    let mut lines = line::clipped(lines, room_for_series, "broadcasts");
    if objectives > 0 && height > lines.len() + 1 {
        let left = height - lines.len();
        let table = table_of_objectives(view).lines(UNDER, room);
        lines.extend(line::clipped(table, left, "objectives"));
    }
    lines
}

/// The heading of the second table, where both are shown.
const UNDER: Title = Title {
    name: "objectives",
    focused: false,
};

fn table_of_series(view: &View<'_>) -> Table<'static> {
    let mut table = Table::new(&SERIES, 10);
    for row in view.slo.iter().take(SERIES_MAX) {
        let [p50, p95, p99, max] =
            [row.p50_ms, row.p95_ms, row.p99_ms, row.max_ms].map(format::millis);
        let nearest = nearest(view, row);
        let name = if row.broadcast.is_empty() {
            "/"
        } else {
            &row.broadcast
        };
        table.row(
            name,
            [
                Cell::from(line::shortened(&row.transport, 6)),
                row.source.name().into(),
                p50.into(),
                p95.into(),
                p99.into(),
                max.into(),
                format::count(row.sample_count).into(),
                nearest.map_or_else(Cell::default, |status| {
                    Cell::new(tone(status.state), short(status))
                }),
                nearest.map_or_else(Cell::default, budget),
            ],
        );
    }
    table
}

/// Of the objectives that are on this series, the one with the least budget left.
fn nearest<'a>(view: &'a View<'_>, row: &slo::Row) -> Option<&'a Status> {
    let on_it = view.frame.objectives.iter().filter(|status| {
        let transport = status.transport.as_ref();
        status.metric.starts_with(METRIC)
            && transport.is_none_or(|transport| *transport == row.transport)
            && status.source.is_none_or(|source| source == row.source)
            // A group's series has its name, unless it was given another.
            && status.group.as_ref().is_none_or(|group| *group == row.broadcast)
    });
    on_it.min_by(|a, b| {
        let left = |status: &Status| status.budget_left.unwrap_or(f64::INFINITY);
        left(a).total_cmp(&left(b))
    })
}

/// An objective without what its row says already.
fn short(status: &Status) -> String {
    let text = status
        .objective
        .trim_start_matches(METRIC)
        .trim_start_matches('.');
    text.split(" for ").next().unwrap_or_default().to_owned()
}

fn table_of_objectives(view: &View<'_>) -> Table<'static> {
    let mut table = Table::new(&OBJECTIVES, OBJECTIVE_WIDTH);
    for status in view.frame.objectives.iter() {
        let burn = |burn| known(burn, objectives::burn);
        table.row(
            Cell::from(&*status.name()),
            [
                Cell::new(tone(status.state), state(status.state)),
                match status.figure {
                    Some(_) => objectives::figure(status).into(),
                    None => Cell::new(Tone::Faint, format::UNKNOWN),
                },
                budget(status),
                burn(status.burn_60s),
                burn(status.burn_300s),
                Cell::new(Tone::Faint, if status.abort { "abort" } else { "" }),
            ],
        );
    }
    table
}

fn budget(status: &Status) -> Cell {
    let mut cell = known(status.budget_left, objectives::share);
    if status.budget_left.is_some_and(|left| left <= 0.0) {
        cell.tone = Tone::Bad;
    }
    cell
}

fn state(state: State) -> &'static str {
    match state {
        State::Unknown => "unknown",
        State::Met => "met",
        State::Broken => "BROKEN",
    }
}

fn tone(state: State) -> Tone {
    match state {
        State::Unknown => Tone::Faint,
        State::Met => Tone::Good,
        State::Broken => Tone::Bad,
    }
}
