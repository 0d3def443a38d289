//! Any size, any run, any keys: nothing panics and no figure is cut.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use ratatui::buffer::Cell;
use ratatui::style::Color;
use tui::{Action, Charset, Colours, KeyCode, KeyEvent, KeyModifiers, Look, Screen};

use crate::runs::{self, Fate, Story};
use crate::screen::{after, drawn, text};

/// Each takes a while to record.
static FRAMES: LazyLock<Vec<report::Frame>> = LazyLock::new(|| {
    let copies = Story {
        fate: Fate::Copies,
        at_ms: 5_000,
        ..runs::RAMPING
    };
    let stories = [
        runs::WARMING_UP,
        runs::RAMPING,
        runs::STALLING,
        runs::ALL_FAILED,
        copies,
    ];
    let mut frames = stories.map(runs::frame).to_vec();
    frames.push(runs::grouped(9));
    frames
});

const KEYS: [KeyCode; 16] = [
    KeyCode::Char('q'),
    KeyCode::Char('p'),
    KeyCode::Char('+'),
    KeyCode::Char('d'),
    KeyCode::Char('m'),
    KeyCode::Char('g'),
    KeyCode::Char('?'),
    KeyCode::Tab,
    KeyCode::BackTab,
    KeyCode::Enter,
    KeyCode::Esc,
    KeyCode::Up,
    KeyCode::Down,
    KeyCode::PageDown,
    KeyCode::Home,
    KeyCode::End,
];

proptest! {
    #[test]
    fn anything_can_be_drawn(
        frame in 0..6_usize,
        sizes in prop::collection::vec((0..200_u16, 0..70_u16), 1..4),
        keys in prop::collection::vec(0..KEYS.len(), 0..12),
        messages in prop::collection::vec(".*", 0..5),
        ascii: bool,
    ) {
        let charset = if ascii { Charset::Ascii } else { Charset::Unicode };
        let mut screen = Screen::new(Look { charset, colours: Colours::Ansi });
        for message in &messages {
            screen.say(message);
        }
        for key in keys {
            screen.key(KeyEvent::new(KEYS[key], KeyModifiers::NONE));
            for &size in &sizes {
                let buffer = drawn(&mut screen, &FRAMES[frame], size);
                prop_assert!(!ascii || buffer.content.iter().all(|cell| cell.symbol().is_ascii()));
            }
        }
    }
}

