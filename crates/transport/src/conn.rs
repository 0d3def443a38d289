//! One open connection: a socket, and TLS records over it where the scheme asks for them.
//!
//! Between exchanges it holds no buffer. Everything is read into the worker's [`Scratch`] and
//! handed on from there.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustix::net::{RecvFlags, recv};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

use crate::network::strand::Strand;
use crate::scratch::{READ_BYTES_MAX, Scratch};
use crate::tls::Records;
use crate::{Error, Wire, socket_option};

/// Gets the bytes of a stream as they are read.
pub(crate) type Reader<'a> = &'a mut dyn FnMut(&[u8]) -> Result<(), Error>;

/// What a read gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// This many bytes off the socket.
    Bytes(usize),
    /// The end of the stream.
    End(End),
}

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// As the protocol has it: TCP FIN, over TLS after a `close_notify`.
    Clean,
    /// TLS without a `close_notify`: bytes may have been cut off.
    Cut,
}

#[derive(Debug)]
pub(crate) struct Conn {
    tcp: TcpStream,
    tls: Option<Box<Records>>,
    /// Its part in a modelled network.
    strand: Option<Box<Strand>>,
    remote: SocketAddr,
    wire: Wire,
    /// What the socket has not taken yet.
    out: Vec<u8>,
    reused: bool,
    /// With how many bytes the socket becomes readable, where not with the first.
    marked: Option<u32>,
    /// The socket may hold bytes that it has not told of.
    untold: bool,
}

impl Conn {
    /// A new connection. `wire` is what the TLS handshake took.
    pub(crate) fn new(
        tcp: TcpStream,
        remote: SocketAddr,
        tls: Option<Box<Records>>,
        wire: Wire,
    ) -> Self {
        Self {
            tcp,
            tls,
            strand: None,
            remote,
            wire,
            out: Vec::new(),
            reused: false,
            marked: None,
            untold: false,
        }
    }

    /// The same, through a modelled network where there is one.
    pub(crate) fn through(self, strand: Option<Box<Strand>>) -> Self {
        Self { strand, ..self }
    }

    /// Its part in a modelled network, where there is one.
    pub(crate) fn strand(&mut self) -> Option<&mut Strand> {
        self.strand.as_deref_mut()
    }

    /// How much of `most` bytes a modelled network lets through.
    fn granted(&self, most: usize) -> usize {
        match &self.strand {
            None => most,
            Some(strand) => usize::try_from(strand.granted()).map_or(most, |bytes| bytes.min(most)),
        }
    }

    fn received(&mut self, bytes: usize) {
        self.wire.received += bytes as u64;
        if let Some(strand) = &mut self.strand {
            strand.took(bytes as u64);
        }
    }

    pub(crate) fn remote(&self) -> SocketAddr {
        self.remote
    }

    /// Bytes on the socket since the connection was made.
    pub(crate) fn wire(&self) -> Wire {
        self.wire
    }

    /// Whether it carried an exchange before the running one.
    pub(crate) fn is_reused(&self) -> bool {
        self.reused
    }

