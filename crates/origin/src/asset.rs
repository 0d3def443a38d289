//! The built-in clip: three pictures and one sound, each sixteen seconds long, read once.
//!
//! `scripts/make-asset` makes the files and says why their numbers are what they are.

use std::ops::Range;

use media::fmp4::{Description, Track};

use crate::Error;

/// Ticks a second in which picture and sound both count whole numbers.
pub(crate) const TICKS: u64 = 90_000;
/// Pictures a second.
pub(crate) const FRAME_RATE: u64 = 25;
/// Ticks of a picture.
pub(crate) const FRAME_TICKS: u64 = TICKS / FRAME_RATE;
/// Pictures from one keyframe to the next: one second.
pub(crate) const GOP_FRAMES: u64 = 25;
/// Milliseconds from one keyframe to the next.
pub(crate) const GOP_MS: u64 = GOP_FRAMES * 1000 / FRAME_RATE;
/// Audio samples a second.
pub(crate) const SAMPLE_RATE: u64 = 48_000;
/// Audio samples in an AAC frame.
pub(crate) const AAC_SAMPLES: u64 = 1024;
/// Ticks of an AAC frame.
pub(crate) const AAC_TICKS: u64 = AAC_SAMPLES * TICKS / SAMPLE_RATE;
/// Seconds after which picture and sound begin again, both at once.
pub(crate) const LOOP_SECONDS: u64 = 16;
const LOOP_FRAMES: u64 = LOOP_SECONDS * FRAME_RATE;
const LOOP_AAC_FRAMES: u64 = LOOP_SECONDS * SAMPLE_RATE / AAC_SAMPLES;

const ADTS_LEN: usize = 7;
const NAL_IDR: u8 = 5;
const START_CODE: [u8; 4] = [0, 0, 0, 1];
/// Access unit delimiter: any kind of slice may follow (ITU-T H.264, 7.3.2.4).
const DELIMITER: [u8; 6] = [0, 0, 0, 1, 0x09, 0xf0];

/// All that is built in.
#[derive(Debug)]
pub(crate) struct Asset {
    /// From the biggest picture to the smallest.
    pub(crate) pictures: Vec<Clip>,
    /// AAC-LC, stereo.
    pub(crate) sound: Clip,
}

/// One elementary stream that loops, in the two forms that containers want.
#[derive(Debug)]
pub(crate) struct Clip {
    /// How it is coded.
    pub(crate) description: Description,
    /// Its name in `CODECS`.
    pub(crate) codec: String,
    file: &'static [u8],
    samples: Vec<Range<usize>>,
    /// Annex B pictures or ADTS frames, one behind the other.
    stream: Vec<u8>,
    stream_samples: Vec<Range<usize>>,
}

impl Clip {
    /// The `n`-th sample since the epoch, as MP4 holds it.
    pub(crate) fn sample(&self, n: u64) -> &[u8] {
        &self.file[self.samples[self.place(n)].clone()]
    }

    /// The `n`-th sample since the epoch, as a transport stream holds it.
    pub(crate) fn stream_sample(&self, n: u64) -> &[u8] {
        &self.stream[self.stream_samples[self.place(n)].clone()]
    }

    fn place(&self, n: u64) -> usize {
        (n % self.samples.len() as u64) as usize
    }
}

impl Asset {
    /// Reads what is built in.
    pub(crate) fn load() -> Result<Self, Error> {
        let pictures = [
            (
                "video-720.mp4",
                &include_bytes!("../assets/video-720.mp4")[..],
            ),
            (
                "video-360.mp4",
                &include_bytes!("../assets/video-360.mp4")[..],
            ),
            (
                "video-234.mp4",
                &include_bytes!("../assets/video-234.mp4")[..],
            ),
        ];
        let pictures = pictures
            .into_iter()
            .map(|(name, file)| picture(file).map_err(|reason| Error::Asset { clip: name, reason }))
            .collect::<Result<_, _>>()?;
        let sound =
            sound(include_bytes!("../assets/audio.mp4")).map_err(|reason| Error::Asset {
                clip: "audio.mp4",
                reason,
            })?;
        Ok(Self { pictures, sound })
    }
}

fn picture(file: &'static [u8]) -> Result<Clip, String> {
    let track = Track::read(file).map_err(|error| error.to_string())?;
    if track.samples.len() as u64 != LOOP_FRAMES {
        return Err(format!(
            "{} pictures, not {LOOP_FRAMES}",
            track.samples.len()
        ));
    }
    let mut clip = Clip::new(file, &track)?;
    for (n, sample) in (0..).zip(&track.samples) {
        if sample.sync != (n % GOP_FRAMES == 0) {
            return Err(format!("picture {n} is on the wrong side of a keyframe"));
        }
        clip.push(|stream| annex_b(stream, &track, &file[sample.bytes.clone()]))?;
    }
    Ok(clip)
}

