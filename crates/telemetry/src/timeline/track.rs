use std::collections::VecDeque;
use std::sync::Arc;

use super::Row;
use super::moment::Moment;

/// The rows of one resolution.
#[derive(Clone, Debug)]
pub(super) struct Track {
    span_ms: i64,
    rows_max: usize,
    /// Where the row that is not over yet begins.
    base: Arc<Moment>,
    rows: VecDeque<Arc<Row>>,
    /// Whether rows were given up.
    gave_up: bool,
}

impl Track {
    pub(super) fn new(span_ms: i64, rows_max: usize, base: Arc<Moment>) -> Self {
        Self {
            span_ms,
            rows_max,
            base,
            rows: VecDeque::new(),
            gave_up: false,
        }
    }

    /// Whether the row that ends with `last` is over, seen from `now_ms`: a boundary lies between.
    pub(super) fn is_over(&self, last: &Moment, now_ms: i64) -> bool {
        let place = |ms: i64| ms.div_euclid(self.span_ms);
        place(now_ms) > place(last.at_ms) && last.at_ms > self.base.at_ms
    }

    pub(super) fn begin(&mut self, base: Arc<Moment>) {
        self.base = base;
    }

    pub(super) fn base(&self) -> &Moment {
        &self.base
    }

    pub(super) fn push(&mut self, row: Row) {
        if self.rows.len() == self.rows_max {
            self.rows.pop_front();
            self.gave_up = true;
        }
        self.rows.push_back(Arc::new(row));
    }

    /// Takes back the newest row.
    pub(super) fn pop(&mut self) {
        self.rows.pop_back();
    }

    /// Whether it reaches back to the run's start.
    pub(super) fn has_all(&self) -> bool {
        !self.gave_up
    }

    pub(super) fn rows(&self) -> impl DoubleEndedIterator<Item = &Arc<Row>> {
        self.rows.iter()
    }

    /// The rows that begin at `begin_ms` or after it.
    pub(super) fn rows_since(&self, begin_ms: i64) -> impl Iterator<Item = &Arc<Row>> {
        let first = self.rows.partition_point(|row| row.begin_ms() < begin_ms);
        self.rows.range(first..)
    }

    /// The greatest peak of the rows that begin at `begin_ms` or after it.
    pub(super) fn peak_since(&self, begin_ms: i64) -> Option<f64> {
        let peaks = self.rows_since(begin_ms).filter_map(|row| row.peak_100ms);
        peaks.reduce(f64::max)
    }
}
