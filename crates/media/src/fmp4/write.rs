//! Writing initialisation segments and fragments.

use mp4_atom::{
    Dinf, Dref, DrefEntry, Encode, FourCC, Ftyp, Hdlr, Mdhd, Mdia, Mfhd, Minf, Moof, Moov, Mvex,
    Mvhd, Prft, ReferenceTime, Smhd, Stbl, Stsc, Stsd, Stsz, Stts, Styp, Tfdt, Tfhd, Tkhd, Traf,
    Trak, Trex, Trun, TrunEntry, Url, Vmhd,
};

use super::{BOX_HEADER_LEN, Description, Error};

/// A sample on which no other depends before it: `sample_depends_on` is 2 (14496-12, 8.8.3.1).
const FLAGS_SYNC: u32 = 0x0200_0000;
/// A sample that depends on others and is no place to begin.
const FLAGS_DEPENDENT: u32 = 0x0101_0000;

/// A track, as the initialisation segment announces it.
#[derive(Clone, Debug)]
pub struct TrackHeader {
    /// Track id, from 1.
    pub id: u32,
    /// How its samples are coded.
    pub description: Description,
    /// Ticks a second.
    pub timescale: u32,
    /// Ticks of each sample.
    pub sample_duration: u32,
}

/// One track's samples in a fragment.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    /// Track id.
    pub track: u32,
    /// Decoding time of the first sample, in ticks (`tfdt`).
    pub base_time: u64,
    /// The samples, each of the track's duration.
    pub samples: Vec<RunSample<'a>>,
}

/// One sample of a run.
#[derive(Clone, Copy, Debug)]
pub struct RunSample<'a> {
    /// The coded data.
    pub data: &'a [u8],
    /// Whether decoding can begin here.
    pub sync: bool,
}

fn brand(name: [u8; 4]) -> FourCC {
    FourCC::new(&name)
}

fn encode(out: &mut Vec<u8>, what: &impl Encode) -> Result<(), Error> {
    what.encode(out)
        .map_err(|problem| Error::Write(problem.to_string()))
}

/// An initialisation segment (CMAF header) for `tracks`.
pub fn write_init(tracks: &[TrackHeader]) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    let ftyp = Ftyp {
        major_brand: brand(*b"iso6"),
        minor_version: 0,
        compatible_brands: [*b"iso6", *b"cmfc", *b"mp41"].map(brand).to_vec(),
    };
    encode(&mut out, &ftyp)?;
    let moov = Moov {
        mvhd: Mvhd {
            timescale: 1000,
            rate: 1.into(),
            volume: 1.into(),
            next_track_id: tracks.iter().map(|track| track.id + 1).max().unwrap_or(1),
            creation_time: 0,
            modification_time: 0,
            duration: 0,
            matrix: mp4_atom::Matrix::default(),
        },
        mvex: Some(Mvex {
            trex: tracks.iter().map(trex).collect(),
            ..Mvex::default()
        }),
        trak: tracks.iter().map(trak).collect(),
        ..Moov::default()
    };
    encode(&mut out, &moov)?;
    Ok(out)
}

fn trex(track: &TrackHeader) -> Trex {
    Trex {
        track_id: track.id,
        default_sample_description_index: 1,
        default_sample_duration: track.sample_duration,
        default_sample_size: 0,
        default_sample_flags: if track.description.is_video() {
            FLAGS_DEPENDENT
        } else {
            FLAGS_SYNC
        },
    }
}

fn trak(track: &TrackHeader) -> Trak {
    let video = track.description.is_video();
    let (width, height) = track.description.size().unwrap_or_default();
    Trak {
        tkhd: Tkhd {
            track_id: track.id,
            enabled: true,
            in_movie: true,
            volume: u8::from(!video).into(),
            width: width.into(),
            height: height.into(),
            ..Tkhd::default()
        },
        mdia: Mdia {
            mdhd: Mdhd {
                timescale: track.timescale,
                language: "und".into(),
                ..Mdhd::default()
            },
            hdlr: Hdlr {
                handler: brand(if video { *b"vide" } else { *b"soun" }),
                name: "liveswarm".into(),
            },
            minf: Minf {
                vmhd: video.then(Vmhd::default),
                smhd: (!video).then(Smhd::default),
                dinf: Dinf {
                    // The empty location: media lies in this very file.
                    dref: Dref {
                        entries: vec![DrefEntry::Url(Url::default())],
                    },
                },
                stbl: Stbl {
                    stsd: Stsd {
                        codecs: vec![track.description.0.clone()],
                    },
                    stts: Stts::default(),
                    stsc: Stsc::default(),
                    stsz: Stsz::default(),
                    stco: Some(mp4_atom::Stco::default()),
                    ..Stbl::default()
                },
                ..Minf::default()
            },
        },
        ..Trak::default()
    }
}

