use super::error::ParseError;

/// An expression, and how far it is read.
pub(super) struct Cursor<'a> {
    text: &'a str,
    /// What comes next, in bytes.
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// How far it is read, in bytes.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Takes the characters that `belong`.
    pub(super) fn run(&mut self, belong: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !belong(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    pub(super) fn space(&mut self) {
        self.run(char::is_whitespace);
    }

    pub(super) fn take(&mut self, character: char) -> bool {
        let there = self.rest().starts_with(character);
        if there {
            self.at += character.len_utf8();
        }
        there
    }

    /// Where the word begins that was read last.
    pub(super) fn start_of_word(&self) -> usize {
        let read = &self.text[..self.at];
        let before = read.rfind(|c: char| c.is_whitespace() || "<>=".contains(c));
        before.map_or(0, |at| {
            at + read[at..].chars().next().map_or(0, char::len_utf8)
        })
    }

    pub(super) fn error(&self, at: usize, what: String, hint: &str) -> ParseError {
        ParseError::new(self.text, at, what, hint.to_owned())
    }
}
