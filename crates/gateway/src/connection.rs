//! One connection of a player: requests in, answers out.
//!
//! This is our own server and not an HTTP library's: a player's headers reach the origin in their
//! order and case, and an answer goes from the one read buffer of the worker into the player's
//! socket without a copy, a queue or another task in between.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use base::Class;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use transport::{Body, Method, Response, Session};
use url::Url;
use viewer::exchange::{Asked, Record, Watch};

use crate::gateway::House;
use crate::guest::{Ended, Seat, Visit};
use crate::head::{self, HEAD_BYTES_MAX, Head};
use crate::list;
use crate::outlet::Outlet;
use crate::refusal::Refusal;
use crate::relay::{Course, Ear, Relay, Request};
use crate::{class, extent, wire};

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

/// A request that is passed on.
struct Errand {
    seat: Rc<Seat>,
    session: Session,
    url: Arc<Url>,
    method: Method,
    headers: transport::Headers,
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

    /// What a request asks for, if it may be asked.
    fn errand(&mut self, head: &Head) -> Result<Errand, Refusal> {
        let route = self.house.paths.parse(&head.target)?;
        let method = head.method.ok_or_else(|| {
            Refusal::new(405, "GET, HEAD and OPTIONS are passed on, and nothing else")
        })?;
        if head.has_body {
            return Err(Refusal::new(413, "a request with a body is not passed on"));
        }
        if !self.house.names.borrow().is_allowed(&route.url) {
            let origin = route.url.origin().ascii_serialization();
            return Err(Refusal::new(
                403,
                format!("{origin} is neither the stream's origin nor named by its playlists"),
            ));
        }
        let seat = self.house.seat_of(route.viewer)?;
        let headers = wire::request(head, &self.house.config.headers)
            .map_err(|error| Refusal::new(400, error.to_string()))?;
        Ok(Errand {
            session: self.session(&seat),
            seat,
            url: Arc::new(route.url),
            method,
            headers,
        })
    }

    /// The upstream connections of this connection's viewer: as the player keeps this one, they are
    /// kept, and when it closes this one they close.
    fn session(&mut self, seat: &Rc<Seat>) -> Session {
        match &self.twin {
            Some((mine, session)) if Rc::ptr_eq(mine, seat) => session.clone(),
            _ => {
                let session = seat.session.sibling();
                self.twin = Some((Rc::clone(seat), session.clone()));
                session
            }
        }
    }

    async fn run(&mut self, errand: &Errand, head: &Head, due: Duration) -> After {
        let relay = self.relay(errand, head, due);
        let mut request = transport::Request::get(Arc::clone(&errand.url), errand.headers.clone());
        request.method = errand.method;
        request.body = Body::Stream;
        request.limits = self.house.config.limits;
        let ear = Ear {
            relay: Rc::clone(&relay),
            watch: Watch(Rc::clone(&relay.record)),
        };
        let ended = {
            let mut exchange = pin!(errand.session.start(request, ear));
            let ended = poll_fn(|cx| {
                if let Poll::Ready(ended) = exchange.as_mut().poll(cx) {
                    return Poll::Ready(Some(ended));
                }
                if self.outlet.is_gone() || self.poll_gone(cx) {
                    return Poll::Ready(None);
                }
                Poll::Pending
            });
            tokio::select! {
                biased;
                () = errand.seat.stop.told() => None,
                ended = ended => ended,
            }
        };
        match ended {
            // The exchange is dropped, and with it the request is recorded as cancelled.
            None => After::Gone,
            Some(Ok(response)) => self.deliver(errand, head, &relay, &response).await,
            Some(Err(error)) => self.fail(errand, head, &relay, &error).await,
        }
    }

    fn relay(&self, errand: &Errand, head: &Head, due: Duration) -> Rc<Relay> {
        let shared = &self.house.shared;
        let url = &errand.url;
        let asked = extent::asked(head.get("range"));
        let named = self.house.names.borrow().class(url, asked);
        let known = named.or_else(|| class::of_name(url));
        let first = errand.seat.awaits_a_list();
        let presumed = match known {
            // A stream's first playlist is a multivariant one until it says otherwise.
            Some(Class::Playlist) if named.is_none() && first => Class::Multivariant,
            None if first => Class::Multivariant,
            known => known.unwrap_or(Class::Other),
        };
        let record = Record::of(
            Rc::clone(shared),
            Asked {
                viewer: errand.seat.place(),
                class: presumed,
                due,
            },
        );
        let told = errand.method == Method::Get;
        let visit = Visit::begin(shared, &errand.seat, url, asked, told);
        let request = Request {
            method: errand.method,
            old: head.old,
            keep_alive: head.keep_alive,
            known,
            guessed: named.is_none(),
        };
        Relay::new(request, record, visit, Rc::clone(&self.outlet), due)
    }

    /// The origin's answer is whole.
    async fn deliver(
        &mut self,
        errand: &Errand,
        head: &Head,
        relay: &Relay,
        response: &Response,
    ) -> After {
        let gathered = match &mut *relay.course.borrow_mut() {
            Course::Gathering(body) => Some(std::mem::take(body)),
            _ => None,
        };
        if let Some(body) = gathered {
            relay.is_there(response.timings.ended);
            let list = list::List {
                house: &self.house,
                seat: &errand.seat,
                target: &head.target,
                asked: &errand.url,
                response,
                relay,
            };
            list.pass(body, &self.outlet);
        } else {
            relay.visit.end(list::ended(response));
            relay.finish();
        }
        self.outlet.flush().await;
        self.house.shares.borrow_mut().record(relay.stops());
        match relay.goes_on() {
            _ if self.outlet.is_gone() => After::Gone,
            true => After::GoOn,
            false => After::Close,
        }
    }

    /// There is no whole answer.
    async fn fail(
        &mut self,
        errand: &Errand,
        head: &Head,
        relay: &Relay,
        error: &transport::Error,
    ) -> After {
        let failure = error.failure();
        let class = relay.record.class();
        let shared = &self.house.shared;
        shared.failed(class, &errand.url, failure, error);
        relay.visit.end(Ended::Failed(Some(failure)));
        if !relay.has_begun() {
            let refusal = Refusal::upstream(&errand.url, error);
            let bodiless = errand.method == Method::Head;
            self.refuse(&refusal, head.keep_alive, bodiless).await;
            return if head.keep_alive {
                After::GoOn
            } else {
                After::Close
            };
        }
        // What came before it broke off is the player's.
        self.outlet.flush().await;
        if head.old { After::Reset } else { After::Gone }
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
