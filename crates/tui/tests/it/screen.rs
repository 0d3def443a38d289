//! A screen on a terminal of any size.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use tui::{KeyCode, KeyEvent, KeyModifiers, Look, Screen};

/// What `screen` shows of `frame`.
pub(crate) fn drawn(screen: &mut Screen, frame: &report::Frame, size: (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    terminal.draw(|to| screen.draw(to, frame)).unwrap();
    terminal.backend().buffer().clone()
}

/// The lines of what `screen` shows.
pub(crate) fn text(screen: &mut Screen, frame: &report::Frame, size: (u16, u16)) -> String {
    lines(&drawn(screen, frame, size)).join("\n")
}

/// A screen whose keys were pressed in turn.
pub(crate) fn after(keys: &[KeyCode]) -> Screen {
    let mut screen = Screen::new(Look::default());
    for &key in keys {
        screen.key(KeyEvent::new(key, KeyModifiers::NONE));
    }
    screen
}

fn lines(buffer: &Buffer) -> Vec<String> {
    let width = usize::from(buffer.area.width).max(1);
    let rows = buffer.content.chunks(width);
    rows.map(|cells| {
        let line: String = cells.iter().map(Cell::symbol).collect();
        line.trim_end().to_owned()
    })
    .collect()
}
