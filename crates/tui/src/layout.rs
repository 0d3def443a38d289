//! Which panels stand where, and how high.
//!
//! Every panel gets one line, the most important first, as far as lines go. What is left lets
//! them grow, a step each in turn, so that the most important figures stand in full before any
//! panel takes more. The panel that has the focus comes before all others.

use ratatui::layout::Rect;
use report::Word;

use crate::panel::Panel;
use crate::view::View;

/// From this width on, panels stand in two columns.
const TWO_COLUMNS_FROM: u16 = 120;
/// Between the columns.
const GUTTER: u16 = 2;

/// Who gets a line where there are not enough for all.
const FIRST_LINES: [Panel; 9] = [
    Panel::Viewers,
    Panel::Playback,
    Panel::Throughput,
    Panel::Errors,
    Panel::Groups,
    Panel::Latency,
    Panel::Requests,
    Panel::Slo,
    Panel::Health,
];

/// Who grows first.
const GROWTH: [Panel; 11] = [
    Panel::Viewers,
    Panel::Latency,
    Panel::Playback,
    Panel::Groups,
    Panel::Throughput,
    Panel::Requests,
    Panel::Errors,
    Panel::Slo,
    Panel::Health,
    Panel::Roster,
    Panel::Messages,
];

const LEFT: [Panel; 5] = [
    Panel::Viewers,
    Panel::Requests,
    Panel::Latency,
    Panel::Throughput,
    Panel::Messages,
];

/// A panel and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) panel: Panel,
    pub(crate) area: Rect,
}

/// The panels that find room in `area`, from the top left.
pub(crate) fn places(view: &View<'_>, area: Rect, focus: Option<Panel>) -> Vec<Place> {
    let mut panels = Panel::ALL.to_vec();
    panels.retain(|panel| panel.is_there(view));
    if area.width < TWO_COLUMNS_FROM {
        return column(view, &panels, area, focus);
    }
    let width = (area.width - GUTTER) / 2;
    let left = Rect { width, ..area };
    let right = Rect {
        x: area.x + width + GUTTER,
        width: area.width - width - GUTTER,
        ..area
    };
    let (of_left, of_right): (Vec<Panel>, Vec<Panel>) =
        panels.into_iter().partition(|panel| LEFT.contains(panel));
    let mut places = column(view, &of_left, left, focus);
    places.extend(column(view, &of_right, right, focus));
    places
}

/// `panels`, in their order, one below the other.
fn column(view: &View<'_>, panels: &[Panel], area: Rect, focus: Option<Panel>) -> Vec<Place> {
    let room = usize::from(area.width);
    let height = usize::from(area.height);
    let mut heights = Heights::new(panels, height, focus);
    let steps: Vec<Vec<usize>> = panels
        .iter()
        .map(|panel| panel.heights(view, room))
        .collect();
    // Where nobody watches, what went wrong is what matters.
    let failing = view.health.word == Word::Failing;
    heights.grow(&steps, focus.or(failing.then_some(Panel::Errors)));
    let gap = heights.gap();
    let mut y = area.y;
    let mut places = Vec::new();
    for (panel, height) in heights.taken {
        if height == 0 {
            continue;
        }
        let area = Rect {
            y,
            height: height as u16,
            ..area
        };
        places.push(Place { panel, area });
        y += area.height + gap;
    }
    places
}

/// How high each panel of a column is, and what is left.
struct Heights {
    taken: Vec<(Panel, usize)>,
    left: usize,
}

impl Heights {
    /// A line for each as far as lines go.
    fn new(panels: &[Panel], height: usize, focus: Option<Panel>) -> Self {
        let mut heights = Self {
            taken: panels.iter().map(|&panel| (panel, 0)).collect(),
            left: height,
        };
        for panel in focus.into_iter().chain(FIRST_LINES) {
            heights.set(panel, 1);
        }
        heights
    }

    /// Lets `first` grow as far as it goes, then all in rounds, each by a step a round.
    fn grow(&mut self, steps: &[Vec<usize>], first: Option<Panel>) {
        if let Some(first) = first {
            for &step in self.steps_of(first, steps) {
                self.set(first, step);
            }
        }
        let rounds = steps.iter().map(Vec::len).max().unwrap_or(0);
        for round in 0..rounds {
            for panel in GROWTH {
                if let Some(&step) = self.steps_of(panel, steps).get(round) {
                    self.set(panel, step);
                }
            }
        }
    }

    fn steps_of<'a>(&self, panel: Panel, steps: &'a [Vec<usize>]) -> &'a [usize] {
        let place = self.taken.iter().position(|(of, _)| *of == panel);
        place.map_or(&[], |place| &steps[place])
    }

    /// Gives `panel` `height` lines, where it is here, has fewer, and lines are left.
    fn set(&mut self, panel: Panel, height: usize) {
        let Some((_, taken)) = self.taken.iter_mut().find(|(of, _)| *of == panel) else {
            return;
        };
        let more = height.saturating_sub(*taken);
        // A panel that has no line yet does not jump over those that have none either.
        let fits = more <= self.left && (*taken > 0 || height == 1 || panel.is_extra());
        if fits {
            *taken += more;
            self.left -= more;
        }
    }

    /// Blank lines between panels, where there are enough.
    fn gap(&self) -> u16 {
        let shown = self.taken.iter().filter(|(_, height)| *height > 0).count();
        u16::from(shown > 0 && self.left + 1 >= shown)
    }
}
