//! Figures under each other: columns that fit whole, the most important first.

use crate::line::{self, INDENT, Line};
use crate::look::Tone;

/// Below this width labels of single lines are not aligned.
const NARROW: usize = 40;
/// Blanks before each column.
const GAP: usize = 1;

/// Where a cell stands in its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// How wide it is at least, so that figures keep their place while they grow.
    pub(crate) width: usize,
    /// Columns of a lower rank find room first.
    pub(crate) rank: u8,
    pub(crate) side: Side,
}

impl Column {
    /// A column of figures.
    pub(crate) const fn figures(name: &'static str, width: usize, rank: u8) -> Self {
        Self {
            name,
            width,
            rank,
            side: Side::Right,
        }
    }

    /// A column of words.
    pub(crate) const fn words(name: &'static str, width: usize, rank: u8) -> Self {
        Self {
            name,
            width,
            rank,
            side: Side::Left,
        }
    }
}

/// What stands in one place of a table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    pub(crate) tone: Tone,
    pub(crate) text: String,
}

impl Cell {
    pub(crate) fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self {
            tone,
            text: text.into(),
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::new(Tone::Plain, text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::new(Tone::Plain, text)
    }
}

/// Rows of a label and a cell for each column.
#[derive(Clone, Debug)]
pub(crate) struct Table<'a> {
    columns: &'a [Column],
    label_least: usize,
    rows: Vec<(Cell, Vec<Cell>)>,
}

impl<'a> Table<'a> {
    /// A table whose labels may be cut down to `label_least` columns.
    pub(crate) fn new(columns: &'a [Column], label_least: usize) -> Self {
        Self {
            columns,
            label_least,
            rows: Vec::new(),
        }
    }

    /// One row more.
    pub(crate) fn row<C: Into<Cell>>(
        &mut self,
        label: impl Into<Cell>,
        cells: impl IntoIterator<Item = C>,
    ) {
        let cells = cells.into_iter().map(Into::into).collect();
        self.rows.push((label.into(), cells));
    }

    /// A heading with the names of the columns, then the rows.
    pub(crate) fn lines(&self, title: Title, room: usize) -> Vec<Line> {
        let (label, chosen) = self.fit(title, room);
        let mut names = Vec::new();
        for &(place, width) in &chosen {
            let column = &self.columns[place];
            names.push(aligned(column.name, width, column.side));
        }
        let head = format!("{:label$}{}", title.text(), names.concat());
        let mut lines = vec![title.paint(&head, room)];
        for (name, cells) in &self.rows {
            let name_text = line::shortened(&name.text, label.saturating_sub(INDENT));
            let mut out = Line::plain(" ".repeat(INDENT))
                .and(name.tone, name_text)
                .padded(label);
            for &(place, width) in &chosen {
                if let Some(cell) = cells.get(place) {
                    let side = self.columns[place].side;
                    out = out.and(cell.tone, aligned(&cell.text, width, side));
                }
            }
            lines.push(out);
        }
        lines
    }

    /// The width of the labels, and the columns that find room, each with its width.
    fn fit(&self, title: Title, room: usize) -> (usize, Vec<(usize, usize)>) {
        let names = self.rows.iter().map(|(label, _)| line::width(&label.text));
        let wanted = names
            .max()
            .unwrap_or(0)
            .max(title.width().saturating_sub(INDENT));
        let least = INDENT + wanted.min(self.label_least.max(title.width().saturating_sub(INDENT)));
        let mut order: Vec<usize> = (0..self.columns.len()).collect();
        order.sort_by_key(|&place| self.columns[place].rank);
        let mut left = room.saturating_sub(least);
        let mut chosen = Vec::new();
        for place in order {
            let needed = GAP + self.width(place);
            if needed > left {
                break;
            }
            left -= needed;
            chosen.push((place, needed));
        }
        chosen.sort_unstable();
        (least + left.min(INDENT + wanted - least), chosen)
    }

    fn width(&self, place: usize) -> usize {
        let cells = self.rows.iter().filter_map(|(_, cells)| cells.get(place));
        let widest = cells.map(|cell| line::width(&cell.text)).max().unwrap_or(0);
        let column = &self.columns[place];
        widest.max(column.width).max(line::width(column.name))
    }
}

fn aligned(text: &str, width: usize, side: Side) -> String {
    let missing = width.saturating_sub(line::width(text));
    match side {
        Side::Right => format!("{:missing$}{text}", ""),
        Side::Left => {
            let before = missing.min(GAP);
            let behind = missing - before;
            format!("{:before$}{text}{:behind$}", "", "")
        }
    }
}

/// The name of a panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Title {
    pub(crate) name: &'static str,
    pub(crate) focused: bool,
}

impl Title {
    fn text(self) -> String {
        // A marker stands beside the name, so that focus is not said by colour alone.
        let mark = if self.focused { '»' } else { ' ' };
        format!("─{mark}{} ", self.name)
    }

    fn width(self) -> usize {
        line::width(&self.text())
    }

    fn tone(self) -> Tone {
        if self.focused {
            Tone::Focus
        } else {
            Tone::Title
        }
    }

    /// The heading alone, with `text` behind the name.
    pub(crate) fn line(self, text: &str, room: usize) -> Line {
        self.paint(&format!("{} {text}", self.text()), room)
    }

    /// The name as the label of a single line of `room` columns.
    pub(crate) fn label(self, room: usize) -> Line {
        let mark = if self.focused { " »" } else { "  " };
        let name = Line::plain(mark).and(self.tone(), self.name);
        if room < NARROW {
            return name.and(Tone::Plain, "  ");
        }
        name.padded(line::LABEL_WIDTH)
    }

    /// A heading over `room` columns: its blanks become a rule.
    fn paint(self, head: &str, room: usize) -> Line {
        let begin = 2;
        let rest: String = head
            .chars()
            .skip(begin + self.name.chars().count())
            .collect();
        let start: String = head.chars().take(begin).collect();
        let missing = room.saturating_sub(line::width(head));
        let rest = ruled(&format!("{rest}{}", " ".repeat(missing)));
        Line::new(Tone::Faint, start)
            .and(self.tone(), self.name)
            .and(Tone::Faint, rest)
    }
}

/// Blanks that touch no word as a rule.
fn ruled(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let blank = |place: Option<usize>| place.and_then(|at| chars.get(at)).is_none_or(|c| *c == ' ');
    let rule = |place: usize| {
        // What stands before the first is a name.
        place > 0 && blank(Some(place)) && blank(place.checked_sub(1)) && blank(Some(place + 1))
    };
    let drawn = chars.iter().enumerate();
    drawn
        .map(|(place, c)| if rule(place) { '─' } else { *c })
        .collect()
}
