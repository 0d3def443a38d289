//! HLS playlists, changed only where a player would leave the gateway.
//!
//! A reference stays as it is if the player, resolving it against the gateway's URL of the
//! playlist, asks the gateway for the very URL that it means at the origin. Otherwise (it is
//! absolute, begins with `/`, climbs above the root, or the playlist came by a redirect) it becomes
//! a path of the gateway. Everything else passes byte for byte, whatever it is.
//!
//! References are lines that are no tags and no comments, and values of attributes that are called
//! `URI` or end in `-URI` (RFC 8216bis: MAP, KEY, SESSION-KEY, MEDIA, I-FRAME-STREAM-INF, PART,
//! PRELOAD-HINT, RENDITION-REPORT, SESSION-DATA, CONTENT-STEERING and its SERVER-URI, DATERANGE and
//! its X-ASSET-URI) or `X-ASSET-LIST`. What is not http(s) stays: `skd:`, `data:`, `urn:`. What
//! stands inside a fetched JSON (an asset list, a steering manifest) is the affair of [`json`].

pub(crate) mod json;

use std::borrow::Cow;

use media::hls::Variables;
use url::Url;

use crate::route::Paths;

/// Where a playlist was asked for and where it came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) paths: &'a Paths,
    pub(crate) viewer: u64,
    /// The target of the player's request: what the player resolves references against.
    pub(crate) target: &'a str,
    /// Where the playlist came from, after redirects: what its references mean.
    pub(crate) from: &'a Url,
    /// Variables of the multivariant playlist that led here.
    pub(crate) imports: Option<&'a Variables>,
}

/// The playlist as the player is to see it; `None` if that is as it came.
pub(crate) fn rewrite(body: &[u8], place: Place<'_>) -> Option<Vec<u8>> {
    let mut rewriter = Rewriter::new(place)?;
    // Lines end in LF or CR LF; a text without any LF may use CR alone, as `media` has it.
    let separator = if body.contains(&b'\n') { b'\n' } else { b'\r' };
    let mut out = Vec::new();
    let mut copied = 0;
    let mut at = 0;
    for line in body.split_inclusive(|byte| *byte == separator) {
        rewriter.line(line, |start, end, with| {
            out.extend_from_slice(&body[copied..at + start]);
            out.extend_from_slice(with.as_bytes());
            copied = at + end;
        });
        at += line.len();
    }
    if copied == 0 {
        return None;
    }
    out.extend_from_slice(&body[copied..]);
    Some(out)
}

struct Rewriter<'a> {
    place: Place<'a>,
    /// The gateway's URL of the playlist, as the player has it.
    base: Url,
    /// A plain relative reference means the same here and there.
    alike: bool,
    variables: Variables,
}

impl<'a> Rewriter<'a> {
    fn new(place: Place<'a>) -> Option<Self> {
        // Any authority will do: only paths are compared.
        let base = Url::parse("http://gateway/")
            .ok()?
            .join(place.target)
            .ok()?;
        let alike = place.target == place.paths.print(place.viewer, place.from);
        Some(Self {
            place,
            base,
            alike,
            variables: Variables::new(),
        })
    }

    /// Tells of each part of `line` that is replaced: from, to, and with what.
    fn line(&mut self, line: &[u8], mut replace: impl FnMut(usize, usize, &str)) {
        let bom = line.strip_prefix(b"\xef\xbb\xbf").map_or(0, |_| 3);
        let start = bom + line[bom..].len() - line[bom..].trim_ascii_start().len();
        let content = line[start..].trim_ascii_end();
        let Ok(content) = std::str::from_utf8(content) else {
            return;
        };
        if !content.starts_with('#') {
            if let Some(with) = self.outside(content) {
                replace(start, start + content.len(), &with);
            }
            return;
        }
        let Some((name, list)) = content.split_once(':') else {
            return;
        };
        if !name.starts_with("#EXT") {
            return;
        }
        let offset = start + name.len() + 1;
        if name == "#EXT-X-DEFINE" {
            self.define(list);
        }
        for attribute in attributes(list) {
            if holds_a_reference(attribute.name)
                && let Some(with) = self.outside(attribute.value)
            {
                let start = offset + attribute.start;
                replace(start, start + attribute.value.len(), &with);
            }
        }
    }

    fn define(&mut self, list: &str) {
        let get = |name: &str| {
            let found = attributes(list).find(|attribute| attribute.name == name);
            found.map(|attribute| attribute.value)
        };
        let imports = self.place.imports;
        if let Some(name) = get("NAME") {
            self.variables.set(name, get("VALUE").unwrap_or_default());
        } else if let Some(name) = get("IMPORT") {
            if let Some(value) = imports.and_then(|imports| imports.get(name)) {
                self.variables.set(name, value);
            }
        } else if let Some(name) = get("QUERYPARAM") {
            let mut pairs = self.place.from.query_pairs();
            if let Some((_, value)) = pairs.find(|(key, _)| key == name) {
                self.variables.set(name, value);
            }
        }
    }

