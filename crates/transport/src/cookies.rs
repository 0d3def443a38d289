//! The cookies of one session (RFC 6265): what a viewer's player keeps for as long as it lives.

use url::{Host, Url};

/// Cookies that one session keeps; then the one kept longest goes.
pub const COOKIES_MAX: usize = 64;

/// Bytes of a cookie's name and value; a larger one is not kept (RFC 6265, 6.1).
pub const COOKIE_BYTES_MAX: usize = 4096;

#[derive(Debug, Default)]
pub(crate) struct Jar {
    cookies: Vec<Cookie>,
}

#[derive(Debug)]
struct Cookie {
    name: Box<str>,
    value: Box<str>,
    domain: Box<str>,
    /// Whether only the host that set it gets it (no `Domain`).
    host_only: bool,
    path: Box<str>,
    secure: bool,
    /// `None`: as long as the session.
    expires_unix_ms: Option<i64>,
}

impl Jar {
    /// The value of the `Cookie` header for `url` (RFC 6265, 5.4); `None` if there is none to send.
    pub(crate) fn header(&self, url: &Url, now_unix_ms: i64) -> Option<String> {
        if self.cookies.is_empty() {
            return None;
        }
        let mut sent: Vec<&Cookie> = self
            .cookies
            .iter()
            .filter(|cookie| cookie.goes_to(url) && !cookie.is_over(now_unix_ms))
            .collect();
        // Longer paths first, then the older ones (the sort is stable).
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<String> = sent
            .iter()
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Takes in one `Set-Cookie` value of a response from `url` (RFC 6265, 5.2 and 5.3).
    pub(crate) fn absorb(&mut self, url: &Url, set_cookie: &str, now_unix_ms: i64) {
        let Some(cookie) = Cookie::parse(url, set_cookie, now_unix_ms) else {
            return;
        };
        self.cookies.retain(|other| !other.is_over(now_unix_ms));
        let same = self.cookies.iter_mut().find(|other| {
            (&other.name, &other.domain, &other.path, other.host_only)
                == (&cookie.name, &cookie.domain, &cookie.path, cookie.host_only)
        });
        match same {
            // In place: a cookie keeps its age when it changes its value.
            Some(old) => *old = cookie,
            None if cookie.is_over(now_unix_ms) => {}
            None => {
                if self.cookies.len() >= COOKIES_MAX {
                    self.cookies.remove(0);
                }
                self.cookies.push(cookie);
            }
        }
        self.cookies.retain(|other| !other.is_over(now_unix_ms));
    }
}

impl Cookie {
    fn parse(url: &Url, set_cookie: &str, now_unix_ms: i64) -> Option<Self> {
        let host = url.host_str()?;
        let mut parts = set_cookie.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        let is_control = |c: char| c.is_ascii_control() && c != '\t';
        if name.is_empty()
            || name.len() + value.len() > COOKIE_BYTES_MAX
            || set_cookie.contains(is_control)
        {
            return None;
        }
        let mut cookie = Self {
            name: name.into(),
            value: value.into(),
            domain: host.into(),
            host_only: true,
            path: default_path(url).into(),
            secure: false,
            expires_unix_ms: None,
        };
        let mut has_max_age = false;
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            match key.as_str() {
                "expires" if !has_max_age => {
                    cookie.expires_unix_ms = date(value).or(cookie.expires_unix_ms);
                }
                "max-age" => {
                    if let Some(until) = max_age(value, now_unix_ms) {
                        (has_max_age, cookie.expires_unix_ms) = (true, Some(until));
                    }
                }
                "domain" => cookie.set_domain(url, value)?,
                "path" if value.starts_with('/') => cookie.path = value.into(),
                "path" => cookie.path = default_path(url).into(),
                "secure" => cookie.secure = true,
                _ => {}
            }
        }
        // RFC 6265bis, 5.7: a plain connection cannot set what only TLS shall carry.
        (!cookie.secure || url.scheme() == "https").then_some(cookie)
    }

    /// RFC 6265, 5.3, steps 5 and 6; `None` if the cookie is to be ignored.
    fn set_domain(&mut self, url: &Url, value: &str) -> Option<()> {
        let domain = value
            .strip_prefix('.')
            .unwrap_or(value)
            .to_ascii_lowercase();
        if domain.is_empty() {
            return Some(());
        }
        let host = url.host_str()?;
        // Without a list of public suffixes: a name of one label is one.
        let is_public = !domain.contains('.');
        if domain == host {
            self.host_only = is_public || !matches!(url.host(), Some(Host::Domain(_)));
        } else if is_public || !domain_matches(url, &domain) {
            return None;
        } else {
            self.host_only = false;
            self.domain = domain.into();
        }
        Some(())
    }

    fn is_over(&self, now_unix_ms: i64) -> bool {
        self.expires_unix_ms.is_some_and(|at| at <= now_unix_ms)
    }

