//! What a reader sees first: the verdict and the figures that carry it.

use base::ViewerState;
use maud::{Markup, html};
use telemetry::What;

use super::page::Mark;
use crate::document::{Document, Summary};
use crate::format::{self, UNKNOWN, or_unknown, things};
use crate::health::Word;
use crate::{remarks, words};

/// The stream, the crowd, and how the run ended.
pub(super) fn section(document: &Document) -> Markup {
    let config = &document.config;
    let (mark, word, reason) = verdict(document);
    html! {
        header {
            p class="brand" { "liveswarm" }
            h1 { (config.url) @if config.own_origin { small { " our own origin" } } }
            p class={ "verdict " (mark.class().unwrap_or("plain")) } {
                strong { (mark.sign()) (word) }
                " " (reason)
            }
            p class="facts" {
                @if !config.is_gateway() { (things(config.viewers, "viewer", "viewers")) " · " }
                (config.players()) " · "
                (when(document))
            }
        }
    }
}

fn verdict(document: &Document) -> (Mark, String, String) {
    match (&document.exit, &document.health) {
        (Some(exit), _) => {
            let (mark, word) = match exit.code {
                0 => (Mark::Good, "passed"),
                3 => (Mark::Bad, "bad result"),
                4 => (Mark::Odd, "not to be trusted"),
                5 => (Mark::Bad, "objective missed"),
                _ => (Mark::Bad, "failed"),
            };
            let reason = format!("{} (exit code {})", exit.reason, exit.code);
            (mark, word.to_owned(), reason)
        }
        (None, Some(health)) => {
            let mark = match health.word {
                Word::Healthy => Mark::Good,
                Word::Degraded | Word::GeneratorBound => Mark::Odd,
                Word::Failing => Mark::Bad,
                Word::WarmingUp | Word::Stopping | Word::Over => Mark::Plain,
            };
            (mark, health.word.to_string(), health.reason.clone())
        }
        (None, None) => (Mark::Plain, "running".to_owned(), String::new()),
    }
}

fn when(document: &Document) -> String {
    let started = document
        .started_ms
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    let started = or_unknown(started, |at| {
        at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
    });
    let ran = format::ms(document.duration_s * 1e3);
    let asked = document
        .config
        .duration_s
        .map(|seconds| format::ms(seconds * 1e3));
    match asked {
        Some(asked) if asked != ran => format!("{started} · {ran} of {asked}"),
        _ => format!("{started} · {ran}"),
    }
}

/// The figures that say the most, large.
pub(super) fn tiles(document: &Document) -> Markup {
    let (delay, delay_name) = delay(document);
    let tiles = [
        viewers(document),
        throughput(document),
        startup(document.playback.startup_ms),
        rebuffering(document),
        latency(delay_name, delay),
        failures(document),
    ];
    html! {
        ul class="tiles" {
            @for tile in tiles {
                li class=[tile.mark.class()] {
                    span class="name" { (tile.name) }
                    strong { (tile.figure) }
                    span class="more" { (tile.more) }
                }
            }
        }
    }
}

struct Tile {
    name: &'static str,
    figure: String,
    more: String,
    mark: Mark,
}

fn viewers(document: &Document) -> Tile {
    let viewers = &document.viewers;
    let states = ViewerState::ALL.into_iter();
    let states: Vec<String> = states
        .filter(|state| viewers.count(*state) > 0)
        .map(|state| {
            format!(
                "{} {}",
                format::count(viewers.count(state)),
                words::state(state)
            )
        })
        .collect();
    let gave_up = viewers.count(ViewerState::Failed) + viewers.count(ViewerState::BackingOff);
    Tile {
        name: "viewers started",
        figure: format!(
            "{} of {}",
            format::count(viewers.started),
            format::count(viewers.target.max(document.config.viewers))
        ),
        more: format!("at the end: {}", states.join(", ")),
        mark: odd_if(gave_up > 0),
    }
}

fn throughput(document: &Document) -> Tile {
    let throughput = &document.throughput;
    Tile {
        name: "segment throughput",
        figure: or_unknown(throughput.windows.overall, format::rate),
        more: format!(
            "{} in all, fullest 100 ms {}",
            format::bytes(throughput.total_bytes),
            or_unknown(throughput.peak_100ms, format::rate)
        ),
        mark: Mark::Plain,
    }
}

fn startup(of: Summary) -> Tile {
    latency("startup, p95", of)
}

fn rebuffering(document: &Document) -> Tile {
    let playback = &document.playback;
    let stalls = or_unknown(playback.stalls, |stalls| things(stalls, "stall", "stalls"));
    let played = or_unknown(playback.play_s, |seconds| format::ms(seconds * 1e3));
    Tile {
        name: "rebuffer ratio",
        figure: or_unknown(playback.rebuffer_ratio, format::percent),
        more: format!("{stalls} in {played} played"),
        mark: odd_if(playback.stalls.unwrap_or(0) > 0),
    }
}

/// Glass to glass where the source stamps its time, else how far behind live viewers are.
fn delay(document: &Document) -> (Summary, &'static str) {
    let glass = document.latency(What::GlassToGlass);
    if glass.count > 0 {
        return (glass, "glass to glass, p95");
    }
    (document.latency(What::LiveLatency), "behind live, p95")
}

fn latency(name: &'static str, of: Summary) -> Tile {
    let more = match of.count {
        0 => "no sample".to_owned(),
        _ => format!(
            "p50 {}, p99 {}, max {}",
            or_unknown(of.p50, format::ms),
            or_unknown(of.p99, format::ms),
            or_unknown(of.max, format::ms)
        ),
    };
    Tile {
        name,
        figure: or_unknown(of.p95, format::ms),
        more,
        mark: Mark::Plain,
    }
}

fn failures(document: &Document) -> Tile {
    let all = document.all_requests();
    let share = all.error_rate();
    Tile {
        name: "failed requests",
        figure: match share {
            Some(_) => format::count(all.failed),
            None => UNKNOWN.to_owned(),
        },
        more: format!(
            "{} of {}",
            or_unknown(share, format::percent),
            things(all.ok + all.failed, "request", "requests")
        ),
        mark: odd_if(all.failed > 0),
    }
}

fn odd_if(odd: bool) -> Mark {
    if odd { Mark::Odd } else { Mark::Plain }
}

/// What to know before believing the rest.
pub(super) fn remarks(document: &Document) -> Markup {
    let remarks = remarks::remarks(document);
    html! {
        @if !remarks.is_empty() {
            aside {
                h2 { "Look at" }
                ul { @for remark in remarks { li { (remark) } } }
            }
        }
    }
}
