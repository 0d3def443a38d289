//! What a URL in the log asks for.

use base::Class;
use media::Timeline;

use super::Config;

/// How many segments from the end of the list are compared with a URL.
const LOOKED_THROUGH: usize = 64;

/// Endings of files that are media.
const MEDIA: [&str; 15] = [
    "ts", "m4s", "mp4", "m4v", "m4a", "cmfv", "cmfa", "cmft", "aac", "mp3", "ac3", "ec3", "vtt",
    "webvtt", "m2ts",
];

/// Tells by what the playlist says, by what the demuxer says, and by the name, in this order.
#[derive(Debug)]
pub(super) struct Classifier {
    url: String,
    main: Class,
    /// The URL that the demuxer wanted last.
    wanted: String,
}

impl Classifier {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            url: config.url.clone(),
            main: if config.multivariant {
                Class::Multivariant
            } else {
                Class::Playlist
            },
            wanted: String::new(),
        }
    }

    /// The demuxer wants a segment or an initialisation section.
    pub(super) fn wants(&mut self, url: &str) {
        self.wanted.clear();
        self.wanted.push_str(url);
    }

    pub(super) fn class(&self, url: &str, timeline: &Timeline) -> Class {
        if url == self.url {
            return self.main;
        }
        listed(url, timeline).unwrap_or_else(|| self.by_name(url))
    }

    fn by_name(&self, url: &str) -> Class {
        let path = url.split(['?', '#']).next().unwrap_or(url);
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        match ending {
            "m3u8" | "m3u" => Class::Playlist,
            "key" => Class::Key,
            _ if ending != "ts" && name.contains("init") => Class::Init,
            _ if MEDIA.contains(&ending) || url == self.wanted => Class::Segment,
            _ => Class::Other,
        }
    }
}

/// What the playlist says of a URL.
fn listed(url: &str, timeline: &Timeline) -> Option<Class> {
    let list = timeline.list()?;
    for segment in list.segments.iter().rev().take(LOOKED_THROUGH) {
        if segment.uri.as_str() == url {
            return Some(Class::Segment);
        }
        if segment
            .map
            .as_ref()
            .is_some_and(|map| map.uri.as_str() == url)
        {
            return Some(Class::Init);
        }
        let keys = segment.keys.iter().flat_map(|keys| keys.iter());
        if keys
            .map(|key| key.uri.as_ref())
            .any(|key| key.as_str() == url)
        {
            return Some(Class::Key);
        }
    }
    None
}
