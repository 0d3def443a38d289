//! Playlists parsed once for all viewers of a worker.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use bytes::Bytes;
use media::hls::{self, Variables};
use player::Playlist;
use url::Url;

/// How many playlists are kept; the oldest give way.
const KEPT_MAX: usize = 256;
/// How many states of one playlist are kept. Viewers of a live stream see its newest; servers that
/// are not quite at one may show some older ones beside it.
const STATES_MAX: usize = 4;
/// How many bytes of bodies are kept in all.
const KEPT_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Playlists by what came: same URL, same variables, same bytes, same parsed playlist.
#[derive(Debug, Default)]
pub(crate) struct Playlists {
    kept: HashMap<u64, Kept>,
    /// The oldest first.
    order: VecDeque<Entry>,
    bytes: usize,
    hasher: RandomState,
}

#[derive(Debug)]
struct Entry {
    key: u64,
    /// Of its URL.
    hash: u64,
}

#[derive(Debug)]
struct Kept {
    url: Arc<Url>,
    imports: Option<Arc<Variables>>,
    body: Bytes,
    playlist: Playlist,
}

impl Playlists {
    /// The playlist that `body` is, when it came from `url`.
    pub(crate) fn parse(
        &mut self,
        url: &Arc<Url>,
        imports: Option<&Arc<Variables>>,
        body: Bytes,
    ) -> Result<Playlist, hls::Error> {
        let key = self.hasher.hash_one((url.as_str(), &body));
        if let Some(kept) = self.kept.get(&key) {
            // The hash only finds the candidate; equality is judged on the bytes themselves.
            let same = kept.body == body
                && kept.url == *url
                && kept.imports.as_deref() == imports.map(|imports| &**imports);
            if same {
                return Ok(kept.playlist.clone());
            }
        }
        let none = Variables::default();
        let playlist = match hls::parse(&body, url, imports.map_or(&none, |imports| &**imports))? {
            hls::Playlist::Multivariant(playlist) => Playlist::Multivariant(Arc::new(playlist)),
            hls::Playlist::Media(playlist) => Playlist::Media(Arc::new(playlist)),
        };
        self.keep(
            key,
            Kept {
                url: Arc::clone(url),
                imports: imports.cloned(),
                body,
                playlist: playlist.clone(),
            },
        );
        Ok(playlist)
    }

    fn keep(&mut self, key: u64, kept: Kept) {
        self.bytes += kept.body.len();
        let hash = self.hasher.hash_one(kept.url.as_str());
        match self.kept.insert(key, kept) {
            Some(old) => self.bytes -= old.body.len(),
            None => self.order.push_back(Entry { key, hash }),
        }
        let entries = self.order.iter().enumerate();
        let mut states = entries.filter(|(_, entry)| entry.hash == hash);
        let oldest = states.next().map(|(place, _)| place);
        if states.count() >= STATES_MAX
            && let Some(place) = oldest
        {
            self.forget(place);
        }
        while self.order.len() > KEPT_MAX || self.bytes > KEPT_BYTES_MAX && self.order.len() > 1 {
            self.forget(0);
        }
    }

    fn forget(&mut self, place: usize) {
        let entry = self.order.remove(place);
        if let Some(old) = entry.and_then(|entry| self.kept.remove(&entry.key)) {
            self.bytes -= old.body.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(sequence: usize) -> Bytes {
        let text = format!(
            "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{sequence}\n#EXTINF:2,\ns.ts\n"
        );
        Bytes::from(text)
    }

    fn url(text: &str) -> Arc<Url> {
        Arc::new(Url::parse(text).unwrap())
    }

    fn media(playlist: Playlist) -> Arc<hls::MediaPlaylist> {
        match playlist {
            Playlist::Media(playlist) => playlist,
            Playlist::Multivariant(_) => panic!("not a media playlist"),
        }
    }

    #[test]
    fn same_bytes_from_the_same_place_are_one_playlist() {
        let mut playlists = Playlists::default();
        let mut parse = |at: &str, n| media(playlists.parse(&url(at), None, list(n)).unwrap());
        let first = parse("http://a/x.m3u8", 1);
        assert!(Arc::ptr_eq(&first, &parse("http://a/x.m3u8", 1)));
        assert!(!Arc::ptr_eq(&first, &parse("http://a/x.m3u8", 2)));
        // The same list elsewhere names other segments.
        let elsewhere = parse("http://b/x.m3u8", 1);
        assert_ne!(first.segments[0].uri, elsewhere.segments[0].uri);
    }

    #[test]
    fn the_oldest_give_way() {
        let mut playlists = Playlists::default();
        for n in 0..2 * KEPT_MAX {
            let at = url(&format!("http://a/{n}.m3u8"));
            playlists.parse(&at, None, list(n)).unwrap();
        }
        assert_eq!(playlists.kept.len(), KEPT_MAX);
        assert_eq!(playlists.order.len(), KEPT_MAX);
        let bytes: usize = playlists.kept.values().map(|kept| kept.body.len()).sum();
        assert_eq!(playlists.bytes, bytes);
    }

    /// However long a stream goes on, no more than its newest states are kept; others stay.
    #[test]
    fn of_one_playlist_the_newest_states_are_kept() {
        let mut playlists = Playlists::default();
        let (moving, still) = (url("http://a/x.m3u8"), url("http://a/y.m3u8"));
        let kept = media(playlists.parse(&still, None, list(0)).unwrap());
        for n in 0..3 * STATES_MAX {
            playlists.parse(&moving, None, list(n)).unwrap();
        }
        assert_eq!(playlists.order.len(), STATES_MAX + 1);
        assert_eq!(playlists.kept.len(), STATES_MAX + 1);
        let newest = (2 * STATES_MAX..3 * STATES_MAX).map(|n| list(n).len());
        assert_eq!(playlists.bytes, list(0).len() + newest.sum::<usize>());
        let again = media(playlists.parse(&still, None, list(0)).unwrap());
        assert!(Arc::ptr_eq(&kept, &again));
    }
}
