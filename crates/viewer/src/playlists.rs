//! Playlists parsed once for all viewers of a worker.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use bytes::Bytes;
use media::hls::{self, Variables};
use player::Playlist;
use url::Url;

/// How many playlists are kept; the oldest give way. A live stream shows a few at a time.
const KEPT_MAX: usize = 256;
/// How many bytes of bodies are kept in all.
const KEPT_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Playlists by what came: same URL, same variables, same bytes, same parsed playlist.
#[derive(Debug, Default)]
pub(crate) struct Playlists {
    kept: HashMap<u64, Kept>,
    order: std::collections::VecDeque<u64>,
    bytes: usize,
    hasher: RandomState,
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
        match self.kept.insert(key, kept) {
            Some(old) => self.bytes -= old.body.len(),
            None => self.order.push_back(key),
        }
        while self.order.len() > KEPT_MAX || self.bytes > KEPT_BYTES_MAX && self.order.len() > 1 {
            let oldest = self.order.pop_front();
            if let Some(old) = oldest.and_then(|key| self.kept.remove(&key)) {
                self.bytes -= old.body.len();
            }
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
        let at = url("http://a/x.m3u8");
        for n in 0..2 * KEPT_MAX {
            playlists.parse(&at, None, list(n)).unwrap();
        }
        assert_eq!(playlists.kept.len(), KEPT_MAX);
        assert_eq!(playlists.order.len(), KEPT_MAX);
        let bytes: usize = playlists.kept.values().map(|kept| kept.body.len()).sum();
        assert_eq!(playlists.bytes, bytes);
    }
}
