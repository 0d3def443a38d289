//! Asking: one task for each endpoint, on the caller's `JoinSet`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use telemetry::origin::View;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use transport::{Client, Clock, mask};

use crate::ask::Asker;
use crate::exporter::Exporter;
use crate::sizes::{File, Sizes};
use crate::{Attempts, Endpoints, Received};

/// How often each endpoint is asked.
pub const INTERVAL: Duration = Duration::from_secs(2);
/// How long one answer may take.
pub const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);
/// How long [`Scraper::first`] waits at most.
const FIRST_TIME_MAX: Duration = Duration::from_secs(2);
/// How long [`Scraper::last`] does.
const LAST_TIME_MAX: Duration = Duration::from_secs(6);
/// What an exporter tells may be this old already: ours makes a frame each half second.
const SETTLES: Duration = Duration::from_millis(600);

/// Asks the origin, and keeps what it told.
///
/// Dropped, its tasks end.
#[derive(Debug)]
pub struct Scraper {
    state: Rc<State>,
    _open: watch::Sender<()>,
}

/// The sizes of the segments that the origin has listed: a handle that other threads may ask. Who
/// asks reads the newest listing as it was published, and waits for nobody.
#[derive(Clone, Debug, Default)]
pub struct SegmentSizes(Arc<ArcSwap<Sizes>>);

impl SegmentSizes {
    /// The size of the segment at a URL; `None` where it was not listed.
    pub fn of(&self, url: &str) -> Option<u64> {
        self.0.load().of(url)
    }

    /// One task writes.
    fn update(&self, at: Duration, files: &[File]) {
        let mut sizes = Sizes::clone(&self.0.load());
        sizes.update(at, files);
        self.0.store(Arc::new(sizes));
    }
}

/// What tasks write and the scraper shows.
#[derive(Debug)]
struct State {
    clock: Clock,
    received: Cell<Received>,
    exporters: RefCell<Vec<Exporter>>,
    listing: RefCell<Option<Attempts>>,
    sizes: SegmentSizes,
    /// When the newest attempt that has ended was begun, of each endpoint.
    begun: RefCell<Vec<Option<Duration>>>,
    ended: Notify,
}

impl Scraper {
    /// Begins to ask. The tasks are spawned into `tasks` on this thread, so this is called inside
    /// a `LocalSet`.
    pub fn start(endpoints: &Endpoints, client: &Client, tasks: &mut JoinSet<()>) -> Self {
        let clock = client.clock();
        let since = clock.elapsed();
        let exporter =
            |url: &url::Url| Exporter::new(mask::url(url.as_str()), endpoints.every, since);
        let listing = endpoints.sizes.as_ref();
        let listing =
            listing.map(|url| Attempts::new(mask::url(url.as_str()), endpoints.every, since));
        let all = endpoints.exporters.len() + usize::from(listing.is_some());
        let state = Rc::new(State {
            clock,
            received: Cell::default(),
            exporters: RefCell::new(endpoints.exporters.iter().map(exporter).collect()),
            listing: RefCell::new(listing),
            sizes: SegmentSizes::default(),
            begun: RefCell::new(vec![None; all]),
            ended: Notify::new(),
        });
        let open = watch::Sender::new(());
        for (place, url) in endpoints.exporters.iter().enumerate() {
            let (asker, state) = (
                Asker::new(client, url, endpoints.answer_time_max),
                Rc::clone(&state),
            );
            let ask = async move || state.read_exporter(place, &asker).await;
            tasks.spawn_local(each_turn(endpoints.every, open.subscribe(), ask));
        }
        if let Some(url) = &endpoints.sizes {
            let (asker, state) = (
                Asker::new(client, url, endpoints.answer_time_max),
                Rc::clone(&state),
            );
            let ask = async move || state.read_listing(all - 1, &asker).await;
            tasks.spawn_local(each_turn(endpoints.every, open.subscribe(), ask));
        }
        Self { state, _open: open }
    }

