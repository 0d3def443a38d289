//! What the playlists that passed have named: of which class it is, and which origins may be asked.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use base::Class;
use media::hls::{ByteRange, HintKind, MediaPlaylist, Multivariant};
use player::Playlist;
use player::spectator::Extent;
use url::{Origin, Url};

/// The most URLs that are remembered; the oldest are forgotten, and then known by their names alone.
pub const NAMES_MAX: usize = 100_000;

/// The most origins that playlists may add.
pub const ORIGINS_MAX: usize = 256;

/// How parameters begin that HLS keeps for players to add by themselves (RFC 8216bis, 6.2.5): for
/// blocking reloads, asset lists and steering.
const OWN_PREFIX: &str = "_HLS_";

/// That of common media client data (CTA-5004).
const CLIENT_DATA: &str = "CMCD";

/// Playlists of which is remembered that they were read.
const READ_MAX: usize = 64;

/// What all viewers of a worker have been told.
#[derive(Debug, Default)]
pub(crate) struct Names {
    known: HashMap<Box<str>, Known>,
    /// In the order in which they were met.
    order: VecDeque<Box<str>>,
    /// Origins that the person named: as many as there are viewers.
    given: HashSet<Origin>,
    /// Origins that playlists named.
    origins: HashSet<Origin>,
    /// The playlists that were read last: viewers of one stream share them.
    read: VecDeque<Playlist>,
}

/// What one URL is.
#[derive(Debug, PartialEq, Eq)]
struct Known {
    class: Class,
    /// The init section within a file whose other ranges are segments.
    init: Option<ByteRange>,
}

impl Names {
    /// Lets `origin` be asked, which the person named.
    pub(crate) fn give(&mut self, origin: Origin) {
        self.given.insert(origin);
    }

    /// Lets `origin` be asked, which a playlist named.
    pub(crate) fn allow(&mut self, origin: Origin) {
        if self.origins.len() < ORIGINS_MAX {
            self.origins.insert(origin);
        }
    }

    pub(crate) fn is_allowed(&self, url: &Url) -> bool {
        let origin = url.origin();
        self.given.contains(&origin) || self.origins.contains(&origin)
    }

    /// What `url` is, if a playlist said so.
    pub(crate) fn class(&self, url: &Url, extent: Extent) -> Option<Class> {
        let known = self.known.get(&*name_of(url))?;
        let is_init = |init: ByteRange| {
            extent.offset == init.offset && extent.length.is_none_or(|length| length == init.length)
        };
        match known.init {
            Some(init) if extent != Extent::WHOLE && is_init(init) => Some(Class::Init),
            _ => Some(known.class),
        }
    }

    /// Reads a playlist that was asked for at `asked` and came from `from`.
    pub(crate) fn read(&mut self, asked: &Url, from: &Url, playlist: &Playlist) {
        let class = match playlist {
            Playlist::Multivariant(_) => Class::Multivariant,
            Playlist::Media(_) => Class::Playlist,
        };
        self.learn(asked, class, None);
        if self.read.iter().any(|read| is_same(read, playlist)) {
            return;
        }
        self.allow(from.origin());
        match playlist {
            Playlist::Multivariant(list) => self.read_multivariant(list),
            Playlist::Media(list) => self.read_media(list, from),
        }
        if self.read.len() >= READ_MAX {
            self.read.pop_front();
        }
        self.read.push_back(playlist.clone());
    }

    /// A steering manifest names where the next one is.
    pub(crate) fn read_steering(&mut self, next: &Url) {
        self.learn(next, Class::Other, None);
    }

    fn read_multivariant(&mut self, list: &Multivariant) {
        let variants = list.variants.iter().chain(&list.iframes);
        let renditions = list.renditions.iter();
        let lists = variants
            .map(|variant| &variant.uri)
            .chain(renditions.filter_map(|rendition| rendition.uri.as_ref()));
        lists.for_each(|uri| self.learn(uri, Class::Playlist, None));
        for key in &list.session_keys {
            self.learn(&key.uri, Class::Key, None);
        }
        let data = list
            .session_data
            .iter()
            .filter_map(|data| data.uri.as_ref());
        let steering = list.content_steering.iter().map(|it| &it.server_uri);
        data.chain(steering)
            .for_each(|uri| self.learn(uri, Class::Other, None));
    }

