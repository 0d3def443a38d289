use std::fmt;

use super::goal;

/// Characters of an expression that an error repeats.
const SHOWN_CHARS_MAX: usize = 120;
/// The grammar in one line.
const GRAMMAR: &str = "METRIC[.pNN|.max] OP LIMIT [for transport=NAME] [for source=SOURCE] [abort]";

/// Why an expression is no objective: what is wrong, where, and what to try.
///
/// Its text has several lines: what is wrong; the expression; a caret under the character that is
/// wrong; what to try; the grammar; the metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    expression: String,
    at: usize,
    what: String,
    hint: String,
}

impl ParseError {
    /// `at` is a place in `expression`, in bytes.
    pub(super) fn new(expression: &str, at: usize, what: String, hint: String) -> Self {
        let before = expression.get(..at).unwrap_or(expression);
        Self {
            expression: expression
                .chars()
                .take(SHOWN_CHARS_MAX)
                .map(shown)
                .collect(),
            at: before.chars().count().min(SHOWN_CHARS_MAX),
            what,
            hint,
        }
    }

    /// The place of the wrong character, in characters from 0; where something is missing at the
    /// end, the length of the expression.
    pub fn column(&self) -> usize {
        self.at
    }

    /// What is wrong, in one line.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What to try, in one line.
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

/// A character that takes one place of one line.
fn shown(character: char) -> char {
    if character.is_control() {
        return ' ';
    }
    character
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.what)?;
        writeln!(f, "  {}", self.expression)?;
        writeln!(f, "  {:at$}^", "", at = self.at)?;
        writeln!(f, "{}", self.hint)?;
        writeln!(f, "an objective reads {GRAMMAR}")?;
        let names: Vec<_> = goal::names().collect();
        write!(f, "metrics: {}", names.join(", "))
    }
}

impl std::error::Error for ParseError {}
