//! Text to [`Multivariant`].

use url::Url;

use super::attributes::Attributes;
use super::blemish::{Blemish, Tag};
use super::error::Error;
use super::lines::{Content, Lines};
use super::multivariant::{
    ContentSteering, Multivariant, Rendition, RenditionKind, Resolution, SessionData, Variant,
};
use super::resolve::Resolver;
use super::shared_tags::{self, KeyTag, note, push, unreadable};
use super::variables::{Scope, Variables};

/// Tags with an attribute list that a multivariant playlist may have.
const KNOWN: [Tag; 8] = [
    "-X-STREAM-INF",
    "-X-MEDIA",
    "-X-I-FRAME-STREAM-INF",
    "-X-SESSION-KEY",
    "-X-SESSION-DATA",
    "-X-CONTENT-STEERING",
    "-X-DEFINE",
    "-X-START",
];

pub(super) fn read(text: &str, base: &Url, imports: &Variables) -> Result<Multivariant, Error> {
    let mut reader = Reader {
        list: Multivariant::default(),
        scope: Scope::new(imports, base),
        resolver: Resolver::new(base),
        stream_inf: None,
    };
    let mut last_line = 1;
    for line in Lines::new(text) {
        let line = line?;
        last_line = line.number;
        match line.content {
            Content::Tag { name, value } => reader.tag(name, value, line.number)?,
            Content::Uri(uri) => reader.uri(uri, line.number)?,
        }
    }
    if reader.stream_inf.is_some() {
        let within = "a variant";
        shared_tags::dangling(text, last_line, within, &mut reader.list.blemishes)?;
    }
    reader.list.variables = reader.scope.defined;
    Ok(reader.list)
}

struct Reader<'a> {
    list: Multivariant,
    scope: Scope<'a>,
    resolver: Resolver<'a>,
    /// The last `EXT-X-STREAM-INF`, until its URI comes.
    stream_inf: Option<Attributes<'a>>,
}

impl<'a> Reader<'a> {
    fn tag(&mut self, name: &str, value: &'a str, line: u32) -> Result<(), Error> {
        match name {
            "-X-INDEPENDENT-SEGMENTS" => self.list.independent_segments = true,
            "-X-VERSION" => match shared_tags::version(value) {
                Some(version) => self.list.version = Some(version),
                None => self.note(unreadable(line, "-X-VERSION")),
            },
            "INF" | "-X-PART" => self.note(Blemish::Misplaced { line, tag: "INF" }),
            _ => self.tag_with_attributes(name, value, line)?,
        }
        Ok(())
    }

