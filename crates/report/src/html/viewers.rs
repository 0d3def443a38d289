//! The crowd: states, exits, and who was slowest.

use base::ViewerState;
use maud::{Markup, html};
use telemetry::roster::{Pace, Roster};

use super::page::{self, Mark, Row};
use super::stream::count_or_unknown;
use crate::document::Document;
use crate::format::{self, or_unknown};
use crate::words;

/// Viewers that are listed.
const LISTED_MAX: usize = 20;

pub(super) fn section(document: &Document) -> Markup {
    let body = html! {
        (page::list(&entries(document)))
        @if let Some(roster) = &document.roster { (slowest(roster)) }
    };
    page::section("viewers", "Viewers", &body)
}

fn entries(document: &Document) -> Vec<(&'static str, String)> {
    let viewers = &document.viewers;
    let states = ViewerState::ALL
        .into_iter()
        .filter(|state| viewers.count(*state) > 0);
    let states: Vec<String> = states
        .map(|state| {
            format!(
                "{} {}",
                words::state(state),
                format::count(viewers.count(state))
            )
        })
        .collect();
    let exits = or_unknown(viewers.exits, |exits| {
        if exits.all() == 0 {
            return "none".to_owned();
        }
        format!(
            "{} watched to the end, {} gave up, {} were told to leave",
            format::count(exits.ended),
            format::count(exits.failed),
            format::count(exits.left)
        )
    });
    let uptime = viewers.uptime_s.unwrap_or_default();
    let seconds = |seconds: Option<f64>| or_unknown(seconds, |seconds| format::ms(seconds * 1e3));
    let playback = &document.playback;
    let mut entries = vec![
        ("states at the end", states.join(" · ")),
        ("lives that ended", exits),
        ("restarts", format::count(viewers.restarts)),
        ("reconnections", count_or_unknown(viewers.reconnections)),
        (
            "segments",
            format!(
                "{} late, {} skipped",
                format::count(playback.late),
                format::count(playback.skipped)
            ),
        ),
    ];
    if uptime.count > 0 {
        let lasted = format!("p50 {}, p99 {}", seconds(uptime.p50), seconds(uptime.p99));
        entries.push(("a life lasted", lasted));
    }
    if let Some(pace) = document.roster.as_ref().map(|roster| roster.pace)
        && pace.viewers > 0
    {
        entries.push(("keeping up", keeping_up(pace)));
    }
    entries
}

fn keeping_up(pace: Pace) -> String {
    let mean = pace.speed_permille_sum as f64 / pace.viewers as f64 / 1e3;
    format!(
        "{} below real time, {} more than 5 s behind their start; average speed {mean:.3}, \
         greatest drift {}",
        format::things(pace.below_realtime, "viewer", "viewers"),
        format::count(pace.high_drift),
        format::millis(pace.drift_ms_max)
    )
}

fn slowest(roster: &Roster) -> Markup {
    let rows = roster.slowest.iter().take(LISTED_MAX).map(|row| {
        let speed = row.speed_permille.map(|permille| permille as f64 / 1e3);
        let figures = [
            or_unknown(row.drift_ms, format::millis),
            or_unknown(speed, |speed| format!("{speed:.3}")),
            or_unknown(row.played_ms, format::millis),
            format::count(row.stalls),
            format::count(row.restarts),
            or_unknown(row.live_latency_ms, format::millis),
            format::count(row.requests_ok),
            format::count(row.requests_failed),
            format::bytes(row.bytes),
        ];
        let unwell = matches!(
            row.state,
            ViewerState::Stalled | ViewerState::Failed | ViewerState::BackingOff
        );
        let mut cells = Row::of(format!("#{}", row.viewer), []).words(words::state(row.state));
        cells.cells.extend(figures.map(page::Cell::Figure));
        cells.marked(if unwell { Mark::Odd } else { Mark::Plain })
    });
    let rows: Vec<Row> = rows.collect();
    let head = [
        "viewer",
        "state",
        "drift",
        "speed",
        "played",
        "stalls",
        "restarts",
        "behind live",
        "ok",
        "failed",
        "bytes",
    ];
    html! {
        @if !rows.is_empty() {
            h3 { "The slowest" }
            (page::table(&head, &rows))
            p class="note" {
                "Drift is time stalled since the first picture; a speed of 1 is real time."
            }
        }
    }
}
