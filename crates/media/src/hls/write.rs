//! Playlists to text: what [`super::parse`] reads back as the same playlist, blemishes apart.
//!
//! URIs are written absolute. Derived dates, and titles of segments, are not written.

use std::fmt::{self, Display, Formatter, Write as _};
use std::time::Duration;

use jiff::Timestamp;

use super::Playlist;
use super::media_playlist::{
    ByteRange, DateRange, HintKind, Key, KeyMethod, MediaPlaylist, Part, PlaylistType, PreloadHint,
    RenditionReport, Segment, ServerControl, Skip, Start, StartFrom,
};
use super::multivariant::{Multivariant, Rendition, RenditionKind, Variant};

impl Display for Playlist {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Multivariant(list) => list.fmt(f),
            Self::Media(list) => list.fmt(f),
        }
    }
}

impl Display for MediaPlaylist {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        head(f, self)?;
        let mut before: Option<&Segment> = None;
        for segment in &self.segments {
            write_segment(f, before, segment)?;
            before = Some(segment);
        }
        self.parts.iter().try_for_each(|part| write_part(f, part))?;
        self.preload_hints
            .iter()
            .try_for_each(|it| write_hint(f, it))?;
        let mut reports = self.rendition_reports.iter();
        reports.try_for_each(|report| write_report(f, report))?;
        if self.ended {
            writeln!(f, "#EXT-X-ENDLIST")?;
        }
        Ok(())
    }
}

fn head(f: &mut Formatter<'_>, list: &MediaPlaylist) -> fmt::Result {
    writeln!(f, "#EXTM3U")?;
    if let Some(version) = list.version {
        writeln!(f, "#EXT-X-VERSION:{version}")?;
    }
    if list.independent_segments {
        writeln!(f, "#EXT-X-INDEPENDENT-SEGMENTS")?;
    }
    if let Some(start) = &list.start {
        write_start(f, start)?;
    }
    writeln!(f, "#EXT-X-TARGETDURATION:{}", Seconds(list.target_duration))?;
    if let Some(control) = &list.server_control {
        write_server_control(f, control)?;
    }
    if let Some(target) = list.part_target {
        writeln!(f, "#EXT-X-PART-INF:PART-TARGET={}", Seconds(target))?;
    }
    writeln!(f, "#EXT-X-MEDIA-SEQUENCE:{}", list.media_sequence)?;
    if list.discontinuity_sequence > 0 {
        let sequence = list.discontinuity_sequence;
        writeln!(f, "#EXT-X-DISCONTINUITY-SEQUENCE:{sequence}")?;
    }
    match list.kind {
        Some(PlaylistType::Vod) => writeln!(f, "#EXT-X-PLAYLIST-TYPE:VOD")?,
        Some(PlaylistType::Event) => writeln!(f, "#EXT-X-PLAYLIST-TYPE:EVENT")?,
        None => {}
    }
    if list.iframes_only {
        writeln!(f, "#EXT-X-I-FRAMES-ONLY")?;
    }
    if let Some(skip) = &list.skip {
        write_skip(f, skip)?;
    }
    let mut ranges = list.date_ranges.iter();
    ranges.try_for_each(|range| write_date_range(f, range))
}

fn write_segment(f: &mut Formatter<'_>, before: Option<&Segment>, it: &Segment) -> fmt::Result {
    if it.discontinuity {
        writeln!(f, "#EXT-X-DISCONTINUITY")?;
    }
    write_keys(f, before, it)?;
    if let Some(map) = &it.map
        && before.is_none_or(|before| before.map.as_ref() != Some(map))
    {
        let range = map.byte_range.map(Range);
        Line::new("-X-MAP")
            .quoted("URI", Some(&map.uri))
            .quoted("BYTERANGE", range)
            .end(f)?;
    }
    if let Some(bitrate) = it.bitrate
        && before.is_none_or(|before| before.bitrate != Some(bitrate))
    {
        writeln!(f, "#EXT-X-BITRATE:{}", bitrate / 1000)?;
    }
    if let Some(date) = it
        .program_date_time_ms
        .filter(|_| !it.pdt_is_derived)
        .and_then(date)
    {
        writeln!(f, "#EXT-X-PROGRAM-DATE-TIME:{date}")?;
    }
    it.parts.iter().try_for_each(|part| write_part(f, part))?;
    if it.gap {
        writeln!(f, "#EXT-X-GAP")?;
    }
    writeln!(f, "#EXTINF:{},", Seconds(it.duration))?;
    if let Some(range) = it.byte_range {
        writeln!(f, "#EXT-X-BYTERANGE:{}", Range(range))?;
    }
    writeln!(f, "{}", Clean(&it.uri))
}

