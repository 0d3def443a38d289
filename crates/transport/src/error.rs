use std::io;
use std::time::Duration;

use base::Failure;

/// Why an exchange, or a configuration, failed. [`Error::failure`] is its place in the closed list
/// that outputs count by; the variant and its text are for logs.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL is not one that can be fetched over HTTP.
    #[error("cannot fetch {url}: {why}; use an http:// or https:// URL with a host")]
    Url {
        /// The URL, with credentials masked.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A header name or value that may not be sent (RFC 9110, 5.5 and 5.6.2).
    #[error("header {name:?} cannot be sent: {why}")]
    Header {
        /// The header's name, as given.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A `--resolve` value that does not read `HOST:PORT:ADDR`.
    #[error("{given:?} is not HOST:PORT:ADDR[,ADDR]: {why}")]
    Override {
        /// The value, as given.
        given: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// TLS roots or settings that cannot be used.
    #[error("TLS set-up: {0}")]
    TlsConfig(String),
    /// The host's name did not resolve.
    #[error("{host} does not resolve: {why}")]
    Dns {
        /// The name that was asked for.
        host: String,
        /// The resolver's words.
        why: String,
    },
    /// No connection was made.
    #[error("cannot connect to {to}: {source}")]
    Connect {
        /// The address, or host and port, that was tried last.
        to: String,
        /// The system's words.
        source: io::Error,
    },
    /// The TLS handshake or a TLS record failed.
    #[error("TLS with {host}: {why}")]
    Tls {
        /// The server's name.
        host: String,
        /// What failed.
        why: String,
    },
    /// A time limit of the request passed.
    #[error("{phase} took longer than {limit:?}")]
    TimedOut {
        /// What was being waited for.
        phase: Phase,
        /// The limit that passed.
        limit: Duration,
    },
    /// Reading from or writing to an open connection failed.
    #[error("connection lost: {0}")]
    Io(io::Error),
    /// The server closed the connection before it sent a whole response head.
    #[error("the server closed the connection before a whole response head")]
    ClosedEarly,
    /// The body ended before its announced end.
    #[error("the body ended {missing} early")]
    Truncated {
        /// How much was missing, in words.
        missing: String,
    },
    /// The response head is larger than [`HEAD_BYTES_MAX`](crate::HEAD_BYTES_MAX) or has more
    /// fields than [`HEAD_FIELDS_MAX`](crate::HEAD_FIELDS_MAX).
    #[error("the response head is larger than {limit} {unit}")]
    HeadTooLarge {
        /// The limit that was passed.
        limit: usize,
        /// What it counts.
        unit: &'static str,
    },
    /// A body that is kept is larger than its limit, encoded or decoded.
    #[error("the body is larger than {limit} bytes")]
    BodyTooLarge {
        /// The limit that was passed, in bytes.
        limit: usize,
    },
    /// What came is not HTTP/1.
    #[error("not HTTP/1: {0}")]
    Protocol(&'static str),
    /// A kept body does not decode.
    #[error("content encoding {encoding:?}: {why}")]
    Encoding {
        /// The encoding's name, as the server gave it.
        encoding: String,
        /// What is wrong.
        why: String,
    },
    /// More redirects than are followed, or one that leads nowhere.
    #[error("redirect: {0}")]
    Redirect(&'static str),
}

/// What an exchange waits for, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// A free connection slot of the session.
    Queue,
    /// The host's addresses.
    Dns,
    /// The TCP connection.
    Connect,
    /// The TLS handshake.
    Tls,
    /// The request's last byte on its way.
    Send,
    /// The response's first byte.
    FirstByte,
    /// The response's last byte.
    Body,
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Queue => "waiting for a connection slot",
            Self::Dns => "resolving the name",
            Self::Connect => "connecting",
            Self::Tls => "the TLS handshake",
            Self::Send => "sending the request",
            Self::FirstByte => "waiting for the first byte",
            Self::Body => "receiving the response",
        })
    }
}

