//! A look at the first playlist, for players that have to be told which variant to read.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use base::{Class, Failure};
use media::hls::BODY_BYTES_MAX;
use player::Playlist;
use telemetry::viewers::Place;
use transport::{Body, Headers, Limits, Request};
use url::Url;
use viewer::Shared;
use viewer::exchange::{Asked, Record, Watch};

/// How long the origin may take.
const TIME_MAX: Duration = Duration::from_secs(10);

/// Fetches the playlist at `url`; recorded as a request of `viewer`, since the origin sees one.
/// `None` where there is none to be had: the player will say so in its own words.
pub(super) async fn look(
    shared: &Rc<Shared>,
    viewer: Place,
    url: &Arc<Url>,
    (number, own_headers): (u64, &[(String, String)]),
) -> Option<Playlist> {
    let asked = Asked {
        viewer,
        class: Class::Multivariant,
        due: shared.clock.elapsed(),
    };
    let record = Record::of(Rc::clone(shared), asked);
    record.keep_back();
    let request = request(url, own_headers)?;
    let session = shared.client().session_of(number);
    let answer = session.start(request, Watch(Rc::clone(&record))).await;
    let response = match answer {
        Ok(response) => response,
        Err(error) => {
            shared.failed(record.class(), url, error.failure(), &error);
            return None;
        }
    };
    if let Some(failure) = response.failure() {
        shared.failed(record.class(), url, failure, &failure);
        return None;
    }
    match shared.playlist(&response.final_url, None, response.body) {
        Ok(playlist) => {
            let class = match &playlist {
                Playlist::Multivariant(_) => Class::Multivariant,
                Playlist::Media(_) => Class::Playlist,
            };
            record.judge(class, None);
            Some(playlist)
        }
        Err(error) => {
            let failure = Failure::InvalidPlaylist;
            shared.failed(record.class(), url, failure, &error);
            record.judge(record.class(), Some(failure));
            None
        }
    }
}

fn request(url: &Arc<Url>, own_headers: &[(String, String)]) -> Option<Request> {
    let mut headers = Headers::new().host();
    headers.push("Accept", "*/*").ok()?;
    for (name, value) in own_headers {
        headers.set(name.clone(), value.as_str()).ok()?;
    }
    let mut request = Request::get(Arc::clone(url), headers);
    request.body = Body::Keep {
        limit: BODY_BYTES_MAX,
    };
    request.limits = Limits {
        total: Some(TIME_MAX),
        ..Limits::default()
    };
    Some(request)
}
