//! What a segment holds, read from its bytes; nothing is decoded.

use std::time::Duration;

use media::fmp4::{self, InitFacts};
use media::ts::{self, StreamKind, TIMESTAMP_WRAP};

use crate::finding::Level;
use crate::idr;

/// Ticks a second of a transport stream's timestamps.
const TS_HZ: u64 = 90_000;

/// Kind of segment (RFC 8216bis, 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// MPEG-2 transport stream (3.1.1).
    Ts,
    /// Fragmented MP4 (3.1.2).
    Fmp4,
    /// Audio frames without a container (3.1.3).
    PackedAudio,
    /// Subtitles (3.1.4).
    WebVtt,
    /// Encrypted as a whole: it can't be told.
    Encrypted,
    /// None of them.
    Unknown,
}

impl Container {
    /// The name in a sentence.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ts => "MPEG-TS",
            Self::Fmp4 => "fMP4",
            Self::PackedAudio => "packed audio",
            Self::WebVtt => "WebVTT",
            Self::Encrypted => "encrypted",
            Self::Unknown => "no media that HLS knows",
        }
    }

    /// The clause that says what it has to look like.
    pub const fn clause(self) -> &'static str {
        match self {
            Self::Ts => "RFC 8216bis, 3.1.1",
            Self::Fmp4 => "RFC 8216bis, 3.1.2",
            Self::PackedAudio => "RFC 8216bis, 3.1.3",
            Self::WebVtt => "RFC 8216bis, 3.1.4",
            Self::Encrypted | Self::Unknown => "RFC 8216bis, 3.1",
        }
    }
}

/// What a segment holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Contents {
    /// Its kind.
    pub container: Container,
    /// How long its media lasts by its own timestamps.
    pub duration: Option<Duration>,
    /// Its first timestamp.
    pub start: Option<Duration>,
    /// Where timestamps start over.
    pub wrap: Option<Duration>,
    /// Whether its picture begins where a decoder can begin; `None`: no picture, or not known.
    pub starts_with_keyframe: Option<bool>,
    /// The codecs, as `CODECS` begins them: `avc1`, `mp4a`.
    pub codecs: Vec<&'static str>,
    /// What is wrong with it.
    pub problems: Vec<(Level, String)>,
}

/// An initialisation section that reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Init(InitFacts);

impl Init {
    /// Reads one; fails with what is wrong.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let facts = fmp4::init_facts(bytes).map_err(|error| error.to_string())?;
        if facts.tracks.is_empty() {
            return Err("its moov box has no track with a sample description".to_owned());
        }
        Ok(Self(facts))
    }

    /// The codecs that it announces, as far as they are known.
    fn codecs(&self) -> Vec<&'static str> {
        let tracks = self.0.tracks.iter();
        let codecs = tracks.filter_map(|track| track.description.codec());
        codecs.filter_map(|codec| family(&codec)).collect()
    }
}

/// What `CODECS` begins with for this codec.
fn family(codec: &str) -> Option<&'static str> {
    ["avc1", "mp4a"]
        .into_iter()
        .find(|family| codec.starts_with(family))
}

impl Contents {
    /// Reads a segment. `init` is its initialisation section, `encrypted` says that all of it is.
    pub fn read(bytes: &[u8], init: Option<&Init>, encrypted: bool) -> Self {
        let container = if encrypted {
            Container::Encrypted
        } else {
            container(bytes)
        };
        let mut contents = Self {
            container,
            duration: None,
            start: None,
            wrap: None,
            starts_with_keyframe: None,
            codecs: Vec::new(),
            problems: Vec::new(),
        };
        match container {
            Container::Ts => contents.read_ts(bytes),
            Container::Fmp4 => contents.read_fmp4(bytes, init),
            Container::Unknown => {
                let words = format!("it is no media: {}", found(bytes));
                contents.problem(Level::Error, words);
            }
            _ => {}
        }
        contents
    }

    fn problem(&mut self, level: Level, words: String) {
        self.problems.push((level, words));
    }

