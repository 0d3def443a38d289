//! Bytes to lines, and what kind of thing they are.

use std::borrow::Cow;

use quick_m3u8::custom_parsing::tag;

use super::error::{Error, Found};
use super::{BODY_BYTES_MAX, LINE_BYTES_MAX};

/// The header, without which nothing is an HLS playlist (RFC 8216bis, 4.4.1.1).
const HEADER: &str = "#EXTM3U";
/// How much of a foreign text an error quotes, in characters.
const QUOTE_CHARS: usize = 40;

/// The body as text that begins with [`HEADER`].
pub(super) fn text(body: &[u8]) -> Result<Cow<'_, str>, Error> {
    if body.len() > BODY_BYTES_MAX {
        return Err(Error::TooLarge {
            what: "bytes of the playlist",
            limit: BODY_BYTES_MAX,
        });
    }
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let body = body.trim_ascii_start();
    if !body.starts_with(HEADER.as_bytes()) {
        if !body.is_empty() && HEADER.as_bytes().starts_with(body) {
            return Err(Error::Truncated {
                line: 1,
                within: HEADER,
            });
        }
        return Err(Error::NotAPlaylist { found: found(body) });
    }
    match std::str::from_utf8(body) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        // The bytes end inside a character.
        Err(error) if error.error_len().is_none() => Err(Error::Truncated {
            line: number_of_last_line(body),
            within: "a character",
        }),
        Err(_) => Ok(String::from_utf8_lossy(body)),
    }
}

fn number_of_last_line(body: &[u8]) -> u32 {
    body.split(|byte| *byte == b'\n').count() as u32
}

/// What a body is that is no playlist; `body` has no white space in front.
fn found(body: &[u8]) -> Found {
    let starts = |prefix: &str| {
        let start = body.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    // MPEG-TS repeats its sync byte (ISO 13818-1, 2.4.3.2); MP4 begins with a box (ISO 14496-12).
    let is_ts = body.first() == Some(&0x47) && body.get(188).is_none_or(|next| *next == 0x47);
    let is_mp4 = [b"ftyp", b"styp", b"moof", b"moov", b"sidx"]
        .iter()
        .any(|kind| body.get(4..8) == Some(kind.as_slice()));
    let is_text = || std::str::from_utf8(body.get(..256).unwrap_or(body)).is_ok_and(is_printable);
    match body {
        [] => Found::Empty,
        _ if starts("<!doctype html") || starts("<html") || starts("<head") || starts("<body") => {
            Found::Html
        }
        [b'<', ..] if contains(body, b"<MPD") => Found::Dash,
        [b'<', ..] if contains(body, b"<html") => Found::Html,
        [b'<', ..] => Found::Xml,
        [b'{' | b'[', ..] => Found::Json,
        _ if is_mp4 => Found::Mp4,
        _ if starts("#EXT") || (starts("#") && contains(body, b"\n#EXTM3U")) => Found::NoHeader,
        _ if is_ts && !is_text() => Found::MpegTs,
        _ if is_text() => Found::Text(shorten(&String::from_utf8_lossy(body))),
        _ => Found::Binary,
    }
}

fn contains(body: &[u8], what: &[u8]) -> bool {
    let head = body.get(..2048).unwrap_or(body);
    head.windows(what.len()).any(|window| window == what)
}

fn is_printable(text: &str) -> bool {
    let control = |c: char| c.is_control() && !c.is_whitespace();
    !text.chars().any(control)
}

/// The first [`QUOTE_CHARS`] characters, for error messages.
pub(super) fn shorten(text: &str) -> String {
    text.chars().take(QUOTE_CHARS).collect()
}

/// The two kinds of playlist.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Multivariant,
    Media,
}

/// Which kind a text is: the first tag decides that only one of them may have. The target duration
/// and its like count only when nothing else decides, since some multivariant playlists carry one.
pub(super) fn kind(text: &str) -> Result<Kind, Error> {
    let mut weak = None;
    for line in Lines::new(text) {
        let Line { content, .. } = line?;
        let Content::Tag { name, .. } = content else {
            continue;
        };
        match name {
            "INF" | "-X-PART" | "-X-SKIP" | "-X-BYTERANGE" => return Ok(Kind::Media),
            "-X-STREAM-INF"
            | "-X-MEDIA"
            | "-X-I-FRAME-STREAM-INF"
            | "-X-SESSION-KEY"
            | "-X-SESSION-DATA"
            | "-X-CONTENT-STEERING" => return Ok(Kind::Multivariant),
            "-X-TARGETDURATION" | "-X-MEDIA-SEQUENCE" | "-X-ENDLIST" | "-X-PRELOAD-HINT"
            | "-X-PLAYLIST-TYPE" => weak = Some(Kind::Media),
            _ => {}
        }
    }
    weak.ok_or(Error::Nothing)
}

