//! The panels: each a function from a view and a size to lines.

mod errors;
mod groups;
mod header;
mod health;
mod latency;
mod messages;
mod playback;
mod requests;
mod roster;
mod slo;
mod throughput;
mod viewers;

pub(crate) use header::{Footer, footer, header};

use crate::line::{self, Line};
use crate::table::Title;
use crate::view::View;

/// A panel. On one line it is a summary; each further height of [`Panel::heights`] shows more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Panel {
    Viewers,
    Requests,
    Latency,
    Throughput,
    Playback,
    Groups,
    Slo,
    Errors,
    Health,
    Roster,
    Messages,
}

impl Panel {
    /// All of them, in the order in which they stand on the screen.
    pub(crate) const ALL: [Self; 11] = [
        Self::Viewers,
        Self::Requests,
        Self::Latency,
        Self::Throughput,
        Self::Playback,
        Self::Groups,
        Self::Slo,
        Self::Errors,
        Self::Health,
        Self::Roster,
        Self::Messages,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Viewers => "viewers",
            Self::Requests => "requests",
            Self::Latency => "latency",
            Self::Throughput => "throughput",
            Self::Playback => "playback",
            Self::Groups => "groups",
            Self::Slo => "slo",
            Self::Errors => "errors",
            Self::Health => "generator",
            Self::Roster => "slowest",
            Self::Messages => "messages",
        }
    }

    /// Whether it shows only where the others leave room.
    pub(crate) const fn is_extra(self) -> bool {
        matches!(self, Self::Roster | Self::Messages)
    }

    /// Whether this run has what it shows.
    pub(crate) fn is_there(self, view: &View<'_>) -> bool {
        self != Self::Groups || groups::any(view)
    }

    /// The panel on one line.
    pub(crate) fn summary(self, view: &View<'_>, room: usize, focused: bool) -> Line {
        let items = match self {
            Self::Viewers => viewers::summary(view),
            Self::Requests => requests::summary(view),
            Self::Latency => latency::summary(view),
            Self::Throughput => throughput::summary(view),
            Self::Playback => playback::summary(view),
            Self::Groups => groups::summary(view, room),
            Self::Slo => slo::summary(view),
            Self::Errors => errors::summary(view),
            Self::Health => health::summary(view),
            Self::Roster => roster::summary(view),
            Self::Messages => messages::summary(view, room),
        };
        line::fitted(self.title(focused).label(room), items, room)
    }

    /// The heights beyond one line at which it shows more, ascending, at this width.
    pub(crate) fn heights(self, view: &View<'_>, room: usize) -> Vec<usize> {
        match self {
            Self::Viewers => viewers::heights(room),
            Self::Requests => requests::heights(view),
            Self::Latency => latency::heights(view),
            Self::Throughput => throughput::heights(view, room),
            Self::Playback => playback::heights(view, room),
            Self::Groups => groups::heights(view),
            Self::Slo => slo::heights(view),
            Self::Errors => errors::heights(view, room),
            Self::Health => health::heights(view, room),
            Self::Roster => roster::heights(view),
            Self::Messages => messages::heights(view),
        }
    }

    /// The panel on at most `height` lines of `room` columns.
    pub(crate) fn lines(
        self,
        view: &View<'_>,
        room: usize,
        height: usize,
        focused: bool,
    ) -> Vec<Line> {
        let title = self.title(focused);
        let mut lines = match self {
            _ if height < 2 => vec![self.summary(view, room, focused)],
            Self::Viewers => viewers::lines(view, title, room, height),
            Self::Requests => requests::lines(view, title, room, height),
            Self::Latency => latency::lines(view, title, room, height),
            Self::Throughput => throughput::lines(view, title, room, height),
            Self::Playback => playback::lines(view, title, room, height),
            Self::Groups => groups::lines(view, title, room, height),
            Self::Slo => slo::lines(view, title, room, height),
            Self::Errors => errors::lines(view, title, room, height),
            Self::Health => health::lines(view, title, room, height),
            Self::Roster => roster::lines(view, title, room, height),
            Self::Messages => messages::lines(view, title, room, height),
        };
        lines.truncate(height);
        lines
    }

    fn title(self, focused: bool) -> Title {
        Title {
            name: self.name(),
            focused,
        }
    }
}
