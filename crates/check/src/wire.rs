//! Requests of the check, over `transport`, with their bodies kept.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use base::{Class, Failure};
use bytes::Bytes;
use media::hls::ByteRange;
use player::Fetch;
use player::profile::request::{self, Line, Requests};
use transport::{
    Body, Clock, Error, Headers, Limits, Observer, Request, Response, Session, Timings,
};
use url::Url;

use crate::exchange::{Answer, Exchange, Failed, Hop};
use crate::probe::Settings;

/// The largest segment that is read; larger ones fail.
pub const SEGMENT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Who the page is that a player stands on: one opened from a file, as with the other viewers.
const ORIGIN: (&str, &str) = ("Origin", "null");

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) class: Class,
    pub(crate) url: Arc<Url>,
    pub(crate) byte_range: Option<ByteRange>,
    pub(crate) limits: Limits,
}

/// What came of it.
#[derive(Clone, Debug)]
pub(crate) struct Came {
    pub(crate) exchange: Exchange,
    /// Decoded; empty where nothing came.
    pub(crate) body: Bytes,
}

/// One viewer's connections.
pub(crate) struct Wire {
    session: Session,
    clock: Clock,
    requests: Requests,
    user_agent: Option<Arc<str>>,
    headers: Vec<(String, String)>,
}

impl Ask {
    /// What a player wants.
    pub(crate) fn of(fetch: &Fetch) -> Self {
        let limits = fetch.limits;
        Self {
            class: fetch.class,
            url: Arc::clone(&fetch.url),
            byte_range: fetch.byte_range,
            limits: Limits {
                connect: limits.connect,
                first_byte: limits.first_byte,
                idle: limits.stall,
                total: limits.total,
            },
        }
    }

    /// The exchange of a request of which nothing came at all.
    pub(crate) fn failed(&self, failed: Failed, timings: Timings) -> Exchange {
        let hop = Hop {
            url: Url::clone(&self.url),
            status: None,
            timings,
            reused: false,
        };
        Exchange {
            class: self.class,
            url: Arc::clone(&self.url),
            byte_range: self.byte_range,
            hops: vec![hop],
            outcome: Err(failed),
        }
    }
}

impl Wire {
    pub(crate) fn new(
        session: Session,
        clock: Clock,
        requests: Requests,
        settings: &Settings,
    ) -> Self {
        let mut headers = settings.headers.clone();
        if !headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(ORIGIN.0))
        {
            headers.push((ORIGIN.0.to_owned(), ORIGIN.1.to_owned()));
        }
        Self {
            session,
            clock,
            requests,
            user_agent: settings.user_agent.clone(),
            headers,
        }
    }

    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    /// Asks, and keeps what comes.
    pub(crate) fn get(&self, ask: Ask) -> impl Future<Output = Came> + use<> {
        let hops: Rc<RefCell<Vec<Hop>>> = Rc::default();
        let now = self.clock.elapsed();
        let running = self
            .request(&ask)
            .map(|request| self.session.start(request, Hops(Rc::clone(&hops))));
        async move {
            let result = match running {
                Ok(running) => running.await,
                Err(error) => Err(error),
            };
            let hops = hops.take();
            came(ask, result, hops, now)
        }
    }

    fn request(&self, ask: &Ask) -> Result<Request, Error> {
        let context = request::Context {
            url: &ask.url,
            class: ask.class,
            byte_range: ask.byte_range,
            first: false,
            close: false,
            user_agent: self.user_agent.as_deref(),
            etag: None,
            last_modified: None,
            if_range: None,
            no_cache: false,
            user: &self.headers,
        };
        let mut headers = Headers::new();
        for line in self.requests.lines(&context) {
            match line {
                Line::Host => headers = headers.host(),
                Line::Cookie => headers = headers.cookie(),
                Line::Given { name, value } => headers.push(name.to_owned(), &*value)?,
            }
        }
        let mut request = Request::get(Arc::clone(&ask.url), headers);
        let limit = if ask.class.is_playlist() {
            media::hls::BODY_BYTES_MAX
        } else {
            SEGMENT_BYTES_MAX
        };
        request.body = Body::Keep { limit };
        request.limits = ask.limits;
        Ok(request)
    }
}

fn came(ask: Ask, result: Result<Response, Error>, hops: Vec<Hop>, began: Duration) -> Came {
    let nothing = Timings {
        started: began,
        ended: began,
        ..Timings::default()
    };
    match result {
        Ok(response) => Came {
            body: response.body.clone(),
            exchange: Exchange {
                class: ask.class,
                url: ask.url,
                byte_range: ask.byte_range,
                hops,
                outcome: Ok(Answer {
                    head: response.head,
                    final_url: response.final_url,
                    bytes: response.body_bytes,
                }),
            },
        },
        Err(error) => {
            let failed = Failed {
                failure: error.failure(),
                words: error.to_string(),
            };
            let mut exchange = ask.failed(failed, nothing);
            if !hops.is_empty() {
                exchange.hops = hops;
            }
            Came {
                body: Bytes::new(),
                exchange,
            }
        }
    }
}

/// Writes down each request of an exchange.
struct Hops(Rc<RefCell<Vec<Hop>>>);

impl Observer for Hops {
    fn hop_end(&mut self, hop: &transport::Hop<'_>) {
        tracing::debug!(
            url = %transport::mask::url(hop.url.as_str()),
            outcome = ?hop.outcome,
            status = hop.status,
            bytes = hop.body_bytes,
            took = ?hop.timings.ended.saturating_sub(hop.timings.started),
            "request"
        );
        self.0.borrow_mut().push(Hop {
            url: hop.url.clone(),
            status: hop.status,
            timings: hop.timings,
            reused: hop.reused,
        });
    }
}

/// Requests under way: a player has one or two.
#[derive(Default)]
pub(crate) struct InFlight {
    running: Vec<Running>,
}

struct Running {
    fetch: Fetch,
    began: Duration,
    coming: Pin<Box<dyn Future<Output = Came>>>,
}

impl InFlight {
    pub(crate) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    pub(crate) fn start(&mut self, wire: &Wire, fetch: Fetch) {
        let coming = Box::pin(wire.get(Ask::of(&fetch)));
        let began = wire.clock().elapsed();
        self.running.push(Running {
            fetch,
            began,
            coming,
        });
    }

    /// Gives a request up: its connection is closed.
    pub(crate) fn cancel(&mut self, id: player::FetchId) {
        self.running.retain(|running| running.fetch.id != id);
    }

    /// The next that ends; waits for ever where none is under way.
    pub(crate) async fn next(&mut self) -> (Fetch, Came) {
        poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<(Fetch, Came)> {
        for place in 0..self.running.len() {
            if let Poll::Ready(came) = self.running[place].coming.as_mut().poll(context) {
                let running = self.running.remove(place);
                return Poll::Ready((running.fetch, came));
            }
        }
        Poll::Pending
    }

    /// Those that have not ended by `now`, as failures.
    pub(crate) fn give_up(&mut self, now: Duration) -> Vec<(Fetch, Came)> {
        let given_up = self.running.drain(..).map(|running| {
            let took = now.saturating_sub(running.began);
            let failed = Failed {
                failure: Failure::ReadTimedOut,
                words: format!(
                    "not there after {}, when the check ended",
                    crate::words::time(took)
                ),
            };
            let timings = Timings {
                started: running.began,
                ended: now,
                ..Timings::default()
            };
            let exchange = Ask::of(&running.fetch).failed(failed, timings);
            let body = Bytes::new();
            (running.fetch, Came { exchange, body })
        });
        given_up.collect()
    }
}
