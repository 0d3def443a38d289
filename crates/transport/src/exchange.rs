//! One exchange: its requests one after the other, each over one connection.

use std::cell::Cell;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use base::Outcome;
use bytes::Bytes;
use url::Url;

use crate::conn::{Conn, End, Read};
use crate::connect::connect;
use crate::credentials::basic;
use crate::decoder::Decoder;
use crate::encode::{RequestHead, encode};
use crate::intake::Intake;
use crate::network::strand::Strand;
use crate::patience::WAIT_MAX;
use crate::pool::Slot;
use crate::session::Inner;
use crate::timer::{Deadline, Timer};
use crate::track::Track;
use crate::{
    After, Body, Error, Head, Observer, Open, Phase, Request, Response, encoding, redirect,
};

/// Bytes that one connection may take off its socket before others get their turn.
pub const TURN_BYTES_MAX: usize = 512 * 1024;

/// Runs `request`, its redirects, and what of it has to be sent again.
pub(crate) async fn run<O: Observer>(
    session: Rc<Inner>,
    request: Request,
    mut observer: O,
) -> Result<Response, Error> {
    let clock = session.shared.clock;
    let mut timer = Timer::new(clock, request.limits, clock.elapsed());
    let mut url = Arc::clone(&request.url);
    let mut crossed = false;
    let mut redirects = 0;
    let mut index = 0;
    let mut turn = Turn::First;
    loop {
        let mut track = Track::begin(&mut observer, clock, Arc::clone(&url), index);
        index += 1;
        let mut hop = Hop {
            session: &session,
            request: &request,
            timer: &mut timer,
            track: &mut track,
            crossed,
        };
        let ended = match hop.run(std::mem::take(&mut turn)).await {
            Ok(Ended::Whole(done)) => judge(&request, redirects, &track, done),
            Ok(Ended::Lost(error, slot)) => {
                let url = crate::mask::url(url.as_str());
                tracing::debug!(%url, "sent again on a new connection: {error}");
                track.end(Outcome::Failed(error.failure()));
                turn = Turn::Again(slot);
                continue;
            }
            Err(error) => Err(error),
        };
        match ended {
            Ok(Verdict::Follow(next)) => {
                track.end(Outcome::Ok);
                crossed |= next.origin() != url.origin();
                url = Arc::new(next);
                redirects += 1;
            }
            Ok(Verdict::Last(response)) => {
                track.end(match response.failure() {
                    None => Outcome::Ok,
                    Some(failure) => Outcome::Failed(failure),
                });
                return Ok(Response {
                    timings: track.timings,
                    ..*response
                });
            }
            Err(error) => {
                track.end(Outcome::Failed(error.failure()));
                return Err(error);
            }
        }
    }
}

/// Which turn it is of a request that may be lost on its way.
#[derive(Default)]
enum Turn {
    #[default]
    First,
    /// It was lost, and goes out on a new connection in the slot that it had. Such a one cannot
    /// be lost the same way, so there is no third turn.
    Again(Slot),
}

/// How one request ended, where it did not fail for good.
enum Ended {
    Whole(Done),
    /// The server closed a reused connection without a byte of an answer. It may never have seen
    /// the request, and all methods are idempotent, so it is sent again (RFC 9112, 9.3.1).
    Lost(Error, Slot),
}

/// A whole response and what came with it.
struct Done {
    head: Head,
    kept: Vec<u8>,
    remote: SocketAddr,
}

/// What follows from a response.
enum Verdict {
    Follow(Url),
    Last(Box<Response>),
}

fn judge<O: Observer>(
    request: &Request,
    redirects: u8,
    track: &Track<'_, O>,
    done: Done,
) -> Result<Verdict, Error> {
    if redirect::is_redirect(done.head.status) {
        if redirects >= request.redirects {
            return Err(Error::Redirect("more of them than are followed"));
        }
        return redirect::target(&track.url, &done.head.fields).map(Verdict::Follow);
    }
    let body = match request.body {
        Body::Keep { limit } if !done.kept.is_empty() => {
            encoding::decode(&done.head.fields, done.kept, limit)?
        }
        _ => Bytes::new(),
    };
    Ok(Verdict::Last(Box::new(Response {
        head: done.head,
        final_url: Arc::clone(&track.url),
        body,
        timings: track.timings,
        body_bytes: track.body_bytes,
        wire: track.wire,
        reused: track.reused,
        remote: done.remote,
        redirects,
    })))
}

/// One request and its response.
struct Hop<'a, 'o, O: Observer> {
    session: &'a Rc<Inner>,
    request: &'a Request,
    timer: &'a mut Timer,
    track: &'a mut Track<'o, O>,
    crossed: bool,
}

