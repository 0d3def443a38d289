//! Reading a plain file of one track, as `ffmpeg -f mp4` writes it.

use std::ops::Range;

use mp4_atom::{Moov, Stbl, StszSamples};

use super::{Description, Error, boxes, find};

/// The single track of a plain MP4 file, whose samples lie one behind the other.
#[derive(Clone, Debug)]
pub struct Track {
    /// How the samples are coded.
    pub description: Description,
    /// Ticks a second.
    pub timescale: u32,
    /// Ticks of each sample.
    pub sample_duration: u32,
    /// The samples in decoding order.
    pub samples: Vec<Sample>,
}

/// One coded picture or audio frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Where it lies in the file.
    pub bytes: Range<usize>,
    /// Whether decoding can begin here.
    pub sync: bool,
}

impl Track {
    /// Reads a file with one track, of samples of one duration, in presentation order.
    pub fn read(file: &[u8]) -> Result<Self, Error> {
        let moov: Moov = find(file, "moov")?;
        let [trak] = &moov.trak[..] else {
            return Err(Error::Contradiction("a file of one track is needed"));
        };
        let stbl = &trak.mdia.minf.stbl;
        if stbl.ctts.is_some() {
            return Err(Error::Contradiction(
                "samples must be in presentation order",
            ));
        }
        let codec = stbl.stsd.codecs.first().ok_or(Error::Missing("stsd"))?;
        // The last sample of an edited track may be cut short; the loop plays it whole.
        let stts = stbl.stts.entries.first().ok_or(Error::Missing("stts"))?;
        Ok(Self {
            description: Description(codec.clone()),
            timescale: trak.mdia.mdhd.timescale,
            sample_duration: stts.sample_delta,
            samples: samples(stbl, media_data(file)?)?,
        })
    }
}

/// Where the body of `mdat` lies in the file.
fn media_data(file: &[u8]) -> Result<Range<usize>, Error> {
    let (_, body) = boxes(file)
        .find(|(name, _)| name == b"mdat")
        .ok_or(Error::Missing("mdat"))?;
    let start = body.as_ptr().addr() - file.as_ptr().addr();
    Ok(start..start + body.len())
}

fn samples(stbl: &Stbl, data: Range<usize>) -> Result<Vec<Sample>, Error> {
    let sizes = match &stbl.stsz.samples {
        StszSamples::Different { sizes } => sizes.clone(),
        StszSamples::Identical { count, size } => {
            let fit = data.len() / (*size as usize).max(1);
            vec![*size; (*count as usize).min(fit)]
        }
    };
    let mut at = data.start;
    let mut samples = Vec::with_capacity(sizes.len());
    for (place, size) in (1..).zip(sizes) {
        let end = at + size as usize;
        if end > data.end {
            return Err(Error::Contradiction("samples reach beyond the media data"));
        }
        let sync = stbl
            .stss
            .as_ref()
            .is_none_or(|stss| stss.entries.contains(&place));
        samples.push(Sample {
            bytes: at..end,
            sync,
        });
        at = end;
    }
    if at != data.end {
        return Err(Error::Contradiction(
            "the media data holds more than the samples",
        ));
    }
    Ok(samples)
}
