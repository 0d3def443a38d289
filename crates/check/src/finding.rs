//! What is said of a stream, line by line.

use serde::{Deserialize, Serialize};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Looked at, and fine.
    Ok,
    /// Not looked at, or nothing there to look at; the text says why.
    NotChecked,
    /// Some players, or a crowd of them, may suffer.
    Warning,
    /// Against the standard, or players fail.
    Error,
}

impl Level {
    /// The word in the text.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotChecked => "n/a",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Getting to it: connections, redirects, TLS.
    Reach,
    /// The multivariant playlist.
    Multivariant,
    /// The media playlists as they stand.
    Playlists,
    /// The media playlists from reload to reload.
    Reloads,
    /// Dates and clocks.
    Dates,
    /// The segments.
    Segments,
    /// Bit rates, declared and measured.
    BitRates,
    /// Variants beside each other.
    Alignment,
    /// Speed, and what caches and browsers are told.
    Delivery,
    /// What the viewer lived through.
    Playback,
}

impl Area {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 10] = [
        Self::Reach,
        Self::Multivariant,
        Self::Playlists,
        Self::Reloads,
        Self::Dates,
        Self::Segments,
        Self::BitRates,
        Self::Alignment,
        Self::Delivery,
        Self::Playback,
    ];

    /// The heading in the text.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Reach => "reaching it",
            Self::Multivariant => "multivariant playlist",
            Self::Playlists => "media playlists",
            Self::Reloads => "from reload to reload",
            Self::Dates => "dates and clocks",
            Self::Segments => "segments",
            Self::BitRates => "bit rates",
            Self::Alignment => "variants beside each other",
            Self::Delivery => "delivery",
            Self::Playback => "the viewer",
        }
    }
}

/// One line of the verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is about.
    pub area: Area,
    /// The check that found it: a short name that stays.
    pub check: String,
    /// How bad it is.
    pub level: Level,
    /// What was found, in words and figures.
    pub message: String,
    /// The clause or the reason behind the check.
    pub clause: Option<String>,
    /// What to do, where something is wrong.
    pub advice: Option<String>,
}
