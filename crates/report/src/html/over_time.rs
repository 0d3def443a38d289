//! What happened over time, as charts.

use base::ViewerState;
use telemetry::What;
use telemetry::slo::Source;
use telemetry::timeline::{Row, Spread};

use super::draw::{Plot, Plots};
use super::thin;
use crate::svg::{Axis, Kind, Layer};
use crate::{format, words};

/// Series of glass-to-glass latency that get a chart; the table beside them lists more.
const SERIES_MAX: usize = 6;

/// From the bottom of the stack to its top: a colour (and a texture) for each.
const STATES: [(ViewerState, &str); 7] = [
    (ViewerState::Playing, "playing"),
    (ViewerState::Stalled, "stalled"),
    (ViewerState::Failed, "failed"),
    (ViewerState::BackingOff, "backing"),
    (ViewerState::Starting, "starting"),
    (ViewerState::Ended, "ended"),
    (ViewerState::Waiting, "waiting"),
];

impl Plots<'_> {
    /// Load, latency and what viewers felt.
    pub(super) fn run(&self) -> Vec<Plot> {
        let latency = |what| self.latency(what);
        kept(vec![
            self.throughput(),
            self.viewers(),
            latency(What::Playlist),
            latency(What::SegmentTtfb),
            latency(What::SegmentDownload),
            latency(What::LiveLatency),
            self.stalls(),
            self.time_stalled(),
            self.failed(),
        ])
    }

    /// Glass to glass, by series.
    pub(super) fn glass_to_glass(&self) -> Vec<Plot> {
        let series = self.thinned.series();
        let plots = series.iter().take(SERIES_MAX).enumerate();
        kept(plots.map(|(n, key)| self.series(n, key)).collect())
    }

    /// How the generator itself fared.
    pub(super) fn generator(&self) -> Vec<Plot> {
        let lag = self.layer(Kind::Line, "c4", "lag p99", format::ms, |row| {
            row.lag_p99_ms
        });
        let cpu = self.layer(Kind::Area, "c1", "CPU", cores, |row| {
            per_second(row.cpu_ms? as f64 / 1e3, row)
        });
        kept(vec![
            Plot {
                note: self.spans(""),
                chart: self.chart(
                    "cpu",
                    "CPU of the generator",
                    |most| Axis::plain(most, "cores"),
                    vec![cpu],
                ),
            },
            Plot {
                note: self.worst("How late its timers fired"),
                chart: self.chart("lag", "Scheduling lag", Axis::millis, vec![lag]),
            },
        ])
    }

    fn throughput(&self) -> Plot {
        let average = self.layer(Kind::Area, "c1", "average", format::rate, |row| {
            per_second(row.media_bytes as f64, row)
        });
        let peak = self.layer(
            Kind::Line,
            "c2 dash",
            "fullest 100 ms",
            format::rate,
            |row| row.peak_100ms,
        );
        Plot {
            chart: self.chart(
                "throughput",
                "Segment throughput",
                Axis::rate,
                vec![average, peak],
            ),
            note: self.spans(", and the fullest 100 ms in it"),
        }
    }

    fn viewers(&self) -> Plot {
        let mut layers: Vec<Layer> = Vec::new();
        let mut base = vec![0.0; self.thinned.rows.len()];
        for (state, class) in STATES {
            let shown = |viewers: f64| format::count(viewers as u64);
            let mut layer = self.layer(Kind::Area, class, words::state(state), shown, |row| {
                Some(row.states.get(&state).copied().unwrap_or(0) as f64)
            });
            if layer.points.iter().all(|point| point.y == Some(0.0)) {
                continue;
            }
            for (point, base) in layer.points.iter_mut().zip(&mut base) {
                point.base = *base;
                *base += point.y.unwrap_or(0.0);
                point.y = Some(*base);
            }
            layers.push(layer);
        }
        let when = match self.thinned.each {
            1 => String::new(),
            _ => format!("At the end of every {}.", self.span()),
        };
        Plot {
            chart: self.chart(
                "viewers",
                "Viewers by state",
                |most| Axis::count(most, "viewers"),
                layers,
            ),
            note: when,
        }
    }

    fn latency(&self, what: What) -> Plot {
        let title = match what {
            What::LiveLatency => "Behind the live edge".to_owned(),
            what => capital(&format!("{} latency", words::latency(what))),
        };
        let layers = self.percentiles(move |row| row.latency_ms.get(&what));
        let mut chart = self.chart(what.name(), &title, Axis::millis, layers);
        self.limit(&mut chart, |status| status.metric == what.name());
        Plot {
            chart,
            note: self.worst(match what {
                What::Playlist => "From when a playlist was due to its last byte",
                What::SegmentTtfb => "From when a segment was due to its first byte",
                What::SegmentDownload => "From when a segment was due to its last byte",
                _ => "Of playing viewers",
            }),
        }
    }

    fn series(&self, n: usize, of: &(String, String, Source)) -> Plot {
        let (broadcast, transport, source) = of;
        let name = if broadcast.is_empty() { "/" } else { broadcast };
        let title = format!("{} via {transport}", format::one_line(name, 40));
        let layers = self.percentiles(|row| {
            let series = row.slo.iter().find(|series| thin::key(series) == *of)?;
            Some(&series.spread)
        });
        let mut chart = self.chart(&format!("glass-{n}"), &title, Axis::millis, layers);
        self.limit(&mut chart, |status| {
            status.metric == What::GlassToGlass.name()
                && status.transport.as_ref().is_none_or(|of| of == transport)
                && status.source.is_none_or(|of| of == *source)
        });
        Plot {
            chart,
            note: self.worst(match source {
                Source::Viewer => "Capture to playback, measured by viewers",
                Source::Origin => "Capture to delivery, measured by the origin",
                Source::Pushed => "As somebody else told it",
            }),
        }
    }

    fn stalls(&self) -> Plot {
        let begun = |viewers: f64| format::count(viewers as u64);
        let stalls = self.layer(Kind::Bars, "stalled", "stalls", begun, |row| {
            self.plays().then_some(row.stalls as f64)
        });
        Plot {
            chart: self.chart(
                "stalls",
                "Stalls that began",
                |most| Axis::count(most, "stalls"),
                vec![stalls],
            ),
            note: format!("In every {}.", self.span()),
        }
    }

    fn time_stalled(&self) -> Plot {
        let share = self.layer(Kind::Area, "stalled", "stalled", format::percent, |row| {
            let watched = row.stall_ms.saturating_add(row.play_ms);
            (watched > 0).then(|| row.stall_ms as f64 / watched as f64)
        });
        Plot {
            chart: self.chart(
                "stalled",
                "Viewing time that was stalled",
                Axis::share,
                vec![share],
            ),
            note: "Stalled / (stalled + played), summed over viewers.".to_owned(),
        }
    }

    fn failed(&self) -> Plot {
        let requests = |failed: f64| format::count(failed as u64);
        let failed = self.layer(Kind::Bars, "failed", "failed", requests, |row| {
            Some(row.failed as f64)
        });
        Plot {
            chart: self.chart(
                "failed",
                "Failed requests",
                |most| Axis::count(most, "requests"),
                vec![failed],
            ),
            note: format!("In every {}.", self.span()),
        }
    }

    /// Whether any viewer has a playhead: without one there are no stalls, not none.
    fn plays(&self) -> bool {
        self.document.playback.play_s.is_some()
    }

    fn percentiles(&self, of: impl Fn(&Row) -> Option<&Spread>) -> Vec<Layer> {
        let line = |class, label, figure: fn(&Spread) -> f64| {
            self.layer(Kind::Line, class, label, format::ms, |row| {
                of(row).map(figure)
            })
        };
        vec![
            line("c1", "p50", |spread| spread.p50),
            line("c2 dash", "p95", |spread| spread.p95),
            line("c3 dot", "p99", |spread| spread.p99),
        ]
    }
}

fn kept(plots: Vec<Plot>) -> Vec<Plot> {
    plots
        .into_iter()
        .filter(|plot| !plot.chart.is_empty())
        .collect()
}

fn per_second(amount: f64, row: &Row) -> Option<f64> {
    (row.span_ms > 0).then(|| amount * 1e3 / row.span_ms as f64)
}

fn cores(cores: f64) -> String {
    format!("{} cores", format::per_second(cores))
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}
