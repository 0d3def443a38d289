//! A request that is passed on, from the player's head to the end of its answer.

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use base::Class;
use transport::{Body, Method, Response, Session};
use url::Url;
use viewer::exchange::{Asked, Record, Watch};

use super::{After, Connection};
use crate::head::Head;
use crate::refusal::Refusal;
use crate::relay::{Course, Ear, Relay, Request};
use crate::seat::Seat;
use crate::visit::{Ended, Visit};
use crate::{class, extent, list, wire};

/// What is asked, and for whom.
pub(super) struct Errand {
    seat: Rc<Seat>,
    session: Session,
    url: Arc<Url>,
    method: Method,
    headers: transport::Headers,
}

impl Connection {
    /// What a request asks for, if it may be asked.
    pub(super) fn errand(&mut self, head: &Head) -> Result<Errand, Refusal> {
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
        let own = self.house.config.headers.iter().chain(&*seat.headers);
        let headers =
            wire::request(head, own).map_err(|error| Refusal::new(400, error.to_string()))?;
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

    pub(super) async fn run(&mut self, errand: &Errand, head: &Head, due: Duration) -> After {
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
            Course::Gathering(body) => Some((std::mem::take(body), None)),
            Course::Json(_, body) => Some((std::mem::take(body), Some(head.get("host")))),
            _ => None,
        };
        if let Some((body, json)) = gathered {
            relay.is_there(response.timings.ended);
            let list = list::List {
                house: &self.house,
                seat: &errand.seat,
                target: &head.target,
                asked: &errand.url,
                response,
                relay,
            };
            match json {
                None => list.pass(body, &self.outlet),
                Some(host) => list.pass_json(host, body, &self.outlet),
            }
        } else {
            if let Some(failure) = response.failure() {
                let class = relay.record.class();
                let shared = &self.house.shared;
                shared.failed(class, &response.final_url, failure, &failure);
            }
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
}
