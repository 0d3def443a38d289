//! Paths: what each one asks for, and how the playlists spell them.

use base::Class;

use crate::Format;

/// The path of the multivariant playlist.
pub(crate) const MULTIVARIANT: &str = "/live/master.m3u8";
/// The folder of everything live.
pub(crate) const LIVE: &str = "/live/";
/// The listing of everything live.
pub(crate) const LISTING: &str = "/files/json/";

/// What a path asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    /// The multivariant playlist.
    Multivariant,
    /// The media playlist of a track.
    Playlist(&'a str),
    /// The initialisation segment of a track.
    Init(&'a str),
    /// A media segment of a track.
    Segment(&'a str, u64),
    /// The listing.
    Listing,
    /// Nothing that is here.
    Unknown,
}

impl<'a> Route<'a> {
    /// What `path` asks for, where segments are of `format`.
    pub(crate) fn of(path: &'a str, format: Format) -> Self {
        if path == MULTIVARIANT {
            return Self::Multivariant;
        }
        if path == LISTING {
            return Self::Listing;
        }
        let Some(name) = path.strip_prefix(LIVE) else {
            return Self::Unknown;
        };
        if let Some(track) = name.strip_suffix(".m3u8") {
            return Self::Playlist(track);
        }
        if let (Format::Fmp4, Some(track)) = (format, name.strip_suffix("-init.mp4")) {
            return Self::Init(track);
        }
        name.strip_suffix(extension(format))
            .and_then(|stem| stem.rsplit_once('-'))
            .and_then(|(track, number)| Some(Self::Segment(track, canonical(number)?)))
            .unwrap_or(Self::Unknown)
    }

    /// The track that is asked for.
    pub(crate) fn track(self) -> Option<&'a str> {
        match self {
            Self::Playlist(track) | Self::Init(track) | Self::Segment(track, _) => Some(track),
            _ => None,
        }
    }

    /// The number of the segment that is asked for.
    pub(crate) fn number(self) -> Option<u64> {
        match self {
            Self::Segment(_, number) => Some(number),
            _ => None,
        }
    }
}

/// A number in its one spelling, so that a segment has one URL; 15 digits keep sums in 64 bits.
fn canonical(digits: &str) -> Option<u64> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let short = (1..=15).contains(&digits.len()) && (digits.len() == 1 || !digits.starts_with('0'));
    (plain && short).then(|| digits.parse().ok()).flatten()
}

/// The class of a request, from its path alone: a viewer counts a segment that is gone as a
/// segment too.
pub(crate) fn class_of(path: &str) -> Class {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension {
        "m3u8" if path == MULTIVARIANT => Class::Multivariant,
        "m3u8" => Class::Playlist,
        "mp4" => Class::Init,
        "ts" | "m4s" => Class::Segment,
        _ => Class::Other,
    }
}

/// What follows the number in a segment's name.
pub(crate) fn extension(format: Format) -> &'static str {
    match format {
        Format::Ts => ".ts",
        Format::Fmp4 => ".m4s",
    }
}

/// The name of a track's media playlist.
pub(crate) fn playlist_name(track: &str) -> String {
    format!("{track}.m3u8")
}

/// The name of a track's initialisation segment.
pub(crate) fn init_name(track: &str) -> String {
    format!("{track}-init.mp4")
}

/// The name of segment `n` of a track.
pub(crate) fn segment_name(track: &str, n: u64, format: Format) -> String {
    format!("{track}-{n}{}", extension(format))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/live/master.m3u8", Route::Multivariant, Class::Multivariant)]
    #[case("/live/400k.m3u8", Route::Playlist("400k"), Class::Playlist)]
    #[case("/live/400k-12.ts", Route::Segment("400k", 12), Class::Segment)]
    #[case("/live/400k-0.ts", Route::Segment("400k", 0), Class::Segment)]
    #[case("/live/400k-012.ts", Route::Unknown, Class::Segment)]
    #[case("/live/400k-+12.ts", Route::Unknown, Class::Segment)]
    #[case("/live/400k-99999999999999999999.ts", Route::Unknown, Class::Segment)]
    #[case("/live/400k-12.m4s", Route::Unknown, Class::Segment)]
    #[case("/live/400k-init.mp4", Route::Unknown, Class::Init)]
    #[case("/files/json/", Route::Listing, Class::Other)]
    #[case("/live/../../etc/passwd", Route::Unknown, Class::Other)]
    #[case("", Route::Unknown, Class::Other)]
    fn paths_mean_one_thing(#[case] path: &str, #[case] route: Route<'_>, #[case] class: Class) {
        assert_eq!(Route::of(path, Format::Ts), route);
        assert_eq!(class_of(path), class);
    }

    #[test]
    fn names_lead_back() {
        for format in [Format::Ts, Format::Fmp4] {
            let path = format!("{LIVE}{}", segment_name("a-b", 7, format));
            assert_eq!(Route::of(&path, format), Route::Segment("a-b", 7));
        }
        let path = format!("{LIVE}{}", init_name("a"));
        assert_eq!(Route::of(&path, Format::Fmp4), Route::Init("a"));
    }
}
