//! What a browser's HTTP cache does to the playlists that its player asks for (RFC 9111).
//!
//! A copy that is fresh is handed over without a request; one that is stale but has a validator is
//! asked for conditionally; everything else is asked for anew. Only playlists are kept: of media a
//! player asks for each resource once.

use std::sync::Arc;
use std::time::Duration;

use player::Playlist;
use transport::Fields;
use url::Url;

/// Playlists kept for one viewer: a multivariant one and one for each rendition in use.
const KEPT_MAX: usize = 8;
/// A copy without explicit lifetime is fresh for this share of its age when it came (RFC 9111,
/// 4.2.2).
const HEURISTIC_SHARE: f64 = 0.1;

/// One viewer's playlists, newest last.
#[derive(Debug, Default)]
pub(crate) struct BrowserCache {
    kept: Vec<(Arc<Url>, Copy)>,
}

/// A playlist as it came.
#[derive(Clone, Debug)]
pub(crate) struct Copy {
    pub(crate) playlist: Playlist,
    pub(crate) final_url: Arc<Url>,
    pub(crate) validators: Validators,
    /// Until when it may be used without asking (time since the run began).
    pub(crate) fresh_until: Duration,
}

/// What a conditional request is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Validators {
    pub(crate) etag: Option<Box<str>>,
    pub(crate) last_modified: Option<Box<str>>,
}

impl BrowserCache {
    pub(crate) fn get(&self, url: &Url) -> Option<&Copy> {
        let found = self.kept.iter().find(|(kept, _)| **kept == *url);
        found.map(|(_, copy)| copy)
    }

    /// Keeps a copy in place of the one that was there.
    pub(crate) fn keep(&mut self, url: Arc<Url>, copy: Copy) {
        self.forget(&url);
        if self.kept.len() == KEPT_MAX {
            self.kept.remove(0);
        }
        // There are ten thousand of us, and most keep one playlist.
        self.kept.reserve_exact(1);
        self.kept.push((url, copy));
    }

    pub(crate) fn forget(&mut self, url: &Url) {
        self.kept.retain(|(kept, _)| **kept != *url);
    }

    /// A 304 says that the copy still holds, and for how long.
    pub(crate) fn renew(&mut self, url: &Url, fresh_until: Duration) {
        if let Some((_, copy)) = self.kept.iter_mut().find(|(kept, _)| **kept == *url) {
            copy.fresh_until = fresh_until;
        }
    }
}

/// What a response head says about keeping its body; `None`: it may not be kept.
pub(crate) fn storable(fields: &Fields) -> Option<(Validators, Duration)> {
    let control = CacheControl::of(fields);
    let validators = Validators {
        etag: fields.get("etag").map(Into::into),
        last_modified: fields.get("last-modified").map(Into::into),
    };
    let useless = validators == Validators::default();
    let lifetime = control.lifetime(fields);
    if control.no_store || varies_on_all(fields) || useless && lifetime.is_zero() {
        return None;
    }
    Some((validators, lifetime))
}

fn varies_on_all(fields: &Fields) -> bool {
    fields.all("vary").any(|vary| vary.trim() == "*")
}

#[derive(Clone, Copy, Debug, Default)]
struct CacheControl {
    no_store: bool,
    no_cache: bool,
    max_age: Option<u64>,
}

impl CacheControl {
    fn of(fields: &Fields) -> Self {
        let mut control = Self::default();
        for directive in fields
            .all("cache-control")
            .flat_map(|value| value.split(','))
        {
            let directive = directive.trim().to_ascii_lowercase();
            let (name, value) = directive.split_once('=').unwrap_or((&directive, ""));
            match name {
                "no-store" => control.no_store = true,
                "no-cache" => control.no_cache = true,
                "max-age" => control.max_age = value.trim_matches('"').parse().ok(),
                _ => {}
            }
        }
        control
    }

