//! Lines of text that know what each of their pieces is, and how wide they are.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use report::format;

use crate::look::{Colours, Tone};

/// How far text stands off the left edge.
pub(crate) const INDENT: usize = 2;
/// Where the text of a labelled line begins.
pub(crate) const LABEL_WIDTH: usize = 14;
/// Between items of one line.
const BETWEEN: &str = " · ";

/// A line, or a part of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line(Vec<(Tone, String)>);

impl Line {
    pub(crate) fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self::default().and(tone, text)
    }

    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self::new(Tone::Plain, text)
    }

    /// This line with more text behind it.
    #[must_use]
    pub(crate) fn and(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.0.push((tone, text.into()));
        self
    }

    /// This line with another behind it.
    #[must_use]
    pub(crate) fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// This line with blanks behind it up to `width`.
    #[must_use]
    pub(crate) fn padded(self, width: usize) -> Self {
        let missing = width.saturating_sub(self.width());
        self.and(Tone::Plain, " ".repeat(missing))
    }

    /// This line and, at the right edge of `width`, another; without it where both do not fit.
    #[must_use]
    pub(crate) fn and_right(self, other: Self, width: usize) -> Self {
        let room = width.saturating_sub(self.width());
        if other.width() < room {
            let at = width - other.width();
            self.padded(at).then(other)
        } else {
            self
        }
    }

    pub(crate) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| width(text)).sum()
    }

    /// Puts the line at the top of `area`.
    pub(crate) fn paint(&self, area: Rect, buffer: &mut Buffer, colours: Colours) {
        if area.height == 0 {
            return;
        }
        let mut x = area.x;
        for (tone, text) in &self.0 {
            let room = area.right().saturating_sub(x);
            let style = colours.style(*tone);
            (x, _) = buffer.set_stringn(x, area.y, text, usize::from(room), style);
        }
    }
}

/// Columns that `text` takes.
pub(crate) fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// `text` from outside, on at most `room` columns: its middle is left out where it is longer, and
/// what would steer a terminal is replaced.
pub(crate) fn shortened(text: &str, room: usize) -> String {
    let safe: String = text
        .chars()
        .map(|c| if steers(c) { '\u{fffd}' } else { c })
        .collect();
    let mut chars = room;
    loop {
        let short = format::one_line(&safe, chars);
        if width(&short) <= room || chars == 0 {
            return short;
        }
        chars -= 1;
    }
}

/// Whether `c` changes in which direction text runs.
fn steers(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What a line begins with.
pub(crate) fn label(text: &str) -> Line {
    Line::new(Tone::Faint, format!("{:INDENT$}{text}", "")).padded(LABEL_WIDTH)
}

/// `items` behind `start`, up to the first that does not fit whole: what follows may lean on it.
pub(crate) fn fitted(start: Line, items: Vec<Line>, room: usize) -> Line {
    let mut line = start;
    let mut fresh = true;
    for item in items {
        let between = if fresh { 0 } else { width(BETWEEN) };
        if line.width() + between + item.width() > room {
            break;
        }
        line = joined(line, item, fresh);
        fresh = false;
    }
    line
}

/// The columns that `items` take on one line.
pub(crate) fn joined_width(items: &[Line]) -> usize {
    let between = width(BETWEEN) * items.len().saturating_sub(1);
    between + items.iter().map(Line::width).sum::<usize>()
}

/// `items` behind `start`, on as many lines as they need, but for those that fit on none.
pub(crate) fn wrapped(start: Line, items: Vec<Line>, room: usize) -> Vec<Line> {
    let indent = start.width();
    let mut lines = Vec::new();
    let mut line = start;
    let mut fresh = true;
    for item in items {
        if indent + item.width() > room {
            continue;
        }
        let needed = item.width() + if fresh { 0 } else { width(BETWEEN) };
        if !fresh && line.width() + needed > room {
            lines.push(std::mem::replace(&mut line, Line::default().padded(indent)));
            fresh = true;
        }
        line = joined(line, item, fresh);
        fresh = false;
    }
    lines.push(line);
    lines
}

/// Words behind `start`, on as many lines as they need.
pub(crate) fn paragraph(start: Line, tone: Tone, text: &str, room: usize) -> Vec<Line> {
    let indent = start.width();
    let mut lines = Vec::new();
    let mut line = start;
    let mut fresh = true;
    for word in text.split_whitespace() {
        let needed = width(word) + usize::from(!fresh);
        if !fresh && line.width() + needed > room {
            lines.push(std::mem::replace(&mut line, Line::default().padded(indent)));
            fresh = true;
        }
        let space = if fresh { "" } else { " " };
        line = line.and(tone, format!("{space}{word}"));
        fresh = false;
    }
    lines.push(line);
    lines
}

fn joined(line: Line, item: Line, fresh: bool) -> Line {
    if fresh {
        line.then(item)
    } else {
        line.and(Tone::Faint, BETWEEN).then(item)
    }
}

/// The first `height` of `lines`; where some are left out, the last line says how many.
pub(crate) fn clipped(mut lines: Vec<Line>, height: usize, what: &str) -> Vec<Line> {
    if lines.len() <= height {
        return lines;
    }
    let kept = height.saturating_sub(1);
    let hidden = format::count((lines.len() - kept) as u64);
    lines.truncate(kept);
    if height > 0 {
        let more = format!("{:INDENT$}and {hidden} more {what}", "");
        lines.push(Line::new(Tone::Faint, more));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: &Line) -> String {
        line.0.iter().map(|(_, text)| text.as_str()).collect()
    }

    fn items(names: &[&str]) -> Vec<Line> {
        names.iter().map(|name| Line::plain(*name)).collect()
    }

    #[test]
    fn whole_items_or_none() {
        let line = |room| text(&fitted(label("x"), items(&["one", "eleven", "two"]), room));
        assert_eq!(line(80), "  x           one · eleven · two");
        assert_eq!(line(25), "  x           one");
        assert_eq!(line(16), "  x           ");
    }

    #[test]
    fn what_does_not_fit_goes_on_below() {
        let lines = wrapped(Line::plain("a "), items(&["one", "two", "three"]), 11);
        let lines: Vec<String> = lines.iter().map(text).collect();
        assert_eq!(lines, ["a one · two", "  three"]);
        let lines = paragraph(Line::plain("b "), Tone::Plain, "the quick fox", 11);
        let lines: Vec<String> = lines.iter().map(text).collect();
        assert_eq!(lines, ["b the quick", "  fox"]);
    }

    #[test]
    fn what_comes_from_outside_is_short_and_harmless() {
        assert_eq!(
            shortened("live/\x1b[2J\u{202e}x", 20),
            "live/\u{fffd}[2J\u{fffd}x"
        );
        assert_eq!(shortened("abcdefgh", 5), "ab…gh");
        // Each of these takes two columns.
        assert!(width(&shortened("日本語日本語日本語", 7)) <= 7);
        assert_eq!(width(&shortened("日本", 0)), 1);
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let lines: Vec<Line> = (0..5).map(|n| Line::plain(n.to_string())).collect();
        let said = |height| -> Vec<String> {
            clipped(lines.clone(), height, "kinds")
                .iter()
                .map(text)
                .collect()
        };
        assert_eq!(said(5).len(), 5);
        assert_eq!(said(3), ["0", "1", "  and 3 more kinds"]);
        assert_eq!(said(0), Vec::<String>::new());
    }
}
