//! Colours and characters: what a terminal is trusted with.

use ratatui::style::{Color, Modifier, Style};

/// Whether there is colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colours {
    /// None; bold and faint remain.
    None,
    /// The sixteen of ANSI terminals (ECMA-48, SGR), as the terminal's own palette has them.
    #[default]
    Ansi,
}

/// Which characters are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Charset {
    /// Bars, rules and signs of Unicode.
    #[default]
    Unicode,
    /// ASCII alone, for locales that are not UTF-8.
    Ascii,
}

/// What a terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Whether there is colour.
    pub colours: Colours,
    /// Which characters are drawn.
    pub charset: Charset,
}

/// What a piece of text is, from which its style follows. Words say the same without it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    /// A figure or a word.
    #[default]
    Plain,
    /// Headings and units of less importance.
    Faint,
    /// What a panel is called.
    Title,
    /// What the focus is on.
    Focus,
    /// All is well.
    Good,
    /// Something to look at.
    Odd,
    /// Something is wrong.
    Bad,
}

impl Colours {
    pub(crate) fn style(self, tone: Tone) -> Style {
        let style = Style::new();
        let marked = match tone {
            Tone::Plain | Tone::Good | Tone::Odd => style,
            Tone::Faint => style.add_modifier(Modifier::DIM),
            Tone::Title | Tone::Bad => style.add_modifier(Modifier::BOLD),
            Tone::Focus => style.add_modifier(Modifier::BOLD | Modifier::REVERSED),
        };
        match (self, tone) {
            (Self::None, _) | (_, Tone::Plain | Tone::Faint | Tone::Focus) => marked,
            (Self::Ansi, Tone::Title) => marked.fg(Color::Cyan),
            (Self::Ansi, Tone::Good) => marked.fg(Color::Green),
            (Self::Ansi, Tone::Odd) => marked.fg(Color::Yellow),
            (Self::Ansi, Tone::Bad) => marked.fg(Color::Red),
        }
    }
}
