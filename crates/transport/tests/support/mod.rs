//! A server that does exactly what its script says, byte for byte, and an observer that writes down
//! what it hears.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "part of the tests; each test file uses a part of it"
)]

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base::Outcome;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use transport::{
    Client, Clock, Config, Error, Head, Headers, Hop, HopStart, Observer, Request, Response,
    Session, Timings, Wire,
};

/// A listener on loopback whose connections each run the script, one task a connection.
pub struct Server {
    pub addr: SocketAddr,
    accepted: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The server's end of one connection.
pub struct Peer {
    pub socket: TcpStream,
    /// 0 for the first connection.
    pub index: usize,
    unread: Vec<u8>,
}

impl Server {
    pub async fn start<F, Fut>(script: F) -> Self
    where
        F: Fn(Peer) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, script)
    }

    pub fn on<F, Fut>(listener: TcpListener, script: F) -> Self
    where
        F: Fn(Peer) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let addr = listener.local_addr().unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&accepted);
        let task = tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                socket.set_nodelay(true).unwrap();
                let index = count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(script(Peer {
                    socket,
                    index,
                    unread: Vec::new(),
                }));
            }
        });
        Self {
            addr,
            accepted,
            task,
        }
    }

    /// Answers each request on each connection with the same bytes.
    pub async fn fixed(response: impl Into<Vec<u8>>) -> Self {
        let response: Arc<[u8]> = response.into().into();
        Self::start(move |mut peer| {
            let response = Arc::clone(&response);
            async move {
                while peer.request().await.is_some() {
                    peer.send(&response).await;
                }
            }
        })
        .await
    }

    /// Answers the first request of each connection with these bytes, then closes.
    pub async fn once(response: impl Into<Vec<u8>>) -> Self {
        let response: Arc<[u8]> = response.into().into();
        Self::start(move |mut peer| {
            let response = Arc::clone(&response);
            async move {
                peer.request().await;
                peer.send(&response).await;
            }
        })
        .await
    }

    pub fn connections(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    pub fn url(&self, path: &str) -> Arc<url::Url> {
        Arc::new(format!("http://{}{path}", self.addr).parse().unwrap())
    }
}

impl Peer {
    /// The next request's head, as text; `None` when the client closed.
    pub async fn request(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.unread.windows(4).position(|w| w == b"\r\n\r\n") {
                let rest = self.unread.split_off(end + 4);
                let head = std::mem::replace(&mut self.unread, rest);
                return Some(String::from_utf8(head).unwrap());
            }
            let mut buffer = [0; 4096];
            match self.socket.read(&mut buffer).await {
                Ok(n) if n > 0 => self.unread.extend_from_slice(&buffer[..n]),
                _ => return None,
            }
        }
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        // The client may be gone already: that is for the test to judge.
        let _ = self.socket.write_all(bytes).await;
    }

    /// Closes with a reset (RST) in place of an orderly end.
    pub fn reset(self) {
        self.socket.set_zero_linger().unwrap();
    }

    /// Waits until the client closes or resets.
    pub async fn closed(&mut self) {
        let mut buffer = [0; 4096];
        while matches!(self.socket.read(&mut buffer).await, Ok(n) if n > 0) {}
    }
}

/// A request as its observer heard of it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub url: String,
    pub index: u16,
    pub outcome: Outcome,
    pub status: Option<u16>,
    pub timings: Timings,
    pub body_bytes: u64,
    pub wire: Wire,
    pub reused: bool,
    pub remote: Option<SocketAddr>,
    /// What `body` added up to.
    pub body_told: u64,
    /// How often `body` was called.
    pub body_calls: u32,
    /// The instants of `head` and of the last `body`.
    pub head_at: Option<Duration>,
}

/// Checks the observer's contract and keeps what it hears.
#[derive(Clone, Debug, Default)]
pub struct Log {
    inner: Rc<RefCell<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    open: Option<(String, u16, Duration)>,
    head_at: Option<Duration>,
    status: Option<u16>,
    body_told: u64,
    body_calls: u32,
    hops: Vec<Seen>,
}

impl Log {
    pub fn hops(&self) -> Vec<Seen> {
        assert!(self.inner.borrow().open.is_none(), "a hop without an end");
        self.inner.borrow().hops.clone()
    }

    /// The only hop there was.
    pub fn only(&self) -> Seen {
        let hops = self.hops();
        assert_eq!(hops.len(), 1, "{hops:?}");
        hops[0].clone()
    }

    pub fn body_told(&self) -> u64 {
        self.inner.borrow().body_told
    }
}

impl Observer for Log {
    fn hop_begin(&mut self, start: &HopStart<'_>) {
        let mut inner = self.inner.borrow_mut();
        assert!(inner.open.is_none(), "two hops at once");
        assert_eq!(usize::from(start.index), inner.hops.len());
        inner.open = Some((start.url.to_string(), start.index, start.at));
        (inner.head_at, inner.status) = (None, None);
        (inner.body_told, inner.body_calls) = (0, 0);
    }

    fn head(&mut self, head: &Head, at: Duration) {
        let mut inner = self.inner.borrow_mut();
        assert!(inner.head_at.is_none(), "two heads");
        (inner.head_at, inner.status) = (Some(at), Some(head.status));
    }

    fn body(&mut self, bytes: usize, at: Duration) {
        let mut inner = self.inner.borrow_mut();
        assert!(bytes > 0 && inner.head_at.is_some_and(|head| head <= at));
        inner.body_told += bytes as u64;
        inner.body_calls += 1;
    }

    fn hop_end(&mut self, hop: &Hop<'_>) {
        let mut inner = self.inner.borrow_mut();
        let (url, index, started) = inner.open.take().expect("an end without a begin");
        assert_eq!((hop.url.as_str(), hop.index), (url.as_str(), index));
        assert_eq!(hop.timings.started, started);
        assert_eq!(hop.body_bytes, inner.body_told);
        assert_eq!(hop.status, inner.status);
        let t = hop.timings;
        let order = [Some(t.started), t.sent, t.first_byte, Some(t.ended)];
        assert!(order.iter().flatten().is_sorted(), "{t:?}");
        let seen = Seen {
            url,
            index,
            outcome: hop.outcome,
            status: hop.status,
            timings: hop.timings,
            body_bytes: hop.body_bytes,
            wire: hop.wire,
            reused: hop.reused,
            remote: hop.remote,
            body_told: inner.body_told,
            body_calls: inner.body_calls,
            head_at: inner.head_at,
        };
        inner.hops.push(seen);
    }
}

pub fn client() -> Client {
    Client::new(Config::default(), Clock::start()).unwrap()
}

pub fn session() -> Session {
    client().session()
}

pub fn get(url: &Arc<url::Url>) -> Request {
    Request::get(Arc::clone(url), Headers::new().host())
}

/// Runs `request`; gives its result and what the observer heard.
pub async fn run(session: &Session, request: Request) -> (Result<Response, Error>, Log) {
    let log = Log::default();
    let result = session.start(request, log.clone()).await;
    (result, log)
}
