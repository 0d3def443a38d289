use super::{Comparison, Direction, Row, Unjudged, by};
use crate::format;
use crate::text::{Page, Style};

/// The comparison, 80 columns wide.
pub(super) fn text(comparison: &Comparison) -> String {
    let mut page = Page::new(Style::Plain);
    page.heading("the second run against the first");
    for why in &comparison.incomparable {
        page.row("not alike", &format::one_line(why, WHY_MAX));
    }
    page.line(&cells(
        ["", "first", "second", "change", ""].map(str::to_owned),
    ));
    for row in &comparison.rows {
        page.line(&line(row));
    }
    let lists = [
        ("broken now", &comparison.newly_broken),
        ("mended", &comparison.mended),
        ("new errors", &comparison.new_errors),
    ];
    for (label, list) in lists {
        for item in list.iter().take(LISTED_MAX) {
            page.row(label, &format::one_line(item, WHY_MAX));
        }
        if let Some(more @ 1..) = list.len().checked_sub(LISTED_MAX) {
            page.row(label, &format!("and {} more", format::count(more as u64)));
        }
    }
    page.finish()
}

/// What is broken, mended and new is listed up to here.
const LISTED_MAX: usize = 20;
/// The longest reason; longer ones lose their middle.
const WHY_MAX: usize = 130;

fn line(row: &Row) -> String {
    let show = |figure| format::or_unknown(figure, |figure| row.unit.show(figure));
    let change = match (row.change, row.before) {
        (None, Some(_)) if row.after.is_some() => "from zero".to_owned(),
        (change, _) => format::or_unknown(change, by),
    };
    let word = match (row.unjudged, row.direction) {
        (Some(Unjudged::Unknown), _) => "not in both",
        (Some(Unjudged::FewSamples), _) => "few samples",
        (None, Direction::Worse) => "WORSE",
        (None, Direction::Better) => "better",
        (None, Direction::Neutral) => "same",
    };
    let name = row.name.clone();
    cells([
        name,
        show(row.before),
        show(row.after),
        change,
        word.to_owned(),
    ])
}

fn cells([name, before, after, change, word]: [String; 5]) -> String {
    format!("{name:<27}{before:>12}{after:>12}{change:>12}   {word}")
}
