//! Requests: what is recorded of each, and the sums.

use std::collections::BTreeMap;
use std::time::Duration;

use base::{Class, Failure, Outcome};
use serde::{Deserialize, Serialize};

use crate::occurrences::Occurrences;

/// The largest status that is told apart; larger ones are no HTTP and are counted as this.
const STATUS_MAX: u16 = 999;

/// One request that ended. Every redirect hop is a request of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// What it asked for.
    pub class: Class,
    /// How it ended.
    pub outcome: Outcome,
    /// The status of its answer, where a head arrived.
    pub status: Option<u16>,
    /// Bytes of body that arrived, of any status, without transfer framing and before
    /// decompression: the sum of what was given to [`crate::Recorder::bytes`] for it.
    pub bytes: u64,
    /// The deadline of the timer, or the moment of the event, that caused the request.
    pub due: Duration,
    /// When it was written to its connection; where it never was, when the attempt began.
    pub sent: Duration,
    /// When the first byte of the body arrived (of the head, for an answer without a body).
    pub first_byte: Option<Duration>,
    /// When the last byte arrived, or the request ended without.
    pub last_byte: Duration,
    /// The phases of making a connection, where one was made for this request.
    pub connect: Option<Connect>,
}

impl Sample {
    /// Whether the whole answer arrived, so that it equals the server's own record of it.
    fn is_whole(&self) -> bool {
        match self.outcome {
            Outcome::Ok => true,
            Outcome::Failed(failure) => matches!(
                failure,
                Failure::Status(_) | Failure::InvalidPlaylist | Failure::Redirect
            ),
            Outcome::Cancelled => false,
        }
    }

    /// Whether this is the answer that was asked for: ended well, and not a redirect's hop.
    pub(crate) fn is_answer(&self) -> bool {
        let hop = matches!(self.status, Some(300..=303 | 305..=399));
        self.outcome == Outcome::Ok && !hop
    }
}

/// How long the phases of making one connection took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connect {
    /// Resolving the name; zero where there was none to resolve.
    pub dns: Duration,
    /// TCP connect.
    pub connect: Duration,
    /// TLS handshake; zero without TLS.
    pub tls: Duration,
}

impl Connect {
    /// All phases together.
    pub fn total(&self) -> Duration {
        self.dns + self.connect + self.tls
    }
}

/// The requests of one class. `requests() = ok + failed + cancelled + in_flight` by construction:
/// each request is counted in exactly one of the four, and moves from the last to one other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Ended well.
    pub ok: u64,
    /// Ended with a failure.
    pub failed: u64,
    /// Given up by us.
    pub cancelled: u64,
    /// Begun and not ended.
    pub in_flight: u64,
    /// Bytes of body that arrived, those of requests in flight included.
    pub bytes: u64,
}

impl Counters {
    /// All requests that were begun.
    pub fn requests(&self) -> u64 {
        self.ok + self.failed + self.cancelled + self.in_flight
    }

    /// Requests that ended, in whatever way.
    pub fn ended(&self) -> u64 {
        self.ok + self.failed + self.cancelled
    }

    /// The share of requests that failed, of those that ended and were not given up by us.
    /// `None` where there are none.
    pub fn error_rate(&self) -> Option<f64> {
        let judged = self.ok + self.failed;
        (judged > 0).then(|| self.failed as f64 / judged as f64)
    }

    /// Adds what `other` holds.
    pub fn merge(&mut self, other: &Self) {
        self.ok += other.ok;
        self.failed += other.failed;
        self.cancelled += other.cancelled;
        self.in_flight += other.in_flight;
        self.bytes += other.bytes;
    }

    fn ended_with(&mut self, outcome: Outcome) {
        debug_assert!(self.in_flight > 0, "a request ended that was not begun");
        self.in_flight = self.in_flight.saturating_sub(1);
        match outcome {
            Outcome::Ok => self.ok += 1,
            Outcome::Failed(_) => self.failed += 1,
            Outcome::Cancelled => self.cancelled += 1,
        }
    }
}

