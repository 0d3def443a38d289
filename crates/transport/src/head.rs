//! Response heads (RFC 9112, 4 to 6): bytes in, [`Head`] and how its body is framed out. Pure.

use std::mem::MaybeUninit;

use crate::framing::Framing;
use crate::{Error, Fields, Head, Method, Version};

/// The most bytes of a response head, status line and blank line included.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;

/// The most fields of a response head.
pub const HEAD_FIELDS_MAX: usize = 128;

/// What the bytes so far hold.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// Not a whole head yet.
    Partial,
    /// A 1xx head, this long, after which another head follows (RFC 9110, 15.2).
    Informational { len: usize },
    /// The head, this long.
    Final { len: usize, message: Message },
}

/// A response head, and what it says about what follows.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) head: Head,
    pub(crate) framing: Framing,
    /// Whether the server lets the connection live on (RFC 9112, 9.3).
    pub(crate) keep_alive: bool,
}

/// Reads the head at the start of `bytes`.
pub(crate) fn parse(bytes: &[u8], method: Method) -> Result<Parsed, Error> {
    let mut fields = [const { MaybeUninit::uninit() }; HEAD_FIELDS_MAX];
    let mut response = httparse::Response::new(&mut []);
    let status = httparse::ParserConfig::default()
        .parse_response_with_uninit_headers(&mut response, bytes, &mut fields)
        .map_err(parse_error)?;
    let httparse::Status::Complete(len) = status else {
        return if bytes.len() < HEAD_BYTES_MAX {
            Ok(Parsed::Partial)
        } else {
            Err(too_large())
        };
    };
    if len > HEAD_BYTES_MAX {
        return Err(too_large());
    }
    let (Some(code), Some(version)) = (response.code, response.version) else {
        return Err(Error::Protocol("a head without a status"));
    };
    match code {
        101 => Err(Error::Protocol("101: a protocol nobody asked for")),
        100..=199 => Ok(Parsed::Informational { len }),
        200..=999 => message(code, version, response.headers, &bytes[..len], method)
            .map(|message| Parsed::Final { len, message }),
        _ => Err(Error::Protocol("a status below 100")),
    }
}

fn too_large() -> Error {
    Error::HeadTooLarge {
        limit: HEAD_BYTES_MAX,
        unit: "bytes",
    }
}

fn parse_error(error: httparse::Error) -> Error {
    match error {
        httparse::Error::TooManyHeaders => Error::HeadTooLarge {
            limit: HEAD_FIELDS_MAX,
            unit: "fields",
        },
        httparse::Error::HeaderName => Error::Protocol("an invalid header name"),
        httparse::Error::HeaderValue => Error::Protocol("an invalid header value"),
        httparse::Error::NewLine => Error::Protocol("an invalid line end in the head"),
        httparse::Error::Status => Error::Protocol("an invalid status"),
        httparse::Error::Version => Error::Protocol("no HTTP/1 status line"),
        httparse::Error::Token => Error::Protocol("an invalid byte in the head"),
    }
}

/// What the fields say that matters to the connection.
#[derive(Default)]
struct Facts {
    /// What is wrong with the lengths matters only where one is needed.
    length: Option<Result<u64, &'static str>>,
    /// As does what is wrong with the encodings.
    chunked: Option<Result<(), &'static str>>,
    close: bool,
    keep_alive: bool,
}

