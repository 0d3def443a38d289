//! The dashboard in a browser: all of it is in the binary.

use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::routes::Face;

/// Nothing comes from elsewhere, nothing runs that is not ours, and nobody frames the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' \
     data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What an origin shows instead: it has no run to look at.
const ORIGIN_PAGE: &str = "liveswarm origin\n\n\
    /metrics                     for Prometheus\n\
    /api/v1/slo                  how late segments go out\n\
    /api/v1/snapshot             what was served so far\n\
    /api/v1/events               the same, once a second\n\
    /healthz, /readyz            whether it answers\n";

struct Asset {
    path: &'static str,
    media_type: &'static str,
    text: &'static str,
}

const PAGE: &[Asset] = &[];

/// The pages of a run, or of an origin.
pub(crate) fn router(has_run: bool) -> Router<Arc<Face>> {
    let assets = PAGE.iter().filter(|_| has_run);
    let pages = assets.fold(Router::new(), |router, asset| {
        router.route(asset.path, get(async || page(asset)))
    });
    if has_run {
        pages
    } else {
        pages.route("/", get(async || ORIGIN_PAGE))
    }
}

fn page(asset: &'static Asset) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, asset.media_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, asset.text)
}