/// Requests and their bytes of body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many requests.
    pub requests: u64,
    /// Bytes of body that arrived of them.
    pub bytes: u64,
}

impl Tally {
    fn add(&mut self, requests: u64, bytes: u64) {
        self.requests += requests;
        self.bytes += bytes;
    }
}

/// The requests of one class that ended with one status.
///
/// `whole` ones arrived complete, so they equal the server's own record request for request and
/// byte for byte; `broken` ones were aborted, reset or truncated, and the server may have recorded
/// more bytes, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// What was asked for.
    pub class: Class,
    /// The status, `None` where no head arrived.
    pub status: Option<u16>,
    /// Complete answers.
    pub whole: Tally,
    /// Interrupted ones.
    pub broken: Tally,
}

/// How often requests of one class failed for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    /// What was asked for.
    pub class: Class,
    /// Why it failed.
    pub failure: Failure,
    /// How often, and when first and last.
    pub seen: Occurrences,
}

/// The sums over all requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    classes: ByClass,
    /// Ended requests by class and status, in that order.
    pub statuses: Vec<Status>,
    /// Failures by class and reason, in that order.
    pub errors: Vec<Error>,
}

impl Totals {
    /// The requests of `class`.
    pub fn of(&self, class: Class) -> &Counters {
        &self.classes.0[class.index()]
    }

    /// Each class with its requests, in the order of [`Class::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Class, &Counters)> {
        Class::ALL.into_iter().zip(&self.classes.0)
    }

    /// The requests of all classes.
    pub fn all(&self) -> Counters {
        let mut all = Counters::default();
        self.classes.0.iter().for_each(|class| all.merge(class));
        all
    }

    /// Requests that failed because a time limit passed.
    pub fn timeouts(&self) -> u64 {
        let timed_out = self.errors.iter().filter(|error| {
            matches!(
                error.failure,
                Failure::ConnectTimedOut | Failure::ReadTimedOut
            )
        });
        timed_out.map(|error| error.seen.count).sum()
    }

    /// Adds what `other` holds.
    pub fn merge(&mut self, other: &Self) {
        for (mine, more) in self.classes.0.iter_mut().zip(&other.classes.0) {
            mine.merge(more);
        }
        for more in &other.statuses {
            let key = (more.class, more.status);
            match self
                .statuses
                .binary_search_by_key(&key, |s| (s.class, s.status))
            {
                Ok(at) => {
                    let mine = &mut self.statuses[at];
                    mine.whole.add(more.whole.requests, more.whole.bytes);
                    mine.broken.add(more.broken.requests, more.broken.bytes);
                }
                Err(at) => self.statuses.insert(at, *more),
            }
        }
        for more in &other.errors {
            let key = (more.class, more.failure);
            match self
                .errors
                .binary_search_by_key(&key, |e| (e.class, e.failure))
            {
                Ok(at) => self.errors[at].seen.merge(&more.seen),
                Err(at) => self.errors.insert(at, *more),
            }
        }
    }
}

/// Counters by class; serialised as a map from the class's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<Class, Counters>", into = "BTreeMap<Class, Counters>")]
struct ByClass([Counters; Class::COUNT]);

impl From<ByClass> for BTreeMap<Class, Counters> {
    fn from(from: ByClass) -> Self {
        Class::ALL.into_iter().zip(from.0).collect()
    }
}

impl From<BTreeMap<Class, Counters>> for ByClass {
    fn from(from: BTreeMap<Class, Counters>) -> Self {
        let mut out = Self::default();
        for (class, counters) in from {
            out.0[class.index()] = counters;
        }
        out
    }
}

/// The sums of one recorder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder {
    classes: [Counters; Class::COUNT],
    /// A class sees a handful of statuses, so a list is quicker than a map.
    statuses: [Vec<Status>; Class::COUNT],
    errors: BTreeMap<(Class, Failure), Occurrences>,
}

impl Recorder {
    #[inline]
    pub(crate) fn begin(&mut self, class: Class) {
        self.classes[class.index()].in_flight += 1;
    }

