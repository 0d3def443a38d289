//! A link of a known bandwidth before a server: all that comes back from the server goes through
//! one bucket of tokens, so that who watches through it shares a ceiling that is known.
//!
//! Two threads a connection, which is plenty for a test's few dozen viewers.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What is taken from the bucket at a time: connections take turns.
const CHUNK: usize = 4 * 1024;

/// How long the bucket may stand unused and still give all that came into it meanwhile.
const BURST: Duration = Duration::from_millis(20);

/// How often a thread that has nothing to carry looks whether the link has been dropped.
const LOOK: Duration = Duration::from_millis(100);

/// A link on loopback.
#[derive(Debug)]
pub struct Link {
    addr: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    down: AtomicBool,
    bucket: Mutex<Bucket>,
}

/// The link is free again at an instant; whoever is next waits until then.
#[derive(Debug)]
struct Bucket {
    bytes_per_s: f64,
    free_at: Instant,
}

impl Link {
    /// A link to `server` that brings so many bytes a second back, whoever asks for them.
    pub fn start(server: SocketAddr, bytes_per_s: f64) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared {
            down: AtomicBool::new(false),
            bucket: Mutex::new(Bucket {
                bytes_per_s,
                free_at: Instant::now(),
            }),
        });
        let accepting = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || accept(&listener, server, &shared))
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

impl Drop for Link {
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
    fn is_down(&self) -> bool {
        self.down.load(Ordering::Relaxed)
    }

    /// Waits for the turn of so many bytes.
    fn pass(&self, bytes: usize) {
        let turn = {
            let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let earliest = now.checked_sub(BURST).unwrap_or(now);
            let from = bucket.free_at.max(earliest);
            let takes = Duration::from_secs_f64(bytes as f64 / bucket.bytes_per_s);
            bucket.free_at = from + takes;
            bucket.free_at
        };
        thread::sleep(turn.saturating_duration_since(Instant::now()));
    }
}

fn accept(listener: &TcpListener, server: SocketAddr, shared: &Arc<Shared>) {
    for near in listener.incoming() {
        if shared.is_down() {
            return;
        }
        let far = TcpStream::connect(server);
        let (Ok(near), Ok(far)) = (near, far) else {
            continue;
        };
        let (Ok(near_again), Ok(far_again)) = (near.try_clone(), far.try_clone()) else {
            continue;
        };
        let (there, back) = (Arc::clone(shared), Arc::clone(shared));
        thread::spawn(move || carry(near, far, &there.down, |_| {}));
        thread::spawn(move || {
            carry(far_again, near_again, &back.down, |bytes| back.pass(bytes));
        });
    }
}

/// Carries bytes until one side ends, or whoever carries is `down`.
pub(crate) fn carry(
    mut from: TcpStream,
    mut to: TcpStream,
    down: &AtomicBool,
    pass: impl Fn(usize),
) {
    let mut chunk = [0; CHUNK];
    let set = from
        .set_read_timeout(Some(LOOK))
        .and_then(|()| to.set_nodelay(true));
    while set.is_ok() && !down.load(Ordering::Relaxed) {
        match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(bytes) => {
                pass(bytes);
                if to.write_all(&chunk[..bytes]).is_err() {
                    break;
                }
            }
            Err(why) if is_a_pause(&why) => {}
            Err(_) => break,
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

fn is_a_pause(why: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(why.kind(), Interrupted | TimedOut | WouldBlock)
}