fn write_keys(f: &mut Formatter<'_>, before: Option<&Segment>, it: &Segment) -> fmt::Result {
    let known = before.and_then(|before| before.keys.as_ref());
    if known == it.keys.as_ref() {
        return Ok(());
    }
    if known.is_some() {
        writeln!(f, "#EXT-X-KEY:METHOD=NONE")?;
    }
    let mut keys = it.keys.iter().flat_map(|keys| keys.iter());
    keys.try_for_each(|key| write_key(f, "-X-KEY", key))
}

fn write_key(f: &mut Formatter<'_>, tag: &'static str, key: &Key) -> fmt::Result {
    let method = match &key.method {
        KeyMethod::Aes128 => "AES-128",
        KeyMethod::SampleAes => "SAMPLE-AES",
        KeyMethod::SampleAesCtr => "SAMPLE-AES-CTR",
        KeyMethod::Other(other) => other,
    };
    Line::new(tag)
        .word("METHOD", Some(method))
        .quoted("URI", Some(&key.uri))
        .plain("IV", key.iv.map(|iv| format!("0x{iv:032x}")))
        .quoted("KEYFORMAT", key.format.as_ref())
        .quoted("KEYFORMATVERSIONS", key.format_versions.as_ref())
        .end(f)
}

fn write_part(f: &mut Formatter<'_>, part: &Part) -> fmt::Result {
    Line::new("-X-PART")
        .plain("DURATION", Some(Seconds(part.duration)))
        .quoted("URI", Some(&part.uri))
        .quoted("BYTERANGE", part.byte_range.map(Range))
        .yes("INDEPENDENT", part.independent)
        .yes("GAP", part.gap)
        .end(f)
}

fn write_hint(f: &mut Formatter<'_>, hint: &PreloadHint) -> fmt::Result {
    let kind = match hint.kind {
        HintKind::Part => "PART",
        HintKind::Map => "MAP",
    };
    Line::new("-X-PRELOAD-HINT")
        .plain("TYPE", Some(kind))
        .quoted("URI", Some(&hint.uri))
        .plain(
            "BYTERANGE-START",
            Some(hint.start).filter(|start| *start > 0),
        )
        .plain("BYTERANGE-LENGTH", hint.length)
        .end(f)
}

fn write_report(f: &mut Formatter<'_>, report: &RenditionReport) -> fmt::Result {
    Line::new("-X-RENDITION-REPORT")
        .quoted("URI", Some(&report.uri))
        .plain("LAST-MSN", report.last_msn)
        .plain("LAST-PART", report.last_part)
        .end(f)
}

fn write_start(f: &mut Formatter<'_>, start: &Start) -> fmt::Result {
    let offset = match start.from {
        StartFrom::Beginning(offset) => format!("{}", Seconds(offset)),
        StartFrom::End(offset) => format!("-{}", Seconds(offset)),
    };
    Line::new("-X-START")
        .plain("TIME-OFFSET", Some(offset))
        .yes("PRECISE", start.precise)
        .end(f)
}

fn write_server_control(f: &mut Formatter<'_>, control: &ServerControl) -> fmt::Result {
    Line::new("-X-SERVER-CONTROL")
        .yes("CAN-BLOCK-RELOAD", control.can_block_reload)
        .plain("CAN-SKIP-UNTIL", control.can_skip_until.map(Seconds))
        .yes("CAN-SKIP-DATERANGES", control.can_skip_date_ranges)
        .plain("HOLD-BACK", control.hold_back.map(Seconds))
        .plain("PART-HOLD-BACK", control.part_hold_back.map(Seconds))
        .end(f)
}

