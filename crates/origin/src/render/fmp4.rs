//! Segments as fragmented MP4: one fragment a segment, `free` behind it.

use bytes::Bytes;
use media::fmp4::{
    BOX_HEADER_LEN, Run, RunSample, TrackHeader, free_box, write_fragment, write_init, write_prft,
    write_styp,
};

use super::{Content, least};
use crate::{
    Error, ReferenceTime,
    asset::{AAC_SAMPLES, Clip, FRAME_TICKS, GOP_FRAMES, SAMPLE_RATE, TICKS},
};

const PICTURE_TRACK: u32 = 1;
const SOUND_TRACK: u32 = 2;

/// Makes the segments of one track.
#[derive(Debug)]
pub(crate) struct Renderer {
    content: Content,
    reference_time: ReferenceTime,
    init: Bytes,
}

impl Renderer {
    pub(crate) fn new(content: Content, reference_time: ReferenceTime) -> Result<Self, Error> {
        let unusable = |error: media::fmp4::Error| Error::Asset {
            clip: "picture or sound",
            reason: error.to_string(),
        };
        let init = write_init(&headers(&content)).map_err(unusable)?.into();
        let renderer = Self {
            content,
            reference_time,
            init,
        };
        let mut biggest = 0;
        for n in 0..renderer.content.grid.period() {
            biggest = biggest.max(renderer.unpadded(n).map_err(unusable)?.len() + BOX_HEADER_LEN);
        }
        let bitrate = renderer.content.bitrate;
        let fits = |bitrate| renderer.share_of(bitrate) >= biggest as u64;
        if !fits(bitrate) {
            return Err(Error::BitrateTooLow {
                bitrate,
                min: least(fits),
            });
        }
        Ok(renderer)
    }

    pub(crate) fn init(&self) -> Bytes {
        self.init.clone()
    }

    /// The bytes of the shortest segment at `bitrate`.
    fn share_of(&self, bitrate: u64) -> u64 {
        self.content.grid.segment_ms * bitrate / 8000
    }

    /// The share of segment `n` in an endless stream of the bitrate, to the byte.
    pub(crate) fn segment_len(&self, n: u64) -> u64 {
        let until = |n| {
            let bits = u128::from(self.content.grid.start_ms(n)) * u128::from(self.content.bitrate);
            (bits / 8000) as u64
        };
        until(n + 1) - until(n)
    }

    pub(crate) fn segment_len_max(&self) -> u64 {
        (self.content.grid.segment_ms * self.content.bitrate).div_ceil(8000)
    }

    pub(crate) fn segment(&self, n: u64) -> Bytes {
        // It writes: `new` tried the whole period.
        let mut out = self.unpadded(n).unwrap_or_default();
        let padding = self.segment_len(n).saturating_sub(out.len() as u64);
        free_box(&mut out, padding as u32);
        out.into()
    }

    fn unpadded(&self, n: u64) -> Result<Vec<u8>, media::fmp4::Error> {
        let runs = self.runs(n);
        let mut out = Vec::with_capacity(self.segment_len(n) as usize);
        write_styp(&mut out)?;
        if let (ReferenceTime::Prft, Some(run)) = (self.reference_time, runs.first()) {
            let captured = match run.track {
                PICTURE_TRACK => self.content.grid.start_ms(n),
                _ => self.content.grid.aac_start_ms(n),
            };
            write_prft(&mut out, run.track, run.base_time, captured)?;
        }
        // Counts from 1 and starts over where 32 bits end.
        let sequence = (n % u64::from(u32::MAX)) as u32 + 1;
        write_fragment(&mut out, sequence, &runs)?;
        Ok(out)
    }

    fn runs(&self, n: u64) -> Vec<Run<'_>> {
        let Content { asset, grid, .. } = &self.content;
        let mut runs = Vec::new();
        if let Some(place) = self.content.picture {
            let frames = grid.frames(n);
            runs.push(Run {
                track: PICTURE_TRACK,
                base_time: frames.start * FRAME_TICKS,
                samples: frames
                    .map(|frame| RunSample {
                        data: asset.pictures[place].sample(frame),
                        sync: frame.is_multiple_of(GOP_FRAMES),
                    })
                    .collect(),
            });
        }
        if self.content.sound {
            let frames = grid.aac_frames(n);
            runs.push(Run {
                track: SOUND_TRACK,
                base_time: frames.start * AAC_SAMPLES,
                samples: frames
                    .map(|frame| RunSample {
                        data: asset.sound.sample(frame),
                        sync: true,
                    })
                    .collect(),
            });
        }
        runs
    }
}

fn headers(content: &Content) -> Vec<TrackHeader> {
    let header = |id, clip: &Clip, timescale, sample_duration| TrackHeader {
        id,
        description: clip.description.clone(),
        timescale: timescale as u32,
        sample_duration: sample_duration as u32,
    };
    let picture = content.picture.map(|place| {
        header(
            PICTURE_TRACK,
            &content.asset.pictures[place],
            TICKS,
            FRAME_TICKS,
        )
    });
    let sound = content
        .sound
        .then(|| header(SOUND_TRACK, &content.asset.sound, SAMPLE_RATE, AAC_SAMPLES));
    picture.into_iter().chain(sound).collect()
}
