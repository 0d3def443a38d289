//! What was served, by class and status, so that anyone can check a client's figures.
//!
//! A request is counted when its head was read. It is *complete* when every byte of its answer was
//! handed to the socket, *interrupted* when it ended otherwise, and in flight until then. `bytes`
//! are bytes of body handed to the socket, without heads. Requests for the ledger itself and for
//! `/healthz` are not counted.

use std::{
    cell::Cell,
    collections::BTreeMap,
    ops::AddAssign,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

use base::Class;
use serde::{Deserialize, Serialize};

/// The version of the ledger's JSON.
pub const SCHEMA: &str = "liveswarm.ledger/1";

/// The status of a request that was never answered: the connection closed before its head.
pub const UNANSWERED: u16 = 0;

/// What was served so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// [`SCHEMA`].
    pub schema: String,
    /// Since when, in Unix milliseconds.
    pub since_unix_ms: i64,
    /// How often a ledger file was taken up again.
    pub restarts: u64,
    /// How often the ledger file was written; 0 without one.
    #[serde(default)]
    pub page: u64,
    /// Heads that did not read: they were refused with a status, and count nowhere else.
    pub malformed: u64,
    /// All classes together.
    pub total: Account,
    /// Each class by itself.
    pub classes: BTreeMap<Class, Account>,
}

/// What was served of one class, or of all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Requests: complete + interrupted + in flight.
    pub requests: u64,
    /// Complete requests with a status from 200 to 299.
    pub ok_2xx: u64,
    /// Bytes of body, of complete and interrupted answers.
    pub bytes: u64,
    /// Requests not answered yet.
    pub in_flight: u64,
    /// Answers handed to the socket whole.
    pub complete: Count,
    /// Answers that ended early.
    pub interrupted: Count,
    /// By status; 0 where no head was sent.
    pub status: BTreeMap<u16, Tally>,
}

/// What was served with one status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Answers handed to the socket whole.
    pub complete: Count,
    /// Answers that ended early.
    pub interrupted: Count,
}

/// Requests and the bytes of their bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Requests.
    pub requests: u64,
    /// Bytes of body.
    pub bytes: u64,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.bytes += other.bytes;
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            schema: SCHEMA.into(),
            since_unix_ms: 0,
            restarts: 0,
            page: 0,
            malformed: 0,
            total: Account::default(),
            classes: Class::ALL.map(|class| (class, Account::default())).into(),
        }
    }
}

impl Ledger {
    /// What was served of `class`.
    pub fn class(&self, class: Class) -> &Account {
        // Every class is there from the start; a ledger read from elsewhere may lack one.
        static NONE: Account = Account {
            requests: 0,
            ok_2xx: 0,
            bytes: 0,
            in_flight: 0,
            complete: Count {
                requests: 0,
                bytes: 0,
            },
            interrupted: Count {
                requests: 0,
                bytes: 0,
            },
            status: BTreeMap::new(),
        };
        self.classes.get(&class).unwrap_or(&NONE)
    }

    /// Adds requests that ended, to their class and to the total.
    pub(crate) fn add(&mut self, class: Class, status: u16, end: End, count: Count) {
        self.classes
            .entry(class)
            .or_default()
            .add(status, end, count);
        self.total.add(status, end, count);
    }

    /// Drops what is in flight: it is counted when it ends.
    pub(crate) fn forget_in_flight(&mut self) {
        for account in self.classes.values_mut().chain([&mut self.total]) {
            account.requests -= account.in_flight;
            account.in_flight = 0;
        }
    }
}

impl Account {
    fn add(&mut self, status: u16, end: End, count: Count) {
        if count == Count::default() {
            return;
        }
        let tally = self.status.entry(status).or_default();
        match end {
            End::Complete => {
                tally.complete += count;
                self.complete += count;
                if (200..300).contains(&status) {
                    self.ok_2xx += count.requests;
                }
            }
            End::Interrupted => {
                tally.interrupted += count;
                self.interrupted += count;
            }
        }
        self.requests += count.requests;
        self.bytes += count.bytes;
    }
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Complete,
    Interrupted,
}

