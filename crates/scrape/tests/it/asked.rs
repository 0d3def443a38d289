//! A server that answers as it is told, and a scraper of it.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use scrape::{Endpoints, Options, Scraper};
use telemetry::origin::View;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinSet, LocalSet};
use transport::{Client, Clock, Config};

/// How long anything may take here.
const LIMIT: Duration = Duration::from_secs(30);
/// How often is asked.
pub(crate) const EVERY: Duration = Duration::from_millis(50);

/// How long an answer may take.
pub(crate) const ANSWER: Duration = Duration::from_millis(500);

/// Runs a test that spawns tasks of its own thread.
pub(crate) fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let test = async { tokio::time::timeout(LIMIT, test).await.unwrap() };
    LocalSet::new().block_on(&runtime.unwrap(), test);
}

/// A server whose answers are made by a function of the request's number and head.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) port: u16,
    /// When each request came, and its head.
    pub(crate) requests: Rc<RefCell<Vec<(Instant, String)>>>,
}

impl Server {
    pub(crate) async fn start<F>(answer: impl Fn(usize, TcpStream) -> F + 'static) -> Self
    where
        F: Future<Output = ()> + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            requests: Rc::default(),
        };
        let requests = Rc::clone(&server.requests);
        tokio::task::spawn_local(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let head = head(&mut socket).await;
                let number = requests.borrow().len();
                requests.borrow_mut().push((Instant::now(), head));
                tokio::task::spawn_local(answer(number, socket));
            }
        });
        server
    }

    /// One that gives whole answers and closes.
    pub(crate) async fn of(answer: impl Fn(usize) -> String + 'static) -> Self {
        Self::start(move |number, mut socket| {
            let text = answer(number);
            async move {
                let _ = socket.write_all(text.as_bytes()).await;
            }
        })
        .await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

/// A whole answer with this body.
pub(crate) fn ok(body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

async fn head(socket: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match socket.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

/// A scraper and its tasks.
pub(crate) struct Asking {
    pub(crate) scraper: Scraper,
    pub(crate) tasks: JoinSet<()>,
}

impl Asking {
    pub(crate) fn metrics(url: &str) -> Self {
        Self::at(&Options {
            origin_metrics: Some(url),
            ..Options::default()
        })
    }

    pub(crate) fn at(options: &Options<'_>) -> Self {
        let endpoints = Endpoints {
            every: EVERY,
            answer_time_max: ANSWER,
            ..Endpoints::parse(options).unwrap()
        };
        let client = Client::new(Config::default(), Clock::start()).unwrap();
        let mut tasks = JoinSet::new();
        let scraper = Scraper::start(&endpoints, &client, &mut tasks);
        Self { scraper, tasks }
    }

    /// Waits for a view that `fits`.
    pub(crate) async fn until(&self, fits: impl Fn(&View) -> bool) -> View {
        loop {
            let view = self.scraper.view();
            if fits(&view) {
                return view;
            }
            self.scraper.turn().await;
        }
    }
}