fn message(
    status: u16,
    version: u8,
    fields: &[httparse::Header<'_>],
    head: &[u8],
    method: Method,
) -> Result<Message, Error> {
    let mut facts = Facts::default();
    for field in fields {
        facts.learn(field);
    }
    let no_body = method == Method::Head || matches!(status, 204 | 304);
    let framing = facts.framing(no_body)?;
    // A length beside chunks is a sign of a broken server: the connection is not trusted with
    // another exchange (RFC 9112, 6.3).
    let ambiguous = facts.chunked.is_some() && (facts.length.is_some() || version == 0);
    let keep_alive = match version {
        0 => facts.keep_alive && !facts.close,
        _ => !facts.close,
    };
    Ok(Message {
        head: Head {
            status,
            version: if version == 0 {
                Version::Http10
            } else {
                Version::Http11
            },
            fields: Fields::from_block(field_block(head)),
        },
        keep_alive: keep_alive && !ambiguous && framing != Framing::UntilClose,
        framing,
    })
}

/// The lines between the status line and the blank line.
fn field_block(head: &[u8]) -> &[u8] {
    // httparse allows blank lines before the status line.
    let head = head.trim_ascii_start();
    match head.iter().position(|byte| *byte == b'\n') {
        Some(end) => head[end + 1..].trim_ascii_end(),
        None => &[],
    }
}

impl Facts {
    fn learn(&mut self, field: &httparse::Header<'_>) {
        if field.name.eq_ignore_ascii_case("content-length") {
            for item in items(field.value) {
                self.learn_length(parse_length(item));
            }
            self.length.get_or_insert(Err("an empty content length"));
        } else if field.name.eq_ignore_ascii_case("transfer-encoding") {
            for item in items(field.value) {
                let once = self.chunked.is_none() && item.eq_ignore_ascii_case(b"chunked");
                let wrong = "a transfer encoding other than chunked";
                self.chunked = Some(if once { Ok(()) } else { Err(wrong) });
            }
        } else if field.name.eq_ignore_ascii_case("connection") {
            for item in items(field.value) {
                self.close |= item.eq_ignore_ascii_case(b"close");
                self.keep_alive |= item.eq_ignore_ascii_case(b"keep-alive");
            }
        }
    }

    /// RFC 9110, 8.6: the same length may be said more than once.
    fn learn_length(&mut self, length: Result<u64, &'static str>) {
        self.length = Some(match (self.length, length) {
            (Some(Ok(one)), Ok(other)) if one != other => Err("content lengths that conflict"),
            (Some(Err(why)), _) => Err(why),
            (_, length) => length,
        });
    }

    /// RFC 9112, 6.3.
    fn framing(&self, no_body: bool) -> Result<Framing, Error> {
        match (self.chunked, self.length) {
            _ if no_body => Ok(Framing::Done),
            (Some(Ok(())), _) => Ok(Framing::chunked()),
            (Some(Err(why)), _) | (None, Some(Err(why))) => Err(Error::Protocol(why)),
            (None, Some(Ok(length))) => Ok(Framing::length(length)),
            (None, None) => Ok(Framing::UntilClose),
        }
    }
}

/// The elements of a comma-separated list (RFC 9110, 5.6.1); empty ones are skipped.
fn items(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|item| !item.is_empty())
}

