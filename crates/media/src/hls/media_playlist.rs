use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::Blemish;

/// A media playlist (RFC 8216bis, 4.4.2 to 4.4.5), as one answer of a server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MediaPlaylist {
    /// `EXT-X-VERSION` (4.4.1.2); absent means 1.
    pub version: Option<u32>,
    /// `EXT-X-TARGETDURATION` (4.4.3.1); never zero.
    pub target_duration: Duration,
    /// `EXT-X-MEDIA-SEQUENCE` (4.4.3.2): number of the first segment, skipped ones included.
    pub media_sequence: u64,
    /// `EXT-X-DISCONTINUITY-SEQUENCE` (4.4.3.3) of the first segment, skipped ones included.
    pub discontinuity_sequence: u64,
    /// The listed segments, oldest first. A delta update lists only those after the skipped ones.
    pub segments: Vec<Segment>,
    /// `EXT-X-ENDLIST` (4.4.3.4): nothing more will be added.
    pub ended: bool,
    /// `EXT-X-PLAYLIST-TYPE` (4.4.3.5).
    pub kind: Option<PlaylistType>,
    /// `EXT-X-I-FRAMES-ONLY` (4.4.3.6).
    pub iframes_only: bool,
    /// `EXT-X-INDEPENDENT-SEGMENTS` (4.4.2.1).
    pub independent_segments: bool,
    /// `EXT-X-START` (4.4.2.2).
    pub start: Option<Start>,
    /// `EXT-X-SERVER-CONTROL` (4.4.3.8).
    pub server_control: Option<ServerControl>,
    /// `EXT-X-PART-INF` (4.4.3.7): the part target duration.
    pub part_target: Option<Duration>,
    /// Parts (4.4.4.9) of the segment that is not complete yet, after the last of `segments`.
    pub parts: Vec<Part>,
    /// `EXT-X-PRELOAD-HINT` (4.4.5.3).
    pub preload_hints: Vec<PreloadHint>,
    /// `EXT-X-RENDITION-REPORT` (4.4.5.4).
    pub rendition_reports: Vec<RenditionReport>,
    /// `EXT-X-DATERANGE` (4.4.5.1), in order of first appearance, one per ID.
    pub date_ranges: Vec<DateRange>,
    /// `EXT-X-SKIP` (4.4.5.2): this is a delta update.
    pub skip: Option<Skip>,
    /// What was odd and tolerated.
    pub blemishes: Vec<Blemish>,
}

/// One segment of a media playlist (RFC 8216bis, 4.4.4).
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Where it is; absolute.
    pub uri: Arc<Url>,
    /// `EXTINF` (4.4.4.1).
    pub duration: Duration,
    /// Start within this list: the sum of the durations before it.
    pub offset: Duration,
    /// `EXT-X-BYTERANGE` (4.4.4.2), implied offsets filled in.
    pub byte_range: Option<ByteRange>,
    /// `EXT-X-MAP` (4.4.4.5) in force.
    pub map: Option<Arc<Map>>,
    /// `EXT-X-KEY` (4.4.4.4) in force, one per key format; `None` for clear segments.
    pub keys: Option<Arc<[Key]>>,
    /// When its first sample was captured: Unix milliseconds from `EXT-X-PROGRAM-DATE-TIME`
    /// (4.4.4.6), or derived from the nearest dated neighbour on the same side of any
    /// discontinuity.
    pub program_date_time_ms: Option<i64>,
    /// The date is derived, not stated.
    pub pdt_is_derived: bool,
    /// `EXT-X-DISCONTINUITY` (4.4.4.3) stands before it.
    pub discontinuity: bool,
    /// Its discontinuity sequence number (6.2.1).
    pub discontinuity_sequence: u64,
    /// `EXT-X-GAP` (4.4.4.7): it is absent and must not be loaded.
    pub gap: bool,
    /// `EXT-X-BITRATE` (4.4.4.8) in force, bit/s. Not applied to byte ranges.
    pub bitrate: Option<u64>,
    /// Parts (4.4.4.9) that make up this segment, where they are listed.
    pub parts: Box<[Part]>,
}