    fn goes_to(&self, url: &Url) -> bool {
        let host = if self.host_only {
            url.host_str() == Some(&*self.domain)
        } else {
            domain_matches(url, &self.domain)
        };
        host && path_matches(url.path(), &self.path) && (!self.secure || url.scheme() == "https")
    }
}

/// RFC 6265, 5.1.3.
fn domain_matches(url: &Url, domain: &str) -> bool {
    match url.host() {
        Some(Host::Domain(host)) => host
            .strip_suffix(domain)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
        _ => url.host_str() == Some(domain),
    }
}

/// RFC 6265, 5.1.4.
fn default_path(url: &Url) -> &str {
    match url.path().rfind('/') {
        Some(0) | None => "/",
        Some(end) => &url.path()[..end],
    }
}

/// RFC 6265, 5.1.4.
fn path_matches(path: &str, of_cookie: &str) -> bool {
    path.strip_prefix(of_cookie)
        .is_some_and(|rest| rest.is_empty() || of_cookie.ends_with('/') || rest.starts_with('/'))
}

/// RFC 6265, 5.2.2: the moment it ends, in Unix milliseconds.
fn max_age(value: &str, now_unix_ms: i64) -> Option<i64> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // What does not fit lasts for ever.
    let seconds: i64 = value.parse().unwrap_or(i64::MAX);
    if value.starts_with('-') || seconds == 0 {
        return Some(i64::MIN);
    }
    Some(now_unix_ms.saturating_add(seconds.saturating_mul(1000)))
}

/// A date in any of the forms that servers use (RFC 6265, 5.1.1), in Unix milliseconds.
fn date(text: &str) -> Option<i64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    let is_delimiter = |c: char| !c.is_ascii_alphanumeric() && c != ':';
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        if time.is_none()
            && let Some(found) = time_of_day(token)
        {
            time = Some(found);
        } else if day.is_none()
            && let Some(found) = number(token, 1..=2)
        {
            day = Some(found);
        } else if month.is_none()
            && let Some(found) = month_of(token)
        {
            month = Some(found);
        } else if year.is_none()
            && let Some(found) = number(token, 2..=4)
        {
            year = Some(match found {
                0..=69 => found + 2000,
                70..=99 => found + 1900,
                other => other,
            });
        }
    }
    let (time, day, month, year) = (time?, day?, month?, year?);
    if !(1..=31).contains(&day) || year < 1601 {
        return None;
    }
    Some((days_from_epoch(year, month, day) * 86_400 + time) * 1000)
}

/// The digits at the start of `token`, if there are so many of them.
fn number(token: &str, digits: std::ops::RangeInclusive<usize>) -> Option<i64> {
    let end = token
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(token.len());
    digits.contains(&end).then(|| token[..end].parse().ok())?
}

/// Seconds since midnight.
fn time_of_day(token: &str) -> Option<i64> {
    let mut fields = token.splitn(3, ':');
    let mut next = || number(fields.next()?, 1..=2);
    let (hours, minutes, seconds) = (next()?, next()?, next()?);
    (hours < 24 && minutes < 60 && seconds < 60).then_some((hours * 60 + minutes) * 60 + seconds)
}

/// 1 to 12.
fn month_of(token: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let start = token.get(..3)?.to_ascii_lowercase();
    let place = MONTHS.iter().position(|month| *month == start)?;
    Some(place as i64 + 1)
}

