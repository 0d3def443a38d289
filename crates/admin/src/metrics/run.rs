//! The run as a whole.

use report::Frame;

use super::metric::{Group, Kind, Label, Metric, PLAIN, Read, Unit};

pub(super) const GROUP: Group = Group {
    title: "The run",
    about: "",
    metrics: &[
        Metric {
            name: "hls_swarm_info",
            kind: Kind::Info,
            unit: Unit::None,
            labels: &[
                Label {
                    name: "version",
                    values: "the program's version",
                },
                Label {
                    name: "stream_url",
                    values: "the stream; credentials and tokens in it are masked",
                },
                Label {
                    name: "variant",
                    values: "`--variant`, as typed",
                },
            ],
            help: "What is run against what; always 1.",
            from: "`/version`, `/config/url`, `/config/variant`",
            read: Read::Run(|frame, out| {
                let config = &frame.config;
                out.value(&[frame.version, &config.url, &config.variant], 1);
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_test_elapsed_seconds",
            unit: Unit::Seconds,
            help: "Time from the run's start to the moment that is shown.",
            from: "/duration_s",
            read: Read::Run(|frame, out| out.value(&[], frame.snapshot.elapsed().as_secs_f64())),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_test_duration_seconds",
            unit: Unit::Seconds,
            help: "How long the run is to take, ramp included.",
            more: "Absent where it goes on until it is stopped.",
            from: "/config/duration_s",
            read: Read::Run(|frame, out| out.known(&[], frame.config.duration_s)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_test_remaining_seconds",
            unit: Unit::Seconds,
            help: "Time until the run ends by itself.",
            more: "0 at its end; absent where it goes on until it is stopped.",
            from: "`/config/duration_s` less `/duration_s`, at least 0",
            read: Read::Run(|frame, out| out.known(&[], remaining(frame))),
            ..PLAIN
        },
    ],
};

fn remaining(frame: &Frame) -> Option<f64> {
    let elapsed = frame.snapshot.elapsed().as_secs_f64();
    frame
        .config
        .duration_s
        .map(|duration| (duration - elapsed).max(0.0))
}
