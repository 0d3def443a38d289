//! One connection of a player: requests in, answers out.
//!
//! This is our own server and not an HTTP library's: a player's headers reach the origin in their
//! order and case, and an answer goes from the one read buffer of the worker into the player's
//! socket without a copy, a queue or another task in between.

mod errand;

use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use transport::{Method, Session};

use crate::gateway::House;
use crate::head::{self, HEAD_BYTES_MAX, Head};
use crate::outlet::Outlet;
use crate::refusal::Refusal;
use crate::seat::Seat;
use crate::wire;

/// How long a connection may stay without a request, as nginx has it.
pub const KEEP_ALIVE_MAX: Duration = Duration::from_secs(75);

/// How long a request head may take from its first byte to its last.
pub const HEAD_TIME_MAX: Duration = Duration::from_secs(10);

/// How long a player may go on sending after it was refused.
const LINGER_MAX: Duration = Duration::from_secs(1);

/// Bytes that are read and dropped of a player that goes on sending.
const LINGER_BYTES_MAX: usize = 64 * 1024;

/// Room for a head.
const INLET_BYTES: usize = 2 * 1024;

pub(crate) struct Connection {
    house: Rc<House>,
    socket: Rc<TcpStream>,
    outlet: Rc<Outlet>,
    /// What came and was not used yet.
    inlet: Vec<u8>,
    /// The viewer that the connection is of, and its upstream connections.
    twin: Option<(Rc<Seat>, Session)>,
}

/// What happens to the connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    GoOn,
    Close,
    /// An answer was cut off where its end can't be told from a whole one's.
    Reset,
    Gone,
}

impl Connection {
    pub(crate) fn new(house: Rc<House>, stream: TcpStream) -> Self {
        let socket = Rc::new(stream);
        let outlet = Outlet::new(Rc::clone(&socket), house.shared.clock);
        Self {
            house,
            socket,
            outlet: Rc::new(outlet),
            inlet: Vec::with_capacity(INLET_BYTES),
            twin: None,
        }
    }

    /// Serves until the player or the gateway has had enough.
    pub(crate) async fn serve(mut self) {
        loop {
            let head = match self.read_head().await {
                Ok(Some(head)) => head,
                Ok(None) => return,
                Err(refusal) => {
                    self.refuse(&refusal, false, false).await;
                    return self.close().await;
                }
            };
            let due = self.house.shared.clock.elapsed();
            self.inlet.drain(..head.len);
            match self.answer(&head, due).await {
                After::GoOn => {}
                After::Close => return self.close().await,
                After::Gone => return,
                After::Reset => {
                    // No linger: what is queued is dropped, and the player gets a reset.
                    let _ = self.socket.set_zero_linger();
                    return;
                }
            }
        }
    }

    /// The next head; `None` where the connection ends instead.
    async fn read_head(&mut self) -> Result<Option<Head>, Refusal> {
        let mut until = Instant::now() + KEEP_ALIVE_MAX;
        let mut begun = false;
        loop {
            if !self.inlet.is_empty() {
                if let Some(head) = head::parse(&self.inlet)? {
                    return Ok(Some(head));
                }
                if !std::mem::replace(&mut begun, true) {
                    until = Instant::now() + HEAD_TIME_MAX;
                }
            }
            tokio::select! {
                biased;
                open = self.read_more() => if !open {
                    return Ok(None);
                },
                () = sleep_until(until) => {
                    if begun {
                        return Err(Refusal::new(408, "the request head took longer than 10 s"));
                    }
                    return Ok(None);
                }
            }
        }
    }

    /// Waits for more of the player; false where there is none.
    async fn read_more(&mut self) -> bool {
        let before = self.inlet.len();
        poll_fn(|cx| {
            if self.poll_gone(cx) {
                Poll::Ready(false)
            } else if self.inlet.len() > before {
                Poll::Ready(true)
            } else {
                Poll::Pending
            }
        })
        .await
    }

    /// Takes in what the player sends, a head's length of it at most; whether it is gone. One that
    /// closes its half of the connection is, too: players don't, and its silence could not be told
    /// from its absence.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> bool {
        while self.inlet.len() < HEAD_BYTES_MAX {
            match self.socket.poll_read_ready(cx) {
                Poll::Pending => return false,
                Poll::Ready(Err(_)) => return true,
                Poll::Ready(Ok(())) => {}
            }
            match self.socket.try_read_buf(&mut self.inlet) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return true,
            }
        }
        false
    }

    async fn answer(&mut self, head: &Head, due: Duration) -> After {
        let goes_on = head.keep_alive && !head.has_body;
        match self.errand(head) {
            Ok(errand) => self.run(&errand, head, due).await,
            Err(refusal) => {
                let bodiless = head.method == Some(Method::Head);
                self.refuse(&refusal, goes_on, bodiless).await;
                if goes_on { After::GoOn } else { After::Close }
            }
        }
    }

    /// Answers in our own name.
    async fn refuse(&self, refusal: &Refusal, goes_on: bool, bodiless: bool) {
        let body = refusal.body();
        let mut out = Vec::with_capacity(256);
        wire::status_line(refusal.status, &mut out);
        wire::field("Content-Type", b"text/plain; charset=utf-8", &mut out);
        wire::field("Cache-Control", b"no-store", &mut out);
        wire::field(
            "Content-Length",
            body.len().to_string().as_bytes(),
            &mut out,
        );
        if refusal.status == 405 {
            wire::field("Allow", b"GET, HEAD, OPTIONS", &mut out);
        }
        let option: &[u8] = if goes_on { b"keep-alive" } else { b"close" };
        wire::field("Connection", option, &mut out);
        out.extend_from_slice(b"\r\n");
        let body = if bodiless { "" } else { &body };
        self.outlet.send([&out, body.as_bytes(), &[], &[]]);
        self.outlet.flush().await;
    }

    /// Closes so that the player can read all that was sent: a socket closed over unread bytes
    /// resets the connection, and with it the answer.
    async fn close(self) {
        drop(self.outlet);
        let Ok(mut stream) = Rc::try_unwrap(self.socket) else {
            return;
        };
        if stream.shutdown().await.is_err() {
            return;
        }
        let drain = async {
            let mut buffer = [0; 1024];
            let mut left = LINGER_BYTES_MAX;
            while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                left = left.saturating_sub(read);
                if left == 0 {
                    break;
                }
            }
        };
        let _ = timeout(LINGER_MAX, drain).await;
    }
}
