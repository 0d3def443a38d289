//! Single viewers, where that was asked for.

use base::ViewerState;
use report::Frame;
use telemetry::roster::Row;

use super::metric::{Group, Kind, Label, Metric, PLAIN, Read, Unit};
use super::samples::Samples;
use crate::config::PER_VIEWER_MAX;

const VIEWER: Label = Label {
    name: "viewer",
    values: "its number, from 0",
};

pub(super) const GROUP: Group = Group {
    title: "Single viewers",
    about: "Only with `--per-viewer-metrics`, and only while there are at most 200 viewers. A \
            viewer appears when it starts.",
    metrics: &[
        Metric {
            name: "hls_swarm_viewer_state",
            unit: Unit::None,
            labels: &[
                VIEWER,
                Label {
                    name: "state",
                    values: "as in `hls_swarm_viewers`",
                },
            ],
            help: "What the viewer does: 1 for the state that it is in, 0 for the others.",
            from: "`/roster/slowest`",
            read: Read::Viewer(|frame, out| {
                for row in &frame.snapshot.roster.slowest {
                    for state in ViewerState::ALL {
                        let labels = [row.viewer.to_string(), state.name().to_owned()];
                        out.value(&[&labels[0], &labels[1]], u64::from(row.state == state));
                    }
                }
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_viewer_speed",
            unit: Unit::None,
            labels: &[VIEWER],
            help: "Time that the viewer has played in a second since its first picture.",
            more: "Absent before that, and without a playhead.",
            from: "`/roster/slowest`",
            read: Read::Viewer(|frame, out| {
                each(frame, out, |row| row.speed_permille.map(thousandths));
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_viewer_drift_seconds",
            unit: Unit::Seconds,
            labels: &[VIEWER],
            help: "How much further behind live the viewer is than at its first picture.",
            more: "Absent before that, and without a playhead.",
            from: "`/roster/slowest`",
            read: Read::Viewer(|frame, out| each(frame, out, |row| row.drift_ms.map(thousandths))),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_viewer_live_latency_seconds",
            unit: Unit::Seconds,
            labels: &[VIEWER],
            help: "The viewer's newest distance from the live edge.",
            from: "`/roster/slowest`",
            read: Read::Viewer(|frame, out| {
                each(frame, out, |row| row.live_latency_ms.map(thousandths));
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_viewer_stalls_total",
            kind: Kind::Counter,
            labels: &[VIEWER],
            help: "Stalls of all the viewer's lives.",
            from: "`/roster/slowest`",
            read: Read::Viewer(|frame, out| each(frame, out, |row| Some(row.stalls))),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_viewer_restarts_total",
            kind: Kind::Counter,
            labels: &[VIEWER],
            help: "Times that the viewer was started again.",
            from: "`/roster/slowest`",
            read: Read::Viewer(|frame, out| each(frame, out, |row| Some(row.restarts))),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_viewer_requests_total",
            kind: Kind::Counter,
            labels: &[
                VIEWER,
                Label {
                    name: "outcome",
                    values: "`ok`, `failed`",
                },
            ],
            help: "Requests of the viewer that ended, without those that it gave up.",
            from: "`/roster/slowest`",
            read: Read::Viewer(|frame, out| {
                for row in &frame.snapshot.roster.slowest {
                    let viewer = row.viewer.to_string();
                    out.value(&[&viewer, "ok"], row.requests_ok);
                    out.value(&[&viewer, "failed"], row.requests_failed);
                }
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_viewer_bytes_total",
            kind: Kind::Counter,
            unit: Unit::Bytes,
            labels: &[VIEWER],
            help: "Bytes of body that the viewer has received.",
            from: "`/roster/slowest`",
            read: Read::Viewer(|frame, out| each(frame, out, |row| Some(row.bytes))),
            ..PLAIN
        },
    ],
};

/// Whether the roster lists every viewer.
pub(super) fn fits(frame: &Frame) -> bool {
    frame.snapshot.viewers.all() <= PER_VIEWER_MAX
}

fn each<F: super::samples::Figure>(
    frame: &Frame,
    out: &mut Samples<'_>,
    figure: fn(&Row) -> Option<F>,
) {
    for row in &frame.snapshot.roster.slowest {
        out.known(&[&row.viewer.to_string()], figure(row));
    }
}

fn thousandths(figure: u64) -> f64 {
    figure as f64 / 1e3
}