    fn read_ts(&mut self, bytes: &[u8]) {
        let rest = bytes.len() % ts::PACKET_LEN;
        if rest != 0 {
            let words = format!("it ends {rest} bytes into a packet of {}", ts::PACKET_LEN);
            self.problem(Level::Error, words);
        }
        let facts = match ts::Facts::read(bytes) {
            Ok(facts) => facts,
            // A table over several packets is allowed, and not read here.
            Err(error @ ts::Error::Short { .. }) => {
                return self.problem(Level::Warning, format!("it could not be read: {error}"));
            }
            Err(error) => return self.problem(Level::Error, error.to_string()),
        };
        let lost: u64 = facts.streams.iter().map(|it| it.continuity_errors).sum();
        if lost > 0 {
            let words = format!("packets are missing in {lost} places (continuity counter)");
            self.problem(Level::Error, words);
        }
        let picture = facts.streams.iter().find(|it| is_picture(it.kind));
        if let Some(stream) = picture.or_else(|| facts.streams.iter().find(|it| it.pes_packets > 1))
        {
            self.duration = ts_duration(stream);
            self.start = stream.first_pts.map(ticks_90k);
            self.wrap = Some(ticks_90k(TIMESTAMP_WRAP));
        }
        if facts.streams.iter().all(|it| it.pes_packets == 0) {
            self.problem(Level::Error, "its program has no data".to_owned());
        }
        if let Some(picture) = picture.filter(|it| it.pes_packets > 0) {
            let found = idr::begins_with_one(bytes, picture.pid, picture.kind);
            self.starts_with_keyframe = found.or(picture.starts_at_random_access.then_some(true));
        }
        self.codecs = facts
            .streams
            .iter()
            .filter_map(|it| ts_codec(it.kind))
            .collect();
    }

    fn read_fmp4(&mut self, bytes: &[u8], init: Option<&Init>) {
        let Some(Init(init_facts)) = init else {
            let words = "its initialisation section did not come or does not read";
            return self.problem(Level::Error, words.to_owned());
        };
        self.codecs = init.map(Init::codecs).unwrap_or_default();
        let fragments = match fmp4::fragment_facts(init_facts, bytes) {
            Ok(fragments) => fragments,
            Err(error) => return self.problem(Level::Error, error.to_string()),
        };
        let tracks = &init_facts.tracks;
        let is_there = |id: u32| fragments.iter().any(|fragment| fragment.track == id);
        let picture = tracks
            .iter()
            .find(|it| it.description.is_video() && is_there(it.id));
        let Some(lead) = picture.or_else(|| tracks.iter().find(|it| is_there(it.id))) else {
            let words = "its fragments are of no track of the initialisation section";
            return self.problem(Level::Error, words.to_owned());
        };
        let own = || {
            fragments
                .iter()
                .filter(|fragment| fragment.track == lead.id)
        };
        let ticks = own().fold(0_u64, |sum, it| sum.saturating_add(it.duration));
        self.duration = ticks_of(ticks, lead.timescale).filter(|length| !length.is_zero());
        self.start = own()
            .next()
            .and_then(|it| ticks_of(it.base_time, lead.timescale));
        if picture.is_some() {
            self.starts_with_keyframe = own().next().map(|it| it.starts_at_sync);
        }
    }
}

fn is_picture(kind: StreamKind) -> bool {
    matches!(kind, StreamKind::H264 | StreamKind::H265)
}

fn ts_codec(kind: StreamKind) -> Option<&'static str> {
    match kind {
        StreamKind::H264 => Some("avc1"),
        StreamKind::Aac => Some("mp4a"),
        StreamKind::H265 | StreamKind::Other(_) => None,
    }
}

/// From the first timestamp to the last, and one frame more.
fn ts_duration(stream: &ts::Stream) -> Option<Duration> {
    let intervals = stream.pes_packets.checked_sub(1).filter(|it| *it > 0)?;
    let span = stream.span()?;
    // Pictures that are shown in another order than they come may end on an earlier one.
    let is_sane = span < TIMESTAMP_WRAP / 2;
    is_sane.then(|| ticks_90k(span + span / intervals))
}

