//! Whether the machine and the origin keep up: what the other figures stand on.

use report::{Agreement, format, origin_metrics as says, words};
use telemetry::Verdict;
use telemetry::hist::Quantile;

use crate::line::{self, Line};
use crate::look::Tone;
use crate::table::Title;
use crate::view::View;

/// Letters of what is wrong with the origin's exporters.
const TROUBLE_MAX: usize = 200;
/// Lines below the heading where all is well.
const LINES: usize = 4;

pub(super) fn summary(view: &View<'_>) -> Vec<Line> {
    let mut items = vec![verdict(view)];
    let stale = &view.snapshot().playback.stale_playlists;
    if stale.count > 0 {
        items.push(stale_playlists(view));
    }
    items.extend(lag(view));
    items.extend(cpu_now(view));
    items.extend(agreement(view));
    let origin = origin_says(view).into_iter().next();
    items.extend(origin.map(|first| Line::plain("origin ").then(first)));
    items
}

pub(super) fn heights(view: &View<'_>, room: usize) -> Vec<usize> {
    vec![1 + LINES, 1 + body(view, room).len()]
}

pub(super) fn lines(view: &View<'_>, title: Title, room: usize, _: usize) -> Vec<Line> {
    let mut lines = vec![title.line("", room)];
    lines.extend(body(view, room));
    lines
}

fn body(view: &View<'_>, room: usize) -> Vec<Line> {
    let generator = &view.snapshot().generator;
    let mut verdict = vec![verdict(view)];
    verdict.extend(lag(view));
    let mut cpu: Vec<Line> = cpu_share(view)
        .map(|share| Line::plain(format!("{share} of a core now")))
        .into_iter()
        .collect();
    cpu.push(Line::plain(format!(
        "busiest worker {}",
        format::or_unknown(generator.worker_cpu_permille_max, |permille| {
            format!("{} of a core", format::percent(permille as f64 / 1e3))
        })
    )));
    let mut lines = line::wrapped(line::label("verdict"), verdict, room);
    for cause in generator.causes.keys() {
        let label = line::label("");
        lines.extend(line::paragraph(
            label,
            Tone::Bad,
            words::cause(*cause),
            room,
        ));
    }
    lines.extend(line::wrapped(line::label("CPU"), cpu, room));
    lines.extend(line::wrapped(line::label("used"), used(view), room));
    let mut origin = vec![stale_playlists(view)];
    origin.extend(agreement(view));
    lines.extend(line::wrapped(line::label("origin"), origin, room));
    lines.extend(origin_metrics(view, room));
    lines
}

fn verdict(view: &View<'_>) -> Line {
    match view.snapshot().generator.verdict() {
        Verdict::Fine => Line::new(Tone::Good, "keeps up"),
        Verdict::Bottleneck => Line::new(Tone::Bad, "THE BOTTLENECK"),
        Verdict::Unknown => Line::new(Tone::Faint, "not judged yet"),
    }
}

fn lag(view: &View<'_>) -> Option<Line> {
    let lag = &view.snapshot().generator.lag;
    let (p99, max) = (lag.quantile(Quantile::P99)?, lag.max()?);
    let [p99, max] = [p99, max].map(format::micros);
    Some(Line::plain(format!("lag p99 {p99}, max {max}")))
}

fn cpu_now(view: &View<'_>) -> Option<Line> {
    let share = cpu_share(view)?;
    Some(Line::plain(format!("CPU {share} of a core")))
}

/// Of one core, of late.
fn cpu_share(view: &View<'_>) -> Option<String> {
    let row = view.newest_row()?;
    let cpu_ms = row.cpu_ms.filter(|_| row.span_ms > 0)?;
    // More than one core is more than a hundred per cent.
    let percent = cpu_ms as f64 * 100.0 / row.span_ms as f64;
    Some(format!("{percent:.0} %"))
}

fn used(view: &View<'_>) -> Vec<Line> {
    let generator = &view.snapshot().generator;
    let memory = format::or_unknown(generator.rss_peak_bytes, format::bytes);
    let descriptors = match (generator.descriptors_max, generator.descriptors_limit) {
        (Some(most), Some(limit)) => format!("{} of {}", format::count(most), format::count(limit)),
        (most, _) => format::or_unknown(most, format::count),
    };
    vec![
        Line::plain(format!("memory {memory}")),
        Line::plain(format!("descriptors {descriptors}")),
    ]
}

fn stale_playlists(view: &View<'_>) -> Line {
    let stale = view.snapshot().playback.stale_playlists.count;
    let tone = if stale > 0 { Tone::Bad } else { Tone::Plain };
    Line::new(
        tone,
        format::things(stale, "stale playlist", "stale playlists"),
    )
}

/// Whether the origin's own count is that of the viewers, where it says.
fn agreement(view: &View<'_>) -> Option<Line> {
    let ledger = view.frame.ledger.as_ref()?;
    Some(match ledger.agreement(&view.snapshot().requests) {
        Agreement::Equal => Line::new(Tone::Good, "its count equals ours"),
        Agreement::ButInterrupted => Line::new(
            Tone::Good,
            "its count equals ours, but for what was interrupted",
        ),
        Agreement::Differs => Line::new(Tone::Bad, "ITS COUNT DIFFERS FROM OURS"),
    })
}

/// What the origin's exporters say of this moment, the most telling first.
fn origin_says(view: &View<'_>) -> Vec<Line> {
    let Some(origin) = &view.frame.origin_metrics else {
        return Vec::new();
    };
    let figures = says::figures(origin);
    let known = figures.iter().filter(|named| !named.figure.stale);
    known
        .map(|named| Line::plain(format!("{} {}", named.short, named.newest())))
        .collect()
}

fn origin_metrics(view: &View<'_>, room: usize) -> Vec<Line> {
    let Some(origin) = &view.frame.origin_metrics else {
        return Vec::new();
    };
    let mut items = origin_says(view);
    if let Some(sent) = origin.sent.first() {
        let (scope, difference) = (sent.scope.name(), says::difference(sent));
        items.push(Line::plain(format!(
            "sent against received {difference} ({scope})"
        )));
    }
    if items.is_empty() {
        items.push(Line::new(Tone::Faint, "nothing yet"));
    }
    let mut lines = line::wrapped(line::label("it says"), items, room);
    for trouble in origin.sources.iter().filter_map(says::trouble) {
        let label = line::label("");
        lines.extend(line::paragraph(
            label,
            Tone::Bad,
            &line::shortened(&trouble, TROUBLE_MAX),
            room,
        ));
    }
    lines
}
