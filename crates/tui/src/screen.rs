//! The screen: what a person chose to see, and how it is drawn.

use std::collections::VecDeque;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use crate::charset;
use crate::help;
use crate::keys::{self, Action, Meaning, Scroll};
use crate::layout;
use crate::line::{self, Line};
use crate::look::{Charset, Look, Tone};
use crate::panel::{self, Footer, Panel};
use crate::view::View;

/// Messages that are kept.
pub const MESSAGES_MAX: usize = 200;
/// How long a new message stands in the bottom line.
const MESSAGE_FOR: Duration = Duration::from_secs(10);
/// From this height on there is a bottom line.
const FOOTER_FROM: u16 = 5;
/// From this height on the reason of the run's health may take a second line.
const LONG_REASON_FROM: u16 = 40;
/// More lines than any list has.
const ALL_LINES: usize = 10_000;

/// What is shown below the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    Panels,
    Alone(Panel),
    Help,
}

/// Which way the focus goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Next,
    Previous,
}

/// What a person looks at. It knows what they chose to see, and nothing of the run.
#[derive(Clone, Debug)]
pub struct Screen {
    look: Look,
    body: Body,
    focus: Option<Panel>,
    /// Lines of a list above the first that is shown.
    scrolled: usize,
    /// Lines that a page key moves.
    page: usize,
    stop_asked: bool,
    /// Whether the run that was drawn last has groups.
    grouped: bool,
    messages: VecDeque<String>,
    messages_lost: u64,
    news: Option<News>,
}

/// A message that stands in the bottom line for a while.
#[derive(Clone, Debug)]
struct News {
    text: String,
    /// When it was first drawn; `None`: not yet.
    since: Option<Duration>,
}

impl Screen {
    /// A screen for a terminal that shows `look`.
    pub fn new(look: Look) -> Self {
        Self {
            look,
            body: Body::Panels,
            focus: None,
            scrolled: 0,
            page: 1,
            stop_asked: false,
            grouped: false,
            messages: VecDeque::new(),
            messages_lost: 0,
            news: None,
        }
    }

    /// A message for the list. Of many the newest [`MESSAGES_MAX`] are kept.
    pub fn note(&mut self, message: &str) {
        if self.messages.len() >= MESSAGES_MAX {
            self.messages.pop_front();
            self.messages_lost += 1;
        }
        self.messages.push_back(message.trim_end().to_owned());
    }

    /// A message that a person should see: it is in the list, and for some seconds in the bottom
    /// line.
    pub fn say(&mut self, message: &str) {
        self.note(message);
        self.news = Some(News {
            text: message.trim_end().to_owned(),
            since: None,
        });
    }

    /// What a key asks of the run; `None`: nothing, though the view may have changed.
    pub fn key(&mut self, key: KeyEvent) -> Option<Action> {
        match keys::meaning(key)? {
            Meaning::Run(action) => {
                self.stop_asked |= action == Action::Stop;
                return Some(action);
            }
            Meaning::Next => self.focus_on(Turn::Next),
            Meaning::Previous => self.focus_on(Turn::Previous),
            Meaning::Zoom => match (self.body, self.focus) {
                (Body::Panels, Some(panel)) => self.show(Body::Alone(panel)),
                _ => self.show(Body::Panels),
            },
            Meaning::Back if self.body == Body::Panels => self.focus = None,
            Meaning::Back => self.show(Body::Panels),
            Meaning::Viewers => self.toggle(Body::Alone(Panel::Roster)),
            Meaning::Groups => self.toggle(Body::Alone(Panel::Groups)),
            Meaning::Messages => self.toggle(Body::Alone(Panel::Messages)),
            Meaning::Help => self.toggle(Body::Help),
            Meaning::Scroll(scroll) => self.scroll(scroll),
        }
        None
    }

    fn show(&mut self, body: Body) {
        self.body = body;
        self.scrolled = 0;
    }

    fn toggle(&mut self, body: Body) {
        let shown = self.body == body;
        self.show(if shown { Body::Panels } else { body });
    }

    /// Moves the focus on, with a panel that stands alone if one does.
    fn focus_on(&mut self, turn: Turn) {
        let mut all = Panel::ALL.to_vec();
        all.retain(|&panel| self.grouped || panel != Panel::Groups);
        let at = |panel: Panel| all.iter().position(|of| *of == panel);
        let now = match self.body {
            Body::Alone(panel) => at(panel),
            Body::Panels | Body::Help => self.focus.and_then(at),
        };
        let last = all.len() - 1;
        let next = match (turn, now) {
            (Turn::Next, Some(now)) => (now + 1) % all.len(),
            (Turn::Next, None) => 0,
            (Turn::Previous, Some(now)) => now.checked_sub(1).unwrap_or(last),
            (Turn::Previous, None) => last,
        };
        self.focus = Some(all[next]);
        match self.body {
            Body::Alone(_) => self.show(Body::Alone(all[next])),
            Body::Panels | Body::Help => self.show(Body::Panels),
        }
    }

