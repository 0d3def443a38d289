//! Text to [`MediaPlaylist`].

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::SEGMENTS_MAX;
use super::attributes::{self, Attributes, BadDuration};
use super::blemish::{Blemish, Tag};
use super::derive;
use super::error::Error;
use super::lines::{Content, Lines, shorten};
use super::media_playlist::{
    ByteRange, HintKind, Key, Map, MediaPlaylist, Part, PlaylistType, PreloadHint, RenditionReport,
    Segment, Skip,
};
use super::media_tags::{date_range, server_control};
use super::resolve::Resolver;
use super::shared_tags::{self, KeyTag, note, push, unreadable};
use super::variables::{Scope, Variables};

/// The most key formats that are in force at once.
const KEYS_MAX: usize = 16;
/// The shortest target duration: it stands in for zero, which would make players reload without a
/// pause.
const TARGET_MIN: Duration = Duration::from_secs(1);

/// Tags with an attribute list that a media playlist may have.
const KNOWN: [Tag; 11] = [
    "-X-PART",
    "-X-KEY",
    "-X-MAP",
    "-X-DATERANGE",
    "-X-PRELOAD-HINT",
    "-X-RENDITION-REPORT",
    "-X-SERVER-CONTROL",
    "-X-PART-INF",
    "-X-SKIP",
    "-X-DEFINE",
    "-X-START",
];
/// Tags that belong into a multivariant playlist.
const FOREIGN: [Tag; 3] = ["-X-STREAM-INF", "-X-MEDIA", "-X-I-FRAME-STREAM-INF"];

pub(super) fn read(text: &str, base: &Url, imports: &Variables) -> Result<MediaPlaylist, Error> {
    let mut reader = Reader::new(base, imports);
    let mut last_line = 1;
    for line in Lines::new(text) {
        let line = line?;
        last_line = line.number;
        match line.content {
            Content::Tag { name, value } => reader.tag(name, value, line.number)?,
            Content::Uri(uri) => reader.uri(uri, line.number)?,
        }
    }
    if reader.next.has_inf {
        let within = "a segment";
        shared_tags::dangling(text, last_line, within, &mut reader.list.blemishes)?;
    }
    reader.finish(last_line)
}

/// What tags said of the segment that comes next.
#[derive(Default)]
struct Next {
    has_inf: bool,
    duration: Option<Duration>,
    range: Option<(u64, Option<u64>, u32)>,
    date_ms: Option<i64>,
    discontinuity: bool,
    gap: bool,
    parts: Vec<Part>,
}

struct Reader<'a> {
    list: MediaPlaylist,
    scope: Scope<'a>,
    resolver: Resolver<'a>,
    next: Next,
    map: Option<Arc<Map>>,
    keys: Option<Arc<[Key]>>,
    bitrate: Option<u64>,
    /// Where the last byte range ended, and of what: the next may continue there.
    range_end: Option<(Arc<Url>, u64)>,
    part_range_end: Option<(Arc<Url>, u64)>,
    target: Option<Duration>,
    /// Segments without a duration of their own.
    untimed: Vec<usize>,
    parts_total: usize,
    /// How many segments stand before the first `EXT-X-KEY:METHOD=NONE`.
    before_clear: Option<usize>,
    date_range_ids: BTreeMap<String, usize>,
}

impl<'a> Reader<'a> {
    fn new(base: &'a Url, imports: &'a Variables) -> Self {
        Self {
            list: MediaPlaylist::default(),
            scope: Scope::new(imports, base),
            resolver: Resolver::new(base),
            next: Next::default(),
            map: None,
            keys: None,
            bitrate: None,
            range_end: None,
            part_range_end: None,
            target: None,
            untimed: Vec::new(),
            parts_total: 0,
            before_clear: None,
            date_range_ids: BTreeMap::new(),
        }
    }

