//! New connections: name, TCP by happy eyeballs (RFC 8305), TLS.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd as _;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::net::getpeername;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, Sleep, sleep_until};
use url::Url;

use crate::client::Shared;
use crate::conn::Conn;
use crate::network::link::Link;
use crate::ports::Ports;
use crate::session::Inner;
use crate::{Connect, Error, Phase, Secured, Wire, tls};

/// How long an attempt may go on alone before the next address is tried beside it (RFC 8305, 5).
pub const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Makes a connection of `session` to the server of `url`, over TLS where `tls` is given. `phase`
/// says what is being waited for.
pub(crate) async fn connect(
    session: &Inner,
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
    let shared = &session.shared;
    let mut strand = session.link.get().map(Link::open);
    let started = shared.clock.elapsed();
    phase.set(Phase::Dns);
    let addresses = shared.names.resolve(&host, port).await?;
    let resolved = shared.clock.elapsed();

    phase.set(Phase::Connect);
    let way = Way {
        added: strand.as_mut().map(|strand| strand.of_handshake()),
        receive_buffer: session.link.get().and_then(|link| link.receive_buffer()),
        ports: shared.ports,
    };
    let source = |to| shared.sources.of(session.viewer, to);
    let (opened, remote) = happy_eyeballs(&addresses, port, way, source).await?;
    let mut tcp = opened.socket;
    let connected = shared.clock.elapsed();

    let mut times = Connect {
        dns: resolved.saturating_sub(started),
        tcp: connected.saturating_sub(resolved),
        tls: Duration::ZERO,
    };
    if let Some(strand) = &mut strand {
        strand.opened(opened.path);
    }
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
            let mut way = tls::Way {
                tcp: &mut tcp,
                wire: &mut wire,
                network: strand.as_deref_mut().map(|strand| (strand, shared.clock)),
            };
            let records = tls::handshake(&mut way, config, name).await;
            times.tls = shared.clock.elapsed().saturating_sub(connected);
            Some(Box::new(records.map_err(failed)?))
        }
    };
    let conn = Conn::new(tcp, remote, records, wire).through(strand);
    Ok((conn, times))
}

/// What the server of `url` shows in a TLS handshake, over a connection of its own that is closed
/// again.
pub(crate) async fn inspect(
    shared: &Shared,
    url: &Url,
    config: Arc<ClientConfig>,
) -> Result<Secured, Error> {
    let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
        return Err(Error::Url {
            url: crate::mask::url(url.as_str()),
            why: "it names no host",
        });
    };
    let failed = |why: String| Error::Tls {
        host: host.to_string(),
        why,
    };
    let name = server_name(&host).map_err(|error| failed(error.to_string()))?;
    let addresses = shared.names.resolve(&host, port).await?;
    let source = |to| shared.sources.of(0, to);
    let (mut opened, _) = happy_eyeballs(&addresses, port, Way::default(), source).await?;
    tls::inspect(&mut opened.socket, config, name)
        .await
        .map_err(failed)
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

/// The first of `addresses` that answers. Each is tried when the one before it failed, or
/// [`ATTEMPT_DELAY`] after it began.
async fn happy_eyeballs(
    addresses: &[IpAddr],
    port: u16,
    way: Way,
    source: impl Fn(SocketAddr) -> io::Result<Option<IpAddr>>,
) -> Result<(Opened<TcpStream>, SocketAddr), Error> {
    let addresses = addresses
        .iter()
        .map(|address| SocketAddr::new(*address, port));
    let mut race = Race {
        waiting: addresses,
        begin: |address| {
            Box::pin(attempt(address, source(address), way)) as Attempt<'_, Opened<TcpStream>>
        },
        running: Vec::new(),
        next: pin!(sleep_until(Instant::now())),
        is_due: true,
        failed: None,
    };
    poll_fn(|cx| race.poll(cx)).await
}

/// How a connection is made: its port, and what a modelled network makes of it.
#[derive(Clone, Copy, Debug, Default)]
struct Way {
    /// Time until the server's answer.
    added: Option<Duration>,
    /// Bytes that the system keeps of what came.
    receive_buffer: Option<u32>,
    ports: Ports,
}

/// A connection that an attempt made.
struct Opened<S> {
    socket: S,
    /// How long the system's handshake took, without what is added to it and what was tried before.
    path: Duration,
}

type Attempt<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + 'a>>;

