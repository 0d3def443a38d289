use serde::{Deserialize, Serialize};

/// What a request asks for. Every request has exactly one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// A multivariant playlist (RFC 8216bis, 4.4.6).
    Multivariant,
    /// A media playlist (RFC 8216bis, 4.4.2).
    Playlist,
    /// A media initialisation section (`EXT-X-MAP`).
    Init,
    /// A media segment.
    Segment,
    /// A partial segment (`EXT-X-PART`).
    Part,
    /// A decryption key.
    Key,
    /// Anything else, and whatever is not known yet.
    Other,
}

impl Class {
    /// All classes, in the order in which outputs list them.
    pub const ALL: [Self; 7] = [
        Self::Multivariant,
        Self::Playlist,
        Self::Init,
        Self::Segment,
        Self::Part,
        Self::Key,
        Self::Other,
    ];

    /// How many classes there are.
    pub const COUNT: usize = Self::ALL.len();

    /// The place of this class in [`Class::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name in every output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Multivariant => "multivariant",
            Self::Playlist => "playlist",
            Self::Init => "init",
            Self::Segment => "segment",
            Self::Part => "part",
            Self::Key => "key",
            Self::Other => "other",
        }
    }

    /// Playlists of either kind: bodies that are kept and parsed.
    pub const fn is_playlist(self) -> bool {
        matches!(self, Self::Multivariant | Self::Playlist)
    }

    /// Segments and parts: bytes that the throughput windows count.
    pub const fn is_media(self) -> bool {
        matches!(self, Self::Segment | Self::Part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_is_the_place_in_all() {
        for (place, class) in Class::ALL.into_iter().enumerate() {
            assert_eq!(class.index(), place);
        }
    }
}
