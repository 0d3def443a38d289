//! The way to the player: bytes go into its socket as they come, and wait only where it is full.

use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use tokio::net::TcpStream;
use transport::Clock;

/// Parts that are written at once.
const PARTS_MAX: usize = 4;

/// Writes to one player. What its socket does not take waits here, and while something waits
/// nothing more is read for it: at most one read of the origin's.
#[derive(Debug)]
pub(crate) struct Outlet {
    socket: Rc<TcpStream>,
    clock: Clock,
    waiting: RefCell<BytesMut>,
    gone: Cell<bool>,
    /// When the socket took the first bytes since the last [`Outlet::begin`].
    first: Cell<Option<Duration>>,
}

impl Outlet {
    pub(crate) fn new(socket: Rc<TcpStream>, clock: Clock) -> Self {
        Self {
            socket,
            clock,
            waiting: RefCell::default(),
            gone: Cell::new(false),
            first: Cell::new(None),
        }
    }

    /// A new answer.
    pub(crate) fn begin(&self) {
        self.first.set(None);
    }

    /// When the first bytes of the answer were taken.
    pub(crate) fn first(&self) -> Option<Duration> {
        self.first.get()
    }

    /// Whether the player's end of the connection is no more.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone.get()
    }

    /// Sends `parts` after all that was sent before.
    pub(crate) fn send(&self, parts: [&[u8]; PARTS_MAX]) {
        let mut waiting = self.waiting.borrow_mut();
        let mut taken = 0;
        if waiting.is_empty() && !self.gone.get() {
            let slices = parts.map(IoSlice::new);
            match self.socket.try_write_vectored(&slices) {
                Ok(bytes) => taken = self.took(bytes),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => self.gone.set(true),
            }
        }
        for part in parts {
            let skipped = taken.min(part.len());
            taken -= skipped;
            waiting.extend_from_slice(&part[skipped..]);
        }
    }

    fn took(&self, bytes: usize) -> usize {
        if self.first.get().is_none() {
            self.first.set(Some(self.clock.elapsed()));
        }
        bytes
    }

    /// Ready when the socket has taken everything, or the player is gone.
    pub(crate) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut waiting = self.waiting.borrow_mut();
        while !waiting.is_empty() && !self.gone.get() {
            match self.socket.try_write(&waiting) {
                Ok(bytes) => waiting.advance(self.took(bytes)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    match self.socket.poll_write_ready(cx) {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(Ok(())) => {}
                        Poll::Ready(Err(_)) => self.gone.set(true),
                    }
                }
                Err(_) => self.gone.set(true),
            }
        }
        // Its memory goes as well: most players are not slow.
        *waiting = BytesMut::new();
        Poll::Ready(())
    }

    /// Waits until everything is sent, or the player is gone.
    pub(crate) async fn flush(&self) {
        std::future::poll_fn(|cx| self.poll_flush(cx)).await;
    }
}
