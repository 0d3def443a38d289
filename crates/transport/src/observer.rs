use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Duration;

use base::Outcome;
use url::Url;

use crate::{Error, Head, Timings, Wire};

/// Is told about every request of an exchange as it happens: the redirects, those that were lost
/// and had to be sent again, and the last one.
///
/// Calls come from within the exchange's future (or its drop), on its thread, and must return
/// quickly. The methods do nothing unless written.
pub trait Observer {
    /// A request begins (before its connection is found).
    fn hop_begin(&mut self, _start: &HopStart<'_>) {}
    /// The response head arrived (not for 1xx).
    fn head(&mut self, _head: &Head, _at: Duration) {}
    /// `bytes` more of the body arrived, without transfer framing, before decompression.
    fn body(&mut self, _bytes: usize, _at: Duration) {}
    /// A run of the body, as it came, of a request that asks for [`Body::Stream`]; `body` has
    /// counted it. An error ends the exchange. At most [`READ_BYTES_MAX`] at once.
    ///
    /// [`Body::Stream`]: crate::Body::Stream
    /// [`READ_BYTES_MAX`]: crate::READ_BYTES_MAX
    fn chunk(&mut self, _bytes: &[u8]) -> Result<(), Error> {
        Ok(())
    }
    /// Whether more of a streamed body may be read. `Pending` wakes the exchange later; until then
    /// nothing is taken off its socket, and the idle limit stands still.
    fn poll_room(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
    /// The request ended. Comes exactly once for each `hop_begin`.
    fn hop_end(&mut self, _hop: &Hop<'_>) {}
}

impl<O: Observer + ?Sized> Observer for &mut O {
    fn hop_begin(&mut self, start: &HopStart<'_>) {
        (**self).hop_begin(start);
    }
    fn head(&mut self, head: &Head, at: Duration) {
        (**self).head(head, at);
    }
    fn body(&mut self, bytes: usize, at: Duration) {
        (**self).body(bytes, at);
    }
    fn chunk(&mut self, bytes: &[u8]) -> Result<(), Error> {
        (**self).chunk(bytes)
    }
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        (**self).poll_room(cx)
    }
    fn hop_end(&mut self, hop: &Hop<'_>) {
        (**self).hop_end(hop);
    }
}

/// Nobody watches.
impl Observer for () {}

/// A request that begins.
#[derive(Clone, Copy, Debug)]
pub struct HopStart<'a> {
    /// What it asks for.
    pub url: &'a Url,
    /// How many requests of the same exchange came before it.
    pub index: u16,
    /// When it began.
    pub at: Duration,
}

/// A request that ended.
#[derive(Clone, Copy, Debug)]
pub struct Hop<'a> {
    /// What it asked for.
    pub url: &'a Url,
    /// How many requests of the same exchange came before it.
    pub index: u16,
    /// 200, 206, 304 and a followed redirect are ok; any other whole response is its status.
    pub outcome: Outcome,
    /// The response's status, if its head arrived.
    pub status: Option<u16>,
    /// When things happened.
    pub timings: Timings,
    /// Body bytes received, without transfer framing, before decompression.
    pub body_bytes: u64,
    /// Bytes on the socket for this request.
    pub wire: Wire,
    /// Whether the connection had carried an exchange before.
    pub reused: bool,
    /// The server's address, once connected.
    pub remote: Option<SocketAddr>,
}
