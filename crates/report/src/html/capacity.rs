//! A search for capacity as one page: the answer, the curve, and every level.

use maud::{Markup, html};

use super::draw::Plot;
use super::page::{self, Mark, Row};
use crate::capacity::{
    Capacity, Judgement, Level, SCHEMA, Standing, answer, broke_words, cells, crowd, judged,
};
use crate::format;
use crate::svg::{Axis, Chart, Kind, Layer, Point};

/// Columns of the table of levels.
const HEAD: [&str; 8] = [
    "viewers",
    "judged",
    "segment p95",
    "playlist p95",
    "rebuffering",
    "errors",
    "throughput",
    "missed",
];

/// The page of a search.
pub(crate) fn html(found: &Capacity) -> String {
    let url = format::one_line(&found.setup.url, 80);
    let body = html! {
        header {
            h1 { (answer(found)) }
            p { (url) }
        }
        main {
            (what_broke(found))
            (page::section("curve", "By the number of viewers", &page::plots(&plots(found))))
            (page::section("levels", "Levels", &levels(found)))
            (page::section("search", "The search", &search(found)))
        }
        footer { "liveswarm " (found.version) " · made of " (SCHEMA) }
    };
    super::shell(&format!("liveswarm: {url}"), &body)
}

fn what_broke(found: &Capacity) -> Markup {
    let mut entries: Vec<(&str, String)> = Vec::new();
    entries.extend(
        found
            .broke
            .iter()
            .map(|broke| ("broke", broke_words(broke))),
    );
    if let Some(blame) = &found.blame {
        entries.push(("where", format!("{}: {}", blame.place, blame.why)));
    }
    html! {
        @if !entries.is_empty() { (page::section("broke", "What broke first", &page::list(&entries))) }
    }
}

fn levels(found: &Capacity) -> Markup {
    let rows: Vec<Row> = found.curve().into_iter().map(row).collect();
    page::table(&HEAD, &rows)
}

fn row(level: &Level) -> Row {
    let [segment, playlist, rebuffer, errors, throughput] = cells(level);
    let missed: Vec<_> = level.missed().map(Standing::name).collect();
    let mark = match level.judgement {
        Judgement::Held => Mark::Good,
        Judgement::Broken => Mark::Bad,
        Judgement::GeneratorBound => Mark::Odd,
    };
    Row::of(format::count(level.viewers), [])
        .words(judged(level))
        .figures([segment, playlist, rebuffer, errors, throughput])
        .words(missed.join(", "))
        .marked(mark)
}

fn search(found: &Capacity) -> Markup {
    let search = &found.search;
    let seconds = |seconds: f64| format!("{seconds} s");
    let mut entries: Vec<(&str, String)> = crowd(found)
        .into_iter()
        .map(|crowd| ("viewers", crowd))
        .collect();
    entries.extend([
        ("from", format::count(search.from)),
        ("to", format::count(search.to)),
        ("hold", seconds(search.hold_s)),
        ("settle", seconds(search.settle_s)),
        ("objectives", search.objectives.join(", ")),
        ("player", found.setup.player.clone()),
        ("variant", found.setup.variant.clone()),
        ("ramp", format!("{} a second", found.setup.ramp_rate)),
        ("workers", format::count(found.setup.workers)),
        ("seed", found.setup.seed.to_string()),
        ("options", found.setup.options.join(" ")),
        (
            "exit code",
            format!("{} ({})", found.exit.code, found.exit.reason),
        ),
    ]);
    entries.retain(|(_, words)| !words.is_empty());
    page::list(&entries)
}

fn plots(found: &Capacity) -> Vec<Plot> {
    let plot = |id: &str,
                title: &str,
                axis: fn(f64) -> Axis,
                figure: fn(&Level) -> Option<f64>,
                show: fn(f64) -> String| {
        let levels = found.curve();
        let points: Vec<Point> = levels
            .iter()
            .map(|level| Point::new(level.viewers as f64, figure(level)))
            .collect();
        let most = points
            .iter()
            .filter_map(|point| point.y)
            .fold(0.0, f64::max);
        let told = match levels.last().and_then(|level| figure(level)) {
            Some(last) => format!("{} at the most viewers", show(last)),
            None => format::UNKNOWN.to_owned(),
        };
        Plot {
            note: String::new(),
            chart: Chart {
                id: id.to_owned(),
                title: title.to_owned(),
                x: Axis::count(
                    levels.last().map_or(0, |level| level.viewers) as f64,
                    "viewers",
                ),
                y: axis(most),
                layers: vec![Layer {
                    kind: Kind::Line,
                    class: "c1",
                    label: title.to_owned(),
                    told,
                    points,
                }],
                limits: Vec::new(),
            },
        }
    };
    let mut plots = vec![
        plot(
            "download",
            "Segment download p95",
            Axis::millis,
            |level| level.figures.segment_download_p95_ms,
            format::ms,
        ),
        plot(
            "playlist",
            "Playlist p95",
            Axis::millis,
            |level| level.figures.playlist_p95_ms,
            format::ms,
        ),
        plot(
            "rebuffering",
            "Rebuffering",
            Axis::share,
            |level| level.figures.rebuffer_ratio,
            format::percent,
        ),
        plot(
            "errors",
            "Failed requests",
            Axis::share,
            |level| level.figures.error_rate,
            format::percent,
        ),
        plot(
            "throughput",
            "Throughput",
            Axis::rate,
            |level| Some(level.figures.throughput_bytes_per_s),
            format::rate,
        ),
        plot(
            "cpu",
            "The origin's CPU, as it says",
            Axis::share,
            |level| level.origin?.cpu,
            format::percent,
        ),
        plot(
            "connections",
            "The origin's connections, as it says",
            |most| Axis::count(most, "connections"),
            |level| level.origin?.connections.map(|open| open as f64),
            |open| format::count(open as u64),
        ),
    ];
    plots.retain(|plot| !plot.chart.is_empty());
    plots
}
