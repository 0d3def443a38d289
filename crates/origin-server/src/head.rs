//! Request heads (RFC 9112, 2 and 3): what of them matters here.

use std::ops::Range;

use origin::Method;

/// The longest head, in bytes.
pub(crate) const HEAD_MAX: usize = 16 << 10;
/// The most headers in a head.
const HEADERS_MAX: usize = 96;
/// A body that comes with a request is read and dropped up to this length.
pub(crate) const BODY_MAX: u64 = 64 << 10;

/// A head that was read; places are within the buffer it was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// Bytes of the head.
    pub(crate) len: usize,
    pub(crate) method: Method,
    pub(crate) path: Range<usize>,
    pub(crate) range: Option<Range<usize>>,
    pub(crate) if_range: Option<Range<usize>>,
    pub(crate) if_none_match: Option<Range<usize>>,
    pub(crate) if_modified_since: Option<Range<usize>>,
    /// Whether the connection goes on after the answer.
    pub(crate) keep_alive: bool,
    /// Whether the client speaks HTTP/1.0 and asked for the connection to go on.
    pub(crate) old_keep_alive: bool,
    /// Bytes of body that follow.
    pub(crate) body_len: u64,
}

/// Why a head is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) text: &'static str,
}

const fn refuse(status: u16, text: &'static str) -> Refusal {
    Refusal { status, text }
}

/// Reads the head at the front of `buffer`; nothing if more bytes are needed.
pub(crate) fn parse(buffer: &[u8]) -> Result<Option<Head>, Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    let len = match request.parse(buffer) {
        Ok(httparse::Status::Complete(len)) if len <= HEAD_MAX => len,
        Ok(httparse::Status::Partial) if buffer.len() <= HEAD_MAX => return Ok(None),
        Ok(_) => return Err(refuse(431, "431: the request head is longer than 16 KiB\n")),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(refuse(431, "431: the request has more than 96 headers\n"));
        }
        Err(httparse::Error::Version) => return Err(refuse(505, "505: HTTP/1.1 is spoken here\n")),
        Err(_) => return Err(refuse(400, "400: this is not an HTTP request\n")),
    };
    let (Some(method), Some(target), Some(version)) =
        (request.method, request.path, request.version)
    else {
        return Err(refuse(400, "400: this is not an HTTP request\n"));
    };
    let old = version == 0;
    let mut head = Head {
        len,
        method: match method {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "OPTIONS" => Method::Options,
            _ => Method::Other,
        },
        path: place(buffer, path_of(target)),
        range: None,
        if_range: None,
        if_none_match: None,
        if_modified_since: None,
        keep_alive: !old,
        old_keep_alive: false,
        body_len: 0,
    };
    for header in request.headers {
        head.take(buffer, header)?;
    }
    head.old_keep_alive = old && head.keep_alive;
    Ok(Some(head))
}

impl Head {
    fn take(&mut self, buffer: &[u8], header: &httparse::Header<'_>) -> Result<(), Refusal> {
        // What is not text is no header that we know.
        let Ok(value) = std::str::from_utf8(header.value) else {
            return Ok(());
        };
        let slot = match header.name.len() {
            5 if header.name.eq_ignore_ascii_case("range") => &mut self.range,
            8 if header.name.eq_ignore_ascii_case("if-range") => &mut self.if_range,
            13 if header.name.eq_ignore_ascii_case("if-none-match") => &mut self.if_none_match,
            17 if header.name.eq_ignore_ascii_case("if-modified-since") => {
                &mut self.if_modified_since
            }
            10 if header.name.eq_ignore_ascii_case("connection") => {
                for option in value.split(',').map(str::trim) {
                    if option.eq_ignore_ascii_case("close") {
                        self.keep_alive = false;
                    } else if option.eq_ignore_ascii_case("keep-alive") {
                        self.keep_alive = true;
                    }
                }
                return Ok(());
            }
            14 if header.name.eq_ignore_ascii_case("content-length") => {
                let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
                let len = digits.then(|| value.parse().unwrap_or(u64::MAX));
                self.body_len =
                    len.ok_or(refuse(400, "400: this content length is no number\n"))?;
                return Ok(());
            }
            17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                // Nothing here wants a body: its end is not looked for, the connection closes.
                self.body_len = u64::MAX;
                return Ok(());
            }
            _ => return Ok(()),
        };
        *slot = Some(place(buffer, value));
        Ok(())
    }
}

