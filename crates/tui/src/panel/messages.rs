//! What was logged while the screen is up, the newest first.

use report::format;

use crate::line::{self, LABEL_WIDTH, Line};
use crate::look::Tone;
use crate::table::Title;
use crate::view::View;

/// Messages that are shown before others get room.
const FIRST: usize = 2;

pub(super) fn summary(view: &View<'_>, room: usize) -> Vec<Line> {
    match view.messages.back() {
        Some(newest) => {
            let room = room.saturating_sub(LABEL_WIDTH);
            vec![Line::plain(line::shortened(newest, room))]
        }
        None => vec![Line::new(Tone::Faint, "none")],
    }
}

pub(super) fn heights(view: &View<'_>) -> Vec<usize> {
    match view.messages.len() {
        0 => Vec::new(),
        some => (1 + some.min(FIRST)..=1 + some).collect(),
    }
}

pub(super) fn lines(view: &View<'_>, title: Title, room: usize, height: usize) -> Vec<Line> {
    let mut lines = vec![title.line("", room)];
    if view.messages.is_empty() {
        lines.push(line::label("").and(Tone::Faint, "none"));
    }
    let room = room.saturating_sub(line::INDENT);
    let newest_first = view.messages.iter().rev().take(height);
    lines.extend(newest_first.map(|message| {
        Line::plain(" ".repeat(line::INDENT)).and(Tone::Plain, line::shortened(message, room))
    }));
    if view.messages_lost > 0 && lines.len() < height {
        let lost = format::things(view.messages_lost, "older message", "older messages");
        lines.push(Line::plain("  ").and(Tone::Faint, format!("and {lost} that found no room")));
    }
    lines
}
