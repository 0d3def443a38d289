//! Tags that both kinds of playlist may have.

use super::attributes::{self, Attributes};
use super::blemish::{Blemish, Tag};
use super::error::Error;
use super::media_playlist::{Key, KeyMethod, Start, StartFrom};
use super::resolve::Resolver;
use super::{BLEMISHES_MAX, SEGMENTS_MAX};

/// `EXT-X-START` (RFC 8216bis, 4.4.2.2).
pub(super) fn start(attributes: &Attributes<'_>) -> Option<Start> {
    let offset = attributes.get("TIME-OFFSET")?;
    let from = match offset.strip_prefix('-') {
        Some(before_end) => StartFrom::End(attributes::duration(before_end).ok()?),
        None => StartFrom::Beginning(attributes::duration(offset).ok()?),
    };
    Some(Start {
        from,
        precise: attributes.yes("PRECISE"),
    })
}

/// What an `EXT-X-KEY` or `EXT-X-SESSION-KEY` (RFC 8216bis, 4.4.4.4 and 4.4.6.5) says.
pub(super) enum KeyTag {
    /// `METHOD=NONE`: nothing is encrypted from here on.
    Clear,
    Key(Key),
    /// A method without a URI, or no method.
    Incomplete,
}

pub(super) fn key(
    attributes: &Attributes<'_>,
    resolver: &mut Resolver<'_>,
    line: u32,
) -> Result<KeyTag, Error> {
    let method = match attributes.get("METHOD") {
        Some("NONE") => return Ok(KeyTag::Clear),
        Some("AES-128") => KeyMethod::Aes128,
        Some("SAMPLE-AES") => KeyMethod::SampleAes,
        Some("SAMPLE-AES-CTR") => KeyMethod::SampleAesCtr,
        Some(other) => KeyMethod::Other(other.to_owned()),
        None => return Ok(KeyTag::Incomplete),
    };
    let Some(uri) = attributes.get("URI") else {
        return Ok(KeyTag::Incomplete);
    };
    Ok(KeyTag::Key(Key {
        method,
        uri: resolver.resolve(uri, line)?,
        iv: attributes.get("IV").and_then(attributes::hexadecimal),
        format: attributes.string("KEYFORMAT"),
        format_versions: attributes.string("KEYFORMATVERSIONS"),
    }))
}

/// `EXT-X-VERSION` (RFC 8216bis, 4.4.1.2).
pub(super) fn version(value: &str) -> Option<u32> {
    u32::try_from(attributes::integer(value)?).ok()
}

/// Keeps a blemish while there is room.
pub(super) fn note(blemishes: &mut Vec<Blemish>, blemish: Blemish) {
    if blemishes.len() < BLEMISHES_MAX {
        blemishes.push(blemish);
    }
}

/// A playlist that ends before the URI of what its tags announce. Without an end of its last line
/// it was cut off; with one, players go on without it.
pub(super) fn dangling(
    text: &str,
    line: u32,
    within: &'static str,
    blemishes: &mut Vec<Blemish>,
) -> Result<(), Error> {
    if !text.ends_with(['\n', '\r']) {
        return Err(Error::Truncated { line, within });
    }
    note(blemishes, Blemish::Dangling { line });
    Ok(())
}

/// Adds to a list that [`SEGMENTS_MAX`] bounds.
pub(super) fn push<T>(list: &mut Vec<T>, item: T, what: &'static str) -> Result<(), Error> {
    if list.len() >= SEGMENTS_MAX {
        return Err(Error::TooLarge {
            what,
            limit: SEGMENTS_MAX,
        });
    }
    list.push(item);
    Ok(())
}

/// A value that could not be read.
pub(super) fn unreadable(line: u32, tag: Tag) -> Blemish {
    Blemish::Unreadable { line, tag }
}
