//! Requests, put together from the lines that tell of them.
//!
//! A request is announced by an "Opening" line, sent by a "request:" line (debug only), and its end
//! is seen in one of these ways:
//!
//! | line | end |
//! |---|---|
//! | `HTTP error`, a failed connection | failed |
//! | `Statistics: N bytes read`, one request a connection | ok, with its bytes |
//! | another request on the same connection | ok; of the same URL, now with credentials: 401 |
//! | a later opening (a playlist is read whole before; two segments may be under way) | ok |
//!
//! Once FFmpeg has been asked to end, a closed connection may be one that was cut. It opens nothing
//! after the first that it has cut: what was closed before an opening is whole, the rest is given
//! up, unless its bytes are all that there are ([`Request::complete`]).

use std::collections::VecDeque;

use base::{Class, Failure, Now, Outcome};

use super::again::{Again, Head};
use super::{Basis, Figure, Request};
use crate::Connections;

/// Most requests under way that are kept in mind; the oldest is taken for ended beyond it.
const OPEN_MAX: usize = 32;

/// How many segments FFmpeg reads at once: one, and the next one already opened.
const MEDIA_AT_ONCE: usize = 2;

#[derive(Debug)]
struct Open {
    class: Class,
    url: String,
    sent: Now,
    /// Its head was logged, by this context.
    context: Option<u64>,
    head: Head,
}

/// How many media playlists were read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Playlists {
    None,
    /// The one of this number.
    One(u64),
    /// Their segments end in any order.
    Several,
}

/// Requests under way.
#[derive(Debug)]
pub(super) struct Requests {
    connections: Connections,
    open: VecDeque<Open>,
    ended: VecDeque<Request>,
    /// Closed since FFmpeg was asked to end: whole or cut.
    undecided: Vec<Request>,
    /// Heads are logged: what has none was never sent.
    heads: bool,
    /// How many media playlists it reads.
    playlists: Playlists,
    /// The connection that ends is named (newer versions); else the order tells, or nothing.
    ends_are_named: bool,
    /// That of the head that was sent last.
    scheme: &'static str,
    /// The context whose head was logged last.
    headed: Option<u64>,
    /// One whose URL is asked for once more by a head that is not whole yet.
    again: Option<Again>,
    /// The last one that failed, which may be sent again without being announced again.
    failed: Option<(Class, String)>,
    /// Bytes of a connection that was closed by the line before.
    closing: Option<u64>,
    /// How many were announced.
    announced: u64,
    /// The request announced or sent last has failed already.
    told: bool,
    /// How what is under way ends where nothing else is said: given up, once we end FFmpeg.
    left: Outcome,
}

impl Requests {
    pub(super) fn new(connections: Connections) -> Self {
        Self {
            connections,
            open: VecDeque::new(),
            ended: VecDeque::new(),
            undecided: Vec::new(),
            heads: false,
            playlists: Playlists::None,
            ends_are_named: false,
            scheme: "http",
            headed: None,
            again: None,
            failed: None,
            closing: None,
            announced: 0,
            told: false,
            left: Outcome::Ok,
        }
    }

    /// The next one that has ended.
    pub(super) fn poll(&mut self) -> Option<Request> {
        self.ended.pop_front()
    }

    pub(super) fn stopping(&mut self) {
        self.left = Outcome::Cancelled;
    }

    /// A segment of this media playlist is wanted.
    pub(super) fn wanted(&mut self, playlist: u64) {
        self.playlists = match self.playlists {
            Playlists::None => Playlists::One(playlist),
            Playlists::One(before) if before == playlist => Playlists::One(playlist),
            Playlists::One(_) | Playlists::Several => Playlists::Several,
        };
    }

    /// A URL is opened.
    pub(super) fn opening(&mut self, class: Class, url: String, now: Now) {
        self.decide(Outcome::Ok);
        self.end_earlier(class);
        self.announced += 1;
        self.push(class, url, None, now);
    }

