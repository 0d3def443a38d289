//! What went wrong, in words that a person can act on.

use base::{Class, Failure, ViewerState};
use telemetry::{Cause, What};

/// What a request asked for.
pub fn class(class: Class) -> &'static str {
    match class {
        Class::Multivariant => "multivariant playlist",
        Class::Playlist => "media playlist",
        Class::Init => "init segment",
        Class::Segment => "segment",
        Class::Part => "part",
        Class::Key => "key",
        Class::Other => "other request",
    }
}

/// A viewer's state.
pub fn state(state: ViewerState) -> &'static str {
    match state {
        ViewerState::BackingOff => "backing off",
        other => other.name(),
    }
}

/// A latency.
pub fn latency(what: What) -> &'static str {
    match what {
        What::Playlist => "playlist",
        What::SegmentTtfb => "segment first byte",
        What::SegmentDownload => "segment download",
        What::PlaylistSent | What::SegmentTtfbSent | What::SegmentDownloadSent => "  from sent",
        What::Connect => "connect",
        What::Startup => "startup",
        What::Stall => "stall length",
        What::LiveLatency => "live latency",
        What::GlassToGlass => "glass to glass",
    }
}

/// A failure, and what to try.
pub fn failure(class: Class, failure: Failure) -> (String, &'static str) {
    let (name, hint) = match failure {
        Failure::Status(status) => return (format!("HTTP {status}"), status_hint(class, status)),
        Failure::Dns => (
            "no address",
            "the host's name did not resolve: check it, or give the address with --resolve",
        ),
        Failure::ConnectRefused => (
            "connection refused",
            "nothing listens on that port: is the server running?",
        ),
        Failure::ConnectTimedOut => (
            "connect timed out",
            "no answer to a connect: a firewall, or the server's listen queue is full",
        ),
        Failure::ConnectFailed => (
            "no connection",
            "there was no route to it, or no address of ours to go from",
        ),
        Failure::Tls => (
            "TLS failed",
            "check the certificate, its host name and validity (--cacert, --insecure)",
        ),
        Failure::ReadTimedOut => (
            "read timed out",
            "connected, but the answer did not come in time: the server is too slow or hangs \
             (--timeout)",
        ),
        Failure::Reset => (
            "connection reset",
            "the server closed the connection before its answer: a restart, a crash, or a limit \
             on connections",
        ),
        Failure::Truncated => (
            "body cut short",
            "it ended before its announced length: the server or a proxy gave up",
        ),
        Failure::TooLarge => (
            "too large",
            "larger than any playlist or header should be: is this the right URL?",
        ),
        Failure::Protocol => (
            "invalid HTTP",
            "the answer was no HTTP, or in an encoding that does not decode",
        ),
        Failure::Redirect => (
            "redirect to nowhere",
            "too many redirects, or one without a place to go",
        ),
        Failure::InvalidPlaylist => (
            "no playlist",
            "it arrived whole, but can't be played: look at it with curl",
        ),
        Failure::NoDescriptor => (
            "no descriptor left",
            "this machine's limit, not the server's: raise it (ulimit -n)",
        ),
        Failure::NoPort => (
            "no port left",
            "this machine's, not the server's: widen net.ipv4.ip_local_port_range",
        ),
        Failure::Generator => (
            "no memory left",
            "this machine's, not the server's: run fewer viewers",
        ),
    };
    (name.to_owned(), hint)
}

fn status_hint(class: Class, status: u16) -> &'static str {
    match (status, class) {
        (401 | 403, _) => "the server refuses: check tokens, cookies and --header",
        (404 | 410, Class::Multivariant | Class::Playlist) => "not there: check the URL",
        (404 | 410, _) => {
            "not there: named in a playlist before it exists, or removed while still in its window"
        }
        (429, _) => "the server limits the rate of requests from this address",
        (416, _) => "the server can't serve the byte range that the playlist names",
        (500, _) => "the server failed: its own log says why",
        (502 | 504, _) => "the server's upstream did not answer: look behind it",
        (503, _) => "the server is overloaded or not ready",
        (400..=499, _) => "the server takes the request for a wrong one",
        (500..=599, _) => "the server failed",
        _ => "not a status that carries media",
    }
}

/// Why the generator was the bottleneck, and what to try.
pub fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Lag => {
            "timers fired late (p99 above 50 ms for 10 s): run fewer viewers, or on more cores"
        }
        Cause::Cpu => "a worker was above 90 % CPU for 10 s: run fewer viewers, or on more cores",
        Cause::Descriptors => "no file descriptor was left: raise the limit (ulimit -n)",
        Cause::Ports => "no ephemeral port was left: widen net.ipv4.ip_local_port_range",
        Cause::Memory => "no memory was left: run fewer viewers",
    }
}
