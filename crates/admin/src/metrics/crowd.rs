//! Viewers: how many, in which state, how they come and go, how they keep up.

use report::Frame;
use telemetry::roster::Pace;

use super::bounds;
use super::metric::{Group, Kind, Label, Metric, PLAIN, Read, Unit};

pub(super) const GROUP: Group = Group {
    title: "Viewers",
    about: "A viewer without a playhead (a copy of the stream that plays nothing) keeps no pace, so \
            metrics of pace are absent where no viewer has one.",
    metrics: &[
        Metric {
            name: "hls_swarm_target_clients",
            help: "Viewers that are wanted.",
            more: "It changes with `POST /api/v1/viewers`.",
            from: "/viewers/target",
            read: Read::Run(|frame, out| out.value(&[], frame.snapshot.viewers.target)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_active_clients",
            help: "Viewers that have started and have neither ended nor failed for good.",
            from: "`/viewers/states`: starting, playing, stalled, backing_off",
            read: Read::Run(|frame, out| out.value(&[], frame.snapshot.viewers.active())),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_viewers",
            labels: &[Label {
                name: "state",
                values: "`waiting`, `starting`, `playing`, `stalled`, `backing_off`, `ended`, `failed`",
            }],
            help: "Viewers by what they do; each is in exactly one state.",
            more: "The states add up to all viewers.",
            from: "`/viewers/states`",
            read: Read::Run(|frame, out| {
                for (state, count) in frame.snapshot.viewers.iter() {
                    out.value(&[state.name()], count);
                }
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_ramp_progress",
            unit: Unit::Ratio,
            help: "Viewers that have started, as a share of those that are wanted.",
            more: "At most 1. Absent where none is wanted.",
            from: "`/viewers/started` / `/viewers/target`",
            read: Read::Run(|frame, out| {
                let viewers = &frame.snapshot.viewers;
                let progress = ratio(viewers.started, viewers.target);
                out.known(&[], progress.map(|progress| progress.min(1.0)));
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_client_starts_total",
            kind: Kind::Counter,
            help: "Viewers that have started; a restart is not counted here.",
            from: "/viewers/started",
            read: Read::Run(|frame, out| out.value(&[], frame.snapshot.viewers.started)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_client_restarts_total",
            kind: Kind::Counter,
            help: "Starts after a backoff.",
            from: "/viewers/restarts",
            read: Read::Run(|frame, out| out.value(&[], frame.snapshot.viewers.restarts)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_client_exits_total",
            kind: Kind::Counter,
            labels: &[Label {
                name: "category",
                values: "`success`: the stream was over; `error`: the player gave up; `stopped`: it was told to leave",
            }],
            help: "Lives of viewers that ended, by why.",
            more: "A viewer that is started again has several lives.",
            from: "`/viewers/exits`: ended, failed, left",
            read: Read::Run(|frame, out| {
                let exits = frame.snapshot.viewers.exits;
                out.value(&["success"], exits.ended);
                out.value(&["error"], exits.failed);
                out.value(&["stopped"], exits.left);
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_client_uptime_seconds",
            kind: Kind::Histogram(bounds::UPTIME),
            unit: Unit::Seconds,
            help: "Length of lives of viewers that ended.",
            more: "In whole seconds, kept to two digits.",
            from: "`/viewers/uptime_s`",
            read: Read::Run(|frame, out| out.histogram(&[], &frame.snapshot.uptime)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_reconnections_total",
            kind: Kind::Counter,
            help: "Connections that viewers made after their first.",
            from: "/viewers/reconnections",
            read: Read::Run(|frame, out| out.value(&[], frame.snapshot.viewers.reconnections)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_stalled_clients",
            help: "Viewers whose buffer has run out.",
            from: "/viewers/states/stalled",
            read: Read::Run(|frame, out| {
                let stalled = base::ViewerState::Stalled;
                out.value(&[], frame.snapshot.viewers.count(stalled));
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_clients_above_realtime",
            help: "Viewers that have played at least 99 % of the time since their first picture.",
            more: "Of those that still watch.",
            from: "`/roster/pace`: viewers - below_realtime",
            read: Read::Run(|frame, out| {
                out.known(
                    &[],
                    pace(frame).map(|pace| pace.viewers - pace.below_realtime),
                );
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_clients_below_realtime",
            help: "Viewers that have played less than 99 % of the time since their first picture.",
            more: "Of those that still watch.",
            from: "/roster/pace/below_realtime",
            read: Read::Run(|frame, out| {
                out.known(&[], pace(frame).map(|pace| pace.below_realtime));
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_average_speed",
            unit: Unit::None,
            help: "Time played in a second since the first picture, the mean over viewers; 1 is real time.",
            more: "Absent before the first picture.",
            from: "`/roster/pace`: speed_permille_sum / viewers / 1000",
            read: Read::Run(|frame, out| {
                out.known(&[], mean(frame, |pace| pace.speed_permille_sum));
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_average_drift_seconds",
            unit: Unit::Seconds,
            help: "How much further behind live viewers are than at their first picture, the mean.",
            more: "That is the time that each has stalled since. Absent before the first picture.",
            from: "`/roster/pace`: drift_ms_sum / viewers / 1000",
            read: Read::Run(|frame, out| out.known(&[], mean(frame, |pace| pace.drift_ms_sum))),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_max_drift_seconds",
            unit: Unit::Seconds,
            help: "How much further behind live the slowest viewer is than at its first picture.",
            more: "Absent before the first picture.",
            from: "`/roster/pace`: drift_ms_max / 1000",
            read: Read::Run(|frame, out| {
                let pace = pace(frame).filter(|pace| pace.viewers > 0);
                out.known(&[], pace.map(|pace| pace.drift_ms_max as f64 / 1e3));
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_high_drift_clients",
            help: "Viewers whose drift is beyond 5 s.",
            from: "/roster/pace/high_drift",
            read: Read::Run(|frame, out| out.known(&[], pace(frame).map(|pace| pace.high_drift))),
            ..PLAIN
        },
    ],
};

/// How viewers keep up; `None` where none has a playhead.
fn pace(frame: &Frame) -> Option<Pace> {
    let snapshot = &frame.snapshot;
    (snapshot.viewers.tracked.all() > 0).then_some(snapshot.roster.pace)
}

/// A sum in thousandths, shared out over the viewers that have had a picture.
fn mean(frame: &Frame, sum: fn(&Pace) -> u64) -> Option<f64> {
    let pace = pace(frame)?;
    Some(ratio(sum(&pace), pace.viewers)? / 1e3)
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
