//! A plan as a small graph, and what it comes to, before anything is started.

mod axis;
mod bars;

use std::time::Duration;

pub use bars::Charset;

use crate::{Agenda, Due, Shape, Step, Stripe};
use axis::grouped;

/// Starts that are followed; what comes after them is not drawn.
const STARTS_MAX: u64 = 10_000_000;
/// Columns that a graph has at most.
const COLUMNS_MAX: usize = 500;
/// Rows of the graph of starts.
const STARTS_ROWS: usize = 3;

/// What a plan comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Totals {
    /// The most viewers at a moment.
    pub peak: u64,
    /// Viewers that start in all.
    pub starts: u64,
    /// The time that viewers are there, added up.
    pub watched: Duration,
    /// How long it takes.
    pub length: Duration,
}

impl Totals {
    /// The time that viewers are there, in viewer-minutes.
    pub fn viewer_minutes(&self) -> f64 {
        self.watched.as_secs_f64() / 60.0
    }
}

/// A span of the graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Column {
    /// The most viewers in it.
    viewers: u64,
    starts: u64,
}

/// A plan, followed to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Sketch {
    totals: Totals,
    columns: Vec<Column>,
}

impl Sketch {
    /// Follows the first `length` of `shape`, as a run without orders would, for a graph that is
    /// `columns` wide. A plan of more than ten million starts is followed so far, and its length is
    /// that of the part that was.
    pub fn new(shape: &Shape, length: Duration, columns: usize) -> Self {
        let mut walk = Walk::new(length, columns.clamp(1, COLUMNS_MAX));
        let mut agenda = Agenda::new(shape, Stripe::ALL);
        while let Some(at) = agenda.due_at().filter(|at| *at <= length) {
            if walk.starts >= STARTS_MAX {
                return Self::new(shape, at, columns);
            }
            walk.go_to(at);
            while let Some(due) = agenda.take(at) {
                match due {
                    Due::Step(Step::Start(_)) => walk.start(),
                    Due::Step(Step::Leave(_)) => walk.leave(),
                    Due::Changed(_) => {}
                }
            }
        }
        walk.end()
    }

    /// What the plan comes to.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// The graph, with `rows` for viewers over time, one below it for starts, and the totals.
    pub fn draw(&self, rows: usize, charset: Charset) -> String {
        let viewers: Vec<f64> = self.columns.iter().map(|c| c.viewers as f64).collect();
        let seconds = self.totals.length.as_secs_f64() / self.columns.len() as f64;
        let rate = |column: &Column| column.starts as f64 / seconds.max(f64::MIN_POSITIVE);
        let starts: Vec<f64> = if self.totals.length.is_zero() {
            vec![0.0; self.columns.len()]
        } else {
            self.columns.iter().map(rate).collect()
        };
        let panels = [
            ("viewers", viewers, rows.max(1)),
            ("starts a second", starts, STARTS_ROWS),
        ];
        let mut text = String::new();
        for (title, values, rows) in panels {
            bars::panel(&mut text, title, &values, rows, charset);
            axis::times(&mut text, self.totals.length, self.columns.len());
        }
        text.push_str(&self.words());
        text
    }

    fn words(&self) -> String {
        let totals = self.totals;
        format!(
            "at most {} viewers, {} starts, {} viewer-minutes in {}\n",
            grouped(totals.peak as f64),
            grouped(totals.starts as f64),
            grouped(totals.viewer_minutes()),
            axis::time(totals.length),
        )
    }
}

/// The plan as it is followed.
struct Walk {
    length: Duration,
    at: Duration,
    there: u64,
    peak: u64,
    starts: u64,
    watched_ns: u128,
    columns: Vec<Column>,
}

impl Walk {
    fn new(length: Duration, columns: usize) -> Self {
        Self {
            length,
            at: Duration::ZERO,
            there: 0,
            peak: 0,
            starts: 0,
            watched_ns: 0,
            columns: vec![Column::default(); columns],
        }
    }

    fn column(&self, at: Duration) -> usize {
        let place = at.as_nanos() * self.columns.len() as u128;
        let place = place.checked_div(self.length.as_nanos()).unwrap_or(0);
        (place as usize).min(self.columns.len() - 1)
    }

    /// Nothing happens until `at`.
    fn go_to(&mut self, at: Duration) {
        let span = at.saturating_sub(self.at).as_nanos();
        self.watched_ns += u128::from(self.there) * span;
        for column in self.column(self.at)..=self.column(at) {
            let viewers = &mut self.columns[column].viewers;
            *viewers = (*viewers).max(self.there);
        }
        self.at = at;
    }

    fn start(&mut self) {
        self.there += 1;
        self.starts += 1;
        self.peak = self.peak.max(self.there);
        let column = self.column(self.at);
        let column = &mut self.columns[column];
        column.starts += 1;
        column.viewers = column.viewers.max(self.there);
    }

    fn leave(&mut self) {
        self.there -= 1;
    }

    fn end(mut self) -> Sketch {
        self.go_to(self.length);
        let nanos = self.watched_ns;
        let second = 1_000_000_000;
        Sketch {
            totals: Totals {
                peak: self.peak,
                starts: self.starts,
                watched: Duration::new((nanos / second) as u64, (nanos % second) as u32),
                length: self.length,
            },
            columns: self.columns,
        }
    }
}

#[cfg(test)]
mod tests;
