//! What is answered where.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Deserialize;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::access::{self, Access, Denied, Surface};
use crate::board::{Answers, Board};
use crate::config::{PER_VIEWER_MAX, PerViewer};
use crate::rate::Bucket;
use crate::{Command, Pushed, Refused, assets, events, json, metrics, sample};

/// The largest body of a request, in bytes.
pub(crate) const BODY_BYTES_MAX: usize = 4096;
/// The time that a body may take to come.
const BODY_TIME: Duration = Duration::from_secs(5);
/// Client samples that are taken a second.
pub(crate) const SAMPLES_PER_SECOND: u32 = 500;
/// Client samples that are taken at once, after a rest.
pub(crate) const SAMPLES_BURST: u32 = 1000;
/// The most viewers that may be asked for.
pub(crate) const TARGET_MAX: u64 = 1_000_000;
/// The time that a command may take to be answered.
const COMMAND_TIME: Duration = Duration::from_secs(5);

/// What answers are made from.
#[derive(Debug)]
pub(crate) struct Face {
    pub(crate) access: Access,
    pub(crate) board: Board,
    pub(crate) pushed: Pushed,
    pub(crate) per_viewer: PerViewer,
    /// `None`: there is nothing to command.
    pub(crate) commands: Option<mpsc::Sender<Command>>,
    pub(crate) events: watch::Receiver<Arc<Answers>>,
    pub(crate) readers: Arc<Semaphore>,
    pub(crate) samples: Mutex<Bucket>,
    pub(crate) began: Instant,
}

/// Everything that is answered.
pub(crate) fn router(face: Arc<Face>) -> Router {
    let guard = |surface| middleware::from_fn_with_state((Arc::clone(&face), surface), admit);
    let mut admin = Router::new()
        .route("/api/v1/snapshot", get(snapshot))
        .route("/api/v1/slo", get(slo))
        .route("/api/v1/events", get(event_stream));
    if face.commands.is_some() {
        admin = admin
            .route("/api/v1/viewers", post(viewers))
            .route("/api/v1/stop", post(stop));
    }
    let push = Router::new().route("/api/v1/slo/client-sample", post(client_sample));
    Router::new()
        .merge(admin.route_layer(guard(Surface::Admin)))
        .merge(push.route_layer(guard(Surface::Push)))
        .route("/metrics", get(metrics_text))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(readiness))
        .merge(assets::router())
        .fallback(async || json::error(StatusCode::NOT_FOUND, "there is nothing here; see /"))
        .layer(middleware::from_fn_with_state(Arc::clone(&face), welcome))
        .with_state(face)
}

/// What holds for every request and every answer.
async fn welcome(State(face): State<Arc<Face>>, request: Request, next: Next) -> Response {
    let known = face.access.knows_host(request.uri(), request.headers());
    let mut response = match known {
        Ok(()) => next.run(request).await,
        Err(denied) => refused(denied),
    };
    let headers = response.headers_mut();
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// What holds for a request to the API: who may, and nothing for another page's sake.
async fn admit(
    State((face, surface)): State<(Arc<Face>, Surface)>,
    request: Request,
    next: Next,
) -> Response {
    // With a token asked for, no page can misuse what its reader may do: it has to know the token.
    let any_page = surface == Surface::Push && face.access.guards_samples();
    if any_page && request.method() == Method::OPTIONS {
        return preflight();
    }
    let (uri, headers) = (request.uri(), request.headers());
    let admitted = face.access.admits(surface, headers).and_then(|()| {
        if any_page || request.method() == Method::GET || request.method() == Method::HEAD {
            return Ok(());
        }
        access::own_page(uri, headers)
    });
    let mut response = match admitted {
        Ok(()) => next.run(request).await,
        Err(denied) => refused(denied),
    };
    if any_page {
        let any = HeaderValue::from_static("*");
        response
            .headers_mut()
            .insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, any);
    }
    response
}

/// Tells a browser that any page may post samples, given a token.
fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

fn refused(denied: Denied) -> Response {
    let (status, why) = match denied {
        Denied::Token(Surface::Admin) => (
            StatusCode::UNAUTHORIZED,
            "send the admin token: Authorization: Bearer TOKEN",
        ),
        Denied::Token(Surface::Push) => (
            StatusCode::UNAUTHORIZED,
            "send the push token or the admin token: Authorization: Bearer TOKEN",
        ),
        Denied::Closed => (
            StatusCode::UNAUTHORIZED,
            "only --push-token is set, which is for client samples: set --admin-token to use this",
        ),
        Denied::Host => (
            StatusCode::FORBIDDEN,
            "without --admin-token only requests to localhost, 127.0.0.1 or [::1] are answered",
        ),
        Denied::Foreign => (
            StatusCode::FORBIDDEN,
            "a browser sends this for a page of another origin",
        ),
    };
    let mut response = json::error(status, why);
    if status == StatusCode::UNAUTHORIZED {
        let scheme = HeaderValue::from_static("Bearer");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, scheme);
    }
    response
}

async fn metrics_text(State(face): State<Arc<Face>>, headers: HeaderMap) -> Response {
    let format = metrics::negotiate(&headers);
    let text = face.board.newest().metrics(format);
    let headers = [
        (header::CONTENT_TYPE, format.content_type()),
        (header::VARY, "Accept"),
    ];
    (headers, Body::from(text)).into_response()
}