    /// A head was sent. `class` is asked where nothing announced it.
    pub(super) fn head(
        &mut self,
        context: u64,
        scheme: &'static str,
        target: &str,
        now: Now,
        class: impl Fn(&str) -> Class,
    ) {
        self.head_ended();
        self.heads = true;
        self.scheme = scheme;
        self.headed = Some(context);
        let announced = |open: &Open| open.context.is_none() && path(&open.url) == path(target);
        let is_announced = self.open.iter().any(announced);
        // A connection carries one request after the other.
        while let Some(at) = self.of_context(context) {
            let again = !is_announced && path(&self.open[at].url) == path(target);
            if again && has_credentials(&self.open[at].url) {
                // What this is shows in the rest of the head.
                let head = std::mem::take(&mut self.open[at].head);
                let request = self.take(at, Outcome::Ok, None, None);
                self.again = request.map(|request| Again::new(request, head, now));
            } else {
                self.end(at, Outcome::Ok, None, None);
            }
        }
        if let Some(open) = self.open.iter_mut().rev().find(|open| announced(open)) {
            open.context = Some(context);
            return;
        }
        let again = self
            .failed
            .clone()
            .filter(|(_, url)| path(url) == path(target));
        let (class, url) = again.unwrap_or_else(|| (class(target), target.to_owned()));
        self.push(class, url, Some(context), now);
    }

    /// The `Host` of the head that was sent last: a URL of which only the path is known is whole
    /// with it.
    pub(super) fn host(&mut self, host: &str) {
        let scheme = self.scheme;
        if let Some(open) = self.headed() {
            open.head.host = Some(host.to_owned());
        }
        if let Some(open) = self
            .open
            .back_mut()
            .filter(|open| open.url.starts_with('/'))
        {
            open.url = format!("{scheme}://{host}{}", open.url);
        }
    }

    /// The head that was sent last shows credentials.
    pub(super) fn authorized(&mut self) {
        if let Some(open) = self.headed() {
            open.head.authorized = true;
        }
    }

    /// The head that was sent last is whole: it tells what became of the request before it.
    pub(super) fn head_ended(&mut self) {
        let Some(again) = self.again.take() else {
            return;
        };
        let request = match self.headed() {
            Some(open) if again.is_of_host(&open.head) => {
                open.class = again.class();
                again.url().clone_into(&mut open.url);
                again.ended(&open.head)
            }
            _ => again.redirected(),
        };
        self.ended.push_back(request);
    }

    fn headed(&mut self) -> Option<&mut Open> {
        let at = self.of_context(self.headed?)?;
        self.open.get_mut(at)
    }

    /// The answer to the request of `context`, or to the last one, is a failure.
    pub(super) fn failed(&mut self, context: Option<u64>, failure: Failure, now: Now) {
        let of_context = context.and_then(|context| self.of_context(context));
        if let Some(at) = of_context.or_else(|| self.open.len().checked_sub(1)) {
            self.end(at, Outcome::Failed(failure), None, Some(now));
        }
    }

    /// There is no connection. Each attempt counts, announced again or not.
    pub(super) fn unconnected(&mut self, failure: Failure, now: Now) {
        let waiting = self.open.iter().rposition(|open| open.context.is_none());
        if waiting.is_none() {
            let Some((class, url)) = self.failed.clone() else {
                return;
            };
            self.push(class, url, None, now);
        }
        let at = waiting.unwrap_or(self.open.len() - 1);
        self.end(at, Outcome::Failed(failure), None, Some(now));
    }

    /// A kept connection did not carry `url`.
    pub(super) fn kept_connection_failed(&mut self, url: &str, failure: Failure, now: Now) {
        if let Some(at) = self.open.iter().rposition(|open| open.url == url) {
            self.end(at, Outcome::Failed(failure), None, Some(now));
        }
    }

    /// Segment or playlist could not be opened, for a reason that may have been logged before.
    pub(super) fn given_up(&mut self, playlist: bool, now: Now) {
        let fits = |open: &Open| open.class.is_playlist() == playlist;
        if !self.told && self.open.back().is_some_and(fits) {
            let at = self.open.len() - 1;
            self.end(at, Outcome::Failed(Failure::Reset), None, Some(now));
        }
    }

    /// A connection was closed; whose it was may be said by the next line.
    pub(super) fn bytes_read(&mut self, bytes: u64) {
        self.closing = Some(bytes);
    }

