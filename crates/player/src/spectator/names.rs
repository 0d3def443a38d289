//! What URLs mean, by the playlists that name them.

use base::Class;
use media::hls::Multivariant;
use url::Url;

use super::source::Piece;
use super::{Extent, Spectator};

/// Parameters that players put into the URLs of playlists and segments by themselves: blocking
/// reloads (RFC 8216bis, 6.2.5) and common media client data (CTA-5004).
const OWN_PARAMETERS: [&str; 4] = ["_HLS_msn", "_HLS_part", "_HLS_skip", "CMCD"];

impl Spectator {
    /// What a request is for, as far as playlists have told: before the first one, a multivariant
    /// playlist, until the answer says otherwise.
    pub fn class_of(&self, url: &Url, extent: Extent) -> Class {
        let url = &without_own_parameters(url);
        if self.source_at(url).is_some() {
            return Class::Playlist;
        }
        if let Some((at, lists)) = &self.lists {
            if **at == *url {
                return Class::Multivariant;
            }
            if is_named(lists, url) {
                return Class::Playlist;
            }
        }
        if let Some((_, piece)) = self.find(url, extent) {
            return piece.class();
        }
        if self.lists.is_none() && self.sources.is_empty() {
            Class::Multivariant
        } else if is_playlist_name(url.path()) {
            Class::Playlist
        } else {
            Class::Other
        }
    }

    pub(super) fn source_at(&self, url: &Url) -> Option<usize> {
        self.sources.iter().position(|source| source.is_at(url))
    }

    /// The list that names `url`, and as what: the one that is played is asked first.
    pub(super) fn find(&self, url: &Url, extent: Extent) -> Option<(usize, Piece)> {
        let first = self.followed.into_iter();
        let others = (0..self.sources.len()).filter(|place| Some(*place) != self.followed);
        first
            .chain(others)
            .find_map(|place| Some((place, self.sources[place].find(url, extent)?)))
    }
}

/// Whether the multivariant playlist names it.
fn is_named(lists: &Multivariant, url: &Url) -> bool {
    let mut variants = lists.variants.iter().chain(&lists.iframes);
    let mut renditions = lists.renditions.iter();
    variants.any(|variant| *variant.uri == *url)
        || renditions.any(|rendition| rendition.uri.as_deref() == Some(url))
}

fn is_playlist_name(path: &str) -> bool {
    let end = path.rsplit_once('.').map_or("", |(_, end)| end);
    end.eq_ignore_ascii_case("m3u8") || end.eq_ignore_ascii_case("m3u")
}

/// The URL as playlists name it.
pub(super) fn without_own_parameters(url: &Url) -> Url {
    let is_own = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default();
        OWN_PARAMETERS.contains(&name)
    };
    let mut url = url.clone();
    if let Some(query) = url.query().filter(|query| query.split('&').any(is_own)) {
        let rest: Vec<&str> = query.split('&').filter(|pair| !is_own(pair)).collect();
        let rest = (!rest.is_empty()).then(|| rest.join("&"));
        url.set_query(rest.as_deref());
    }
    url
}
