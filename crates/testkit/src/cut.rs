//! A scripted TCP server for what no well-behaved server does: bodies cut short, resets, silence,
//! heads and bodies without end, pages where a playlist should be.
//!
//! A thread a connection, which is plenty for a test's few viewers. It keeps its own account of
//! what it handed over.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::served::{Ledger, Row};

/// How long one write may block: a client that stops reading must not hold the test.
const WRITE_LIMIT: Duration = Duration::from_secs(10);

/// How often an idle connection looks whether the server has been dropped.
const READ_STEP: Duration = Duration::from_millis(100);

/// Largest request head that is read, in lines.
const HEAD_LINES: usize = 200;

/// One chunk of a body without end.
const CHUNK: [u8; 16 * 1024] = [0x47; 16 * 1024];

/// A request, as far as scripts need it.
#[derive(Clone, Debug)]
pub struct Request {
    /// Path and query.
    pub target: String,
    /// Header lines, as sent.
    pub headers: Vec<String>,
    /// Where it came from.
    pub peer: IpAddr,
    /// How many requests the server has had before this one.
    pub number: u64,
}

impl Request {
    /// The target without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The value of a header, by its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// What a script does to a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A whole answer; the connection stays.
    Whole {
        /// HTTP status.
        status: u16,
        /// Media type.
        kind: &'static str,
        /// Extra header lines, each without its line end.
        headers: Vec<String>,
        /// The body.
        body: Vec<u8>,
    },
    /// A body of which only the first `sent` bytes come before the connection ends.
    Cut {
        /// The body whose length is announced.
        body: Vec<u8>,
        /// How many bytes of it are sent.
        sent: usize,
        /// How the connection ends.
        end: End,
    },
    /// The head stops in its middle, and the connection with it.
    HalfHead(End),
    /// The request is read and never answered.
    Silence,
    /// Header lines without end.
    EndlessHead,
    /// A chunked body without end.
    EndlessBody,
    /// These bytes, whatever they are, and then the end of the connection.
    Raw(Vec<u8>),
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// In order (FIN).
    Close,
    /// With a reset (RST).
    Reset,
}

