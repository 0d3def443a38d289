//! Requests, bytes, errors.

use std::collections::BTreeMap;

use base::{Class, Failure};
use report::Frame;
use telemetry::requests::Totals;
use telemetry::timeline::Row;

use super::metric::{Group, Kind, Label, Metric, PLAIN, Read, Unit};

const CLASSES: &str = "`multivariant`, `playlist`, `init`, `segment`, `part`, `key`, `other`";

/// The newest span that rates are taken over is at least this long, in milliseconds.
const RATE_SPAN_MS: u64 = 1_000;

/// Statuses that are counted from the start, so that their first error is an increase.
const USUAL_STATUSES: [u16; 7] = [403, 404, 429, 500, 502, 503, 504];

pub(super) const THROUGHPUT: Group = Group {
    title: "Throughput of media",
    about: "Bytes of segments and parts as they arrive, those of requests in flight included, \
            without bodies that are not what was asked for (the page of an error). Windows end at \
            the last whole second; before the first byte they are absent. While a window is not \
            full yet, it reaches back to the run's start.",
    metrics: &[
        Metric {
            name: "hls_swarm_segment_bytes_downloaded_total",
            kind: Kind::Counter,
            unit: Unit::Bytes,
            help: "Bytes of segments and parts.",
            from: "/throughput/total_bytes",
            read: Read::Run(|frame, out| {
                out.value(&[], frame.snapshot.throughput.total_bytes());
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_segment_throughput_1s_bytes_per_second",
            unit: Unit::BytesPerSecond,
            help: "Bytes of media a second over the last second.",
            from: "/throughput/avg_1s",
            read: Read::Run(|frame, out| {
                out.known(&[], frame.snapshot.throughput.windows().avg_1s);
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_segment_throughput_30s_bytes_per_second",
            unit: Unit::BytesPerSecond,
            help: "Bytes of media a second over the last 30 s.",
            from: "/throughput/avg_30s",
            read: Read::Run(|frame, out| {
                out.known(&[], frame.snapshot.throughput.windows().avg_30s);
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_segment_throughput_60s_bytes_per_second",
            unit: Unit::BytesPerSecond,
            help: "Bytes of media a second over the last 60 s.",
            from: "/throughput/avg_60s",
            read: Read::Run(|frame, out| {
                out.known(&[], frame.snapshot.throughput.windows().avg_60s);
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_segment_throughput_300s_bytes_per_second",
            unit: Unit::BytesPerSecond,
            help: "Bytes of media a second over the last 300 s.",
            from: "/throughput/avg_300s",
            read: Read::Run(|frame, out| {
                out.known(&[], frame.snapshot.throughput.windows().avg_300s);
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_throughput_bytes_per_second",
            unit: Unit::BytesPerSecond,
            help: "Bytes of media a second over the newest second of the timeline.",
            more: "Of the same span as the two rates of requests below, so that they can be set \
                   against each other. Absent in the first second.",
            from: "`media_bytes` of the newest rows of `/timeline` that make up a second",
            read: Read::Run(|frame, out| {
                out.known(&[], recently(frame, |row| row.media_bytes));
            }),
            ..PLAIN
        },
    ],
};

pub(super) const GROUP: Group = Group {
    title: "Requests",
    about: "A request is counted when it has ended, once, in one class and with one outcome. A \
            redirect that was followed is a request of its own.",
    metrics: &[
        Metric {
            name: "hls_swarm_requests_total",
            kind: Kind::Counter,
            labels: &[
                Label {
                    name: "class",
                    values: CLASSES,
                },
                Label {
                    name: "outcome",
                    values: "`ok`, `failed`, `cancelled` (given up by the viewer)",
                },
            ],
            help: "Requests that ended, by class and outcome.",
            from: "`/requests/CLASS`: ok, failed, cancelled",
            read: Read::Run(|frame, out| {
                for (class, counters) in frame.snapshot.requests.iter() {
                    out.value(&[class.name(), "ok"], counters.ok);
                    out.value(&[class.name(), "failed"], counters.failed);
                    out.value(&[class.name(), "cancelled"], counters.cancelled);
                }
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_manifest_requests_total",
            kind: Kind::Counter,
            help: "Requests for playlists of either kind that ended.",
            from: "`hls_swarm_requests_total`: multivariant, playlist",
            read: Read::Run(|frame, out| {
                out.value(&[], ended(frame, &[Class::Multivariant, Class::Playlist]));
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_segment_requests_total",
            kind: Kind::Counter,
            help: "Requests for segments and parts that ended.",
            from: "`hls_swarm_requests_total`: segment, part",
            read: Read::Run(|frame, out| {
                out.value(&[], ended(frame, &[Class::Segment, Class::Part]));
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_init_requests_total",
            kind: Kind::Counter,
            help: "Requests for initialisation sections that ended.",
            from: "`hls_swarm_requests_total`: init",
            read: Read::Run(|frame, out| out.value(&[], ended(frame, &[Class::Init]))),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_unknown_requests_total",
            kind: Kind::Counter,
            help: "Requests for anything else that ended: keys, and what has no class.",
            from: "`hls_swarm_requests_total`: key, other",
            read: Read::Run(|frame, out| {
                out.value(&[], ended(frame, &[Class::Key, Class::Other]));
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_bytes_downloaded_total",
            kind: Kind::Counter,
            unit: Unit::Bytes,
            help: "Bytes of body of all requests, those in flight included.",
            more: "Of any status and class, without transfer framing, before decompression.",
            from: "`/requests/CLASS`: bytes, the sum",
            read: Read::Run(|frame, out| out.value(&[], frame.snapshot.requests.all().bytes)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_manifest_requests_per_second",
            unit: Unit::PerSecond,
            help: "Playlists that ended well a second, over the newest second of the timeline.",
            more: "Absent in the first second.",
            from: "`playlists_ok` of the newest rows of `/timeline` that make up a second",
            read: Read::Run(|frame, out| {
                out.known(&[], recently(frame, |row| row.playlists_ok));
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_segment_requests_per_second",
            unit: Unit::PerSecond,
            help: "Segments and parts that ended well a second, over the newest second of the timeline.",
            more: "Absent in the first second.",
            from: "`segments_ok` of the newest rows of `/timeline` that make up a second",
            read: Read::Run(|frame, out| out.known(&[], recently(frame, |row| row.segments_ok))),
            ..PLAIN
        },
    ],
};

pub(super) const ERRORS: Group = Group {
    title: "Errors",
    about: "",
    metrics: &[
        Metric {
            name: "hls_swarm_errors_total",
            kind: Kind::Counter,
            labels: &[
                Label {
                    name: "class",
                    values: CLASSES,
                },
                Label {
                    name: "kind",
                    values: "`status`, `dns`, `connect_refused`, `connect_timed_out`, \
                             `connect_failed`, `tls`, `read_timed_out`, `reset`, `truncated`, \
                             `too_large`, `protocol`, `redirect`, `invalid_playlist`, `generator`",
                },
            ],
            help: "Requests that failed, by class and reason.",
            more: "A pair appears with its first error.",
            from: "`/errors`, those of one class and kind added up",
            read: Read::Run(|frame, out| {
                for ((class, kind), count) in errors(&frame.snapshot.requests) {
                    out.value(&[class.name(), kind], count);
                }
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_http_errors_total",
            kind: Kind::Counter,
            labels: &[Label {
                name: "status_code",
                values: "the status, `100` to `999`",
            }],
            help: "Requests that failed for their HTTP status.",
            more: "403, 404, 429, 500, 502, 503 and 504 are there from the start, another status with \
                   its first error.",
            from: "`/errors` of kind status, those of one status added up",
            read: Read::Run(|frame, out| {
                for (status, count) in statuses(&frame.snapshot.requests) {
                    out.value(&[&status.to_string()], count);
                }
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_timeouts_total",
            kind: Kind::Counter,
            help: "Requests that failed for a time limit: no connection in time, or no answer.",
            from: "`/errors` of kind connect_timed_out and read_timed_out, the sum",
            read: Read::Run(|frame, out| {
                let errors = errors(&frame.snapshot.requests).into_iter();
                let limits = [Failure::ConnectTimedOut, Failure::ReadTimedOut].map(Failure::kind);
                let timeouts = errors.filter(|((_, kind), _)| limits.contains(kind));
                out.value(&[], timeouts.map(|(_, count)| count).sum::<u64>());
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_error_rate",
            unit: Unit::Ratio,
            help: "Requests that failed, as a share of those that ended and were not given up.",
            more: "Over the whole run; absent before the first has ended.",
            from: "`/requests`: failed / (ok + failed), over all classes",
            read: Read::Run(|frame, out| {
                out.known(&[], frame.snapshot.requests.all().error_rate());
            }),
            ..PLAIN
        },
    ],
};

fn ended(frame: &Frame, classes: &[Class]) -> u64 {
    let counters = classes
        .iter()
        .map(|class| frame.snapshot.requests.of(*class));
    counters.map(telemetry::requests::Counters::ended).sum()
}

/// A figure of the timeline a second, over the newest rows that make up [`RATE_SPAN_MS`].
fn recently(frame: &Frame, figure: fn(&Row) -> u64) -> Option<f64> {
    let (mut span_ms, mut sum) = (0, 0);
    for row in frame.timeline.iter().rev() {
        span_ms += row.span_ms;
        sum += figure(row);
        if span_ms >= RATE_SPAN_MS {
            return Some(sum as f64 * 1e3 / span_ms as f64);
        }
    }
    None
}

fn errors(totals: &Totals) -> BTreeMap<(Class, &'static str), u64> {
    let mut sums = BTreeMap::new();
    for error in &totals.errors {
        *sums.entry((error.class, error.failure.kind())).or_default() += error.seen.count;
    }
    sums
}

fn statuses(totals: &Totals) -> BTreeMap<u16, u64> {
    let mut sums = BTreeMap::from(USUAL_STATUSES.map(|status| (status, 0)));
    for error in &totals.errors {
        if let Some(status) = error.failure.status() {
            *sums.entry(status).or_default() += error.seen.count;
        }
    }
    sums
}
