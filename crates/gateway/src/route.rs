//! The gateway's URLs: `[/t/<token>]/v/<viewer>/<scheme>/<authority>/<path>?<query>`.

use std::fmt::Write as _;

use subtle::ConstantTimeEq;
use url::{Position, Url};

use crate::refusal::Refusal;

/// What is escaped in a path though it may stand in a host as it is: by everybody (the path
/// percent-encode set of the URL standard), and the brackets of an IPv6 address by some.
const ESCAPED: [char; 6] = ['[', ']', '{', '}', '`', '"'];

/// What a path of the gateway leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) viewer: u64,
    /// What is fetched.
    pub(crate) url: Url,
}

/// How paths are written and read: all of a gateway's begin with the same token, or with none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paths {
    token: Option<Box<str>>,
}

impl Paths {
    pub(crate) fn new(token: Option<&str>) -> Self {
        let token = token.map(Into::into);
        Self { token }
    }

    /// The path under which `viewer` finds `url`. Credentials and the fragment are left out: the
    /// one is no business of a path, the other never leaves the player.
    pub(crate) fn print(&self, viewer: u64, url: &Url) -> String {
        let authority = &url[Position::BeforeHost..Position::AfterPort];
        let path = &url[Position::BeforePath..Position::AfterQuery];
        let mut out = String::with_capacity(path.len() + authority.len() + 24);
        if let Some(token) = &self.token {
            let _ = write!(out, "/t/{token}");
        }
        let _ = write!(out, "/v/{viewer}/{}/{authority}{path}", url.scheme());
        out
    }

    /// What a request's target leads to.
    pub(crate) fn parse(&self, target: &str) -> Result<Route, Refusal> {
        let path = self.without_token(origin_form(target))?;
        let (viewer, rest) = path
            .strip_prefix("/v/")
            .and_then(|rest| rest.split_once('/'))
            .ok_or_else(|| refuse("its paths read /v/VIEWER/SCHEME/AUTHORITY/PATH"))?;
        let viewer = number(viewer)
            .ok_or_else(|| refuse("what follows /v/ is the number of a viewer, from 0"))?;
        let (scheme, rest) = rest
            .split_once('/')
            .filter(|(scheme, _)| matches!(*scheme, "http" | "https"))
            .ok_or_else(|| refuse("after the viewer come http or https, the host and the path"))?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let url = url(scheme, authority, path)
            .ok_or_else(|| refuse("what follows the scheme is no host that can be asked"))?;
        Ok(Route { viewer, url })
    }

    fn without_token<'a>(&self, path: &'a str) -> Result<&'a str, Refusal> {
        let Some(token) = &self.token else {
            return Ok(path);
        };
        // Whoever does not know the token learns nothing else.
        let wrong = || Refusal::new(403, "this gateway's paths begin with /t/ and its token");
        let (given, _) = path
            .strip_prefix("/t/")
            .and_then(|rest| rest.split_once('/'))
            .ok_or_else(wrong)?;
        if !bool::from(given.as_bytes().ct_eq(token.as_bytes())) {
            return Err(wrong());
        }
        Ok(&path["/t/".len() + given.len()..])
    }
}

/// The path under which `viewer` finds `url` at a gateway with this token.
pub fn path(token: Option<&str>, viewer: u64, url: &Url) -> String {
    Paths::new(token).print(viewer, url)
}

fn refuse(words: &'static str) -> Refusal {
    Refusal::new(404, words)
}

/// A target without scheme and authority, which a request to a proxy has (RFC 9112, 3.2.2).
fn origin_form(target: &str) -> &str {
    let rest = target
        .strip_prefix("http://")
        .or_else(|| target.strip_prefix("https://"));
    match rest {
        Some(rest) => rest.find('/').map_or("", |at| &rest[at..]),
        None => target,
    }
}

/// Digits only, as they are printed: no sign, no leading zero.
fn number(digits: &str) -> Option<u64> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    plain.then(|| digits.parse().ok()).flatten()
}

fn url(scheme: &str, authority: &str, path: &str) -> Option<Url> {
    let authority = unescaped(authority)?;
    if authority.is_empty() || authority.contains(['@', '\\', '#']) {
        return None;
    }
    let url: Url = format!("{scheme}://{authority}{path}").parse().ok()?;
    (url.has_host() && url.port() != Some(0)).then_some(url)
}

