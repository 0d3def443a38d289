//! The groups of a scenario, each by itself.

use base::ViewerState;
use report::Frame;
use telemetry::{Snapshot, What};

use super::bounds;
use super::metric::{Group, Kind, Label, Metric, PLAIN, Read, Unit};
use super::samples::Samples;

const NAME: Label = Label {
    name: "group",
    values: "the group's name in the scenario",
};

pub(super) const GROUP: Group = Group {
    title: "Groups of a scenario",
    about: "Absent unless a scenario has several groups. Each has a family of its own beside that of all \
            viewers, which stays the sum: nothing is counted twice where families are added up. The \
            groups of a family add up to the family of all.",
    metrics: &[
        Metric {
            name: "hls_swarm_group_viewers",
            labels: &[
                NAME,
                Label {
                    name: "state",
                    values: "as of `hls_swarm_viewers`",
                },
            ],
            help: "Viewers of a group by what they do.",
            from: "`/groups`: viewers, states",
            read: Read::Run(|frame, out| {
                each(frame, |group, seen| {
                    for (state, count) in seen.viewers.iter() {
                        out.value(&[group, state.name()], count);
                    }
                });
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_group_client_starts_total",
            kind: Kind::Counter,
            labels: &[NAME],
            help: "Viewers of a group that have started.",
            from: "`/groups`: viewers, started",
            read: Read::Run(|frame, out| {
                each(frame, |group, seen| {
                    out.value(&[group], seen.viewers.started);
                });
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_group_requests_total",
            kind: Kind::Counter,
            labels: &[
                NAME,
                Label {
                    name: "class",
                    values: "as of `hls_swarm_requests_total`",
                },
                Label {
                    name: "outcome",
                    values: "`ok`, `failed`, `cancelled` (given up by the viewer)",
                },
            ],
            help: "Requests of a group that ended, by class and outcome.",
            from: "`/groups`: requests",
            read: Read::Run(|frame, out| {
                each(frame, |group, seen| {
                    for (class, counters) in seen.requests.iter() {
                        out.value(&[group, class.name(), "ok"], counters.ok);
                        out.value(&[group, class.name(), "failed"], counters.failed);
                        out.value(&[group, class.name(), "cancelled"], counters.cancelled);
                    }
                });
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_group_segment_bytes_downloaded_total",
            kind: Kind::Counter,
            unit: Unit::Bytes,
            labels: &[NAME],
            help: "Bytes of segments and parts of a group.",
            from: "`/groups`: throughput, total_bytes",
            read: Read::Run(|frame, out| {
                each(frame, |group, seen| {
                    out.value(&[group], seen.throughput.total_bytes());
                });
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_group_played_seconds_total",
            kind: Kind::Counter,
            unit: Unit::Seconds,
            labels: &[NAME],
            help: "Time played, added up over viewers of a group.",
            more: "Absent where none has a playhead, as the next two.",
            from: "`/groups`: playback, play_s",
            read: Read::Run(|frame, out| spent(frame, ViewerState::Playing, out)),
        },
        Metric {
            name: "hls_swarm_group_stalled_seconds_total",
            kind: Kind::Counter,
            unit: Unit::Seconds,
            labels: &[NAME],
            help: "Time stalled, added up over viewers of a group, stalls that last included.",
            from: "`/groups`: playback, stall_s",
            read: Read::Run(|frame, out| spent(frame, ViewerState::Stalled, out)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_group_stalls_total",
            kind: Kind::Counter,
            labels: &[NAME],
            help: "Stalls of a group that began.",
            from: "`/groups`: playback, stalls",
            read: Read::Run(|frame, out| {
                each(frame, |group, seen| {
                    let viewers = &seen.viewers;
                    let stalls = (viewers.tracked.all() > 0).then_some(viewers.stalls);
                    out.known(&[group], stalls);
                });
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_group_startup_seconds",
            kind: Kind::Histogram(bounds::WAITING),
            unit: Unit::Seconds,
            labels: &[NAME],
            help: "A viewer's start to its first picture, by group.",
            from: "`/groups`: latency_ms, startup",
            read: Read::Run(|frame, out| histogram(frame, What::Startup, out)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_group_segment_download_seconds",
            kind: Kind::Histogram(bounds::REQUEST),
            unit: Unit::Seconds,
            labels: &[NAME],
            help: "Segments, from due to last byte, by group.",
            from: "`/groups`: latency_ms, segment_download",
            read: Read::Run(|frame, out| histogram(frame, What::SegmentDownload, out)),
            ..PLAIN
        },
    ],
};

/// Each group, with its name.
fn each(frame: &Frame, mut of: impl FnMut(&str, &Snapshot)) {
    for (group, seen) in frame.by_group() {
        of(group, seen);
    }
}

fn spent(frame: &Frame, state: ViewerState, out: &mut Samples<'_>) {
    each(frame, |group, seen| {
        let tracked = &seen.viewers.tracked;
        let spent = (tracked.all() > 0).then(|| tracked.time(state).as_secs_f64());
        out.known(&[group], spent);
    });
}

fn histogram(frame: &Frame, what: What, out: &mut Samples<'_>) {
    each(frame, |group, seen| {
        out.histogram(&[group], seen.latency.of(what));
    });
}
