//! The verdict as a person reads it, 80 columns wide.

use crate::finding::{Area, Finding, Level};
use crate::findings::Findings;
use crate::observed::Observed;
use crate::words;

/// How wide a page is.
const WIDTH: usize = 80;
/// How wide the words of levels are, with the space behind them.
const LEVEL_WIDTH: usize = 9;
/// How wide the names of checks are, with the space behind them.
const NAME_WIDTH: usize = 17;
/// The longest URL that is shown, in characters.
const URL_CHARS: usize = 400;

const BOLD: &str = "1";
const FAINT: &str = "2";

/// Whether the text is coloured. Colour never says what words do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Plain text.
    #[default]
    Plain,
    /// With the colours of ANSI terminals (ECMA-48, SGR).
    Colour,
}

/// The verdict in words, ending with a line break.
pub fn text(observed: &Observed, findings: &Findings, style: Style) -> String {
    let mut page = Page {
        out: String::new(),
        style,
    };
    page.heading("liveswarm check");
    let url = words::shortened(&transport::mask::url(observed.url.as_str()), URL_CHARS);
    page.row("", "stream", None, &url);
    page.row("", "watched", None, &watched(observed));
    for area in Area::ALL {
        let own: Vec<&Finding> = findings
            .list()
            .iter()
            .filter(|finding| finding.area == area)
            .collect();
        if own.is_empty() {
            continue;
        }
        page.heading(area.title());
        for finding in own {
            page.finding(finding);
        }
    }
    page.heading("verdict");
    let worst = findings.worst();
    for line in wrapped(&verdict(findings), WIDTH) {
        page.painted(colour(worst), &line);
    }
    page.out
}

/// What was watched, in a few words.
fn watched(observed: &Observed) -> String {
    let mut parts = vec![words::time(observed.watched)];
    parts.extend(
        observed
            .is_live()
            .map(|live| if live { "live" } else { "on demand" }.to_owned()),
    );
    parts.extend(observed.followed().map(|track| track.name.clone()));
    let others = observed.tracks.len() - observed.followed().count();
    if others > 0 {
        parts.push(format!(
            "a look at {}",
            words::things(others, "more", "more")
        ));
    }
    parts.join(" · ")
}

/// The sentence at the end.
fn verdict(findings: &Findings) -> String {
    let count = |level| findings.count(level);
    let errors = words::things(count(Level::Error), "error", "errors");
    let warnings = words::things(count(Level::Warning), "warning", "warnings");
    let rest = format!(
        "{}, {} not made",
        words::things(count(Level::Ok), "check fine", "checks fine"),
        count(Level::NotChecked)
    );
    match findings.worst() {
        Level::Error => {
            format!("{errors}, {warnings} ({rest}): mend the errors before you load this stream.")
        }
        Level::Warning => format!("No errors, {warnings} ({rest}): it can be loaded."),
        _ => format!("Nothing wrong was found ({rest}): it can be loaded."),
    }
}

/// What a level looks like, beside its word.
fn colour(level: Level) -> &'static str {
    match level {
        Level::Ok => "32",
        Level::NotChecked => FAINT,
        Level::Warning => "33",
        Level::Error => "1;31",
    }
}

struct Page {
    out: String,
    style: Style,
}

impl Page {
    fn heading(&mut self, title: &str) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        let rule = "─".repeat(WIDTH.saturating_sub(title.chars().count() + 4));
        self.painted(BOLD, &format!("── {title} {rule}"));
    }

    fn finding(&mut self, finding: &Finding) {
        let level = finding.level;
        self.row(
            level.word(),
            &finding.check,
            Some(colour(level)),
            &finding.message,
        );
        if level <= Level::NotChecked {
            return;
        }
        if let Some(clause) = &finding.clause {
            self.row("", "", Some(FAINT), &format!("[{clause}]"));
        }
        if let Some(advice) = &finding.advice {
            self.row("", "", None, &format!("→ {advice}"));
        }
    }

    fn row(&mut self, level: &str, name: &str, colour: Option<&str>, text: &str) {
        let mut head = if level.is_empty() && !name.is_empty() {
            format!("{name:<LEVEL_WIDTH$}")
        } else {
            format!("{level:<LEVEL_WIDTH$}{name:<NAME_WIDTH$}")
        };
        let indent = head.chars().count();
        for line in wrapped(text, WIDTH - indent) {
            let line = format!("{head}{line}");
            match colour {
                Some(colour) => self.painted(colour, &line),
                None => self.line(&line),
            }
            head = " ".repeat(indent);
        }
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    fn painted(&mut self, colour: &str, line: &str) {
        match self.style {
            Style::Plain => self.line(line),
            Style::Colour => self.line(&format!("\x1b[{colour}m{}\x1b[0m", line.trim_end())),
        }
    }
}

/// Lines of at most `width` characters, broken between words; longer words are broken too.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        loop {
            let line = lines.last_mut().map_or(0, |line| line.chars().count());
            let space = usize::from(line > 0);
            if line + space + word.len() <= width {
                break;
            }
            if line > 0 {
                lines.push(String::new());
                continue;
            }
            let rest = word.split_off(width.min(word.len()));
            lines.push(String::new());
            let before = lines.len() - 2;
            lines[before] = word.into_iter().collect();
            word = rest;
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.extend(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
        assert_eq!(wrapped("", 4), [""]);
        let long = "word ".repeat(200);
        assert!(wrapped(&long, 54).iter().all(|it| it.len() <= 54));
    }

    #[test]
    fn the_sentence_at_the_end_says_what_to_do() {
        let sentence = verdict(&Findings::default());
        assert_eq!(
            sentence,
            "Nothing wrong was found (0 checks fine, 0 not made): it can be loaded."
        );
    }
}
