//! The request heads of the profiles, header by header in the order of the wire.
//!
//! Each list was taken from the real player (HTTP/1.1, November 2026); `tests/heads/` keeps the
//! captured bytes, and the tests below hold the lists to them. hls.js uses `XMLHttpRequest` and
//! shaka-player `fetch`, but what reaches the wire is the browser's and is the same for both.
//!
//! **The page.** A browser tells where the page is: `Origin`, `Referer`, `Sec-Fetch-Site`. Most
//! players are on a page of another origin than their media. A made-up page would put a stranger's
//! name into the logs of the server under test, and a page on the stream's own origin would leave
//! out the cross-origin work (`Origin`, `Access-Control-Allow-Origin`, `Vary`) that a crowd
//! causes. So the page is one opened from a file: `Origin: null`, no `Referer`, `cross-site`. That
//! is real, the same for every host that a playlist or a redirect leads to, and needs no preflight.
//! Servers that turn such visitors away (hot-link protection) are told of a real page with the
//! user's headers: `Origin: https://www.example.com` and `Referer: https://www.example.com/`; or,
//! for a page on the stream's origin, an empty `Origin`, a `Referer`, and on https
//! `Sec-Fetch-Site: same-origin`.
//!
//! **What depends on the URL.** Chromium sends client hints (`sec-ch-ua*`), fetch metadata
//! (`Sec-Fetch-*`) and the encodings `br, zstd` only to potentially trustworthy URLs: https, and
//! loopback without TLS. To any other http URL it sends eight headers or so.
//!
//! **User's headers** of a name in the list take that place. Others go where the client puts those
//! of its caller: FFmpeg at the end (`-headers`); Chromium among the headers before `Accept`, in
//! an order that depends on their names and is not imitated.
//! Chromium asks for permission (a preflight `OPTIONS`) before it sends an unusual header to
//! another origin; this is not imitated either.

use super::request::{Header, RangeIs, Requests, UrlIs, Value};

/// hls.js 1.7 in Chromium 156 on Linux.
pub(super) const HLS_JS: Requests = Requests { headers: CHROMIUM };

/// shaka-player 5.2 in Chromium 156 on Linux.
pub(super) const SHAKA: Requests = Requests { headers: CHROMIUM };

/// FFmpeg 9.0. The head of 5.1 differs in its product string only: `Lavf/59.27.100`.
pub(super) const FFMPEG: Requests = Requests { headers: LAVF };

/// This program under its own name.
pub(super) const RFC8216: Requests = Requests { headers: OWN };

/// Chromium 156 with a window; without one (`--headless`) it calls itself `HeadlessChrome`.
///
/// `Accept-Encoding` is `identity` with a byte range, since a range of a compressed body would be
/// of no use. `If-Range` stands on ranges of a file of which others are in the cache.
const CHROMIUM: &[Header] = &[
    Header::of("Host", Value::Host),
    Header::of("Connection", Value::Connection),
    Header::of("Pragma", Value::NoCache),
    Header::of("Cache-Control", Value::NoCache),
    trusted("sec-ch-ua-platform", "\"Linux\""),
    Header::of(
        "User-Agent",
        Value::UserAgent(
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
             Chrome/156.0.0.0 Safari/537.36",
        ),
    ),
    trusted(
        "sec-ch-ua",
        "\"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"156\"",
    ),
    trusted("sec-ch-ua-mobile", "?0"),
    Header::of("", Value::Custom),
    Header::always("Accept", "*/*"),
    Header::always("Origin", "null"),
    trusted("Sec-Fetch-Site", "cross-site"),
    trusted("Sec-Fetch-Mode", "cors"),
    trusted("Sec-Fetch-Dest", "empty"),
    Header::of("Referer", Value::Place),
    Header::always("Accept-Encoding", "identity").on_range(RangeIs::Partial),
    trusted("Accept-Encoding", "gzip, deflate, br, zstd").on_range(RangeIs::Whole),
    Header::always("Accept-Encoding", "gzip, deflate")
        .on_url(UrlIs::Untrustworthy)
        .on_range(RangeIs::Whole),
    Header::always("Accept-Language", "en-US,en;q=0.9"),
    Header::of("Cookie", Value::Cookie),
    Header::of("Range", Value::Range),
    Header::of("If-None-Match", Value::IfNoneMatch),
    Header::of("If-Modified-Since", Value::IfModifiedSince),
    Header::of("If-Range", Value::IfRange),
];

/// FFmpeg's own HTTP client: no cache, no encodings, an open range on every request.
///
/// It has no switch for `no-cache`; who wants it gives it with `-headers`, hence the last lines.
const LAVF: &[Header] = &[
    Header::of("User-Agent", Value::UserAgent("Lavf/63.1.102")),
    Header::always("Accept", "*/*"),
    Header::of("Range", Value::OpenRange),
    Header::of("Connection", Value::Connection),
    Header::of("Host", Value::Host),
    Header::of("Cookie", Value::Cookie),
    Header::always("Icy-MetaData", "1"),
    Header::of("", Value::Custom),
    Header::of("Cache-Control", Value::NoCache),
];

