//! What a request is for, where no playlist has told: by what the answer says it is, else by the
//! name.

use base::Class;
use transport::Fields;
use url::Url;

/// By the extension of the path's last part.
pub(crate) fn of_name(url: &Url) -> Option<Class> {
    let name = url.path_segments()?.next_back()?;
    let (stem, extension) = name.rsplit_once('.')?;
    let class = match extension.to_ascii_lowercase().as_str() {
        "m3u8" | "m3u" => Class::Playlist,
        "mp4" | "m4s" if stem.starts_with("init") => Class::Init,
        "ts" | "m2ts" | "mts" | "m4s" | "mp4" | "m4v" | "m4a" | "cmfv" | "cmfa" | "aac" | "ac3"
        | "ec3" | "mp3" | "vtt" | "webvtt" => Class::Segment,
        "key" => Class::Key,
        _ => return None,
    };
    Some(class)
}

/// By the answer's `Content-Type`.
pub(crate) fn of_type(fields: &Fields) -> Option<Class> {
    let given = fields.get("content-type")?;
    let essence = given.split(';').next().unwrap_or(given).trim();
    let essence = essence.to_ascii_lowercase();
    match essence.as_str() {
        // RFC 8216bis, 4, and what was used before.
        "application/vnd.apple.mpegurl"
        | "application/x-mpegurl"
        | "application/mpegurl"
        | "audio/mpegurl"
        | "audio/x-mpegurl" => Some(Class::Playlist),
        "text/vtt" => Some(Class::Segment),
        _ if essence.starts_with("video/") || essence.starts_with("audio/") => Some(Class::Segment),
        _ => None,
    }
}

/// The type of a steering manifest (RFC 8216bis, 7.2), which nothing else has.
const STEERING: &str = "application/vnd.apple.steering-list";

/// Whether an answer may be an asset list or a steering manifest (RFC 8216bis, 7.2 and D.2);
/// `named`: by a playlist, as something of the kind.
pub(crate) fn is_json(fields: &Fields, named: bool) -> bool {
    let given = fields.get("content-type").unwrap_or_default();
    let essence = given.split(';').next().unwrap_or(given).trim();
    let is = |json: &str| json.eq_ignore_ascii_case(essence);
    is(STEERING) || named && is("application/json")
}

/// Whether a body may begin a playlist (RFC 8216bis, 4.1): as much as is there of `#EXTM3U`.
pub(crate) fn begins_a_list(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let body = body.trim_ascii_start();
    let header = b"#EXTM3U";
    let len = body.len().min(header.len());
    len > 0 && body[..len] == header[..len]
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://h/live/master.m3u8?x=y.ts", Some(Class::Playlist))]
    #[case("http://h/a.M3U8", Some(Class::Playlist))]
    #[case("http://h/seg_1.ts", Some(Class::Segment))]
    #[case("http://h/seg_1.m4s", Some(Class::Segment))]
    #[case("http://h/init.mp4", Some(Class::Init))]
    #[case("http://h/init_0.mp4", Some(Class::Init))]
    #[case("http://h/movie.mp4", Some(Class::Segment))]
    #[case("http://h/a.key", Some(Class::Key))]
    #[case("http://h/live.ts/", None)]
    #[case("http://h/live", None)]
    #[case("http://h/", None)]
    fn names_tell(#[case] url: &str, #[case] class: Option<Class>) {
        assert_eq!(of_name(&url.parse().unwrap()), class);
    }

    #[rstest]
    #[case("application/vnd.apple.mpegurl", Some(Class::Playlist))]
    #[case("Application/X-MpegURL; charset=utf-8", Some(Class::Playlist))]
    #[case("audio/x-mpegurl", Some(Class::Playlist))]
    #[case("video/mp2t", Some(Class::Segment))]
    #[case("audio/aac", Some(Class::Segment))]
    #[case("application/octet-stream", None)]
    #[case("", None)]
    fn types_tell(#[case] given: &str, #[case] class: Option<Class>) {
        let fields = Fields::from_block(format!("Content-Type: {given}\r\n").as_bytes());
        assert_eq!(of_type(&fields), class);
    }

    #[rstest]
    #[case(b"#EXTM3U\n", true)]
    #[case(b"\xef\xbb\xbf\r\n#EXTM3U", true)]
    #[case(b"#EX", true)]
    #[case(b"", false)]
    #[case(b"  ", false)]
    #[case(b"#EXTINF", false)]
    #[case(b"G@\x11\x10", false)]
    fn bodies_tell(#[case] body: &[u8], #[case] begins: bool) {
        assert_eq!(begins_a_list(body), begins);
    }
}