    #[inline]
    pub(crate) fn bytes(&mut self, class: Class, bytes: u64) {
        self.classes[class.index()].bytes += bytes;
    }

    pub(crate) fn reclass(&mut self, from: Class, to: Class, bytes: u64) {
        let left = &mut self.classes[from.index()];
        debug_assert!(left.in_flight > 0 && left.bytes >= bytes, "nothing to move");
        let (request, bytes) = (left.in_flight.min(1), left.bytes.min(bytes));
        left.in_flight -= request;
        left.bytes -= bytes;
        let joined = &mut self.classes[to.index()];
        joined.in_flight += request;
        joined.bytes += bytes;
    }

    pub(crate) fn end(&mut self, sample: &Sample, unix_ms: i64) {
        self.classes[sample.class.index()].ended_with(sample.outcome);
        let status = self.status(
            sample.class,
            sample.status.map(|status| status.min(STATUS_MAX)),
        );
        let tally = if sample.is_whole() {
            &mut status.whole
        } else {
            &mut status.broken
        };
        tally.add(1, sample.bytes);
        if let Outcome::Failed(failure) = sample.outcome {
            let seen = self
                .errors
                .entry((sample.class, folded(failure)))
                .or_default();
            seen.merge(&Occurrences::at(1, unix_ms));
        }
    }

    /// A request that was not measured: it counts, and of one that ended well no status is known.
    pub(crate) fn estimated(&mut self, sample: &Sample, unix_ms: i64) {
        let counters = &mut self.classes[sample.class.index()];
        counters.bytes += sample.bytes;
        counters.in_flight += 1;
        if sample.outcome == Outcome::Ok {
            counters.ended_with(sample.outcome);
        } else {
            self.end(sample, unix_ms);
        }
    }

    fn status(&mut self, class: Class, status: Option<u16>) -> &mut Status {
        let list = &mut self.statuses[class.index()];
        let at = list
            .iter()
            .position(|seen| seen.status == status)
            .unwrap_or_else(|| {
                list.push(Status {
                    class,
                    status,
                    whole: Tally::default(),
                    broken: Tally::default(),
                });
                list.len() - 1
            });
        &mut list[at]
    }

    pub(crate) fn snapshot_into(&self, out: &mut Totals) {
        out.classes = ByClass(self.classes);
        out.statuses.clear();
        out.statuses.extend(self.statuses.iter().flatten());
        out.statuses
            .sort_unstable_by_key(|status| (status.class, status.status));
        out.errors.clear();
        let errors = self.errors.iter();
        out.errors
            .extend(errors.map(|(&(class, failure), &seen)| Error {
                class,
                failure,
                seen,
            }));
    }
}

