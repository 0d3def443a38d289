//! The text of a line → what it means.

use super::prefix::Said;
use super::scan::{between, find, find_last, number, trim};
use super::{Event, Level};

/// What is said, by whom it is said.
pub(super) fn meaning<'a>(said: &Said<'a>) -> Event<'a> {
    let text = said.text;
    let known = match said.context.map(|context| context.name) {
        Some(b"http" | b"https") => http(text),
        Some(b"tcp") => tcp(text),
        Some(b"tls") => tls(said),
        Some(b"AVIOContext") => bytes_read(text),
        Some(b"hls" | b"NULL") => hls(text).or_else(|| input_failed(text)),
        Some(name) if name.starts_with(b"in#") => hls(text).or_else(|| input_failed(text)),
        Some(_) => None,
        None if said.level.is_none() => bare(text),
        None => program(text),
    };
    known.unwrap_or(Event::Other)
}

fn http(text: &[u8]) -> Option<Event<'_>> {
    match text.first()? {
        b'r' => request(text),
        b'O' => opening(text),
        b'H' => status(text),
        b'W' => reconnect(text),
        b'S' if text.starts_with(b"Stream ends prematurely") => Some(Event::Premature),
        b'S' => connection_use(text),
        _ => None,
    }
}

fn hls(text: &[u8]) -> Option<Event<'_>> {
    match text.first()? {
        b'O' => opening(text),
        b'H' => hls_request(text),
        b'S' if text.starts_with(b"Skip ('") => Some(Event::Tag),
        b'S' => segment_skipped(text),
        b'F' => segment_failed(text).or_else(|| playlist_failed(text)),
        b'M' => sequence_change(text),
        b'k' => kept_connection_failed(text),
        b's' => expired(text),
        _ => None,
    }
}

fn tcp(text: &[u8]) -> Option<Event<'_>> {
    match text.first()? {
        b'S' => text
            .strip_prefix(b"Starting connection attempt to ")
            .map(|to| Event::Connecting { to })
            .or_else(|| {
                let to = text.strip_prefix(b"Successfully connected to ")?;
                Some(Event::Connected { to })
            }),
        b'C' if text.starts_with(b"Connection to ") => {
            failure(text).map(|reason| Event::ConnectFailed { reason })
        }
        b'C' if text.starts_with(b"Connection attempt to ") => {
            failure(text).map(|reason| Event::AttemptFailed { reason })
        }
        b'F' if text.starts_with(b"Failed to resolve hostname ") => {
            find_last(text, b": ").map(|at| Event::ResolveFailed {
                reason: &text[at + 2..],
            })
        }
        _ => None,
    }
}

fn tls<'a>(said: &Said<'a>) -> Option<Event<'a>> {
    let grave = said.level.is_some_and(|level| level <= Level::Error);
    grave.then_some(Event::TlsFailed { reason: said.text })
}

/// Lines of the program itself.
fn program(text: &[u8]) -> Option<Event<'_>> {
    if text.starts_with(b"Input #") {
        return Some(Event::InputOpen);
    }
    repeated(text).or_else(|| input_failed(text))
}

/// Lines without anything before them: of the program where the flag `level` is not set, or of a
/// request head.
fn bare(text: &[u8]) -> Option<Event<'_>> {
    program(text).or_else(|| header(text))
}

fn header(text: &[u8]) -> Option<Event<'_>> {
    let colon = find(text, b": ")?;
    let (name, value) = (&text[..colon], &text[colon + 2..]);
    let token = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-' || *b == b'_';
    let fits = !name.is_empty() && name.iter().all(token);
    fits.then_some(Event::Header {
        name,
        value: trim(value),
    })
}

fn opening(text: &[u8]) -> Option<Event<'_>> {
    between(text, b"Opening '", b"' for reading").map(|url| Event::Opening { url })
}

fn hls_request(text: &[u8]) -> Option<Event<'_>> {
    let rest = text.strip_prefix(b"HLS request for url '")?;
    let end = find_last(rest, b"', offset ")?;
    let (offset, after) = number(&rest[end + b"', offset ".len()..])?;
    let (playlist, _) = number(after.strip_prefix(b", playlist ")?)?;
    Some(Event::HlsRequest {
        url: &rest[..end],
        offset,
        playlist,
    })
}

fn request(text: &[u8]) -> Option<Event<'_>> {
    let rest = text.strip_prefix(b"request: ")?;
    let space = rest.iter().position(|&b| b == b' ')?;
    let (method, rest) = (&rest[..space], &rest[space + 1..]);
    let end = find_last(rest, b" HTTP/").unwrap_or(rest.len());
    Some(Event::Request {
        method,
        target: &rest[..end],
    })
}