const OWN: &[Header] = &[
    Header::of("Host", Value::Host),
    Header::of(
        "User-Agent",
        Value::UserAgent(concat!("liveswarm/", env!("CARGO_PKG_VERSION"))),
    ),
    Header::always("Accept", "*/*"),
    Header::always("Accept-Encoding", "gzip").on_range(RangeIs::Whole),
    Header::of("Connection", Value::Connection),
    Header::of("Cache-Control", Value::NoCache),
    Header::of("Cookie", Value::Cookie),
    Header::of("Range", Value::Range),
    Header::of("If-None-Match", Value::IfNoneMatch),
    Header::of("If-Modified-Since", Value::IfModifiedSince),
    Header::of("If-Range", Value::IfRange),
    Header::of("", Value::Custom),
];

/// A header that goes to potentially trustworthy URLs only.
const fn trusted(name: &'static str, text: &'static str) -> Header {
    Header::always(name, text).on_url(UrlIs::Trustworthy)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::path::Path;

    use base::Class;
    use media::hls::ByteRange;
    use rstest::rstest;
    use url::Url;

    use super::*;
    use crate::profile::request::{Context, Line};

    /// A captured head: what the request was follows from it, and what was written is compared.
    struct Head {
        text: String,
        url: Url,
    }

    impl Head {
        fn read(name: &str, scheme: &str) -> Self {
            let file = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests/heads")
                .join(name)
                .with_added_extension("txt");
            let text = std::fs::read_to_string(file).expect("a captured head");
            let target = text.split(' ').nth(1).expect("a request line");
            let host = value(&text, "Host").expect("a host");
            let url = Url::parse(&format!("{scheme}://{host}{target}")).expect("a URL");
            Self { text, url }
        }

        fn context<'a>(&'a self, user: &'a [(String, String)]) -> Context<'a> {
            let user_agent = value(&self.text, "User-Agent")
                .filter(|agent| agent.starts_with("agent/") || agent.starts_with("Lavf/59."));
            Context {
                url: &self.url,
                class: class(&self.url),
                byte_range: value(&self.text, "Range").and_then(byte_range),
                first: false,
                close: value(&self.text, "Connection") == Some("close"),
                user_agent,
                etag: value(&self.text, "If-None-Match"),
                last_modified: value(&self.text, "If-Modified-Since"),
                if_range: value(&self.text, "If-Range"),
                no_cache: value(&self.text, "Pragma").is_some(),
                user,
            }
        }
    }

    fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
        head.lines()
            .filter_map(|line| line.split_once(": "))
            .find_map(|(other, value)| (other == name).then_some(value))
    }

    fn class(url: &Url) -> Class {
        match Path::new(url.path())
            .extension()
            .and_then(|ext| ext.to_str())
        {
            Some("m3u8") => Class::Playlist,
            Some("key") => Class::Key,
            _ => Class::Segment,
        }
    }

    fn byte_range(value: &str) -> Option<ByteRange> {
        let (first, last) = value.strip_prefix("bytes=")?.split_once('-')?;
        let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
        Some(ByteRange {
            offset: first,
            length: last - first + 1,
        })
    }

    fn render(requests: &Requests, context: &Context<'_>, cookie: Option<&str>) -> String {
        let mut head = format!("GET {} HTTP/1.1\r\n", context.url.path());
        for line in requests.lines(context) {
            let written = match line {
                Line::Host => write!(head, "Host: {}\r\n", authority(context.url)),
                Line::Cookie => cookie.map_or(Ok(()), |it| write!(head, "Cookie: {it}\r\n")),
                Line::Given { name, value } => write!(head, "{name}: {value}\r\n"),
            };
            written.expect("a String takes all");
        }
        head + "\r\n"
    }

    fn authority(url: &Url) -> String {
        let host = url.host_str().unwrap_or_default();
        url.port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    fn own(headers: &[(&str, &str)]) -> Vec<(String, String)> {
        headers
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    const NONE: &[(&str, &str)] = &[];

    #[rstest]
    #[case::hls_js("hls.js-http", "http", HLS_JS, NONE)]
    #[case::hls_js_again("hls.js-http-again", "http", HLS_JS, NONE)]
    #[case::hls_js_range("hls.js-http-range", "http", HLS_JS, NONE)]
    #[case::hls_js_range_later("hls.js-http-range-later", "http", HLS_JS, NONE)]
    #[case::hls_js_no_cache("hls.js-http-no-cache", "http", HLS_JS, NONE)]
    #[case::hls_js_custom("hls.js-http-custom", "http", HLS_JS, &[("X-Custom", "1")])]
    #[case::hls_js_loopback("hls.js-loopback", "http", HLS_JS, NONE)]
    #[case::hls_js_loopback_again("hls.js-loopback-again", "http", HLS_JS, NONE)]
    #[case::hls_js_loopback_dated("hls.js-loopback-dated", "http", HLS_JS, NONE)]
    #[case::hls_js_loopback_range("hls.js-loopback-range", "http", HLS_JS, NONE)]
    #[case::hls_js_loopback_range_later("hls.js-loopback-range-later", "http", HLS_JS, NONE)]
    #[case::hls_js_loopback_no_cache("hls.js-loopback-no-cache", "http", HLS_JS, NONE)]
    #[case::hls_js_user_agent("hls.js-loopback-user-agent", "http", HLS_JS, NONE)]
    #[case::hls_js_https("hls.js-https", "https", HLS_JS, NONE)]
    #[case::hls_js_https_again("hls.js-https-again", "https", HLS_JS, NONE)]
    #[case::hls_js_page(
        "hls.js-http-page",
        "http",
        HLS_JS,
        &[("Referer", "http://page.example/"), ("Origin", "http://page.example")]
    )]
    #[case::hls_js_same_origin(
        "hls.js-http-same-origin-cookie",
        "http",
        HLS_JS,
        &[("origin", ""), ("Referer", "http://media.example/watch")]
    )]
    #[case::hls_js_same_origin_again(
        "hls.js-http-same-origin-cookie-again",
        "http",
        HLS_JS,
        &[("origin", ""), ("Referer", "http://media.example/watch")]
    )]
    #[case::shaka("shaka-http", "http", SHAKA, NONE)]
    #[case::shaka_again("shaka-http-again", "http", SHAKA, NONE)]
    #[case::shaka_range("shaka-http-range", "http", SHAKA, NONE)]
    #[case::shaka_range_later("shaka-http-range-later", "http", SHAKA, NONE)]
    #[case::shaka_loopback("shaka-loopback", "http", SHAKA, NONE)]
    #[case::shaka_loopback_again("shaka-loopback-again", "http", SHAKA, NONE)]
    #[case::shaka_loopback_range("shaka-loopback-range", "http", SHAKA, NONE)]
    #[case::shaka_loopback_range_later("shaka-loopback-range-later", "http", SHAKA, NONE)]
    #[case::shaka_page(
        "shaka-https-page",
        "https",
        SHAKA,
        &[("Origin", "https://page.example"), ("Referer", "https://page.example/")]
    )]
    #[case::shaka_page_again(
        "shaka-https-page-again",
        "https",
        SHAKA,
        &[("Origin", "https://page.example"), ("Referer", "https://page.example/")]
    )]
    #[case::ffmpeg("ffmpeg-9", "http", FFMPEG, NONE)]
    #[case::ffmpeg_later("ffmpeg-9-later", "http", FFMPEG, NONE)]
    #[case::ffmpeg_key("ffmpeg-9-key", "http", FFMPEG, NONE)]
    #[case::ffmpeg_range("ffmpeg-9-range", "http", FFMPEG, NONE)]
    #[case::ffmpeg_cookie("ffmpeg-9-cookie", "http", FFMPEG, NONE)]
    #[case::ffmpeg_custom("ffmpeg-9-custom", "http", FFMPEG, &[("X-Custom", "1"), ("X-Other", "2")])]
    #[case::ffmpeg_old("ffmpeg-5.1", "http", FFMPEG, NONE)]
    #[case::ffmpeg_old_later("ffmpeg-5.1-later", "http", FFMPEG, NONE)]
    fn writes_what_the_player_wrote(
        #[case] name: &str,
        #[case] scheme: &str,
        #[case] requests: Requests,
        #[case] user: &[(&str, &str)],
    ) {
        let head = Head::read(name, scheme);
        let user = own(user);
        let cookie = value(&head.text, "Cookie");
        assert_eq!(render(&requests, &head.context(&user), cookie), head.text);
    }

    #[test]
    fn ffmpeg_never_asks_conditionally() {
        let head = Head::read("ffmpeg-9-later", "http");
        let context = Context {
            etag: Some("\"a\""),
            last_modified: Some("Sat, 21 Nov 2026 10:08:38 GMT"),
            ..head.context(&[])
        };
        assert_eq!(render(&FFMPEG, &context, None), head.text);
    }

    #[test]
    fn our_own_name_is_plain() {
        let url = Url::parse("https://media.example/live/index.m3u8").expect("a URL");
        let user = own(&[("X-Custom", "1")]);
        let context = Context {
            url: &url,
            class: Class::Multivariant,
            byte_range: None,
            first: true,
            close: false,
            user_agent: None,
            etag: None,
            last_modified: None,
            if_range: None,
            no_cache: false,
            user: &user,
        };
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            render(&RFC8216, &context, None),
            format!(
                "GET /live/index.m3u8 HTTP/1.1\r\nHost: media.example\r\n\
                 User-Agent: liveswarm/{version}\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\
                 Connection: keep-alive\r\nX-Custom: 1\r\n\r\n"
            )
        );
    }

    #[test]
    fn every_captured_head_is_tested() {
        let source = include_str!("headers.rs");
        let heads = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/heads");
        for entry in std::fs::read_dir(heads).expect("the captured heads") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|ext| ext == "txt") {
                let name = path.with_extension("");
                let name = name
                    .file_name()
                    .and_then(|name| name.to_str())
                    .expect("a name");
                assert!(source.contains(&format!("\"{name}\"")), "{name}");
            }
        }
    }
}