    fn read_media(&mut self, list: &MediaPlaylist, from: &Url) {
        for segment in &list.segments {
            if let Some(map) = &segment.map {
                self.learn(&map.uri, Class::Init, map.byte_range);
            }
            for key in segment.keys.iter().flat_map(|keys| keys.iter()) {
                self.learn(&key.uri, Class::Key, None);
            }
            self.learn(&segment.uri, Class::Segment, None);
            for part in &segment.parts {
                self.learn(&part.uri, Class::Part, None);
            }
        }
        for part in &list.parts {
            self.learn(&part.uri, Class::Part, None);
        }
        for hint in &list.preload_hints {
            let class = match hint.kind {
                HintKind::Part => Class::Part,
                HintKind::Map => Class::Init,
            };
            self.learn(&hint.uri, class, None);
        }
        for report in &list.rendition_reports {
            self.learn(&report.uri, Class::Playlist, None);
        }
        let others = list.date_ranges.iter().flat_map(|range| &range.other);
        for (name, value) in others {
            // Interstitials (RFC 8216bis, appendix D): a playlist, or a JSON that names some.
            let class = match name.as_str() {
                "X-ASSET-URI" => Class::Multivariant,
                "X-ASSET-LIST" => Class::Other,
                _ => continue,
            };
            if let Ok(uri) = from.join(value) {
                self.learn(&uri, class, None);
            }
        }
    }

    /// Media is what a URL is in the end: a file that holds init section and segments, or a segment
    /// whose parts are ranges of it, is known as a segment.
    fn learn(&mut self, url: &Url, class: Class, init: Option<ByteRange>) {
        if !matches!(url.scheme(), "http" | "https") {
            return;
        }
        let name = name_of(url);
        if let Some(known) = self.known.get_mut(&*name) {
            known.init = init.or(known.init);
            if class != Class::Init && !(class == Class::Part && known.class == Class::Segment) {
                known.class = class;
            }
            return;
        }
        self.allow(url.origin());
        if self.order.len() >= NAMES_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        let name: Box<str> = name.into();
        self.order.push_back(name.clone());
        self.known.insert(name, Known { class, init });
    }
}

/// A URL as a playlist has it, without what players add.
fn name_of(url: &Url) -> Cow<'_, str> {
    let is_own = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or(pair);
        name.starts_with(OWN_PREFIX) || name == CLIENT_DATA
    };
    let query = url.query().unwrap_or_default();
    if !query.split('&').any(|pair| is_own(&pair)) {
        return Cow::Borrowed(url.as_str());
    }
    let rest: Vec<&str> = query.split('&').filter(|pair| !is_own(pair)).collect();
    let mut url = url.clone();
    let rest = rest.join("&");
    url.set_query((!rest.is_empty()).then_some(rest.as_str()));
    Cow::Owned(url.into())
}

