//! A session's connections: idle ones, and how many there may be.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use url::Url;

use crate::conn::Conn;
use crate::scratch::Scratch;

/// Connections of one session to one scheme, host and port, as browsers have it.
pub const PER_HOST_MAX: usize = 6;

/// Schemes, hosts and ports to which one session keeps idle connections.
pub const HOSTS_MAX: usize = 16;

/// How long a connection may be idle and still be used, as in Chromium.
pub const IDLE_MAX: Duration = Duration::from_mins(5);

#[derive(Debug, Default)]
pub(crate) struct Pool {
    hosts: RefCell<Vec<Host>>,
}

/// What the session has to one scheme, host and port.
#[derive(Debug)]
struct Host {
    origin: Origin,
    /// One permit for each exchange that may have a connection.
    slots: Arc<Semaphore>,
    /// The one that rested last comes last.
    idle: Vec<Idle>,
}

#[derive(Debug)]
struct Idle {
    conn: Conn,
    since: Instant,
}

#[derive(Debug)]
struct Origin {
    https: bool,
    host: Box<str>,
    port: u16,
}

impl Origin {
    fn of(url: &Url) -> Self {
        Self {
            https: url.scheme() == "https",
            host: url.host_str().unwrap_or_default().into(),
            port: url.port_or_known_default().unwrap_or_default(),
        }
    }

    fn is_of(&self, url: &Url) -> bool {
        self.https == (url.scheme() == "https")
            && url.host_str() == Some(&*self.host)
            && url.port_or_known_default() == Some(self.port)
    }
}

impl Host {
    fn is_unused(&self) -> bool {
        self.idle.is_empty() && self.slots.available_permits() == PER_HOST_MAX
    }
}

/// The right to one connection, until it is dropped.
pub(crate) type Slot = OwnedSemaphorePermit;

impl Pool {
    /// Waits for the turn of one more connection to the server of `url`.
    pub(crate) async fn slot(&self, url: &Url) -> Option<Slot> {
        let slots = self.host(url, |host| Arc::clone(&host.slots));
        slots.acquire_owned().await.ok()
    }

    fn host<T>(&self, url: &Url, f: impl FnOnce(&mut Host) -> T) -> T {
        let mut hosts = self.hosts.borrow_mut();
        let place = hosts.iter().position(|host| host.origin.is_of(url));
        let place = place.unwrap_or_else(|| {
            tidy(&mut hosts);
            // Most viewers know one server, and most servers are kept one connection to.
            hosts.reserve_exact(1);
            hosts.push(Host {
                origin: Origin::of(url),
                slots: Arc::new(Semaphore::new(PER_HOST_MAX)),
                idle: Vec::new(),
            });
            hosts.len() - 1
        });
        f(&mut hosts[place])
    }

    /// The idle connection to the server of `url` that rested last, if it is still good.
    pub(crate) fn take(&self, url: &Url, scratch: &mut Scratch) -> Option<Conn> {
        self.host(url, |host| {
            while let Some(mut idle) = host.idle.pop() {
                if idle.since.elapsed() < IDLE_MAX && idle.conn.is_alive(scratch) {
                    return Some(idle.conn);
                }
            }
            None
        })
    }

    /// Closes an idle connection if one more would be one too many. The caller holds a slot.
    pub(crate) fn make_room(&self, url: &Url) {
        self.host(url, |host| {
            let busy = PER_HOST_MAX - host.slots.available_permits();
            if busy + host.idle.len() > PER_HOST_MAX {
                host.idle.remove(0).conn.close();
            }
        });
    }

    /// Keeps `conn` for the next exchange with the server of `url`.
    pub(crate) fn keep(&self, url: &Url, mut conn: Conn) {
        if conn.rest().is_err() {
            return;
        }
        self.host(url, |host| {
            host.idle.reserve_exact(1);
            host.idle.push(Idle {
                conn,
                since: Instant::now(),
            });
        });
    }

    /// Closes all idle connections.
    pub(crate) fn clear(&self) {
        let mut hosts = self.hosts.borrow_mut();
        for host in hosts.iter_mut() {
            host.idle.drain(..).for_each(|idle| idle.conn.close());
        }
        hosts.retain(|host| !host.is_unused());
    }
}

/// Makes room for one more host when there are too many: forgets those without a connection, then
/// the one met first that has only idle ones. Hosts in use stay.
fn tidy(hosts: &mut Vec<Host>) {
    if hosts.len() < HOSTS_MAX {
        return;
    }
    hosts.retain(|host| !host.is_unused());
    let is_idle = |host: &Host| host.slots.available_permits() == PER_HOST_MAX;
    if hosts.len() >= HOSTS_MAX
        && let Some(place) = hosts.iter().position(is_idle)
    {
        let mut host = hosts.remove(place);
        host.idle.drain(..).for_each(|idle| idle.conn.close());
    }
}
