//! What the run was held against.

use maud::{Markup, html};
use telemetry::objective::{State, Status};

use super::page::{self, Mark, Row};
use crate::document::Document;
use crate::format;
use crate::objectives::{self, figure, limit, share, verdict};

pub(super) fn section(document: &Document) -> Markup {
    if document.objectives.is_empty() {
        return html! {};
    }
    let rows: Vec<Row> = document
        .objectives
        .iter()
        .map(|status| row(status, document))
        .collect();
    let head = [
        "objective",
        "",
        "figure",
        "limit",
        "error budget",
        "budget left",
        "burn 60 s",
        "burn 300 s",
    ];
    let body = html! {
        (page::table(&head, &rows))
        p class="note" {
            "The error budget is the share of samples that may be bad. A burn rate of 1 spends it "
            "exactly; the windows are those before the end."
        }
    };
    page::section("objectives", "Objectives", &body)
}

fn row(status: &Status, document: &Document) -> Row {
    let (mark, word) = match (status.state, document.exit.is_some()) {
        (State::Met, true) => (Mark::Good, "passed"),
        (State::Broken, true) => (Mark::Bad, "failed"),
        (State::Unknown, true) if document.config.slo_require_data => {
            (Mark::Bad, "failed: no data")
        }
        (State::Met, false) => (Mark::Good, verdict(State::Met)),
        (State::Broken, false) => (Mark::Bad, verdict(State::Broken)),
        (State::Unknown, _) => (Mark::Odd, verdict(State::Unknown)),
    };
    let burn = |rate: Option<f64>| format::or_unknown(rate, objectives::burn);
    let cells = [
        figure(status),
        limit(status),
        share(status.budget),
        format::or_unknown(status.budget_left, share),
        burn(status.burn_60s),
        burn(status.burn_300s),
    ];
    let mut row = Row::of(status.name(), []).words(word);
    row.cells.extend(cells.map(page::Cell::Figure));
    row.marked(mark)
}
