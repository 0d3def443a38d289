//! Accepting connections, and rendering ahead of them.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use base::Class;
use origin::Origin;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    Config, Error,
    clock::Clock,
    connection::Connection,
    deliveries::Deliveries,
    journal::Journal,
    ledger::{Book, End, Ledger},
    limits,
};

/// Connections at a time; beyond it, new ones wait in the listener's queue.
const CONNECTIONS_MAX: usize = 100_000;
/// Connections that the system keeps for us until we take them: a crowd may come at one instant.
const BACKLOG: u32 = 4096;
/// How long responses in flight may take to finish once the server is told to stop.
const GRACE: Duration = Duration::from_secs(3);
/// How long to wait when the system has no descriptor for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) origin: Origin,
    pub(crate) book: Book,
    pub(crate) clock: Clock,
    deliveries: Deliveries,
    connections: Connections,
    journal: Option<Journal>,
    sequence: AtomicU64,
}

#[derive(Debug, Default)]
struct Connections {
    /// Accepted so far.
    total: AtomicU64,
    /// Closed so far.
    closed: AtomicU64,
}

impl Shared {
    /// A segment went out whole: notes how late.
    pub(crate) fn delivered(&self, captured_ms: i64) {
        self.deliveries.delivered(captured_ms, self.clock.now());
    }

    /// A connection is over.
    pub(crate) fn disconnected(&self) {
        self.connections.closed.fetch_add(1, Relaxed);
    }

    /// The number of the next request.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, Relaxed)
    }

    /// Books the end of an exchange.
    pub(crate) fn end(&self, class: Class, status: u16, end: End, bytes: u64) {
        match &self.journal {
            Some(journal) => journal.end(&self.book, class, status, end, bytes),
            None => self.book.end(class, status, end, bytes),
        }
    }

    /// Books a head that did not read.
    pub(crate) fn malformed(&self) {
        match &self.journal {
            Some(journal) => journal.malformed(&self.book),
            None => self.book.malformed(),
        }
    }
}

/// Shows what an origin does while it serves. Reading changes nothing.
#[derive(Clone, Debug)]
pub struct Watch(Arc<Shared>);

impl Watch {
    /// What was served so far.
    pub fn ledger(&self) -> Ledger {
        self.0.book.ledger()
    }

    /// How late segments were delivered: one sample for each that went out whole, from the end of
    /// its capture to the moment its last byte was handed to the socket.
    pub fn deliveries(&self) -> telemetry::slo::Table {
        self.0.deliveries.table()
    }

    /// Connections accepted so far, and those that are open.
    pub fn connections(&self) -> (u64, u64) {
        // Closed is read first, so that it is never more than accepted.
        let closed = self.0.connections.closed.load(Relaxed);
        let total = self.0.connections.total.load(Relaxed);
        (total, total.saturating_sub(closed))
    }

    /// The origin's time.
    pub fn now(&self) -> base::Now {
        self.0.clock.now()
    }
}

/// A bound origin, not yet serving.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    listener: TcpListener,
    shared: Arc<Shared>,
}

/// Checks the configuration, listens on its address, and raises the limit of descriptors of this
/// process as far as it may.
pub async fn bind(config: Config) -> Result<Server, Error> {
    let origin = Origin::new(config.origin)?;
    let clock = Clock::new(config.clock_offset_ms);
    let refused = |source| Error::Listen {
        address: config.listen,
        source,
    };
    let listener = listen(config.listen).map_err(refused)?;
    limits::raise_descriptors();
    let address = listener.local_addr().map_err(refused)?;
    let before = Ledger {
        since_unix_ms: clock.now().unix_ms,
        ..Ledger::default()
    };
    let (journal, before) = match config.ledger {
        Some(path) => {
            let (journal, before) = Journal::open(&path, before)?;
            (Some(journal), before)
        }
        None => (None, before),
    };
    Ok(Server {
        address,
        listener,
        shared: Arc::new(Shared {
            origin,
            book: Book::new(before),
            deliveries: Deliveries::new(clock.now()),
            connections: Connections::default(),
            clock,
            journal,
            sequence: AtomicU64::new(0),
        }),
    })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A server that starts again takes its address back at once.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

impl Server {
    /// The address it listens on.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// URLs of all playlists, the multivariant one first.
    pub fn urls(&self) -> Vec<String> {
        let paths = self.shared.origin.playlist_paths();
        paths
            .iter()
            .map(|path| format!("http://{}{path}", self.address))
            .collect()
    }

    /// A view of it that goes on while it serves.
    pub fn watch(&self) -> Watch {
        Watch(Arc::clone(&self.shared))
    }

    /// Serves until `shutdown` resolves, lets responses in flight finish for a moment, and returns
    /// the ledger. Dropping the future ends all connections at once.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) -> Result<Ledger, Error> {
        let (close, closing) = watch::channel(false);
        let mut connections = JoinSet::new();
        let prepare = prepare(Arc::clone(&self.shared));
        tokio::pin!(shutdown, prepare);
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                () = &mut prepare => {}
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                accepted = self.listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                    Ok((stream, _)) => self.welcome(&mut connections, stream, &closing),
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(self.listener);
        close.send_replace(true);
        let finish = async { while connections.join_next().await.is_some() {} };
        if timeout(GRACE, finish).await.is_err() {
            tracing::info!(left = connections.len(), "connections are cut off");
            connections.shutdown().await;
        }
        if let Some(journal) = &self.shared.journal {
            journal.close(&self.shared.book)?;
        }
        Ok(self.shared.book.ledger())
    }

    fn welcome(
        &self,
        connections: &mut JoinSet<()>,
        stream: TcpStream,
        closing: &watch::Receiver<bool>,
    ) {
        // An answer goes out at once, whatever its length.
        let _ = stream.set_nodelay(true);
        self.shared.connections.total.fetch_add(1, Relaxed);
        let connection = Connection::new(stream, Arc::clone(&self.shared), closing.clone());
        connections.spawn(connection.serve());
    }
}

/// In the middle of each segment, renders the one that comes next. Never ends.
async fn prepare(shared: Arc<Shared>) {
    let segment_ms = shared.origin.segment_duration().as_millis() as i64;
    loop {
        let renderer = Arc::clone(&shared);
        let now = shared.clock.now();
        // A panic in there would show at the first request as well.
        let _ = tokio::task::spawn_blocking(move || renderer.origin.prepare(now)).await;
        let middle = (now.unix_ms - segment_ms / 2).rem_euclid(segment_ms);
        sleep(Duration::from_millis((segment_ms - middle) as u64)).await;
    }
}
