//! Which key does what.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// What a key asks of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Stop; asked again, leave at once.
    Stop,
    /// Hold the ramp, or let it go on.
    Pause,
    /// A tenth more viewers.
    Grow,
    /// A tenth fewer viewers.
    Shrink,
}

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Run(Action),
    Next,
    Previous,
    Zoom,
    Back,
    Viewers,
    Groups,
    Messages,
    Help,
    Scroll(Scroll),
}

/// How far a list moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scroll {
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
}

/// What `key` means; `None`: nothing.
pub(crate) fn meaning(key: KeyEvent) -> Option<Meaning> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => Some(Meaning::Run(Action::Stop)),
            _ => None,
        };
    }
    if key.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    Some(match key.code {
        KeyCode::Char('q' | 'Q') => Meaning::Run(Action::Stop),
        KeyCode::Char('p' | 'P') => Meaning::Run(Action::Pause),
        KeyCode::Char('+' | '=') => Meaning::Run(Action::Grow),
        KeyCode::Char('-' | '_') => Meaning::Run(Action::Shrink),
        KeyCode::Char('d' | 'D') => Meaning::Viewers,
        KeyCode::Char('g' | 'G') => Meaning::Groups,
        KeyCode::Char('m' | 'M') => Meaning::Messages,
        KeyCode::Char('?' | 'h') | KeyCode::F(1) => Meaning::Help,
        KeyCode::Tab => Meaning::Next,
        KeyCode::BackTab => Meaning::Previous,
        KeyCode::Enter => Meaning::Zoom,
        KeyCode::Esc => Meaning::Back,
        KeyCode::Up | KeyCode::Char('k') => Meaning::Scroll(Scroll::Up),
        KeyCode::Down | KeyCode::Char('j') => Meaning::Scroll(Scroll::Down),
        KeyCode::PageUp => Meaning::Scroll(Scroll::PageUp),
        KeyCode::PageDown | KeyCode::Char(' ') => Meaning::Scroll(Scroll::PageDown),
        KeyCode::Home => Meaning::Scroll(Scroll::Top),
        KeyCode::End => Meaning::Scroll(Scroll::Bottom),
        _ => return None,
    })
}

/// A key and what it does, for help.
pub(crate) const HELP: [(&str, &str); 13] = [
    (
        "q, Ctrl-C",
        "stop: requests in flight get 3 s; again: leave at once",
    ),
    ("p", "hold the ramp, or let it go on"),
    ("+  -", "a tenth more viewers, a tenth fewer"),
    ("tab, shift-tab", "the next panel, the one before"),
    ("enter", "the panel alone, over the whole screen"),
    ("d", "single viewers, the slowest first"),
    ("g", "the groups of a scenario, one by one"),
    ("m", "messages"),
    ("arrows, page", "move in a list"),
    ("home, end", "to its top, to its end"),
    ("Ctrl-Z", "back to the shell; fg returns"),
    ("Ctrl-L", "draw everything anew"),
    ("esc", "back"),
];