/// Attempts that run beside each other.
struct Race<'a, 's, T, I, F> {
    waiting: I,
    begin: F,
    running: Vec<(SocketAddr, Attempt<'a, T>)>,
    /// When the next one begins beside those that run.
    next: Pin<&'s mut Sleep>,
    /// Whether the next one begins at once: it is the first, or one has failed.
    is_due: bool,
    failed: Option<(SocketAddr, io::Error)>,
}

impl<'a, T, I, F> Race<'a, '_, T, I, F>
where
    I: Iterator<Item = SocketAddr>,
    F: FnMut(SocketAddr) -> Attempt<'a, T>,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(T, SocketAddr), Error>> {
        loop {
            if let Some(won) = self.poll_running(cx) {
                return Poll::Ready(Ok(won));
            }
            if !self.is_due && !self.running.is_empty() && self.next.as_mut().poll(cx).is_pending()
            {
                return Poll::Pending;
            }
            match self.waiting.next() {
                Some(address) => {
                    self.running.push((address, (self.begin)(address)));
                    self.is_due = false;
                    self.next.as_mut().reset(Instant::now() + ATTEMPT_DELAY);
                }
                None if self.running.is_empty() => return Poll::Ready(Err(self.lost())),
                None => return Poll::Pending,
            }
        }
    }

    fn poll_running(&mut self, cx: &mut Context<'_>) -> Option<(T, SocketAddr)> {
        let mut index = 0;
        while let Some((address, attempt)) = self.running.get_mut(index) {
            let address = *address;
            match attempt.as_mut().poll(cx) {
                Poll::Pending => index += 1,
                Poll::Ready(Ok(won)) => return Some((won, address)),
                Poll::Ready(Err(error)) => {
                    drop(self.running.remove(index));
                    self.failed = Some(more_telling(self.failed.take(), (address, error)));
                    self.is_due = true;
                }
            }
        }
        None
    }

    fn lost(&mut self) -> Error {
        match self.failed.take() {
            Some((address, source)) => Error::Connect {
                to: address.to_string(),
                source,
            },
            None => Error::Connect {
                to: "no address".to_owned(),
                source: io::ErrorKind::NotFound.into(),
            },
        }
    }
}

async fn attempt(
    address: SocketAddr,
    source: io::Result<Option<IpAddr>>,
    way: Way,
) -> io::Result<Opened<TcpStream>> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    way.ports.ease_search(&socket);
    if let Some(source) = source? {
        let bound = socket.bind(SocketAddr::new(source, 0));
        bound.map_err(|error| without_source(source, error))?;
    }
    // Requests are small and their answers are waited for (Nagle's algorithm would hold them).
    socket.set_nodelay(true)?;
    if let Some(bytes) = way.receive_buffer {
        // Before connecting: the handshake agrees on how large it may become.
        socket.set_recv_buffer_size(bytes)?;
    }
    // Whom the added time matters to, the path matters to.
    let same = way
        .added
        .and_then(|_| socket.as_fd().try_clone_to_owned().ok());
    let is_open = || same.is_some_and(|socket| getpeername(&socket).is_ok());
    let opened = handshake(socket.connect(address), is_open, way.added).await?;
    if is_ourselves(opened.socket.local_addr(), address) {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    Ok(opened)
}

/// Whether our own end got the port of a server that is gone: then TCP connects it to itself (a
/// simultaneous open, RFC 9293, 3.5), and what we ask would come back as the answer.
fn is_ourselves(ours: io::Result<SocketAddr>, server: SocketAddr) -> bool {
    ours.is_ok_and(|ours| ours == server)
}

/// Waits for what the server answers to `connect`, then for what is added to it. What that takes is
/// told apart: timers are rounded up and a busy worker comes late to them, which is not the path's.
/// Nor is that it comes late to an answer of this machine, which is there when the system is asked
/// for the connection: then it `is_open` at once.
async fn handshake<S>(
    connect: impl Future<Output = io::Result<S>>,
    is_open: impl FnOnce() -> bool,
    added: Option<Duration>,
) -> io::Result<Opened<S>> {
    let mut connect = pin!(connect);
    let started = Instant::now();
    let begun = poll_fn(|cx| Poll::Ready(connect.as_mut().poll(cx))).await;
    let asked = started.elapsed();
    let (connected, path) = match begun {
        Poll::Ready(connected) => (connected, asked),
        Poll::Pending if is_open() => (connect.await, asked),
        Poll::Pending => (connect.await, started.elapsed()),
    };
    if let Some(added) = added {
        tokio::time::sleep(added).await;
    }
    connected.map(|socket| Opened { socket, path })
}

