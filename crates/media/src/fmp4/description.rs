use mp4_atom::Codec;

/// How a track's samples are coded: the sample entry of its `stsd`.
#[derive(Clone, Debug, PartialEq)]
pub struct Description(pub(crate) Codec);

/// What an ADTS header repeats of the decoder's configuration (ISO/IEC 14496-3, 1.6.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AacConfig {
    /// Audio object type: 2 is AAC-LC.
    pub object_type: u8,
    /// Sampling frequency index: 3 is 48 kHz.
    pub frequency_index: u8,
    /// Channel configuration: 2 is stereo.
    pub channels: u8,
}

/// The out-of-band part of H.264 (ISO/IEC 14496-15, 5.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParameterSets<'a> {
    /// Sequence parameter sets.
    pub sequence: &'a [Vec<u8>],
    /// Picture parameter sets.
    pub picture: &'a [Vec<u8>],
    /// Bytes of the length before each NAL unit of a sample.
    pub length_size: u8,
}

impl Description {
    /// The codec as `CODECS` names it (RFC 6381), where it is one that we know.
    pub fn codec(&self) -> Option<String> {
        match &self.0 {
            Codec::Avc1(avc1) => {
                let config = &avc1.avcc;
                Some(format!(
                    "avc1.{:02X}{:02X}{:02X}",
                    config.avc_profile_indication,
                    config.profile_compatibility,
                    config.avc_level_indication
                ))
            }
            Codec::Mp4a(_) => Some(format!("mp4a.40.{}", self.aac()?.object_type)),
            _ => None,
        }
    }

    /// Whether the samples are pictures.
    pub fn is_video(&self) -> bool {
        matches!(
            self.0,
            Codec::Avc1(_)
                | Codec::Avc3(_)
                | Codec::Hev1(_)
                | Codec::Hvc1(_)
                | Codec::Av01(_)
                | Codec::Vp09(_)
        )
    }

    /// Width and height in pixels.
    pub fn size(&self) -> Option<(u16, u16)> {
        match &self.0 {
            Codec::Avc1(avc1) => Some((avc1.visual.width, avc1.visual.height)),
            _ => None,
        }
    }

    /// What an Annex B stream of H.264 repeats before each place to begin.
    pub fn parameter_sets(&self) -> Option<ParameterSets<'_>> {
        match &self.0 {
            Codec::Avc1(avc1) => Some(ParameterSets {
                sequence: &avc1.avcc.sequence_parameter_sets,
                picture: &avc1.avcc.picture_parameter_sets,
                length_size: avc1.avcc.length_size,
            }),
            _ => None,
        }
    }

    /// The decoder's configuration of AAC.
    pub fn aac(&self) -> Option<AacConfig> {
        match &self.0 {
            Codec::Mp4a(mp4a) => {
                let specific = mp4a.esds.es_desc.dec_config.dec_specific.as_ref()?;
                Some(AacConfig {
                    object_type: specific.profile,
                    frequency_index: specific.freq_index,
                    channels: specific.chan_conf,
                })
            }
            _ => None,
        }
    }
}
