//! Latency: histograms of the run, and the SLO series.

use std::collections::BTreeMap;

use telemetry::What;
use telemetry::slo::{IDLE_MS, SeriesSnapshot, Source};

use super::metric::{Group, Kind, Label, Metric, PLAIN, Read, Unit};
use super::{SloAt, bounds};

pub(super) const GROUP: Group = Group {
    title: "Latency",
    about: "Histograms of the whole run. Samples are kept to three digits, so a bucket's bound is exact \
            to 0.1 %. Times of requests are of those that \
            ended well and run from when the request was due, so that a slow generator can't hide \
            a slow origin.",
    metrics: &[
        Metric {
            name: "hls_swarm_manifest_latency_seconds",
            kind: Kind::Histogram(bounds::REQUEST),
            unit: Unit::Seconds,
            help: "Playlists of either kind, from due to last byte.",
            from: "`/latency_ms/playlist`",
            read: Read::Run(|frame, out| histogram(frame, What::Playlist, out)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_segment_first_byte_seconds",
            kind: Kind::Histogram(bounds::REQUEST),
            unit: Unit::Seconds,
            help: "Segments, from due to the first byte of the body.",
            from: "`/latency_ms/segment_ttfb`",
            read: Read::Run(|frame, out| histogram(frame, What::SegmentTtfb, out)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_segment_download_seconds",
            kind: Kind::Histogram(bounds::REQUEST),
            unit: Unit::Seconds,
            help: "Segments, from due to last byte.",
            from: "`/latency_ms/segment_download`",
            read: Read::Run(|frame, out| histogram(frame, What::SegmentDownload, out)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_startup_seconds",
            kind: Kind::Histogram(bounds::WAITING),
            unit: Unit::Seconds,
            help: "A viewer's start to its first picture (CTA-2066).",
            from: "`/latency_ms/startup`",
            read: Read::Run(|frame, out| histogram(frame, What::Startup, out)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_stall_seconds",
            kind: Kind::Histogram(bounds::WAITING),
            unit: Unit::Seconds,
            help: "Length of stalls that ended.",
            from: "`/latency_ms/stall`",
            read: Read::Run(|frame, out| histogram(frame, What::Stall, out)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_live_latency_seconds",
            kind: Kind::Histogram(bounds::LIVE),
            unit: Unit::Seconds,
            help: "Distance of the playhead from the live edge, a sample for each second played.",
            from: "`/latency_ms/live_latency`",
            read: Read::Run(|frame, out| histogram(frame, What::LiveLatency, out)),
            ..PLAIN
        },
    ],
};

pub(super) const SLO: Group = Group {
    title: "Latency by broadcast",
    about: "The series of `/api/v1/slo`: those that had a sample within 15 minutes. What others \
            push is kept to 256 series of its own.",
    metrics: &[
        Metric {
            name: "lvqr_subscriber_glass_to_glass_ms",
            kind: Kind::Histogram(bounds::GLASS),
            unit: Unit::Milliseconds,
            labels: &[
                Label {
                    name: "broadcast",
                    values: "the stream: `--broadcast`, else the URL's path without its last part; or as pushed",
                },
                Label {
                    name: "transport",
                    values: "how it is carried, such as `hls`; or as pushed",
                },
                Label {
                    name: "source",
                    values: "`viewer`: at playback; `origin`: at delivery, when a segment's last byte was handed over; `pushed`: somebody else",
                },
            ],
            help: "Latency from capture by the source's own timestamps.",
            more: "Samples are kept to two digits: a bucket may hold samples up to 1/128 beyond its \
                   bound, and lacks none within it.",
            from: "`/slo`: the counts are `total_observed`",
            read: Read::Slo(|slo, out| {
                for series in listed(slo) {
                    let key = &series.key;
                    let labels = [key.broadcast.as_str(), &key.transport, key.source.name()];
                    out.histogram(&labels, &series.run);
                }
            }),
        },
        Metric {
            name: "lvqr_slo_client_samples_total",
            kind: Kind::Counter,
            labels: &[Label {
                name: "transport",
                values: "as pushed",
            }],
            help: "Samples that others pushed, by transport.",
            more: "A transport appears with its first sample, and goes with its last series.",
            from: "`/slo` of source pushed: `total_observed`, those of one transport added up",
            read: Read::Slo(|slo, out| {
                let mut sums = BTreeMap::<&str, u64>::new();
                for series in listed(slo).filter(|series| series.key.source == Source::Pushed) {
                    *sums.entry(&series.key.transport).or_default() += series.total_observed;
                }
                for (transport, count) in sums {
                    out.value(&[transport], count);
                }
            }),
            ..PLAIN
        },
        Metric {
            name: "lvqr_slo_refused_samples_total",
            kind: Kind::Counter,
            help: "Samples of series that there was no room for.",
            from: "/slo_refused/samples",
            read: Read::Slo(|(table, _), out| out.value(&[], table.refused_samples)),
            ..PLAIN
        },
    ],
};

fn histogram(frame: &report::Frame, what: What, out: &mut super::samples::Samples<'_>) {
    out.histogram(&[], frame.snapshot.latency.of(what));
}

/// The series that `/api/v1/slo` lists.
fn listed((table, at_ms): SloAt<'_>) -> impl Iterator<Item = &SeriesSnapshot> {
    let series = table.series().iter();
    series.filter(move |series| series.total_observed > 0 && series.last_ms > at_ms - IDLE_MS)
}
