//! The generator's own health.

use telemetry::Verdict;

use super::bounds;
use super::metric::{Group, Kind, Metric, PLAIN, Read, Unit};

pub(super) const GROUP: Group = Group {
    title: "The generator itself",
    about: "Whether the other figures are to be trusted.",
    metrics: &[
        Metric {
            name: "hls_swarm_generator_bottleneck",
            unit: Unit::None,
            help: "Whether the generator was the bottleneck: 1 it was, 0 it kept up.",
            more: "Absent before it is judged.",
            from: "whether `/generator/verdict` is bottleneck",
            read: Read::Run(|frame, out| {
                let bottleneck: Option<u64> = match frame.snapshot.generator.verdict() {
                    Verdict::Unknown => None,
                    Verdict::Fine => Some(0),
                    Verdict::Bottleneck => Some(1),
                };
                out.known(&[], bottleneck);
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_generator_cpu_seconds_total",
            kind: Kind::Counter,
            unit: Unit::Seconds,
            help: "CPU time that the generator has used since the run began.",
            from: "/generator/cpu_s",
            read: Read::Run(|frame, out| {
                let cpu_us = frame.snapshot.generator.cpu_us;
                out.known(&[], cpu_us.map(|us| us as f64 / 1e6));
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_generator_memory_peak_bytes",
            unit: Unit::Bytes,
            help: "The most memory that the generator has held.",
            from: "/generator/rss_peak_bytes",
            read: Read::Run(|frame, out| {
                out.known(&[], frame.snapshot.generator.rss_peak_bytes);
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_generator_lag_seconds",
            kind: Kind::Histogram(bounds::LAG),
            unit: Unit::Seconds,
            help: "How late timers of the generator's workers fired.",
            from: "`/generator/lag_ms`",
            read: Read::Run(|frame, out| out.histogram(&[], &frame.snapshot.generator.lag)),
            ..PLAIN
        },
    ],
};