impl Segment {
    /// The key that a player decrypts with by itself (`KEYFORMAT` identity or absent), else the
    /// first listed.
    pub fn key(&self) -> Option<&Key> {
        let keys = self.keys.as_deref()?;
        keys.iter().find(|key| key.is_identity()).or(keys.first())
    }

    /// End within this list.
    pub fn end_offset(&self) -> Duration {
        self.offset + self.duration
    }
}

/// A partial segment (RFC 8216bis, 4.4.4.9).
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Where it is; absolute.
    pub uri: Arc<Url>,
    /// `DURATION`.
    pub duration: Duration,
    /// Start within this list.
    pub offset: Duration,
    /// `BYTERANGE`, implied offsets filled in.
    pub byte_range: Option<ByteRange>,
    /// `INDEPENDENT`: it contains an independent frame.
    pub independent: bool,
    /// `GAP`: it is absent.
    pub gap: bool,
}

/// A part of a resource, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte.
    pub offset: u64,
    /// How many bytes. `offset + length` does not overflow.
    pub length: u64,
}

/// A media initialisation section (RFC 8216bis, 4.4.4.5).
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// Where it is; absolute.
    pub uri: Arc<Url>,
    /// `BYTERANGE`; absent for the whole resource.
    pub byte_range: Option<ByteRange>,
}

/// A key (RFC 8216bis, 4.4.4.4 and 4.4.6.5).
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// `METHOD`; `NONE` is never kept.
    pub method: KeyMethod,
    /// `URI`; absolute.
    pub uri: Arc<Url>,
    /// `IV`.
    pub iv: Option<u128>,
    /// `KEYFORMAT`; absent means identity.
    pub format: Option<String>,
    /// `KEYFORMATVERSIONS`.
    pub format_versions: Option<String>,
}

impl Key {
    /// `known` after this one: it replaces that of the same format (4.4.4.4). `None` if it is
    /// among them already.
    pub(super) fn added_to(&self, known: &[Key]) -> Option<Vec<Key>> {
        if known.contains(self) {
            return None;
        }
        let others = known.iter().filter(|other| other.format != self.format);
        let mut keys: Vec<Key> = others.cloned().collect();
        keys.push(self.clone());
        Some(keys)
    }

    /// The key is the 16 bytes at its URI, not a matter of a DRM system.
    pub fn is_identity(&self) -> bool {
        self.format
            .as_deref()
            .is_none_or(|format| format == "identity")
    }
}

/// How segments are encrypted (RFC 8216bis, 4.4.4.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyMethod {
    /// `AES-128`: whole segments, AES-CBC.
    Aes128,
    /// `SAMPLE-AES`.
    SampleAes,
    /// `SAMPLE-AES-CTR`.
    SampleAesCtr,
    /// Another one.
    Other(String),
}

/// `EXT-X-PLAYLIST-TYPE` (RFC 8216bis, 4.4.3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaylistType {
    /// The list never changes.
    Vod,
    /// Segments are only added at the end.
    Event,
}

/// `EXT-X-START` (RFC 8216bis, 4.4.2.2): where to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// `TIME-OFFSET`.
    pub from: StartFrom,
    /// `PRECISE`: render from exactly there, not from the beginning of the segment.
    pub precise: bool,
}

/// `TIME-OFFSET` of [`Start`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartFrom {
    /// So long after the beginning of the playlist.
    Beginning(Duration),
    /// So long before the end of the last segment (negative offsets).
    End(Duration),
}

/// `EXT-X-SERVER-CONTROL` (RFC 8216bis, 4.4.3.8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerControl {
    /// `CAN-BLOCK-RELOAD`.
    pub can_block_reload: bool,
    /// `CAN-SKIP-UNTIL`: the skip boundary.
    pub can_skip_until: Option<Duration>,
    /// `CAN-SKIP-DATERANGES`.
    pub can_skip_date_ranges: bool,
    /// `HOLD-BACK`: least distance from the end at which to play.
    pub hold_back: Option<Duration>,
    /// `PART-HOLD-BACK`: the same in low-latency mode.
    pub part_hold_back: Option<Duration>,
}

