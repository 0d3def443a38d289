use std::{str::FromStr, time::Duration};

use crate::{Error, Fault};

/// The container of the segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// MPEG transport stream (ISO/IEC 13818-1).
    #[default]
    Ts,
    /// Fragmented MP4 in CMAF's manner (ISO/IEC 23000-19).
    Fmp4,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "ts" => Ok(Self::Ts),
            "fmp4" => Ok(Self::Fmp4),
            other => Err(format!("`{other}` is not a format: take ts or fmp4")),
        }
    }
}

/// Where the sound travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Audio {
    /// In each variant's segments.
    #[default]
    Muxed,
    /// In a rendition of its own (`EXT-X-MEDIA`), fetched beside the picture.
    Demuxed,
}

/// Whether fragments carry a producer reference time (`prft`, ISO/IEC 14496-12, 8.16.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ReferenceTime {
    /// Only the playlist tells the wall clock.
    #[default]
    Absent,
    /// Each fragment tells its wall-clock capture time as well. fMP4 only.
    Prft,
}

/// One variant's bitrate in bit/s: all that a viewer of it downloads in a second, sound and
/// padding included, and the separate audio rendition too where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bitrate(pub u64);

impl FromStr for Bitrate {
    type Err = Error;

    /// Reads `2M`, `2.5M`, `800k`, `2500000`, also with a trailing `bit/s` or `bps`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let refuse = || Error::Bitrate { text: text.into() };
        let bare = text.trim();
        let bare = bare
            .strip_suffix("bit/s")
            .or_else(|| bare.strip_suffix("bps"))
            .unwrap_or(bare);
        let (digits, unit) = match bare.as_bytes().last() {
            Some(b'M' | b'm') => (&bare[..bare.len() - 1], 1e6),
            Some(b'k' | b'K') => (&bare[..bare.len() - 1], 1e3),
            _ => (bare, 1.0),
        };
        if !digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
        {
            return Err(refuse());
        }
        let value = digits.parse::<f64>().map_err(|_| refuse())? * unit;
        if !(1.0..=1e12).contains(&value) {
            return Err(refuse());
        }
        Ok(Self(value.round() as u64))
    }
}

/// What the origin serves. Two origins with equal configurations answer equally at any instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Container of the segments.
    pub format: Format,
    /// Duration of each segment: whole seconds, since the clip has a keyframe each second.
    pub segment: Duration,
    /// Segments in a playlist. A segment that left the playlist stays fetchable for as long again,
    /// and one segment more (RFC 8216bis, 6.2.2).
    pub window: u32,
    /// Variants in the order in which the multivariant playlist lists them.
    pub variants: Vec<Bitrate>,
    /// Where the sound travels.
    pub audio: Audio,
    /// Whether fragments carry `prft`.
    pub reference_time: ReferenceTime,
    /// What goes wrong, and when. The first fault that applies to a request decides.
    pub faults: Vec<Fault>,
    /// Seeds the shares of `faults`.
    pub seed: u64,
}

impl Default for Config {
    /// Two-second TS segments, ten in the window, 2 Mbit/s, 1 Mbit/s and 400 kbit/s.
    fn default() -> Self {
        Self {
            format: Format::Ts,
            segment: Duration::from_secs(2),
            window: 10,
            variants: vec![Bitrate(2_000_000), Bitrate(1_000_000), Bitrate(400_000)],
            audio: Audio::Muxed,
            reference_time: ReferenceTime::Absent,
            faults: Vec::new(),
            seed: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("2M", Some(2_000_000))]
    #[case("2.5M", Some(2_500_000))]
    #[case("800k", Some(800_000))]
    #[case("800kbit/s", Some(800_000))]
    #[case("1500000", Some(1_500_000))]
    #[case("", None)]
    #[case("k", None)]
    #[case("-1M", None)]
    #[case("1e6", None)]
    #[case("infM", None)]
    #[case("0", None)]
    fn bitrates_read_as_people_write_them(#[case] text: &str, #[case] expected: Option<u64>) {
        assert_eq!(text.parse().ok(), expected.map(Bitrate));
    }
}