/// Counters are spread over so many cache lines, a line or more for each thread that serves.
const SHARDS: usize = 8;
const STATUS_MIN: u16 = 200;
const STATUS_MAX: u16 = 599;
/// The unanswered, and each status.
const STATUSES: usize = 2 + (STATUS_MAX - STATUS_MIN) as usize;

/// The counters behind the ledger: any number of threads add, a reader adds them up.
#[derive(Debug)]
pub(crate) struct Book {
    shards: Box<[Shard]>,
    /// What earlier runs served.
    before: Ledger,
}

#[derive(Debug)]
#[repr(align(128))]
struct Shard {
    malformed: AtomicU64,
    begun: [AtomicU64; Class::COUNT],
    ended: AtomicU64,
    cells: Box<[Cell4]>,
}

#[derive(Debug, Default)]
struct Cell4 {
    complete: AtomicU64,
    complete_bytes: AtomicU64,
    interrupted: AtomicU64,
    interrupted_bytes: AtomicU64,
}

impl Shard {
    fn new() -> Self {
        Self {
            malformed: AtomicU64::default(),
            begun: Default::default(),
            ended: AtomicU64::default(),
            cells: (0..Class::COUNT * STATUSES)
                .map(|_| Cell4::default())
                .collect(),
        }
    }
}

fn cell(class: Class, status: u16) -> usize {
    let status = match status {
        STATUS_MIN..=STATUS_MAX => 1 + usize::from(status - STATUS_MIN),
        _ => 0,
    };
    class.index() * STATUSES + status
}

impl Book {
    /// A book that goes on where `before` ended.
    pub(crate) fn new(before: Ledger) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Shard::new()).collect(),
            before,
        }
    }

    /// The counters of this thread.
    fn shard(&self) -> &Shard {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static MINE: Cell<usize> = Cell::new(NEXT.fetch_add(1, Relaxed));
        }
        &self.shards[MINE.get() % SHARDS]
    }

    pub(crate) fn malformed(&self) {
        self.shard().malformed.fetch_add(1, Relaxed);
    }

    pub(crate) fn begin(&self, class: Class) {
        self.shard().begun[class.index()].fetch_add(1, Relaxed);
    }

    pub(crate) fn end(&self, class: Class, status: u16, end: End, bytes: u64) {
        let shard = self.shard();
        let cell = &shard.cells[cell(class, status)];
        let (requests, sum) = match end {
            End::Complete => (&cell.complete, &cell.complete_bytes),
            End::Interrupted => (&cell.interrupted, &cell.interrupted_bytes),
        };
        sum.fetch_add(bytes, Relaxed);
        requests.fetch_add(1, Relaxed);
        shard.ended.fetch_add(1, Relaxed);
    }

    /// Requests begun and not ended.
    pub(crate) fn in_flight(&self) -> u64 {
        let ended: u64 = self
            .shards
            .iter()
            .map(|shard| shard.ended.load(Relaxed))
            .sum();
        let begun = self.shards.iter().flat_map(|shard| &shard.begun);
        begun
            .map(|begun| begun.load(Relaxed))
            .sum::<u64>()
            .saturating_sub(ended)
    }

    /// Everything so far.
    pub(crate) fn ledger(&self) -> Ledger {
        let mut ledger = self.before.clone();
        for shard in &self.shards {
            ledger.malformed += shard.malformed.load(Relaxed);
            for class in Class::ALL {
                shard.add_class(class, &mut ledger);
            }
        }
        // Begun is read after ended, so that it is never less.
        for class in Class::ALL {
            let begun: u64 = self
                .shards
                .iter()
                .map(|shard| shard.begun[class.index()].load(Relaxed))
                .sum();
            let before = self.before.class(class).requests;
            let account = ledger.classes.entry(class).or_default();
            account.in_flight = (before + begun).saturating_sub(account.requests);
            account.requests += account.in_flight;
            ledger.total.in_flight += account.in_flight;
            ledger.total.requests += account.in_flight;
        }
        ledger
    }
}

