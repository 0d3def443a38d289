//! Requests by class.

use base::Class;
use report::{format, words};
use telemetry::requests::Counters;

use crate::line::Line;
use crate::look::Tone;
use crate::table::{Cell, Column, Table, Title};
use crate::view::{View, fault, known};

const COLUMNS: [Column; 6] = [
    Column::figures("ok", 10, 0),
    Column::figures("ok/s", 7, 1),
    Column::figures("failed", 8, 2),
    Column::figures("in flight", 9, 4),
    Column::figures("cancelled", 9, 5),
    Column::figures("bytes", 9, 3),
];

/// Classes that are one row where there is little room.
struct Group {
    name: &'static str,
    classes: &'static [Class],
}

const PLAYLISTS: Group = Group {
    name: "playlists",
    classes: &[Class::Multivariant, Class::Playlist],
};
const SEGMENTS: Group = Group {
    name: "segments",
    classes: &[Class::Segment, Class::Part],
};
const OTHERS: Group = Group {
    name: "others",
    classes: &[Class::Init, Class::Key, Class::Other],
};

impl Group {
    fn of(&self, view: &View<'_>) -> Counters {
        let mut sum = Counters::default();
        for &class in self.classes {
            sum.merge(view.snapshot().requests.of(class));
        }
        sum
    }

    /// The classes that were asked for.
    fn asked(&self, view: &View<'_>) -> Vec<Class> {
        let asked = |class: &Class| view.snapshot().requests.of(*class).requests() > 0;
        self.classes.iter().copied().filter(asked).collect()
    }
}

/// Requests that ended well, a second: of playlists and of segments.
fn rates(view: &View<'_>) -> [Option<f64>; 2] {
    [
        view.rate(|row| row.playlists_ok),
        view.rate(|row| row.segments_ok),
    ]
}

pub(super) fn summary(view: &View<'_>) -> Vec<Line> {
    let all = view.snapshot().requests.all();
    let [playlists, segments] =
        rates(view).map(|rate| format::or_unknown(rate, format::per_second));
    vec![
        Line::plain(format!("{segments} segments/s")),
        Line::plain(format!("{playlists} playlists/s")),
        Line::plain(format!("{} in flight", format::count(all.in_flight))),
    ]
}

pub(super) fn heights(view: &View<'_>) -> Vec<usize> {
    vec![4, 5, 2 + rows(view).len()]
}

pub(super) fn lines(view: &View<'_>, title: Title, room: usize, height: usize) -> Vec<Line> {
    let rows = rows(view);
    let whole = height >= 2 + rows.len();
    let mut table = Table::new(&COLUMNS, 24);
    for row in rows {
        let fits = match row.depth {
            Depth::Main => true,
            Depth::Others => height > 4,
            Depth::Class => whole,
        };
        if fits {
            table.row(row.name, cells(&row.of, row.rate));
        }
    }
    let all = view.snapshot().requests.all();
    table.row("all", cells(&all, Cell::default()));
    table.lines(title, room)
}

/// A row of the full table.
struct Row {
    name: String,
    depth: Depth,
    of: Counters,
    rate: Cell,
}

/// How much room a row asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    Main,
    Others,
    Class,
}

/// Groups, and under a group of several classes that were asked for each of them.
fn rows(view: &View<'_>) -> Vec<Row> {
    let [playlists, segments] = rates(view);
    let groups = [
        (PLAYLISTS, Depth::Main, playlists),
        (SEGMENTS, Depth::Main, segments),
        (OTHERS, Depth::Others, None),
    ];
    let mut rows = Vec::new();
    for (group, depth, rate) in groups {
        rows.push(Row {
            name: group.name.to_owned(),
            depth,
            of: group.of(view),
            rate: known(rate, format::per_second),
        });
        let asked = group.asked(view);
        for class in asked.iter().filter(|_| asked.len() > 1) {
            rows.push(Row {
                name: format!("  {}", words::class(*class)),
                depth: Depth::Class,
                of: *view.snapshot().requests.of(*class),
                // Said of the group.
                rate: Cell::default(),
            });
        }
    }
    rows
}

fn cells(of: &Counters, rate: Cell) -> Vec<Cell> {
    vec![
        format::count(of.ok).into(),
        rate,
        fault(of.failed, Tone::Bad),
        format::count(of.in_flight).into(),
        format::count(of.cancelled).into(),
        format::bytes(of.bytes).into(),
    ]
}
