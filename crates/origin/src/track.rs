//! The tracks that a configuration asks for: variants, and the sound beside them.

use std::sync::Arc;

use crate::{
    Audio, Bitrate, Config, Error,
    asset::{Asset, GOP_MS},
    grid::Grid,
    render::{Content, Renderer},
};

/// The name of the separate audio rendition.
pub(crate) const AUDIO_NAME: &str = "audio";
/// The bitrate of the separate audio rendition, bit/s.
pub(crate) const AUDIO_BITRATE: u64 = 128_000;
/// The biggest segment, bytes: several of them stand in memory.
const SEGMENT_BYTES_MAX: u64 = 64 << 20;
const SEGMENT_MS_MAX: u64 = 60_000;
const WINDOW_MIN: u32 = 3;
const WINDOW_MAX: u32 = 1_000;
const VARIANTS_MAX: usize = 32;
/// From these bitrates on, bit/s, the bigger pictures of the clip are shown.
const PICTURE_FROM: [u64; 3] = [1_500_000, 700_000, 0];

/// A media playlist with its segments.
#[derive(Debug)]
pub(crate) struct Track {
    /// Its name in URLs.
    pub(crate) name: String,
    /// What a viewer of it downloads in a second, bit/s, the separate sound included.
    pub(crate) total_bitrate: u64,
    /// Which picture it shows; absent for the separate sound.
    pub(crate) picture: Option<usize>,
    pub(crate) renderer: Renderer,
}

/// Checks what concerns all tracks.
pub(crate) fn grid(config: &Config) -> Result<Grid, Error> {
    let ms = config.segment.as_millis();
    let whole = config.segment.subsec_nanos() == 0 && ms.is_multiple_of(GOP_MS.into());
    if !whole || ms == 0 || ms > SEGMENT_MS_MAX.into() {
        return Err(Error::SegmentDuration {
            asked: config.segment,
            max: std::time::Duration::from_millis(SEGMENT_MS_MAX),
        });
    }
    if !(WINDOW_MIN..=WINDOW_MAX).contains(&config.window) {
        return Err(Error::Window {
            asked: config.window,
            min: WINDOW_MIN,
            max: WINDOW_MAX,
        });
    }
    if config.variants.is_empty() || config.variants.len() > VARIANTS_MAX {
        return Err(Error::VariantCount {
            asked: config.variants.len(),
            max: VARIANTS_MAX,
        });
    }
    for (place, variant) in config.variants.iter().enumerate() {
        if config.variants[..place].contains(variant) {
            return Err(Error::VariantTwice { bitrate: variant.0 });
        }
    }
    Ok(Grid {
        segment_ms: ms as u64,
        window: config.window.into(),
    })
}

/// The tracks of `config`: variants in their order, then the separate sound.
pub(crate) fn tracks(config: &Config, grid: Grid, asset: &Arc<Asset>) -> Result<Vec<Track>, Error> {
    let mut tracks = config
        .variants
        .iter()
        .map(|&bitrate| variant(config, grid, asset, bitrate))
        .collect::<Result<Vec<_>, _>>()?;
    if config.audio == Audio::Demuxed {
        let content = Content {
            asset: Arc::clone(asset),
            grid,
            picture: None,
            sound: true,
            bitrate: AUDIO_BITRATE,
        };
        tracks.push(Track {
            name: AUDIO_NAME.into(),
            total_bitrate: AUDIO_BITRATE,
            picture: None,
            renderer: Renderer::new(content, config.format, config.reference_time)?,
        });
    }
    Ok(tracks)
}

fn variant(
    config: &Config,
    grid: Grid,
    asset: &Arc<Asset>,
    bitrate: Bitrate,
) -> Result<Track, Error> {
    let Bitrate(total) = bitrate;
    if total.saturating_mul(grid.segment_ms) / 8000 > SEGMENT_BYTES_MAX {
        return Err(Error::BitrateTooHigh {
            bitrate: total,
            max_bytes: SEGMENT_BYTES_MAX,
        });
    }
    let sound_apart = match config.audio {
        Audio::Muxed => 0,
        Audio::Demuxed => AUDIO_BITRATE,
    };
    let first = PICTURE_FROM
        .iter()
        .position(|&from| total >= from)
        .unwrap_or(0);
    let mut refused = None;
    // A picture that does not fit gives way to the next smaller one.
    for picture in first..asset.pictures.len() {
        let content = Content {
            asset: Arc::clone(asset),
            grid,
            picture: Some(picture),
            sound: config.audio == Audio::Muxed,
            bitrate: total.saturating_sub(sound_apart),
        };
        match Renderer::new(content, config.format, config.reference_time) {
            Ok(renderer) => {
                return Ok(Track {
                    name: name(bitrate),
                    total_bitrate: total,
                    picture: Some(picture),
                    renderer,
                });
            }
            Err(Error::BitrateTooLow { min, .. }) => {
                refused = Some(Error::BitrateTooLow {
                    bitrate: total,
                    min: min + sound_apart,
                });
            }
            Err(other) => return Err(other),
        }
    }
    Err(refused.unwrap_or(Error::BitrateTooLow {
        bitrate: total,
        min: total + 1,
    }))
}

/// `2000k`, or the bare number where it is not whole.
fn name(Bitrate(bits): Bitrate) -> String {
    if bits.is_multiple_of(1000) {
        format!("{}k", bits / 1000)
    } else {
        bits.to_string()
    }
}
