//! New connections: name, TCP by happy eyeballs (RFC 8305), TLS.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep_until};
use url::Url;

use crate::client::Shared;
use crate::conn::Conn;
use crate::{Connect, Error, Phase, Wire, tls};

/// How long an attempt may go on alone before the next address is tried beside it (RFC 8305, 5).
pub const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Makes a connection to the server of `url`, over TLS where `tls` is given. `phase` says what is
/// being waited for.
pub(crate) async fn connect(
    shared: &Shared,
    url: &Url,
    tls: Option<Arc<ClientConfig>>,
    phase: &Cell<Phase>,
) -> Result<(Conn, Connect), Error> {
    let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
        return Err(Error::Url {
            url: crate::mask::url(url.as_str()),
            why: "it names no host",
        });
    };
    let started = shared.clock.elapsed();
    phase.set(Phase::Dns);
    let addresses = shared.names.resolve(&host, port).await?;
    let resolved = shared.clock.elapsed();

    phase.set(Phase::Connect);
    let (mut tcp, remote) = happy_eyeballs(&addresses, port, shared.source).await?;
    let connected = shared.clock.elapsed();

    let mut times = Connect {
        dns: resolved.saturating_sub(started),
        tcp: connected.saturating_sub(resolved),
        tls: Duration::ZERO,
    };
    let mut wire = Wire::default();
    let records = match tls {
        None => None,
        Some(config) => {
            phase.set(Phase::Tls);
            let failed = |why: String| Error::Tls {
                host: host.to_string(),
                why,
            };
            let name = server_name(&host).map_err(|error| failed(error.to_string()))?;
            let records = tls::handshake(&mut tcp, config, name, &mut wire).await;
            times.tls = shared.clock.elapsed().saturating_sub(connected);
            Some(Box::new(records.map_err(failed)?))
        }
    };
    Ok((Conn::new(tcp, remote, records, wire), times))
}

fn server_name(
    host: &url::Host<&str>,
) -> Result<ServerName<'static>, rustls_pki_types::InvalidDnsNameError> {
    Ok(match host {
        url::Host::Domain(name) => {
            // A name may end in a dot, its certificate's does not.
            ServerName::try_from(name.trim_end_matches('.').to_owned())?
        }
        url::Host::Ipv4(address) => ServerName::from(IpAddr::V4(*address)),
        url::Host::Ipv6(address) => ServerName::from(IpAddr::V6(*address)),
    })
}

type Attempt<'a> = Pin<Box<dyn Future<Output = (SocketAddr, io::Result<TcpStream>)> + 'a>>;

/// The first of `addresses` that answers. Each is tried when the one before it failed, or
/// [`ATTEMPT_DELAY`] after it began.
async fn happy_eyeballs(
    addresses: &[IpAddr],
    port: u16,
    source: Option<IpAddr>,
) -> Result<(TcpStream, SocketAddr), Error> {
    let addresses = addresses
        .iter()
        .map(|address| SocketAddr::new(*address, port));
    race(addresses, |address| {
        Box::pin(async move { (address, attempt(address, source).await) })
    })
    .await
}

async fn race<'a>(
    addresses: impl Iterator<Item = SocketAddr>,
    mut begin: impl FnMut(
        SocketAddr,
    )
        -> Pin<Box<dyn Future<Output = (SocketAddr, io::Result<TcpStream>)> + 'a>>,
) -> Result<(TcpStream, SocketAddr), Error> {
    let mut waiting = addresses.peekable();
    let mut running: Vec<Attempt<'a>> = Vec::new();
    let mut worst: Option<(SocketAddr, io::Error)> = None;
    let mut next = pin!(sleep_until(Instant::now()));
    poll_fn(|cx| {
        loop {
            let mut index = 0;
            while let Some(attempt) = running.get_mut(index) {
                match attempt.as_mut().poll(cx) {
                    Poll::Pending => index += 1,
                    Poll::Ready((address, Ok(tcp))) => return Poll::Ready(Ok((tcp, address))),
                    Poll::Ready((address, Err(error))) => {
                        drop(running.remove(index));
                        worst = Some(more_telling(worst.take(), (address, error)));
                        next.as_mut().reset(Instant::now());
                    }
                }
            }
            if waiting.peek().is_none() {
                break;
            }
            if !running.is_empty() && next.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            let Some(address) = waiting.next() else { break };
            running.push(begin(address));
            next.as_mut().reset(Instant::now() + ATTEMPT_DELAY);
        }
        if !running.is_empty() {
            return Poll::Pending;
        }
        let (to, source) = worst.take().map_or_else(
            || {
                (
                    "no address".to_owned(),
                    io::ErrorKind::AddrNotAvailable.into(),
                )
            },
            |(address, error)| (address.to_string(), error),
        );
        Poll::Ready(Err(Error::Connect { to, source }))
    })
    .await
}

async fn attempt(address: SocketAddr, source: Option<IpAddr>) -> io::Result<TcpStream> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    if let Some(source) = source {
        socket.bind(SocketAddr::new(source, 0))?;
    }
    // Requests are small and their answers are waited for (Nagle's algorithm would hold them).
    socket.set_nodelay(true)?;
    socket.connect(address).await
}

/// Which of two failed attempts to report: the one that says most about the server or about us. A
/// family that this machine lacks says least.
fn more_telling(
    a: Option<(SocketAddr, io::Error)>,
    b: (SocketAddr, io::Error),
) -> (SocketAddr, io::Error) {
    let weight = |(address, error): &(SocketAddr, io::Error)| match error.kind() {
        io::ErrorKind::ConnectionRefused => 4,
        io::ErrorKind::TimedOut => 3,
        io::ErrorKind::AddrNotAvailable if address.is_ipv6() => 0,
        io::ErrorKind::NetworkUnreachable => 1,
        _ => 2,
    };
    match a {
        Some(a) if weight(&a) > weight(&b) => a,
        _ => b,
    }
}
