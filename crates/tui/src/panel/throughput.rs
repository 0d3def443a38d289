//! Segment bytes over time.

use report::format;

use crate::chart::{self, Axis};
use crate::line::{self, Line};
use crate::look::Tone;
use crate::table::{Cell, Column, Table, Title};
use crate::view::View;

/// What the chart reaches back.
const CHART_MS: u64 = 300_000;
/// How high the chart may be.
const CHART_HEIGHTS: [usize; 6] = [1, 3, 6, 10, 14, CHART_HEIGHT_MAX];
const CHART_HEIGHT_MAX: usize = 18;
/// A chart that is narrower says nothing.
const CELLS_LEAST: usize = 8;
/// Room for the greatest rate beside the chart.
const BESIDE_CHART: usize = 18;

const COLUMNS: [Column; 7] = [
    Column::figures("last 1 s", 10, 0),
    Column::figures("30 s", 10, 1),
    Column::figures("60 s", 10, 2),
    Column::figures("5 min", 10, 3),
    Column::figures("overall", 10, 4),
    Column::figures("total", 9, 5),
    Column::figures("peak 100 ms", 11, 6),
];
/// Where all columns but the last stand on one line.
const ONE_LINE: usize = 79;
const LABEL: &str = "segments";

pub(super) fn summary(view: &View<'_>) -> Vec<Line> {
    let windows = view.snapshot().throughput.windows();
    let Some(last) = windows.avg_1s else {
        return vec![Line::new(Tone::Faint, view.unknown())];
    };
    let mut items = vec![Line::plain(format!("{} now", format::rate(last)))];
    if let Some(rate) = windows.avg_60s {
        items.push(Line::plain(format!("60 s {}", format::rate(rate))));
    }
    let total = view.snapshot().throughput.total_bytes();
    items.push(Line::plain(format!("{} in all", format::bytes(total))));
    items
}

/// Lines that figures take.
fn figures_height(room: usize) -> usize {
    if room >= ONE_LINE { 2 } else { 4 }
}

pub(super) fn heights(view: &View<'_>, room: usize) -> Vec<usize> {
    if view.snapshot().throughput.total_bytes() == 0 {
        return Vec::new();
    }
    let figures = figures_height(room);
    CHART_HEIGHTS.map(|chart| figures + chart).to_vec()
}

pub(super) fn lines(view: &View<'_>, title: Title, room: usize, height: usize) -> Vec<Line> {
    let cells = cells(view);
    let mut lines = if room >= ONE_LINE {
        let mut table = Table::new(&COLUMNS, LABEL.len());
        table.row(LABEL, cells);
        table.lines(title, room)
    } else {
        stacked(&cells, title, room)
    };
    let left = height.saturating_sub(lines.len()).min(CHART_HEIGHT_MAX);
    lines.extend(chart(view, room, left));
    lines
}

/// The windows on a line and the totals on another.
fn stacked(cells: &[Cell], title: Title, room: usize) -> Vec<Line> {
    let mut windows = Table::new(&COLUMNS[..4], LABEL.len());
    windows.row(LABEL, cells[..4].to_vec());
    let mut lines = windows.lines(title, room);
    let names = ["overall", "total", "peak 100 ms"];
    let items = names.iter().zip(&cells[4..]);
    let items = items.map(|(name, cell)| {
        Line::new(Tone::Faint, format!("{name} ")).and(cell.tone, cell.text.clone())
    });
    lines.extend(line::wrapped(Line::plain("  "), items.collect(), room));
    lines
}

fn cells(view: &View<'_>) -> Vec<Cell> {
    let history = &view.snapshot().throughput;
    let windows = history.windows();
    let rate = |rate: Option<f64>| match rate {
        Some(rate) => Cell::from(format::rate(rate)),
        None => Cell::new(Tone::Faint, view.unknown()),
    };
    vec![
        rate(windows.avg_1s),
        rate(windows.avg_30s),
        rate(windows.avg_60s),
        rate(windows.avg_300s),
        rate(windows.overall),
        format::bytes(history.total_bytes()).into(),
        rate(history.peak_100ms()),
    ]
}

/// The last five minutes, the present at the right, as high as its fullest second.
fn chart(view: &View<'_>, room: usize, height: usize) -> Vec<Line> {
    let elapsed_ms = view.newest_row().map_or(0, |row| row.elapsed_ms);
    let young = elapsed_ms < CHART_MS;
    let name = line::label(if young { "so far" } else { "last 5 min" });
    let cells = room.saturating_sub(name.width() + BESIDE_CHART);
    if cells < CELLS_LEAST {
        return Vec::new();
    }
    let axis = Axis::ending(elapsed_ms, CHART_MS, cells);
    let rates = axis.rates(&view.frame.timeline, |row| row.media_bytes);
    let seconds = view.snapshot().throughput.seconds();
    let fullest = seconds.map(|(_, bytes, _)| bytes as f64).reduce(f64::max);
    // Before a whole second is known, what is known of it.
    let top = fullest.or_else(|| rates.iter().flatten().copied().reduce(f64::max));
    let beside = match top {
        Some(top) => format!(" max {}", format::rate(top)),
        None => format!(" {}", view.unknown()),
    };
    let mut lines = Vec::new();
    for blocks in chart::blocks(&rates, top.unwrap_or(0.0), height) {
        let line = if lines.is_empty() {
            let right = Line::new(Tone::Faint, beside.as_str());
            name.clone().and(Tone::Good, blocks).then(right)
        } else {
            line::label("").and(Tone::Good, blocks)
        };
        lines.push(line);
    }
    lines
}