    /// The path that stands for `reference`, where it leads out of the gateway.
    fn outside(&self, reference: &str) -> Option<String> {
        let Place {
            paths,
            viewer,
            from,
            ..
        } = self.place;
        let written = self.substitute(reference)?;
        let has_variables = matches!(written, Cow::Owned(_));
        if self.alike && !has_variables && is_plain(reference) {
            return None;
        }
        let means = from.join(&written).ok()?;
        // A host that is a dot segment can't be part of a path, nor be asked.
        let host = means.host_str()?;
        if !matches!(means.scheme(), "http" | "https") || matches!(host, "." | "..") {
            return None;
        }
        // A variable may hold another value where the player stands: what it means is written out.
        if !has_variables && self.leads_to(&written, &means) {
            return None;
        }
        let mut path = paths.print(viewer, &means);
        if let Some(fragment) = means.fragment() {
            path.push('#');
            path.push_str(fragment);
        }
        Some(path)
    }

    /// Whether the player comes to `means` by itself.
    fn leads_to(&self, reference: &str, means: &Url) -> bool {
        // Players do not agree on what `http:seg.ts` means.
        if reference
            .split_once(':')
            .is_some_and(|(scheme, _)| is_http(scheme))
        {
            return false;
        }
        let Ok(asked) = self.base.join(reference) else {
            return false;
        };
        if asked.origin() != self.base.origin() {
            return false;
        }
        let target = &asked[url::Position::BeforePath..url::Position::AfterQuery];
        self.place.paths.parse(target).is_ok_and(|route| {
            let mut means = means.clone();
            means.set_fragment(None);
            route.viewer == self.place.viewer && route.url == means
        })
    }

    /// `reference` with variables put in; `None` where one of them is not defined.
    fn substitute<'r>(&self, reference: &'r str) -> Option<Cow<'r, str>> {
        if !reference.contains("{$") {
            return Some(Cow::Borrowed(reference));
        }
        let mut out = String::new();
        let mut rest = reference;
        while let Some((before, after)) = rest.split_once("{$") {
            let (name, after) = after.split_once('}')?;
            out.push_str(before);
            out.push_str(self.variables.get(name)?);
            rest = after;
        }
        out.push_str(rest);
        (out.len() <= media::hls::LINE_BYTES_MAX).then_some(Cow::Owned(out))
    }
}

/// Whether a reference surely stays inside its folder: no scheme, no root, no climbing.
fn is_plain(reference: &str) -> bool {
    !reference.is_empty()
        && !reference.starts_with(['/', '?', '#'])
        && !reference.contains([':', '\\', '%'])
        && !reference.contains("..")
        && !reference.bytes().any(|byte| byte.is_ascii_control())
}

fn is_http(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

fn holds_a_reference(name: &str) -> bool {
    name == "URI" || name.ends_with("-URI") || name == "X-ASSET-LIST"
}

/// One `name=value` of a list.
struct Attribute<'a> {
    name: &'a str,
    /// Without quotes.
    value: &'a str,
    /// Where the value lies in the list.
    start: usize,
}

/// The attributes of a list (RFC 8216bis, 4.2), read as players do: space around names and values,
/// values without quotes, quotes that are never closed.
struct Attributes<'a> {
    list: &'a str,
    at: usize,
}

fn attributes(list: &str) -> Attributes<'_> {
    Attributes { list, at: 0 }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        let rest = &self.list[self.at..];
        let (name, after) = rest.split_once('=')?;
        let blank = after.len() - after.trim_start().len();
        let start = self.at + name.len() + 1 + blank;
        let after = &self.list[start..];
        let quoted = after.strip_prefix('"').and_then(|it| it.find('"'));
        let (start, len) = if let Some(len) = quoted {
            (start + 1, len)
        } else {
            let end = after.find(',').unwrap_or(after.len());
            (start, after[..end].trim_end().len())
        };
        let comma = self.list[start + len..].find(',');
        let end = comma.map(|comma| start + len + comma);
        self.at = end.map_or(self.list.len(), |comma| comma + 1);
        Some(Attribute {
            // A name can't hold a comma: what stands before one is a value without its name.
            name: name.rsplit(',').next().unwrap_or(name).trim(),
            value: &self.list[start..start + len],
            start,
        })
    }
}

#[cfg(test)]
mod tests;
