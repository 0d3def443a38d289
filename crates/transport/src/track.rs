//! One request of an exchange, as its observer is told about it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use base::Outcome;
use url::Url;

use crate::conn::Conn;
use crate::{Clock, Error, Head, Hop, HopStart, Observer, Timings, Wire};

/// Tells an observer about one request: its begin, and exactly one end, whatever happens.
#[derive(Debug)]
pub(crate) struct Track<'a, O: Observer> {
    observer: &'a mut O,
    clock: Clock,
    pub(crate) url: Arc<Url>,
    index: u16,
    pub(crate) timings: Timings,
    pub(crate) status: Option<u16>,
    pub(crate) body_bytes: u64,
    /// What the connection had carried before this request.
    base: Wire,
    pub(crate) wire: Wire,
    pub(crate) reused: bool,
    pub(crate) remote: Option<SocketAddr>,
    ended: bool,
}

impl<'a, O: Observer> Track<'a, O> {
    pub(crate) fn begin(observer: &'a mut O, clock: Clock, url: Arc<Url>, index: u16) -> Self {
        let at = clock.elapsed();
        observer.hop_begin(&HopStart {
            url: &url,
            index,
            at,
        });
        Self {
            observer,
            clock,
            url,
            index,
            timings: Timings {
                started: at,
                ended: at,
                ..Timings::default()
            },
            status: None,
            body_bytes: 0,
            base: Wire::default(),
            wire: Wire::default(),
            reused: false,
            remote: None,
            ended: false,
        }
    }

    /// The request goes over `conn`.
    pub(crate) fn takes(&mut self, conn: &Conn) {
        self.reused = conn.is_reused();
        self.remote = Some(conn.remote());
        self.base = if self.reused {
            conn.wire()
        } else {
            Wire::default()
        };
        self.moved(conn);
    }

    /// Bytes went over `conn`.
    pub(crate) fn moved(&mut self, conn: &Conn) {
        let wire = conn.wire();
        self.wire = Wire {
            sent: wire.sent - self.base.sent,
            received: wire.received - self.base.received,
        };
    }

    pub(crate) fn head(&mut self, head: &Head, at: Duration) {
        self.status = Some(head.status);
        self.observer.head(head, at);
    }

    pub(crate) fn body(&mut self, bytes: usize, at: Duration) {
        self.body_bytes += bytes as u64;
        self.observer.body(bytes, at);
    }

    pub(crate) fn chunk(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.observer.chunk(bytes)
    }

    pub(crate) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.observer.poll_room(cx)
    }

    /// The request ended now.
    pub(crate) fn end(&mut self, outcome: Outcome) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.timings.ended = self.clock.elapsed();
        self.observer.hop_end(&Hop {
            url: &self.url,
            index: self.index,
            outcome,
            status: self.status,
            timings: self.timings,
            body_bytes: self.body_bytes,
            wire: self.wire,
            reused: self.reused,
            remote: self.remote,
        });
    }
}

impl<O: Observer> Drop for Track<'_, O> {
    fn drop(&mut self) {
        self.end(Outcome::Cancelled);
    }
}
