//! The machine, what was asked of it, and how to ask it again.

use maud::{Markup, html};
use telemetry::Verdict;

use super::draw::Plots;
use super::page;
use super::stream::count_or_unknown;
use crate::document::Document;
use crate::format::{self, or_unknown};
use crate::run::Config;
use crate::{repeat, words};

pub(super) fn generator(document: &Document, plots: &Plots<'_>) -> Markup {
    let generator = &document.generator;
    let verdict = match generator.verdict {
        Verdict::Fine => "It kept up with the load, so the figures are the stream's.",
        Verdict::Bottleneck => {
            "It was the bottleneck: the figures say what this machine could do, not the stream."
        }
        Verdict::Unknown => "It was not judged: the run was too short.",
    };
    let lag = generator.lag_ms;
    let lag = format!(
        "p50 {}, p99 {}, max {}",
        or_unknown(lag.p50, format::ms),
        or_unknown(lag.p99, format::ms),
        or_unknown(lag.max, format::ms),
    );
    let descriptors = match (generator.descriptors_max, generator.descriptors_limit) {
        (Some(most), Some(limit)) => format!("{} of {}", format::count(most), format::count(limit)),
        (most, _) => count_or_unknown(most),
    };
    let busiest = or_unknown(generator.worker_cpu_max, |share| {
        format!("{} of a core", format::percent(share))
    });
    let gateway = generator.gateway_ms.map(|added| {
        let (p50, p99) = (added.p50, added.p99);
        let added = [("p50", p50), ("p99", p99), ("max", added.max)];
        added
            .map(|(name, ms)| format!("{name} {}", or_unknown(ms, format::ms)))
            .join(", ")
    });
    let mut entries = vec![
        (
            "CPU time",
            or_unknown(generator.cpu_s, |seconds| format::ms(seconds * 1e3)),
        ),
        (
            "memory at most",
            or_unknown(generator.rss_peak_bytes, format::bytes),
        ),
        ("workers", count_or_unknown(generator.workers)),
        ("busiest worker", busiest),
        ("descriptors", descriptors),
        ("scheduling lag", lag),
    ];
    entries.extend(gateway.map(|added| ("added by the gateway", added)));
    let body = html! {
        p { (verdict) }
        @for (cause, _) in &generator.causes { p class="note" { (words::cause(*cause)) } }
        (page::list(&entries))
        (page::plots(&plots.generator()))
    };
    page::section("generator", "The generator", &body)
}

pub(super) fn configuration(document: &Document) -> Markup {
    let config = &document.config;
    let load = if config.load.is_empty() {
        let moved = format::millis(config.ramp_jitter_ms);
        let ramp = format!("{} a second, moved by up to {moved}", config.ramp_rate);
        [("viewers", format::count(config.viewers)), ("ramp", ramp)]
    } else {
        let most = format!("up to {}", format::count(config.viewers));
        [("viewers", most), ("load", config.load.clone())]
    };
    let mut entries = vec![("stream", config.url.clone())];
    entries.extend(load);
    entries.push((
        "length",
        config
            .duration_s
            .map_or_else(|| "until stopped".to_owned(), |time| format::ms(time * 1e3)),
    ));
    if config.groups.is_empty() {
        entries.extend(viewers(config));
    }
    entries.extend([
        ("workers", format::count(config.workers)),
        ("seed", config.seed.to_string()),
    ]);
    let lists = [
        ("headers", config.headers.join(" · ")),
        ("names resolved by hand", config.resolve.join(" · ")),
        ("options of our own origin", config.origin.join(" ")),
        ("further options", config.options.join(" ")),
        (
            "trusted certificates",
            config.cacert.clone().unwrap_or_default(),
        ),
        ("broadcast", config.broadcast.clone().unwrap_or_default()),
    ];
    entries.extend(lists.into_iter().filter(|(_, list)| !list.is_empty()));
    for group in &config.groups {
        let viewers = format::things(group.viewers, "viewer", "viewers");
        let words = [group.name.as_str(), viewers.as_str()].into_iter();
        let words: Vec<&str> = words.chain(group.traits()).collect();
        entries.push(("group", words.join(" · ")));
    }
    for (set, name) in [
        (config.no_cache, "no-cache headers"),
        (config.insecure, "any certificate"),
    ] {
        if set {
            entries.push((name, "yes".to_owned()));
        }
    }
    page::section("configuration", "Configuration", &page::list(&entries))
}

/// What all viewers are, where no groups say it.
fn viewers(config: &Config) -> [(&'static str, String); 7] {
    let profile = || "the profile's".to_owned();
    let seconds = |time: Option<f64>| time.map_or_else(profile, |time| format::ms(time * 1e3));
    let tries = config.seg_retry.map(|tries| tries.to_string());
    [
        ("player", config.player.clone()),
        ("variant", config.variant.clone()),
        ("restart", config.restart.clone()),
        ("target buffer", seconds(config.target_buffer_s)),
        ("tries of a segment", tries.unwrap_or_else(profile)),
        ("time limit of a request", seconds(config.timeout_s)),
        (
            "user agent",
            config.user_agent.clone().unwrap_or_else(profile),
        ),
    ]
}

pub(super) fn repeat(document: &Document) -> Markup {
    let body = html! {
        pre tabindex="0" { code { (repeat::command(document)) } }
        @if repeat::has_secrets(document) {
            p class="note" { "Secrets were masked: put them in place of " code { "***" } " first." }
        }
        p class="note" {
            "The same seed gives the same starts, the same crowd and the same retries; what the "
            "stream and the network do is theirs."
        }
    };
    page::section("repeat", "How to repeat this run", &body)
}