    fn tag(&mut self, name: &str, value: &str, line: u32) -> Result<(), Error> {
        match name {
            "INF" => self.inf(value, line)?,
            "-X-BYTERANGE" => match attributes::range(value) {
                Some((length, offset)) => self.next.range = Some((length, offset, line)),
                None => self.note(unreadable(line, "-X-BYTERANGE")),
            },
            "-X-PROGRAM-DATE-TIME" => match attributes::date_ms(value) {
                Some(date_ms) => self.next.date_ms = Some(date_ms),
                None => self.note(unreadable(line, "-X-PROGRAM-DATE-TIME")),
            },
            "-X-DISCONTINUITY" => self.next.discontinuity = true,
            "-X-GAP" => self.next.gap = true,
            "-X-BITRATE" => match attributes::integer(value) {
                Some(kbit) => self.bitrate = kbit.checked_mul(1000),
                None => self.note(unreadable(line, "-X-BITRATE")),
            },
            "-X-TARGETDURATION" => self.target_duration(value, line),
            "-X-MEDIA-SEQUENCE" => {
                self.list.media_sequence = self.number(value, line, "-X-MEDIA-SEQUENCE")?;
            }
            "-X-DISCONTINUITY-SEQUENCE" => {
                let tag = "-X-DISCONTINUITY-SEQUENCE";
                self.list.discontinuity_sequence = self.number(value, line, tag)?;
            }
            "-X-ENDLIST" => self.list.ended = true,
            "-X-I-FRAMES-ONLY" => self.list.iframes_only = true,
            "-X-INDEPENDENT-SEGMENTS" => self.list.independent_segments = true,
            "-X-PLAYLIST-TYPE" => match value {
                "VOD" => self.list.kind = Some(PlaylistType::Vod),
                "EVENT" => self.list.kind = Some(PlaylistType::Event),
                _ => self.note(unreadable(line, "-X-PLAYLIST-TYPE")),
            },
            "-X-VERSION" => match shared_tags::version(value) {
                Some(version) => self.list.version = Some(version),
                None => self.note(unreadable(line, "-X-VERSION")),
            },
            _ => self.tag_with_attributes(name, value, line)?,
        }
        Ok(())
    }

    fn tag_with_attributes(&mut self, name: &str, value: &str, line: u32) -> Result<(), Error> {
        let Some(tag) = KNOWN.into_iter().find(|tag| *tag == name) else {
            let foreign = FOREIGN.into_iter().find(|tag| *tag == name);
            if let Some(tag) = foreign {
                self.note(Blemish::Misplaced { line, tag });
            }
            return Ok(());
        };
        let attributes = Attributes::read(value, line, &mut self.scope)?;
        let is_complete = match tag {
            "-X-MAP" => self.map(&attributes, line)?,
            "-X-KEY" => self.key(&attributes, line)?,
            "-X-PART" => self.part(&attributes, line)?,
            "-X-PRELOAD-HINT" => self.preload_hint(&attributes, line)?,
            "-X-RENDITION-REPORT" => self.rendition_report(&attributes, line)?,
            "-X-SKIP" => self.skip(&attributes)?,
            "-X-DATERANGE" => self.date_range(&attributes)?,
            "-X-DEFINE" => self.scope.define(&attributes, line).map(|()| true)?,
            "-X-SERVER-CONTROL" => {
                self.list.server_control = Some(server_control(&attributes));
                true
            }
            "-X-PART-INF" => {
                self.list.part_target = attributes.duration("PART-TARGET");
                self.list.part_target.is_some()
            }
            _ => {
                self.list.start = shared_tags::start(&attributes);
                self.list.start.is_some()
            }
        };
        if !is_complete {
            self.note(Blemish::Incomplete { line, tag });
        }
        Ok(())
    }

    fn note(&mut self, blemish: Blemish) {
        note(&mut self.list.blemishes, blemish);
    }

    /// `EXTINF` (4.4.4.1): a duration, and a title after a comma that may be missing.
    fn inf(&mut self, value: &str, line: u32) -> Result<(), Error> {
        self.next.has_inf = true;
        let seconds = value.split_once(',').map_or(value, |(seconds, _)| seconds);
        match attributes::duration(seconds) {
            Ok(duration) => self.next.duration = Some(duration),
            // The URI notes that it has no duration.
            Err(BadDuration::Unreadable) => self.next.duration = None,
            Err(BadDuration::Impossible(why)) => return Err(impossible(line, "INF", seconds, why)),
        }
        Ok(())
    }

    fn target_duration(&mut self, value: &str, line: u32) {
        match attributes::duration(value) {
            Ok(Duration::ZERO) => {
                self.note(Blemish::ZeroTargetDuration);
                self.target = Some(TARGET_MIN);
            }
            Ok(target) => self.target = Some(target),
            Err(_) => self.note(unreadable(line, "-X-TARGETDURATION")),
        }
    }

