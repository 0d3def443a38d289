use std::fmt::Write;

use telemetry::objective::Unit;

use super::{Broke, Capacity, End, Judgement, Level};
use crate::format;

/// The longest URL that is shown.
const URL_MAX: usize = 60;

pub(super) fn text(found: &Capacity) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{}", answer(found));
    let _ = writeln!(text, "  {}", format::one_line(&found.config.url, URL_MAX));
    for broke in &found.broke {
        let _ = writeln!(text, "  broke: {}", broke_words(broke));
    }
    if let Some(blame) = &found.blame {
        let _ = writeln!(text, "  where: {}: {}", blame.place, blame.why);
    }
    let _ = writeln!(
        text,
        "\n{:>9}  {:<9} {:>10} {:>10} {:>9} {:>8} {:>11}",
        "viewers", "judged", "segment", "playlist", "rebuffer", "errors", "throughput"
    );
    let _ = writeln!(text, "{:>9}  {:<9} {:>10} {:>10}", "", "", "p95", "p95");
    for level in found.curve() {
        let _ = writeln!(text, "{}", row(level));
    }
    text
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
    format!(
        "{} ({}, {:.0} s into the level)",
        broke.objective,
        format::or_unknown(broke.figure, shown),
        broke.after_s
    )
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
pub(super) fn row(level: &Level) -> String {
    let [segment, playlist, rebuffer, errors, throughput] = cells(level);
    format!(
        "{:>9}  {:<9} {segment:>10} {playlist:>10} {rebuffer:>9} {errors:>8} {throughput:>11}",
        format::count(level.viewers),
        judged(level),
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
