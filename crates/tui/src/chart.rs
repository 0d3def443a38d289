//! A series of figures as blocks.

use std::sync::Arc;

use telemetry::timeline;

/// Eighths of a block, from nothing to all.
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A span of a run, cut into cells of one length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Axis {
    /// Milliseconds from the run's start to the first cell.
    pub(crate) from_ms: f64,
    /// Milliseconds that a cell covers.
    pub(crate) cell_ms: f64,
    pub(crate) cells: usize,
}

impl Axis {
    /// The last `longest_ms` before `elapsed_ms` on `cells` cells; of a younger run all of it,
    /// with a second a cell at least.
    pub(crate) fn ending(elapsed_ms: u64, longest_ms: u64, cells: usize) -> Self {
        let shown = elapsed_ms.min(longest_ms) as f64;
        let cell_ms = (shown / cells.max(1) as f64).max(1_000.0);
        let from_ms = elapsed_ms.saturating_sub(longest_ms) as f64;
        Self {
            from_ms,
            cell_ms,
            cells,
        }
    }

    /// What `amount` of each row adds up to, a second, in each cell; `None` where no row is.
    pub(crate) fn rates(
        self,
        rows: &[Arc<timeline::Row>],
        amount: impl Fn(&timeline::Row) -> u64,
    ) -> Vec<Option<f64>> {
        let mut amounts = vec![0.0; self.cells];
        let mut covered = vec![0.0; self.cells];
        for row in rows.iter().rev() {
            let end = row.elapsed_ms as f64 - self.from_ms;
            let begin = end - row.span_ms as f64;
            if end <= 0.0 {
                break;
            }
            if row.span_ms == 0 {
                continue;
            }
            let first = (begin.max(0.0) / self.cell_ms) as usize;
            let last = ((end / self.cell_ms).ceil() as usize).min(self.cells);
            for cell in first..last {
                let from = (cell as f64 * self.cell_ms).max(begin);
                let to = ((cell + 1) as f64 * self.cell_ms).min(end);
                let share = (to - from).max(0.0) / row.span_ms as f64;
                amounts[cell] += amount(row) as f64 * share;
                covered[cell] += (to - from).max(0.0);
            }
        }
        let cells = amounts.into_iter().zip(covered);
        cells
            .map(|(amount, ms)| (ms > 0.0).then(|| amount * 1_000.0 / ms))
            .collect()
    }
}

/// `values` as columns of `height` lines; one of `top` or more is as high as the chart.
pub(crate) fn blocks(values: &[Option<f64>], top: f64, height: usize) -> Vec<String> {
    let eighths: Vec<usize> = values
        .iter()
        .map(|value| match value {
            // What is known and not zero is seen.
            Some(value) if *value > 0.0 => {
                let share = (value / top).min(1.0);
                ((share * (height * 8) as f64).round() as usize).max(1)
            }
            Some(_) | None => 0,
        })
        .collect();
    let line = |above: usize| {
        let below = (height - 1 - above) * 8;
        let full = eighths.iter();
        full.map(|&eighths| EIGHTHS[eighths.saturating_sub(below).min(8)])
            .collect()
    };
    (0..height).map(line).collect()
}

/// A bar of `width` cells, `share` of them full.
pub(crate) fn bar(share: f64, width: usize) -> String {
    let full = ((share.clamp(0.0, 1.0) * width as f64) as usize).min(width);
    format!("{}{}", "█".repeat(full), "░".repeat(width - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(spans: &[(u64, u64)]) -> Vec<Arc<timeline::Row>> {
        let mut elapsed_ms = 0;
        let mut rows = Vec::new();
        for &(span_ms, media_bytes) in spans {
            elapsed_ms += span_ms;
            rows.push(Arc::new(timeline::Row {
                elapsed_ms,
                span_ms,
                media_bytes,
                ..timeline::Row::default()
            }));
        }
        rows
    }

    fn rates(spans: &[(u64, u64)], longest_ms: u64, cells: usize) -> Vec<Option<f64>> {
        let elapsed = spans.iter().map(|(span, _)| span).sum();
        Axis::ending(elapsed, longest_ms, cells).rates(&rows(spans), |row| row.media_bytes)
    }

    #[test]
    fn a_young_run_has_a_second_a_cell_and_nothing_is_made_up() {
        assert_eq!(
            rates(&[(1_000, 5), (1_000, 0)], 300_000, 4),
            [Some(5.0), Some(0.0), None, None]
        );
        assert_eq!(rates(&[], 300_000, 2), [None, None]);
    }

    #[test]
    fn rows_of_any_length_fill_cells_of_any_length() {
        // 100 s in rows of 10 s, the last 50 s of it on five cells, then on two.
        let spans: Vec<(u64, u64)> = (0..10).map(|n| (10_000, n * 10)).collect();
        let five: Vec<Option<f64>> = (5..10).map(|n| Some(f64::from(n))).collect();
        assert_eq!(rates(&spans, 50_000, 5), five);
        assert_eq!(rates(&spans, 50_000, 2), [Some(5.8), Some(8.2)]);
    }

    #[test]
    fn the_greatest_fills_the_chart_and_what_is_not_zero_is_seen() {
        let values = [Some(8.0), Some(4.0), Some(0.001), Some(0.0), None];
        assert_eq!(blocks(&values, 8.0, 1), ["█▄▁  "]);
        assert_eq!(blocks(&values, 8.0, 2), ["█    ", "██▁  "]);
        assert_eq!(blocks(&values, 0.0, 1), ["███  "]);
        assert_eq!(blocks(&[], 8.0, 1), [""]);
        assert_eq!(blocks(&values, 8.0, 0), Vec::<String>::new());
        assert_eq!(
            [0.0, 0.5, 2.0].map(|share| bar(share, 4)),
            ["░░░░", "██░░", "████"]
        );
    }
}
