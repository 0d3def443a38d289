/// Something that the standard forbids and that was tolerated, with the line (from 1) it stood in.
///
/// At most [`super::BLEMISHES_MAX`] are kept of one playlist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blemish {
    /// `EXT-X-TARGETDURATION` is absent or no number; the longest segment stands in for it.
    NoTargetDuration,
    /// `EXT-X-TARGETDURATION` is zero; taken as one second.
    ZeroTargetDuration,
    /// A URI without a usable `EXTINF`; the target duration stands in for it.
    NoDuration {
        /// Line of the URI.
        line: u32,
    },
    /// A value that can't be read; the tag or attribute counts as absent.
    Unreadable {
        /// Line of the tag.
        line: u32,
        /// The tag's name without `#EXT`.
        tag: Tag,
    },
    /// A tag of the other kind of playlist; passed over.
    Misplaced {
        /// Line of the tag.
        line: u32,
        /// The tag's name without `#EXT`.
        tag: Tag,
    },
    /// A tag without an attribute that it must have; passed over.
    Incomplete {
        /// Line of the tag.
        line: u32,
        /// The tag's name without `#EXT`.
        tag: Tag,
    },
    /// An `EXT-X-BYTERANGE` without an offset, whose predecessor is not a range of the same
    /// resource; taken as from where that one ended, else from the beginning (as in hls.js).
    NoRangeToFollow {
        /// Line of the tag.
        line: u32,
    },
    /// A URI in a multivariant playlist without `EXT-X-STREAM-INF` before it; passed over.
    StrayUri {
        /// Line of the URI.
        line: u32,
    },
    /// The playlist ends with tags of a segment or variant whose URI is missing; passed over.
    Dangling {
        /// The last line that says something.
        line: u32,
    },
    /// Bytes that are not UTF-8; each was replaced.
    NotUtf8,
}

/// The name of a tag as this crate knows it, without `#EXT`: `INF`, `-X-KEY`.
pub(super) type Tag = &'static str;