    /// An integer that is zero where it is absent or no number (as in hls.js and video.js), but
    /// may not be too large to count from.
    fn number(&mut self, value: &str, line: u32, tag: Tag) -> Result<u64, Error> {
        let value = value.trim();
        if let Some(number) = attributes::integer(value) {
            return Ok(number);
        }
        if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(impossible(line, tag, value, "more than 64 bits"));
        }
        self.note(unreadable(line, tag));
        Ok(0)
    }

    fn map(&mut self, attributes: &Attributes<'_>, line: u32) -> Result<bool, Error> {
        let Some(uri) = attributes.get("URI") else {
            return Ok(false);
        };
        let uri = self.resolver.resolve(uri, line)?;
        let byte_range = match attributes.get("BYTERANGE").and_then(attributes::range) {
            // Without an offset it begins at the beginning (4.4.4.5).
            Some((length, offset)) => {
                Some(byte_range(offset.unwrap_or(0), length, line, "-X-MAP")?)
            }
            None => None,
        };
        self.map = Some(Arc::new(Map { uri, byte_range }));
        Ok(true)
    }

    /// A key replaces the one of the same format (4.4.4.4); `NONE` ends all of them.
    fn key(&mut self, attributes: &Attributes<'_>, line: u32) -> Result<bool, Error> {
        let key = shared_tags::key(attributes, &mut self.resolver, line)?;
        let key = match key {
            KeyTag::Incomplete => return Ok(false),
            KeyTag::Clear => {
                self.before_clear.get_or_insert(self.list.segments.len());
                self.keys = None;
                return Ok(true);
            }
            KeyTag::Key(key) => key,
        };
        if let Some(keys) = key.added_to(self.keys.as_deref().unwrap_or_default()) {
            if keys.len() > KEYS_MAX {
                return Err(Error::TooLarge {
                    what: "key formats at once",
                    limit: KEYS_MAX,
                });
            }
            self.keys = Some(keys.into());
        }
        Ok(true)
    }

    fn part(&mut self, attributes: &Attributes<'_>, line: u32) -> Result<bool, Error> {
        let (Some(uri), Some(duration)) = (attributes.get("URI"), attributes.duration("DURATION"))
        else {
            return Ok(false);
        };
        self.parts_total += 1;
        if self.parts_total > SEGMENTS_MAX {
            return Err(Error::TooLarge {
                what: "parts",
                limit: SEGMENTS_MAX,
            });
        }
        let uri = self.resolver.resolve(uri, line)?;
        let byte_range = match attributes.get("BYTERANGE").and_then(attributes::range) {
            Some((length, offset)) => {
                let offset = offset.unwrap_or_else(|| end_of(self.part_range_end.as_ref()));
                Some(byte_range(offset, length, line, "-X-PART")?)
            }
            None => None,
        };
        self.part_range_end = byte_range.map(|range| (Arc::clone(&uri), range.end()));
        self.next.parts.push(Part {
            uri,
            duration,
            offset: Duration::ZERO,
            byte_range,
            independent: attributes.yes("INDEPENDENT"),
            gap: attributes.yes("GAP"),
        });
        Ok(true)
    }

    fn preload_hint(&mut self, attributes: &Attributes<'_>, line: u32) -> Result<bool, Error> {
        let kind = match attributes.get("TYPE") {
            Some("PART") => HintKind::Part,
            Some("MAP") => HintKind::Map,
            _ => return Ok(false),
        };
        let Some(uri) = attributes.get("URI") else {
            return Ok(false);
        };
        let hint = PreloadHint {
            kind,
            uri: self.resolver.resolve(uri, line)?,
            start: attributes.integer("BYTERANGE-START").unwrap_or(0),
            length: attributes.integer("BYTERANGE-LENGTH"),
        };
        push(&mut self.list.preload_hints, hint, "preload hints")?;
        Ok(true)
    }

    fn rendition_report(&mut self, attributes: &Attributes<'_>, line: u32) -> Result<bool, Error> {
        let Some(uri) = attributes.get("URI") else {
            return Ok(false);
        };
        let report = RenditionReport {
            uri: self.resolver.resolve(uri, line)?,
            last_msn: attributes.integer("LAST-MSN"),
            last_part: attributes.integer("LAST-PART"),
        };
        push(
            &mut self.list.rendition_reports,
            report,
            "rendition reports",
        )?;
        Ok(true)
    }

    fn skip(&mut self, attributes: &Attributes<'_>) -> Result<bool, Error> {
        let Some(segments) = attributes.integer("SKIPPED-SEGMENTS") else {
            return Ok(false);
        };
        if segments > SEGMENTS_MAX as u64 {
            return Err(too_many_segments());
        }
        let removed = attributes.get("RECENTLY-REMOVED-DATERANGES").unwrap_or("");
        let ids = removed.split('\t').filter(|id| !id.is_empty());
        self.list.skip = Some(Skip {
            segments,
            removed_date_ranges: ids.map(str::to_owned).collect(),
            before_clear: 0,
        });
        Ok(true)
    }

    /// A later tag with the same ID completes the earlier one (4.4.5.1).
    fn date_range(&mut self, attributes: &Attributes<'_>) -> Result<bool, Error> {
        let Some(id) = attributes.get("ID") else {
            return Ok(false);
        };
        let read = date_range(attributes);
        if let Some(known) = self.date_range_ids.get(id) {
            if let Some(range) = self.list.date_ranges.get_mut(*known) {
                range.complete(read);
            }
            return Ok(true);
        }
        let place = self.list.date_ranges.len();
        push(&mut self.list.date_ranges, read, "date ranges")?;
        self.date_range_ids.insert(id.to_owned(), place);
        Ok(true)
    }

    fn uri(&mut self, reference: &str, line: u32) -> Result<(), Error> {
        let next = mem::take(&mut self.next);
        let reference = self.scope.substitute(reference, line)?;
        let uri = self.resolver.resolve(&reference, line)?;
        let byte_range = self.segment_range(next.range, &uri)?;
        if next.duration.is_none() {
            self.note(Blemish::NoDuration { line });
            self.untimed.push(self.list.segments.len());
        }
        let segment = Segment {
            uri,
            duration: next.duration.unwrap_or_default(),
            offset: Duration::ZERO,
            byte_range,
            map: self.map.clone(),
            keys: self.keys.clone(),
            program_date_time_ms: next.date_ms,
            pdt_is_derived: false,
            discontinuity: next.discontinuity,
            discontinuity_sequence: 0,
            gap: next.gap,
            bitrate: self.bitrate,
            parts: next.parts.into_boxed_slice(),
        };
        if self.list.segments.len() >= SEGMENTS_MAX {
            return Err(too_many_segments());
        }
        self.list.segments.push(segment);
        Ok(())
    }

    fn segment_range(
        &mut self,
        range: Option<(u64, Option<u64>, u32)>,
        uri: &Arc<Url>,
    ) -> Result<Option<ByteRange>, Error> {
        let Some((length, offset, line)) = range else {
            self.range_end = None;
            return Ok(None);
        };
        if offset.is_none() && !follows(self.range_end.as_ref(), uri) {
            self.note(Blemish::NoRangeToFollow { line });
        }
        let offset = offset.unwrap_or_else(|| end_of(self.range_end.as_ref()));
        let range = byte_range(offset, length, line, "-X-BYTERANGE")?;
        self.range_end = Some((Arc::clone(uri), range.end()));
        Ok(Some(range))
    }

    fn finish(mut self, last_line: u32) -> Result<MediaPlaylist, Error> {
        self.list.parts = mem::take(&mut self.next.parts);
        if let Some(skip) = &mut self.list.skip {
            skip.before_clear = self.before_clear.unwrap_or(self.list.segments.len());
        }
        if self.target.is_none() {
            self.note(Blemish::NoTargetDuration);
        }
        self.list.target_duration = self.target.unwrap_or_else(|| stand_in(&self.list));
        for index in mem::take(&mut self.untimed) {
            if let Some(segment) = self.list.segments.get_mut(index) {
                segment.duration = self.list.target_duration;
            }
        }
        let segments = self.list.segments.len() as u64 + self.list.skipped();
        if segments > SEGMENTS_MAX as u64 {
            return Err(too_many_segments());
        }
        if self.list.media_sequence.checked_add(segments).is_none() {
            let value = self.list.media_sequence.to_string();
            let why = "the last segment's number has more than 64 bits";
            return Err(impossible(last_line, "-X-MEDIA-SEQUENCE", &value, why));
        }
        derive::settle(&mut self.list);
        Ok(self.list)
    }
}