/// One line that says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: u32,
    pub(super) content: Content<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content<'a> {
    /// `#EXT<name>[:<value>]`, both without white space around them.
    Tag { name: &'a str, value: &'a str },
    /// Any line that neither is blank nor begins with `#`.
    Uri(&'a str),
}

/// The tags and URIs of a text; blank lines and comments are left out, white space around a line
/// is cut off.
pub(super) struct Lines<'a> {
    lines: std::str::Split<'a, char>,
    number: u32,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        // Lines end in LF or CR LF; a text without any LF may use CR alone.
        let separator = if text.contains('\n') { '\n' } else { '\r' };
        Self {
            lines: text.split(separator),
            number: 0,
        }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Result<Line<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = self.lines.next()?;
            self.number += 1;
            if line.len() > LINE_BYTES_MAX {
                return Some(Err(Error::TooLarge {
                    what: "bytes of a line",
                    limit: LINE_BYTES_MAX,
                }));
            }
            if let Some(content) = content(line.trim()) {
                return Some(Ok(Line {
                    number: self.number,
                    content,
                }));
            }
        }
    }
}

fn content(line: &str) -> Option<Content<'_>> {
    if !line.starts_with('#') {
        return (!line.is_empty()).then_some(Content::Uri(line));
    }
    let name = tag::parse(line).ok()?.parsed.name();
    let value = line.get("#EXT".len() + name.len() + 1..).unwrap_or("");
    Some(Content::Tag {
        name: name.trim_end(),
        value: value.trim_start(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(b"", Found::Empty)]
    #[case(b" \r\n\t", Found::Empty)]
    #[case(b"<!DOCTYPE html><title>404</title>", Found::Html)]
    #[case(b"\n<html>", Found::Html)]
    #[case(b"<?xml version=\"1.0\"?>\n<MPD type=\"dynamic\">", Found::Dash)]
    #[case(b"<?xml version=\"1.0\"?><html xmlns=\"x\">", Found::Html)]
    #[case(b"<Error><Code>NoSuchKey</Code></Error>", Found::Xml)]
    #[case(b"{\"error\":404}", Found::Json)]
    #[case(b"\0\0\0\x18ftypiso5", Found::Mp4)]
    #[case(b"G@\x11\x10\0B\xf0%", Found::MpegTs)]
    #[case(b"Gone", Found::Text("Gone".into()))]
    #[case(b"404 page not found\n", Found::Text("404 page not found\n".into()))]
    #[case(b"#EXTINF:10,\na.ts", Found::NoHeader)]
    #[case(b"# From a standard\n#EXTM3U\n", Found::NoHeader)]
    #[case(b"\xff\xfe\0\x01", Found::Binary)]
    fn what_came_instead_is_named(#[case] body: &[u8], #[case] expected: Found) {
        let expected = Error::NotAPlaylist { found: expected };
        assert_eq!(text(body).unwrap_err(), expected);
    }

    #[test]
    fn mark_and_blank_lines_before_the_header_are_skipped() {
        assert_eq!(text(b"\xef\xbb\xbf\r\n #EXTM3U\n").unwrap(), "#EXTM3U\n");
    }

    #[test]
    fn a_cut_header_is_truncated() {
        let error = text(b"#EXTM").unwrap_err();
        assert!(matches!(error, Error::Truncated { line: 1, .. }), "{error}");
        let error = text(b"#EXTM3U\n#caf\xc3").unwrap_err();
        assert!(matches!(error, Error::Truncated { line: 2, .. }), "{error}");
    }

    #[rstest]
    #[case("#EXTM3U\n\n# a comment\n#EXTINF: 2.0,x \n a.ts \n#EXT-X-ENDLIST")]
    #[case("#EXTM3U\r\n\r\n# a comment\r\n#EXTINF:2.0,x\r\na.ts\r\n#EXT-X-ENDLIST\r\n")]
    #[case("#EXTM3U\r\r# a comment\r#EXTINF:2.0,x\ra.ts\r#EXT-X-ENDLIST\r")]
    fn lines_end_in_any_way(#[case] text: &str) {
        let lines: Vec<Line<'_>> = Lines::new(text).collect::<Result<_, _>>().unwrap();
        let tag = |number, name, value| Line {
            number,
            content: Content::Tag { name, value },
        };
        let expected = [
            tag(1, "M3U", ""),
            tag(4, "INF", "2.0,x"),
            Line {
                number: 5,
                content: Content::Uri("a.ts"),
            },
            tag(6, "-X-ENDLIST", ""),
        ];
        assert_eq!(lines, expected);
    }
}
