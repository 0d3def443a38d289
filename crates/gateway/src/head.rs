//! Request heads of players (RFC 9112, 2 and 3).

use transport::Method;

use crate::refusal::Refusal;

/// The longest request head, in bytes.
pub const HEAD_BYTES_MAX: usize = 32 * 1024;

/// The most fields of a request head.
pub const HEAD_FIELDS_MAX: usize = 100;

/// A request head, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Bytes that it takes.
    pub(crate) len: usize,
    /// `None`: one that is not passed on.
    pub(crate) method: Option<Method>,
    pub(crate) target: String,
    /// Name and value, in order.
    pub(crate) fields: Vec<(String, String)>,
    /// The player speaks HTTP/1.0.
    pub(crate) old: bool,
    /// Whether the player lets its connection live on (RFC 9112, 9.3).
    pub(crate) keep_alive: bool,
    /// Whether a body follows.
    pub(crate) has_body: bool,
}

impl Head {
    /// The first field of that name, in any case.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every field of that name.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields
            .iter()
            .filter(move |(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// What `Connection` says of the player's connection.
    fn persists(&self) -> bool {
        let said = |option: &str| {
            self.all("connection")
                .flat_map(|value| value.split(','))
                .any(|given| given.trim().eq_ignore_ascii_case(option))
        };
        !said("close") && (!self.old || said("keep-alive"))
    }

    fn announces_a_body(&self) -> bool {
        self.get("transfer-encoding").is_some()
            || self.all("content-length").any(|length| length != "0")
    }
}

/// Reads the head at the front of `bytes`; `None` while it is not whole.
pub(crate) fn parse(bytes: &[u8]) -> Result<Option<Head>, Refusal> {
    let mut fields = [httparse::EMPTY_HEADER; HEAD_FIELDS_MAX];
    let mut request = httparse::Request::new(&mut fields);
    let len = match request.parse(bytes) {
        Ok(httparse::Status::Complete(len)) if len <= HEAD_BYTES_MAX => len,
        Ok(httparse::Status::Partial) if bytes.len() < HEAD_BYTES_MAX => return Ok(None),
        Ok(_) => return Err(Refusal::new(431, "the request head is longer than 32 KiB")),
        Err(error) => return Err(refusal(error)),
    };
    let (Some(method), Some(target), Some(version)) =
        (request.method, request.path, request.version)
    else {
        return Err(Refusal::new(400, "this is no HTTP request"));
    };
    let mut head = Head {
        len,
        method: method_of(method),
        target: target.to_owned(),
        fields: Vec::with_capacity(request.headers.len()),
        old: version == 0,
        keep_alive: false,
        has_body: false,
    };
    for field in request.headers.iter() {
        let value = std::str::from_utf8(field.value)
            .map_err(|_| Refusal::new(400, "a header's value is not text"))?;
        head.fields.push((field.name.to_owned(), value.to_owned()));
    }
    head.keep_alive = head.persists();
    head.has_body = head.announces_a_body();
    Ok(Some(head))
}

fn method_of(name: &str) -> Option<Method> {
    match name {
        "GET" => Some(Method::Get),
        "HEAD" => Some(Method::Head),
        "OPTIONS" => Some(Method::Options),
        _ => None,
    }
}

fn refusal(error: httparse::Error) -> Refusal {
    match error {
        httparse::Error::TooManyHeaders => {
            Refusal::new(431, "the request has more than 100 headers")
        }
        httparse::Error::Version => Refusal::new(505, "HTTP/1.1 is spoken here"),
        _ => Refusal::new(400, "this is no HTTP request"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn read(text: &str) -> Head {
        parse(text.as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn order_and_case_are_kept() {
        let head = read("GET /v/1/http/h/ HTTP/1.1\r\nb: 1\r\nA: 2 \r\nB:3\r\n\r\nrest");
        let names: Vec<_> = head.fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b", "A", "B"]);
        assert_eq!(head.all("B").collect::<Vec<_>>(), ["1", "3"]);
        assert_eq!(head.get("a"), Some("2"));
        assert_eq!(head.target, "/v/1/http/h/");
        assert!(
            head.len + "rest".len()
                == "GET /v/1/http/h/ HTTP/1.1\r\nb: 1\r\nA: 2 \r\nB:3\r\n\r\nrest".len()
        );
    }

    #[rstest]
    #[case("GET / HTTP/1.1\r\n\r\n", true)]
    #[case("GET / HTTP/1.1\r\nConnection: x, Close\r\n\r\n", false)]
    #[case("GET / HTTP/1.0\r\n\r\n", false)]
    #[case("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true)]
    #[case("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false)]
    fn connections_live_on_as_the_player_says(#[case] text: &str, #[case] keep_alive: bool) {
        assert_eq!(read(text).keep_alive, keep_alive);
    }

    #[rstest]
    #[case("GET / HTTP/1.1\r\n\r\n", Some(Method::Get), false)]
    #[case(
        "GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        Some(Method::Get),
        false
    )]
    #[case("GET / HTTP/1.1\r\nContent-Length: 1\r\n\r\n", Some(Method::Get), true)]
    #[case("GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", Some(Method::Get), true)]
    #[case(
        "OPTIONS / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        Some(Method::Options),
        true
    )]
    #[case("HEAD / HTTP/1.1\r\n\r\n", Some(Method::Head), false)]
    #[case("POST / HTTP/1.1\r\n\r\n", None, false)]
    #[case("get / HTTP/1.1\r\n\r\n", None, false)]
    fn methods_and_bodies(
        #[case] text: &str,
        #[case] method: Option<Method>,
        #[case] has_body: bool,
    ) {
        let head = read(text);
        assert_eq!((head.method, head.has_body), (method, has_body));
    }

    #[test]
    fn what_is_no_request_is_refused_with_a_word_of_why() {
        let many = format!(
            "GET / HTTP/1.1\r\n{}\r\n",
            "A: b\r\n".repeat(HEAD_FIELDS_MAX + 1)
        );
        let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(HEAD_BYTES_MAX));
        for (text, status) in [
            ("\x16\x03\x01\x02\x00\x01", 400),
            ("GET / HTTP/1.1\r\nA b: c\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400),
            ("GET / HTTP/3.0\r\n\r\n", 505),
            (&many, 431),
            (&long, 431),
            (&long[..HEAD_BYTES_MAX], 431),
        ] {
            let refusal = parse(text.as_bytes()).unwrap_err();
            assert_eq!(refusal.status, status, "{}", &text[..20.min(text.len())]);
        }
        assert_eq!(parse(b"GET / HT"), Ok(None));
        assert_eq!(parse(b""), Ok(None));
        assert!(parse(b"GET / HTTP/1.1\r\nA: \xff\r\n\r\n").is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
            let mut request = b"GET / HTTP/1.1\r\n".to_vec();
            request.extend_from_slice(&bytes);
            let _ = parse(&request);
        }
    }
}
