use base::ViewerState;
use telemetry::What;
use telemetry::hist::Quantile;

use super::page::Page;
use crate::format::{self, UNKNOWN, or_unknown, things};
use crate::run::Run;
use crate::words;

/// Viewers by state, startup, and what was played.
pub(super) fn section(page: &mut Page, run: &Run<'_>) {
    let viewers = &run.snapshot.viewers;
    page.heading("viewers");
    let of = viewers.target.max(viewers.all());
    page.items(
        "started",
        &[
            format!(
                "{} of {}",
                format::count(viewers.started),
                format::count(of)
            ),
            things(viewers.restarts, "restart", "restarts"),
        ],
    );
    let state = |(state, count): (ViewerState, u64)| {
        (count > 0).then(|| format!("{} {}", words::state(state), format::count(count)))
    };
    let states: Vec<String> = viewers.iter().filter_map(state).collect();
    let when = if run.exit.is_some() {
        "at the end"
    } else {
        "now"
    };
    page.items(
        when,
        &if states.is_empty() {
            vec!["no viewers".to_owned()]
        } else {
            states
        },
    );
    startup(page, run);
    playback(page, run);
}

fn startup(page: &mut Page, run: &Run<'_>) {
    let startup = run.snapshot.latency.of(What::Startup);
    let Some(max) = startup.max() else {
        page.row("startup", UNKNOWN);
        return;
    };
    let at = |name: &str, quantile| {
        format!(
            "{name} {}",
            or_unknown(startup.quantile(quantile), format::micros)
        )
    };
    page.items(
        "startup",
        &[
            at("p50", Quantile::P50),
            at("p95", Quantile::P95),
            at("p99", Quantile::P99),
            format!("max {}", format::micros(max)),
        ],
    );
}

fn playback(page: &mut Page, run: &Run<'_>) {
    let viewers = &run.snapshot.viewers;
    let (Some(play), Some(stall)) = (viewers.play_time(), viewers.stall_time()) else {
        let why = if viewers.all() > 0 {
            ": no viewer has a playhead"
        } else {
            ""
        };
        page.row("playback", &format!("{UNKNOWN}{why}"));
        return;
    };
    page.items(
        "playback",
        &[
            format!("played {}", format::length(play)),
            format!(
                "stalled {} in {}",
                format::length(stall),
                things(viewers.stalls, "stall", "stalls")
            ),
            format!(
                "rebuffer ratio {}",
                or_unknown(viewers.rebuffer_ratio(), format::percent)
            ),
        ],
    );
    let playback = &run.snapshot.playback;
    page.items(
        "segments",
        &[
            format!("{} late", format::count(playback.late.count)),
            format!("{} skipped", format::count(playback.skipped.count)),
        ],
    );
}