fn status(text: &[u8]) -> Option<Event<'_>> {
    let (code, _) = number(text.strip_prefix(b"HTTP error ")?)?;
    let code = u16::try_from(code).ok()?;
    Some(Event::Status { code })
}

fn reconnect(text: &[u8]) -> Option<Event<'_>> {
    let rest = text.strip_prefix(b"Will reconnect at ")?;
    let (seconds, _) = number(&rest[find(rest, b" in ")? + 4..])?;
    Some(Event::Reconnect { seconds })
}

fn connection_use(text: &[u8]) -> Option<Event<'_>> {
    let rest = text.strip_prefix(b"Statistics: ")?;
    let (_, rest) = number(rest)?;
    let comma = find(rest, b", ")?;
    let (requests, rest) = number(&rest[comma + 2..])?;
    rest.starts_with(b" request")
        .then_some(Event::ConnectionUse { requests })
}

fn bytes_read(text: &[u8]) -> Option<Event<'_>> {
    let (bytes, rest) = number(text.strip_prefix(b"Statistics: ")?)?;
    rest.starts_with(b" bytes read")
        .then_some(Event::BytesRead { bytes })
}

fn segment_failed(text: &[u8]) -> Option<Event<'_>> {
    let rest = text
        .strip_prefix(b"Failed to open segment ")
        .or_else(|| text.strip_prefix(b"Failed to open next segment "))?;
    let (segment, playlist, _) = segment_of(rest)?;
    Some(Event::SegmentFailed { segment, playlist })
}

fn segment_skipped(text: &[u8]) -> Option<Event<'_>> {
    let (segment, playlist, rest) = segment_of(text.strip_prefix(b"Segment ")?)?;
    rest.starts_with(b" failed too many times")
        .then_some(Event::SegmentSkipped { segment, playlist })
}

/// `775 of playlist 0…`.
fn segment_of(text: &[u8]) -> Option<(u64, u64, &[u8])> {
    let (segment, rest) = number(text)?;
    let (playlist, rest) = number(rest.strip_prefix(b" of playlist ")?)?;
    Some((segment, playlist, rest))
}

fn playlist_failed(text: &[u8]) -> Option<Event<'_>> {
    let (playlist, _) = number(text.strip_prefix(b"Failed to reload playlist ")?)?;
    Some(Event::PlaylistFailed { playlist })
}

fn sequence_change(text: &[u8]) -> Option<Event<'_>> {
    let rest = text
        .strip_prefix(b"Media sequence change (")
        .or_else(|| text.strip_prefix(b"Media sequence changed unexpectedly: "))?;
    let (from, rest) = number(rest)?;
    let (to, _) = number(rest.strip_prefix(b" -> ")?)?;
    Some(Event::SequenceChange { from, to })
}

fn kept_connection_failed(text: &[u8]) -> Option<Event<'_>> {
    let rest = text.strip_prefix(b"keepalive request failed for '")?;
    let middle = find_last(rest, b"' with error: '")?;
    let reason = &rest[middle + b"' with error: '".len()..];
    let end = find(reason, b"' when").unwrap_or(reason.len());
    Some(Event::KeptConnectionFailed {
        url: &rest[..middle],
        reason: &reason[..end],
    })
}

fn expired(text: &[u8]) -> Option<Event<'_>> {
    let (segments, rest) = number(text.strip_prefix(b"skipping ")?)?;
    rest.starts_with(b" segments ahead")
        .then_some(Event::Expired { segments })
}

fn repeated(text: &[u8]) -> Option<Event<'_>> {
    let (times, _) = number(trim(text).strip_prefix(b"Last message repeated ")?)?;
    Some(Event::Repeated { times })
}

/// `Error opening input: Connection refused` since 6, `http://h/s.m3u8: Connection refused` before.
fn input_failed(text: &[u8]) -> Option<Event<'_>> {
    let named = text.starts_with(b"http://") || text.starts_with(b"https://");
    let after = if named {
        &text[find_last(text, b": ")? + 2..]
    } else {
        text.strip_prefix(b"Error opening input: ")?
    };
    Some(Event::InputFailed { reason: after })
}

/// The reason in `Connection to tcp://h:1 failed: REASON`.
fn failure(text: &[u8]) -> Option<&[u8]> {
    let at = find(text, b" failed: ")?;
    Some(&text[at + b" failed: ".len()..])
}