fn ticks_90k(ticks: u64) -> Duration {
    Duration::from_nanos((u128::from(ticks) * 1_000_000_000 / u128::from(TS_HZ)) as u64)
}

fn ticks_of(ticks: u64, timescale: u32) -> Option<Duration> {
    let seconds = ticks.checked_div(u64::from(timescale))?;
    let rest = ticks % u64::from(timescale);
    let nanos = rest * 1_000_000_000 / u64::from(timescale);
    Some(Duration::new(seconds, u32::try_from(nanos).ok()?))
}

/// Boxes that a media segment may begin with.
const FIRST_BOXES: [&[u8; 4]; 9] = [
    b"styp", b"moof", b"sidx", b"ftyp", b"emsg", b"prft", b"free", b"moov", b"skip",
];

fn container(bytes: &[u8]) -> Container {
    let is_ts = bytes.first() == Some(&ts::SYNC)
        && bytes
            .get(ts::PACKET_LEN)
            .is_none_or(|next| *next == ts::SYNC);
    let name = bytes.get(4..8);
    match bytes {
        _ if is_ts => Container::Ts,
        _ if FIRST_BOXES.iter().any(|it| name == Some(it.as_slice())) => Container::Fmp4,
        [b'I', b'D', b'3', ..] | [0x0b, 0x77, ..] => Container::PackedAudio,
        [0xff, second, ..] if second & 0xe0 == 0xe0 => Container::PackedAudio,
        _ if bytes
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(bytes)
            .starts_with(b"WEBVTT") =>
        {
            Container::WebVtt
        }
        _ => Container::Unknown,
    }
}

/// What it is instead, in words.
fn found(bytes: &[u8]) -> &'static str {
    let start = bytes.trim_ascii_start();
    match start {
        [] => "it is empty",
        [b'<', ..] => "it is a page of HTML or XML",
        [b'{' | b'[', ..] => "it is JSON",
        _ if start.starts_with(b"#EXTM3U") => "it is a playlist",
        _ if std::str::from_utf8(start).is_ok() => "it is text",
        _ => "no transport stream, no MP4, no audio frames, no WebVTT",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn containers_are_told_by_their_first_bytes() {
        let cases: [(&[u8], Container); 9] = [
            (b"\x47\x40\x11\x10", Container::Ts),
            (b"\0\0\0\x18styp", Container::Fmp4),
            (b"\0\0\0\x18moofxxxx", Container::Fmp4),
            (b"ID3\x04", Container::PackedAudio),
            (b"\xff\xf1\x50", Container::PackedAudio),
            (b"WEBVTT\n", Container::WebVtt),
            (b"\xef\xbb\xbfWEBVTT\n", Container::WebVtt),
            (b"<html>", Container::Unknown),
            (b"", Container::Unknown),
        ];
        for (bytes, expected) in cases {
            assert_eq!(container(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_media_is_named() {
        let named = |bytes: &[u8]| Contents::read(bytes, None, false).problems[0].1.clone();
        assert!(named(b"").contains("empty"));
        assert!(named(b"<html>404</html>").contains("HTML"));
        assert!(named(b"#EXTM3U\n").contains("playlist"));
        assert!(named(b"Not found").contains("text"));
        let fragment = named(b"\0\0\0\x08moof");
        assert!(fragment.contains("initialisation section"), "{fragment}");
    }

    #[test]
    fn what_is_encrypted_is_not_judged() {
        let contents = Contents::read(b"\x01\x02\x03", None, true);
        assert_eq!(contents.container, Container::Encrypted);
        assert_eq!(contents.problems, []);
    }

    proptest! {
        #[test]
        fn reading_never_panics(mut bytes in proptest::collection::vec(any::<u8>(), 0..1200), kind in 0..4_usize) {
            let starts: [&[u8]; 4] = [b"", &[0x47], b"\0\0\0\x40moof", b"\0\0\0\x40moov"];
            bytes.splice(0..0, starts[kind].iter().copied());
            let _ = Contents::read(&bytes, None, false);
            let _ = Init::read(&bytes);
        }
    }
}
