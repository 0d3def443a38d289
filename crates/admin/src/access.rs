//! Who may ask for what.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::http::{HeaderMap, Uri, header};
use subtle::{Choice, ConstantTimeEq};

use crate::config::{Config, Error};

/// The longest token, in bytes.
pub(crate) const TOKEN_BYTES_MAX: usize = 1024;

/// A secret that a request carries as `Authorization: Bearer …`. It is never printed.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Compares in a time that depends on the lengths only.
    fn is(&self, given: &[u8]) -> Choice {
        self.0.as_bytes().ct_eq(given)
    }
}

impl FromStr for Token {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fits = (1..=TOKEN_BYTES_MAX).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::Token)
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What a request wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surface {
    /// Change the run, or learn of it.
    Admin,
    /// Add a latency of its own.
    Push,
}

/// Why a request may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// No token, or another.
    Token(Surface),
    /// No token opens it, because only one for client samples is set.
    Closed,
    /// It names a host that is not this machine's own.
    Host,
    /// A browser sends it for a page that is not ours.
    Foreign,
}

/// The rules, as they follow from how the face was configured.
#[derive(Debug)]
pub(crate) struct Access {
    admin: Option<Token>,
    push: Option<Token>,
    /// Only requests that name a loopback host are answered.
    loopback_names_only: bool,
}

impl Access {
    /// The rules for a face that listens on `address`.
    pub(crate) fn new(config: &Config, address: SocketAddr) -> Result<Self, Error> {
        let loopback = address.ip().to_canonical().is_loopback();
        if !loopback && config.admin_token.is_none() && !config.insecure_listen {
            return Err(Error::Unguarded { address });
        }
        Ok(Self {
            admin: config.admin_token.clone(),
            push: config.push_token.clone(),
            loopback_names_only: loopback && config.admin_token.is_none(),
        })
    }

    /// Whether a request with these headers may do what it wants.
    ///
    /// | set | admin | push |
    /// |---|---|---|
    /// | neither token | all | all |
    /// | admin token | it | it |
    /// | push token | nobody | it |
    /// | both | the admin token | either |
    pub(crate) fn admits(&self, surface: Surface, headers: &HeaderMap) -> Result<(), Denied> {
        let given = bearer(headers);
        let is = |token: &Option<Token>| match token {
            Some(token) => token.is(given),
            None => Choice::from(0),
        };
        let fits = match surface {
            Surface::Admin => is(&self.admin),
            Surface::Push => is(&self.admin) | is(&self.push),
        };
        match (surface, &self.admin, &self.push) {
            (_, None, None) => Ok(()),
            (Surface::Admin, None, Some(_)) => Err(Denied::Closed),
            _ if fits.into() => Ok(()),
            _ => Err(Denied::Token(surface)),
        }
    }

    /// Whether client samples are asked for a token, so that they may come from any page.
    pub(crate) fn guards_samples(&self) -> bool {
        self.admin.is_some() || self.push.is_some()
    }

    /// Whether the host that the request names is one that it may have come to. A name that leads
    /// to this machine and is not one of its own is somebody else's page (DNS rebinding).
    pub(crate) fn knows_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Denied> {
        if !self.loopback_names_only {
            return Ok(());
        }
        let named = authority(uri, headers).and_then(host);
        let ours = named.is_some_and(|host| {
            let ip = host.parse::<IpAddr>().ok();
            ip.is_some_and(|ip| ip.to_canonical().is_loopback())
                || host.eq_ignore_ascii_case("localhost")
        });
        if ours { Ok(()) } else { Err(Denied::Host) }
    }
}

/// Whether a browser sends the request for a page of ours, or no browser sends it.
pub(crate) fn own_page(uri: &Uri, headers: &HeaderMap) -> Result<(), Denied> {
    let site = headers.get("sec-fetch-site");
    let other_site = site.is_some_and(|site| site != "same-origin" && site != "none");
    let other_origin = headers.get(header::ORIGIN).is_some_and(|origin| {
        let origin = origin.to_str().ok();
        let page = origin.and_then(|origin| origin.split_once("://"));
        page.map(|(_, page)| page) != authority(uri, headers)
    });
    if other_site || other_origin {
        Err(Denied::Foreign)
    } else {
        Ok(())
    }
}

