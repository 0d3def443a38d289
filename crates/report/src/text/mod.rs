//! The summary that a person reads, 80 columns wide.

mod groups;
mod latency;
mod objectives;
mod origin;
mod origin_metrics;
mod page;
mod remarks;
mod requests;
mod viewers;

use jiff::Timestamp;
use telemetry::Verdict;
use telemetry::hist::{Distribution, Micros, Quantile};

use crate::format::{self, UNKNOWN, or_unknown};
use crate::health::{Word, health};
use crate::run::{Config, Run};
pub(crate) use page::Page;

/// Whether the text is coloured. Colour never says what words do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Plain text.
    #[default]
    Plain,
    /// With the colours of ANSI terminals (ECMA-48, SGR).
    Colour,
}

/// The run in words and figures, ending with a line break.
pub fn text(run: &Run<'_>, style: Style) -> String {
    let mut page = Page::new(style);
    head(&mut page, run);
    objectives::section(&mut page, run.objectives);
    viewers::section(&mut page, run);
    groups::section(&mut page, run);
    requests::section(&mut page, run);
    if let Some(ledger) = run.ledger {
        origin::section(&mut page, &run.snapshot.requests, ledger);
    }
    if let Some(view) = run.origin_metrics {
        origin_metrics::section(&mut page, view);
    }
    throughput(&mut page, run);
    latency::section(&mut page, run);
    latency::slo(&mut page, run);
    requests::errors(&mut page, run);
    generator(&mut page, run);
    remarks::section(&mut page, run);
    page.finish()
}

fn head(page: &mut Page, run: &Run<'_>) {
    let config = run.config;
    page.heading(&format!("liveswarm {}", run.version));
    let whose = if config.own_origin {
        " (our own origin)"
    } else {
        ""
    };
    let room = page::TEXT_WIDTH - whose.chars().count();
    page.row(
        "stream",
        &format!("{}{whose}", format::one_line(&config.url, room)),
    );
    page.items("crowd", &crowd(config));
    for group in &config.groups {
        let viewers = format::things(group.viewers, "viewer", "viewers");
        let mut items = vec![group.name.clone(), viewers];
        items.extend(group.traits().map(str::to_owned));
        page.items("group", &items);
    }
    let started = run
        .snapshot
        .started_ms
        .and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let started = or_unknown(started, |at| {
        at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
    });
    let ran = format::length(run.snapshot.elapsed());
    let asked = config
        .duration_s
        .map(|asked| (asked * 1e6) as u64)
        .map(format::micros);
    let ran = match (run.exit, asked) {
        (None, asked) => format!(
            "{ran} so far{}",
            asked.map_or(String::new(), |t| format!(" of {t}"))
        ),
        (Some(_), Some(asked)) => format!("{ran} of {asked}"),
        (Some(_), None) => ran,
    };
    page.items("time", &[started, ran]);
    let health = health(run);
    let said = format!("{}: {}", health.word, health.reason);
    match health.word {
        Word::Failing | Word::GeneratorBound => page.bad_row("health", &said),
        Word::Degraded => page.odd_row("health", &said),
        Word::Healthy => page.good_row("health", &said),
        Word::WarmingUp | Word::Stopping | Word::Over => page.row("health", &said),
    }
}

fn crowd(config: &Config) -> Vec<String> {
    if config.is_gateway() {
        return vec![format::one_line(config.players(), page::TEXT_WIDTH)];
    }
    let mut items = vec![
        config.crowd(),
        format::one_line(config.players(), page::TEXT_WIDTH),
        format!("variant {}", format::one_line(&config.variant, 40)),
        format!("seed {}", config.seed),
    ];
    if !config.groups.is_empty() {
        // Each group has its own.
        items.remove(2);
    }
    items
}

fn throughput(page: &mut Page, run: &Run<'_>) {
    page.heading("segment throughput");
    let history = &run.snapshot.throughput;
    let windows = history.windows();
    let unknown = if run.exit.is_some() {
        UNKNOWN
    } else {
        "warming up"
    };
    let columns = [
        ("last 1 s", windows.avg_1s),
        ("30 s", windows.avg_30s),
        ("60 s", windows.avg_60s),
        ("5 min", windows.avg_300s),
        ("overall", windows.overall),
        ("peak 100 ms", history.peak_100ms()),
    ];
    let names: Vec<String> = columns
        .iter()
        .map(|(name, _)| format!("{name:>12}"))
        .collect();
    page.faint(&format!(" {}", names.join(" ")));
    let rates = columns
        .iter()
        .map(|(_, rate)| rate.map_or(unknown.to_owned(), format::rate));
    let rates: Vec<String> = rates.map(|rate| format!("{rate:>12}")).collect();
    page.line(&format!(" {}", rates.join(" ")));
    page.row("total", &format::bytes(history.total_bytes()));
}

/// The slowest of a distribution.
fn spread(of: &Distribution<Micros>) -> String {
    or_unknown(of.quantile(Quantile::P99).zip(of.max()), |(p99, max)| {
        format!("p99 {}, max {}", format::micros(p99), format::micros(max))
    })
}

fn generator(page: &mut Page, run: &Run<'_>) {
    page.heading("generator");
    let generator = &run.snapshot.generator;
    let verdict = match generator.verdict() {
        Verdict::Fine => "kept up",
        Verdict::Bottleneck => "THE BOTTLENECK: the figures above are not to be trusted",
        Verdict::Unknown => "not judged",
    };
    match generator.verdict() {
        Verdict::Bottleneck => page.bad_row("verdict", verdict),
        _ => page.row("verdict", verdict),
    }
    let lag = spread(&generator.lag);
    let cpu = or_unknown(generator.cpu_us, format::micros);
    let busiest = or_unknown(generator.worker_cpu_permille_max, |permille| {
        format!("{} of a core", format::percent(permille as f64 / 1e3))
    });
    let descriptors = match (generator.descriptors_max, generator.descriptors_limit) {
        (Some(most), Some(limit)) => format!("{} of {}", format::count(most), format::count(limit)),
        (most, _) => or_unknown(most, format::count),
    };
    page.items("lag", &[lag]);
    if !generator.gateway.is_empty() {
        page.items(
            "gateway",
            &[format!("added {}", spread(&generator.gateway))],
        );
    }
    page.items(
        "used",
        &[
            format!("CPU {cpu}"),
            format!(
                "memory {}",
                or_unknown(generator.rss_peak_bytes, format::bytes)
            ),
            format!("descriptors {descriptors}"),
            format!("workers {}", or_unknown(generator.workers, format::count)),
            format!("busiest {busiest}"),
        ],
    );
}
