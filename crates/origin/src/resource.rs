//! A thing to serve, with its headers; conditions and ranges upon it (RFC 9110, 13 and 14).

use std::{ops::Range, sync::Arc};

use base::Class;
use bytes::Bytes;

use crate::{Delivery, Headers, Method, Request, Response, date};

/// Headers of every answer: anybody's player may read it.
pub(crate) const OPEN: &str = "Access-Control-Allow-Origin: *\r\n\
    Access-Control-Expose-Headers: *, Content-Length, Content-Range, Date, ETag, Last-Modified\r\n\
    Timing-Allow-Origin: *\r\n";

/// A body and all its headers but the length, made once and shared.
#[derive(Clone, Debug)]
pub(crate) struct Resource(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    body: Bytes,
    headers: Arc<str>,
    headers_not_modified: Arc<str>,
    etag: String,
    modified_s: u64,
}

/// How long an answer may be kept by others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// Asked again each time; an `ETag` makes that cheap.
    Revalidate,
    /// Fine for this many seconds.
    Seconds(u64),
    /// It never changes.
    Immutable,
}

impl Resource {
    pub(crate) fn new(
        content_type: &str,
        freshness: Freshness,
        modified_s: u64,
        body: Bytes,
    ) -> Self {
        let cache_control = match freshness {
            Freshness::Revalidate => "no-cache".into(),
            Freshness::Seconds(seconds) => format!("public, max-age={seconds}"),
            Freshness::Immutable => "public, max-age=86400, immutable".into(),
        };
        let etag = format!("\"{:016x}\"", fingerprint(&body));
        let modified = date::http(modified_s);
        let validators = format!(
            "Cache-Control: {cache_control}\r\nETag: {etag}\r\nLast-Modified: {modified}\r\n{OPEN}"
        );
        Self(Arc::new(Parts {
            headers: format!(
                "Content-Type: {content_type}\r\nAccept-Ranges: bytes\r\n{validators}"
            )
            .into(),
            headers_not_modified: validators.into(),
            etag,
            modified_s,
            body,
        }))
    }

    /// The answer to a GET or HEAD of this resource.
    pub(crate) fn answer(&self, class: Class, request: &Request<'_>) -> Response {
        if self.is_current(request) {
            return Response {
                class,
                status: 304,
                headers: Headers::shared(Arc::clone(&self.0.headers_not_modified)),
                body: Bytes::new(),
                delivery: Delivery::default(),
            };
        }
        let mut headers = Headers::shared(Arc::clone(&self.0.headers));
        let len = self.0.body.len();
        let (status, body) = match self.wanted(request) {
            Wanted::All => (200, self.0.body.clone()),
            Wanted::Part(range) => {
                headers.push(
                    "Content-Range",
                    format_args!("bytes {}-{}/{len}", range.start, range.end - 1),
                );
                (206, self.0.body.slice(range))
            }
            Wanted::Nothing => {
                headers.push("Content-Range", format_args!("bytes */{len}"));
                (416, Bytes::new())
            }
        };
        headers.push("Content-Length", body.len());
        Response {
            class,
            status,
            headers,
            body: if request.method == Method::Head {
                Bytes::new()
            } else {
                body
            },
            delivery: Delivery::default(),
        }
    }

    /// Whether the client has this very state (RFC 9110, 13.2.2).
    fn is_current(&self, request: &Request<'_>) -> bool {
        match (request.if_none_match, request.if_modified_since) {
            (Some(tags), _) => tags
                .split(',')
                .map(str::trim)
                .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == &*self.0.etag),
            (None, Some(date)) => {
                date::parse_http(date).is_some_and(|date| self.0.modified_s as i64 <= date)
            }
            (None, None) => false,
        }
    }

    fn wanted(&self, request: &Request<'_>) -> Wanted {
        let Some(range) = request.range.filter(|_| request.method == Method::Get) else {
            return Wanted::All;
        };
        let unchanged = request.if_range.is_none_or(|validator| {
            validator == &*self.0.etag
                || date::parse_http(validator) == Some(self.0.modified_s as i64)
        });
        if !unchanged {
            return Wanted::All;
        }
        parse_range(range, self.0.body.len())
    }
}

/// What of a body is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    All,
    Part(Range<usize>),
    Nothing,
}

/// Reads one range of bytes. Several ranges, other units and what does not read are ignored, as
/// RFC 9110, 14.2, allows.
fn parse_range(header: &str, len: usize) -> Wanted {
    let Some((first, last)) = header
        .trim()
        .strip_prefix("bytes=")
        .and_then(|range| range.trim().split_once('-'))
    else {
        return Wanted::All;
    };
    // A number too big for us lies behind the end of every body.
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(usize::MAX))
    };
    let range = match (
        first.is_empty(),
        last.is_empty(),
        number(first),
        number(last),
    ) {
        (true, _, _, Some(suffix)) => len.saturating_sub(suffix)..len,
        (false, true, Some(first), _) => first..len,
        (false, false, Some(first), Some(last)) if first <= last => {
            first..last.saturating_add(1).min(len)
        }
        _ => return Wanted::All,
    };
    if range.is_empty() {
        Wanted::Nothing
    } else {
        Wanted::Part(range)
    }
}

/// FNV-1a over words of eight bytes: equal bodies have equal tags on every origin.
fn fingerprint(body: &[u8]) -> u64 {
    const PRIME: u64 = 0x100_0000_01b3;
    let (words, rest) = body.as_chunks::<8>();
    let mix = |hash: u64, word: u64| (hash ^ word).wrapping_mul(PRIME).rotate_left(23);
    let hash = words
        .iter()
        .map(|word| u64::from_le_bytes(*word))
        .fold(0xcbf2_9ce4_8422_2325, mix);
    let hash = rest.iter().copied().map(u64::from).fold(hash, mix);
    mix(hash, body.len() as u64)
}