    fn tag_with_attributes(&mut self, name: &str, value: &'a str, line: u32) -> Result<(), Error> {
        let Some(tag) = KNOWN.into_iter().find(|tag| *tag == name) else {
            return Ok(());
        };
        let attributes = Attributes::read(value, line, &mut self.scope)?;
        let is_complete = match tag {
            "-X-STREAM-INF" => {
                let is_complete = attributes.integer("BANDWIDTH").is_some();
                self.stream_inf = Some(attributes);
                is_complete
            }
            "-X-MEDIA" => self.media(&attributes, line)?,
            "-X-I-FRAME-STREAM-INF" => self.iframes(&attributes, line)?,
            "-X-SESSION-KEY" => self.session_key(&attributes, line)?,
            "-X-SESSION-DATA" => self.session_data(&attributes, line)?,
            "-X-CONTENT-STEERING" => self.content_steering(&attributes, line)?,
            "-X-DEFINE" => self.scope.define(&attributes, line).map(|()| true)?,
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

    fn uri(&mut self, reference: &str, line: u32) -> Result<(), Error> {
        let Some(attributes) = self.stream_inf.take() else {
            self.note(Blemish::StrayUri { line });
            return Ok(());
        };
        let reference = self.scope.substitute(reference, line)?;
        let variant = self.variant(&attributes, &reference, line)?;
        push(&mut self.list.variants, variant, "variants")
    }

    fn variant(
        &mut self,
        attributes: &Attributes<'_>,
        reference: &str,
        line: u32,
    ) -> Result<Variant, Error> {
        Ok(Variant {
            uri: self.resolver.resolve(reference, line)?,
            bandwidth: attributes.integer("BANDWIDTH").unwrap_or(0),
            average_bandwidth: attributes.integer("AVERAGE-BANDWIDTH"),
            score: attributes.float("SCORE"),
            codecs: attributes.string("CODECS"),
            supplemental_codecs: attributes.string("SUPPLEMENTAL-CODECS"),
            resolution: attributes.get("RESOLUTION").and_then(resolution),
            frame_rate: attributes.float("FRAME-RATE"),
            hdcp_level: attributes.string("HDCP-LEVEL"),
            allowed_cpc: attributes.string("ALLOWED-CPC"),
            video_range: attributes.string("VIDEO-RANGE"),
            req_video_layout: attributes.string("REQ-VIDEO-LAYOUT"),
            stable_variant_id: attributes.string("STABLE-VARIANT-ID"),
            audio: attributes.string("AUDIO"),
            video: attributes.string("VIDEO"),
            subtitles: attributes.string("SUBTITLES"),
            closed_captions: attributes.string("CLOSED-CAPTIONS"),
            pathway_id: attributes.string("PATHWAY-ID"),
            name: attributes.string("NAME"),
        })
    }

    fn iframes(&mut self, attributes: &Attributes<'_>, line: u32) -> Result<bool, Error> {
        let Some(uri) = attributes.get("URI") else {
            return Ok(false);
        };
        let variant = self.variant(attributes, uri, line)?;
        push(&mut self.list.iframes, variant, "I-frame variants")?;
        Ok(true)
    }

    fn media(&mut self, attributes: &Attributes<'_>, line: u32) -> Result<bool, Error> {
        let kind = match attributes.get("TYPE") {
            Some("AUDIO") => RenditionKind::Audio,
            Some("VIDEO") => RenditionKind::Video,
            Some("SUBTITLES") => RenditionKind::Subtitles,
            Some("CLOSED-CAPTIONS") => RenditionKind::ClosedCaptions,
            _ => return Ok(false),
        };
        let Some(group_id) = attributes.string("GROUP-ID") else {
            return Ok(false);
        };
        let uri = attributes.get("URI");
        let uri = uri
            .map(|uri| self.resolver.resolve(uri, line))
            .transpose()?;
        let default = attributes.yes("DEFAULT");
        let rendition = Rendition {
            kind,
            uri,
            group_id,
            name: attributes.string("NAME").unwrap_or_default(),
            language: attributes.string("LANGUAGE"),
            assoc_language: attributes.string("ASSOC-LANGUAGE"),
            stable_rendition_id: attributes.string("STABLE-RENDITION-ID"),
            default,
            autoselect: default || attributes.yes("AUTOSELECT"),
            forced: attributes.yes("FORCED"),
            instream_id: attributes.string("INSTREAM-ID"),
            bit_depth: attributes.integer("BIT-DEPTH"),
            sample_rate: attributes.integer("SAMPLE-RATE"),
            characteristics: attributes.string("CHARACTERISTICS"),
            channels: attributes.string("CHANNELS"),
        };
        push(&mut self.list.renditions, rendition, "renditions")?;
        Ok(true)
    }

    fn session_key(&mut self, attributes: &Attributes<'_>, line: u32) -> Result<bool, Error> {
        match shared_tags::key(attributes, &mut self.resolver, line)? {
            KeyTag::Key(key) => push(&mut self.list.session_keys, key, "session keys")?,
            KeyTag::Clear | KeyTag::Incomplete => return Ok(false),
        }
        Ok(true)
    }

    fn session_data(&mut self, attributes: &Attributes<'_>, line: u32) -> Result<bool, Error> {
        let Some(id) = attributes.string("DATA-ID") else {
            return Ok(false);
        };
        let uri = attributes.get("URI");
        let data = SessionData {
            id,
            value: attributes.string("VALUE"),
            uri: uri
                .map(|uri| self.resolver.resolve(uri, line))
                .transpose()?,
            language: attributes.string("LANGUAGE"),
        };
        push(&mut self.list.session_data, data, "session data")?;
        Ok(true)
    }

    fn content_steering(&mut self, attributes: &Attributes<'_>, line: u32) -> Result<bool, Error> {
        let Some(uri) = attributes.get("SERVER-URI") else {
            return Ok(false);
        };
        self.list.content_steering = Some(ContentSteering {
            server_uri: self.resolver.resolve(uri, line)?,
            pathway_id: attributes.string("PATHWAY-ID"),
        });
        Ok(true)
    }
}

fn resolution(text: &str) -> Option<Resolution> {
    let (width, height) = text.split_once(['x', 'X'])?;
    Some(Resolution {
        width: width.trim().parse().ok()?,
        height: height.trim().parse().ok()?,
    })
}
