//! What a media playlist is for, by the multivariant playlist.

use std::sync::Arc;

use media::hls::{Multivariant, RenditionKind};
use url::Url;

/// What the media of a list is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The main rendition: a variant, or the only list there is.
    Main {
        /// Its place in the multivariant playlist.
        variant: Option<u16>,
        /// Its BANDWIDTH.
        bandwidth: u64,
    },
    /// A demuxed audio rendition.
    Audio,
    /// Subtitles, other angles, I-frames: nothing that playback waits for.
    Beside,
}

impl Role {
    /// A list that no multivariant playlist names is taken for the main one.
    const UNNAMED: Self = Self::Main {
        variant: None,
        bandwidth: 0,
    };

    pub(super) fn of(url: &Url, lists: Option<&Multivariant>) -> Self {
        let Some(lists) = lists else {
            return Self::UNNAMED;
        };
        // One list may be listed more than once, with different audio.
        let variants = lists.variants.iter().enumerate();
        let named = variants.filter(|(_, variant)| *variant.uri == *url);
        if let Some((place, variant)) = named.max_by_key(|(_, variant)| variant.bandwidth) {
            return Self::Main {
                variant: u16::try_from(place).ok(),
                bandwidth: variant.bandwidth,
            };
        }
        let is_there = |uri: &Option<Arc<Url>>| uri.as_deref() == Some(url);
        let mut renditions = lists.renditions.iter();
        match renditions.find(|rendition| is_there(&rendition.uri)) {
            Some(rendition) if rendition.kind == RenditionKind::Audio => Self::Audio,
            Some(_) => Self::Beside,
            None if lists.iframes.iter().any(|it| *it.uri == *url) => Self::Beside,
            None => Self::UNNAMED,
        }
    }

    /// BANDWIDTH of a main rendition.
    pub(super) fn bandwidth(self) -> Option<u64> {
        match self {
            Self::Main { bandwidth, .. } => Some(bandwidth),
            _ => None,
        }
    }

    pub(super) fn is_main(self) -> bool {
        matches!(self, Self::Main { .. })
    }
}

/// Whether who plays this variant needs a second list for its audio.
pub(super) fn has_own_audio(lists: &Multivariant, variant: u16) -> bool {
    lists
        .variants
        .get(usize::from(variant))
        .and_then(|variant| {
            let audio = lists.audio_for(variant)?;
            Some(audio.uri.as_ref()? != &variant.uri)
        })
        .unwrap_or(false)
}
