use telemetry::What;
use telemetry::hist::{Distribution, Micros, Quantile};

use super::page::Page;
use crate::format::{self, or_unknown};
use crate::run::Run;
use crate::words;

/// Broadcasts that are listed; the JSON has them all.
const BROADCASTS_MAX: usize = 20;

/// Latency percentiles: of requests, from due and from sent, and of what viewers saw.
pub(super) fn section(page: &mut Page, run: &Run<'_>) {
    page.heading("latency, of requests from when they were due");
    let head = ["p50", "p90", "p95", "p99", "max", "count"].map(str::to_owned);
    page.faint(&cells("", head));
    let viewers = &run.snapshot.viewers;
    let nothing_plays = viewers.all() > 0 && viewers.tracked.all() == 0;
    for (what, of) in run.snapshot.latency.iter() {
        let of_playback = matches!(
            what,
            What::Startup | What::Stall | What::LiveLatency | What::GlassToGlass
        );
        if of.is_empty() && of_playback && nothing_plays {
            continue;
        }
        page.line(&row(words::latency(what), of));
    }
}

fn row(name: &str, of: &Distribution<Micros>) -> String {
    let quantiles = [Quantile::P50, Quantile::P90, Quantile::P95, Quantile::P99];
    let [p50, p90, p95, p99] = quantiles.map(|q| or_unknown(of.quantile(q), format::micros));
    let max = or_unknown(of.max(), format::micros);
    cells(name, [p50, p90, p95, p99, max, format::count(of.count())])
}

fn cells(name: &str, [p50, p90, p95, p99, max, count]: [String; 6]) -> String {
    format!("{name:<19}{p50:>10}{p90:>10}{p95:>10}{p99:>10}{max:>10}{count:>11}")
}

/// The glass-to-glass series by broadcast.
pub(super) fn slo(page: &mut Page, run: &Run<'_>) {
    let rows = run.snapshot.slo_rows();
    let refused = run.snapshot.slo.refused_samples;
    if rows.is_empty() && refused == 0 {
        return;
    }
    page.heading("glass to glass by broadcast, newest samples");
    let names = ["p50", "p95", "p99", "max", "samples", "in all"].map(str::to_owned);
    page.faint(&slo_cells(["broadcast", "via", "by"], names));
    for row in rows.iter().take(BROADCASTS_MAX) {
        let key = [row.broadcast.as_str(), &row.transport, row.source.name()];
        let [p50, p95, p99, max] =
            [row.p50_ms, row.p95_ms, row.p99_ms, row.max_ms].map(format::millis);
        let counts = [row.sample_count, row.total_observed].map(format::count);
        let [samples, all] = counts;
        page.line(&slo_cells(key, [p50, p95, p99, max, samples, all]));
    }
    if rows.len() > BROADCASTS_MAX {
        let more = format::count((rows.len() - BROADCASTS_MAX) as u64);
        page.row(
            "",
            &format!("and {more} more broadcasts (--json has them all)"),
        );
    }
    if refused > 0 {
        let refused = format::count(refused);
        page.row(
            "",
            &format!("{refused} samples of further broadcasts found no room"),
        );
    }
}

fn slo_cells([broadcast, via, by]: [&str; 3], figures: [String; 6]) -> String {
    let [p50, p95, p99, max, samples, all] = figures;
    let broadcast = match broadcast {
        "" => "/".to_owned(),
        name => format::one_line(name, 18),
    };
    let via = format::one_line(via, 5);
    format!("{broadcast:<19}{via:<6}{by:<7}{p50:>8}{p95:>8}{p99:>8}{max:>8}{samples:>8}{all:>8}")
}
