//! One request of a player, recorded as it happens.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use base::{Class, Failure, Outcome};
use player::Fetch;
use telemetry::viewers::Place;
use telemetry::{Connect, Sample};
use transport::{Head, Hop, HopStart, Observer};

use crate::shared::Shared;

/// What is known of a request before it is sent.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Whose it is.
    pub viewer: Place,
    /// What it asks for, as far as is known.
    pub class: Class,
    /// The deadline or the event that caused it (time since the run began).
    pub due: Duration,
}

/// Records each hop of an exchange, and keeps what of it is news to the player.
///
/// A playlist's last hop is kept back until it is known whether its body is a playlist at all, and
/// of which kind ([`Record::judge`]); if nobody judges, it is ended as it was.
#[derive(Debug)]
pub struct Record {
    shared: Rc<Shared>,
    viewer: Place,
    class: Cell<Class>,
    /// Whether a whole answer is kept back until it is judged.
    judged: Cell<bool>,
    /// What caused the hop under way: the player's deadline, or the end of the hop before it, which
    /// was a redirect or got lost.
    due: Cell<Duration>,
    first_body: Cell<Option<Duration>>,
    /// Body bytes of the hop under way.
    bytes: Cell<u64>,
    /// Whether the hop under way brings what was asked for, by its status.
    wanted: Cell<bool>,
    kept_back: Cell<Option<Sample>>,
    news: Cell<News>,
}

/// What happened on a request since the player was last told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) status: Option<u16>,
    pub(crate) bytes: u64,
}

impl Record {
    pub(crate) fn new(shared: Rc<Shared>, viewer: Place, fetch: &Fetch) -> Rc<Self> {
        let asked = Asked {
            viewer,
            class: fetch.class,
            due: fetch.due,
        };
        let record = Self::of(shared, asked);
        record.judged.set(fetch.keep_body);
        record
    }

    /// The record of a request that is about to be sent.
    pub fn of(shared: Rc<Shared>, asked: Asked) -> Rc<Self> {
        Rc::new(Self {
            shared,
            viewer: asked.viewer,
            class: Cell::new(asked.class),
            judged: Cell::new(false),
            due: Cell::new(asked.due),
            first_body: Cell::new(None),
            bytes: Cell::new(0),
            wanted: Cell::new(false),
            kept_back: Cell::new(None),
            news: Cell::default(),
        })
    }

    /// Whether a response head arrived of which the player was not told.
    pub(crate) fn has_head(&self) -> bool {
        self.news.get().status.is_some()
    }

    /// What is new, once.
    pub(crate) fn take_news(&self) -> News {
        self.news.take()
    }

    /// What it asks for, as far as is known.
    pub fn class(&self) -> Class {
        self.class.get()
    }

    /// The hop under way turns out to be of another class. (What of it arrived before stays in the
    /// throughput windows as it was counted: the answer's head is the place to say so.)
    pub fn reclass(&self, to: Class) {
        let from = self.class.replace(to);
        if from != to {
            let mut recorder = self.shared.recorder.borrow_mut();
            recorder.reclass(from, to, self.bytes.get());
        }
    }

    /// Keeps the hop under way back when it has ended whole, until it is judged.
    pub fn keep_back(&self) {
        self.judged.set(true);
    }

    /// Ends what was kept back: as the class that it turned out to be, and as a failure if it is
    /// one.
    pub fn judge(&self, class: Class, failure: Option<Failure>) {
        let Some(mut sample) = self.kept_back.take() else {
            return;
        };
        if let Some(failure) = failure {
            sample.outcome = Outcome::Failed(failure);
        }
        if class != sample.class {
            let mut recorder = self.shared.recorder.borrow_mut();
            recorder.reclass(sample.class, class, sample.bytes);
            sample.class = class;
        }
        self.end(&sample);
    }

    fn end(&self, sample: &Sample) {
        let now = self.shared.clock.now();
        let mut recorder = self.shared.recorder.borrow_mut();
        recorder.end(Some(self.viewer), sample, now);
    }

    fn sample(&self, hop: &Hop<'_>) -> Sample {
        let timings = hop.timings;
        Sample {
            class: self.class.get(),
            outcome: hop.outcome,
            status: hop.status,
            bytes: hop.body_bytes,
            due: self.due.get(),
            sent: timings.sent.unwrap_or(timings.started),
            first_byte: self.first_body.take().or(timings.first_byte),
            last_byte: timings.ended,
            connect: timings.connect.map(|connect| Connect {
                dns: connect.dns,
                connect: connect.tcp,
                tls: connect.tls,
            }),
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if let Some(sample) = self.kept_back.take() {
            self.end(&sample);
        }
    }
}

/// A line of the log for each request (`-vv`).
fn tell(class: Class, hop: &Hop<'_>) {
    tracing::debug!(
        url = %transport::mask::url(hop.url.as_str()),
        outcome = ?hop.outcome,
        status = hop.status,
        bytes = hop.body_bytes,
        took = ?hop.timings.ended.saturating_sub(hop.timings.started),
        "request: {}",
        class.name()
    );
}

/// The statuses that bring what was asked for; bodies of others are pages of words.
fn is_wanted(status: u16) -> bool {
    matches!(status, 200 | 206)
}

/// The handle that `transport` tells; whoever asked holds the same [`Record`].
#[derive(Clone, Debug)]
pub struct Watch(pub Rc<Record>);

impl Observer for Watch {
    fn hop_begin(&mut self, _start: &HopStart<'_>) {
        let record = &self.0;
        record.bytes.set(0);
        let mut recorder = record.shared.recorder.borrow_mut();
        recorder.begin(record.class.get());
    }

