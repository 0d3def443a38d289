//! A timeline with no more rows than a chart can show.

use std::sync::Arc;

use telemetry::slo::Source;
use telemetry::timeline::{Row, SeriesSpread, Spread};

/// The rows of a chart.
#[derive(Clone, Debug, Default)]
pub(super) struct Thinned {
    pub(super) rows: Vec<Row>,
    /// How many rows of the timeline are in each; 1 where there was nothing to thin.
    pub(super) each: usize,
}

impl Thinned {
    /// At most `most` rows, each of as many neighbours as it takes. Counts and times add up, so
    /// rates are exact; states are those at the end; of peaks and percentiles the highest stays,
    /// because percentiles can't be averaged, and a chart must not hide what was worst.
    pub(super) fn of(rows: &[Arc<Row>], most: usize) -> Self {
        let each = rows.len().div_ceil(most).max(1);
        let rows = rows.chunks(each).filter_map(|rows| {
            let (first, rest) = rows.split_first()?;
            let first = Row::clone(first);
            Some(rest.iter().fold(first, |row, next| joined(row, next)))
        });
        Self {
            rows: rows.collect(),
            each,
        }
    }

    /// The series of glass-to-glass latency, in order, without the same twice.
    pub(super) fn series(&self) -> Vec<(String, String, Source)> {
        let series = self.rows.iter().flat_map(|row| &row.slo);
        let mut keys: Vec<_> = series.map(key).collect();
        keys.sort();
        keys.dedup();
        keys
    }
}

pub(super) fn key(series: &SeriesSpread) -> (String, String, Source) {
    let (broadcast, transport) = (series.broadcast.clone(), series.transport.clone());
    (broadcast, transport, series.source)
}

fn joined(row: Row, next: &Row) -> Row {
    let mut latency_ms = row.latency_ms;
    for (what, spread) in &next.latency_ms {
        worst(latency_ms.entry(*what).or_default(), spread);
    }
    let mut slo = row.slo;
    for more in &next.slo {
        match slo.iter_mut().find(|series| key(series) == key(more)) {
            Some(series) => worst(&mut series.spread, &more.spread),
            None => slo.push(more.clone()),
        }
    }
    Row {
        unix_ms: next.unix_ms,
        elapsed_ms: next.elapsed_ms,
        span_ms: row.span_ms.saturating_add(next.span_ms),
        target: next.target,
        states: next.states.clone(),
        playlists_ok: row.playlists_ok.saturating_add(next.playlists_ok),
        segments_ok: row.segments_ok.saturating_add(next.segments_ok),
        failed: row.failed.saturating_add(next.failed),
        media_bytes: row.media_bytes.saturating_add(next.media_bytes),
        peak_100ms: either(row.peak_100ms, next.peak_100ms, f64::max),
        stalls: row.stalls.saturating_add(next.stalls),
        stall_ms: row.stall_ms.saturating_add(next.stall_ms),
        play_ms: row.play_ms.saturating_add(next.play_ms),
        skipped: row.skipped.saturating_add(next.skipped),
        late: row.late.saturating_add(next.late),
        stale_playlists: row.stale_playlists.saturating_add(next.stale_playlists),
        latency_ms,
        slo,
        cpu_ms: either(row.cpu_ms, next.cpu_ms, u64::saturating_add),
        lag_p99_ms: either(row.lag_p99_ms, next.lag_p99_ms, f64::max),
    }
}

fn worst(mine: &mut Spread, other: &Spread) {
    *mine = Spread {
        count: mine.count.saturating_add(other.count),
        p50: mine.p50.max(other.p50),
        p95: mine.p95.max(other.p95),
        p99: mine.p99.max(other.p99),
        max: mine.max.max(other.max),
    };
}

fn either<T>(a: Option<T>, b: Option<T>, both: impl Fn(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(both(a, b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use base::ViewerState;
    use telemetry::What;

    use super::*;

    fn row(n: u64) -> Arc<Row> {
        let spread = Spread {
            count: 1,
            p50: n as f64,
            p95: 100.0 - n as f64,
            p99: 100.0,
            max: 100.0,
        };
        Arc::new(Row {
            elapsed_ms: (n + 1) * 1_000,
            span_ms: 1_000,
            media_bytes: n,
            peak_100ms: n.is_multiple_of(2).then_some(n as f64),
            states: [(ViewerState::Playing, n)].into(),
            latency_ms: [(What::Playlist, spread)].into(),
            slo: vec![SeriesSpread {
                broadcast: format!("b{}", n % 2),
                transport: "hls".to_owned(),
                source: Source::Viewer,
                spread,
            }],
            ..Row::default()
        })
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "what is kept is kept as it is")]
    fn what_adds_up_is_added_up_and_of_percentiles_the_worst_stays() {
        let rows: Vec<_> = (0..10).map(row).collect();
        let thinned = Thinned::of(&rows, 4);
        assert_eq!((thinned.rows.len(), thinned.each), (4, 3));
        let second = &thinned.rows[1];
        assert_eq!((second.elapsed_ms, second.span_ms), (6_000, 3_000));
        assert_eq!((second.media_bytes, second.peak_100ms), (12, Some(4.0)));
        assert_eq!(second.states[&ViewerState::Playing], 5);
        let spread = second.latency_ms[&What::Playlist];
        assert_eq!((spread.count, spread.p50, spread.p95), (3, 5.0, 97.0));
        // b1 of the rows 3 and 5, b0 of the row 4.
        assert_eq!(second.slo.len(), 2);
        assert_eq!(second.slo[0].spread.p95, 97.0);
        assert_eq!(second.slo[1].spread.count, 1);
        assert_eq!(thinned.series().len(), 2);
        // The rest has no full group.
        assert_eq!(thinned.rows[3].span_ms, 1_000);
        let all: u64 = thinned.rows.iter().map(|row| row.media_bytes).sum();
        assert_eq!(all, 45);
    }

    #[test]
    fn a_short_timeline_stays_as_it_is() {
        let rows: Vec<_> = (0..4).map(row).collect();
        let thinned = Thinned::of(&rows, 4);
        assert_eq!((thinned.rows.len(), thinned.each), (4, 1));
        assert_eq!(&thinned.rows[2], rows[2].as_ref());
        assert!(Thinned::of(&[], 4).rows.is_empty());
    }
}
