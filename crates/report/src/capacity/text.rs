use telemetry::objective::Unit;

use super::{Broke, Capacity, End, Judgement, Level};
use crate::format;
use crate::text::{Page, Style};

/// The longest URL that is shown.
const URL_MAX: usize = 60;
/// The longest line of what viewers are; longer ones lose their middle.
const CROWD_MAX: usize = 200;
const HEAD: [&str; 7] = [
    "viewers",
    "judged",
    "segment",
    "playlist",
    "rebuffer",
    "errors",
    "throughput",
];
const UNITS: [&str; 7] = ["", "", "p95", "p95", "", "", ""];

pub(super) fn text(found: &Capacity) -> String {
    let mut page = Page::new(Style::Plain);
    page.line(&answer(found));
    page.line("");
    page.row("stream", &format::one_line(&found.setup.url, URL_MAX));
    for crowd in crowd(found) {
        page.row("viewers", &format::one_line(&crowd, CROWD_MAX));
    }
    for broke in &found.broke {
        page.row("broke", &broke_words(broke));
    }
    if let Some(blame) = &found.blame {
        page.row("where", &format!("{}: {}", blame.place, blame.why));
    }
    page.line("");
    for head in [HEAD, UNITS] {
        page.line(&columns(head));
    }
    for level in found.curve() {
        page.line(&row(level));
    }
    let asked = found.curve();
    let asked = asked.iter().filter(|level| level.origin.is_some());
    for (place, level) in asked.enumerate() {
        if place == 0 {
            page.line("");
            page.line(&said(["viewers", "origin's CPU", "connections"]));
        }
        let viewers = format::count(level.viewers);
        let [cpu, connections] = of_origin(level);
        page.line(&said([&viewers, &cpu, &connections]));
    }
    page.finish()
}

/// What the viewers are, line by line; none where all are our own, and alike.
pub(crate) fn crowd(found: &Capacity) -> Vec<String> {
    let setup = &found.setup;
    let engine = (!setup.engine.is_empty()).then(|| setup.engine.clone());
    let groups = setup.groups.iter().map(|group| {
        let options = group.options.iter();
        let options = options.map(|option| option.trim_start_matches("--"));
        let words: Vec<&str> = group.url.as_deref().into_iter().chain(options).collect();
        let share = format::percent(group.share);
        format!("{share} {} {}", group.name, words.join(" "))
            .trim_end()
            .to_owned()
    });
    engine.into_iter().chain(groups).collect()
}

/// What the origin said of itself over a level.
fn of_origin(level: &Level) -> [String; 2] {
    let origin = level.origin.unwrap_or_default();
    [
        format::or_unknown(origin.cpu, format::percent),
        format::or_unknown(origin.connections, format::count),
    ]
}

fn said([viewers, cpu, connections]: [&str; 3]) -> String {
    format!("{viewers:>9}  {cpu:>12} {connections:>12}")
}

/// The answer in one sentence.
pub(crate) fn answer(found: &Capacity) -> String {
    let viewers = |viewers: u64| format::things(viewers, "viewer", "viewers");
    let carried = found.carried.map(viewers);
    let holds = format!(
        "{} in {}",
        format::things(found.tried() as u64, "level", "levels"),
        format::things(found.levels.len() as u64, "hold", "holds"),
    );
    let so_far = match &carried {
        Some(carried) => format!("{carried} held"),
        None => "nothing held".to_owned(),
    };
    match (found.end, &carried, found.broken) {
        (End::Found, Some(carried), Some(broken)) => format!(
            "carries {carried}; {} break an objective ({holds})",
            format::count(broken)
        ),
        (End::HeldToTheEnd, Some(carried), _) => {
            format!("carries {carried} at least: more were not tried ({holds})")
        }
        (End::BrokeFromTheStart, ..) => format!(
            "carries fewer than {}: fewer were not tried ({holds})",
            viewers(found.search.from)
        ),
        (End::GeneratorBound, ..) => {
            format!("generator-bound: this machine could not be more viewers; {so_far} ({holds})")
        }
        (End::Stopped, ..) => format!("stopped before the end; {so_far} ({holds})"),
        (End::Unsettled | End::Found | End::HeldToTheEnd, ..) => {
            format!("unsettled: judged now one way and now the other; {so_far} ({holds})")
        }
    }
}

pub(crate) fn broke_words(broke: &Broke) -> String {
    let shown = |figure: f64| match broke.unit {
        Unit::Ms => format::ms(figure),
        Unit::Ratio => format::percent(figure),
    };
    let Some(after) = broke.after_s else {
        return format!("{} (no sample)", broke.name());
    };
    let figure = format::or_unknown(broke.figure, shown);
    format!("{} ({figure}, {after:.0} s into the level)", broke.name())
}

pub(crate) fn judged(level: &Level) -> &'static str {
    match (level.judgement, level.close) {
        (Judgement::Held, false) => "held",
        (Judgement::Held, true) => "held ~",
        (Judgement::Broken, false) => "broke",
        (Judgement::Broken, true) => "broke ~",
        (Judgement::GeneratorBound, _) => "generator",
    }
}

/// What the curve is of, as it is shown everywhere.
pub(crate) fn cells(level: &Level) -> [String; 5] {
    let figures = &level.figures;
    let ms = |figure: Option<f64>| format::or_unknown(figure, format::ms);
    let share = |figure: Option<f64>| format::or_unknown(figure, format::percent);
    [
        ms(figures.segment_download_p95_ms),
        ms(figures.playlist_p95_ms),
        share(figures.rebuffer_ratio),
        share(figures.error_rate),
        format::rate(figures.throughput_bytes_per_s),
    ]
}

/// A level as one line.
fn row(level: &Level) -> String {
    let viewers = format::count(level.viewers);
    let [segment, playlist, rebuffer, errors, throughput] = cells(level);
    let all = [
        &viewers,
        judged(level),
        &segment,
        &playlist,
        &rebuffer,
        &errors,
        &throughput,
    ];
    columns(all)
}

fn columns(
    [
        viewers,
        judged,
        segment,
        playlist,
        rebuffer,
        errors,
        throughput,
    ]: [&str; 7],
) -> String {
    format!(
        "{viewers:>9}  {judged:<9} {segment:>10} {playlist:>10} {rebuffer:>9} {errors:>8} \
         {throughput:>11}"
    )
}

impl Level {
    /// One line: how it was judged and what was seen.
    pub fn line(&self) -> String {
        let [segment, _, rebuffer, errors, throughput] = cells(self);
        format!(
            "{} {}: segment p95 {segment}, rebuffering {rebuffer}, errors {errors}, {throughput}",
            format::things(self.viewers, "viewer", "viewers"),
            judged(self),
        )
    }
}
