use std::io;
use std::net::SocketAddr;

/// Why there is no gateway, or no guest.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address can't be listened on.
    #[error("the gateway can't listen on {address}: {source}; port 0 takes a free one")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Others than this machine could reach it, and there is no token.
    #[error(
        "the gateway would be open to others on {address}: give it a token, or listen on 127.0.0.1"
    )]
    TokenNeeded {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// The token can't be part of a path, or is easily guessed.
    #[error("the gateway's token {why}; use {min} to {max} letters, digits, '-' and '_'",
        min = crate::TOKEN_BYTES_MIN, max = crate::TOKEN_BYTES_MAX)]
    Token {
        /// What is wrong with it.
        why: &'static str,
    },
    /// A header that may not be sent.
    #[error(transparent)]
    Header(#[from] transport::Error),
    /// Two guests with one number.
    #[error("viewer {number} is the gateway's guest already")]
    Taken {
        /// The number.
        number: u64,
    },
}