/// What bind(2) and connect(2) say with one error number are two things: this machine does not have
/// the address, and it has no port left.
fn without_source(source: IpAddr, error: io::Error) -> io::Error {
    match error.kind() {
        kind @ io::ErrorKind::AddrNotAvailable => {
            io::Error::new(kind, format!("{source} is not an address of this machine"))
        }
        _ => error,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::cell::RefCell;
    use std::rc::Rc;

    /// What becomes of an attempt, and after how many milliseconds.
    #[derive(Clone, Copy)]
    enum Fate {
        Answers(u64),
        Fails(u64, io::ErrorKind),
        Hangs,
    }

    use Fate::{Answers, Fails, Hangs};
    use io::ErrorKind::{
        AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkUnreachable, TimedOut,
    };

    fn address(n: usize) -> SocketAddr {
        // The families take turns, as they do after resolving.
        match n % 2 {
            0 => SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, n as u16 + 1], 80)),
            _ => SocketAddr::from(([10, 0, 0, n as u8], 80)),
        }
    }

    /// Runs the fates: who won or why none did, and when each attempt began and all ended, in ms.
    async fn run(fates: &[Fate]) -> (Result<usize, io::ErrorKind>, Vec<u64>, u64) {
        let start = Instant::now();
        let ms = move || start.elapsed().as_millis() as u64;
        let begun = Rc::new(RefCell::new(Vec::new()));
        let mut race = Race {
            waiting: (0..fates.len()).map(address),
            begin: |address| {
                let index = begun.borrow().len();
                begun.borrow_mut().push((address, ms()));
                let fate = fates[index];
                Box::pin(async move {
                    let wait = |ms| tokio::time::sleep(Duration::from_millis(ms));
                    match fate {
                        Answers(after) => wait(after).await,
                        Fails(0, kind) => return Err(kind.into()),
                        Fails(after, kind) => {
                            wait(after).await;
                            return Err(kind.into());
                        }
                        Hangs => std::future::pending().await,
                    }
                    Ok(index)
                }) as Attempt<'_, usize>
            },
            running: Vec::new(),
            next: pin!(sleep_until(Instant::now())),
            is_due: true,
            failed: None,
        };
        let result = match poll_fn(|cx| race.poll(cx)).await {
            Ok((index, won)) => {
                assert_eq!(won, address(index));
                Ok(index)
            }
            Err(Error::Connect { source, .. }) => Err(source.kind()),
            Err(other) => panic!("{other}"),
        };
        let begun: Vec<u64> = begun.borrow().iter().map(|(_, at)| *at).collect();
        (result, begun, ms())
    }

    #[rstest]
    #[case::the_first_answers(&[Answers(100), Answers(0)], Ok(0), &[0], 100)]
    #[case::slow_but_first(&[Answers(300), Answers(100)], Ok(0), &[0, 250], 300)]
    #[case::overtaken(&[Answers(400), Answers(100)], Ok(1), &[0, 250], 350)]
    #[case::hangs(&[Hangs, Hangs, Answers(1)], Ok(2), &[0, 250, 500], 501)]
    #[case::failed_at_once(&[Fails(0, ConnectionRefused), Answers(1)], Ok(1), &[0, 0], 1)]
    #[case::failed_soon(&[Fails(30, ConnectionRefused), Answers(1)], Ok(1), &[0, 30], 31)]
    #[case::failed_late(&[Hangs, Fails(30, ConnectionRefused), Answers(1)], Ok(2), &[0, 250, 280], 281)]
    #[case::the_last_one_answers_late(&[Answers(9999), Fails(1, ConnectionRefused)], Ok(0), &[0, 250], 9999)]
    #[case::refused_tells_more(&[Fails(0, NetworkUnreachable), Fails(0, ConnectionRefused), Fails(0, TimedOut)], Err(ConnectionRefused), &[0, 0, 0], 0)]
    #[case::no_ipv6_here(&[Fails(0, AddrNotAvailable), Fails(0, HostUnreachable)], Err(HostUnreachable), &[0, 0], 0)]
    #[case::no_port_left(&[Fails(0, NetworkUnreachable), Fails(0, AddrNotAvailable)], Err(AddrNotAvailable), &[0, 0], 0)]
    #[case::nowhere(&[], Err(io::ErrorKind::NotFound), &[], 0)]
    #[tokio::test(start_paused = true)]
    async fn attempts_take_their_turn(
        #[case] fates: &[Fate],
        #[case] result: Result<usize, io::ErrorKind>,
        #[case] begun: &[u64],
        #[case] ended: u64,
    ) {
        assert_eq!(run(fates).await, (result, begun.to_vec(), ended));
    }

    /// The system connects a socket to its own port, where nobody listens.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_socket_that_reached_itself_reached_no_server() {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let gone = socket.local_addr().unwrap();
        let itself = socket.connect(gone).await.unwrap();
        assert!(is_ourselves(itself.local_addr(), gone));
        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let server = server.local_addr().unwrap();
        assert!(!is_ourselves(itself.local_addr(), server));
    }

    #[rstest]
    #[case::far(false, 30)]
    #[case::on_this_machine(true, 0)]
    #[tokio::test(start_paused = true)]
    async fn a_worker_that_is_late_makes_no_path_longer(#[case] at_once: bool, #[case] path: u64) {
        let ms = Duration::from_millis;
        let start = Instant::now();
        let connect = async {
            tokio::time::sleep(ms(30)).await;
            Ok(())
        };
        let late = async {
            tokio::time::sleep(ms(40)).await;
            tokio::time::advance(ms(200)).await;
        };
        let opened = handshake(connect, || at_once, Some(ms(100)));
        let (opened, ()) = tokio::join!(opened, late);
        assert_eq!(opened.unwrap().path, ms(path));
        assert_eq!(start.elapsed(), ms(240));
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_refused_learns_it_a_round_trip_later() {
        let start = Instant::now();
        let refused = async { Err::<(), _>(ConnectionRefused.into()) };
        let opened = handshake(refused, || false, Some(ATTEMPT_DELAY)).await;
        assert_eq!(
            opened.err().map(|error| error.kind()),
            Some(ConnectionRefused)
        );
        assert_eq!(start.elapsed(), ATTEMPT_DELAY);
    }
}