async fn readiness(State(face): State<Arc<Face>>) -> Response {
    match face.board.newest().ready() {
        Ok(()) => "ready\n".into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}

async fn snapshot(State(face): State<Arc<Face>>) -> Response {
    json::ready(face.board.newest().snapshot())
}

async fn slo(State(face): State<Arc<Face>>) -> Response {
    json::ready(face.board.newest().slo())
}

async fn event_stream(State(face): State<Arc<Face>>) -> Response {
    match Arc::clone(&face.readers).try_acquire_owned() {
        Ok(place) => events::response(face.events.clone(), place),
        Err(_) => json::error(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many read events already; /api/v1/snapshot has the same",
        ),
    }
}

async fn client_sample(State(face): State<Arc<Face>>, request: Request) -> Response {
    let body = match posted(request).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let mut bucket = face.samples.lock().unwrap_or_else(PoisonError::into_inner);
    let fits = bucket.take(face.began.elapsed());
    drop(bucket);
    if !fits {
        let why = format!("more than {SAMPLES_PER_SECOND} samples a second");
        return json::error(StatusCode::TOO_MANY_REQUESTS, &why);
    }
    match sample::parse(&body) {
        Err(error) => json::error(StatusCode::BAD_REQUEST, &error.to_string()),
        Ok(sample) if face.pushed.push(&sample) => StatusCode::NO_CONTENT.into_response(),
        Ok(_) => json::error(
            StatusCode::TOO_MANY_REQUESTS,
            "no room for another broadcast and transport",
        ),
    }
}

#[derive(Deserialize)]
struct Target {
    target: u64,
}

async fn viewers(State(face): State<Arc<Face>>, request: Request) -> Response {
    let body = match posted(request).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let bad = |why: &str| json::error(StatusCode::BAD_REQUEST, why);
    let viewers = match json::object::<Target>(&body) {
        Ok(Target { target }) => target,
        Err(why) => return bad(&format!("expected {{\"target\": n}}: {why}")),
    };
    if !(1..=TARGET_MAX).contains(&viewers) {
        return bad(&format!("a target is 1 to {TARGET_MAX} viewers"));
    }
    if face.per_viewer == PerViewer::Yes && viewers > PER_VIEWER_MAX {
        let why = format!("with --per-viewer-metrics there are at most {PER_VIEWER_MAX} viewers");
        return json::error(StatusCode::CONFLICT, &why);
    }
    command(&face, |reply| Command::Target { viewers, reply }).await
}

async fn stop(State(face): State<Arc<Face>>, request: Request) -> Response {
    let headers = request.headers();
    // Without a body there is nothing to be of a type; of a browser it is asked for all the same,
    // since no page of another origin can say so without being asked first.
    let silent = !headers.contains_key(header::CONTENT_TYPE)
        && !headers.contains_key(header::TRANSFER_ENCODING)
        && headers
            .get(header::CONTENT_LENGTH)
            .is_none_or(|length| length == "0");
    let posted = if silent && !access::from_browser(headers) {
        Ok(Bytes::new())
    } else {
        posted(request).await
    };
    if let Err(refusal) = posted {
        return refusal;
    }
    command(&face, |reply| Command::Stop { reply }).await
}

type Reply = oneshot::Sender<Result<(), Refused>>;

/// Hands a command over, and says what became of it.
async fn command(face: &Face, command: impl FnOnce(Reply) -> Command) -> Response {
    let unavailable = |why| json::error(StatusCode::SERVICE_UNAVAILABLE, why);
    let (reply, answer) = oneshot::channel();
    let sent = face
        .commands
        .as_ref()
        .is_some_and(|commands| commands.try_send(command(reply)).is_ok());
    if !sent {
        return unavailable("the run takes no commands at present");
    }
    match timeout(COMMAND_TIME, answer).await {
        Ok(Ok(Ok(()))) => StatusCode::ACCEPTED.into_response(),
        Ok(Ok(Err(Refused(why)))) => json::error(StatusCode::CONFLICT, &why),
        Ok(Err(_)) => unavailable("the run is over"),
        Err(_) => unavailable("the run does not answer"),
    }
}

/// The body of a request: JSON, and not too long. One that says it is too long is not read.
async fn posted(request: Request) -> Result<Bytes, Response> {
    if !json::is_json(request.headers()) {
        return Err(json::error(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send Content-Type: application/json",
        ));
    }
    let too_large = || {
        let why = format!("a body has at most {BODY_BYTES_MAX} bytes");
        json::error(StatusCode::PAYLOAD_TOO_LARGE, &why)
    };
    let body = request.into_body();
    if HttpBody::size_hint(&body).lower() > BODY_BYTES_MAX as u64 {
        return Err(too_large());
    }
    match timeout(BODY_TIME, Limited::new(body, BODY_BYTES_MAX).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(json::error(StatusCode::BAD_REQUEST, "the body broke off")),
        Err(_) => Err(json::error(
            StatusCode::REQUEST_TIMEOUT,
            "the body did not come in time",
        )),
    }
}