/// The path of a target in origin, absolute or asterisk form, without its query.
fn path_of(target: &str) -> &str {
    let path = match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => {
            rest.find('/').map_or("", |at| &rest[at..])
        }
        _ => target,
    };
    path.split_once(['?', '#']).map_or(path, |(path, _)| path)
}

/// Where `part` lies in `buffer`, of which it is a part.
fn place(buffer: &[u8], part: &str) -> Range<usize> {
    let start = part.as_ptr().addr().wrapping_sub(buffer.as_ptr().addr());
    if start > buffer.len() {
        0..0
    } else {
        start..start + part.len()
    }
}

/// The text at `place`, which was text when the head was read.
pub(crate) fn text<'a>(buffer: &'a [u8], place: &Range<usize>) -> &'a str {
    std::str::from_utf8(&buffer[place.clone()]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(request: &str) -> String {
        let head = parse(request.as_bytes()).unwrap().unwrap();
        text(request.as_bytes(), &head.path).to_owned()
    }

    #[test]
    fn targets_have_a_path() {
        for (target, expected) in [
            ("/live/a.m3u8", "/live/a.m3u8"),
            ("/live/a.m3u8?x=/y", "/live/a.m3u8"),
            ("http://host/live/a.m3u8?x", "/live/a.m3u8"),
            ("http://host", ""),
            ("/x?u=http://y/z", "/x"),
            ("*", "*"),
        ] {
            assert_eq!(path(&format!("GET {target} HTTP/1.1\r\n\r\n")), expected);
        }
    }

    #[test]
    fn headers_that_matter_are_found_whatever_their_case() {
        let request =
            b"GET /x HTTP/1.1\r\nRANGE: bytes=0-1\r\nIf-none-Match: \"a\"\r\nX: y\r\n\r\nrest";
        let head = parse(request).unwrap().unwrap();
        assert_eq!(
            head.range.map(|place| text(request, &place)),
            Some("bytes=0-1")
        );
        assert_eq!(
            head.if_none_match.map(|place| text(request, &place)),
            Some("\"a\"")
        );
        assert_eq!(head.len, request.len() - 4);
    }

    #[test]
    fn connections_go_on_as_the_version_and_the_client_say() {
        for (line, keep_alive) in [
            ("GET / HTTP/1.1\r\n\r\n", true),
            ("GET / HTTP/1.1\r\nConnection: Close\r\n\r\n", false),
            ("GET / HTTP/1.0\r\n\r\n", false),
            ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true),
        ] {
            assert_eq!(
                parse(line.as_bytes()).unwrap().unwrap().keep_alive,
                keep_alive,
                "{line}"
            );
        }
    }

    #[test]
    fn what_is_refused_says_why() {
        let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(HEAD_MAX));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(200));
        for (request, status) in [
            ("\x16\x03\x01\x02\x00\x01", 400),
            ("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
            ("GET / HTTP/3.0\r\n\r\n", 505),
            (&long, 431),
            (&many, 431),
            (&"x".repeat(HEAD_MAX + 1), 431),
        ] {
            let refusal = parse(request.as_bytes()).unwrap_err();
            assert_eq!(
                refusal.status,
                status,
                "{}",
                &request[..20.min(request.len())]
            );
        }
        assert_eq!(parse(b"GET / HT"), Ok(None));
    }

    proptest! {
        #[test]
        fn parsing_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
            let mut bytes = bytes;
            bytes.splice(0..0, *b"GET ");
            if let Ok(Some(head)) = parse(&bytes) {
                text(&bytes, &head.path);
            }
        }
    }
}