/// Days from 1970-01-01 in the Gregorian calendar, counted in years that begin in March.
fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const NOW: i64 = 1_700_000_000_000;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn sent(from: &str, set: &[&str], to: &str, later_ms: i64) -> Option<String> {
        let mut jar = Jar::default();
        for cookie in set {
            jar.absorb(&url(from), cookie, NOW);
        }
        jar.header(&url(to), NOW + later_ms)
    }

    #[rstest]
    #[case("http://h.example/a/b", &["k=v"], "http://h.example/a/c", Some("k=v"))]
    #[case("http://h.example/a/b", &["k=v"], "http://h.example/a", Some("k=v"))]
    #[case("http://h.example/a/b", &["k=v"], "http://h.example/ab", None)]
    #[case("http://h.example/a/b", &["k=v"], "http://h.example/", None)]
    #[case("http://h.example/a/b", &["k=v"], "http://x.h.example/a/", None)]
    #[case("http://h.example/a/b", &["k=v; Path=/"], "http://h.example/", Some("k=v"))]
    #[case("http://h.example/", &["k=v; domain=.H.example"], "http://x.h.example/", Some("k=v"))]
    #[case("http://x.h.example/", &["k=v; Domain=h.example"], "http://h.example/", Some("k=v"))]
    #[case("http://x.h.example/", &["k=v; Domain=h.example"], "http://xh.example/", None)]
    #[case("http://h.example/", &["k=v; Domain=x.h.example"], "http://x.h.example/", None)]
    #[case("http://h.example/", &["k=v; Domain=other.example"], "http://h.example/", None)]
    #[case("http://h.example/", &["k=v; Domain=example"], "http://h.example/", None)]
    #[case("http://localhost/", &["k=v; Domain=localhost"], "http://localhost/", Some("k=v"))]
    #[case("http://127.0.0.1:1/", &["k=v; Domain=127.0.0.1"], "http://127.0.0.1:2/", Some("k=v"))]
    #[case("http://127.0.0.1/", &["k=v; Domain=0.0.1"], "http://127.0.0.1/", None)]
    #[case("https://h.example/", &["k=v; Secure"], "https://h.example/", Some("k=v"))]
    #[case("https://h.example/", &["k=v; secure"], "http://h.example/", None)]
    #[case("http://h.example/", &["k=v; Secure"], "https://h.example/", None)]
    #[case("http://h.example/", &["a=1", "b=2", "a=3"], "http://h.example/", Some("a=3; b=2"))]
    #[case("http://h.example/x/y", &["a=1; Path=/", "b=2"], "http://h.example/x/", Some("b=2; a=1"))]
    #[case("http://h.example/", &["a=b=c; HttpOnly; SameSite=Lax"], "http://h.example/", Some("a=b=c"))]
    #[case("http://h.example/", &["a="], "http://h.example/", Some("a="))]
    #[case("http://h.example/", &["=a", "a", "", ";", "a\u{1}=b"], "http://h.example/", None)]
    #[case("http://h.example/", &["a=1", "a=1; Max-Age=0"], "http://h.example/", None)]
    #[case("http://h.example/", &["a=1; Max-Age=-5"], "http://h.example/", None)]
    #[case("http://h.example/", &["a=1; Max-Age=x"], "http://h.example/", Some("a=1"))]
    #[case("http://h.example/", &["a=1; Max-Age=99999999999999999999"], "http://h.example/", Some("a=1"))]
    #[case("http://h.example/", &["a=1; Max-Age=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], "http://h.example/", Some("a=1"))]
    #[case("http://h.example/", &["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], "http://h.example/", None)]
    fn cookies_go_where_they_belong(
        #[case] from: &str,
        #[case] set: &[&str],
        #[case] to: &str,
        #[case] header: Option<&str>,
    ) {
        assert_eq!(sent(from, set, to, 0).as_deref(), header);
    }

    #[test]
    fn cookies_end() {
        let set = ["a=1; Max-Age=10"];
        let at = |ms| sent("http://h/", &set, "http://h/", ms);
        assert_eq!(at(9_999).as_deref(), Some("a=1"));
        assert_eq!(at(10_000), None);
    }

    #[rstest]
    #[case("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777))]
    #[case("Sunday, 06-Nov-94 08:49:37 GMT", Some(784_111_777))]
    #[case("Sun Nov  6 08:49:37 1994", Some(784_111_777))]
    #[case("29 Feb 2000 00:00:00", Some(951_782_400))]
    #[case("1 jan 1970 0:0:0", Some(0))]
    #[case("1 Jan 69 00:00:00", Some(3_124_224_000))]
    #[case("1 Jan 70 00:00:00", Some(0))]
    #[case("32 Jan 1970 00:00:00", None)]
    #[case("1 Jan 1600 00:00:00", None)]
    #[case("1 Jan 1970 24:00:00", None)]
    #[case("1 Foo 1970 00:00:00", None)]
    #[case("", None)]
    #[case("ä 1 jän", None)]
    fn dates_as_servers_write_them(#[case] text: &str, #[case] unix: Option<i64>) {
        assert_eq!(date(text), unix.map(|seconds| seconds * 1000));
    }

    #[test]
    fn the_jar_is_bounded() {
        let mut jar = Jar::default();
        for n in 0..=COOKIES_MAX {
            jar.absorb(&url("http://h/"), &format!("k{n}=v"), NOW);
        }
        jar.absorb(
            &url("http://h/"),
            &format!("k={}", "v".repeat(COOKIE_BYTES_MAX)),
            NOW,
        );
        let header = jar.header(&url("http://h/"), NOW).unwrap();
        assert_eq!(header.split("; ").count(), COOKIES_MAX);
        assert!(header.starts_with("k1=v; "), "{header}");
    }

    proptest::proptest! {
        #[test]
        fn any_cookie_is_kept_or_not(text in "\\PC{0,40}", attribute in "(Expires|Max-Age|Domain|Path)=[0-9A-Za-z:. -]{0,30}") {
            let mut jar = Jar::default();
            jar.absorb(&url("http://a.h.example/x/y"), &format!("{text}; {attribute}"), NOW);
            jar.absorb(&url("http://a.h.example/x/y"), &text, NOW);
            if let Some(header) = jar.header(&url("http://a.h.example/x/y"), NOW) {
                proptest::prop_assert!(!header.contains(['\r', '\n', '\0']), "{header:?}");
            }
            proptest::prop_assert!(jar.header(&url("http://other.example/"), NOW).is_none());
        }
    }
}
