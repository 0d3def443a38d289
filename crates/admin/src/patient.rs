//! A connection that waits for its peer, but not for ever.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// A peer that takes nothing for this long is given up.
const WRITE_TIME: Duration = Duration::from_secs(20);
/// How long what a peer still sends is thrown away after the last answer, so that it can read
/// that answer: closed at once, the system would tear it away (as RFC 9112, 9.6, has it).
const LINGER: Duration = Duration::from_secs(2);
/// What is thrown away at a time.
const SCRATCH: usize = 16 * 1024;

/// A stream whose writes have a time limit, and whose end is not abrupt.
#[derive(Debug)]
pub(crate) struct Patient {
    stream: TcpStream,
    /// Set while a write, or the peer's end, is waited for.
    deadline: Option<Pin<Box<Sleep>>>,
    /// Our end is closed.
    closed: bool,
}

impl Patient {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            deadline: None,
            closed: false,
        }
    }

    /// What a write came to; an error where it has been waited for too long.
    fn within<T>(
        &mut self,
        cx: &mut Context<'_>,
        limit: Duration,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.deadline = None;
            return written;
        }
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Throws away what comes, until the peer ends.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut scratch = [0; SCRATCH];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.within(cx, WRITE_TIME, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.within(cx, WRITE_TIME, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.closed {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.closed = true;
            self.deadline = Some(Box::pin(sleep(LINGER)));
        }
        // A peer that never stops sending is not listened to for ever.
        let late = self
            .deadline
            .as_ref()
            .is_none_or(|end| Instant::now() >= end.deadline());
        let drained = if late {
            Poll::Pending
        } else {
            self.poll_drain(cx)
        };
        self.within(cx, LINGER, drained)
    }
}
