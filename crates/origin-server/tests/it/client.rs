//! A server in this process, and a client that knows just enough HTTP to see what it does.

use std::{collections::HashMap, io};

use origin_server::{Config, Error, Ledger};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};

/// A server that runs until it is told to stop.
pub(crate) struct Running {
    pub(crate) address: std::net::SocketAddr,
    pub(crate) watch: origin_server::Watch,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<Ledger, Error>>,
}

impl Running {
    pub(crate) async fn start(config: Config) -> Self {
        let server = origin_server::bind(config).await.unwrap();
        let address = server.local_addr();
        let watch = server.watch();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(server.run_until(async {
            let _ = stopped.await;
        }));
        Self {
            address,
            watch,
            stop,
            task,
        }
    }

    pub(crate) async fn with_faults(faults: &[&str]) -> Self {
        let mut config = small();
        config.origin.faults = faults.iter().map(|text| text.parse().unwrap()).collect();
        Self::start(config).await
    }

    pub(crate) async fn connect(&self) -> Client {
        Client {
            stream: TcpStream::connect(self.address).await.unwrap(),
            buffer: Vec::new(),
        }
    }

    /// A client whose system keeps only about so many bytes that it has not read.
    pub(crate) async fn connect_narrow(&self, bytes: u32) -> Client {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(bytes).unwrap();
        Client {
            stream: socket.connect(self.address).await.unwrap(),
            buffer: Vec::new(),
        }
    }

    /// What the server says of itself, over HTTP.
    pub(crate) async fn ledger(&self) -> Ledger {
        let response = self.connect().await.get("/ledger").await.unwrap();
        assert_eq!(response.status, 200);
        serde_json::from_slice(&response.body).unwrap()
    }

    /// Stops it, and gives its last ledger.
    pub(crate) async fn stop(self) -> Ledger {
        self.stop.send(()).unwrap();
        self.task.await.unwrap().unwrap()
    }
}

/// One variant of 400 kbit/s.
pub(crate) fn small() -> Config {
    let mut config = Config::default();
    config.origin.variants = vec![origin::Bitrate(400_000)];
    config
}

/// A connection that asks one thing after the other.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) async fn get(&mut self, path: &str) -> io::Result<Response> {
        self.ask("GET", path, "").await
    }

    /// Sends a request with extra header lines, each ending in CRLF, and reads the answer.
    pub(crate) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        lines: &str,
    ) -> io::Result<Response> {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: test\r\n{lines}\r\n");
        self.stream.write_all(request.as_bytes()).await?;
        self.answer(method == "HEAD").await
    }

    /// Reads one answer; the body is as long as its head says.
    pub(crate) async fn answer(&mut self, head_only: bool) -> io::Result<Response> {
        let mut response = self.head().await?;
        let len = match (head_only, response.status) {
            (true, _) | (_, 204 | 304) => 0,
            _ => response.headers["content-length"].parse().unwrap(),
        };
        while self.buffer.len() < len {
            self.more().await?;
        }
        response.body = self.buffer.drain(..len).collect();
        Ok(response)
    }

    /// Reads the head of one answer.
    pub(crate) async fn head(&mut self) -> io::Result<Response> {
        let end = loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            self.more().await?;
        };
        let head = String::from_utf8(self.buffer.drain(..end + 4).collect()).unwrap();
        let mut lines = head.lines();
        let status = lines
            .next()
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Ok(Response {
            status,
            headers,
            body: Vec::new(),
        })
    }

    /// Everything until the server closes.
    pub(crate) async fn rest(&mut self) -> io::Result<Vec<u8>> {
        self.stream.read_to_end(&mut self.buffer).await?;
        Ok(std::mem::take(&mut self.buffer))
    }

    /// Reads the body that `head` announces.
    pub(crate) async fn body_of(&mut self, head: &Response) -> Vec<u8> {
        let len = head.headers["content-length"].parse().unwrap();
        self.next(len).await
    }

    /// Reads so many bytes of a body.
    pub(crate) async fn next(&mut self, len: usize) -> Vec<u8> {
        while self.buffer.len() < len {
            self.more().await.unwrap();
        }
        self.buffer.drain(..len).collect()
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// The newest segment's path.
    pub(crate) async fn newest(&mut self, track: &str) -> String {
        let playlist = self.get(&format!("/live/{track}.m3u8")).await.unwrap();
        let playlist = String::from_utf8(playlist.body).unwrap();
        format!("/live/{}", playlist.lines().last().unwrap())
    }
}