    /// The connection closed by the line before is that of `context`.
    pub(super) fn connection_use(&mut self, context: u64, requests: u64, now: Now) {
        self.ends_are_named = true;
        let (Some(bytes), 1) = (self.closing.take(), requests) else {
            return;
        };
        if let Some(at) = self.of_context(context) {
            self.closed(at, bytes, now);
        }
    }

    /// Another line than [`Requests::connection_use`] follows: where that never comes, and there is
    /// one playlist, connections of one request each end in the order in which they began.
    pub(super) fn settle(&mut self, now: Now) {
        if self.ends_are_named {
            return;
        }
        let Some(bytes) = self.closing.take() else {
            return;
        };
        if self.ends_are_logged() && !self.open.is_empty() {
            self.closed(0, bytes, now);
        }
    }

    /// FFmpeg has ended.
    pub(super) fn finish(&mut self, now: Now) {
        self.settle(now);
        self.head_ended();
        self.decide(self.left);
        while !self.open.is_empty() {
            self.end(0, self.left, None, None);
        }
    }

    fn ends_are_logged(&self) -> bool {
        let told = self.ends_are_named || self.playlists != Playlists::Several;
        self.connections == Connections::PerRequest && self.heads && told
    }

    fn of_context(&self, context: u64) -> Option<usize> {
        self.open
            .iter()
            .rposition(|open| open.context == Some(context))
    }

    fn push(&mut self, class: Class, url: String, context: Option<u64>, now: Now) {
        if self.open.len() == OPEN_MAX {
            self.end(0, Outcome::Ok, None, None);
        }
        self.told = false;
        self.open.push_back(Open {
            class,
            url,
            sent: now,
            context,
            head: Head::default(),
        });
    }

    /// What has ended if a request of `class` begins.
    fn end_earlier(&mut self, class: Class) {
        if self.ends_are_logged() {
            // The connection of the first playlist stays open to the end.
            if self.announced == 1 && !self.open.is_empty() {
                self.end(0, Outcome::Ok, None, None);
            }
            return;
        }
        while let Some(at) = self.open.iter().position(|open| !open.class.is_media()) {
            self.end(at, Outcome::Ok, None, None);
        }
        while class.is_media() && self.open.len() >= MEDIA_AT_ONCE {
            self.end(0, Outcome::Ok, None, None);
        }
    }

    /// The connection of a request was closed after so many bytes.
    fn closed(&mut self, at: usize, bytes: u64, now: Now) {
        let ended = self.take(at, self.left, Some(Figure::measured(bytes)), Some(now));
        if self.left == Outcome::Cancelled {
            self.undecided.extend(ended);
        } else {
            self.ended.extend(ended);
        }
    }

    /// What was closed since FFmpeg was asked to end ended so.
    fn decide(&mut self, outcome: Outcome) {
        let decided = self.undecided.drain(..);
        self.ended
            .extend(decided.map(|request| Request { outcome, ..request }));
    }

    fn end(&mut self, at: usize, outcome: Outcome, bytes: Option<Figure<u64>>, ended: Option<Now>) {
        let ended = self.take(at, outcome, bytes, ended);
        self.ended.extend(ended);
    }

    /// Takes one that has ended out of those under way; none if it was never sent.
    fn take(
        &mut self,
        at: usize,
        outcome: Outcome,
        bytes: Option<Figure<u64>>,
        ended: Option<Now>,
    ) -> Option<Request> {
        let open = self.open.remove(at)?;
        if matches!(outcome, Outcome::Failed(_)) {
            self.told = true;
            self.failed = Some((open.class, open.url.clone()));
        } else if self.heads && open.context.is_none() {
            // Announced, and never sent: a file, or text within the playlist.
            return None;
        }
        Some(Request {
            class: open.class,
            url: open.url,
            sent: open.sent,
            ended,
            outcome,
            bytes,
            basis: Basis::Measured,
        })
    }
}

/// Whether a URL has a user or a password.
fn has_credentials(url: &str) -> bool {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    authority.contains('@')
}

/// Path and query of a URL, without the fragment.
fn path(url: &str) -> &str {
    let url = url.split('#').next().unwrap_or(url);
    match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => url,
    }
}
