//! What viewers see: startup, stalls, and how far behind live.

use report::{format, words};
use telemetry::What;
use telemetry::hist::Quantile;

use crate::line::{self, Line};
use crate::look::Tone;
use crate::table::{Column, Table, Title};
use crate::view::{View, latencies};

const COLUMNS: [Column; 4] = [
    Column::figures("p50", 8, 0),
    Column::figures("p95", 8, 1),
    Column::figures("p99", 8, 2),
    Column::figures("max", 8, 3),
];
const ROWS: [What; 3] = [What::Startup, What::LiveLatency, What::GlassToGlass];
/// Room beside the table, for what is no latency.
const BESIDE: usize = 30;
/// Where both stand beside each other.
const BESIDE_FROM: usize = 80;

pub(super) fn summary(view: &View<'_>) -> Vec<Line> {
    if nothing_plays(view) {
        return vec![Line::new(Tone::Faint, "no viewer has a playhead")];
    }
    if nothing_played(view) {
        return vec![Line::new(Tone::Faint, "nothing was played yet")];
    }
    let mut items = vec![rebuffer(view), stalls(view)];
    let live = view
        .snapshot()
        .latency
        .of(What::LiveLatency)
        .quantile(Quantile::P95);
    if let Some(live) = live {
        items.push(Line::plain(format!(
            "live latency p95 {}",
            format::micros(live)
        )));
    }
    items.push(skipped(view));
    items.push(late(view));
    items
}

pub(super) fn heights(view: &View<'_>, room: usize) -> Vec<usize> {
    if nothing_plays(view) || nothing_played(view) {
        return Vec::new();
    }
    let table = 1 + ROWS.len();
    if room >= BESIDE_FROM {
        vec![table, table + usize::from(pace(view, room).is_some())]
    } else {
        vec![table + 1, table + facts(view, room).len()]
    }
}

pub(super) fn lines(view: &View<'_>, title: Title, room: usize, height: usize) -> Vec<Line> {
    if nothing_plays(view) {
        let why = line::label("").and(Tone::Faint, "no viewer has a playhead");
        return vec![title.line("", room), why];
    }
    let mut table = Table::new(&COLUMNS, 14);
    for what in ROWS {
        let of = view.snapshot().latency.of(what);
        table.row(
            words::latency(what),
            latencies(of, [Quantile::P50, Quantile::P95, Quantile::P99]),
        );
    }
    if room < BESIDE_FROM {
        let mut lines = table.lines(title, room);
        lines.extend(facts(view, room));
        return lines;
    }
    let beside = [
        vec![rebuffer(view)],
        vec![stalls(view)],
        vec![skipped(view), late(view)],
    ];
    let at = (room - BESIDE).min(line::LABEL_WIDTH + 4 * (COLUMNS[0].width + 2));
    let mut lines: Vec<Line> = Vec::new();
    for (place, row) in table.lines(title, at).into_iter().enumerate() {
        lines.push(match place.checked_sub(1).and_then(|row| beside.get(row)) {
            Some(items) => line::fitted(row.padded(at).and(Tone::Plain, "  "), items.clone(), room),
            None => drawn_on(row, room),
        });
    }
    if height > lines.len() {
        lines.extend(pace(view, room));
    }
    lines
}

/// The table's heading, its rule drawn on to the edge.
fn drawn_on(head: Line, room: usize) -> Line {
    let missing = room.saturating_sub(head.width());
    head.and(Tone::Faint, "─".repeat(missing))
}

fn nothing_plays(view: &View<'_>) -> bool {
    let viewers = &view.snapshot().viewers;
    viewers.all() > 0 && viewers.tracked.all() == 0
}

/// Whether no viewer has had a picture.
fn nothing_played(view: &View<'_>) -> bool {
    view.snapshot().latency.of(What::Startup).is_empty() && view.snapshot().viewers.stalls == 0
}

fn facts(view: &View<'_>, room: usize) -> Vec<Line> {
    let items = vec![rebuffer(view), stalls(view), skipped(view), late(view)];
    let mut lines = line::wrapped(Line::plain("  "), items, room);
    lines.extend(pace(view, room));
    lines
}

fn rebuffer(view: &View<'_>) -> Line {
    let ratio = view.snapshot().viewers.rebuffer_ratio();
    let tone = match ratio {
        Some(ratio) if ratio > 0.0 => Tone::Odd,
        _ => Tone::Plain,
    };
    let ratio = format::or_unknown(ratio, format::percent);
    Line::new(Tone::Faint, "rebuffer ratio ").and(tone, ratio)
}

fn stalls(view: &View<'_>) -> Line {
    let viewers = &view.snapshot().viewers;
    let stalls = format::things(viewers.stalls, "stall", "stalls");
    if viewers.stalls == 0 {
        return Line::plain(stalls);
    }
    let long = viewers
        .stall_time()
        .map_or(String::new(), |time| format!(", {}", format::length(time)));
    Line::new(Tone::Odd, format!("{stalls}{long}"))
}

fn skipped(view: &View<'_>) -> Line {
    count(view.snapshot().playback.skipped.count, "skipped")
}

fn late(view: &View<'_>) -> Line {
    count(view.snapshot().playback.late.count, "late")
}

fn count(segments: u64, how: &str) -> Line {
    let tone = if segments > 0 { Tone::Odd } else { Tone::Plain };
    Line::new(tone, format!("{} {how}", format::count(segments)))
}

/// How viewers keep up with real time.
fn pace(view: &View<'_>, room: usize) -> Option<Line> {
    let pace = view.snapshot().roster.pace;
    if pace.viewers == 0 {
        return None;
    }
    let mean = |sum: u64| sum as f64 / pace.viewers as f64;
    let speed = format::percent(mean(pace.speed_permille_sum) / 1_000.0);
    let drift = format::millis(mean(pace.drift_ms_sum) as u64);
    let items = vec![
        Line::plain(format!("speed {speed} of real time")),
        Line::plain(format!(
            "drift {drift}, max {}",
            format::millis(pace.drift_ms_max)
        )),
        Line::plain(format!("{} behind", format::count(pace.high_drift))),
    ];
    Some(line::fitted(line::label("pace"), items, room))
}