    fn head(&mut self, head: &Head, _at: Duration) {
        let record = &self.0;
        record.wanted.set(is_wanted(head.status));
        let news = record.news.get();
        record.news.set(News {
            status: Some(head.status),
            ..news
        });
    }

    fn body(&mut self, bytes: usize, at: Duration) {
        let record = &self.0;
        let (class, bytes) = (record.class.get(), bytes as u64);
        record.bytes.set(record.bytes.get() + bytes);
        if record.first_body.get().is_none() {
            record.first_body.set(Some(at));
        }
        let mut recorder = record.shared.recorder.borrow_mut();
        if !record.wanted.get() {
            recorder.refused_bytes(class, bytes);
            return;
        }
        recorder.bytes(class, bytes, record.shared.clock.now());
        let news = record.news.get();
        record.news.set(News {
            bytes: news.bytes + bytes,
            ..news
        });
    }

    fn hop_end(&mut self, hop: &Hop<'_>) {
        let record = &self.0;
        tell(record.class.get(), hop);
        let sample = record.sample(hop);
        record.due.set(sample.last_byte);
        let whole = sample.outcome == Outcome::Ok && sample.status.is_some_and(is_wanted);
        if record.judged.get() && whole {
            record.kept_back.set(Some(sample));
        } else {
            record.end(&sample);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base::Now;
    use player::{Connection, FetchId, Lane};
    use telemetry::viewers::Playback;
    use telemetry::{Recorder, What};
    use transport::{Client, Clock, Config, Timings, Wire};

    use super::*;

    fn fetch(due: Duration) -> Fetch {
        Fetch {
            id: FetchId(1),
            class: Class::Playlist,
            url: Arc::new("http://h/live.m3u8".parse().unwrap()),
            byte_range: None,
            due,
            lane: Lane::Main,
            connection: Connection::KeepAlive,
            conditional: false,
            keep_body: true,
            first: false,
            limits: player::Limits {
                connect: None,
                first_byte: None,
                stall: None,
                total: None,
            },
        }
    }

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// A playlist's request that is lost with its connection is a request of its own, and what
    /// caused the next one; the player hears of that one alone.
    #[tokio::test]
    async fn a_request_sent_again_is_due_when_the_first_was_lost() {
        let client = Client::new(Config::default(), Clock::start()).unwrap();
        let now = client.clock().now();
        let shared = Shared::new(client, Recorder::new(Now::new(at(0), now.unix_ms)), false);
        let fetch = fetch(at(1_000));
        let viewer = {
            let mut recorder = shared.recorder.borrow_mut();
            recorder.add_viewer(0, Playback::Tracked, at(0)).place()
        };
        let record = Record::new(Rc::clone(&shared), viewer, &fetch);
        let mut watch = Watch(Rc::clone(&record));
        let hop = |index, outcome, status, started, ended| Hop {
            url: &fetch.url,
            index,
            outcome,
            status,
            timings: Timings {
                started: at(started),
                connect: None,
                sent: Some(at(started)),
                first_byte: status.map(|_| at(ended)),
                ended: at(ended),
            },
            body_bytes: 0,
            wire: Wire::default(),
            reused: index == 0,
            remote: None,
        };
        let begin = |index, ms| HopStart {
            url: &fetch.url,
            index,
            at: at(ms),
        };
        watch.hop_begin(&begin(0, 1_100));
        let lost = Outcome::Failed(Failure::Reset);
        watch.hop_end(&hop(0, lost, None, 1_100, 2_000));
        assert!(!record.has_head(), "no news for the player");
        watch.hop_begin(&begin(1, 2_000));
        watch.hop_end(&hop(1, Outcome::Ok, Some(200), 2_000, 2_500));
        record.judge(Class::Playlist, None);
        let snapshot = shared.recorder.borrow_mut().snapshot(now);
        let counted = snapshot.requests.of(Class::Playlist);
        assert_eq!((counted.ok, counted.failed, counted.in_flight), (1, 1, 0));
        let latency = snapshot.latency.of(What::Playlist);
        assert_eq!((latency.count(), latency.max()), (1, Some(500_000)), "µs");
    }
}
