//! A gateway in this thread, a server that does what its script says, and a player that is a
//! socket.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use base::Class;
use gateway::{Admission, Config, Gateway, Guest};
use player::spectator;
use telemetry::viewers::Playback;
use telemetry::{Recorder, Snapshot};
use testkit::served::Count;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{LocalSet, spawn_local};
use transport::{Client, Clock};
use url::Url;
use viewer::{Diary, Shared};

/// Far more than any wait of these tests takes.
pub(crate) const LIMIT: Duration = Duration::from_mins(3);

/// Runs a test in a worker's runtime.
pub(crate) fn worker<F: Future<Output = ()>>(test: impl FnOnce() -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let limited = async { tokio::time::timeout(LIMIT, test()).await };
    let ended = LocalSet::new().block_on(&runtime, limited);
    ended.expect("the test ends within its limit");
}

/// A viewer of no headers of its own.
pub(crate) fn admission(player: spectator::Config) -> Admission {
    Admission {
        player,
        stream: None,
        headers: Arc::default(),
    }
}

/// A gateway that is served.
pub(crate) struct World {
    pub(crate) shared: Rc<Shared>,
    pub(crate) gateway: Gateway,
}

impl World {
    /// One that may fetch `url`'s origin.
    pub(crate) fn of(url: &str) -> Self {
        Self::with(Config {
            origins: vec![url.parse().unwrap()],
            ..Config::default()
        })
    }

    pub(crate) fn with(config: Config) -> Self {
        Self::over(transport::Config::default(), config)
    }

    pub(crate) fn over(transport: transport::Config, config: Config) -> Self {
        let client = Client::new(transport, Clock::start()).unwrap();
        let recorder = Recorder::new(client.clock().now());
        let shared = Shared::new(client, recorder, false);
        let gateway = Gateway::bind(config, Rc::clone(&shared)).unwrap();
        spawn_local(gateway.serve());
        Self { shared, gateway }
    }

    /// A viewer whose life has begun.
    pub(crate) fn guest(&self, number: u64) -> Guest {
        let guest = self.waiting(number, spectator::Config::COPIES);
        guest.begin();
        guest
    }

    /// A viewer whose life has not begun.
    pub(crate) fn waiting(&self, number: u64, player: spectator::Config) -> Guest {
        let playback = match player.play {
            Some(_) => Playback::Tracked,
            None => Playback::Untracked,
        };
        let at = self.shared.clock.elapsed();
        let token = {
            let mut recorder = self.shared.recorder.borrow_mut();
            recorder.add_viewer(number, playback, at)
        };
        let shared = Rc::clone(&self.shared);
        let diary = Diary::new(shared, number, "stream", "hls", token);
        self.gateway.admit(diary, admission(player)).unwrap()
    }

    /// The path under which viewer 0 finds `url`.
    pub(crate) fn path(&self, url: &str) -> String {
        self.gateway.path_for(0, &url.parse().unwrap())
    }

    pub(crate) async fn player(&self) -> Player {
        Player::connect(self.gateway.addr()).await
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let now = self.shared.clock.now();
        self.shared.recorder.borrow_mut().snapshot(now)
    }

    /// Whole answers by class and status, as recorded.
    pub(crate) fn whole(&self) -> BTreeMap<(Class, u16), Count> {
        let snapshot = self.snapshot();
        let rows = snapshot.requests.statuses.iter();
        rows.filter(|row| row.whole.requests > 0)
            .map(|row| {
                let count = Count {
                    requests: row.whole.requests,
                    bytes: row.whole.bytes,
                };
                ((row.class, row.status.unwrap()), count)
            })
            .collect()
    }

    /// Failures by class, as recorded.
    pub(crate) fn failures(&self) -> Vec<(Class, base::Failure, u64)> {
        let snapshot = self.snapshot();
        let rows = snapshot.requests.errors.iter();
        rows.map(|row| (row.class, row.failure, row.seen.count))
            .collect()
    }
}

/// One row of [`World::whole`].
pub(crate) fn row(class: Class, status: u16, requests: u64, bytes: usize) -> ((Class, u16), Count) {
    let bytes = bytes as u64;
    ((class, status), Count { requests, bytes })
}

/// A server whose connections each run a script.
pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    heads: Rc<RefCell<Vec<String>>>,
    connections: Rc<Cell<usize>>,
}

/// The server's end of one connection.
pub(crate) struct Peer {
    pub(crate) socket: TcpStream,
    heads: Rc<RefCell<Vec<String>>>,
    unread: Vec<u8>,
}

