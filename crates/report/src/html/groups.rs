//! What each group of a scenario saw.

use maud::{Markup, html};

use super::page::{self, Mark, Row};
use crate::document::Document;
use crate::groups;

pub(super) fn section(document: &Document) -> Markup {
    if document.groups.is_empty() {
        return html! {};
    }
    let rows = document.groups.iter().map(|group| {
        let error = groups::worst_error(group);
        let mark = match &error {
            Some(_) => Mark::Odd,
            None => Mark::Plain,
        };
        Row::of(group.name.as_str(), groups::figures(group))
            .words(error.unwrap_or_else(|| "none".to_owned()))
            .marked(mark)
    });
    let rows: Vec<Row> = rows.collect();
    let head: Vec<&str> = ["group"]
        .into_iter()
        .chain(groups::HEAD)
        .chain(["most frequent error"])
        .collect();
    let body = html! {
        (page::table(&head, &rows))
        p class="note" { (groups::NOTE) }
    };
    page::section("groups", "By group", &body)
}