impl<O: Observer> Hop<'_, '_, O> {
    async fn run(&mut self, turn: Turn) -> Result<Ended, Error> {
        redirect::check(&self.track.url)?;
        let (slot, mut open) = match turn {
            Turn::First => (self.slot().await?, self.request.open),
            Turn::Again(slot) => (slot, Open::New),
        };
        loop {
            let mut conn = self.conn(open).await?;
            self.track.takes(&conn);
            let mut decoder = Decoder::new(self.request.method);
            let mut intake = Intake::new(self.request, self.session.shared.clock);
            let ended = self.exchange(&mut conn, &mut decoder, &mut intake).await;
            self.track.moved(&conn);
            match ended {
                Ok(head) => {
                    let remote = conn.remote();
                    self.release(conn, &decoder, slot);
                    return Ok(Ended::Whole(Done {
                        head,
                        kept: intake.into_kept(),
                        remote,
                    }));
                }
                Err(error) if conn.is_reused() && intake.is_untouched() && is_closed(&error) => {
                    if self.track.wire.sent > 0 {
                        return Ok(Ended::Lost(error, slot));
                    }
                    // Closed while it was idle, before a byte of the request was written: nothing
                    // that the server could count.
                    open = Open::New;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn slot(&mut self) -> Result<Slot, Error> {
        let deadline = self.timer.before_response();
        let url = Arc::clone(&self.track.url);
        let slot = async { self.session.pool.slot(&url).await.ok_or(Error::ClosedEarly) };
        self.timer.race(deadline, || Phase::Queue, slot).await
    }

    /// An idle connection or a new one.
    async fn conn(&mut self, open: Open) -> Result<Conn, Error> {
        let session = Rc::clone(self.session);
        let url = Arc::clone(&self.track.url);
        if open == Open::Reuse
            && let Some(conn) = {
                let mut scratch = session.shared.scratch.borrow_mut();
                session.pool.take(&url, &mut scratch)
            }
        {
            return Ok(conn);
        }
        session.pool.make_room(&url);
        let tls = session.tls(&url)?;
        let deadline = self.timer.connecting(session.shared.clock.elapsed());
        let phase = Cell::new(Phase::Connect);
        // Boxed: it is large, and most requests do without.
        let connecting = Box::pin(connect(&session, &url, tls, &phase));
        let made = self.timer.race(deadline, || phase.get(), connecting).await;
        let (conn, times) = made?;
        self.track.timings.connect = Some(times);
        Ok(conn)
    }

    /// Sends the request and takes in the response.
    async fn exchange(
        &mut self,
        conn: &mut Conn,
        decoder: &mut Decoder,
        intake: &mut Intake,
    ) -> Result<Head, Error> {
        let shared = Rc::clone(&self.session.shared);
        let left = match conn.strand().map(Strand::of_question) {
            None => None,
            Some(time) => Some(self.travel(conn, time).await?),
        };
        self.send(conn)?;
        let deadline = self.timer.waiting(shared.clock.elapsed());
        let flushed = poll_fn(|cx| conn.poll_flush(cx));
        self.timer.race(deadline, || Phase::Send, flushed).await?;
        let sent = left.unwrap_or_else(|| shared.clock.elapsed());
        self.track.timings.sent = Some(sent);
        intake.sent(sent);
        self.track.moved(conn);
        poll_fn(|cx| self.poll_response(cx, conn, decoder, intake)).await?;
        intake.take_head().ok_or(Error::ClosedEarly)
    }

    /// Waits for as long as a question and its answer are on the way through a modelled network,
    /// which is made up for before the one is sent; when it left for there.
    async fn travel(&mut self, conn: &mut Conn, time: Duration) -> Result<Duration, Error> {
        let session = Rc::clone(self.session);
        let clock = session.shared.clock;
        let left = clock.elapsed();
        let there = left + time;
        let deadline = self.timer.waiting(left);
        self.track.timings.sent = Some(left);
        poll_fn(|cx| {
            if clock.elapsed() >= there {
                return Poll::Ready(Ok(()));
            }
            if let Some(passed) = deadline
                && self.timer.poll(cx, deadline).is_ready()
            {
                return Poll::Ready(Err(passed.passed(Phase::FirstByte)));
            }
            self.timer.wake(cx, there);
            Poll::Pending
        })
        .await?;
        // One that the server closed meanwhile has carried nothing.
        if conn.is_reused() && !conn.is_alive(&mut session.shared.scratch.borrow_mut()) {
            return Err(Error::ClosedEarly);
        }
        Ok(left)
    }

    fn send(&mut self, conn: &mut Conn) -> Result<(), Error> {
        let shared = &self.session.shared;
        let url = &self.track.url;
        let jar = self.session.jar.borrow();
        let cookies = jar.header(url, shared.clock.now().unix_ms);
        let credentials = self.session.credentials.borrow();
        let known = credentials.as_deref().and_then(|known| known.for_url(url));
        let own = basic(url);
        let mut head = shared.head.borrow_mut();
        head.clear();
        let request_head = RequestHead {
            method: self.request.method,
            url,
            headers: &self.request.headers,
            cookies: cookies.as_deref(),
            authorization: own.as_deref().or(known),
            crossed: self.crossed,
        };
        encode(&request_head, &mut head);
        conn.send(&head)
    }

    /// Ready when the response is complete, or can't be any more.
    fn poll_response(
        &mut self,
        cx: &mut Context<'_>,
        conn: &mut Conn,
        decoder: &mut Decoder,
        intake: &mut Intake,
    ) -> Poll<Result<(), Error>> {
        let session = Rc::clone(self.session);
        let mut scratch = session.shared.scratch.borrow_mut();
        let mut turn = 0;
        while turn < TURN_BYTES_MAX {
            if intake.streams() && self.track.poll_room(cx).is_pending() {
                intake.held_back();
                return self.poll_deadline(cx, conn, intake);
            }
            if let Some(strand) = conn.strand()
                && let Some(until) = strand.ask(session.shared.clock.elapsed(), decoder.run())
            {
                let ended = self.poll_deadline(cx, conn, intake);
                if ended.is_pending() {
                    self.timer.wake(cx, until);
                }
                return ended;
            }
            let left = (TURN_BYTES_MAX - turn) as u64;
            let read = match intake
                .discards()
                .then(|| conn.poll_discard(cx, &mut scratch, decoder.run().min(left)))
                .flatten()
            {
                Some(Poll::Ready(Ok(Read::Bytes(bytes)))) => {
                    decoder.skip(bytes as u64);
                    intake.discarded(bytes, self.track);
                    Poll::Ready(Ok(Read::Bytes(bytes)))
                }
                Some(other) => other,
                None => conn.poll_read(cx, &mut scratch, intake.read_ahead(), &mut |bytes| {
                    intake.feed(bytes, decoder, self.track, &session)
                }),
            };
            match read {
                Poll::Pending if self.waits_for_more(cx, conn, decoder, intake)? => {
                    return Poll::Pending;
                }
                Poll::Pending if conn.has_untold() => {}
                Poll::Pending => {
                    if let Some(strand) = conn.strand() {
                        strand.found_nothing();
                    }
                    return self.poll_deadline(cx, conn, intake);
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(Read::End(End::Cut))) if decoder.ends_at_close() => {
                    return Poll::Ready(Err(Error::Truncated {
                        missing: "without TLS's close_notify,".to_owned(),
                    }));
                }
                Poll::Ready(Ok(Read::End(_))) => return Poll::Ready(decoder.end_of_stream()),
                Poll::Ready(Ok(Read::Bytes(bytes))) => turn += bytes.max(1),
            }
            if decoder.is_done() || intake.has_enough() {
                return Poll::Ready(Ok(()));
            }
        }
        // The others' turn; this one goes on after them.
        cx.waker().wake_by_ref();
        self.poll_deadline(cx, conn, intake)
    }

    /// Whether it waits for many bytes to come, and has not done so for too long.
    fn waits_for_more(
        &mut self,
        cx: &mut Context<'_>,
        conn: &mut Conn,
        decoder: &Decoder,
        intake: &mut Intake,
    ) -> Result<bool, Error> {
        // What a modelled network lets through it brings at its own pace.
        if !intake.discards() || conn.is_sealed() || conn.strand().is_some() {
            return Ok(false);
        }
        let mark = intake.patience.mark(decoder.run(), conn.marked());
        conn.mark(mark)?;
        if mark.is_none() {
            return Ok(false);
        }
        self.track.moved(conn);
        let progress = intake.progress();
        let limits = self.timer.receiving(progress);
        let deadline = Deadline::or_sooner(limits, progress, WAIT_MAX);
        if self.timer.poll(cx, deadline).is_pending() {
            return Ok(true);
        }
        intake.patience.spend();
        conn.unmark()?;
        Ok(false)
    }

    fn poll_deadline(
        &mut self,
        cx: &mut Context<'_>,
        conn: &Conn,
        intake: &Intake,
    ) -> Poll<Result<(), Error>> {
        self.track.moved(conn);
        let (deadline, phase) = if intake.is_untouched() {
            (self.timer.waiting(intake.progress()), Phase::FirstByte)
        } else {
            (self.timer.receiving(intake.progress()), Phase::Body)
        };
        match deadline {
            Some(passed) if self.timer.poll(cx, deadline).is_ready() => {
                Poll::Ready(Err(passed.passed(phase)))
            }
            _ => Poll::Pending,
        }
    }

    /// Keeps the connection for the next exchange if everyone agrees, then frees its slot.
    fn release(&self, conn: Conn, decoder: &Decoder, slot: Slot) {
        let may_stay = self.request.after == After::Keep && !self.request.headers.ask_to_close();
        if may_stay && decoder.keep_alive() {
            self.session.pool.keep(&self.track.url, conn);
        } else {
            conn.close();
        }
        drop(slot);
    }
}

fn is_closed(error: &Error) -> bool {
    matches!(error, Error::ClosedEarly | Error::Io(_))
}