fn write_skip(f: &mut Formatter<'_>, skip: &Skip) -> fmt::Result {
    let removed = Clean(skip.removed_date_ranges.join("\t")).to_string();
    Line::new("-X-SKIP")
        .plain("SKIPPED-SEGMENTS", Some(skip.segments))
        .quoted(
            "RECENTLY-REMOVED-DATERANGES",
            Some(removed).filter(|removed| !removed.is_empty()),
        )
        .end(f)
}

fn write_date_range(f: &mut Formatter<'_>, range: &DateRange) -> fmt::Result {
    let mut line = Line::new("-X-DATERANGE")
        .quoted("ID", Some(&range.id))
        .quoted("CLASS", range.class.as_ref())
        .quoted("START-DATE", range.start_ms.and_then(date))
        .quoted("END-DATE", range.end_ms.and_then(date))
        .plain("DURATION", range.duration.map(Seconds))
        .plain("PLANNED-DURATION", range.planned_duration.map(Seconds))
        .yes("END-ON-NEXT", range.end_on_next);
    for (name, value) in &range.other {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if !name.is_empty() && name.bytes().all(is_name) {
            line = line.word(name, Some(value.as_str()));
        }
    }
    line.end(f)
}

impl Display for Multivariant {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "#EXTM3U")?;
        if let Some(version) = self.version {
            writeln!(f, "#EXT-X-VERSION:{version}")?;
        }
        for (name, value) in self.variables.iter() {
            let line = Line::new("-X-DEFINE").quoted("NAME", Some(name));
            line.quoted("VALUE", Some(value)).end(f)?;
        }
        if self.independent_segments {
            writeln!(f, "#EXT-X-INDEPENDENT-SEGMENTS")?;
        }
        if let Some(start) = &self.start {
            write_start(f, start)?;
        }
        if let Some(steering) = &self.content_steering {
            Line::new("-X-CONTENT-STEERING")
                .quoted("SERVER-URI", Some(&steering.server_uri))
                .quoted("PATHWAY-ID", steering.pathway_id.as_ref())
                .end(f)?;
        }
        for data in &self.session_data {
            Line::new("-X-SESSION-DATA")
                .quoted("DATA-ID", Some(&data.id))
                .quoted("VALUE", data.value.as_ref())
                .quoted("URI", data.uri.as_ref())
                .quoted("LANGUAGE", data.language.as_ref())
                .end(f)?;
        }
        let mut keys = self.session_keys.iter();
        keys.try_for_each(|key| write_key(f, "-X-SESSION-KEY", key))?;
        self.renditions
            .iter()
            .try_for_each(|it| write_rendition(f, it))?;
        for variant in &self.variants {
            variant_line("-X-STREAM-INF", variant).end(f)?;
            writeln!(f, "{}", Clean(&variant.uri))?;
        }
        for variant in &self.iframes {
            let line = variant_line("-X-I-FRAME-STREAM-INF", variant);
            line.quoted("URI", Some(&variant.uri)).end(f)?;
        }
        Ok(())
    }
}

fn variant_line(tag: &'static str, variant: &Variant) -> Line {
    let resolution = variant
        .resolution
        .map(|it| format!("{}x{}", it.width, it.height));
    Line::new(tag)
        .plain("BANDWIDTH", Some(variant.bandwidth))
        .plain("AVERAGE-BANDWIDTH", variant.average_bandwidth)
        .plain("SCORE", variant.score)
        .quoted("CODECS", variant.codecs.as_ref())
        .quoted("SUPPLEMENTAL-CODECS", variant.supplemental_codecs.as_ref())
        .plain("RESOLUTION", resolution)
        .plain("FRAME-RATE", variant.frame_rate)
        .word("HDCP-LEVEL", variant.hdcp_level.as_deref())
        .quoted("ALLOWED-CPC", variant.allowed_cpc.as_ref())
        .word("VIDEO-RANGE", variant.video_range.as_deref())
        .quoted("REQ-VIDEO-LAYOUT", variant.req_video_layout.as_ref())
        .quoted("STABLE-VARIANT-ID", variant.stable_variant_id.as_ref())
        .quoted("AUDIO", variant.audio.as_ref())
        .quoted("VIDEO", variant.video.as_ref())
        .quoted("SUBTITLES", variant.subtitles.as_ref())
        .word("CLOSED-CAPTIONS", variant.closed_captions.as_deref())
        .quoted("PATHWAY-ID", variant.pathway_id.as_ref())
        .quoted("NAME", variant.name.as_ref())
}

