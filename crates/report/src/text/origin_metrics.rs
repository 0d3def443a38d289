use telemetry::origin::View;

use super::page::Page;
use crate::format::one_line;
use crate::origin_metrics::{self, HEADS};

/// What the origin says of itself.
pub(super) fn section(page: &mut Page, view: &View) {
    page.heading("what the origin says of itself");
    let figures = origin_metrics::figures(view);
    if !figures.is_empty() {
        page.faint(&line("", HEADS.map(str::to_owned)));
    }
    for named in figures {
        page.line(&line(named.name, named.cells()));
    }
    for (place, sent) in view.sent.iter().enumerate() {
        let label = if place == 0 { "sent" } else { "" };
        page.row(label, &origin_metrics::sent(sent));
    }
    if let Some(segments) = origin_metrics::segments(view) {
        page.row("segments", &segments);
    }
    for source in &view.sources {
        match origin_metrics::trouble(source) {
            Some(trouble) => page.odd_row("source", &trouble),
            None => page.row("source", &one_line(&source.url, super::page::TEXT_WIDTH)),
        }
    }
}

fn line(name: &str, [newest, p50, max, run_max, age]: [String; 5]) -> String {
    format!("{name:<22}{newest:>12}{p50:>12}{max:>12}{run_max:>12}{age:>10}")
}
