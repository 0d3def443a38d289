use serde::{Deserialize, Serialize};

use super::{BROADCAST_BYTES_MAX, TRANSPORT_BYTES_MAX};

/// Who measured a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// One of our viewers, at playback.
    Viewer,
    /// Our origin, at delivery.
    Origin,
    /// Somebody else, who told us.
    Pushed,
}

impl Source {
    /// The name in every output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Origin => "origin",
            Self::Pushed => "pushed",
        }
    }
}

/// What a series is of. Keys are in order of broadcast, then transport, then source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// The stream: `--broadcast`, else the URL's path without its last component.
    pub broadcast: String,
    /// How it is carried, such as `hls`.
    pub transport: String,
    /// Who measured.
    pub source: Source,
}

impl Key {
    /// A key; names that are too long are cut.
    pub fn new(broadcast: &str, transport: &str, source: Source) -> Self {
        Self {
            broadcast: cut(broadcast, BROADCAST_BYTES_MAX),
            transport: cut(transport, TRANSPORT_BYTES_MAX),
            source,
        }
    }

    /// The order in which keys have a place where there are too many: what we measured ourselves
    /// goes before what others told us, so nobody can push it out.
    pub(super) fn rank(&self) -> (Source, &Self) {
        (self.source, self)
    }
}

fn cut(name: &str, bytes_max: usize) -> String {
    name[..name.floor_char_boundary(bytes_max)].to_owned()
}