/// What looks like a figure, without what was shortened and says so.
fn figures(shown: &str) -> BTreeSet<String> {
    let words = shown.split_whitespace();
    let words = words.filter(|word| word.chars().any(|c| c.is_ascii_digit()));
    words
        .filter(|word| !word.contains('…'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn no_figure_is_cut_at_any_width() {
    for frame in FRAMES.iter() {
        let mut whole = BTreeSet::new();
        for keys in views() {
            whole.extend(figures(&text(&mut after(&keys), frame, (400, 250))));
        }
        for height in [10, 60] {
            whole.extend(figures(&text(&mut after(&[]), frame, (119, height))));
            whole.extend(figures(&text(&mut after(&[]), frame, (200, height))));
        }
        for width in (20..100).step_by(3) {
            for keys in views() {
                for height in [11, 24] {
                    let shown = text(&mut after(&keys), frame, (width, height));
                    for figure in figures(&shown) {
                        let known = whole.contains(&figure) || counts_lines(&shown, &figure);
                        assert!(known, "{width}x{height} {keys:?}: {figure}\n{shown}");
                    }
                }
            }
        }
    }
}

/// The panels together, and each of them alone.
fn views() -> Vec<Vec<KeyCode>> {
    let alone = |tabs| {
        let mut keys = vec![KeyCode::Tab; tabs];
        keys.push(KeyCode::Enter);
        keys
    };
    let mut views: Vec<Vec<KeyCode>> = (1..=10).map(alone).collect();
    views.push(Vec::new());
    views.push(vec![KeyCode::Char('g')]);
    views
}

/// Whether `figure` is of the list that is shown, not of the run.
fn counts_lines(shown: &str, figure: &str) -> bool {
    let line = shown.lines().find(|line| line.contains(figure)).unwrap();
    (line.contains("and") && line.contains("more")) || line.contains("esc back")
}

#[test]
fn without_colours_no_cell_has_one_and_the_words_are_the_same() {
    let frame = &FRAMES[2];
    let of = |colours| {
        let mut screen = Screen::new(Look {
            colours,
            ..Look::default()
        });
        drawn(&mut screen, frame, (120, 40))
    };
    let (none, ansi) = (of(Colours::None), of(Colours::Ansi));
    let coloured = |cell: &Cell| cell.fg != Color::Reset || cell.bg != Color::Reset;
    assert!(!none.content.iter().any(coloured));
    assert!(ansi.content.iter().any(coloured));
    let sixteen = |color| !matches!(color, Color::Rgb(..) | Color::Indexed(_));
    assert!(
        ansi.content
            .iter()
            .all(|cell| sixteen(cell.fg) && sixteen(cell.bg))
    );
    let symbols = none.content.iter().zip(&ansi.content);
    assert!(symbols.clone().all(|(a, b)| a.symbol() == b.symbol()));
}

#[test]
fn keys_ask_and_a_stop_is_said() {
    let key = |screen: &mut Screen, code, modifiers| screen.key(KeyEvent::new(code, modifiers));
    let mut screen = Screen::new(Look::default());
    let none = KeyModifiers::NONE;
    let asked = [
        (KeyCode::Char('p'), none, Some(Action::Pause)),
        (KeyCode::Char('+'), none, Some(Action::Grow)),
        (KeyCode::Char('='), none, Some(Action::Grow)),
        (KeyCode::Char('-'), none, Some(Action::Shrink)),
        (KeyCode::Char('c'), none, None),
        (KeyCode::Char('x'), none, None),
        (KeyCode::Char('q'), KeyModifiers::ALT, None),
        (KeyCode::Char('q'), KeyModifiers::CONTROL, None),
    ];
    for (code, modifiers, action) in asked {
        assert_eq!(key(&mut screen, code, modifiers), action, "{code:?}");
    }
    let frame = &FRAMES[1];
    let again = "stopping: requests in flight get 3 s; q again leaves at once";
    assert!(!text(&mut screen, frame, (80, 24)).contains(again));
    let stop = key(&mut screen, KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(stop, Some(Action::Stop));
    // Before the run has come to say so itself, and whatever is shown.
    for view in [KeyCode::Esc, KeyCode::Char('d'), KeyCode::Char('?')] {
        key(&mut screen, view, none);
        assert!(text(&mut screen, frame, (80, 24)).contains(again));
        assert!(text(&mut screen, frame, (30, 8)).contains("q again: leave"));
    }
    assert_eq!(
        key(&mut screen, KeyCode::Char('q'), none),
        Some(Action::Stop)
    );
}

#[test]
fn a_message_is_seen_for_a_while_and_kept() {
    let mut screen = Screen::new(Look::default());
    let [warming_up, ramping] = [&FRAMES[0], &FRAMES[1]];
    screen.note("connected");
    assert!(!text(&mut screen, warming_up, (80, 24)).contains("connected"));
    screen.say("WARN a limit\x1b[31m is near\n");
    let shown = text(&mut screen, warming_up, (80, 24));
    assert!(
        shown.ends_with(" WARN a limit\u{fffd}[31m is near"),
        "{shown}"
    );
    // 11.6 s later.
    let shown = text(&mut screen, ramping, (80, 24));
    assert!(!shown.contains("a limit"), "{shown}");
    screen.key(KeyEvent::new(KeyCode::Char('m'), KeyModifiers::NONE));
    let shown = text(&mut screen, ramping, (80, 24));
    let list: Vec<&str> = shown.lines().skip(2).take(3).collect();
    assert_eq!(
        list[1..],
        ["  WARN a limit\u{fffd}[31m is near", "  connected"]
    );
    for n in 0..tui::MESSAGES_MAX {
        screen.note(&n.to_string());
    }
    screen.key(KeyEvent::new(KeyCode::End, KeyModifiers::NONE));
    let shown = text(&mut screen, ramping, (80, 24));
    assert!(
        shown.contains("and 2 older messages that found no room"),
        "{shown}"
    );
}

#[test]
fn the_focus_is_said_in_the_text_and_makes_room() {
    let frame = &FRAMES[2];
    let without = text(&mut after(&[]), frame, (80, 24));
    assert!(
        !without.contains('»') && !without.contains("HTTP 503  "),
        "{without}"
    );
    let errors = vec![KeyCode::Tab; 7];
    let with = text(&mut after(&errors), frame, (80, 24));
    assert!(with.contains("─»errors"), "{with}");
    assert!(
        with.contains("the server is overloaded or not ready"),
        "{with}"
    );
    let mut back = errors.clone();
    back.push(KeyCode::Esc);
    assert_eq!(text(&mut after(&back), frame, (80, 24)), without);
}
