//! Bodies that are handed on as they come, no faster than they are taken.

#![allow(clippy::unwrap_used, reason = "a failed test is told by a panic")]

mod support;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use base::{Failure, Outcome};
use rstest::rstest;
use support::{Log, Peer, Server, get, session};
use tokio::io::AsyncWriteExt;
use transport::{Body, Error, Head, Hop, HopStart, Method, Observer, READ_BYTES_MAX, Request};

/// Takes a body while it has room, and checks what it hears on the way.
#[derive(Clone, Default)]
struct Taker {
    log: Log,
    inner: Rc<Inner>,
}

struct Inner {
    taken: RefCell<Vec<u8>>,
    /// How many bytes it takes before it has no room.
    room: Cell<usize>,
    waiting: RefCell<Option<Waker>>,
    /// How many bytes it takes before it fails.
    fails_after: Cell<usize>,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            taken: RefCell::default(),
            room: Cell::new(usize::MAX),
            waiting: RefCell::default(),
            fails_after: Cell::new(usize::MAX),
        }
    }
}

impl Taker {
    fn taken(&self) -> usize {
        self.inner.taken.borrow().len()
    }

    /// Makes room for all there is.
    fn open(&self) {
        self.inner.room.set(usize::MAX);
        if let Some(waker) = self.inner.waiting.take() {
            waker.wake();
        }
    }
}

impl Observer for Taker {
    fn hop_begin(&mut self, start: &HopStart<'_>) {
        self.log.hop_begin(start);
    }
    fn head(&mut self, head: &Head, at: Duration) {
        self.log.head(head, at);
    }
    fn body(&mut self, bytes: usize, at: Duration) {
        self.log.body(bytes, at);
    }
    fn chunk(&mut self, bytes: &[u8]) -> Result<(), Error> {
        assert!(!bytes.is_empty() && bytes.len() <= READ_BYTES_MAX);
        let before = self.taken();
        assert!(before < self.inner.room.get(), "there was no room");
        self.inner.taken.borrow_mut().extend_from_slice(bytes);
        assert_eq!(self.log.body_told(), self.taken() as u64, "counted first");
        if self.taken() > self.inner.fails_after.get() {
            return Err(Error::BodyTooLarge { limit: before });
        }
        Ok(())
    }
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.taken() < self.inner.room.get() {
            return Poll::Ready(());
        }
        *self.inner.waiting.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    }
    fn hop_end(&mut self, hop: &Hop<'_>) {
        self.log.hop_end(hop);
    }
}

fn stream(server: &Server) -> Request {
    let mut request = get(&server.url("/"));
    request.body = Body::Stream;
    request
}

#[rstest]
#[case::length("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "hi")]
#[case::chunked(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nhi\r\n1\r\n!\r\n0\r\nT: x\r\n\r\n",
    "hi!"
)]
#[case::until_close("HTTP/1.1 200 OK\r\n\r\nhi there", "hi there")]
#[case::empty("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "")]
#[case::range(
    "HTTP/1.1 206 Partial\r\nContent-Range: bytes 1-2/9\r\nContent-Length: 2\r\n\r\nbc",
    "bc"
)]
#[case::words("HTTP/1.1 404 Nope\r\nContent-Length: 4\r\n\r\ngone", "gone")]
#[case::encoded(
    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi",
    "hi"
)]
#[tokio::test]
async fn a_body_of_any_framing_and_status_is_handed_on(#[case] sent: &str, #[case] body: &str) {
    let server = Server::once(sent).await;
    let taker = Taker::default();
    let response = session().start(stream(&server), taker.clone()).await;
    let response = response.unwrap();
    assert_eq!(*taker.inner.taken.borrow(), body.as_bytes());
    assert_eq!(response.body, "", "it is not kept as well");
    assert_eq!(response.body_bytes, body.len() as u64);
    assert_eq!(taker.log.only().wire.received, sent.len() as u64);
}

