//! The thin server around the origin, and its ledger.
//!
//! [`bind`] listens, [`Server::run_until`] serves until it is told to stop. Every request whose
//! head was read is counted in the [`Ledger`], so that anyone can check a client's figures.
//!
//! Routes of its own, beside those of [`origin::Origin`]: `/ledger` and `/healthz`. It speaks
//! HTTP/1.1 (and 1.0) over plain TCP, with bounded heads and patience; it has no TLS, and trusts
//! its clients with nothing.
//!
//! [`Server::watch`] shows what it does while it serves: the ledger, connections, and how late
//! segments are delivered.

mod clock;
mod connection;
mod deliveries;
mod head;
mod journal;
mod ledger;
mod limits;
mod server;

use std::{io, net::SocketAddr, path::PathBuf};

pub use ledger::{Account, Count, Ledger, SCHEMA, Tally, UNANSWERED};
pub use server::{Server, Watch, bind};

pub(crate) use server::Shared;

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
