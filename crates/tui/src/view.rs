//! What panels show: a moment of a run, and what several of them need of it.

use std::collections::VecDeque;
use std::time::Duration;

use report::format;
use telemetry::hist::{Distribution, Micros, Quantile};
use telemetry::{Snapshot, slo, timeline};

use crate::look::Tone;
use crate::table::Cell;

/// Rates are taken over the newest rows that cover at least this much.
const RATE_OVER_MS: u64 = 2_000;
/// What stands for a window that has no data yet, while the run goes on.
const WARMING_UP: &str = "warming up";

/// All that panels are functions of.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) frame: &'a report::Frame,
    pub(crate) health: report::Health,
    pub(crate) slo: Vec<slo::Row>,
    pub(crate) messages: &'a VecDeque<String>,
    /// Messages that found no room.
    pub(crate) messages_lost: u64,
}

impl View<'_> {
    pub(crate) fn snapshot(&self) -> &Snapshot {
        &self.frame.snapshot
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.frame.snapshot.elapsed()
    }

    /// What stands for a figure of the stream that is not known.
    pub(crate) fn unknown(&self) -> &'static str {
        match self.frame.exit {
            Some(_) => format::UNKNOWN,
            None => WARMING_UP,
        }
    }

    pub(crate) fn newest_row(&self) -> Option<&timeline::Row> {
        self.frame.timeline.last().map(AsRef::as_ref)
    }

    /// `amount` a second of late; `None` before the first row.
    pub(crate) fn rate(&self, amount: impl Fn(&timeline::Row) -> u64) -> Option<f64> {
        let (mut sum, mut span_ms) = (0, 0);
        for row in self.frame.timeline.iter().rev() {
            sum += amount(row);
            span_ms += row.span_ms;
            if span_ms >= RATE_OVER_MS {
                break;
            }
        }
        (span_ms > 0).then(|| sum as f64 * 1_000.0 / span_ms as f64)
    }

    /// A wall-clock time as time since the run began.
    pub(crate) fn since_start(&self, unix_ms: i64) -> String {
        let start = self.snapshot().started_ms.unwrap_or(unix_ms);
        format::seconds(Duration::from_millis((unix_ms - start).max(0) as u64))
    }
}

/// Cells of `quantiles` of a latency, and its greatest.
pub(crate) fn latencies<const N: usize>(
    of: &Distribution<Micros>,
    quantiles: [Quantile; N],
) -> Vec<Cell> {
    let figures = quantiles.map(|quantile| of.quantile(quantile));
    let all = figures.into_iter().chain([of.max()]);
    all.map(|figure| known(figure, format::micros)).collect()
}

/// A figure, or that it is not known.
pub(crate) fn known<T>(figure: Option<T>, show: impl Fn(T) -> String) -> Cell {
    match figure {
        Some(figure) => show(figure).into(),
        None => Cell::new(Tone::Faint, format::UNKNOWN),
    }
}

/// A count, marked where it should be none.
pub(crate) fn fault(count: u64, tone: Tone) -> Cell {
    let tone = if count > 0 { tone } else { Tone::Plain };
    Cell::new(tone, format::count(count))
}