    /// What viewers have received so far: it is held against what the origin says at its next
    /// readings.
    pub fn note_received(&self, received: Received) {
        self.state.received.set(received);
    }

    /// What the origin says of itself as of this moment.
    pub fn view(&self) -> View {
        let now = self.state.clock.elapsed();
        let exporters = self.state.exporters.borrow();
        let listing = self.state.listing.borrow();
        let mut sources: Vec<_> = exporters.iter().map(|of| of.source(now)).collect();
        sources.extend(listing.iter().map(|of| of.source(now)));
        let mut sent: Vec<_> = exporters.iter().flat_map(Exporter::sent).collect();
        sent.sort_by_key(|sent| sent.scope);
        sent.dedup_by_key(|sent| sent.scope);
        View {
            sources,
            host: exporters.iter().find_map(|of| of.host(now)),
            server: exporters.iter().find_map(|of| of.server(now)),
            sent,
            segments: listing.as_ref().and_then(|of| {
                let stale_from = of.stale_from();
                self.state.sizes.0.load().segments(now, stale_from)
            }),
        }
    }

    /// The sizes of the segments that the origin has listed and will list.
    pub fn segment_sizes(&self) -> SegmentSizes {
        self.state.sizes.clone()
    }

    /// Waits until every endpoint has been asked once, for at most two seconds: what the origin
    /// says from here on is of the time from here on.
    pub async fn first(&self) {
        let asked = self.asked_since(Duration::ZERO);
        let _ = tokio::time::timeout(FIRST_TIME_MAX, asked).await;
    }

    /// Waits until every endpoint has been asked after this moment, for at most six seconds: what
    /// the origin has counted so far is in the view then. It is asked no sooner for that.
    pub async fn last(&self) {
        let asked = self.asked_since(self.state.clock.elapsed() + SETTLES);
        let _ = tokio::time::timeout(LAST_TIME_MAX, asked).await;
    }

    /// Waits until an endpoint has been asked once more.
    pub async fn turn(&self) {
        self.state.ended.notified().await;
    }

    async fn asked_since(&self, since: Duration) {
        loop {
            let ended = self.state.ended.notified();
            let is_after = |begun: &Option<Duration>| begun.is_some_and(|begun| begun >= since);
            if self.state.begun.borrow().iter().all(is_after) {
                return;
            }
            ended.await;
        }
    }
}

impl State {
    async fn read_exporter(&self, place: usize, asker: &Asker) {
        let begun = self.clock.elapsed();
        let answer = asker.metrics().await;
        let received = self.received.get();
        if let Some(exporter) = self.exporters.borrow_mut().get_mut(place) {
            match answer {
                Ok((at, body)) => exporter.read(at, &body, received),
                Err(why) => exporter.failed(why),
            }
        }
        self.end(place, begun);
    }

    async fn read_listing(&self, place: usize, asker: &Asker) {
        let begun = self.clock.elapsed();
        let answer = asker.files().await;
        if let Some(attempts) = self.listing.borrow_mut().as_mut() {
            match answer {
                Ok((at, files)) => {
                    self.sizes.update(at, &files);
                    attempts.read(at);
                }
                Err(why) => attempts.failed(why),
            }
        }
        self.end(place, begun);
    }

    fn end(&self, place: usize, begun: Duration) {
        if let Some(newest) = self.begun.borrow_mut().get_mut(place) {
            *newest = Some(begun);
        }
        self.ended.notify_waiters();
    }
}

/// Asks each `every`, or as soon as the answer before has come, until `open` is dropped.
async fn each_turn(every: Duration, mut open: watch::Receiver<()>, ask: impl AsyncFn()) {
    let mut turns = tokio::time::interval(every);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let asking = async {
        loop {
            turns.tick().await;
            ask().await;
        }
    };
    tokio::select! {
        () = asking => {}
        _ = open.changed() => {}
    }
}
