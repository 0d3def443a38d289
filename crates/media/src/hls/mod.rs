//! HLS playlists: RFC 8216bis (draft-pantos-hls-rfc8216bis), read as tolerantly as players do.
//!
//! [`parse`] takes a whole body and the URL it finally came from, and answers a [`Playlist`] or an
//! [`Error`] that says what came instead. The syntax of tags is `quick-m3u8`'s; variables
//! (`EXT-X-DEFINE`), inheritance (`EXT-X-MAP`, `EXT-X-KEY`, `EXT-X-BITRATE`), implied byte offsets
//! and derived dates are done here. What a standard forbids but players accept is accepted, and
//! kept as a [`Blemish`].
//!
//! Decisions where players differ:
//!
//! - No usable `EXT-X-TARGETDURATION`: the longest `EXTINF`, rounded to a whole second, stands
//!   in, and [`Blemish::NoTargetDuration`] is kept. (FFmpeg and video.js go on; hls.js refuses.)
//!   A target of zero is one second, as in hls.js; a fraction is kept as it is.
//! - No usable `EXTINF` before a URI: the target duration stands in (as in video.js).
//! - No `#EXTM3U`: not a playlist, as in all players. A byte order mark and blank lines before it
//!   are skipped.
//! - A list whose last line is not ended and belongs to a segment or variant without a URI is
//!   [`Error::Truncated`]: it was read while it was being written, and the next reload has the
//!   rest. With the line ended, the tags are passed over ([`Blemish::Dangling`]).
//! - An `EXT-X-BYTERANGE` without offset goes on where the last one ended, even of another resource
//!   (as in hls.js and video.js).

mod attributes;
mod blemish;
mod delta;
mod derive;
mod error;
mod lines;
mod media_playlist;
mod media_tags;
mod multivariant;
mod read_media;
mod read_multivariant;
mod resolve;
mod shared_tags;
mod variables;
mod write;

use std::borrow::Cow;
use std::time::Duration;

use url::Url;

pub use blemish::Blemish;
pub use error::{Error, Found, VariableProblem};
pub use media_playlist::{
    ByteRange, DateRange, HintKind, Key, KeyMethod, Map, MediaPlaylist, Part, PlaylistType,
    PreloadHint, RenditionReport, Segment, ServerControl, Skip, Start, StartFrom,
};
pub use multivariant::{
    ContentSteering, Multivariant, Rendition, RenditionKind, Resolution, SessionData, Variant,
};
pub use variables::Variables;

/// The longest body that is read, in bytes.
pub const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The longest line, in bytes, before and after variables are put in.
pub const LINE_BYTES_MAX: usize = 64 * 1024;
/// The most segments (listed and skipped together) and the most parts of one list; the most
/// variants, renditions and other entries of one multivariant playlist.
pub const SEGMENTS_MAX: usize = 100_000;
/// The longest duration that a tag may state.
pub const DURATION_MAX: Duration = Duration::from_hours(7 * 24);
/// The most blemishes that are kept of one playlist; the rest are passed over.
pub const BLEMISHES_MAX: usize = 16;

/// A playlist of either kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Playlist {
    /// Lists variants and renditions (RFC 8216bis, 4.4.6).
    Multivariant(Multivariant),
    /// Lists segments (RFC 8216bis, 4.4.2 to 4.4.5).
    Media(MediaPlaylist),
}

impl Playlist {
    /// The media playlist, if it is one.
    pub fn media(&self) -> Option<&MediaPlaylist> {
        match self {
            Self::Media(list) => Some(list),
            Self::Multivariant(_) => None,
        }
    }

    /// The multivariant playlist, if it is one.
    pub fn multivariant(&self) -> Option<&Multivariant> {
        match self {
            Self::Multivariant(list) => Some(list),
            Self::Media(_) => None,
        }
    }
}

/// Reads a playlist.
///
/// `base` is the URL the body came from, after redirects: relative references resolve against it,
/// and `EXT-X-DEFINE:QUERYPARAM` reads its query. `imports` are the variables of the multivariant
/// playlist that led here, for `EXT-X-DEFINE:IMPORT`.
///
/// The result depends on all three arguments: who shares results between viewers must key them
/// by body, base and imports.
pub fn parse(body: &[u8], base: &Url, imports: &Variables) -> Result<Playlist, Error> {
    let text = lines::text(body)?;
    let is_mended = matches!(text, Cow::Owned(_));
    let mut playlist = match lines::kind(&text)? {
        lines::Kind::Multivariant => {
            read_multivariant::read(&text, base, imports).map(Playlist::Multivariant)
        }
        lines::Kind::Media => read_media::read(&text, base, imports).map(Playlist::Media),
    }?;
    if is_mended {
        let blemishes = match &mut playlist {
            Playlist::Multivariant(list) => &mut list.blemishes,
            Playlist::Media(list) => &mut list.blemishes,
        };
        shared_tags::note(blemishes, Blemish::NotUtf8);
    }
    Ok(playlist)
}
