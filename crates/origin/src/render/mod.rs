//! Segments made from the clip: timestamps from the segment's number, padding to the bitrate.

mod fmp4;
mod schedule;
mod ts;

use std::sync::Arc;

use bytes::Bytes;

use crate::{Error, Format, ReferenceTime, asset::Asset, grid::Grid};

/// What one track's segments hold.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    pub(crate) asset: Arc<Asset>,
    pub(crate) grid: Grid,
    /// Which of the clip's pictures, if any.
    pub(crate) picture: Option<usize>,
    /// Whether there is sound.
    pub(crate) sound: bool,
    /// Bit/s of the segments, padding included.
    pub(crate) bitrate: u64,
}

/// Makes the segments of one track.
#[derive(Debug)]
pub(crate) enum Renderer {
    Ts(ts::Renderer),
    Fmp4(fmp4::Renderer),
}

impl Renderer {
    /// A renderer, or why the content does not fit its bitrate.
    pub(crate) fn new(
        content: Content,
        format: Format,
        reference_time: ReferenceTime,
    ) -> Result<Self, Error> {
        match format {
            Format::Ts => ts::Renderer::new(content).map(Self::Ts),
            Format::Fmp4 => fmp4::Renderer::new(content, reference_time).map(Self::Fmp4),
        }
    }

    /// Segment `n`.
    pub(crate) fn segment(&self, n: u64) -> Bytes {
        match self {
            Self::Ts(ts) => ts.segment(n),
            Self::Fmp4(fmp4) => fmp4.segment(n),
        }
    }

    /// The length of segment `n` in bytes.
    pub(crate) fn segment_len(&self, n: u64) -> u64 {
        match self {
            Self::Ts(ts) => ts.segment_len(n),
            Self::Fmp4(fmp4) => fmp4.segment_len(n),
        }
    }

    /// The length of the biggest segment in bytes.
    pub(crate) fn segment_len_max(&self) -> u64 {
        match self {
            Self::Ts(ts) => ts.segment_len_max(),
            Self::Fmp4(fmp4) => fmp4.segment_len_max(),
        }
    }

    /// The initialisation segment, where the format has one.
    pub(crate) fn init(&self) -> Option<Bytes> {
        match self {
            Self::Ts(_) => None,
            Self::Fmp4(fmp4) => Some(fmp4.init()),
        }
    }
}

/// The lowest bitrate, in steps of 1 kbit/s, at which `fits` holds.
fn least(fits: impl Fn(u64) -> bool) -> u64 {
    const HIGHEST_KBIT: u64 = 1_000_000;
    let (mut low, mut high) = (0, HIGHEST_KBIT);
    while high - low > 1 {
        let middle = low.midpoint(high);
        if fits(middle * 1000) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high * 1000
}
