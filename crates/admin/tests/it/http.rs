//! A face that is served, and the smallest client for it.

use std::fmt::Write;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;

use admin::{Command, Config, Error, Listen, OriginFrame, Pushed, Server};
use report::Frame;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// A face, what feeds it, and what it asks for.
pub(crate) struct Face {
    pub(crate) addr: SocketAddr,
    pub(crate) frames: watch::Sender<Arc<Frame>>,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) pushed: Pushed,
    pub(crate) end: oneshot::Sender<()>,
    pub(crate) served: JoinHandle<Result<(), Error>>,
}

/// A face at a free port, without tokens.
pub(crate) fn config() -> Config {
    Config {
        listen: Listen::Asked(([127, 0, 0, 1], 0).into()),
        ..Config::default()
    }
}

/// Serves a run that stands at `frame`.
pub(crate) fn serve(config: &Config, frame: Arc<Frame>) -> Face {
    let server: Server = admin::bind(config).unwrap();
    let (addr, pushed) = (server.addr(), server.pushed());
    let (frames, newest) = watch::channel(frame);
    let (asked, commands) = mpsc::channel(4);
    let (end, ended) = oneshot::channel::<()>();
    let serving = tokio::spawn(server.serve(newest, asked, async {
        let _ = ended.await;
    }));
    Face {
        addr,
        frames,
        commands,
        pushed,
        end,
        served: serving,
    }
}

/// Serves an origin that stands at `frame`.
pub(crate) fn serve_origin(config: &Config, frame: Arc<OriginFrame>) -> SocketAddr {
    let server = admin::bind(config).unwrap();
    let addr = server.addr();
    let (frames, newest) = watch::channel(frame);
    tokio::spawn(async move {
        let _kept = frames;
        server.serve_origin(newest, pending()).await
    });
    addr
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let (head, body) = text
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("{text:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self {
            status,
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    /// A header; it panics where there are several.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut values = lines.filter(|(found, _)| found.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| value);
        assert!(values.next().is_none(), "{name} twice in {}", self.head);
        value
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!(
            self.header("content-type"),
            Some("application/json"),
            "{self:?}"
        );
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The reason for a refusal.
    pub(crate) fn error(&self) -> String {
        self.json()["error"].as_str().unwrap().to_owned()
    }
}

/// Sends one request and reads until the face ends the connection.
pub(crate) async fn ask(
    addr: SocketAddr,
    method: &str,
    path: &str,
    headers: &[&str],
    body: &str,
) -> Answer {
    let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    if !headers
        .iter()
        .any(|header| header.to_ascii_lowercase().starts_with("host:"))
    {
        write!(request, "Host: {addr}\r\n").unwrap();
    }
    for header in headers {
        write!(request, "{header}\r\n").unwrap();
    }
    if !body.is_empty() {
        write!(request, "Content-Length: {}\r\n", body.len()).unwrap();
    }
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream
        .write_all(format!("{request}\r\n{body}").as_bytes())
        .await
        .unwrap();
    Answer::read(&rest(&mut stream).await)
}

pub(crate) async fn get(addr: SocketAddr, path: &str) -> Answer {
    ask(addr, "GET", path, &[], "").await
}

pub(crate) async fn post(addr: SocketAddr, path: &str, body: &str) -> Answer {
    ask(
        addr,
        "POST",
        path,
        &["Content-Type: application/json"],
        body,
    )
    .await
}

/// Everything until the other end.
pub(crate) async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    bytes
}

/// Reads until what came holds `until`, and returns all of it.
pub(crate) async fn read_until(stream: &mut TcpStream, until: &str) -> String {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; 16 * 1024];
    loop {
        let read = stream.read(&mut chunk).await.unwrap();
        assert!(
            read > 0,
            "it ended before {until:?}: {}",
            String::from_utf8_lossy(&bytes)
        );
        bytes.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&bytes);
        if text.contains(until) {
            return text.into_owned();
        }
    }
}

/// Sends all of `bytes` while it reads what comes, until the face ends the connection.
pub(crate) async fn converse(addr: SocketAddr, bytes: Vec<u8>) -> String {
    let (mut from, mut to) = TcpStream::connect(addr).await.unwrap().into_split();
    let sent = tokio::spawn(async move {
        // It may have heard enough.
        let _ = to.write_all(&bytes).await;
        to
    });
    let mut came = Vec::new();
    from.read_to_end(&mut came).await.unwrap();
    drop(sent.await.unwrap());
    String::from_utf8(came).unwrap()
}