/// A short answer of our own: what is wrong, in words.
pub(crate) fn plain(class: Class, status: u16, method: Method, text: &str) -> Response {
    let mut headers = Headers::default();
    headers.push("Content-Type", "text/plain; charset=utf-8");
    headers.push("Cache-Control", "no-store");
    headers.push_lines(OPEN);
    headers.push("Content-Length", text.len());
    Response {
        class,
        status,
        headers,
        body: match method {
            Method::Head => Bytes::new(),
            _ => Bytes::copy_from_slice(text.as_bytes()),
        },
        delivery: Delivery::default(),
    }
}

/// The answer to a CORS preflight: anybody may read anything.
pub(crate) fn preflight(class: Class) -> Response {
    let mut headers = Headers::default();
    headers.push_lines(OPEN);
    headers.push("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS");
    headers.push(
        "Access-Control-Allow-Headers",
        "*, Authorization, Cache-Control, If-Modified-Since, If-None-Match, Pragma, Range",
    );
    headers.push("Access-Control-Allow-Private-Network", "true");
    headers.push("Access-Control-Max-Age", "86400");
    headers.push("Allow", "GET, HEAD, OPTIONS");
    Response {
        class,
        status: 204,
        headers,
        body: Bytes::new(),
        delivery: Delivery::default(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn resource() -> Resource {
        Resource::new(
            "text/x",
            Freshness::Immutable,
            1_000_000_000,
            Bytes::from_static(b"0123456789"),
        )
    }

    #[rstest]
    #[case("bytes=0-3", Wanted::Part(0..4))]
    #[case("bytes=8-", Wanted::Part(8..10))]
    #[case("bytes=8-99", Wanted::Part(8..10))]
    #[case("bytes=-3", Wanted::Part(7..10))]
    #[case("bytes=-99", Wanted::Part(0..10))]
    #[case("bytes=-0", Wanted::Nothing)]
    #[case("bytes=10-", Wanted::Nothing)]
    #[case("bytes=99999999999999999999999-", Wanted::Nothing)]
    #[case("bytes=5-99999999999999999999999", Wanted::Part(5..10))]
    #[case("bytes=3-1", Wanted::All)]
    #[case("bytes=-", Wanted::All)]
    #[case("bytes=a-b", Wanted::All)]
    #[case("bytes=0-1,4-5", Wanted::All)]
    #[case("lines=0-1", Wanted::All)]
    fn ranges_read(#[case] header: &str, #[case] wanted: Wanted) {
        assert_eq!(parse_range(header, 10), wanted);
    }

    #[test]
    fn a_range_of_nothing_is_nothing() {
        assert_eq!(parse_range("bytes=0-", 0), Wanted::Nothing);
        assert_eq!(parse_range("bytes=-5", 0), Wanted::Nothing);
    }

    #[test]
    fn a_part_is_announced_with_its_place() {
        let request = Request {
            range: Some("bytes=2-4"),
            ..Request::get("/x")
        };
        let response = resource().answer(Class::Segment, &request);
        assert_eq!((response.status, &response.body[..]), (206, &b"234"[..]));
        assert_eq!(response.headers.get("content-range"), Some("bytes 2-4/10"));
        assert_eq!(response.headers.get("content-length"), Some("3"));
    }

    #[test]
    fn head_tells_the_length_and_sends_nothing() {
        let request = Request {
            method: Method::Head,
            ..Request::get("/x")
        };
        let response = resource().answer(Class::Segment, &request);
        assert_eq!((response.status, response.body.len()), (200, 0));
        assert_eq!(response.headers.get("content-length"), Some("10"));
    }

    #[test]
    fn who_has_it_is_told_so() {
        let full = resource().answer(Class::Segment, &Request::get("/x"));
        let etag = full.headers.get("etag").unwrap();
        let modified = full.headers.get("last-modified").unwrap();
        let weak = format!("\"other\", W/{etag}");
        let get = Request::get("/x");
        for (request, status) in [
            (
                Request {
                    if_none_match: Some(etag),
                    ..get
                },
                304,
            ),
            (
                Request {
                    if_none_match: Some(&weak),
                    ..get
                },
                304,
            ),
            (
                Request {
                    if_none_match: Some("*"),
                    ..get
                },
                304,
            ),
            (
                Request {
                    if_none_match: Some("\"other\""),
                    if_modified_since: Some(modified),
                    ..get
                },
                200,
            ),
            (
                Request {
                    if_modified_since: Some(modified),
                    ..get
                },
                304,
            ),
            (
                Request {
                    if_modified_since: Some("Sat, 01 Jan 2000 00:00:00 GMT"),
                    ..get
                },
                200,
            ),
            (
                Request {
                    if_modified_since: Some("soon"),
                    ..get
                },
                200,
            ),
            (
                Request {
                    range: Some("bytes=0-1"),
                    if_range: Some(etag),
                    ..get
                },
                206,
            ),
            (
                Request {
                    range: Some("bytes=0-1"),
                    if_range: Some(modified),
                    ..get
                },
                206,
            ),
            (
                Request {
                    range: Some("bytes=0-1"),
                    if_range: Some("\"other\""),
                    ..get
                },
                200,
            ),
        ] {
            let response = resource().answer(Class::Segment, &request);
            assert_eq!(response.status, status, "{request:?}");
            if status == 304 {
                assert_eq!(response.headers.get("content-length"), None);
                assert_eq!(response.headers.get("etag"), Some(etag));
            }
        }
    }
}
