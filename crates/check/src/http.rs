//! What response heads tell caches and browsers.

use std::time::{Duration, UNIX_EPOCH};

use transport::Fields;

/// What a head says of caching (RFC 9111).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Caching {
    /// `no-store`.
    pub(crate) no_store: bool,
    /// `no-cache`, or `Pragma: no-cache` where nothing else is said.
    pub(crate) no_cache: bool,
    /// `private`: not for caches that many share.
    pub(crate) private: bool,
    /// How long shared caches may hand it out: `s-maxage`, `max-age` or `Expires`.
    pub(crate) lifetime: Option<Duration>,
    /// How long it has been in a cache already.
    pub(crate) age: Option<Duration>,
}

impl Caching {
    pub(crate) fn of(fields: &Fields) -> Self {
        let mut caching = Self::default();
        let (mut shared, mut any) = (None, None);
        for directive in fields
            .all("cache-control")
            .flat_map(|value| value.split(','))
        {
            let directive = directive.trim().to_ascii_lowercase();
            let (name, value) = directive.split_once('=').unwrap_or((&directive, ""));
            let seconds = || {
                value
                    .trim_matches('"')
                    .parse()
                    .ok()
                    .map(Duration::from_secs)
            };
            match name.trim() {
                "no-store" => caching.no_store = true,
                "no-cache" => caching.no_cache = true,
                "private" => caching.private = true,
                "max-age" => any = seconds(),
                "s-maxage" => shared = seconds(),
                _ => {}
            }
        }
        let is_silent = fields.get("cache-control").is_none();
        if is_silent
            && fields
                .get("pragma")
                .is_some_and(|it| it.contains("no-cache"))
        {
            caching.no_cache = true;
        }
        caching.lifetime = shared.or(any).or_else(|| expires(fields));
        let age = fields.get("age").and_then(|age| age.trim().parse().ok());
        caching.age = age.map(Duration::from_secs);
        caching
    }

    /// Whether it says anything.
    pub(crate) fn is_silent(self) -> bool {
        !self.no_store && !self.no_cache && !self.private && self.lifetime.is_none()
    }

    /// Whether a shared cache may answer with it without asking.
    pub(crate) fn may_be_shared(self) -> bool {
        !self.no_store && !self.no_cache && !self.private
    }
}

fn expires(fields: &Fields) -> Option<Duration> {
    let expires = fields.get("expires")?;
    let until = unix_seconds(expires);
    // An Expires that is no date means that it has expired (RFC 9111, 5.3).
    let (Some(until), Some(from)) = (until, fields.get("date").and_then(unix_seconds)) else {
        return Some(Duration::ZERO);
    };
    Some(Duration::from_secs(
        u64::try_from(until.saturating_sub(from)).unwrap_or(0),
    ))
}

/// `Date`, in seconds since 1970.
pub(crate) fn date(fields: &Fields) -> Option<i64> {
    unix_seconds(fields.get("date")?)
}

/// An HTTP date (RFC 9110, 5.6.7) in seconds since 1970.
fn unix_seconds(text: &str) -> Option<i64> {
    let date = httpdate::parse_http_date(text).ok()?;
    let since = date.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}

/// The media type of a `Content-Type`, in lower case, without its parameters.
pub(crate) fn media_type(fields: &Fields) -> Option<String> {
    let given = fields.get("content-type")?;
    let kind = given.split(';').next().unwrap_or_default().trim();
    (!kind.is_empty()).then(|| kind.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caching(lines: &str) -> Caching {
        Caching::of(&fields(lines))
    }

    fn fields(lines: &str) -> Fields {
        let date = "Date: Sat, 21 Nov 2026 12:00:00 GMT\r\n";
        Fields::from_block(format!("{date}{lines}").as_bytes())
    }

    #[test]
    fn lifetimes_are_those_of_shared_caches() {
        let cases = [
            ("Cache-Control: max-age=2\r\n", Some(2)),
            (
                "Cache-Control: public, max-age=2, s-maxage=\"9\"\r\n",
                Some(9),
            ),
            ("Expires: Sat, 21 Nov 2026 12:00:05 GMT\r\n", Some(5)),
            ("Expires: Sat, 21 Nov 2026 11:00:00 GMT\r\n", Some(0)),
            ("Expires: 0\r\n", Some(0)),
            ("Cache-Control: max-age=-1\r\n", None),
            ("Cache-Control: max-age=99999999999999999999999\r\n", None),
            ("", None),
        ];
        for (lines, seconds) in cases {
            assert_eq!(
                caching(lines).lifetime,
                seconds.map(Duration::from_secs),
                "{lines}"
            );
        }
    }

    #[test]
    fn directives_are_read() {
        assert!(caching("Cache-Control: No-Store\r\n").no_store);
        assert!(caching("Pragma: no-cache\r\n").no_cache);
        assert!(!caching("Cache-Control: private, max-age=5\r\n").may_be_shared());
        assert!(caching("").is_silent());
        assert_eq!(caching("Age: 7\r\n").age, Some(Duration::from_secs(7)));
        assert_eq!(date(&fields("")), Some(1_795_262_400));
        let kind = fields("Content-Type: Application/Vnd.Apple.Mpegurl; charset=utf-8\r\n");
        assert_eq!(
            media_type(&kind).as_deref(),
            Some("application/vnd.apple.mpegurl")
        );
    }
}
