//! What initialisation segments and fragments say of themselves.

use mp4_atom::{Moof, Moov, Prft, Tfhd, Traf, Trex, TrunSamples};

use super::{Description, Error, boxes, find, read};

/// What an initialisation segment announces.
#[derive(Clone, Debug, PartialEq)]
pub struct InitFacts {
    /// Its tracks.
    pub tracks: Vec<TrackFacts>,
    defaults: Vec<Trex>,
}

/// One track of an initialisation segment.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackFacts {
    /// Track id.
    pub id: u32,
    /// Ticks a second.
    pub timescale: u32,
    /// How its samples are coded.
    pub description: Description,
}

/// One track's part of a fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FragmentFacts {
    /// Track id.
    pub track: u32,
    /// Decoding time of the first sample, in ticks of the track.
    pub base_time: u64,
    /// Ticks of all samples.
    pub duration: u64,
    /// How many samples.
    pub samples: u64,
    /// Bytes of all samples.
    pub bytes: u64,
    /// Whether decoding can begin at the first sample.
    pub starts_at_sync: bool,
    /// Wall-clock capture time of `base_time` in Unix milliseconds, where a `prft` tells it.
    pub captured_unix_ms: Option<i64>,
}

/// Reads an initialisation segment.
pub fn init_facts(bytes: &[u8]) -> Result<InitFacts, Error> {
    let moov: Moov = find(bytes, "moov")?;
    let tracks = moov
        .trak
        .iter()
        .filter_map(|trak| {
            Some(TrackFacts {
                id: trak.tkhd.track_id,
                timescale: trak.mdia.mdhd.timescale,
                description: Description(trak.mdia.minf.stbl.stsd.codecs.first()?.clone()),
            })
        })
        .collect();
    Ok(InitFacts {
        tracks,
        defaults: moov.mvex.map(|mvex| mvex.trex).unwrap_or_default(),
    })
}

/// Reads the fragments of a media segment, in their order: one entry a track and fragment.
pub fn fragment_facts(init: &InitFacts, bytes: &[u8]) -> Result<Vec<FragmentFacts>, Error> {
    let mut facts = Vec::new();
    let mut reference = None;
    for (name, body) in boxes(bytes) {
        match &name {
            b"prft" => reference = Some(read::<Prft>("prft", body)?),
            b"moof" => {
                let moof: Moof = read("moof", body)?;
                for traf in &moof.traf {
                    let mut fact = traf_facts(init, traf)?;
                    fact.captured_unix_ms = reference
                        .as_ref()
                        .filter(|prft| prft.reference_track_id == fact.track)
                        .map(ntp_to_unix_ms);
                    facts.push(fact);
                }
            }
            _ => {}
        }
    }
    if facts.is_empty() {
        return Err(Error::Missing("moof"));
    }
    Ok(facts)
}

fn traf_facts(init: &InitFacts, traf: &Traf) -> Result<FragmentFacts, Error> {
    let track = traf.tfhd.track_id;
    let base_time = traf
        .tfdt
        .as_ref()
        .ok_or(Error::Missing("tfdt"))?
        .base_media_decode_time;
    let defaults = Defaults::of(init, &traf.tfhd);
    let mut facts = FragmentFacts {
        track,
        base_time,
        duration: 0,
        samples: 0,
        bytes: 0,
        starts_at_sync: false,
        captured_unix_ms: None,
    };
    for run in &traf.trun {
        let first = run.samples.get(0).and_then(|sample| sample.flags);
        if facts.samples == 0 {
            const NOT_SYNC: u32 = 0x0001_0000;
            facts.starts_at_sync = first.unwrap_or(defaults.flags) & NOT_SYNC == 0;
        }
        match &run.samples {
            // A run without fields of its own may claim any count: it is multiplied, not walked.
            TrunSamples::Inherited { count, .. } => {
                facts.add((*count).into(), defaults.duration, defaults.size);
            }
            TrunSamples::Explicit(entries) => {
                for entry in entries {
                    let duration = entry.duration.unwrap_or(defaults.duration);
                    facts.add(1, duration, entry.size.unwrap_or(defaults.size));
                }
            }
        }
    }
    Ok(facts)
}

impl FragmentFacts {
    fn add(&mut self, samples: u64, duration: u32, size: u32) {
        self.samples = self.samples.saturating_add(samples);
        self.duration = self
            .duration
            .saturating_add(samples.saturating_mul(duration.into()));
        self.bytes = self
            .bytes
            .saturating_add(samples.saturating_mul(size.into()));
    }
}

/// What a sample is where its run does not say (14496-12, 8.8.7).
struct Defaults {
    duration: u32,
    size: u32,
    flags: u32,
}

impl Defaults {
    fn of(init: &InitFacts, tfhd: &Tfhd) -> Self {
        let trex = init
            .defaults
            .iter()
            .find(|trex| trex.track_id == tfhd.track_id);
        let or = |own: Option<u32>, of: fn(&Trex) -> u32| own.or(trex.map(of)).unwrap_or(0);
        Self {
            duration: or(tfhd.default_sample_duration, |trex| {
                trex.default_sample_duration
            }),
            size: or(tfhd.default_sample_size, |trex| trex.default_sample_size),
            flags: or(tfhd.default_sample_flags, |trex| trex.default_sample_flags),
        }
    }
}

fn ntp_to_unix_ms(prft: &Prft) -> i64 {
    const NTP_EPOCH: i64 = 2_208_988_800;
    let seconds = (prft.ntp_timestamp >> 32) as i64 - NTP_EPOCH;
    // Rounded: an NTP fraction of whole milliseconds is a hair below them.
    let ms = ((prft.ntp_timestamp & 0xffff_ffff) * 1000 + (1 << 31)) >> 32;
    seconds * 1000 + ms as i64
}