    /// How long the response is fresh from now on (RFC 9111, 4.2).
    fn lifetime(self, fields: &Fields) -> Duration {
        if self.no_cache || fields.get("pragma").is_some_and(|v| v.contains("no-cache")) {
            return Duration::ZERO;
        }
        let age = fields.get("age").and_then(|age| age.parse::<u64>().ok());
        let age = age.unwrap_or(0) as f64;
        let date = fields.get("date").and_then(unix_seconds);
        let since = |header: &str| Some((date?, fields.get(header).and_then(unix_seconds)?));
        let lifetime = if let Some(seconds) = self.max_age {
            seconds as f64
        } else if fields.get("expires").is_some() {
            since("expires").map_or(0.0, |(date, expires)| (expires - date) as f64)
        } else {
            since("last-modified").map_or(0.0, |(date, modified)| {
                (date - modified) as f64 * HEURISTIC_SHARE
            })
        };
        Duration::try_from_secs_f64((lifetime - age).max(0.0)).unwrap_or(Duration::MAX)
    }
}

/// An HTTP date (RFC 9110, 5.6.7) in seconds since 1970.
fn unix_seconds(text: &str) -> Option<i64> {
    let date = httpdate::parse_http_date(text).ok()?;
    let since = date.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Date: Sat, 21 Nov 2026 12:00:00 GMT\r\n";

    fn said(lines: &str) -> Option<(Validators, Duration)> {
        storable(&Fields::from_block(format!("{DATE}{lines}").as_bytes()))
    }

    /// What Chromium 156 was seen to do when it asked for the same URL again.
    #[test]
    fn a_copy_is_fresh_for_as_long_as_a_browser_takes_it_to_be() {
        let fresh_for = [
            ("Cache-Control: no-cache\r\nETag: \"a\"\r\n", 0.0),
            ("Cache-Control: max-age=0\r\nETag: \"a\"\r\n", 0.0),
            ("Cache-Control: max-age=2\r\nETag: \"a\"\r\n", 2.0),
            ("Cache-Control: public, max-age=\"3\"\r\n", 3.0),
            (
                "Cache-Control: max-age=10\r\nAge: 4\r\nETag: \"a\"\r\n",
                6.0,
            ),
            ("Cache-Control: max-age=3\r\nAge: 4\r\nETag: \"a\"\r\n", 0.0),
            ("ETag: \"a\"\r\n", 0.0),
            // Twenty seconds old when it came: fresh for a tenth of that.
            ("Last-Modified: Sat, 21 Nov 2026 11:59:40 GMT\r\n", 2.0),
            (
                "Last-Modified: Sat, 21 Nov 2026 11:59:40 GMT\r\nCache-Control: no-cache\r\n",
                0.0,
            ),
            (
                "Expires: Sat, 21 Nov 2026 12:00:05 GMT\r\nETag: \"a\"\r\n",
                5.0,
            ),
            (
                "Expires: 0\r\nETag: \"a\"\r\nLast-Modified: Sat, 21 Nov 2026 11:00:00 GMT\r\n",
                0.0,
            ),
        ];
        for (lines, seconds) in fresh_for {
            let (_, lifetime) = said(lines).unwrap_or_else(|| panic!("not kept: {lines}"));
            assert!((lifetime.as_secs_f64() - seconds).abs() < 1e-9, "{lines}");
        }
    }

    #[test]
    fn what_may_not_be_kept_or_would_be_of_no_use_is_not() {
        for lines in [
            "Cache-Control: no-store\r\nETag: \"a\"\r\n",
            "Cache-Control: max-age=9, no-store\r\n",
            "Vary: *\r\nETag: \"a\"\r\n",
            "Cache-Control: no-cache\r\n",
            "",
        ] {
            assert_eq!(said(lines), None, "{lines}");
        }
    }

    #[test]
    fn absurd_lifetimes_do_no_harm() {
        for lines in [
            "Cache-Control: max-age=18446744073709551615\r\nETag: \"a\"\r\n",
            "Cache-Control: max-age=-1\r\nETag: \"a\"\r\n",
            "Cache-Control: max-age=9\r\nAge: 99999999999999999999\r\nETag: \"a\"\r\n",
            "Last-Modified: Sat, 21 Nov 2099 11:59:40 GMT\r\n",
        ] {
            assert!(said(lines).is_some(), "{lines}");
        }
    }

    #[test]
    fn validators_are_kept_as_they_came() {
        let (validators, _) = said("ETag: W/\"a\"\r\nLast-Modified: then\r\n").unwrap();
        assert_eq!(validators.etag.as_deref(), Some("W/\"a\""));
        assert_eq!(validators.last_modified.as_deref(), Some("then"));
    }
}