    /// Hands `bytes` to the socket; what it does not take now waits for [`poll_flush`].
    ///
    /// [`poll_flush`]: Self::poll_flush
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if let Some(records) = &mut self.tls {
            records.seal(bytes, &mut self.out)?;
            return self.write_out();
        }
        if self.out.is_empty() {
            let taken = self.try_write(bytes)?;
            self.out.extend_from_slice(&bytes[taken..]);
        } else {
            self.out.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn try_write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        match self.tcp.try_write(bytes) {
            Ok(taken) => {
                self.wire.sent += taken as u64;
                Ok(taken)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(Error::Io(error)),
        }
    }

    fn write_out(&mut self) -> Result<(), Error> {
        let out = std::mem::take(&mut self.out);
        let taken = self.try_write(&out)?;
        if taken < out.len() {
            self.out = out;
            self.out.drain(..taken);
        }
        Ok(())
    }

    /// Ready when the socket has taken all that was sent.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while !self.out.is_empty() {
            let taken = ready!(Pin::new(&mut self.tcp).poll_write(cx, &self.out));
            let taken = taken.map_err(Error::Io)?;
            self.wire.sent += taken as u64;
            self.out.drain(..taken);
        }
        self.out = Vec::new();
        Poll::Ready(Ok(()))
    }

    /// Reads once and hands what came to `reader`: at most `most` bytes as they came, or what was
    /// in its TLS records.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut Scratch,
        most: usize,
        reader: Reader<'_>,
    ) -> Poll<Result<Read, Error>> {
        let (buffer, spare) = scratch.parts();
        let granted = self.granted(READ_BYTES_MAX);
        let Some(records) = &mut self.tls else {
            let mut read = ReadBuf::new(&mut buffer[..most.min(granted)]);
            ready!(Pin::new(&mut self.tcp).poll_read(cx, &mut read)).map_err(Error::Io)?;
            let filled = read.filled();
            self.received(filled.len());
            return Poll::Ready(match filled.len() {
                0 => Ok(Read::End(End::Clean)),
                bytes => reader(filled).map(|()| Read::Bytes(bytes)),
            });
        };
        if records.is_closed() {
            return Poll::Ready(Ok(Read::End(End::Clean)));
        }
        let mut bytes = 0;
        if !records.has_unread() {
            let before = records.unfinished();
            let mut read = ReadBuf::new(&mut buffer[before..before + granted]);
            ready!(Pin::new(&mut self.tcp).poll_read(cx, &mut read)).map_err(Error::Io)?;
            bytes = read.filled().len();
            self.wire.received += bytes as u64;
            if let Some(strand) = &mut self.strand {
                strand.took(bytes as u64);
            }
            if bytes == 0 {
                return Poll::Ready(Ok(Read::End(End::Cut)));
            }
        }
        records.open(buffer, bytes, spare, &mut self.out, reader)?;
        if !self.out.is_empty() {
            self.write_out()?;
        }
        Poll::Ready(Ok(Read::Bytes(bytes)))
    }

    /// Drops up to `limit` bytes of the stream that nobody needs to see, inside the kernel where it
    /// can (`tcp(7)`: with `MSG_TRUNC` they are counted and not copied). `None`: they must be read.
    pub(crate) fn poll_discard(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut Scratch,
        limit: u64,
    ) -> Option<Poll<Result<Read, Error>>> {
        if self.tls.is_some() || limit == 0 {
            return None;
        }
        let room = scratch.room(limit);
        let most = self.granted(room.len());
        let room = &mut room[..most];
        if std::mem::take(&mut self.untold) {
            match drop_bytes(&self.tcp, room) {
                Ok(0) => return Some(Poll::Ready(Ok(Read::End(End::Clean)))),
                Ok(bytes) => return Some(Poll::Ready(Ok(self.dropped(bytes)))),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Some(Poll::Ready(Err(Error::Io(error)))),
            }
        }
        Some(loop {
            match self.tcp.poll_read_ready(cx) {
                Poll::Pending => break Poll::Pending,
                Poll::Ready(Err(error)) => break Poll::Ready(Err(Error::Io(error))),
                Poll::Ready(Ok(())) => {}
            }
            match discard(&self.tcp, room) {
                Ok(None) => {}
                Ok(Some(0)) => break Poll::Ready(Ok(Read::End(End::Clean))),
                Ok(Some(bytes)) => break Poll::Ready(Ok(self.dropped(bytes))),
                Err(error) => break Poll::Ready(Err(Error::Io(error))),
            }
        })
    }

    fn dropped(&mut self, bytes: usize) -> Read {
        self.received(bytes);
        Read::Bytes(bytes)
    }

    /// With how many bytes the socket becomes readable, where not with the first.
    pub(crate) fn marked(&self) -> Option<u32> {
        self.marked
    }

    /// Whether the socket may hold bytes that it has not told of.
    pub(crate) fn has_untold(&self) -> bool {
        self.untold
    }

    /// Whether bytes come in TLS records.
    pub(crate) fn is_sealed(&self) -> bool {
        self.tls.is_some()
    }

    /// The socket becomes readable with `mark` bytes, or with the first.
    pub(crate) fn mark(&mut self, mark: Option<u32>) -> Result<(), Error> {
        if self.marked == mark {
            return Ok(());
        }
        let set =
            socket_option::set_low_water(&self.tcp, mark.unwrap_or(socket_option::FIRST_BYTE));
        self.marked = mark;
        set.map_err(Error::Io)
    }

    /// The socket becomes readable with the first byte again; what is there already is looked for
    /// without waiting to be told of it.
    pub(crate) fn unmark(&mut self) -> Result<(), Error> {
        self.untold = true;
        self.mark(None)
    }

    /// Whether an idle connection may carry another exchange: it is open, and the server said
    /// nothing out of turn.
    pub(crate) fn is_alive(&mut self, scratch: &mut Scratch) -> bool {
        let (buffer, spare) = scratch.parts();
        let Some(records) = &mut self.tls else {
            return is_silent(&self.tcp.try_read(&mut buffer[..1]));
        };
        loop {
            let before = records.unfinished();
            let read = self
                .tcp
                .try_read(&mut buffer[before..before + READ_BYTES_MAX]);
            let bytes = match read {
                Ok(bytes) if bytes > 0 => bytes,
                other => return is_silent(&other) && !records.is_closed(),
            };
            self.wire.received += bytes as u64;
            // Session tickets and key updates may come at any time; anything else is out of turn.
            let mut refuse = |_: &[u8]| Err(Error::Protocol("a response that nobody asked for"));
            let opened = records.open(buffer, bytes, spare, &mut self.out, &mut refuse);
            if opened.is_err() || records.is_closed() {
                return false;
            }
        }
    }

    /// Makes it ready for the session's next exchange, if that can be done.
    pub(crate) fn rest(&mut self) -> Result<(), Error> {
        self.reused = true;
        self.out = Vec::new();
        self.mark(None)
    }

    /// Says good-bye where the protocol has a word for it, then closes.
    pub(crate) fn close(mut self) {
        if let Some(records) = &mut self.tls
            && records.close(&mut self.out).is_ok()
        {
            // The socket is closed next: a good-bye that does not fit is not said.
            let _ = self.write_out();
        }
    }
}

