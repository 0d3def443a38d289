//! Listening, and the life of a connection.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{fmt, io};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use report::Frame;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::access::Access;
use crate::board::{Board, Feed};
use crate::command::Command;
use crate::config::{Config, DEFAULT_LISTEN, Error, Listen, PerViewer};
use crate::events;
use crate::origin::OriginFrame;
use crate::patient::Patient;
use crate::pushed::Pushed;
use crate::rate::Bucket;
use crate::routes::{self, Face, SAMPLES_BURST, SAMPLES_PER_SECOND};

/// Connections at a time; beyond it, new ones wait in the listener's queue.
const CONNECTIONS_MAX: usize = 512;
/// The time that a connection may take to send a head, the wait for one included.
const HEAD_TIME: Duration = Duration::from_secs(20);
/// Headers that a request may have.
const HEADERS_MAX: usize = 64;
/// Bytes that a request's head may have, and that are kept ready to be written.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// How long answers may take to finish once the face is told to end.
const GRACE: Duration = Duration::from_secs(1);
/// How long to wait when the system has no descriptor for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A face that listens and does not answer yet.
pub struct Server {
    address: SocketAddr,
    listener: TcpListener,
    access: Access,
    per_viewer: PerViewer,
    pushed: Pushed,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Server");
        shown
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// Listens where the configuration says, and refuses where everybody could watch and stop the
/// run. It needs no runtime.
pub fn bind(config: &Config) -> Result<Server, Error> {
    let asked = match config.listen {
        Listen::Default => DEFAULT_LISTEN,
        Listen::Asked(address) => address,
    };
    // Refused before anything is listened on.
    Access::new(config, asked)?;
    let listener = listen(config.listen)?;
    let lost = |source| Error::Listen {
        address: asked,
        source,
    };
    listener.set_nonblocking(true).map_err(lost)?;
    let address = listener.local_addr().map_err(lost)?;
    Ok(Server {
        address,
        listener,
        access: Access::new(config, address)?,
        per_viewer: config.per_viewer,
        pushed: Pushed::new(),
    })
}

fn listen(at: Listen) -> Result<TcpListener, Error> {
    let bind =
        |address| TcpListener::bind(address).map_err(|source| Error::Listen { address, source });
    match at {
        Listen::Asked(address) => bind(address),
        Listen::Default => match bind(DEFAULT_LISTEN) {
            Err(Error::Listen { source, .. }) if source.kind() == io::ErrorKind::AddrInUse => {
                bind(SocketAddr::new(DEFAULT_LISTEN.ip(), 0))
            }
            bound => bound,
        },
    }
}

impl Server {
    /// The address it listens on. With [`Listen::Default`] it is [`DEFAULT_LISTEN`] unless that
    /// was taken.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// What is pushed here: whoever makes frames merges its table into the snapshot's.
    pub fn pushed(&self) -> Pushed {
        self.pushed.clone()
    }

    /// Shows a run until `until` resolves: of `frames` always the newest. Then it sends the last
    /// frame to who reads events, and gives answers a second to finish. Dropping the future ends
    /// all connections at once. `commands` needs no great room: one that finds none is refused.
    pub async fn serve(
        self,
        frames: watch::Receiver<Arc<Frame>>,
        commands: mpsc::Sender<Command>,
        until: impl Future<Output = ()>,
    ) -> Result<(), Error> {
        self.run(Feed::Run(frames), Some(commands), until).await
    }

    /// As [`Server::serve`], for an origin: there is nothing to command, `/metrics` counts what it
    /// served, and it is ready from the start.
    pub async fn serve_origin(
        self,
        frames: watch::Receiver<Arc<OriginFrame>>,
        until: impl Future<Output = ()>,
    ) -> Result<(), Error> {
        self.run(Feed::Origin(frames), None, until).await
    }

    async fn run(
        self,
        feed: Feed,
        commands: Option<mpsc::Sender<Command>>,
        until: impl Future<Output = ()>,
    ) -> Result<(), Error> {
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let board = Board::new(feed, self.per_viewer);
        let (events, seen) = watch::channel(board.newest());
        let face = Arc::new(Face {
            access: self.access,
            board,
            pushed: self.pushed,
            per_viewer: self.per_viewer,
            commands,
            events: seen,
            readers: Arc::new(Semaphore::new(events::READERS_MAX)),
            samples: Mutex::new(Bucket::new(SAMPLES_PER_SECOND, SAMPLES_BURST)),
            began: Instant::now(),
        });
        let mut connections = Connections::new(routes::router(Arc::clone(&face)));
        tokio::select! {
            biased;
            () = until => {}
            () = events::publish(&face.board, &events) => {}
            () = connections.accept(&listener) => {}
        }
        drop(listener);
        events::put_up(&face.board, &events);
        drop(events);
        connections.finish().await;
        Ok(())
    }
}

/// The connections that are open, and what answers on them.
struct Connections {
    router: Router,
    open: JoinSet<()>,
    /// Dropped, it tells them to end.
    closing: watch::Sender<()>,
}

impl Connections {
    fn new(router: Router) -> Self {
        Self {
            router,
            open: JoinSet::new(),
            closing: watch::Sender::new(()),
        }
    }

    /// Takes connections while there is room. Never ends.
    async fn accept(&mut self, listener: &tokio::net::TcpListener) {
        loop {
            tokio::select! {
                Some(_) = self.open.join_next(), if !self.open.is_empty() => {}
                accepted = listener.accept(), if self.open.len() < CONNECTIONS_MAX => match accepted {
                    Ok((stream, _)) => {
                        // An answer goes out at once, whatever its length.
                        let _ = stream.set_nodelay(true);
                        self.open.spawn(connection(stream, self.router.clone(), self.closing.subscribe()));
                    }
                    Err(error) => {
                        tracing::debug!(%error, "a connection could not be accepted");
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
    }

    /// Lets answers finish for a moment.
    async fn finish(self) {
        let Self {
            mut open, closing, ..
        } = self;
        drop(closing);
        let finish = async { while open.join_next().await.is_some() {} };
        if timeout(GRACE, finish).await.is_err() {
            open.shutdown().await;
        }
    }
}

/// Answers on one connection until either side ends it.
async fn connection(stream: TcpStream, router: Router, mut closing: watch::Receiver<()>) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(
            TokioIo::new(Patient::new(stream)),
            TowerToHyperService::new(router),
        );
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = closing.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    // Who asks may go away at any time, and say what it likes.
    if let Err(error) = ended {
        tracing::trace!(%error, "a connection broke off");
    }
}