/// Writes `moof` and `mdat` with the given runs, whose samples follow each other.
pub fn write_fragment(out: &mut Vec<u8>, sequence: u32, runs: &[Run<'_>]) -> Result<(), Error> {
    let mut moof = Moof {
        mfhd: Mfhd {
            sequence_number: sequence,
        },
        traf: runs.iter().map(traf).collect(),
    };
    // Offsets count from the start of `moof`; they don't change its size, so it is measured first.
    let mut scratch = Vec::new();
    encode(&mut scratch, &moof)?;
    let mut at = scratch.len() + BOX_HEADER_LEN;
    for (traf, run) in moof.traf.iter_mut().zip(runs) {
        for trun in &mut traf.trun {
            let offset =
                i32::try_from(at).map_err(|_| Error::Write("a fragment of 2 GiB".into()))?;
            trun.data_offset = Some(offset);
        }
        at += run
            .samples
            .iter()
            .map(|sample| sample.data.len())
            .sum::<usize>();
    }
    encode(out, &moof)?;
    let mdat_len = u32::try_from(at - scratch.len())
        .map_err(|_| Error::Write("a fragment of 4 GiB".into()))?;
    out.extend_from_slice(&mdat_len.to_be_bytes());
    out.extend_from_slice(b"mdat");
    for sample in runs.iter().flat_map(|run| &run.samples) {
        out.extend_from_slice(sample.data);
    }
    Ok(())
}

/// Writes the box that opens a media segment (`styp`).
pub fn write_styp(out: &mut Vec<u8>) -> Result<(), Error> {
    let styp = Styp {
        major_brand: brand(*b"msdh"),
        minor_version: 0,
        compatible_brands: [*b"msdh", *b"msix", *b"cmfs"].map(brand).to_vec(),
    };
    encode(out, &styp)
}

/// Writes a producer reference time: `media_time` of `track` was captured at `unix_ms`.
pub fn write_prft(
    out: &mut Vec<u8>,
    track: u32,
    media_time: u64,
    unix_ms: u64,
) -> Result<(), Error> {
    /// Seconds from 1900 to 1970: NTP's epoch (RFC 5905, 6).
    const NTP_EPOCH: u64 = 2_208_988_800;
    let seconds = (unix_ms / 1000 + NTP_EPOCH) & 0xffff_ffff;
    let fraction = ((unix_ms % 1000) << 32) / 1000;
    let prft = Prft {
        reference_track_id: track,
        ntp_timestamp: seconds << 32 | fraction,
        media_time,
        utc_time_semantics: ReferenceTime::Input,
    };
    encode(out, &prft)
}

/// Writes a `free` box of `len` bytes, at least [`BOX_HEADER_LEN`]: padding that players skip.
pub fn free_box(out: &mut Vec<u8>, len: u32) {
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(b"free");
    out.resize(out.len() + (len as usize).saturating_sub(BOX_HEADER_LEN), 0);
}

fn traf(run: &Run<'_>) -> Traf {
    let entries: Vec<TrunEntry> = run
        .samples
        .iter()
        .map(|sample| TrunEntry {
            size: Some(sample.data.len() as u32),
            flags: Some(if sample.sync {
                FLAGS_SYNC
            } else {
                FLAGS_DEPENDENT
            }),
            ..TrunEntry::default()
        })
        .collect();
    Traf {
        tfhd: Tfhd {
            track_id: run.track,
            default_base_is_moof: true,
            ..Tfhd::default()
        },
        tfdt: Some(Tfdt {
            base_media_decode_time: run.base_time,
        }),
        trun: vec![Trun {
            data_offset: Some(0),
            samples: entries.into(),
        }],
        ..Traf::default()
    }
}
