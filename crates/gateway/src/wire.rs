//! Heads from one connection to the other (RFC 9110, 7.6.1): what passes and what is this
//! connection's own.
//!
//! A player's headers go on in their order and letter case, so that the origin sees the player and
//! not us; no `Via` is added. `Connection` is ours to write, and we say of our own connection what
//! the player said of its.

use transport::{Fields, Headers};

use crate::head::Head;

/// Fields of one connection, whatever `Connection` names.
const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Fields of an answer that would lead the player past the gateway or that the gateway keeps: the
/// viewer's cookies are its session's, because a player would file them under our own address.
const KEPT_HERE: [&str; 3] = ["set-cookie", "alt-svc", "proxy-authentication-info"];

/// Fields that tell of the very bytes of a body: gone where the body is another.
const OF_THE_BYTES: [&str; 7] = [
    "accept-ranges",
    "content-digest",
    "content-encoding",
    "content-md5",
    "content-range",
    "digest",
    "repr-digest",
];

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|other| other.eq_ignore_ascii_case(name))
}

/// The options of all `Connection` fields.
fn options<'a>(values: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    values
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|option| !option.is_empty())
        .collect()
}

/// The headers of the upstream request that passes a player's on. `set` are the user's own, which
/// replace the player's of the same name.
pub(crate) fn request<'a>(
    head: &Head,
    set: impl IntoIterator<Item = &'a (String, String)>,
) -> Result<Headers, transport::Error> {
    let named = options(head.all("connection"));
    let mut headers = Headers::new();
    if head.get("host").is_none() {
        headers = headers.host();
    }
    for (name, value) in &head.fields {
        if name.eq_ignore_ascii_case("host") {
            headers = headers.host();
        } else if name.eq_ignore_ascii_case("connection") {
            if let Some(wish) = wish(value) {
                headers.push(name.clone(), wish)?;
            }
        } else if !is_one_of(name, &HOP_BY_HOP) && !is_one_of(name, &named) {
            headers.push(name.clone(), value.as_str())?;
        }
    }
    if head.get("cookie").is_none() {
        headers = headers.cookie();
    }
    for (name, value) in set {
        headers.set(name.clone(), value.as_str())?;
    }
    Ok(headers)
}

/// Of a `Connection` field, what we say of our own connection.
fn wish(value: &str) -> Option<&str> {
    let own = |option: &&str| is_one_of(option, &["close", "keep-alive"]);
    value.split(',').map(str::trim).find(own)
}

/// How the player learns where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// There is none: what the head says of one passes.
    NoBody,
    Length(u64),
    Chunked,
    /// With the connection: for players of HTTP/1.0.
    UntilClose,
}

/// An answer's head for the player.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) fields: &'a Fields,
    pub(crate) framing: Framing,
    /// The body's bytes are not the origin's.
    pub(crate) rewritten: bool,
    /// The `Content-Range` of a rewritten body.
    pub(crate) range: Option<&'a str>,
    /// What is said of the player's connection.
    pub(crate) connection: Option<&'static str>,
}

impl Answer<'_> {
    /// Writes the head at the end of `out`: the origin's fields where it had them, ours in the
    /// place of those they stand for, else last.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        status_line(self.status, out);
        let named = options(self.fields.all("connection"));
        let mut connection = self.connection;
        let mut length = self.length();
        for (name, value) in self.fields.iter() {
            if name.eq_ignore_ascii_case("connection") {
                if let Some(option) = connection.take() {
                    field(name, option.as_bytes(), out);
                }
            } else if name.eq_ignore_ascii_case("content-length") && self.framing != Framing::NoBody
            {
                if let Some(length) = length.take() {
                    field(name, length.as_bytes(), out);
                }
            } else if self.passes(name, &named) {
                field(name, value, out);
            }
        }
        if let Some(length) = length {
            field("Content-Length", length.as_bytes(), out);
        }
        if let Some(range) = self.range.filter(|_| self.rewritten) {
            field("Content-Range", range.as_bytes(), out);
        }
        if self.framing == Framing::Chunked {
            field("Transfer-Encoding", b"chunked", out);
        }
        if let Some(option) = connection {
            field("Connection", option.as_bytes(), out);
        }
        out.extend_from_slice(b"\r\n");
    }

    fn length(&self) -> Option<String> {
        match self.framing {
            Framing::Length(length) => Some(length.to_string()),
            Framing::NoBody | Framing::Chunked | Framing::UntilClose => None,
        }
    }

    fn passes(&self, name: &str, named: &[&str]) -> bool {
        !(is_one_of(name, &HOP_BY_HOP)
            || is_one_of(name, &KEPT_HERE)
            || is_one_of(name, named)
            || self.rewritten && is_one_of(name, &OF_THE_BYTES))
    }
}

/// Writes a status line at the end of `out`.
pub(crate) fn status_line(status: u16, out: &mut Vec<u8>) {
    let reason = crate::refusal::reason(status);
    out.extend_from_slice(format!("HTTP/1.1 {status} {reason}\r\n").as_bytes());
}

