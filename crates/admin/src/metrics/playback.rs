//! What viewers see beside latency.

use base::ViewerState;
use report::Frame;

use super::metric::{Group, Kind, Metric, PLAIN, Read, Unit};

pub(super) const GROUP: Group = Group {
    title: "Playback",
    about: "Of viewers with a playhead; absent where none has one.",
    metrics: &[
        Metric {
            name: "hls_swarm_rebuffer_ratio",
            unit: Unit::Ratio,
            help: "Time stalled as a share of time stalled and played, startup excluded (CTA-2066).",
            more: "Over all viewers and the whole run; absent before anything was played.",
            from: "/playback/rebuffer_ratio",
            read: Read::Run(|frame, out| out.known(&[], frame.snapshot.viewers.rebuffer_ratio())),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_played_seconds_total",
            kind: Kind::Counter,
            unit: Unit::Seconds,
            help: "Time played, added up over viewers.",
            from: "/playback/play_s",
            read: Read::Run(|frame, out| out.known(&[], spent(frame, ViewerState::Playing))),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_stalled_seconds_total",
            kind: Kind::Counter,
            unit: Unit::Seconds,
            help: "Time stalled, added up over viewers, stalls that last included.",
            from: "/playback/stall_s",
            read: Read::Run(|frame, out| out.known(&[], spent(frame, ViewerState::Stalled))),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_stalls_total",
            kind: Kind::Counter,
            help: "Stalls that began.",
            from: "/playback/stalls",
            read: Read::Run(|frame, out| {
                let viewers = &frame.snapshot.viewers;
                out.known(&[], (viewers.tracked.all() > 0).then_some(viewers.stalls));
            }),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_segments_skipped_total",
            kind: Kind::Counter,
            help: "Segments that were not played: they left the window, or every attempt failed.",
            from: "/playback/skipped",
            read: Read::Run(|frame, out| out.value(&[], frame.snapshot.playback.skipped.count)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_segments_late_total",
            kind: Kind::Counter,
            help: "Segments that arrived after the buffer had run out.",
            from: "/playback/late",
            read: Read::Run(|frame, out| out.value(&[], frame.snapshot.playback.late.count)),
            ..PLAIN
        },
        Metric {
            name: "hls_swarm_stale_playlists_total",
            kind: Kind::Counter,
            help: "Playlists that stood still for more than 1.5 target durations.",
            from: "/playback/stale_playlists/count",
            read: Read::Run(|frame, out| {
                out.value(&[], frame.snapshot.playback.stale_playlists.count);
            }),
            ..PLAIN
        },
    ],
};

fn spent(frame: &Frame, state: ViewerState) -> Option<f64> {
    let tracked = &frame.snapshot.viewers.tracked;
    (tracked.all() > 0).then(|| tracked.time(state).as_secs_f64())
}
