use std::sync::Arc;

use url::Url;

use super::{Blemish, Key, Start, Variables};

/// A multivariant playlist (RFC 8216bis, 4.4.6).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Multivariant {
    /// `EXT-X-VERSION` (4.4.1.2); absent means 1.
    pub version: Option<u32>,
    /// `EXT-X-STREAM-INF` (4.4.6.2), in the order listed.
    pub variants: Vec<Variant>,
    /// `EXT-X-MEDIA` (4.4.6.1), in the order listed.
    pub renditions: Vec<Rendition>,
    /// `EXT-X-I-FRAME-STREAM-INF` (4.4.6.3).
    pub iframes: Vec<Variant>,
    /// `EXT-X-SESSION-KEY` (4.4.6.5).
    pub session_keys: Vec<Key>,
    /// `EXT-X-SESSION-DATA` (4.4.6.4).
    pub session_data: Vec<SessionData>,
    /// `EXT-X-CONTENT-STEERING` (4.4.6.6).
    pub content_steering: Option<ContentSteering>,
    /// `EXT-X-START` (4.4.2.2).
    pub start: Option<Start>,
    /// `EXT-X-INDEPENDENT-SEGMENTS` (4.4.2.1).
    pub independent_segments: bool,
    /// `EXT-X-DEFINE` (4.4.2.3): what media playlists may import.
    pub variables: Variables,
    /// What was odd and tolerated.
    pub blemishes: Vec<Blemish>,
}

impl Multivariant {
    /// The renditions of one kind in one group, in the order listed.
    pub fn group<'a>(
        &'a self,
        kind: RenditionKind,
        group_id: &'a str,
    ) -> impl Iterator<Item = &'a Rendition> {
        self.renditions
            .iter()
            .filter(move |rendition| rendition.kind == kind && rendition.group_id == group_id)
    }

    /// The audio rendition that is played with `variant` when nobody chooses: the default one of
    /// its group, else the first that may be chosen automatically, else the first. `None` where
    /// the variant names no audio group.
    pub fn audio_for(&self, variant: &Variant) -> Option<&Rendition> {
        let group_id = variant.audio.as_deref()?;
        let of_group = |rendition: &&Rendition| {
            rendition.kind == RenditionKind::Audio && rendition.group_id == group_id
        };
        let rank = |rendition: &&Rendition| (!rendition.default, !rendition.autoselect);
        // The first of the lowest rank.
        self.renditions.iter().filter(of_group).min_by_key(rank)
    }
}

/// A variant stream (RFC 8216bis, 4.4.6.2), or an I-frame one (4.4.6.3).
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Its media playlist; absolute.
    pub uri: Arc<Url>,
    /// `BANDWIDTH`: peak, bit/s. Zero where it is absent.
    pub bandwidth: u64,
    /// `AVERAGE-BANDWIDTH`, bit/s.
    pub average_bandwidth: Option<u64>,
    /// `SCORE`.
    pub score: Option<f64>,
    /// `CODECS`.
    pub codecs: Option<String>,
    /// `SUPPLEMENTAL-CODECS`.
    pub supplemental_codecs: Option<String>,
    /// `RESOLUTION`.
    pub resolution: Option<Resolution>,
    /// `FRAME-RATE`, frames a second.
    pub frame_rate: Option<f64>,
    /// `HDCP-LEVEL`.
    pub hdcp_level: Option<String>,
    /// `ALLOWED-CPC`.
    pub allowed_cpc: Option<String>,
    /// `VIDEO-RANGE`.
    pub video_range: Option<String>,
    /// `REQ-VIDEO-LAYOUT`.
    pub req_video_layout: Option<String>,
    /// `STABLE-VARIANT-ID`.
    pub stable_variant_id: Option<String>,
    /// `AUDIO`: group of renditions.
    pub audio: Option<String>,
    /// `VIDEO`: group of renditions.
    pub video: Option<String>,
    /// `SUBTITLES`: group of renditions.
    pub subtitles: Option<String>,
    /// `CLOSED-CAPTIONS`: group of renditions, or `NONE`.
    pub closed_captions: Option<String>,
    /// `PATHWAY-ID`.
    pub pathway_id: Option<String>,
    /// `NAME` (not in the standard; players show it).
    pub name: Option<String>,
}

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// A rendition (RFC 8216bis, 4.4.6.1).
#[derive(Clone, Debug, PartialEq)]
pub struct Rendition {
    /// `TYPE`.
    pub kind: RenditionKind,
    /// Its media playlist; absolute. Absent where it is muxed into the variant.
    pub uri: Option<Arc<Url>>,
    /// `GROUP-ID`.
    pub group_id: String,
    /// `NAME`.
    pub name: String,
    /// `LANGUAGE`.
    pub language: Option<String>,
    /// `ASSOC-LANGUAGE`.
    pub assoc_language: Option<String>,
    /// `STABLE-RENDITION-ID`.
    pub stable_rendition_id: Option<String>,
    /// `DEFAULT=YES`.
    pub default: bool,
    /// `AUTOSELECT=YES`, which `DEFAULT=YES` implies.
    pub autoselect: bool,
    /// `FORCED=YES`.
    pub forced: bool,
    /// `INSTREAM-ID`.
    pub instream_id: Option<String>,
    /// `BIT-DEPTH`.
    pub bit_depth: Option<u64>,
    /// `SAMPLE-RATE`, Hz.
    pub sample_rate: Option<u64>,
    /// `CHARACTERISTICS`.
    pub characteristics: Option<String>,
    /// `CHANNELS`.
    pub channels: Option<String>,
}

/// `TYPE` of [`Rendition`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RenditionKind {
    /// `AUDIO`.
    Audio,
    /// `VIDEO`.
    Video,
    /// `SUBTITLES`.
    Subtitles,
    /// `CLOSED-CAPTIONS`.
    ClosedCaptions,
}

/// `EXT-X-SESSION-DATA` (RFC 8216bis, 4.4.6.4).
#[derive(Clone, Debug, PartialEq)]
pub struct SessionData {
    /// `DATA-ID`.
    pub id: String,
    /// `VALUE`.
    pub value: Option<String>,
    /// `URI`; absolute.
    pub uri: Option<Arc<Url>>,
    /// `LANGUAGE`.
    pub language: Option<String>,
}

/// `EXT-X-CONTENT-STEERING` (RFC 8216bis, 4.4.6.6). Kept, not followed.
#[derive(Clone, Debug, PartialEq)]
pub struct ContentSteering {
    /// `SERVER-URI`; absolute.
    pub server_uri: Arc<Url>,
    /// `PATHWAY-ID`.
    pub pathway_id: Option<String>,
}
