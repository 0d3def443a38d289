use base::{Class, Failure, ViewerState};
use serde::{Deserialize, Serialize};
use telemetry::{Snapshot, What, hist::Quantile};

use super::blame::Place;

/// What was seen over a level.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// How long it was, in seconds.
    pub length_s: f64,
    /// Viewers that were playing at its end.
    pub playing: u64,
    /// The 95th percentile of a segment's download, from when it was due, in milliseconds; `None`
    /// without a sample.
    pub segment_download_p95_ms: Option<f64>,
    /// Likewise of its first byte.
    pub segment_ttfb_p95_ms: Option<f64>,
    /// Likewise of a playlist.
    pub playlist_p95_ms: Option<f64>,
    /// Time stalled of time stalled and played; `None` where nothing was played.
    pub rebuffer_ratio: Option<f64>,
    /// Requests that failed of those that ended and were not given up by us; `None` without any.
    pub error_rate: Option<f64>,
    /// Media bytes a second.
    pub throughput_bytes_per_s: f64,
    /// Requests that ended well.
    pub requests_ok: u64,
    /// Requests that failed by where.
    pub failed_origin: u64,
    /// Likewise: timeouts, resets, bodies that ended early.
    pub failed_network: u64,
    /// Likewise: what this machine ran out of.
    pub failed_generator: u64,
}

impl Figures {
    /// What came after `begin`, up to `end`.
    pub fn between(begin: &Snapshot, end: &Snapshot) -> Self {
        let length_s = end.elapsed().saturating_sub(begin.elapsed()).as_secs_f64();
        let p95 = |what: What| {
            let samples = end.latency.of(what).since(begin.latency.of(what));
            let us = samples.quantile(Quantile::P95)?;
            Some(us as f64 / 1_000.0)
        };
        let time = |state| {
            let (before, after) = (
                begin.viewers.tracked.time(state),
                end.viewers.tracked.time(state),
            );
            after.saturating_sub(before).as_secs_f64()
        };
        let (played, stalled) = (time(ViewerState::Playing), time(ViewerState::Stalled));
        let all = |snapshot: &Snapshot| snapshot.requests.all();
        let ok = all(end).ok.saturating_sub(all(begin).ok);
        let failed = all(end).failed.saturating_sub(all(begin).failed);
        let media = |snapshot: &Snapshot| -> u64 {
            let of = |class: &Class| snapshot.requests.of(*class).bytes;
            Class::ALL
                .iter()
                .filter(|class| class.is_media())
                .map(of)
                .sum()
        };
        let bytes = media(end).saturating_sub(media(begin));
        let at = |place| failures(end, place).saturating_sub(failures(begin, place));
        Self {
            length_s,
            playing: end.viewers.count(ViewerState::Playing),
            segment_download_p95_ms: p95(What::SegmentDownload),
            segment_ttfb_p95_ms: p95(What::SegmentTtfb),
            playlist_p95_ms: p95(What::Playlist),
            rebuffer_ratio: share(stalled, played + stalled),
            error_rate: share(failed as f64, (ok + failed) as f64),
            throughput_bytes_per_s: share(bytes as f64, length_s).unwrap_or(0.0),
            requests_ok: ok,
            failed_origin: at(Place::Origin),
            failed_network: at(Place::Network),
            failed_generator: at(Place::Generator),
        }
    }

    /// How long the bytes of a segment took once the first had come, as far as two percentiles
    /// tell.
    pub(super) fn transfer_ms(&self) -> Option<f64> {
        let transfer = self.segment_download_p95_ms? - self.segment_ttfb_p95_ms?;
        Some(transfer.max(0.0))
    }
}

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

fn failures(snapshot: &Snapshot, place: Place) -> u64 {
    let errors = snapshot.requests.errors.iter();
    let there = errors.filter(|error| of(error.failure) == place);
    there.map(|error| error.seen.count).sum()
}

/// Where a request that failed so is likely to have failed.
fn of(failure: Failure) -> Place {
    match failure {
        Failure::Status(_)
        | Failure::ConnectRefused
        | Failure::TooLarge
        | Failure::Protocol
        | Failure::Redirect
        | Failure::InvalidPlaylist
        | Failure::Tls => Place::Origin,
        Failure::Dns
        | Failure::ConnectTimedOut
        | Failure::ConnectFailed
        | Failure::ReadTimedOut
        | Failure::Reset
        | Failure::Truncated => Place::Network,
        Failure::NoDescriptor | Failure::NoPort | Failure::Generator => Place::Generator,
    }
}
