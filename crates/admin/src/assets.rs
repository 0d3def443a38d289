//! The dashboard in a browser: all of it is in the binary.

use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::routes::Face;

/// Nothing comes from elsewhere, nothing runs that is not ours, and nobody frames the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct Asset {
    path: &'static str,
    media_type: &'static str,
    text: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const PICTURE: &str = "image/svg+xml";

/// A file of `web/`, under its own name.
macro_rules! asset {
    ($name:literal, $media_type:expr) => {
        Asset {
            path: concat!("/", $name),
            media_type: $media_type,
            text: include_str!(concat!("web/", $name)),
        }
    };
}

const PAGE: &[Asset] = &[
    Asset {
        path: "/",
        ..asset!("index.html", HTML)
    },
    asset!("style.css", CSS),
    asset!("icon.svg", PICTURE),
    asset!("app.js", SCRIPT),
    asset!("axis.js", SCRIPT),
    asset!("chart.js", SCRIPT),
    asset!("charts.js", SCRIPT),
    asset!("client.js", SCRIPT),
    asset!("controls.js", SCRIPT),
    asset!("dom.js", SCRIPT),
    asset!("figure.js", SCRIPT),
    asset!("format.js", SCRIPT),
    asset!("history.js", SCRIPT),
    asset!("panels.js", SCRIPT),
    asset!("rates.js", SCRIPT),
    asset!("records.js", SCRIPT),
    asset!("says.js", SCRIPT),
    asset!("words.js", SCRIPT),
];

/// The dashboard. It shows what the face has: a run, or an origin.
pub(crate) fn router() -> Router<Arc<Face>> {
    PAGE.iter().fold(Router::new(), |router, asset| {
        router.route(asset.path, get(async || page(asset)))
    })
}

fn page(asset: &'static Asset) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, asset.media_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, asset.text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_page_is_served() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .map(|name| format!("/{}", name.replace("index.html", "")))
            .collect();
        let served = PAGE.iter().map(|asset| asset.path.to_owned()).collect();
        assert_eq!(files, served);
    }

    /// The policy would refuse them, and the page would be without.
    #[test]
    fn the_page_has_no_script_or_style_within_and_names_no_other_host() {
        for asset in PAGE {
            let text = asset.text.replace("http://www.w3.org/", "");
            for refused in ["http:", "https:", "<style", " style=", "eval(", "innerHTML"] {
                assert!(!text.contains(refused), "{refused} in {}", asset.path);
            }
        }
    }
}
