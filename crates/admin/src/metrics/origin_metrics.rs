//! What the origin's exporters say of it.

use report::Frame;
use telemetry::origin::{Figure, Host, Server, Source, View};

use super::metric::{Group, Kind, Label, Metric, PLAIN, Read, Unit};
use super::samples::Samples;

const SCOPE: Label = Label {
    name: "scope",
    values: "`bodies` (of the stream's answers, what viewers count too), `server` (answers of the \
             web server with their heads), `host` (all that left the machine over the network)",
};

const SOURCE: Label = Label {
    name: "source",
    values: "the URL that is asked, credentials masked",
};

const SCOPED: &[Label] = &[SCOPE];
const OF_SOURCE: &[Label] = &[SOURCE];

pub(super) const GROUP: Group = Group {
    title: "What the origin says",
    about: "With `--origin-metrics`, `--nginx-metrics`, `--origin-metrics-host` or \
            `--segment-sizes-url`: what the origin's own exporters tell of it. A figure is of the \
            newest reading, and absent once that is more than three intervals old.",
    metrics: &[
        Metric {
            name: "hls_swarm_origin_cpu_ratio",
            unit: Unit::Ratio,
            help: "Share of all the origin's cores that was busy between two readings.",
            from: "/origin_metrics/host/cpu/newest",
            read: Read::Run(|frame, out| host(frame, out, |host| host.cpu)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_origin_memory_used_ratio",
            unit: Unit::Ratio,
            help: "Share of the origin's memory that was not available.",
            from: "/origin_metrics/host/memory/newest",
            read: Read::Run(|frame, out| host(frame, out, |host| host.memory)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_origin_network_receive_bytes_per_second",
            unit: Unit::BytesPerSecond,
            help: "Bytes that came in over the origin's network devices, but loopback.",
            from: "/origin_metrics/host/network_in/newest",
            read: Read::Run(|frame, out| host(frame, out, |host| host.network_in)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_origin_network_transmit_bytes_per_second",
            unit: Unit::BytesPerSecond,
            help: "Bytes that went out over the origin's network devices, but loopback.",
            from: "/origin_metrics/host/network_out/newest",
            read: Read::Run(|frame, out| host(frame, out, |host| host.network_out)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_origin_open_connections",
            help: "Open connections of the origin's web server.",
            from: "/origin_metrics/server/connections/newest",
            read: Read::Run(|frame, out| server(frame, out, 1.0, |server| server.connections)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_origin_requests_per_second",
            unit: Unit::PerSecond,
            help: "Requests a second at the origin's web server between two readings.",
            more: "Those for its own metrics are among them.",
            from: "/origin_metrics/server/requests_per_s/newest",
            read: Read::Run(|frame, out| server(frame, out, 1.0, |server| server.requests_per_s)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_origin_request_duration_seconds",
            unit: Unit::Seconds,
            help: "Mean time that requests took at the origin's web server between two readings.",
            from: "`/origin_metrics/server/latency_ms/newest`, in seconds",
            read: Read::Run(|frame, out| server(frame, out, 1e-3, |server| server.latency_ms)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_origin_sent_bytes_total",
            kind: Kind::Counter,
            unit: Unit::Bytes,
            labels: SCOPED,
            help: "Bytes that the origin says it sent since it was first asked.",
            from: "`/origin_metrics/sent` by scope: bytes",
            read: Read::Run(|frame, out| {
                for sent in view(frame).flat_map(|view| &view.sent) {
                    out.value(&[sent.scope.name()], sent.bytes);
                }
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_origin_received_bytes_total",
            kind: Kind::Counter,
            unit: Unit::Bytes,
            labels: SCOPED,
            help: "Bytes of body that viewers received in the same time.",
            from: "`/origin_metrics/sent` by scope: received_bytes",
            read: Read::Run(|frame, out| {
                for sent in view(frame).flat_map(|view| &view.sent) {
                    out.value(&[sent.scope.name()], sent.received_bytes);
                }
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_origin_sent_difference_percent",
            unit: Unit::None,
            labels: SCOPED,
            help: "How much more the origin says it sent than viewers received, in percent of what \
                   they received; less is negative.",
            from: "`/origin_metrics/sent` by scope: difference_percent",
            read: Read::Run(|frame, out| {
                for sent in view(frame).flat_map(|view| &view.sent) {
                    out.known(&[sent.scope.name()], sent.difference_percent);
                }
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_origin_segment_bytes",
            unit: Unit::Bytes,
            help: "Median size of the segments that the origin lists.",
            from: "/origin_metrics/segments/p50_bytes",
            read: Read::Run(|frame, out| {
                let segments = view(frame).filter_map(|view| view.segments);
                for segments in segments.filter(|segments| !segments.stale) {
                    out.known(&[], segments.p50_bytes);
                }
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_origin_reading_age_seconds",
            unit: Unit::Seconds,
            labels: OF_SOURCE,
            help: "How old the newest reading is.",
            more: "Absent before the first.",
            from: "`/origin_metrics/sources` by URL: age_ms",
            read: Read::Run(|frame, out| {
                for source in sources(frame) {
                    let age = source.age_ms.map(|age| age as f64 / 1e3);
                    out.known(&[&source.url], age);
                }
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_origin_readings_total",
            kind: Kind::Counter,
            labels: OF_SOURCE,
            help: "Answers that could be read.",
            from: "`/origin_metrics/sources` by URL: readings",
            read: Read::Run(|frame, out| {
                for source in sources(frame) {
                    out.value(&[&source.url], source.readings);
                }
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_origin_reading_failures_total",
            kind: Kind::Counter,
            labels: OF_SOURCE,
            help: "Attempts that gave nothing that could be read.",
            from: "`/origin_metrics/sources` by URL: failures",
            read: Read::Run(|frame, out| {
                for source in sources(frame) {
                    out.value(&[&source.url], source.failures);
                }
            }),
            ..PLAIN
        },
    ],
};

fn view(frame: &Frame) -> impl Iterator<Item = &View> {
    frame.origin_metrics.as_deref().into_iter()
}

/// Each URL once: what is masked may make two of them one.
fn sources(frame: &Frame) -> impl Iterator<Item = &Source> {
    let all =
        view(frame).flat_map(|view| view.sources.iter().enumerate().map(move |at| (view, at)));
    all.filter_map(|(view, (place, source))| {
        let seen = view.sources[..place]
            .iter()
            .any(|earlier| earlier.url == source.url);
        (!seen).then_some(source)
    })
}

fn host(frame: &Frame, out: &mut Samples<'_>, of: impl Fn(&Host) -> Option<Figure>) {
    let host = view(frame).find_map(|view| view.host.as_ref());
    out.known(&[], host.and_then(of).and_then(of_this_moment));
}

/// In units of which `unit` is one of the exposed.
fn server(frame: &Frame, out: &mut Samples<'_>, unit: f64, of: impl Fn(&Server) -> Option<Figure>) {
    let server = view(frame).find_map(|view| view.server.as_ref());
    let figure = server.and_then(of).and_then(of_this_moment);
    out.known(&[], figure.map(|figure| figure * unit));
}

fn of_this_moment(figure: Figure) -> Option<f64> {
    (!figure.stale).then_some(figure.newest)
}
