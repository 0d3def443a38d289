//! The figures of each group of a scenario, the same in every report.

use telemetry::What;

use crate::document::GroupFigures;
use crate::format::{self, or_unknown};
use crate::words;

/// What [`figures`] are of.
pub(crate) const HEAD: [&str; 8] = [
    "started", "ok", "failed", "segments", "stalls", "stalled", "startup", "segment",
];
/// What the last columns are, which their heads have no room for.
pub(crate) const NOTE: &str = "Of a group: viewers that started, requests that ended well and that failed, bytes of segments, \
     stalls and the share of time in them (rebuffer ratio), and the 95th percentiles of startup and \
     of a segment's download.";

/// One group in a row.
pub(crate) fn figures(group: &GroupFigures) -> [String; 8] {
    let (ok, failed) = requests(group);
    let p95 = |what: &What| {
        let summary = group.latency_ms.get(what);
        or_unknown(summary.and_then(|summary| summary.p95), format::ms)
    };
    [
        format::count(group.viewers.started),
        format::count(ok),
        format::count(failed),
        format::bytes(group.throughput.total_bytes),
        or_unknown(group.playback.stalls, format::count),
        or_unknown(group.playback.rebuffer_ratio, format::percent),
        p95(&What::Startup),
        p95(&What::SegmentDownload),
    ]
}

/// Requests that ended well, and that failed.
pub(crate) fn requests(group: &GroupFigures) -> (u64, u64) {
    let classes = group.requests.values();
    classes.fold((0, 0), |(ok, failed), class| {
        (ok + class.ok, failed + class.failed)
    })
}

/// The most frequent error of a group, in words; `None` without one.
pub(crate) fn worst_error(group: &GroupFigures) -> Option<String> {
    // Of several that are as frequent the first, as errors are ordered.
    let worst = group.errors.iter().rev().max_by_key(|error| error.count)?;
    let class = words::class(worst.class);
    let name = worst.name();
    Some(format!("{} × {class}: {name}", format::count(worst.count)))
}