/// RFC 9110, 8.6: digits only; no sign, no fraction.
fn parse_length(digits: &[u8]) -> Result<u64, &'static str> {
    digits
        .iter()
        .try_fold(0_u64, |value, digit| {
            let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
            value.checked_mul(10)?.checked_add(digit)
        })
        .ok_or("a content length that is not a number")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn whole(head: &str, method: Method) -> Message {
        match parse(head.as_bytes(), method) {
            Ok(Parsed::Final { len, message }) => {
                assert_eq!(len, head.len());
                message
            }
            other => panic!("{head:?}: {other:?}"),
        }
    }

    #[rstest]
    #[case(
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        Framing::length(5),
        true
    )]
    #[case("HTTP/1.1 200\r\ncontent-length:5\r\n\r\n", Framing::length(5), true)]
    #[case("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Framing::Done, true)]
    #[case(
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
        Framing::length(5),
        true
    )]
    #[case(
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n",
        Framing::length(5),
        true
    )]
    #[case(
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n",
        Framing::length(5),
        false
    )]
    #[case(
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: foo, Close\r\n\r\n",
        Framing::length(5),
        false
    )]
    #[case(
        "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n",
        Framing::length(u64::MAX),
        true
    )]
    #[case(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        Framing::chunked(),
        true
    )]
    #[case(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 3\r\n\r\n",
        Framing::chunked(),
        false
    )]
    #[case("HTTP/1.1 200 OK\r\n\r\n", Framing::UntilClose, false)]
    #[case("HTTP/1.1 204 No Content\r\n\r\n", Framing::Done, true)]
    #[case(
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n",
        Framing::Done,
        true
    )]
    #[case(
        "HTTP/1.1 404 Nope\r\nContent-Length: 2\r\n\r\n",
        Framing::length(2),
        true
    )]
    #[case(
        "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n",
        Framing::length(5),
        false
    )]
    #[case(
        "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: Keep-Alive\r\n\r\n",
        Framing::length(5),
        true
    )]
    #[case(
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n",
        Framing::chunked(),
        false
    )]
    #[case("\r\nHTTP/1.1 200 OK\nContent-Length: 5\n\n", Framing::length(5), true)]
    fn framing_follows_the_fields(
        #[case] head: &str,
        #[case] framing: Framing,
        #[case] keep_alive: bool,
    ) {
        let message = whole(head, Method::Get);
        assert_eq!(message.framing, framing);
        assert_eq!(message.keep_alive, keep_alive);
    }

    #[test]
    fn a_head_request_has_no_body() {
        let message = whole("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Method::Head);
        assert_eq!(message.framing, Framing::Done);
        assert!(message.keep_alive);
        let message = whole("HTTP/1.1 200 OK\r\n\r\n", Method::Head);
        assert!(message.keep_alive, "no body, so nothing ends at the close");
    }

    #[rstest]
    #[case("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n")]
    #[case("HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n")]
    #[case("HTTP/1.1 200 OK\r\nContent-Length: 5.0\r\n\r\n")]
    #[case("HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n")]
    #[case("HTTP/1.1 200 OK\r\nContent-Length: 5 5\r\n\r\n")]
    #[case("HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n")]
    #[case("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n")]
    #[case("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n")]
    #[case("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")]
    #[case("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n")]
    #[case("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n")]
    #[case("HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n")]
    #[case("HTTP/1.1 200 OK\r\nA : b\r\n\r\n")]
    #[case("HTTP/1.1 200 OK\r\nA\r\n\r\n")]
    #[case("HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n")]
    #[case("HTTP/1.1 20 OK\r\n\r\n")]
    #[case("HTTP/1.1 000 OK\r\n\r\n")]
    #[case("HTTP/1.1 101 Switching Protocols\r\n\r\n")]
    #[case("HTTP/2 200 OK\r\n\r\n")]
    #[case("HTTP/3.0 200 OK\r\n\r\n")]
    #[case("ICY 200 OK\r\n\r\n")]
    #[case("SSH-2.0-OpenSSH_9.2\r\n")]
    #[case("<html>")]
    #[case("\u{15}\u{3}\u{1}\0\u{2}\u{2}\u{16}")]
    fn what_is_not_http_is_refused(#[case] head: &str) {
        let error = parse(head.as_bytes(), Method::Get).unwrap_err();
        assert!(matches!(error, Error::Protocol(_)), "{error:?}");
    }

    #[rstest]
    #[case("HTTP/1.1 304 Same\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n")]
    #[case("HTTP/1.1 204 None\r\nContent-Length: x\r\n\r\n")]
    #[case("HTTP/1.1 204 None\r\nTransfer-Encoding: gzip\r\n\r\n")]
    fn framing_of_no_body_may_be_wrong(#[case] head: &str) {
        assert_eq!(whole(head, Method::Get).framing, Framing::Done);
    }

    #[test]
    fn limits_hold() {
        let many = format!(
            "HTTP/1.1 200 OK\r\n{}\r\n",
            "a: b\r\n".repeat(HEAD_FIELDS_MAX)
        );
        assert!(matches!(
            parse(many.as_bytes(), Method::Get),
            Ok(Parsed::Final { .. })
        ));
        let many = format!(
            "HTTP/1.1 200 OK\r\n{}\r\n",
            "a: b\r\n".repeat(HEAD_FIELDS_MAX + 1)
        );
        assert!(matches!(
            parse(many.as_bytes(), Method::Get),
            Err(Error::HeadTooLarge { .. })
        ));
        let long = format!("HTTP/1.1 200 OK\r\na: {}", "b".repeat(HEAD_BYTES_MAX));
        assert!(matches!(
            parse(long.as_bytes(), Method::Get),
            Err(Error::HeadTooLarge { .. })
        ));
        let long = format!(
            "HTTP/1.1 200 OK\r\na: {}\r\n\r\n",
            "b".repeat(HEAD_BYTES_MAX)
        );
        assert!(matches!(
            parse(long.as_bytes(), Method::Get),
            Err(Error::HeadTooLarge { .. })
        ));
        let long = format!("HTTP/1.1 200 OK\r\na: {}", "b".repeat(1000));
        assert!(matches!(
            parse(long.as_bytes(), Method::Get),
            Ok(Parsed::Partial)
        ));
    }

    #[test]
    fn informational_heads_are_passed_over() {
        let head = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
        assert!(matches!(
            parse(head, Method::Get),
            Ok(Parsed::Informational { len: 40 })
        ));
    }

    #[test]
    fn fields_are_found_in_any_case() {
        let message = whole(
            "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nSet-Cookie: a=1\r\nEmpty:\r\nset-cookie:  b=2 \r\n\r\n",
            Method::Get,
        );
        let fields = &message.head.fields;
        assert_eq!(fields.get("etag"), Some("\"x\""));
        assert_eq!(fields.get("EMPTY"), Some(""));
        assert_eq!(fields.get("age"), None);
        assert_eq!(fields.all("Set-Cookie").collect::<Vec<_>>(), ["a=1", "b=2"]);
        assert_eq!(fields.iter().count(), 4);
    }
}
