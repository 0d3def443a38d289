use std::fmt;

/// Why a body can't be used as a playlist. Each says what to look at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The body does not begin with `#EXTM3U`.
    #[error("not an HLS playlist: {found}")]
    NotAPlaylist {
        /// What came instead.
        found: Found,
    },
    /// `#EXTM3U`, and then nothing that says which kind of playlist it is.
    #[error("an HLS playlist without any segment or variant, and without a target duration")]
    Nothing,
    /// The body ends in the middle of something.
    #[error("truncated playlist: it ends in line {line} inside {within}")]
    Truncated {
        /// The last line, from 1.
        line: u32,
        /// What was begun and not finished.
        within: &'static str,
    },
    /// A number that no stream can have.
    #[error("impossible value in line {line}: #EXT{tag} {value:?} ({why})")]
    Impossible {
        /// Line from 1.
        line: u32,
        /// The tag's name without `#EXT`.
        tag: &'static str,
        /// The value, shortened to 40 characters.
        value: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A URI that can't be resolved.
    #[error("bad URI in line {line}: {reference:?}: {why}")]
    Uri {
        /// Line from 1.
        line: u32,
        /// The reference, shortened to 40 characters.
        reference: String,
        /// Why it does not resolve.
        why: url::ParseError,
    },
    /// An `EXT-X-DEFINE`, or a reference to a variable, that does not work (RFC 8216bis, 4.4.2.3:
    /// such a playlist must be refused).
    #[error("variable {name:?} in line {line}: {problem}")]
    Variable {
        /// Line from 1.
        line: u32,
        /// The variable, shortened to 40 characters.
        name: String,
        /// What is wrong.
        problem: VariableProblem,
    },
    /// Larger than a named limit of this module.
    #[error("{what} exceed the limit of {limit}")]
    TooLarge {
        /// What is too large or too many.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A delta update (`EXT-X-SKIP`) that skips segments which are not known: a whole playlist
    /// has to be loaded (RFC 8216bis, 6.3.7).
    #[error("delta update skips segments from {needed} on, which are not known")]
    DeltaWithoutBase {
        /// The first media sequence number that is missing.
        needed: u64,
    },
}

/// What is wrong with a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VariableProblem {
    /// Referred to, but not defined before.
    #[error("not defined")]
    Undefined,
    /// `IMPORT` of a name that the multivariant playlist does not define.
    #[error("not defined by the multivariant playlist")]
    NotImportable,
    /// `QUERYPARAM` of a name that is not in the playlist's own URL.
    #[error("no such parameter in the query of the playlist's URL")]
    NotInQuery,
    /// Defined twice.
    #[error("defined twice")]
    Repeated,
    /// An `EXT-X-DEFINE` without `NAME`, `IMPORT` or `QUERYPARAM`.
    #[error("EXT-X-DEFINE without a name")]
    Nameless,
}

/// What came where a playlist was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// No byte, or only white space.
    Empty,
    /// A web page.
    Html,
    /// A JSON text.
    Json,
    /// A DASH manifest.
    Dash,
    /// Another XML document.
    Xml,
    /// An MPEG transport stream.
    MpegTs,
    /// An ISO base media file.
    Mp4,
    /// HLS tags or an M3U list without the `#EXTM3U` that must come first.
    NoHeader,
    /// Text; its beginning, shortened to 40 characters.
    Text(String),
    /// Something else.
    Binary,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the body is empty"),
            Self::Html => f.write_str("it is an HTML page"),
            Self::Json => f.write_str("it is JSON"),
            Self::Dash => f.write_str("it is a DASH manifest"),
            Self::Xml => f.write_str("it is XML"),
            Self::MpegTs => f.write_str("it is an MPEG transport stream"),
            Self::Mp4 => f.write_str("it is an MP4 file"),
            Self::NoHeader => f.write_str("its first line is not #EXTM3U"),
            Self::Text(start) => write!(f, "it is text that begins {start:?}"),
            Self::Binary => f.write_str("it is binary"),
        }
    }
}
