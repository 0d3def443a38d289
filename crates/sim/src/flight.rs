use std::time::Duration;

use base::{Failure, Outcome};
use player::{Fetch, Playlist};
use telemetry::{Connect, Sample};

/// Bytes of a body that arrive at once.
const CHUNK_BYTES: u64 = 128 * 1024;

/// What the origin answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Length of the body that was announced.
    pub(crate) len: u64,
    pub(crate) content: Content,
    /// Before the head leaves.
    pub(crate) delay: Duration,
    /// Bytes a second, at most.
    pub(crate) rate: Option<u64>,
    /// After how many bytes it breaks off, and as what.
    pub(crate) breaks: Option<(u64, Failure)>,
    /// It breaks off before its head.
    pub(crate) is_silent: bool,
    /// Where its validator is to be kept for the next request.
    pub(crate) etag: Option<String>,
}

/// What a whole body means.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// So many bytes.
    Bytes,
    /// A playlist.
    Playlist(Playlist),
    /// Something that should have been one.
    Unreadable,
}

/// One exchange under way.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    pub(crate) fetch: Fetch,
    began: Duration,
    /// When its connection stands.
    stands: Duration,
    was_connected: bool,
    answer: Option<Answer>,
    head: Option<Duration>,
    first_byte: Option<Duration>,
    last_read: Duration,
    received: u64,
    /// Bytes that are on their way, and what was before them when they left.
    under_way: u64,
    /// A pause of the body: before which byte, how long.
    pause: Option<(u64, Duration)>,
    /// When the last bytes left the origin.
    pub(crate) left: Duration,
    /// As what it is going to break off.
    pub(crate) fate: Option<Failure>,
}

impl Flight {
    /// An exchange that began at `began`, on a connection that stands at `stands`.
    pub(crate) fn new(fetch: Fetch, began: Duration, stands: Duration) -> Self {
        Self {
            fetch,
            began,
            stands,
            was_connected: stands == began,
            answer: None,
            head: None,
            first_byte: None,
            last_read: began,
            received: 0,
            under_way: 0,
            pause: None,
            left: began,
            fate: None,
        }
    }

    pub(crate) fn answered(&mut self, answer: Answer) {
        self.answer = Some(answer);
    }

    pub(crate) fn answer(&self) -> Option<&Answer> {
        self.answer.as_ref()
    }

    /// The link's own mishaps: it breaks off, or pauses, at a share of the body.
    pub(crate) fn break_at(&mut self, share: f64) {
        if let Some(answer) = &mut self.answer {
            let after = (answer.len as f64 * share) as u64;
            let sooner = answer.breaks.is_none_or(|(breaks, _)| after < breaks);
            if sooner {
                answer.breaks = Some((after, Failure::Reset));
            }
        }
    }

    pub(crate) fn pause_at(&mut self, share: f64, length: Duration) {
        if let Some(answer) = &self.answer {
            self.pause = Some(((answer.len as f64 * share) as u64, length));
        }
    }

    /// The head arrives; its status.
    pub(crate) fn head_arrives(&mut self, now: Duration) -> Option<u16> {
        self.head = Some(now);
        self.last_read = now;
        Some(self.answer.as_ref()?.status)
    }

    /// How many bytes are to leave next, after which pause; zero when no more come.
    pub(crate) fn next_bytes(&mut self) -> (u64, Duration) {
        let Some(answer) = &self.answer else {
            return (0, Duration::ZERO);
        };
        let end = answer
            .breaks
            .map_or(answer.len, |(after, _)| after.min(answer.len));
        self.under_way = end.saturating_sub(self.received).min(CHUNK_BYTES);
        let reached = self.received + self.under_way;
        let pause = self.pause.filter(|(before, _)| *before < reached);
        if pause.is_some() {
            self.pause = None;
        }
        (
            self.under_way,
            pause.map_or(Duration::ZERO, |(_, length)| length),
        )
    }

    /// What was under way arrives.
    pub(crate) fn bytes_arrive(&mut self, now: Duration) -> u64 {
        self.received += self.under_way;
        self.first_byte.get_or_insert(now);
        self.last_read = now;
        std::mem::take(&mut self.under_way)
    }

    /// As what it breaks off where it is, if it does.
    pub(crate) fn breaks_here(&self) -> Option<Failure> {
        let (after, failure) = self.answer.as_ref()?.breaks?;
        (self.received >= after).then_some(failure)
    }

    /// All of the body has arrived.
    pub(crate) fn is_whole(&self) -> bool {
        let answer = self.answer.as_ref();
        answer.is_some_and(|answer| self.head.is_some() && self.received >= answer.len)
    }

    /// When the next of its time limits is over.
    pub(crate) fn limit(&self) -> Option<Duration> {
        let limits = &self.fetch.limits;
        let connect = limits
            .connect
            .filter(|_| !self.was_connected)
            .map(|it| self.began + it);
        let connect = connect.filter(|over| *over < self.stands);
        let first_byte = limits.first_byte.filter(|_| self.head.is_none());
        let first_byte = first_byte.map(|it| self.began + it);
        let stall = limits.stall.filter(|_| self.head.is_some());
        let stall = stall.map(|it| self.last_read + it);
        let total = limits.total.map(|it| self.began + it);
        [connect, first_byte, stall, total]
            .into_iter()
            .flatten()
            .min()
    }

    /// What a limit that is over at `now` means.
    pub(crate) fn timed_out(&self, now: Duration) -> Failure {
        if now < self.stands {
            Failure::ConnectTimedOut
        } else {
            Failure::ReadTimedOut
        }
    }

    /// What is recorded of it when it ends at `now`.
    pub(crate) fn sample(&self, outcome: Outcome, now: Duration) -> Sample {
        Sample {
            class: self.fetch.class,
            outcome,
            status: self
                .head
                .and(self.answer.as_ref())
                .map(|answer| answer.status),
            bytes: self.received,
            due: self.fetch.due,
            sent: self.stands.min(now),
            first_byte: self.first_byte.or(self.head),
            last_byte: now,
            connect: (!self.was_connected && self.stands <= now).then(|| Connect {
                connect: self.stands.saturating_sub(self.began),
                ..Connect::default()
            }),
        }
    }
}