impl ByteRange {
    /// The first byte after it.
    pub const fn end(self) -> u64 {
        self.offset + self.length
    }
}

fn byte_range(offset: u64, length: u64, line: u32, tag: Tag) -> Result<ByteRange, Error> {
    if offset.checked_add(length).is_none() {
        let value = format!("{length}@{offset}");
        return Err(impossible(line, tag, &value, "it ends beyond 64 bits"));
    }
    Ok(ByteRange { offset, length })
}

/// Whether a range of `uri` may continue the one before: only within one resource (4.4.4.2).
fn follows(end: Option<&(Arc<Url>, u64)>, uri: &Arc<Url>) -> bool {
    end.is_some_and(|(of, _)| of == uri)
}

/// Where the range before ended. Players carry on there whatever the resource.
fn end_of(end: Option<&(Arc<Url>, u64)>) -> u64 {
    end.map_or(0, |(_, end)| *end)
}

/// The target duration of a list that states none: its longest segment, rounded as the standard
/// rounds (4.4.3.1).
fn stand_in(list: &MediaPlaylist) -> Duration {
    let longest = list.segments.iter().map(|segment| segment.duration).max();
    let rounded = longest.map(|longest| Duration::from_secs(longest.as_secs_f64().round() as u64));
    rounded.unwrap_or_default().max(TARGET_MIN)
}

fn too_many_segments() -> Error {
    Error::TooLarge {
        what: "segments",
        limit: SEGMENTS_MAX,
    }
}

fn impossible(line: u32, tag: Tag, value: &str, why: &'static str) -> Error {
    Error::Impossible {
        line,
        tag,
        value: shorten(value),
        why,
    }
}