impl Server {
    pub(crate) async fn start<F, Fut>(script: F) -> Self
    where
        F: Fn(Peer) -> Fut + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let heads: Rc<RefCell<Vec<String>>> = Rc::default();
        let connections: Rc<Cell<usize>> = Rc::default();
        let (written, count) = (Rc::clone(&heads), Rc::clone(&connections));
        spawn_local(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                socket.set_nodelay(true).unwrap();
                count.set(count.get() + 1);
                spawn_local(script(Peer {
                    socket,
                    heads: Rc::clone(&written),
                    unread: Vec::new(),
                }));
            }
        });
        Self {
            addr,
            heads,
            connections,
        }
    }

    /// Answers each request with the same bytes.
    pub(crate) async fn fixed(answer: impl Into<Vec<u8>>) -> Self {
        let answer: Rc<[u8]> = answer.into().into();
        Self::start(move |mut peer| {
            let answer = Rc::clone(&answer);
            async move {
                while peer.request().await.is_some() {
                    peer.send(&answer).await;
                }
            }
        })
        .await
    }

    /// Answers each path with its own bytes, others with 404.
    pub(crate) async fn paths(answers: &[(&str, String)]) -> Self {
        let answers: Rc<BTreeMap<String, String>> = Rc::new(
            answers
                .iter()
                .map(|(path, answer)| ((*path).to_owned(), answer.clone()))
                .collect(),
        );
        Self::start(move |mut peer| {
            let answers = Rc::clone(&answers);
            async move {
                while let Some(head) = peer.request().await {
                    let path = head.split(' ').nth(1).unwrap();
                    let none = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
                    let answer = answers.get(path).map_or(none, String::as_str);
                    peer.send(answer.as_bytes()).await;
                }
            }
        })
        .await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// The request heads so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.borrow().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.get()
    }
}

impl Peer {
    /// The next request's head; `None` when the client closed.
    pub(crate) async fn request(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.unread.windows(4).position(|w| w == b"\r\n\r\n") {
                let rest = self.unread.split_off(end + 4);
                let head = std::mem::replace(&mut self.unread, rest);
                let head = String::from_utf8(head).unwrap();
                self.heads.borrow_mut().push(head.clone());
                return Some(head);
            }
            match self.socket.read_buf(&mut self.unread).await {
                Ok(n) if n > 0 => {}
                _ => return None,
            }
        }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        // The client may be gone already: that is for the test to judge.
        let _ = self.socket.write_all(bytes).await;
    }

    /// Waits until the client closes or resets.
    pub(crate) async fn closed(&mut self) {
        let mut buffer = [0; 4096];
        while matches!(self.socket.read(&mut buffer).await, Ok(n) if n > 0) {}
    }
}

/// An answer with a length.
pub(crate) fn ok(kind: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// What an HLS playlist is called.
pub(crate) const HLS: &str = "application/vnd.apple.mpegurl";

/// A connection of a player to the gateway.
pub(crate) struct Player {
    pub(crate) socket: TcpStream,
    unread: Vec<u8>,
}

/// An answer as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// With the blank line.
    pub(crate) head: String,
    /// As framed: chunks and all.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn has(&self, line: &str) -> bool {
        self.head.contains(&format!("\r\n{line}\r\n"))
    }
}

impl Player {
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        Self {
            socket: TcpStream::connect(addr).await.unwrap(),
            unread: Vec::new(),
        }
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.socket.write_all(text.as_bytes()).await.unwrap();
    }

    /// Asks for `path` and reads the whole answer.
    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, "").await
    }

    /// Asks with `fields`, each a whole line.
    pub(crate) async fn ask(&mut self, method: &str, path: &str, fields: &str) -> Answer {
        self.send(&format!(
            "{method} {path} HTTP/1.1\r\nHost: gateway\r\n{fields}\r\n"
        ))
        .await;
        self.answer(method != "HEAD").await
    }

    /// The next answer: to its length, its last chunk, or the end of the connection.
    pub(crate) async fn answer(&mut self, has_body: bool) -> Answer {
        let end = self.until(b"\r\n\r\n").await.expect("a whole head");
        let rest = self.unread.split_off(end);
        let head = String::from_utf8(std::mem::replace(&mut self.unread, rest)).unwrap();
        let mut answer = Answer {
            head,
            body: Vec::new(),
        };
        let length = answer
            .head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))
            .map(|length| length.parse::<usize>().unwrap());
        if !has_body || matches!(answer.status(), 204 | 304) {
            return answer;
        }
        let end = match length {
            Some(length) => {
                while self.unread.len() < length && self.read().await {}
                length.min(self.unread.len())
            }
            None if answer.has("Transfer-Encoding: chunked") => {
                let end = self.until(b"0\r\n\r\n").await;
                end.unwrap_or(self.unread.len())
            }
            None => {
                while self.read().await {}
                self.unread.len()
            }
        };
        let rest = self.unread.split_off(end);
        answer.body = std::mem::replace(&mut self.unread, rest);
        answer
    }

    async fn until(&mut self, what: &[u8]) -> Option<usize> {
        loop {
            let mut windows = self.unread.windows(what.len());
            if let Some(at) = windows.position(|window| window == what) {
                return Some(at + what.len());
            }
            if !self.read().await {
                return None;
            }
        }
    }

    /// Reads more; false where there is none.
    pub(crate) async fn read(&mut self) -> bool {
        matches!(self.socket.read_buf(&mut self.unread).await, Ok(n) if n > 0)
    }

    /// Reads until the gateway closes; how many bytes were left.
    pub(crate) async fn closed(&mut self) -> usize {
        while self.read().await {}
        self.unread.len()
    }
}

/// Waits until `ready`, which other tasks bring about.
pub(crate) async fn until(mut ready: impl FnMut() -> bool) {
    while !ready() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Parses, for places where a `Url` is wanted.
pub(crate) fn url(text: &str) -> Url {
    text.parse().unwrap()
}
