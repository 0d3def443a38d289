//! Lines of at most 80 columns.

use super::Style;
use crate::format;

/// How wide a page is.
pub(super) const WIDTH: usize = 80;
/// How wide the labels of rows are, with the space around them.
const LABEL_WIDTH: usize = 14;
/// What is left for the text of a row.
pub(super) const TEXT_WIDTH: usize = WIDTH - LABEL_WIDTH;

const BOLD: &str = "1";
const FAINT: &str = "2";
const RED: &str = "31";
const YELLOW: &str = "33";
const GREEN: &str = "32";

/// A page that is being written.
#[derive(Debug)]
pub(crate) struct Page {
    out: String,
    style: Style,
}

impl Page {
    pub(crate) fn new(style: Style) -> Self {
        Self {
            out: String::new(),
            style,
        }
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }

    /// A rule with a title.
    pub(crate) fn heading(&mut self, title: &str) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        let rule = "─".repeat(WIDTH.saturating_sub(title.chars().count() + 4));
        self.painted(BOLD, &format!("── {title} {rule}"));
    }

    /// A line as it is.
    pub(crate) fn line(&mut self, line: &str) {
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    /// A line of less importance.
    pub(super) fn faint(&mut self, line: &str) {
        self.painted(FAINT, line);
    }

    /// A line that says something is wrong.
    pub(super) fn bad(&mut self, line: &str) {
        self.painted(RED, line);
    }

    /// A label and its text, broken between words.
    pub(crate) fn row(&mut self, label: &str, text: &str) {
        let words: Vec<&str> = text.split(' ').collect();
        self.broken(label, &words, " ", None);
    }

    /// As [`Page::row`], of something that is wrong.
    pub(super) fn bad_row(&mut self, label: &str, text: &str) {
        let words: Vec<&str> = text.split(' ').collect();
        self.broken(label, &words, " ", Some(RED));
    }

    /// As [`Page::row`], of something to look at.
    pub(super) fn odd_row(&mut self, label: &str, text: &str) {
        let words: Vec<&str> = text.split(' ').collect();
        self.broken(label, &words, " ", Some(YELLOW));
    }

    /// As [`Page::row`], of something that is well.
    pub(super) fn good_row(&mut self, label: &str, text: &str) {
        let words: Vec<&str> = text.split(' ').collect();
        self.broken(label, &words, " ", Some(GREEN));
    }

    /// A label and a list of things, broken between them.
    pub(super) fn items(&mut self, label: &str, items: &[String]) {
        let items: Vec<&str> = items.iter().map(String::as_str).collect();
        self.broken(label, &items, " · ", None);
    }

    fn broken(&mut self, label: &str, parts: &[&str], between: &str, colour: Option<&str>) {
        let mut line = format!("{label:<LABEL_WIDTH$}");
        let mut fresh = true;
        for part in parts {
            // A word that has no room loses its middle.
            let part = format::one_line(part, TEXT_WIDTH);
            let needed = part.chars().count() + if fresh { 0 } else { between.chars().count() };
            if !fresh && line.chars().count() + needed > WIDTH {
                self.coloured(colour, &line);
                line = " ".repeat(LABEL_WIDTH);
                fresh = true;
            }
            if !fresh {
                line.push_str(between);
            }
            line.push_str(&part);
            fresh = false;
        }
        self.coloured(colour, &line);
    }

    fn coloured(&mut self, colour: Option<&str>, line: &str) {
        match colour {
            Some(colour) => self.painted(colour, line),
            None => self.line(line),
        }
    }

    fn painted(&mut self, colour: &str, line: &str) {
        match self.style {
            Style::Plain => self.line(line),
            Style::Colour => self.line(&format!("\x1b[{colour}m{}\x1b[0m", line.trim_end())),
        }
    }
}
