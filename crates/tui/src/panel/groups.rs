//! The groups of a scenario, one by one: in the order of its file where all find room.

use std::cmp::Ordering;

use report::format;
use telemetry::hist::Quantile;
use telemetry::{Snapshot, What};

use crate::line::{self, LABEL_WIDTH, Line};
use crate::look::Tone;
use crate::table::{Cell, Column, Table, Title};
use crate::view::{View, fault, known};

/// Groups that are shown before others get room.
const FIRST: usize = 3;
/// Room for a group's name on the panel's single line.
const SHORT_NAME: usize = 12;
/// What stands where there is none.
const NONE: &str = "all viewers are of one group";

const COLUMNS: [Column; 6] = [
    Column::figures("viewers", 9, 0),
    Column::figures("failed", 7, 1),
    Column::figures("stalls", 6, 2),
    Column::figures("rebuffer", 8, 3),
    Column::figures("startup p95", 11, 4),
    Column::figures("segment p95", 11, 5),
];

/// Whether the run has several.
pub(super) fn any(view: &View<'_>) -> bool {
    count(view) > 1
}

pub(super) fn summary(view: &View<'_>, room: usize) -> Vec<Line> {
    if !any(view) {
        return vec![Line::new(Tone::Faint, NONE)];
    }
    let room = room.saturating_sub(LABEL_WIDTH);
    let all: Vec<Line> = view.frame.by_group().map(short).collect();
    if line::joined_width(&all) <= room {
        return all;
    }
    let troubled: Vec<Line> = troubled_first(view).into_iter().map(short).collect();
    let fewer = (1..troubled.len())
        .rev()
        .map(|shown| first(&troubled, shown));
    let alone = troubled.first().cloned().into_iter().collect();
    let how_many = format!("{} groups", format::count(count(view) as u64));
    fewer
        .chain([alone])
        .find(|items| line::joined_width(items) <= room)
        .unwrap_or_else(|| vec![Line::plain(how_many)])
}

/// The first `shown` of `all`, and how many more there are.
fn first(all: &[Line], shown: usize) -> Vec<Line> {
    let mut items = all[..shown].to_vec();
    let more = format::count((all.len() - shown) as u64);
    items.push(Line::new(Tone::Faint, format!("and {more} more")));
    items
}

/// A group in a few words: its viewers, and what is wrong.
fn short((name, seen): (&str, &Snapshot)) -> Line {
    let name = line::shortened(name, SHORT_NAME);
    let group = Line::plain(format!("{name} {}", viewers(seen)));
    match (seen.requests.all().failed, seen.viewers.stalls) {
        (0, 0) => group,
        (0, stalls) => {
            let stalls = format::things(stalls, "stall", "stalls");
            group.and(Tone::Odd, format!(" {stalls}"))
        }
        (failed, _) => group.and(Tone::Bad, format!(" {} failed", format::count(failed))),
    }
}

/// The groups, those of which the largest share of requests failed first, then those that stalled for
/// the largest share of their time: where not all find room, these are the ones to see.
fn troubled_first<'a>(view: &'a View<'_>) -> Vec<(&'a str, &'a Snapshot)> {
    let mut groups: Vec<_> = view.frame.by_group().collect();
    let trouble = |seen: &Snapshot| {
        let failed = seen.requests.all().error_rate();
        [failed, seen.viewers.rebuffer_ratio()]
    };
    groups.sort_by(|(_, one), (_, other)| {
        let order = trouble(other).partial_cmp(&trouble(one));
        order.unwrap_or(Ordering::Equal)
    });
    groups
}

pub(super) fn heights(view: &View<'_>) -> Vec<usize> {
    if !any(view) {
        return Vec::new();
    }
    let groups = count(view);
    // Where not all fit, the last line says how many more there are.
    let mut heights = vec![1 + groups.min(FIRST), 1 + groups];
    heights.dedup();
    heights
}

pub(super) fn lines(view: &View<'_>, title: Title, room: usize, height: usize) -> Vec<Line> {
    if !any(view) {
        return vec![title.line("", room), line::label("").and(Tone::Faint, NONE)];
    }
    let mut table = Table::new(&COLUMNS, 10);
    let groups = if height > count(view) {
        view.frame.by_group().collect()
    } else {
        troubled_first(view)
    };
    for (name, seen) in groups {
        table.row(name, cells(seen));
    }
    line::clipped(table.lines(title, room), height, "groups")
}

fn count(view: &View<'_>) -> usize {
    view.frame.by_group().count()
}

fn cells(seen: &Snapshot) -> [Cell; 6] {
    let of = &seen.viewers;
    let stalls = match of.play_time() {
        Some(_) => fault(of.stalls, Tone::Odd),
        None => known(None, format::count),
    };
    let mut rebuffer = known(of.rebuffer_ratio(), format::percent);
    if of.rebuffer_ratio().is_some_and(|ratio| ratio > 0.0) {
        rebuffer.tone = Tone::Odd;
    }
    let p95 = |what| {
        known(
            seen.latency.of(what).quantile(Quantile::P95),
            format::micros,
        )
    };
    [
        viewers(seen).into(),
        fault(seen.requests.all().failed, Tone::Bad),
        stalls,
        rebuffer,
        p95(What::Startup),
        p95(What::SegmentDownload),
    ]
}

/// Those that take part, of those that are wanted.
fn viewers(seen: &Snapshot) -> String {
    let [active, target] = [seen.viewers.active(), seen.viewers.target].map(format::count);
    format!("{active}/{target}")
}