impl Shard {
    fn add_class(&self, class: Class, ledger: &mut Ledger) {
        for status in std::iter::once(UNANSWERED).chain(STATUS_MIN..=STATUS_MAX) {
            let cell = &self.cells[cell(class, status)];
            for (end, requests, bytes) in [
                (End::Complete, &cell.complete, &cell.complete_bytes),
                (End::Interrupted, &cell.interrupted, &cell.interrupted_bytes),
            ] {
                let requests = requests.load(Relaxed);
                let bytes = bytes.load(Relaxed);
                ledger.add(class, status, end, Count { requests, bytes });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_hold_at_every_moment() {
        let book = Book::new(Ledger::default());
        for _ in 0..3 {
            book.begin(Class::Segment);
        }
        book.end(Class::Segment, 200, End::Complete, 1000);
        book.end(Class::Segment, 200, End::Interrupted, 400);
        book.begin(Class::Playlist);
        book.end(Class::Playlist, 404, End::Complete, 9);
        book.malformed();
        let ledger = book.ledger();
        let segment = ledger.class(Class::Segment);
        assert_eq!(
            (
                segment.requests,
                segment.in_flight,
                segment.ok_2xx,
                segment.bytes
            ),
            (3, 1, 1, 1400)
        );
        assert_eq!(
            segment.status[&200].interrupted,
            Count {
                requests: 1,
                bytes: 400
            }
        );
        assert_eq!(ledger.class(Class::Playlist).ok_2xx, 0);
        assert_eq!(
            (ledger.total.requests, ledger.total.bytes, ledger.malformed),
            (4, 1409, 1)
        );
        assert_eq!(ledger.class(Class::Key), &Account::default());
    }

    #[test]
    fn a_book_goes_on_where_the_last_one_ended() {
        let book = Book::new(Ledger::default());
        book.begin(Class::Segment);
        book.begin(Class::Segment);
        book.end(Class::Segment, 206, End::Complete, 10);
        let mut before = book.ledger();
        before.forget_in_flight();
        assert_eq!((before.total.requests, before.total.in_flight), (1, 0));
        let book = Book::new(before);
        book.begin(Class::Segment);
        book.end(Class::Segment, 206, End::Complete, 5);
        let ledger = book.ledger();
        assert_eq!(
            (
                ledger.total.requests,
                ledger.total.in_flight,
                ledger.total.bytes
            ),
            (2, 0, 15)
        );
        assert_eq!(
            ledger.class(Class::Segment).status[&206].complete,
            Count {
                requests: 2,
                bytes: 15
            }
        );
    }

    #[test]
    fn threads_add_up() {
        let book = Book::new(Ledger::default());
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        book.begin(Class::Segment);
                        book.end(Class::Segment, 200, End::Complete, 7);
                    }
                });
            }
        });
        let ledger = book.ledger();
        assert_eq!(
            ledger.total.complete,
            Count {
                requests: 16_000,
                bytes: 112_000
            }
        );
        assert_eq!(ledger.total.in_flight, 0);
    }

    #[test]
    fn it_survives_as_json() {
        let book = Book::new(Ledger::default());
        book.begin(Class::Init);
        book.end(Class::Init, 200, End::Complete, 7);
        let ledger = book.ledger();
        let json = serde_json::to_string(&ledger).unwrap();
        assert!(
            json.contains(r#""init":{"requests":1,"ok_2xx":1,"bytes":7"#),
            "{json}"
        );
        assert_eq!(serde_json::from_str::<Ledger>(&json).unwrap(), ledger);
    }
}