/// Whether a browser sends the request, as far as it says so.
pub(crate) fn from_browser(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site")
}

/// Host and port that the request is for; `None` where it does not say, or says several.
fn authority<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    if let Some(authority) = uri.authority() {
        return Some(authority.as_str());
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        _ => None,
    }
}

/// The host without its port, and without the brackets of an IPv6 address.
fn host(authority: &str) -> Option<&str> {
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split_once(']').map(|(host, _)| host);
    }
    authority.split(':').next()
}

/// What stands behind `Bearer`; nothing where there is no such header, or there are several.
fn bearer(headers: &HeaderMap) -> &[u8] {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return b"";
    };
    match value.as_bytes().split_at_checked("bearer ".len()) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"bearer ") => token.trim_ascii(),
        _ => b"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn access(admin: Option<&str>, push: Option<&str>, address: &str) -> Result<Access, Error> {
        let token = |text: &str| text.parse().unwrap();
        let config = Config {
            admin_token: admin.map(token),
            push_token: push.map(token),
            ..Config::default()
        };
        Access::new(&config, address.parse().unwrap())
    }

    #[test]
    fn one_token_never_leaves_the_other_open() {
        use Surface::{Admin, Push};
        let (yes, no) = (Ok(()), |surface| Err(Denied::Token(surface)));
        let closed = Err(Denied::Closed);
        // admin token, push token, what is given: may admin, may push
        let cases = [
            (None, None, "", yes, yes),
            (None, None, "Bearer x", yes, yes),
            (Some("a"), None, "", no(Admin), no(Push)),
            (Some("a"), None, "Bearer a", yes, yes),
            (Some("a"), None, "Bearer b", no(Admin), no(Push)),
            (None, Some("p"), "", closed, no(Push)),
            (None, Some("p"), "Bearer p", closed, yes),
            (None, Some("p"), "Bearer a", closed, no(Push)),
            (Some("a"), Some("p"), "", no(Admin), no(Push)),
            (Some("a"), Some("p"), "Bearer a", yes, yes),
            (Some("a"), Some("p"), "Bearer p", no(Admin), yes),
            (Some("a"), Some("p"), "Bearer x", no(Admin), no(Push)),
        ];
        for (admin, push, given, may_admin, may_push) in cases {
            let access = access(admin, push, "127.0.0.1:1").unwrap();
            let headers = match given {
                "" => headers(&[]),
                given => headers(&[("authorization", given)]),
            };
            let told = format!("{admin:?} {push:?} {given}");
            assert_eq!(access.admits(Admin, &headers), may_admin, "{told}");
            assert_eq!(access.admits(Push, &headers), may_push, "{told}");
        }
    }

    #[test]
    fn a_bearer_is_read_as_the_standard_has_it() {
        let access = access(Some("s3cret"), None, "127.0.0.1:1").unwrap();
        let cases = [
            ("Bearer s3cret", true),
            ("bearer s3cret", true),
            ("BEARER   s3cret ", true),
            ("Bearer s3cre", false),
            ("Bearer s3cretx", false),
            ("Bearer", false),
            ("Bearer ", false),
            ("s3cret", false),
            ("Basic s3cret", false),
            ("Bearer s3cret s3cret", false),
        ];
        for (given, fits) in cases {
            let headers = headers(&[("authorization", given)]);
            let admitted = access.admits(Surface::Admin, &headers);
            assert_eq!(admitted.is_ok(), fits, "{given:?}");
        }
        let twice = headers(&[("authorization", "Bearer s3cret"); 2]);
        assert!(access.admits(Surface::Admin, &twice).is_err());
    }

    #[test]
    fn only_loopback_is_open_without_an_admin_token() {
        for (address, open) in [
            ("127.0.0.1:1", true),
            ("127.8.9.10:1", true),
            ("[::1]:1", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("0.0.0.0:1", false),
            ("[::]:1", false),
            ("192.168.1.5:1", false),
        ] {
            assert_eq!(access(None, None, address).is_ok(), open, "{address}");
            assert_eq!(access(None, Some("p"), address).is_ok(), open, "{address}");
            assert!(access(Some("a"), None, address).is_ok(), "{address}");
        }
        let refused = access(None, None, "0.0.0.0:17091").unwrap_err().to_string();
        for way_out in ["--admin-token", "127.0.0.1", "--insecure-listen"] {
            assert!(refused.contains(way_out), "{refused}");
        }
        let config = Config {
            insecure_listen: true,
            ..Config::default()
        };
        let access = Access::new(&config, "0.0.0.0:1".parse().unwrap()).unwrap();
        assert_eq!(access.admits(Surface::Admin, &headers(&[])), Ok(()));
    }

    #[test]
    fn loopback_answers_to_its_own_names() {
        let open = access(None, None, "127.0.0.1:17091").unwrap();
        let guarded = access(Some("a"), None, "127.0.0.1:17091").unwrap();
        let cases = [
            ("localhost", true),
            ("LocalHost:17091", true),
            ("127.0.0.1:17091", true),
            ("127.1.2.3", true),
            ("[::1]:17091", true),
            ("evil.example", false),
            ("evil.example:17091", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("192.168.1.5:17091", false),
            ("[::1", false),
            ("", false),
        ];
        for (host, ours) in cases {
            let headers = headers(&[("host", host)]);
            let path = Uri::from_static("/metrics");
            assert_eq!(open.knows_host(&path, &headers).is_ok(), ours, "{host}");
            assert_eq!(guarded.knows_host(&path, &headers), Ok(()), "{host}");
        }
        let path = Uri::from_static("/");
        let no_host = open.knows_host(&path, &headers(&[]));
        let two = open.knows_host(&path, &headers(&[("host", "localhost"); 2]));
        assert_eq!((no_host, two), (Err(Denied::Host), Err(Denied::Host)));
        // The target's own authority is what counts (RFC 9112, 3.2.2).
        let absolute = Uri::from_static("http://evil.example/");
        let headers = headers(&[("host", "localhost")]);
        assert_eq!(open.knows_host(&absolute, &headers), Err(Denied::Host));
    }

    #[test]
    fn a_browser_may_ask_for_our_own_page_only() {
        let host = ("host", "localhost:17091");
        let cases: [(&[(&str, &str)], bool); 8] = [
            (&[], true),
            (&[("origin", "http://localhost:17091")], true),
            (&[("origin", "https://localhost:17091")], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("origin", "http://localhost:8080")], false),
            (&[("origin", "null")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (
                &[
                    ("origin", "http://localhost:17091"),
                    ("sec-fetch-site", "cross-site"),
                ],
                false,
            ),
        ];
        for (given, own) in cases {
            let headers: Vec<(&'static str, &str)> =
                [host].into_iter().chain(given.iter().copied()).collect();
            let headers = self::headers(&headers);
            let path = Uri::from_static("/api/v1/stop");
            assert_eq!(own_page(&path, &headers).is_ok(), own, "{given:?}");
            assert_eq!(from_browser(&headers), !given.is_empty(), "{given:?}");
        }
    }

    #[test]
    fn tokens_are_visible_and_never_printed() {
        for bad in [
            "",
            " ",
            "a b",
            "täglich",
            "a\n",
            &"x".repeat(TOKEN_BYTES_MAX + 1),
        ] {
            assert!(bad.parse::<Token>().is_err(), "{bad:?}");
        }
        let token: Token = "s3cret".parse().unwrap();
        assert_eq!(format!("{token:?}"), "Token(…)");
    }
}