/// A status out of range is counted at its end, so that the list of errors is bounded.
fn folded(failure: Failure) -> Failure {
    match failure {
        Failure::Status(status) => Failure::Status(status.min(STATUS_MAX)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(class: Class, outcome: Outcome, status: Option<u16>, bytes: u64) -> Sample {
        Sample {
            class,
            outcome,
            status,
            bytes,
            due: Duration::ZERO,
            sent: Duration::ZERO,
            first_byte: None,
            last_byte: Duration::ZERO,
            connect: None,
        }
    }

    fn totals(recorder: &Recorder) -> Totals {
        let mut out = Totals::default();
        recorder.snapshot_into(&mut out);
        out
    }

    #[test]
    fn every_request_is_counted_in_one_place() {
        let mut recorder = Recorder::default();
        let outcomes = [
            Outcome::Ok,
            Outcome::Failed(Failure::Status(404)),
            Outcome::Failed(Failure::Reset),
            Outcome::Cancelled,
        ];
        for (begun, outcome) in (1..).zip(outcomes) {
            recorder.begin(Class::Segment);
            recorder.begin(Class::Segment);
            recorder.end(&ended(Class::Segment, outcome, Some(200), 0), 0);
            let segments = *totals(&recorder).of(Class::Segment);
            assert_eq!(segments.requests(), begun * 2);
            assert_eq!(segments.ended(), begun);
            assert_eq!(segments.in_flight, begun);
        }
        let all = totals(&recorder).all();
        assert_eq!(
            (all.ok, all.failed, all.cancelled, all.in_flight),
            (1, 2, 1, 4)
        );
        assert_eq!(all.error_rate(), Some(2.0 / 3.0));
        assert_eq!(Counters::default().error_rate(), None);
    }

    #[test]
    fn whole_answers_stand_apart_from_broken_ones() {
        let mut recorder = Recorder::default();
        let samples = [
            (Outcome::Ok, Some(200), 100),
            (Outcome::Ok, Some(304), 0),
            (Outcome::Failed(Failure::Status(503)), Some(503), 9),
            (Outcome::Failed(Failure::InvalidPlaylist), Some(200), 7),
            (Outcome::Failed(Failure::Truncated), Some(200), 40),
            (Outcome::Cancelled, Some(200), 30),
            (Outcome::Failed(Failure::ConnectRefused), None, 0),
        ];
        for (outcome, status, bytes) in samples {
            recorder.begin(Class::Playlist);
            recorder.end(&ended(Class::Playlist, outcome, status, bytes), 5);
        }
        let rows: Vec<_> = totals(&recorder)
            .statuses
            .iter()
            .map(|row| {
                let (whole, broken) = (row.whole, row.broken);
                (
                    row.status,
                    whole.requests,
                    whole.bytes,
                    broken.requests,
                    broken.bytes,
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                (None, 0, 0, 1, 0),
                (Some(200), 2, 107, 2, 70),
                (Some(304), 1, 0, 0, 0),
                (Some(503), 1, 9, 0, 0),
            ]
        );
    }

    #[test]
    fn errors_carry_their_first_and_last_time() {
        let mut recorder = Recorder::default();
        for at in [700, 300, 500] {
            recorder.begin(Class::Key);
            let failed = Outcome::Failed(Failure::Status(1234));
            recorder.end(&ended(Class::Key, failed, Some(1234), 0), at);
        }
        let seen = Occurrences {
            count: 3,
            first_ms: 300,
            last_ms: 700,
        };
        let failure = Failure::Status(STATUS_MAX);
        assert_eq!(
            totals(&recorder).errors,
            [Error {
                class: Class::Key,
                failure,
                seen
            }]
        );
    }

    #[test]
    fn timeouts_are_those_of_either_kind() {
        let mut recorder = Recorder::default();
        let failures = [
            (Class::Playlist, Failure::ConnectTimedOut),
            (Class::Segment, Failure::ReadTimedOut),
            (Class::Segment, Failure::ReadTimedOut),
            (Class::Segment, Failure::Reset),
        ];
        for (class, failure) in failures {
            recorder.begin(class);
            recorder.end(&ended(class, Outcome::Failed(failure), None, 0), 0);
        }
        assert_eq!(totals(&recorder).timeouts(), 3);
    }

    #[test]
    fn a_request_may_turn_out_to_be_of_another_class() {
        let mut recorder = Recorder::default();
        recorder.begin(Class::Multivariant);
        recorder.bytes(Class::Multivariant, 10);
        recorder.reclass(Class::Multivariant, Class::Playlist, 10);
        recorder.end(&ended(Class::Playlist, Outcome::Ok, Some(200), 10), 0);
        let totals = totals(&recorder);
        assert_eq!(totals.of(Class::Multivariant), &Counters::default());
        assert_eq!(
            (
                totals.of(Class::Playlist).ok,
                totals.of(Class::Playlist).bytes
            ),
            (1, 10)
        );
    }

    #[test]
    fn a_followed_redirect_is_ok_and_no_answer() {
        for (status, answer) in [
            (200, true),
            (206, true),
            (302, false),
            (304, true),
            (307, false),
        ] {
            let sample = ended(Class::Playlist, Outcome::Ok, Some(status), 0);
            assert_eq!(sample.is_answer(), answer, "{status}");
        }
        let failed = ended(Class::Playlist, Outcome::Cancelled, Some(200), 0);
        assert!(!failed.is_answer());
    }
}