    fn scroll(&mut self, scroll: Scroll) {
        self.scrolled = match scroll {
            Scroll::Up => self.scrolled.saturating_sub(1),
            Scroll::Down => self.scrolled.saturating_add(1),
            Scroll::PageUp => self.scrolled.saturating_sub(self.page),
            Scroll::PageDown => self.scrolled.saturating_add(self.page),
            Scroll::Top => 0,
            // Drawing takes it back to what there is.
            Scroll::Bottom => usize::MAX,
        };
    }

    /// Draws a moment of the run over the whole of `frame`.
    pub fn draw(&mut self, frame: &mut ratatui::Frame<'_>, run: &report::Frame) {
        let area = frame.area();
        if area.is_empty() {
            return;
        }
        let elapsed = run.snapshot.elapsed();
        if let Some(news) = &mut self.news {
            let since = *news.since.get_or_insert(elapsed);
            if elapsed >= since + MESSAGE_FOR {
                self.news = None;
            }
        }
        // Taken out for the time of drawing, so that the view borrows nothing of the screen.
        let messages = std::mem::take(&mut self.messages);
        let view = View {
            frame: run,
            health: run.health(),
            slo: run.snapshot.slo_rows(),
            messages: &messages,
            messages_lost: self.messages_lost,
        };
        self.grouped = Panel::Groups.is_there(&view);
        self.paint(&view, area, frame.buffer_mut());
        self.messages = messages;
        if self.look.charset == Charset::Ascii {
            charset::to_ascii(frame.buffer_mut());
        }
    }

    fn paint(&mut self, view: &View<'_>, area: Rect, buffer: &mut Buffer) {
        let room = usize::from(area.width);
        let mut head = panel::header(view, room, header_height(area.height));
        if area.height == 1 {
            head.remove(0);
        }
        head.truncate(usize::from(area.height));
        let used = head.len() as u16;
        self.put(&head, area, buffer);
        let footer = u16::from(area.height >= FOOTER_FROM);
        let body = Rect {
            y: area.y + used,
            height: area.height - used - footer,
            ..area
        };
        let list = match self.body {
            Body::Panels => {
                self.panels(view, body, buffer);
                None
            }
            Body::Alone(panel) => {
                let height = ALL_LINES.max(usize::from(body.height));
                Some(panel.lines(view, room, height, false))
            }
            Body::Help => Some(help::lines(room)),
        };
        let place = list.map(|list| self.list(&list, body, buffer));
        if footer > 0 {
            let bottom = Rect {
                y: area.bottom() - 1,
                height: 1,
                ..area
            };
            self.put(&[self.footer(view, room, place)], bottom, buffer);
        }
    }

    fn panels(&self, view: &View<'_>, area: Rect, buffer: &mut Buffer) {
        for place in layout::places(view, area, self.focus) {
            let lines = place.panel.lines(
                view,
                usize::from(place.area.width),
                usize::from(place.area.height),
                self.focus == Some(place.panel),
            );
            self.put(&lines, place.area, buffer);
        }
    }

    /// A list with its heading, and where in it that is.
    fn list(&mut self, lines: &[Line], area: Rect, buffer: &mut Buffer) -> String {
        let Some((head, rows)) = lines.split_first() else {
            return String::new();
        };
        let height = usize::from(area.height.saturating_sub(1));
        self.page = height.max(1);
        self.scrolled = self.scrolled.min(rows.len().saturating_sub(height));
        let end = (self.scrolled + height).min(rows.len());
        let mut shown = vec![head.clone()];
        shown.extend_from_slice(&rows[self.scrolled.min(end)..end]);
        self.put(&shown, area, buffer);
        if end - self.scrolled.min(end) == rows.len() {
            return String::new();
        }
        format!("{}-{end} of {} ", self.scrolled + 1, rows.len())
    }

    fn footer(&self, view: &View<'_>, room: usize, place: Option<String>) -> Line {
        let footer = match (self.stop_asked, &self.news, &place) {
            (true, ..) => Footer::StopAsked,
            (_, Some(news), None) => Footer::Message(&news.text),
            _ => Footer::Keys,
        };
        match (footer, place) {
            (Footer::Keys, Some(place)) => line::fitted(
                Line::plain(" "),
                ["esc back", "arrows move", "tab next panel"]
                    .map(Line::plain)
                    .to_vec(),
                room,
            )
            .and_right(Line::new(Tone::Faint, place), room),
            _ => panel::footer(view, room, footer),
        }
    }

    fn put(&self, lines: &[Line], area: Rect, buffer: &mut Buffer) {
        for (line, y) in lines.iter().zip(area.y..area.bottom()) {
            let area = Rect {
                y,
                height: 1,
                ..area
            };
            line.paint(area, buffer, self.look.colours);
        }
    }
}

fn header_height(height: u16) -> usize {
    if height >= LONG_REASON_FROM { 3 } else { 2 }
}