fn sound(file: &'static [u8]) -> Result<Clip, String> {
    let track = Track::read(file).map_err(|error| error.to_string())?;
    if track.samples.len() as u64 != LOOP_AAC_FRAMES || u64::from(track.timescale) != SAMPLE_RATE {
        return Err(format!(
            "{} frames, not {LOOP_AAC_FRAMES}",
            track.samples.len()
        ));
    }
    let mut clip = Clip::new(file, &track)?;
    for sample in &track.samples {
        clip.push(|stream| adts(stream, &track, &file[sample.bytes.clone()]))?;
    }
    Ok(clip)
}

impl Clip {
    fn new(file: &'static [u8], track: &Track) -> Result<Self, String> {
        Ok(Self {
            description: track.description.clone(),
            codec: track.description.codec().ok_or("a codec without a name")?,
            file,
            samples: track
                .samples
                .iter()
                .map(|sample| sample.bytes.clone())
                .collect(),
            stream: Vec::new(),
            stream_samples: Vec::new(),
        })
    }

    fn push(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), String>,
    ) -> Result<(), String> {
        let start = self.stream.len();
        write(&mut self.stream)?;
        self.stream_samples.push(start..self.stream.len());
        Ok(())
    }
}

/// Writes a sample of length-prefixed NAL units as an access unit of a byte stream (ITU-T H.264,
/// annex B), with delimiter, and parameter sets before a keyframe.
fn annex_b(stream: &mut Vec<u8>, track: &Track, sample: &[u8]) -> Result<(), String> {
    let sets = track.description.parameter_sets().ok_or("not H.264")?;
    if sets.length_size != 4 {
        return Err("NAL units with short lengths".into());
    }
    stream.extend_from_slice(&DELIMITER);
    let mut rest = sample;
    let mut first = true;
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (unit, after) = after
            .split_at_checked(u32::from_be_bytes(*length) as usize)
            .ok_or("a NAL unit reaches beyond its sample")?;
        if first && unit.first().is_some_and(|head| head & 0x1f == NAL_IDR) {
            for set in sets.sequence.iter().chain(sets.picture) {
                stream.extend_from_slice(&START_CODE);
                stream.extend_from_slice(set);
            }
        }
        stream.extend_from_slice(&START_CODE);
        stream.extend_from_slice(unit);
        (rest, first) = (after, false);
    }
    Ok(())
}

/// Writes an AAC frame with the header that a transport stream wants (ISO/IEC 14496-3, 1.A.2.2).
fn adts(stream: &mut Vec<u8>, track: &Track, frame: &[u8]) -> Result<(), String> {
    let aac = track.description.aac().ok_or("not AAC")?;
    let len = frame.len() + ADTS_LEN;
    if len >= 1 << 13 {
        return Err("an AAC frame of 8 KiB".into());
    }
    stream.extend_from_slice(&[
        0xff,
        // MPEG-4, no checksum.
        0xf1,
        (aac.object_type - 1) << 6 | aac.frequency_index << 2 | aac.channels >> 2,
        (aac.channels & 3) << 6 | (len >> 11) as u8,
        (len >> 3) as u8,
        // Buffer fullness: variable bitrate.
        (len << 5) as u8 | 0x1f,
        0xfc,
    ]);
    stream.extend_from_slice(frame);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_in_reads() {
        let asset = Asset::load().unwrap();
        let sizes: Vec<_> = asset
            .pictures
            .iter()
            .map(|clip| clip.description.size())
            .collect();
        assert_eq!(
            sizes,
            [Some((1280, 720)), Some((640, 360)), Some((416, 234))]
        );
        assert_eq!(asset.sound.codec, "mp4a.40.2");
        assert!(
            asset
                .pictures
                .iter()
                .all(|clip| clip.codec.starts_with("avc1.64"))
        );
    }

    #[test]
    fn the_loop_has_no_seam() {
        let asset = Asset::load().unwrap();
        assert_eq!(asset.sound.sample(0), asset.sound.sample(LOOP_AAC_FRAMES));
        assert_eq!(LOOP_FRAMES * FRAME_TICKS, LOOP_AAC_FRAMES * AAC_TICKS);
        let keyframe = asset.pictures[0].stream_sample(LOOP_FRAMES * 7 + GOP_FRAMES);
        assert_eq!(keyframe[..6], DELIMITER);
        assert_eq!(
            keyframe[10] & 0x1f,
            7,
            "a sequence parameter set follows the delimiter"
        );
    }
}
