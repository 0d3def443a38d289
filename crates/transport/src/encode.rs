//! Request heads (RFC 9112, 3).

use url::{Position, Url};

use crate::{Field, Headers, Method};

/// Headers that do not follow a redirect to another origin (Fetch, 4.4 and 4.6).
const PRIVATE: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

/// What stands in a request head.
pub(crate) struct RequestHead<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a Url,
    pub(crate) headers: &'a Headers,
    /// The session's cookies for this URL.
    pub(crate) cookies: Option<&'a str>,
    /// `Authorization` for this URL; one that was given goes before it.
    pub(crate) authorization: Option<&'a str>,
    /// Whether a redirect led to another origin.
    pub(crate) crossed: bool,
}

/// Writes `head` at the end of `out`.
pub(crate) fn encode(head: &RequestHead<'_>, out: &mut Vec<u8>) {
    let mut put = |text: &str| out.extend_from_slice(text.as_bytes());
    put(head.method.name());
    put(" ");
    put(&head.url[Position::BeforePath..Position::AfterQuery]);
    put(" HTTP/1.1\r\n");
    let given = |field: &Field| field.name().eq_ignore_ascii_case("authorization");
    let authorization = head
        .authorization
        .filter(|_| !head.headers.fields().iter().any(given));
    for field in head.headers.fields() {
        let value = match field {
            Field::Host => &head.url[Position::BeforeHost..Position::AfterPort],
            Field::Cookie => match head.cookies {
                Some(cookies) => cookies,
                None => continue,
            },
            Field::Given { name, .. } if head.crossed && is_private(name) => continue,
            Field::Given { value, .. } => value,
        };
        put(field.name());
        put(": ");
        put(value);
        put("\r\n");
        if let (Field::Host, Some(value)) = (field, authorization) {
            put("Authorization: ");
            put(value);
            put("\r\n");
        }
    }
    put("\r\n");
}

fn is_private(name: &str) -> bool {
    PRIVATE
        .iter()
        .any(|private| private.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn headers() -> Headers {
        let mut headers = Headers::new();
        headers.push("accept", "*/*").unwrap();
        headers = headers.host();
        headers.push("X-eMPTY", "").unwrap();
        headers.push("AUTHORIZATION", "Bearer x").unwrap();
        headers.cookie()
    }

    #[rstest]
    #[case("http://h/", "/", "h")]
    #[case("http://h", "/", "h")]
    #[case("http://H:80/a?b=c#d", "/a?b=c", "h")]
    #[case("http://h:8080/a?", "/a?", "h:8080")]
    #[case("https://u:p@h:443/%20 x", "/%20%20x", "h")]
    #[case("http://[::1]:81/", "/", "[::1]:81")]
    #[case("http://bücher.example/ü", "/%C3%BC", "xn--bcher-kva.example")]
    fn the_head_is_what_was_asked_for(#[case] url: &str, #[case] target: &str, #[case] host: &str) {
        let mut out = Vec::new();
        let head = RequestHead {
            method: Method::Get,
            url: &url.parse().unwrap(),
            headers: &headers(),
            cookies: Some("a=1; b=2"),
            authorization: Some("Basic given ones go first"),
            crossed: false,
        };
        encode(&head, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            format!(
                "GET {target} HTTP/1.1\r\naccept: */*\r\nHost: {host}\r\nX-eMPTY: \r\n\
                 AUTHORIZATION: Bearer x\r\nCookie: a=1; b=2\r\n\r\n"
            )
        );
    }

    #[test]
    fn secrets_do_not_cross_origins() {
        let mut out = Vec::new();
        let head = RequestHead {
            method: Method::Head,
            url: &"http://other/x".parse().unwrap(),
            headers: &headers(),
            cookies: None,
            authorization: None,
            crossed: true,
        };
        encode(&head, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "HEAD /x HTTP/1.1\r\naccept: */*\r\nHost: other\r\nX-eMPTY: \r\n\r\n"
        );
    }

    #[test]
    fn a_urls_credentials_stand_behind_the_host() {
        let mut headers = Headers::new().host();
        headers.push("accept", "*/*").unwrap();
        let mut out = Vec::new();
        let head = RequestHead {
            method: Method::Get,
            url: &"http://u:p@h/".parse().unwrap(),
            headers: &headers,
            cookies: None,
            authorization: Some("Basic dTpw"),
            crossed: false,
        };
        encode(&head, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic dTpw\r\naccept: */*\r\n\r\n"
        );
    }
}