fn is_same(one: &Playlist, other: &Playlist) -> bool {
    match (one, other) {
        (Playlist::Multivariant(one), Playlist::Multivariant(other)) => Arc::ptr_eq(one, other),
        (Playlist::Media(one), Playlist::Media(other)) => Arc::ptr_eq(one, other),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use media::hls::{self, Variables};

    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn read(names: &mut Names, at: &str, body: &str) {
        let at = url(at);
        let playlist = match hls::parse(body.as_bytes(), &at, &Variables::new()).unwrap() {
            hls::Playlist::Multivariant(list) => Playlist::Multivariant(Arc::new(list)),
            hls::Playlist::Media(list) => Playlist::Media(Arc::new(list)),
        };
        names.read(&at, &at, &playlist);
    }

    #[test]
    fn a_multivariant_playlist_names_lists_keys_and_data() {
        let mut names = Names::default();
        read(
            &mut names,
            "http://h/main",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"a\",URI=\"http://c/audio\"\n\
             #EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"https://k/key\"\n\
             #EXT-X-SESSION-DATA:DATA-ID=\"d\",URI=\"data\"\n\
             #EXT-X-CONTENT-STEERING:SERVER-URI=\"//s/steer\"\n\
             #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"iframes\"\n\
             #EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"a\"\nvideo\n",
        );
        for (at, class) in [
            ("http://h/main", Class::Multivariant),
            ("http://h/video", Class::Playlist),
            ("http://h/iframes", Class::Playlist),
            ("http://c/audio", Class::Playlist),
            ("https://k/key", Class::Key),
            ("http://h/data", Class::Other),
            ("http://s/steer", Class::Other),
        ] {
            assert_eq!(names.class(&url(at), Extent::WHOLE), Some(class), "{at}");
            assert!(names.is_allowed(&url(at)), "{at}");
        }
        assert_eq!(names.class(&url("http://h/else"), Extent::WHOLE), None);
        assert!(!names.is_allowed(&url("http://else/")));
        assert!(
            !names.is_allowed(&url("https://h/")),
            "another scheme is another origin"
        );
        assert!(
            !names.is_allowed(&url("http://h:81/")),
            "so is another port"
        );
    }

    #[test]
    fn a_media_playlist_names_media() {
        let mut names = Names::default();
        read(
            &mut names,
            "http://h/list",
            "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PART-INF:PART-TARGET=1\n\
             #EXT-X-DATERANGE:ID=\"x\",START-DATE=\"2026-01-01T00:00:00Z\",\
             X-ASSET-URI=\"http://ads/main\"\n\
             #EXT-X-KEY:METHOD=AES-128,URI=\"key\"\n#EXT-X-MAP:URI=\"init\"\n\
             #EXT-X-PART:DURATION=1,URI=\"s1.1\"\n#EXTINF:2,\ns1\n\
             #EXT-X-PART:DURATION=1,URI=\"s2.1\"\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"s2.2\"\n\
             #EXT-X-RENDITION-REPORT:URI=\"other\",LAST-MSN=1\n",
        );
        for (name, class) in [
            ("list", Class::Playlist),
            ("key", Class::Key),
            ("init", Class::Init),
            ("s1", Class::Segment),
            ("s1.1", Class::Part),
            ("s2.1", Class::Part),
            ("s2.2", Class::Part),
            ("other", Class::Playlist),
        ] {
            let at = url(&format!("http://h/{name}"));
            assert_eq!(names.class(&at, Extent::WHOLE), Some(class), "{name}");
        }
        assert!(names.is_allowed(&url("http://ads/x")));
    }

    #[test]
    fn what_players_add_to_a_url_changes_nothing() {
        let mut names = Names::default();
        names.learn(&url("http://h/list?id=1"), Class::Playlist, None);
        names.learn(&url("http://h/s"), Class::Segment, None);
        for (at, class) in [
            (
                "http://h/list?id=1&_HLS_msn=7&_HLS_part=2",
                Some(Class::Playlist),
            ),
            ("http://h/list?_HLS_skip=YES&id=1", Some(Class::Playlist)),
            (
                "http://h/list?id=1&_HLS_pathway=%22A%22",
                Some(Class::Playlist),
            ),
            ("http://h/s?CMCD=br%3D100", Some(Class::Segment)),
            ("http://h/list?id=2", None),
            ("http://h/s?x", None),
        ] {
            assert_eq!(names.class(&url(at), Extent::WHOLE), class, "{at}");
        }
    }

    #[test]
    fn ranges_of_one_file_are_told_apart() {
        let mut names = Names::default();
        read(
            &mut names,
            "http://h/list",
            "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MAP:URI=\"all.mp4\",BYTERANGE=\"700@0\"\n\
             #EXT-X-BYTERANGE:5000@700\n#EXTINF:2,\nall.mp4\n",
        );
        let at = url("http://h/all.mp4");
        let class = |offset, length| names.class(&at, Extent { offset, length });
        assert_eq!(class(0, Some(700)), Some(Class::Init));
        assert_eq!(class(700, Some(5000)), Some(Class::Segment));
        assert_eq!(class(0, None), Some(Class::Segment), "all of it");
    }

    #[test]
    fn the_oldest_names_are_forgotten_and_origins_end() {
        let mut names = Names::default();
        for n in 0..=NAMES_MAX {
            names.learn(
                &url(&format!("http://h{}/{n}", n / 200)),
                Class::Segment,
                None,
            );
        }
        assert_eq!(names.known.len(), NAMES_MAX);
        assert_eq!(names.order.len(), NAMES_MAX);
        assert_eq!(names.class(&url("http://h0/0"), Extent::WHOLE), None);
        assert!(names.class(&url("http://h0/1"), Extent::WHOLE).is_some());
        assert_eq!(names.origins.len(), ORIGINS_MAX);
    }
}
