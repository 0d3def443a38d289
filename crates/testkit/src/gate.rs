//! A gate before a server that lets so many viewers in at a time, and answers all others with 503:
//! a ceiling that is known exactly, whatever the machine.
//!
//! Who a viewer is stands in the header [`VIEWER`] of the first request of each of its connections.
//! Two threads a connection, which is plenty for a test's few dozen viewers.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::bottleneck::carry;

/// The header that says who a viewer is.
pub const VIEWER: &str = "X-Viewer";

/// The longest head of a request.
const HEAD_MAX: usize = 16 * 1024;

const REFUSED: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// A gate on loopback.
#[derive(Debug)]
pub struct Gate {
    addr: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    room: usize,
    down: AtomicBool,
    /// Who is inside, with how many connections.
    inside: Mutex<BTreeMap<String, usize>>,
}

/// A connection of somebody inside, until it is dropped.
struct Stay<'a> {
    shared: &'a Shared,
    viewer: String,
}

impl Gate {
    /// A gate to `server` with room for so many viewers.
    pub fn start(server: SocketAddr, room: usize) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared {
            server,
            room,
            down: AtomicBool::new(false),
            inside: Mutex::default(),
        });
        let accepting = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || accept(&listener, &shared))
        };
        Ok(Self {
            addr,
            shared,
            accepting: Some(accepting),
        })
    }

    /// Where its near end is.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.shared.down.store(true, Ordering::Relaxed);
        // Wakes who accepts.
        let _ = TcpStream::connect(self.addr);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

impl Shared {
    fn inside(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None`: there is no room.
    fn enter(&self, viewer: String) -> Option<Stay<'_>> {
        let mut inside = self.inside();
        if !inside.contains_key(&viewer) && inside.len() >= self.room {
            return None;
        }
        *inside.entry(viewer.clone()).or_default() += 1;
        Some(Stay {
            shared: self,
            viewer,
        })
    }
}

impl Drop for Stay<'_> {
    fn drop(&mut self) {
        let mut inside = self.shared.inside();
        if let Some(connections) = inside.get_mut(&self.viewer) {
            *connections -= 1;
            if *connections == 0 {
                inside.remove(&self.viewer);
            }
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for near in listener.incoming() {
        if shared.down.load(Ordering::Relaxed) {
            return;
        }
        if let Ok(near) = near {
            let shared = Arc::clone(shared);
            // A connection that breaks off is the client's to count.
            thread::spawn(move || serve(near, &shared).ok());
        }
    }
}

fn serve(mut near: TcpStream, shared: &Shared) -> io::Result<()> {
    let head = head(&mut near)?;
    let Some(_stay) = viewer(&head).and_then(|viewer| shared.enter(viewer)) else {
        return near.write_all(REFUSED);
    };
    let mut far = TcpStream::connect(shared.server)?;
    far.write_all(&head)?;
    let (near_again, far_again) = (near.try_clone()?, far.try_clone()?);
    thread::scope(|scope| {
        scope.spawn(|| carry(far_again, near_again, &shared.down, |_| {}));
        carry(near, far, &shared.down, |_| {});
    });
    Ok(())
}

/// All that comes up to the end of the first head, and perhaps a little more.
fn head(near: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let bytes = near.read(&mut chunk)?;
        if bytes == 0 || head.len() > HEAD_MAX {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.extend_from_slice(&chunk[..bytes]);
    }
    Ok(head)
}

fn viewer(head: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(head);
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_it = name.eq_ignore_ascii_case(VIEWER);
        is_it.then(|| value.trim().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::wait;

    const LIMIT: Duration = Duration::from_secs(20);

    /// Answers every head with 200, a thread a connection.
    fn server() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        thread::spawn(move || {
            for near in listener.incoming() {
                let mut near = near.unwrap();
                thread::spawn(move || {
                    while head(&mut near).is_ok() {
                        let _ = near.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                    }
                });
            }
        });
        addr
    }

    fn ask(near: &mut TcpStream, viewer: u32) -> String {
        write!(near, "GET / HTTP/1.1\r\nx-viewer: {viewer}\r\n\r\n").unwrap();
        let head = String::from_utf8(head(near).unwrap()).unwrap();
        head.split(' ').nth(1).unwrap().to_owned()
    }

    #[test]
    fn so_many_viewers_are_inside_at_a_time_with_any_number_of_connections() {
        let gate = Gate::start(server(), 2).unwrap();
        let connect = || TcpStream::connect(gate.addr()).unwrap();
        let (mut one, mut again, mut two) = (connect(), connect(), connect());
        assert_eq!(ask(&mut one, 1), "200");
        assert_eq!(ask(&mut again, 1), "200");
        assert_eq!(ask(&mut two, 2), "200");
        assert_eq!(ask(&mut connect(), 3), "503");
        assert_eq!(ask(&mut one, 1), "200");
        drop(one);
        assert_eq!(ask(&mut again, 1), "200");
        drop(again);
        let let_in = wait::until(LIMIT, "room for a third", || {
            Ok((ask(&mut connect(), 3) == "200").then_some(()))
        });
        let_in.unwrap();
        assert_eq!(ask(&mut two, 2), "200");
    }
}