impl Answer {
    /// 200 with this body.
    pub fn ok(kind: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self::Whole {
            status: 200,
            kind,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// A playlist.
    pub fn playlist(text: impl Into<String>) -> Self {
        Self::ok("application/vnd.apple.mpegurl", text.into())
    }

    /// A page for people, with status 200, where something else was asked for.
    pub fn page() -> Self {
        Self::ok(
            "text/html",
            "<!DOCTYPE html><html><body>Please sign in.</body></html>",
        )
    }

    /// An error without a body.
    pub fn status(status: u16) -> Self {
        Self::Whole {
            status,
            kind: "text/plain",
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A redirect.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::Whole {
            status,
            kind: "text/plain",
            headers: vec![format!("Location: {location}")],
            body: Vec::new(),
        }
    }
}

/// A media playlist of `segments` segments of `length_s` seconds that has ended; segment `n` is
/// `seg_n.ts`.
pub fn vod(segments: usize, length_s: u32) -> String {
    use std::fmt::Write as _;
    let mut text = format!("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:{length_s}\n");
    for segment in 0..segments {
        let _ = write!(text, "#EXTINF:{length_s}.0,\nseg_{segment}.ts\n");
    }
    text.push_str("#EXT-X-ENDLIST\n");
    text
}

type Script = dyn Fn(&Request) -> Answer + Send + Sync;

struct Shared {
    script: Box<Script>,
    rows: Mutex<Vec<Row>>,
    requests: Mutex<Vec<Request>>,
    stopping: AtomicBool,
}

/// A running server; it stops when dropped.
pub struct Server {
    addr: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on a free loopback port and answers as `script` says.
    pub fn start(
        script: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared {
            script: Box::new(script),
            rows: Mutex::default(),
            requests: Mutex::default(),
            stopping: AtomicBool::new(false),
        });
        let own = Arc::clone(&shared);
        let acceptor = thread::spawn(move || accept(&listener, &own));
        Ok(Self {
            addr,
            shared,
            acceptor: Some(acceptor),
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The URL of a path without its leading slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.addr)
    }

    /// What was asked for so far, answered or not.
    pub fn requests(&self) -> Vec<Request> {
        let requests = &self.shared.requests;
        requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What was handed over so far.
    pub fn rows(&self) -> Vec<Row> {
        self.shared.rows().clone()
    }

    /// As [`Server::rows`], added up.
    pub fn ledger(&self) -> Ledger {
        Ledger::of(&self.rows())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Wakes the acceptor; connections look at the flag by themselves.
        let _ = TcpStream::connect(self.addr);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("addr", &self.addr)
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn rows(&self) -> std::sync::MutexGuard<'_, Vec<Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Numbers a request and keeps it.
    fn number(&self, request: &mut Request) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        request.number = requests.len() as u64;
        requests.push(request.clone());
    }

    fn stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for (number, stream) in listener.incoming().enumerate() {
        if shared.stopping() {
            return;
        }
        let Ok(stream) = stream else { continue };
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            // A client that goes away is part of the play, not an error.
            let _ = converse(&stream, &shared, number as u64);
        });
    }
}

fn converse(stream: &TcpStream, shared: &Shared, connection: u64) -> io::Result<()> {
    stream.set_read_timeout(Some(READ_STEP))?;
    stream.set_write_timeout(Some(WRITE_LIMIT))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(mut request) = read_request(&mut reader, shared)? {
        shared.number(&mut request);
        let answer = (shared.script)(&request);
        let mut sent = Sent::default();
        let went_on = send(stream, shared, &answer, &mut sent);
        shared.rows().push(Row {
            path: request.path().to_owned(),
            status: sent.status,
            body_bytes: sent.body,
            complete: sent.complete,
            seconds: None,
            connection,
            range: request.header("range").map(str::to_owned),
            agent: request.header("user-agent").map(str::to_owned),
        });
        if !went_on? || request.header("connection") == Some("close") {
            break;
        }
    }
    Ok(())
}

/// Reads one request's head; none when the client or the test is done.
fn read_request(
    reader: &mut BufReader<&TcpStream>,
    shared: &Shared,
) -> io::Result<Option<Request>> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    loop {
        match reader.read_line(&mut line) {
            Ok(0) => return Ok(None),
            Ok(_) if line.trim_end().is_empty() => break,
            Ok(_) => lines.push(std::mem::take(&mut line).trim_end().to_owned()),
            Err(error) if is_timeout(&error) && !shared.stopping() => {}
            Err(error) => return Err(error),
        }
        if lines.len() > HEAD_LINES {
            return Err(io::Error::other("a request head without end"));
        }
    }
    let target = lines
        .first()
        .and_then(|first| first.split(' ').nth(1))
        .unwrap_or_default()
        .to_owned();
    Ok(Some(Request {
        target,
        headers: lines.split_off(1.min(lines.len())),
        peer: reader.get_ref().peer_addr()?.ip(),
        number: 0,
    }))
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

#[derive(Default)]
struct Sent {
    status: u16,
    body: u64,
    complete: bool,
}

/// Sends an answer; whether the connection goes on.
fn send(
    mut stream: &TcpStream,
    shared: &Shared,
    answer: &Answer,
    sent: &mut Sent,
) -> io::Result<bool> {
    sent.status = 200;
    match answer {
        Answer::Whole {
            status,
            kind,
            headers,
            body,
        } => {
            sent.status = *status;
            let mut bytes = head(*status, kind, headers, body.len());
            bytes.extend_from_slice(body);
            stream.write_all(&bytes)?;
            sent.body = body.len() as u64;
            sent.complete = true;
            return Ok(true);
        }
        Answer::Cut {
            body,
            sent: count,
            end,
        } => {
            let count = (*count).min(body.len());
            stream.write_all(&head(200, "video/mp2t", &[], body.len()))?;
            stream.write_all(&body[..count])?;
            sent.body = count as u64;
            finish(stream, *end)?;
        }
        Answer::HalfHead(end) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Ty")?;
            finish(stream, *end)?;
        }
        Answer::Silence => {
            while !shared.stopping() {
                match stream.peek(&mut [0]) {
                    Ok(0) => break,
                    Ok(_) => thread::sleep(READ_STEP),
                    Err(error) if is_timeout(&error) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Answer::EndlessHead => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
            while !shared.stopping() {
                stream.write_all(b"X-Padding: still more of the same, and then some\r\n")?;
            }
        }
        Answer::EndlessBody => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            while !shared.stopping() {
                stream.write_all(format!("{:x}\r\n", CHUNK.len()).as_bytes())?;
                stream.write_all(&CHUNK)?;
                stream.write_all(b"\r\n")?;
                sent.body += CHUNK.len() as u64;
            }
        }
        Answer::Raw(bytes) => stream.write_all(bytes)?,
    }
    Ok(false)
}

fn head(status: u16, kind: &str, headers: &[String], length: usize) -> Vec<u8> {
    let mut text = format!(
        "HTTP/1.1 {status} Scripted\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n"
    );
    for line in headers {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text.into_bytes()
}

fn finish(stream: &TcpStream, end: End) -> io::Result<()> {
    if end == End::Reset {
        rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http;
    use std::io::Read;

    #[test]
    fn whole_answers_are_counted() {
        let server = Server::start(|request| match request.path() {
            "/page" => Answer::page(),
            _ => Answer::status(404),
        })
        .unwrap();
        assert_eq!(http::get(server.addr(), "/page?a=b").unwrap().status, 200);
        assert_eq!(http::get(server.addr(), "/none").unwrap().status, 404);
        let ledger = server.ledger();
        assert_eq!((ledger.status(200), ledger.status(404)), (1, 1));
        assert_eq!(ledger.broken(), 0);
    }

    #[test]
    fn a_cut_body_is_short_and_counted_apart() {
        for end in [End::Close, End::Reset] {
            let server = Server::start(move |_| Answer::Cut {
                body: vec![1; 1000],
                sent: 400,
                end,
            })
            .unwrap();
            let mut stream = TcpStream::connect(server.addr()).unwrap();
            stream.write_all(b"GET /a.ts HTTP/1.1\r\n\r\n").unwrap();
            let mut bytes = Vec::new();
            let ended = stream.read_to_end(&mut bytes);
            assert_eq!(ended.is_err(), end == End::Reset);
            assert!(String::from_utf8_lossy(&bytes).contains("Content-Length: 1000"));
            crate::wait::until(Duration::from_secs(5), "the row", || {
                Ok((!server.rows().is_empty()).then_some(()))
            })
            .unwrap();
            let tally = server.ledger().class(base::Class::Segment);
            assert_eq!(tally.whole().requests, 0);
            assert_eq!((tally.broken.requests, tally.broken.bytes), (1, 400));
        }
    }
}