fn write_rendition(f: &mut Formatter<'_>, it: &Rendition) -> fmt::Result {
    let kind = match it.kind {
        RenditionKind::Audio => "AUDIO",
        RenditionKind::Video => "VIDEO",
        RenditionKind::Subtitles => "SUBTITLES",
        RenditionKind::ClosedCaptions => "CLOSED-CAPTIONS",
    };
    Line::new("-X-MEDIA")
        .plain("TYPE", Some(kind))
        .quoted("GROUP-ID", Some(&it.group_id))
        .quoted("NAME", Some(&it.name))
        .quoted("LANGUAGE", it.language.as_ref())
        .quoted("ASSOC-LANGUAGE", it.assoc_language.as_ref())
        .quoted("STABLE-RENDITION-ID", it.stable_rendition_id.as_ref())
        .yes("DEFAULT", it.default)
        .yes("AUTOSELECT", it.autoselect)
        .yes("FORCED", it.forced)
        .quoted("INSTREAM-ID", it.instream_id.as_ref())
        .plain("BIT-DEPTH", it.bit_depth)
        .plain("SAMPLE-RATE", it.sample_rate)
        .quoted("CHARACTERISTICS", it.characteristics.as_ref())
        .quoted("CHANNELS", it.channels.as_ref())
        .quoted("URI", it.uri.as_ref())
        .end(f)
}

/// A tag with an attribute list; absent attributes are left out.
struct Line {
    text: String,
    has_attributes: bool,
}

impl Line {
    fn new(tag: &str) -> Self {
        Self {
            text: format!("#EXT{tag}:"),
            has_attributes: false,
        }
    }

    fn plain<T: Display>(mut self, name: &str, value: Option<T>) -> Self {
        if let Some(value) = value {
            let comma = if self.has_attributes { "," } else { "" };
            self.has_attributes = true;
            // Writing to a string does not fail.
            let _ = write!(self.text, "{comma}{name}={value}");
        }
        self
    }

    fn quoted<T: Display>(self, name: &str, value: Option<T>) -> Self {
        self.plain(name, value.map(|value| format!("\"{}\"", Clean(value))))
    }

    /// An enumerated or hexadecimal value, or in quotes where it can't be one.
    fn word(self, name: &str, value: Option<&str>) -> Self {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/:".contains(&byte);
        let Some(word) = value.map(|word| Clean(word).to_string()) else {
            return self;
        };
        if !word.is_empty() && word.bytes().all(is_plain) {
            self.plain(name, Some(word))
        } else {
            self.quoted(name, Some(word))
        }
    }

    fn yes(self, name: &str, is_set: bool) -> Self {
        self.plain(name, is_set.then_some("YES"))
    }

    fn end(self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)
    }
}

/// Decimal seconds, exact.
struct Seconds(Duration);

impl Display for Seconds {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:09}", self.0.as_secs(), self.0.subsec_nanos());
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

struct Range(ByteRange);

impl Display for Range {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.0.length, self.0.offset)
    }
}

fn date(unix_ms: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(unix_ms).ok()
}

/// Text without what would end a quoted string or a line, or read as a variable.
struct Clean<T>(T);

impl<T: Display> Display for Clean<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let is_reference = text.contains("{$");
        let is_foul = |c: char| matches!(c, '\r' | '\n') || (is_reference && c == '{');
        if text.contains(is_foul) || text.contains('"') {
            // A URL may hold a quotation mark, even as its host; escaped, it is the same URL.
            f.write_str(&text.replace(is_foul, "").replace('"', "%22"))
        } else {
            f.write_str(&text)
        }
    }
}
