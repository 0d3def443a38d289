//! Keeps secrets out of outputs: credentials and token-like values of URLs and headers become
//! `***`. Whatever is shown, logged or written passes through here.

/// What stands in place of a secret.
pub const MASK: &str = "***";

/// Names of query parameters whose values are secrets, in lower case, without `-`, `_` and `.`.
/// Signed-URL schemes of `CloudFront`, S3, GCS, Azure and Akamai are among them.
const SECRET_NAMES: [&str; 38] = [
    "accesskey",
    "accesskeyid",
    "accesstoken",
    "apikey",
    "apitoken",
    "auth",
    "authorization",
    "authtoken",
    "awsaccesskeyid",
    "bearer",
    "clientsecret",
    "code",
    "cookie",
    "credential",
    "credentials",
    "hash",
    "hdnea",
    "hdnts",
    "hdntl",
    "hmac",
    "idtoken",
    "jwt",
    "key",
    "keypairid",
    "licensekey",
    "pass",
    "passwd",
    "password",
    "policy",
    "pwd",
    "refreshtoken",
    "secret",
    "session",
    "sessionid",
    "sid",
    "sig",
    "signature",
    "token",
];

/// Starts of such names.
const SECRET_STARTS: [&str; 3] = ["xamz", "xgoog", "urlsig"];

/// Ends of such names: `playback_token`, `cdn-signature`, `mySecret`.
const SECRET_ENDS: [&str; 7] = [
    "token",
    "signature",
    "secret",
    "password",
    "apikey",
    "accesskey",
    "credential",
];

/// Headers whose values are secrets, in lower case.
const SECRET_HEADERS: [&str; 5] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "set-cookie",
    "www-authenticate",
];

/// A value without any meaning to a reader is a secret if it is this long.
const OPAQUE_LEN: usize = 32;

/// A URL, or text that may be one, fit to be shown: user and password, values of token-like query
/// parameters and values that look like tokens are masked, in the query, the fragment and the path.
pub fn url(given: &str) -> String {
    let (rest, fragment) = split(given, '#');
    let (rest, query) = split(rest, '?');
    let mut shown = userinfo(rest);
    if let Some(query) = query {
        shown.push('?');
        shown.push_str(&parameters(query));
    }
    if let Some(fragment) = fragment {
        shown.push('#');
        shown.push_str(&parameters(fragment));
    }
    shown
}

