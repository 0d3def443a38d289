//! The latencies that are kept as histograms: one closed list.

use std::time::Duration;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use crate::hist::{Distribution, Histogram, Micros};

/// What a latency histogram measures. Its [`name`](What::name) is the key in every output.
///
/// Times of requests are of those that ended well; a redirect that was followed is counted as a
/// request, but its time is not the time of what was asked for. Without a suffix they run from
/// when the request was due (so a slow generator cannot hide a slow origin), with `_sent` from
/// when it was sent.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A playlist of either kind, due to last byte.
    Playlist,
    /// A playlist of either kind, sent to last byte.
    PlaylistSent,
    /// A segment, due to first byte of the body.
    SegmentTtfb,
    /// A segment, sent to first byte of the body.
    SegmentTtfbSent,
    /// A segment, due to last byte.
    SegmentDownload,
    /// A segment, sent to last byte.
    SegmentDownloadSent,
    /// Making a connection: DNS, connect and TLS together.
    Connect,
    /// A viewer's start to its first picture (CTA-2066, 4.2.1: startup time).
    Startup,
    /// The length of a stall that ended.
    Stall,
    /// Distance of the playhead from the live edge, a sample for each second played.
    LiveLatency,
    /// Capture to playback by the source's own timestamps, a sample for each second played.
    GlassToGlass,
}

impl What {
    /// All of them, in the order in which outputs list them.
    pub const ALL: [Self; 11] = [
        Self::Playlist,
        Self::PlaylistSent,
        Self::SegmentTtfb,
        Self::SegmentTtfbSent,
        Self::SegmentDownload,
        Self::SegmentDownloadSent,
        Self::Connect,
        Self::Startup,
        Self::Stall,
        Self::LiveLatency,
        Self::GlassToGlass,
    ];

    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// The name in every output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Playlist => "playlist",
            Self::PlaylistSent => "playlist_sent",
            Self::SegmentTtfb => "segment_ttfb",
            Self::SegmentTtfbSent => "segment_ttfb_sent",
            Self::SegmentDownload => "segment_download",
            Self::SegmentDownloadSent => "segment_download_sent",
            Self::Connect => "connect",
            Self::Startup => "startup",
            Self::Stall => "stall",
            Self::LiveLatency => "live_latency",
            Self::GlassToGlass => "glass_to_glass",
        }
    }
}

/// The histograms of one recorder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder([Histogram<Micros>; What::COUNT]);

impl Recorder {
    #[inline]
    pub(crate) fn record(&mut self, what: What, time: Duration) {
        self.0[what as usize].record(micros(time));
    }

    pub(crate) fn snapshot_into(&self, out: &mut Set) {
        for (histogram, out) in self.0.iter().zip(&mut out.0) {
            histogram.distribution_into(out);
        }
    }
}

/// Whole microseconds of a time, which fits for half a million years.
#[inline]
pub(crate) fn micros(time: Duration) -> u64 {
    time.as_secs() * 1_000_000 + u64::from(time.subsec_micros())
}

/// A distribution for each of [`What::ALL`], in microseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set([Distribution<Micros>; What::COUNT]);

impl Set {
    /// The distribution of `what`.
    pub fn of(&self, what: What) -> &Distribution<Micros> {
        &self.0[what as usize]
    }

    /// All of them, in the order of [`What::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (What, &Distribution<Micros>)> {
        What::ALL.into_iter().zip(&self.0)
    }

    /// Adds what `other` holds.
    pub fn merge(&mut self, other: &Self) {
        for (mine, more) in self.0.iter_mut().zip(&other.0) {
            mine.merge(more);
        }
    }
}

impl Serialize for Set {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            self.iter()
                .filter(|(_, distribution)| !distribution.is_empty()),
        )
    }
}

impl<'de> Deserialize<'de> for Set {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parts = std::collections::BTreeMap::<What, _>::deserialize(deserializer)?;
        let mut set = Self::default();
        for (what, distribution) in parts {
            set.0[what as usize] = distribution;
        }
        Ok(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_serde_and_in_order() {
        for (place, what) in What::ALL.into_iter().enumerate() {
            assert_eq!(what as usize, place);
            assert_eq!(serde_json::to_value(what).unwrap(), what.name());
        }
    }
}
