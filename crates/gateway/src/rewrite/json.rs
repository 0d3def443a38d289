//! JSON that playlists lead to, changed only where a player would leave the gateway.
//!
//! An asset list of interstitials (RFC 8216bis, appendix D.2) names playlists in `ASSETS`; a steering
//! manifest (7.2) names itself in `RELOAD-URI` and playlists in the clones of pathways. What leads
//! out of the gateway becomes an absolute URL of it, since players take these for absolute ones. A
//! clone that gives pathways another host (`HOST`) can't be told within the gateway, where the host
//! is a part of the path: it is left out, and players stay on the pathways of the playlist.

use serde_json::{Map, Value};
use url::Url;

use super::{Place, Rewriter};

/// What the player is to see, and whereto it leads.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Json {
    /// `None`: as it came.
    pub(crate) body: Option<Vec<u8>>,
    /// What it names: these may be asked for.
    pub(crate) names: Vec<Url>,
    /// Where the next steering manifest is.
    pub(crate) next: Option<Url>,
}

/// Reads a JSON that came to a player who knows the gateway as `host` (`Host`). Any other than
/// those two stays as it is.
pub(crate) fn rewrite(body: &[u8], place: Place<'_>, host: Option<&str>) -> Json {
    let (Ok(Value::Object(mut top)), Some(rewriter)) =
        (serde_json::from_slice(body), Rewriter::new(place))
    else {
        return Json::default();
    };
    let mut reader = Reader {
        rewriter,
        host,
        names: Vec::new(),
        next: None,
        changed: false,
    };
    if let Some(Value::Array(assets)) = top.get_mut("ASSETS") {
        let assets = assets.iter_mut().filter_map(Value::as_object_mut);
        let uris = assets.filter_map(|asset| asset.get_mut("URI"));
        uris.for_each(|uri| reader.reference(uri));
    } else if top.contains_key("PATHWAY-PRIORITY") {
        reader.steering(&mut top);
    }
    let changed = reader.changed;
    Json {
        names: reader.names,
        next: reader.next,
        body: changed.then(|| Value::Object(top).to_string().into_bytes()),
    }
}

struct Reader<'a> {
    rewriter: Rewriter<'a>,
    host: Option<&'a str>,
    names: Vec<Url>,
    next: Option<Url>,
    changed: bool,
}

impl Reader<'_> {
    fn steering(&mut self, top: &mut Map<String, Value>) {
        if let Some(next) = top.get_mut("RELOAD-URI") {
            self.reference(next);
            self.next = self.names.last().cloned();
        }
        let Some(Value::Array(clones)) = top.get_mut("PATHWAY-CLONES") else {
            return;
        };
        let all = clones.len();
        clones.retain(|clone| clone.pointer("/URI-REPLACEMENT/HOST").is_none());
        self.changed |= clones.len() < all;
        for clone in clones {
            for uris in ["PER-VARIANT-URIS", "PER-RENDITION-URIS"] {
                let uris = clone.pointer_mut(&format!("/URI-REPLACEMENT/{uris}"));
                let uris = uris.and_then(Value::as_object_mut);
                let uris = uris.into_iter().flat_map(Map::values_mut);
                uris.for_each(|uri| self.reference(uri));
            }
        }
    }

    /// A reference to a playlist, or to the manifest.
    fn reference(&mut self, value: &mut Value) {
        let Value::String(reference) = value else {
            return;
        };
        if let Ok(means) = self.rewriter.place.from.join(reference) {
            self.names.push(means);
        }
        if let Some(path) = self.rewriter.outside(reference) {
            let authority = self.host.map(|host| format!("http://{host}"));
            *reference = authority.unwrap_or_default() + &path;
            self.changed = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::route::Paths;

    fn seen(body: &str) -> (Option<String>, Vec<String>) {
        let from = "http://o/live/x.json?a=1".parse().unwrap();
        let paths = Paths::new(None);
        let place = Place {
            paths: &paths,
            viewer: 7,
            target: "/v/7/http/o/live/x.json?a=1",
            from: &from,
            imports: None,
        };
        let json = rewrite(body.as_bytes(), place, Some("g:1"));
        let body = json.body.map(|body| String::from_utf8(body).unwrap());
        (body, json.names.iter().map(Url::to_string).collect())
    }

    #[rstest]
    #[case::assets(
        r#"{"ASSETS":[{"DURATION":15,"URI":"https://ads/a.m3u8"},{"DURATION":9,"URI":"b.m3u8"}]}"#,
        Some(r#"{"ASSETS":[{"DURATION":15,"URI":"http://g:1/v/7/https/ads/a.m3u8"},{"DURATION":9,"URI":"b.m3u8"}]}"#),
        &["https://ads/a.m3u8", "http://o/live/b.m3u8"]
    )]
    #[case::assets_inside(r#"{"ASSETS":[{"URI":"b.m3u8"}]}"#, None, &["http://o/live/b.m3u8"])]
    #[case::reload(
        r#"{"PATHWAY-PRIORITY":["A"],"RELOAD-URI":"/steer?s=1","TTL":300,"VERSION":1}"#,
        Some(r#"{"PATHWAY-PRIORITY":["A"],"RELOAD-URI":"http://g:1/v/7/http/o/steer?s=1","TTL":300,"VERSION":1}"#),
        &["http://o/steer?s=1"]
    )]
    #[case::clones(
        r#"{"PATHWAY-CLONES":[{"BASE-ID":"A","ID":"B","URI-REPLACEMENT":{"HOST":"cdn"}},{"BASE-ID":"A","ID":"C","URI-REPLACEMENT":{"PARAMS":{"t":"1"},"PER-VARIANT-URIS":{"v":"http://cdn/v.m3u8"}}}],"PATHWAY-PRIORITY":["B","C","A"]}"#,
        Some(r#"{"PATHWAY-CLONES":[{"BASE-ID":"A","ID":"C","URI-REPLACEMENT":{"PARAMS":{"t":"1"},"PER-VARIANT-URIS":{"v":"http://g:1/v/7/http/cdn/v.m3u8"}}}],"PATHWAY-PRIORITY":["B","C","A"]}"#),
        &["http://cdn/v.m3u8"]
    )]
    #[case::other(r#"{"URI":"http://elsewhere/"}"#, None, &[])]
    #[case::no_strings(r#"{"ASSETS":[{"URI":3},"x"]}"#, None, &[])]
    #[case::no_object("[1]", None, &[])]
    #[case::no_json("#EXTM3U", None, &[])]
    fn what_leads_out_is_led_back(
        #[case] body: &str,
        #[case] expected: Option<&str>,
        #[case] names: &[&str],
    ) {
        let (body, named) = seen(body);
        assert_eq!(body.as_deref(), expected);
        assert_eq!(named, names);
    }
}