#[tokio::test]
async fn a_head_request_hands_nothing_on() {
    let server = Server::fixed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").await;
    let taker = Taker::default();
    let mut request = stream(&server);
    request.method = Method::Head;
    let session = session();
    session.start(request.clone(), taker.clone()).await.unwrap();
    assert_eq!((taker.taken(), taker.log.only().body_bytes), (0, 0));
    session.start(request, ()).await.unwrap();
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn options_may_be_asked_for() {
    let server = Server::start(|mut peer: Peer| async move {
        let head = peer.request().await.unwrap();
        let body = head.split(' ').next().unwrap().to_owned();
        let length = body.len();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
        peer.send(answer.as_bytes()).await;
    })
    .await;
    let taker = Taker::default();
    let mut request = stream(&server);
    request.method = Method::Options;
    session().start(request, taker.clone()).await.unwrap();
    assert_eq!(*taker.inner.taken.borrow(), b"OPTIONS");
}

#[tokio::test]
async fn of_redirects_only_the_last_body_is_handed_on() {
    let server = Server::start(|mut peer: Peer| async move {
        while let Some(head) = peer.request().await {
            let answer = if head.starts_with("GET / ") {
                "HTTP/1.1 302 Found\r\nLocation: /to\r\nContent-Length: 5\r\n\r\nmoved"
            } else {
                "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere"
            };
            peer.send(answer.as_bytes()).await;
        }
    })
    .await;
    let taker = Taker::default();
    let response = session().start(stream(&server), taker.clone()).await;
    assert_eq!(response.unwrap().redirects, 1);
    let hops = taker.log.hops();
    assert_eq!((hops[0].body_bytes, hops[1].body_bytes), (5, 4));
    assert!(taker.inner.taken.borrow().ends_with(b"here"));
    assert_eq!(taker.taken(), 4);
}

#[rstest]
#[case::length("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")]
#[case::chunked("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf")]
#[tokio::test]
async fn what_came_before_the_server_broke_off_was_handed_on(#[case] sent: &str) {
    let server = Server::once(sent).await;
    let taker = Taker::default();
    let error = session()
        .start(stream(&server), taker.clone())
        .await
        .unwrap_err();
    assert_eq!(error.failure(), Failure::Truncated);
    assert_eq!(*taker.inner.taken.borrow(), b"half");
    let hop = taker.log.only();
    assert_eq!(hop.outcome, Outcome::Failed(Failure::Truncated));
    assert_eq!(hop.body_bytes, 4);
}

#[tokio::test]
async fn who_takes_a_body_may_end_it() {
    let (tell, told) = tokio::sync::oneshot::channel();
    let tell = std::sync::Mutex::new(Some(tell));
    let server = Server::start(move |mut peer: Peer| {
        let tell = tell.lock().unwrap().take().unwrap();
        async move {
            peer.request().await;
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")
                .await;
            peer.closed().await;
            tell.send(()).unwrap();
        }
    })
    .await;
    let taker = Taker::default();
    taker.inner.fails_after.set(2);
    let result = session().start(stream(&server), taker.clone()).await;
    assert!(matches!(result, Err(Error::BodyTooLarge { .. })));
    let hop = taker.log.only();
    assert_eq!(hop.outcome, Outcome::Failed(Failure::TooLarge));
    assert_eq!(hop.body_bytes, 5, "what came is counted");
    told.await.unwrap();
}

/// Far more than the sockets between two ends hold.
const LARGE: usize = 256 * 1024 * 1024;

/// Serves [`LARGE`] bytes and counts those that the socket took.
async fn large() -> (Server, Arc<AtomicU64>) {
    let sent = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&sent);
    let server = Server::start(move |mut peer: Peer| {
        let count = Arc::clone(&count);
        async move {
            peer.request().await;
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n");
            peer.send(head.as_bytes()).await;
            let block = vec![7; 256 * 1024];
            let mut left = LARGE;
            while left > 0 {
                let part = left.min(block.len());
                let Ok(taken) = peer.socket.write(&block[..part]).await else {
                    return;
                };
                left -= taken;
                count.fetch_add(taken as u64, Ordering::SeqCst);
            }
        }
    })
    .await;
    (server, sent)
}

/// Runs `exchange` until something was taken and nothing moves any more.
async fn run_until_still<F: Future + Unpin>(exchange: &mut F, taker: &Taker, sent: &AtomicU64) {
    let mut before = u64::MAX;
    while taker.taken() == 0 || before != sent.load(Ordering::SeqCst) {
        before = sent.load(Ordering::SeqCst);
        let still = tokio::time::timeout(Duration::from_millis(100), &mut *exchange).await;
        assert!(still.is_err(), "it ended without room");
    }
}

#[tokio::test]
async fn a_server_is_read_no_faster_than_its_body_is_taken() {
    let (server, sent) = large().await;
    let taker = Taker::default();
    taker.inner.room.set(1);
    let mut request = stream(&server);
    // Held back by the taker for longer than this, and not the server's fault.
    request.limits.idle = Some(Duration::from_millis(20));
    let mut exchange = Box::pin(session().start(request, taker.clone()));
    run_until_still(&mut exchange, &taker, &sent).await;
    assert!((1..=READ_BYTES_MAX).contains(&taker.taken()));
    let held = sent.load(Ordering::SeqCst);
    assert!(held < LARGE as u64 / 4, "{held} bytes are under way");
    taker.open();
    let response = exchange.await.unwrap();
    assert_eq!(response.body_bytes, LARGE as u64);
    assert_eq!(taker.log.only().outcome, Outcome::Ok);
}

#[tokio::test]
async fn a_body_that_nobody_takes_can_be_given_up() {
    let (server, sent) = large().await;
    let taker = Taker::default();
    taker.inner.room.set(1);
    let mut exchange = Box::pin(session().start(stream(&server), taker.clone()));
    run_until_still(&mut exchange, &taker, &sent).await;
    drop(exchange);
    let hop = taker.log.only();
    assert_eq!(hop.outcome, Outcome::Cancelled);
    assert_eq!(hop.body_bytes, taker.taken() as u64);
}

#[tokio::test]
async fn siblings_share_cookies_and_no_connection() {
    let server = Server::start(|mut peer: Peer| async move {
        while let Some(head) = peer.request().await {
            let known = head.contains("Cookie: a=1\r\n");
            let answer = format!(
                "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: {}\r\n\r\n{}",
                if known { 5 } else { 3 },
                if known { "known" } else { "new" },
            );
            peer.send(answer.as_bytes()).await;
        }
    })
    .await;
    let first = session();
    let second = first.sibling();
    let mut request = stream(&server);
    request.headers = request.headers.cookie();
    let ask = async |session: &transport::Session| {
        let taker = Taker::default();
        let exchange = session.start(request.clone(), taker.clone());
        exchange.await.unwrap();
        String::from_utf8(taker.inner.taken.take()).unwrap()
    };
    assert_eq!(ask(&first).await, "new");
    assert_eq!(ask(&second).await, "known");
    assert_eq!(server.connections(), 2);
    assert_eq!(ask(&first).await, "known");
    assert_eq!(server.connections(), 2, "each keeps its own");
}
