use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use crate::access::Token;

/// Where it listens unless it is told otherwise.
pub const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 17091));
/// The most viewers that may have series of their own.
pub const PER_VIEWER_MAX: u64 = telemetry::roster::LISTED_MAX as u64;

/// What the face is made of.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Where to listen.
    pub listen: Listen,
    /// Asked for by everything that changes or reveals.
    pub admin_token: Option<Token>,
    /// Good for client samples only.
    pub push_token: Option<Token>,
    /// Whether each viewer has series of its own in `/metrics`.
    pub per_viewer: PerViewer,
    /// Listen where other machines can reach it, and ask nobody for a token.
    pub insecure_listen: bool,
}

/// Where to listen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listen {
    /// At [`DEFAULT_LISTEN`]; where that is taken, at a free port of the same host.
    #[default]
    Default,
    /// At this address and nowhere else.
    Asked(SocketAddr),
}

/// Whether each viewer has series of its own in `/metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PerViewer {
    /// It has not.
    #[default]
    No,
    /// It has, while there are at most [`PER_VIEWER_MAX`] viewers.
    Yes,
}

/// Why there is no face.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address can't be listened on.
    #[error(
        "can't listen on {address}: {source}; --admin-listen takes another address, port 0 for a \
         free one, or off"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Everybody could watch and stop the run.
    #[error(
        "{address} can be reached from other machines, and anybody there could watch and stop the \
         run: set --admin-token (or LIVESWARM_ADMIN_TOKEN), listen on 127.0.0.1, or accept it with \
         --insecure-listen"
    )]
    Unguarded {
        /// The address.
        address: SocketAddr,
    },
    /// What can't be a token.
    #[error(
        "a token is 1 to {} letters, digits and signs, without spaces",
        crate::access::TOKEN_BYTES_MAX
    )]
    Token,
    /// The socket was lost.
    #[error("the HTTP face can't go on: {0}")]
    Serve(#[from] io::Error),
}