/// Text in which URLs may stand (a log line, an error), fit to be shown.
pub fn text(given: &str) -> String {
    let is_edge = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`');
    let mut shown = String::with_capacity(given.len());
    let mut rest = given;
    while !rest.is_empty() {
        let end = rest.find(is_edge).unwrap_or(rest.len());
        let word = &rest[..end];
        if word.contains("://") || looks_like_token(word) {
            shown.push_str(&url(word));
        } else {
            shown.push_str(word);
        }
        let edge = rest[end..].chars().next().map_or(0, char::len_utf8);
        shown.push_str(&rest[end..end + edge]);
        rest = &rest[end + edge..];
    }
    shown
}

/// A header's value, fit to be shown.
pub fn header(name: &str, value: &str) -> String {
    let lower = name.to_ascii_lowercase();
    if SECRET_HEADERS.contains(&lower.as_str()) || is_secret_name(&lower) {
        return MASK.to_owned();
    }
    text(value)
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// Masks what stands before the `@` of the authority, and path segments that look like tokens.
fn userinfo(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("//") else {
        return path(address);
    };
    let (authority, rest) = rest.split_at(rest.find(['/', '\\']).unwrap_or(rest.len()));
    let authority = match authority.rsplit_once('@') {
        Some((_, host)) => format!("{MASK}@{host}"),
        None => authority.to_owned(),
    };
    format!("{scheme}//{authority}{}", path(rest))
}

/// Masks path segments, or their matrix parameters, that look like tokens.
fn path(given: &str) -> String {
    let segments = given.split('/').map(|segment| {
        if looks_like_token(segment) {
            return MASK.to_owned();
        }
        let parts = segment.split(';').map(parameter);
        parts.collect::<Vec<_>>().join(";")
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Masks values of a query or a fragment; `&` and `;` separate them.
fn parameters(query: &str) -> String {
    let mut shown = String::with_capacity(query.len());
    let mut rest = query;
    loop {
        let end = rest.find(['&', ';']).unwrap_or(rest.len());
        shown.push_str(&parameter(&rest[..end]));
        if end == rest.len() {
            return shown;
        }
        shown.push_str(&rest[end..=end]);
        rest = &rest[end + 1..];
    }
}

fn parameter(given: &str) -> String {
    match given.split_once('=') {
        Some((name, value))
            if !value.is_empty() && (is_secret_name(name) || looks_like_token(value)) =>
        {
            format!("{name}={MASK}")
        }
        // A value may itself be a URL, or a list of `name=value` (Akamai's `hdnts`).
        Some((name, value)) if value.contains("://") => format!("{name}={}", url(value)),
        Some((name, value)) if value.to_ascii_lowercase().contains("%3a%2f%2f") => {
            format!("{name}={MASK}")
        }
        None if looks_like_token(given) => MASK.to_owned(),
        _ => given.to_owned(),
    }
}

fn is_secret_name(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(|c| !matches!(c, '-' | '_' | '.' | '[' | ']'))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let plain = plain.as_str();
    SECRET_NAMES.contains(&plain)
        || SECRET_STARTS.iter().any(|start| plain.starts_with(start))
        || SECRET_ENDS.iter().any(|end| plain.ends_with(end))
}

/// A JSON web token, a signed list of `name=value~…`, or a long run of letters and digits without
/// words in it.
fn looks_like_token(value: &str) -> bool {
    is_jwt(value) || value.contains("hmac=") || is_opaque(value)
}

/// RFC 7519, 3: three base64url parts; the first two begin with `{"`.
fn is_jwt(value: &str) -> bool {
    let mut parts = value.split('.');
    let is_json = |part: &str| part.starts_with("ey") && part.len() > 10;
    matches!(
        (parts.next(), parts.next(), parts.next()),
        (Some(head), Some(claims), Some(_)) if is_json(head) && is_json(claims)
    )
}

fn is_opaque(value: &str) -> bool {
    let has = |test: fn(&u8) -> bool| value.as_bytes().iter().any(test);
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/_-=%~".contains(byte);
    if value.len() < OPAQUE_LEN || !value.as_bytes().iter().all(is_base64) {
        return false;
    }
    let hex = value.as_bytes().iter().all(u8::is_ascii_hexdigit);
    // Words and numbers are joined by `-` and `_`; a token has a long run without them.
    let run = value.split(['-', '_', '/']).map(str::len).max();
    let mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    has(u8::is_ascii_digit) && (hex || (mixed && run.unwrap_or(0) >= OPAQUE_LEN / 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const JWT: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";

    #[rstest]
    #[case("http://h/live/master.m3u8", "http://h/live/master.m3u8")]
    #[case("http://u:p@h:8080/a?b=c#d", "http://***@h:8080/a?b=c#d")]
    #[case("https://user@h/", "https://***@h/")]
    #[case("http://a@b@h/", "http://***@h/")]
    #[case("//u:p@h/x", "//***@h/x")]
    #[case("http://h/a@b", "http://h/a@b")]
    #[case("http://h/?token=abc&x=1", "http://h/?token=***&x=1")]
    #[case("http://h/?TOKEN=abc", "http://h/?TOKEN=***")]
    #[case("http://h/?x=1;sig=abc", "http://h/?x=1;sig=***")]
    #[case(
        "/seg.ts?sig=a&signature=b&key=c&auth=d",
        "/seg.ts?sig=***&signature=***&key=***&auth=***"
    )]
    #[case("http://h/?hdnts=exp=1~acl=/*~hmac=ab", "http://h/?hdnts=***")]
    #[case("http://h/?x=exp=1~hmac=ab", "http://h/?x=***")]
    #[case(
        "http://h/?Policy=eyJ&Signature=x&Key-Pair-Id=K",
        "http://h/?Policy=***&Signature=***&Key-Pair-Id=***"
    )]
    #[case(
        "http://h/?X-Amz-Credential=a&X-Amz-Signature=b&X-Goog-Date=c",
        "http://h/?X-Amz-Credential=***&X-Amz-Signature=***&X-Goog-Date=***"
    )]
    #[case(
        "http://h/?access_token=a&api-key=b&playback_token=c",
        "http://h/?access_token=***&api-key=***&playback_token=***"
    )]
    #[case("http://h/?token=&x", "http://h/?token=&x")]
    #[case(
        "http://h/?next=http://u:p@i/?token=a",
        "http://h/?next=http://***@i/?token=***"
    )]
    #[case("http://h/?next=http%3A%2F%2Fu%3Ap%40i", "http://h/?next=***")]
    #[case("http://h/#access_token=abc&y=2", "http://h/#access_token=***&y=2")]
    #[case("http://h/a;token=abc/b.ts", "http://h/a;token=***/b.ts")]
    #[case("http://h/0123456789abcdef0123456789abcdef/b.ts", "http://h/***/b.ts")]
    #[case(
        "http://h/live/segment-00001234567890-video-1080p-high.ts",
        "http://h/live/segment-00001234567890-video-1080p-high.ts"
    )]
    #[case(
        "http://h/?monkey=1&keyframe=2&author=3&tokens=4",
        "http://h/?monkey=1&keyframe=2&author=3&tokens=4"
    )]
    #[case("not a url", "not a url")]
    #[case("", "")]
    fn urls_are_masked(#[case] given: &str, #[case] shown: &str) {
        assert_eq!(url(given), shown);
    }

    #[test]
    fn web_tokens_are_masked_wherever_they_stand() {
        assert_eq!(url(&format!("http://h/?x={JWT}")), "http://h/?x=***");
        assert_eq!(url(&format!("http://h/{JWT}/a.ts")), "http://h/***/a.ts");
        assert_eq!(text(&format!("bad {JWT}!")), "bad ***");
    }

    #[rstest]
    #[case("Authorization", "Basic dTpw", "***")]
    #[case("cookie", "a=b", "***")]
    #[case("Set-Cookie", "a=b", "***")]
    #[case("X-Api-Key", "abc", "***")]
    #[case("X-Auth-Token", "abc", "***")]
    #[case("X-Amz-Security-Token", "abc", "***")]
    #[case("User-Agent", "Lavf/59.27.100", "Lavf/59.27.100")]
    #[case("Referer", "http://u:p@h/?token=1", "http://***@h/?token=***")]
    #[case("Range", "bytes=0-", "bytes=0-")]
    fn headers_are_masked(#[case] name: &str, #[case] value: &str, #[case] shown: &str) {
        assert_eq!(header(name, value), shown);
    }

    #[test]
    fn text_keeps_all_but_secrets() {
        assert_eq!(
            text("GET 'http://u:p@h/?sig=1' failed:\n  5 ü of http://h/x\t"),
            "GET 'http://***@h/?sig=***' failed:\n  5 ü of http://h/x\t"
        );
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_masks_twice_alike(given in "\\PC{0,60}") {
            let once = url(&given);
            proptest::prop_assert_eq!(url(&once), once);
            text(&given);
            header(&given, &given);
        }
    }
}