/// Drops what has come, as much as `room` is long; `None`: nothing has. `room` is not written to.
fn discard(tcp: &TcpStream, room: &mut [u8]) -> io::Result<Option<usize>> {
    let wanted = room.len();
    let mut dropped = None;
    let tried = tcp.try_io(Interest::READABLE, || {
        let bytes = drop_bytes(tcp, room)?;
        dropped = Some(bytes);
        // Fewer than there was room for were all there were: the next look waits for the socket
        // to say that more came, instead of asking it in vain.
        if bytes > 0 && bytes < wanted {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(())
    });
    match tried {
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(dropped),
    }
}

fn drop_bytes(tcp: &TcpStream, room: &mut [u8]) -> io::Result<usize> {
    let (_, bytes) = recv(tcp, room, RecvFlags::TRUNC)?;
    Ok(bytes)
}

fn is_silent(read: &io::Result<usize>) -> bool {
    matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;

    const MARK: usize = 64 * 1024;

    /// Our end of a connection, which waits for [`MARK`] bytes, and the peer's.
    async fn marked() -> (Conn, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let remote = listener.local_addr().unwrap();
        let ours = TcpStream::connect(remote).await.unwrap();
        let (theirs, _) = listener.accept().await.unwrap();
        theirs.set_nodelay(true).unwrap();
        let mut conn = Conn::new(ours, remote, None, Wire::default());
        conn.mark(Some(MARK as u32)).unwrap();
        (conn, theirs)
    }

    async fn discard(conn: &mut Conn) -> Result<Read, Error> {
        let mut scratch = Scratch::new();
        poll_fn(|cx| conn.poll_discard(cx, &mut scratch, u64::MAX).unwrap()).await
    }

    #[tokio::test]
    async fn a_marked_socket_is_read_when_enough_is_there() {
        let (mut conn, mut peer) = marked().await;
        let sending = async {
            for _ in 0..8 {
                peer.write_all(&[0; MARK / 8]).await.unwrap();
                // The reader's turn, in which it finds too little.
                tokio::task::yield_now().await;
            }
        };
        let (read, ()) = tokio::join!(discard(&mut conn), sending);
        assert_eq!(read.unwrap(), Read::Bytes(MARK));
        conn.mark(None).unwrap();
        peer.write_all(&[0]).await.unwrap();
        assert_eq!(discard(&mut conn).await.unwrap(), Read::Bytes(1));
    }

    #[tokio::test]
    async fn a_marked_socket_tells_of_an_early_end() {
        let (mut conn, mut peer) = marked().await;
        peer.write_all(&[0; 10]).await.unwrap();
        drop(peer);
        assert_eq!(discard(&mut conn).await.unwrap(), Read::Bytes(10));
        assert_eq!(discard(&mut conn).await.unwrap(), Read::End(End::Clean));
        let (mut conn, peer) = marked().await;
        peer.set_zero_linger().unwrap();
        drop(peer);
        assert!(matches!(discard(&mut conn).await, Err(Error::Io(_))));
    }

    #[tokio::test]
    async fn what_a_mark_kept_back_is_found_without_being_told() {
        let (mut conn, mut peer) = marked().await;
        peer.write_all(&[0; 10]).await.unwrap();
        conn.unmark().unwrap();
        let mut scratch = Scratch::new();
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let read = conn.poll_discard(&mut cx, &mut scratch, u64::MAX);
        assert!(
            matches!(read, Some(Poll::Ready(Ok(Read::Bytes(10))))),
            "{read:?}"
        );
    }

    /// More than a socket's buffer holds at first: the buffer grows, or the reader would wait for
    /// ever.
    #[tokio::test]
    async fn a_mark_has_room() {
        let (mut conn, mut peer) = marked().await;
        let much = crate::WAIT_BYTES_MAX as usize;
        conn.mark(Some(much as u32)).unwrap();
        let sending = async { peer.write_all(&vec![0; much]).await.unwrap() };
        let mut got = 0;
        let receiving = async {
            while got < much {
                match discard(&mut conn).await.unwrap() {
                    Read::Bytes(bytes) => got += bytes,
                    Read::End(_) => break,
                }
                let rest = (much - got) as u32;
                conn.mark((rest > 0).then_some(rest)).unwrap();
            }
        };
        tokio::join!(receiving, sending);
        assert_eq!(got, much);
    }
}
