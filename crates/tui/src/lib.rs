//! A run as a terminal frame.
//!
//! [`Screen`] is what a person looks at: [`Screen::draw`] paints a moment of a run
//! ([`report::Frame`]) on whatever size there is, and [`Screen::key`] turns a key into a change of
//! view or into an [`Action`] for the run. Figures are written by [`report::format`], so the
//! terminal says a figure as the summary does.
//!
//! It reads no clock and no key, opens no terminal and writes nothing: who drives it does.
//!
//! Contract: any size and any frame can be drawn, no figure is ever cut (a column that does not
//! fit is left out), colour never says what words do not, and what comes from outside steers no
//! terminal.

mod charset;
mod chart;
mod help;
mod keys;
mod layout;
mod line;
mod look;
mod panel;
mod screen;
mod table;
mod view;

pub use keys::Action;
pub use look::{Charset, Colours, Look};
pub use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
pub use screen::{MESSAGES_MAX, Screen};