/// Writes a field line at the end of `out`.
pub(crate) fn field(name: &str, value: &[u8], out: &mut Vec<u8>) {
    for part in [name.as_bytes(), b": ", value, b"\r\n"] {
        out.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use transport::Field;

    use super::*;

    fn sent(text: &str, set: &[(&str, &str)]) -> Vec<String> {
        let head = crate::head::parse(text.as_bytes()).unwrap().unwrap();
        let set: Vec<_> = set
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let headers = request(&head, &set).unwrap();
        let line = |field: &Field| match field {
            Field::Given { name, value } => format!("{name}: {value}"),
            other => format!("<{}>", other.name()),
        };
        headers.fields().iter().map(line).collect()
    }

    #[rstest]
    // As FFmpeg 5.1 asks.
    #[case::ffmpeg(
        "User-Agent: Lavf/59\r\nAccept: */*\r\nRange: bytes=0-\r\nConnection: keep-alive\r\n\
         Host: 127.0.0.1:1\r\nIcy-MetaData: 1\r\n",
        &["User-Agent: Lavf/59", "Accept: */*", "Range: bytes=0-", "Connection: keep-alive",
          "<Host>", "Icy-MetaData: 1", "<Cookie>"]
    )]
    #[case::close("host: x\r\nconnection: Close\r\n", &["<Host>", "connection: Close", "<Cookie>"])]
    #[case::named(
        "Host: x\r\nConnection: X-Own, keep-alive, TE\r\nX-Own: 1\r\nTE: trailers\r\nX-Other: 2\r\n",
        &["<Host>", "Connection: keep-alive", "X-Other: 2", "<Cookie>"]
    )]
    #[case::hop_by_hop(
        "Host: x\r\nKeep-Alive: 5\r\nProxy-Connection: close\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\
         Trailer: x\r\nAccept: a\r\nACCEPT: b\r\n",
        &["<Host>", "Accept: a", "ACCEPT: b", "<Cookie>"]
    )]
    #[case::own_cookies("Host: x\r\nCookie: a=b\r\nZ: 1\r\n", &["<Host>", "Cookie: a=b", "Z: 1"])]
    #[case::hostless("A: b\r\n", &["<Host>", "A: b", "<Cookie>"])]
    fn a_players_headers_pass_as_they_are(#[case] fields: &str, #[case] expected: &[&str]) {
        assert_eq!(
            sent(&format!("GET / HTTP/1.1\r\n{fields}\r\n"), &[]),
            expected
        );
    }

    #[test]
    fn the_users_headers_take_the_place_of_the_players() {
        let text = "GET / HTTP/1.1\r\nHost: x\r\nuser-agent: p\r\nAccept: */*\r\n\r\n";
        let set = [("User-Agent", "mine"), ("X-Key", "1")];
        let expected = [
            "<Host>",
            "User-Agent: mine",
            "Accept: */*",
            "<Cookie>",
            "X-Key: 1",
        ];
        assert_eq!(sent(text, &set), expected);
    }

    fn answered(block: &str, framing: Framing, rewritten: bool) -> String {
        let fields = Fields::from_block(block.as_bytes());
        let answer = Answer {
            status: 206,
            fields: &fields,
            framing,
            rewritten,
            range: Some("bytes 0-1/2"),
            connection: Some("keep-alive"),
        };
        let mut out = Vec::new();
        answer.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    const BLOCK: &str = "server: o\r\nConnection: close, x-own\r\nX-Own: 1\r\nContent-Length: 9\r\n\
        Set-Cookie: a=1\r\nAlt-Svc: h3\r\nETag: \"e\"\r\nContent-Range: bytes 0-8/9\r\n\
        Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n";

    #[rstest]
    #[case(
        Framing::Length(9),
        false,
        "server: o\r\nConnection: keep-alive\r\nContent-Length: 9\r\nETag: \"e\"\r\n\
         Content-Range: bytes 0-8/9\r\nContent-Encoding: gzip\r\n"
    )]
    #[case(
        Framing::Length(2),
        true,
        "server: o\r\nConnection: keep-alive\r\nContent-Length: 2\r\nETag: \"e\"\r\n\
         Content-Range: bytes 0-1/2\r\n"
    )]
    #[case(
        Framing::Chunked,
        false,
        "server: o\r\nConnection: keep-alive\r\nETag: \"e\"\r\nContent-Range: bytes 0-8/9\r\n\
         Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"
    )]
    #[case(
        Framing::NoBody,
        false,
        "server: o\r\nConnection: keep-alive\r\nContent-Length: 9\r\nETag: \"e\"\r\n\
         Content-Range: bytes 0-8/9\r\nContent-Encoding: gzip\r\n"
    )]
    fn an_answers_fields_pass_as_they_are(
        #[case] framing: Framing,
        #[case] rewritten: bool,
        #[case] expected: &str,
    ) {
        let head = answered(BLOCK, framing, rewritten);
        assert_eq!(
            head,
            format!("HTTP/1.1 206 Partial Content\r\n{expected}\r\n")
        );
    }

    #[test]
    fn what_the_origin_did_not_say_comes_last() {
        assert_eq!(
            answered("A: b\r\n", Framing::Length(3), false),
            "HTTP/1.1 206 Partial Content\r\nA: b\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\n"
        );
    }
}