/// `EXT-X-PRELOAD-HINT` (RFC 8216bis, 4.4.5.3).
#[derive(Clone, Debug, PartialEq)]
pub struct PreloadHint {
    /// `TYPE`.
    pub kind: HintKind,
    /// Where it will be; absolute.
    pub uri: Arc<Url>,
    /// `BYTERANGE-START`.
    pub start: u64,
    /// `BYTERANGE-LENGTH`; absent means to the end of the resource.
    pub length: Option<u64>,
}

/// `TYPE` of [`PreloadHint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HintKind {
    /// A partial segment.
    Part,
    /// A media initialisation section.
    Map,
}

/// `EXT-X-RENDITION-REPORT` (RFC 8216bis, 4.4.5.4).
#[derive(Clone, Debug, PartialEq)]
pub struct RenditionReport {
    /// The other rendition's media playlist; absolute.
    pub uri: Arc<Url>,
    /// `LAST-MSN`.
    pub last_msn: Option<u64>,
    /// `LAST-PART`.
    pub last_part: Option<u64>,
}

/// `EXT-X-SKIP` (RFC 8216bis, 4.4.5.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skip {
    /// `SKIPPED-SEGMENTS`.
    pub segments: u64,
    /// `RECENTLY-REMOVED-DATERANGES`.
    pub removed_date_ranges: Vec<String>,
    /// How many of the first listed segments stand before any `EXT-X-KEY:METHOD=NONE`: they
    /// inherit the keys of the last skipped segment.
    pub(super) before_clear: usize,
}

/// `EXT-X-DATERANGE` (RFC 8216bis, 4.4.5.1).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DateRange {
    /// `ID`.
    pub id: String,
    /// `CLASS`.
    pub class: Option<String>,
    /// `START-DATE`, Unix milliseconds.
    pub start_ms: Option<i64>,
    /// `END-DATE`, Unix milliseconds.
    pub end_ms: Option<i64>,
    /// `DURATION`.
    pub duration: Option<Duration>,
    /// `PLANNED-DURATION`.
    pub planned_duration: Option<Duration>,
    /// `END-ON-NEXT=YES`.
    pub end_on_next: bool,
    /// All other attributes (`SCTE35-*`, `X-*`, `CUE`, …), as they stand, in order.
    pub other: Vec<(String, String)>,
}

impl MediaPlaylist {
    /// Number of the first segment that is listed here (skipped ones are not).
    pub fn first_msn(&self) -> u64 {
        self.media_sequence + self.skipped()
    }

    /// Number that the segment after the last listed one has or will have.
    pub fn next_msn(&self) -> u64 {
        self.first_msn() + self.segments.len() as u64
    }

    /// Number of the last listed segment.
    pub fn last_msn(&self) -> Option<u64> {
        (!self.segments.is_empty()).then(|| self.next_msn() - 1)
    }

    /// How many segments a delta update leaves out; zero in a whole playlist.
    pub fn skipped(&self) -> u64 {
        self.skip.as_ref().map_or(0, |skip| skip.segments)
    }

    /// The listed segment of that number.
    pub fn segment(&self, msn: u64) -> Option<&Segment> {
        let index = usize::try_from(msn.checked_sub(self.first_msn())?).ok()?;
        self.segments.get(index)
    }

    /// Sum of the listed segments' durations.
    pub fn duration(&self) -> Duration {
        self.segments
            .last()
            .map_or(Duration::ZERO, Segment::end_offset)
    }

    /// Sum of the listed segments' durations and the parts after them.
    pub fn duration_with_parts(&self) -> Duration {
        self.parts
            .last()
            .map_or_else(|| self.duration(), |part| part.offset + part.duration)
    }

    /// More may come: no `EXT-X-ENDLIST` and not VOD.
    pub fn is_live(&self) -> bool {
        !self.ended && self.kind != Some(PlaylistType::Vod)
    }

    /// Least distance from the end at which to play: `HOLD-BACK`, or three target durations
    /// (4.4.3.8).
    pub fn hold_back(&self) -> Duration {
        self.server_control
            .and_then(|control| control.hold_back)
            .unwrap_or(self.target_duration * 3)
    }

    /// When the media at the end of the list was captured, Unix milliseconds.
    pub fn end_program_date_time_ms(&self) -> Option<i64> {
        let last = self.segments.last()?;
        Some(last.program_date_time_ms? + last.duration.as_millis() as i64)
    }
}