impl Error {
    /// The place of this error in the closed list of failures.
    pub fn failure(&self) -> Failure {
        match self {
            Self::TlsConfig(_) | Self::Tls { .. } => Failure::Tls,
            Self::Dns { .. } => Failure::Dns,
            Self::Connect { source, .. } => connect_failure(source),
            Self::TimedOut { phase, .. } => match phase {
                Phase::Dns => Failure::Dns,
                Phase::Queue | Phase::Connect | Phase::Tls => Failure::ConnectTimedOut,
                Phase::Send | Phase::FirstByte | Phase::Body => Failure::ReadTimedOut,
            },
            Self::Io(source) => read_failure(source),
            Self::ClosedEarly => Failure::Reset,
            Self::Truncated { .. } => Failure::Truncated,
            Self::HeadTooLarge { .. } | Self::BodyTooLarge { .. } => Failure::TooLarge,
            Self::Url { .. }
            | Self::Header { .. }
            | Self::Override { .. }
            | Self::Protocol(_)
            | Self::Encoding { .. } => Failure::Protocol,
            Self::Redirect(_) => Failure::Redirect,
        }
    }
}

// Linux error numbers that `std::io::ErrorKind` has no stable kind for.
const ENOMEM: i32 = 12;
const ENFILE: i32 = 23;
const EMFILE: i32 = 24;
const EADDRINUSE: i32 = 98;
const EADDRNOTAVAIL: i32 = 99;
const ENOBUFS: i32 = 105;

/// What the generator itself ran out of, if that is what the system says.
fn shortage(error: &io::Error) -> Option<Failure> {
    Some(match error.raw_os_error()? {
        ENFILE | EMFILE => Failure::NoDescriptor,
        // connect(2) without a free port; bind(2) to a source address without one.
        EADDRNOTAVAIL | EADDRINUSE => Failure::NoPort,
        ENOMEM | ENOBUFS => Failure::Generator,
        _ => return None,
    })
}

fn connect_failure(error: &io::Error) -> Failure {
    if let Some(shortage) = shortage(error) {
        return shortage;
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Failure::ConnectRefused,
        io::ErrorKind::TimedOut => Failure::ConnectTimedOut,
        _ => Failure::ConnectFailed,
    }
}

fn read_failure(error: &io::Error) -> Failure {
    if let Some(shortage) = shortage(error) {
        return shortage;
    }
    match error.kind() {
        io::ErrorKind::TimedOut => Failure::ReadTimedOut,
        _ => Failure::Reset,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    // EMFILE, ENFILE
    #[case(
        io::Error::from_raw_os_error(24),
        Failure::NoDescriptor,
        Failure::NoDescriptor
    )]
    #[case(
        io::Error::from_raw_os_error(23),
        Failure::NoDescriptor,
        Failure::NoDescriptor
    )]
    // EADDRNOTAVAIL, EADDRINUSE
    #[case(io::Error::from_raw_os_error(99), Failure::NoPort, Failure::NoPort)]
    #[case(io::Error::from_raw_os_error(98), Failure::NoPort, Failure::NoPort)]
    // ENOBUFS, ENOMEM
    #[case(
        io::Error::from_raw_os_error(105),
        Failure::Generator,
        Failure::Generator
    )]
    #[case(
        io::Error::from_raw_os_error(12),
        Failure::Generator,
        Failure::Generator
    )]
    // The same word, but not from connect(2): no port would help.
    #[case(
        io::Error::new(io::ErrorKind::AddrNotAvailable, "not an address of this machine"),
        Failure::ConnectFailed,
        Failure::Reset
    )]
    // ECONNREFUSED
    #[case(
        io::Error::from_raw_os_error(111),
        Failure::ConnectRefused,
        Failure::Reset
    )]
    // ETIMEDOUT
    #[case(
        io::Error::from_raw_os_error(110),
        Failure::ConnectTimedOut,
        Failure::ReadTimedOut
    )]
    // ENETUNREACH, EHOSTUNREACH
    #[case(
        io::Error::from_raw_os_error(101),
        Failure::ConnectFailed,
        Failure::Reset
    )]
    #[case(
        io::Error::from_raw_os_error(113),
        Failure::ConnectFailed,
        Failure::Reset
    )]
    // ECONNRESET, EPIPE
    #[case(
        io::Error::from_raw_os_error(104),
        Failure::ConnectFailed,
        Failure::Reset
    )]
    #[case(
        io::Error::from_raw_os_error(32),
        Failure::ConnectFailed,
        Failure::Reset
    )]
    fn system_errors_have_their_place(
        #[case] error: io::Error,
        #[case] connecting: Failure,
        #[case] open: Failure,
    ) {
        assert_eq!(connect_failure(&error), connecting);
        assert_eq!(read_failure(&error), open);
    }
}
