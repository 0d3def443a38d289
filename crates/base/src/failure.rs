use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a request failed. The list is closed: every failure is exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The server answered with a status that is not a success (200, 206, 304 and redirects that
    /// are followed are successes).
    Status(u16),
    /// The host's name did not resolve.
    Dns,
    /// The port is closed.
    ConnectRefused,
    /// No connection within its time limit.
    ConnectTimedOut,
    /// No connection for another reason: no route, address not available.
    ConnectFailed,
    /// The TLS handshake failed: certificate, version, or not TLS at all.
    Tls,
    /// Connected, but head or body did not arrive within the time limit.
    ReadTimedOut,
    /// The peer reset the connection, or closed it before it sent a whole response head.
    Reset,
    /// The body ended before its announced length.
    Truncated,
    /// A head or a body that is kept went past its limit.
    TooLarge,
    /// What came is not HTTP, or an encoding that does not decode.
    Protocol,
    /// More redirects than are followed, or one that leads nowhere.
    Redirect,
    /// A playlist arrived whole but can't be used.
    InvalidPlaylist,
    /// The generator had no file descriptor left: not the server's fault.
    NoDescriptor,
    /// The generator had no ephemeral port left towards the server: not the server's fault.
    NoPort,
    /// The generator had no memory or buffers left: not the server's fault.
    Generator,
}

impl Failure {
    /// The name in every output.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::Dns => "dns",
            Self::ConnectRefused => "connect_refused",
            Self::ConnectTimedOut => "connect_timed_out",
            Self::ConnectFailed => "connect_failed",
            Self::Tls => "tls",
            Self::ReadTimedOut => "read_timed_out",
            Self::Reset => "reset",
            Self::Truncated => "truncated",
            Self::TooLarge => "too_large",
            Self::Protocol => "protocol",
            Self::Redirect => "redirect",
            Self::InvalidPlaylist => "invalid_playlist",
            Self::NoDescriptor => "no_descriptor",
            Self::NoPort => "no_port",
            Self::Generator => "generator",
        }
    }

    /// The HTTP status that is the failure, where one is.
    pub const fn status(self) -> Option<u16> {
        match self {
            Self::Status(status) => Some(status),
            _ => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "HTTP {status}"),
            other => f.write_str(&other.kind().replace('_', " ")),
        }
    }
}

/// How a request ended. Every request ends in exactly one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// 200, 206, 304, or a redirect that is followed.
    Ok,
    /// It failed, and why.
    Failed(Failure),
    /// We gave it up before it ended.
    Cancelled,
}
