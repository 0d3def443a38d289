//! The timeline as CSV (RFC 4180): a header and a row for each span of time, mostly a second.
//!
//! Units are in the names of the columns. A cell is empty where its figure is unknown: no sample
//! fell into the span.

use std::fmt::Display;

use base::ViewerState;
use telemetry::What;
use telemetry::timeline::{Row, Spread};

/// What ends a line (RFC 4180, 2.1).
const LINE_END: &str = "\r\n";

/// A column: its name, and its cell in a row.
type Column = (String, Box<dyn Fn(&Row) -> Option<String>>);

/// The first line, with its line break.
pub fn header() -> String {
    let names: Vec<String> = columns().into_iter().map(|(name, _)| name).collect();
    names.join(",") + LINE_END
}

/// The line of `row`, with its line break. All cells are numbers, so none needs quotes.
pub fn row(row: &Row) -> String {
    let cells: Vec<String> = columns()
        .iter()
        .map(|(_, cell)| cell(row).unwrap_or_default())
        .collect();
    cells.join(",") + LINE_END
}

/// Header and rows.
pub fn table<'a>(rows: impl IntoIterator<Item = &'a Row>) -> String {
    let columns = columns();
    let mut out = header();
    for row in rows {
        for (place, (_, cell)) in columns.iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            out.push_str(&cell(row).unwrap_or_default());
        }
        out.push_str(LINE_END);
    }
    out
}

fn columns() -> Vec<Column> {
    let mut columns = vec![
        known("unix_ms", |row| row.unix_ms),
        known("elapsed_s", |row| row.elapsed_ms as f64 / 1e3),
        known("span_s", |row| row.span_ms as f64 / 1e3),
        known("viewers_target", |row| row.target),
    ];
    columns.extend(ViewerState::ALL.map(|state| {
        known(&format!("viewers_{}", state.name()), move |row| {
            row.states.get(&state).copied().unwrap_or(0)
        })
    }));
    columns.extend([
        known("playlists_ok", |row| row.playlists_ok),
        known("segments_ok", |row| row.segments_ok),
        known("requests_failed", |row| row.failed),
        known("segment_bytes", |row| row.media_bytes),
        maybe("segment_bytes_per_second", |row| {
            per_second(row.media_bytes, row.span_ms)
        }),
        maybe("peak_100ms_bytes_per_second", |row| row.peak_100ms),
        known("stalls", |row| row.stalls),
        known("stall_time_ms", |row| row.stall_ms),
        known("play_time_ms", |row| row.play_ms),
        known("segments_skipped", |row| row.skipped),
        known("segments_late", |row| row.late),
        known("playlists_stale", |row| row.stale_playlists),
        maybe("generator_cpu_ms", |row| row.cpu_ms),
        maybe("generator_lag_p99_ms", |row| row.lag_p99_ms),
    ]);
    columns.extend(What::ALL.into_iter().flat_map(latency));
    columns
}

fn latency(what: What) -> [Column; 5] {
    let column = |name: &str, figure: fn(&Spread) -> f64| {
        maybe(&format!("{}_{name}_ms", what.name()), move |row| {
            row.latency_ms.get(&what).map(figure)
        })
    };
    [
        known(&format!("{}_samples", what.name()), move |row| {
            row.latency_ms.get(&what).map_or(0, |spread| spread.count)
        }),
        column("p50", |spread| spread.p50),
        column("p95", |spread| spread.p95),
        column("p99", |spread| spread.p99),
        column("max", |spread| spread.max),
    ]
}

fn known<T: Display>(name: &str, cell: impl Fn(&Row) -> T + 'static) -> Column {
    maybe(name, move |row| Some(cell(row)))
}

fn maybe<T: Display>(name: &str, cell: impl Fn(&Row) -> Option<T> + 'static) -> Column {
    let cell = move |row: &Row| cell(row).map(|value| value.to_string());
    (name.to_owned(), Box::new(cell))
}

fn per_second(bytes: u64, span_ms: u64) -> Option<f64> {
    (span_ms > 0).then(|| bytes as f64 * 1e3 / span_ms as f64)
}
