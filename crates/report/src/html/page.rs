//! What sections are made of.

use maud::{Markup, html};

use super::draw::Plot;
use crate::format::UNKNOWN;

/// Cells with more letters than this are wide.
const WIDE: usize = 12;

/// A part of the page with a heading that can be linked to.
pub(super) fn section(id: &str, title: &str, body: &Markup) -> Markup {
    html! {
        section id=(id) {
            h2 { (title) }
            (body)
        }
    }
}

/// Charts side by side, as many as have room.
pub(super) fn plots(plots: &[Plot]) -> Markup {
    html! {
        @if !plots.is_empty() {
            div class="plots" {
                @for plot in plots {
                    figure id={ "plot-" (plot.chart.id) } {
                        figcaption {
                            h3 { (plot.chart.title) }
                            @if !plot.note.is_empty() { p { (plot.note) } }
                        }
                        (plot.chart.render())
                    }
                }
            }
        }
    }
}

/// How a row of a table is marked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mark {
    #[default]
    Plain,
    Good,
    Bad,
    Odd,
}

impl Mark {
    pub(super) fn class(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Good => Some("good"),
            Self::Bad => Some("bad"),
            Self::Odd => Some("odd"),
        }
    }

    /// What says the same without colour.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Good => "✓ ",
            Self::Bad => "✗ ",
            Self::Odd => "! ",
        }
    }
}

/// A row: what it is of, and its cells.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) of: String,
    /// Said below that, smaller.
    pub(super) more: String,
    pub(super) cells: Vec<Cell>,
    pub(super) mark: Mark,
}

/// A figure, or words.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Figure(String),
    Words(String),
}

impl Row {
    pub(super) fn of(of: impl Into<String>, figures: impl IntoIterator<Item = String>) -> Self {
        Self {
            of: of.into(),
            more: String::new(),
            cells: figures.into_iter().map(Cell::Figure).collect(),
            mark: Mark::Plain,
        }
    }

    pub(super) fn words(mut self, words: impl Into<String>) -> Self {
        self.cells.push(Cell::Words(words.into()));
        self
    }

    pub(super) fn figures(mut self, figures: impl IntoIterator<Item = String>) -> Self {
        self.cells.extend(figures.into_iter().map(Cell::Figure));
        self
    }

    pub(super) fn saying(self, more: impl Into<String>) -> Self {
        Self {
            more: more.into(),
            ..self
        }
    }

    pub(super) fn marked(self, mark: Mark) -> Self {
        Self { mark, ..self }
    }
}

/// A table; it scrolls within itself where it is wider than the screen.
pub(super) fn table(head: &[&str], rows: &[Row]) -> Markup {
    // A column is headed as its cells are: figures on the right.
    let words = |place: usize| {
        let mut cells = rows.iter().filter_map(|row| row.cells.get(place));
        cells.any(|cell| matches!(cell, Cell::Words(_)))
    };
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(head.join(", ")) {
            table {
                thead { tr {
                    @for (place, name) in head.iter().enumerate() {
                        @if place == 0 || words(place - 1) { th scope="col" { (name) } }
                        @else { th scope="col" class="n" { (name) } }
                    }
                } }
                tbody { @for row in rows { (tr(row)) } }
            }
        }
    }
}

fn tr(row: &Row) -> Markup {
    html! {
        tr class=[row.mark.class()] {
            th scope="row" class=[wide(&row.of)] {
                (row.mark.sign()) (row.of)
                @if !row.more.is_empty() { small { (row.more) } }
            }
            @for cell in &row.cells {
                @match cell {
                    Cell::Figure(text) => td class=(figure_class(text)) { (text) },
                    Cell::Words(text) => td class=[wide(text)] { (text) },
                }
            }
        }
    }
}

/// Long words keep some width, however many columns there are.
fn wide(text: &str) -> Option<&'static str> {
    (text.chars().count() > WIDE).then_some("w")
}

/// What is unknown, and nothing, stand back.
fn figure_class(text: &str) -> &'static str {
    match text {
        UNKNOWN | "0" | "0 B" => "n faint",
        _ => "n",
    }
}

/// Names and what they stand for.
pub(super) fn list(entries: &[(&str, String)]) -> Markup {
    html! {
        dl {
            @for (name, value) in entries {
                div { dt { (name) } dd { (value) } }
            }
        }
    }
}

/// Says that a list was cut.
pub(super) fn more(all: usize, shown: usize, what: &str) -> Markup {
    html! {
        @if let Some(left @ 1..) = all.checked_sub(shown) {
            p class="note" {
                "And " (crate::format::count(left as u64)) " more " (what)
                ": the JSON has them all."
            }
        }
    }
}

/// The hatching of states that must be told apart without colour.
pub(super) fn textures() -> Markup {
    html! {
        svg width="0" height="0" class="textures" aria-hidden="true" {
            defs {
                @for (id, turn) in [("hatch-stalled", 45), ("hatch-failed", -45)] {
                    pattern id=(id) width="5" height="5" patternUnits="userSpaceOnUse"
                        patternTransform={ "rotate(" (turn) ")" } {
                        rect width="5" height="5" {}
                        path d="M0 0V5" {}
                    }
                }
            }
        }
    }
}