/// The authority without what clients escape in a path and a host may hold; `None` where something
/// else is escaped.
fn unescaped(authority: &str) -> Option<String> {
    let mut parts = authority.split('%');
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let code = u8::from_str_radix(part.get(..2)?, 16).ok()?;
        let char = Some(char::from(code)).filter(|char| ESCAPED.contains(char))?;
        out.push(char);
        out.push_str(&part[2..]);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://h/live/a.m3u8", "/v/7/http/h/live/a.m3u8")]
    #[case("https://h:8443/a?b=c&d=/e", "/v/7/https/h:8443/a?b=c&d=/e")]
    #[case("http://[::1]:81/", "/v/7/http/[::1]:81/")]
    #[case("http://h//a//b/", "/v/7/http/h//a//b/")]
    #[case("http://h/?", "/v/7/http/h/?")]
    #[case("http://h/%2F%20x", "/v/7/http/h/%2F%20x")]
    #[case("http://h/v/8/http/i/x", "/v/7/http/h/v/8/http/i/x")]
    fn a_path_leads_back_to_its_url(#[case] text: &str, #[case] path: &str) {
        let url: Url = text.parse().unwrap();
        let paths = Paths::default();
        assert_eq!(paths.print(7, &url), path);
        let route = Route { viewer: 7, url };
        assert_eq!(paths.parse(path), Ok(route.clone()));
        assert_eq!(paths.parse(&format!("http://gateway:1{path}")), Ok(route));
    }

    #[rstest]
    #[case("/v/0/http/h", "http://h/")]
    #[case("/v/0/http/h?x", "http://h/?x")]
    #[case("/v/0/http/%5B::1%5D:80/a", "http://[::1]/a")]
    #[case("/v/0/http/%5b::1%5d/a", "http://[::1]/a")]
    #[case("/v/0/https/H:443/a", "https://h/a")]
    #[case("/v/0/http/%7Bh%7d%60:80/a", "http://{h}`/a")]
    fn other_ways_to_write_a_path(#[case] path: &str, #[case] url: &str) {
        let route = Paths::default().parse(path).unwrap();
        assert_eq!(route.url.as_str(), url);
    }

    #[rstest]
    #[case("")]
    #[case("/")]
    #[case("*")]
    #[case("/v")]
    #[case("/v/1")]
    #[case("/v//http/h/")]
    #[case("/v/-1/http/h/")]
    #[case("/v/+1/http/h/")]
    #[case("/v/01/http/h/")]
    #[case("/v/99999999999999999999/http/h/")]
    #[case("/v/1/ftp/h/")]
    #[case("/v/1/file//etc/passwd")]
    #[case("/v/1/http//x")]
    #[case("/v/1/http/h:0/")]
    #[case("/v/1/http/h:99999/")]
    #[case("/v/1/http/user@h/")]
    #[case("/v/1/http/h%23/")]
    #[case("/v/1/http/h%7/")]
    #[case("/v/1/http/h%")]
    #[case("/v/1/http/%2E/")]
    #[case("/v/1/http/h\\i/")]
    #[case("/t/secret/v/1/http/h/")]
    fn what_is_no_path_is_refused(#[case] path: &str) {
        let refusal = Paths::default().parse(path).unwrap_err();
        assert_eq!(refusal.status, 404, "{path}: {refusal:?}");
    }

    #[test]
    fn a_token_opens_and_nothing_else_does() {
        let paths = Paths::new(Some("s3cret"));
        let url: Url = "http://h/a".parse().unwrap();
        let path = paths.print(1, &url);
        assert_eq!(path, "/t/s3cret/v/1/http/h/a");
        assert_eq!(paths.parse(&path).map(|route| route.url), Ok(url));
        for path in [
            "/v/1/http/h/a",
            "/t//v/1/http/h/a",
            "/t/s3cre/v/1/http/h/a",
            "/t/s3crets/v/1/http/h/a",
            "/t/S3CRET/v/1/http/h/a",
            "/t/s3cret",
            "/x",
        ] {
            assert_eq!(paths.parse(path).unwrap_err().status, 403, "{path}");
        }
        assert_eq!(paths.parse("/t/s3cret/x").unwrap_err().status, 404);
    }

    proptest! {
        #[test]
        fn every_url_goes_out_and_home(
            viewer: u64,
            secure: bool,
            host in "[a-z]{1,8}(\\.[a-z]{1,5}){0,2}",
            port in prop::option::of(1..=65535_u16),
            path in "(/[ -~]{0,10}){0,4}",
            query in prop::option::of("[ -~]{0,12}"),
            token in prop::option::of("[A-Za-z0-9]{1,20}"),
        ) {
            let scheme = if secure { "https" } else { "http" };
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            let query = query.map(|query| format!("?{query}")).unwrap_or_default();
            let text = format!("{scheme}://{host}{port}{path}{query}");
            let mut url: Url = text.parse().unwrap();
            url.set_fragment(None);
            let paths = Paths::new(token.as_deref());
            let printed = paths.print(viewer, &url);
            prop_assert_eq!(paths.parse(&printed), Ok(Route { viewer, url }));
        }

        #[test]
        fn no_target_does_harm(target in "[ -~]{0,60}", rest in "[ -~]{0,30}") {
            let _ = Paths::default().parse(&target);
            let _ = Paths::default().parse(&format!("/v/1/http/{rest}"));
        }
    }
}
