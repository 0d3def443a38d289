//! The stream of events: a snapshot a second, serialised once for all who read.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::board::{Answers, Board};

/// How often an event is sent.
pub(crate) const PERIOD: Duration = Duration::from_secs(1);
/// Readers at a time.
pub(crate) const READERS_MAX: usize = 256;
/// Without an event for this long, a comment shows that the stream is alive.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// What a browser waits before it comes back, in milliseconds.
const PREAMBLE: &str = "retry: 2000\n\n";

/// Puts up what is new, once a period. Never ends.
pub(crate) async fn publish(board: &Board, events: &watch::Sender<Arc<Answers>>) {
    let mut period = interval(PERIOD);
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        period.tick().await;
        put_up(board, events);
    }
}

/// Puts up what is new.
pub(crate) fn put_up(board: &Board, events: &watch::Sender<Arc<Answers>>) {
    let newest = board.newest();
    events.send_if_modified(|shown| {
        let new = !shown.is_of(&newest);
        *shown = newest;
        new
    });
}

/// One reader: what is up at present, then all that is put up while it keeps pace. It asks for
/// the next only when the last was taken from it, so what it is too slow for was never there.
struct Reader {
    events: watch::Receiver<Arc<Answers>>,
    begun: bool,
    _place: OwnedSemaphorePermit,
}

impl Reader {
    /// What to send next; `None` when the run is over.
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        if !self.begun {
            self.begun = true;
            self.events.mark_changed();
            return Some((Ok(Bytes::from_static(PREAMBLE.as_bytes())), self));
        }
        let text = tokio::select! {
            biased;
            changed = self.events.changed() => {
                changed.ok()?;
                let newest = Arc::clone(&self.events.borrow_and_update());
                newest.event()
            }
            () = sleep(KEEP_ALIVE) => Bytes::from_static(b":\n\n"),
        };
        Some((Ok(text), self))
    }
}

/// The answer to a reader that has a place.
pub(crate) fn response(
    events: watch::Receiver<Arc<Answers>>,
    place: OwnedSemaphorePermit,
) -> Response {
    let reader = Reader {
        events,
        begun: false,
        _place: place,
    };
    let body = Body::from_stream(stream::unfold(reader, Reader::next));
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}
