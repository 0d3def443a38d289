//! User and password of a URL, as they are sent (RFC 7617).
//!
//! They go with each request to a URL that has them, at once: no origin has to ask first, as curl
//! has it. A session may be told of a stream's own, which then go to that origin whether or not a
//! playlist repeats them, and nowhere else.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use url::Url;

/// What is sent to one origin.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    scheme: String,
    host: String,
    port: Option<u16>,
    value: String,
}

impl Credentials {
    /// Those of a URL, if it has any.
    pub(crate) fn of(url: &Url) -> Option<Self> {
        Some(Self {
            scheme: url.scheme().to_owned(),
            host: url.host_str()?.to_owned(),
            port: url.port_or_known_default(),
            value: basic(url)?,
        })
    }

    /// What to send to `url`, if that is their origin.
    pub(crate) fn for_url(&self, url: &Url) -> Option<&str> {
        let same = url.host_str() == Some(&self.host)
            && url.port_or_known_default() == self.port
            && url.scheme() == self.scheme;
        same.then_some(&self.value)
    }
}

/// Nobody sees them.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// The value of `Authorization` for the user and the password in `url`.
pub(crate) fn basic(url: &Url) -> Option<String> {
    let (user, password) = (url.username(), url.password());
    if user.is_empty() && password.is_none() {
        return None;
    }
    let mut pair: Vec<u8> = percent_decode_str(user).collect();
    pair.push(b':');
    pair.extend(percent_decode_str(password.unwrap_or_default()));
    Some(format!("Basic {}", BASE64_STANDARD.encode(pair)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://h/", None)]
    // RFC 7617, 2: the example, whose user is Aladdin.
    #[case(
        "http://Aladdin:open%20sesame@h/",
        Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
    )]
    // RFC 7617, 2.1: in UTF-8.
    #[case("http://test:123%C2%A3@h/", Some("Basic dGVzdDoxMjPCow=="))]
    #[case("http://:x@h/", Some("Basic Ong="))]
    #[case("http://u@h/", Some("Basic dTo="))]
    fn they_are_sent_as_they_are_meant(#[case] url: &str, #[case] expected: Option<&str>) {
        assert_eq!(basic(&url.parse().unwrap()).as_deref(), expected);
    }

    #[rstest]
    #[case("http://h/other", true)]
    #[case("http://h:80/", true)]
    #[case("http://H/", true)]
    #[case("https://h/", false)]
    #[case("http://h:81/", false)]
    #[case("http://i/", false)]
    #[case("http://x.h/", false)]
    fn they_go_to_their_origin_alone(#[case] url: &str, #[case] go: bool) {
        let credentials = Credentials::of(&"http://u:p@h/a".parse().unwrap()).unwrap();
        let sent = credentials.for_url(&url.parse().unwrap());
        assert_eq!(sent.is_some(), go);
        assert!(!format!("{credentials:?}").contains("dTpw"));
    }
}
