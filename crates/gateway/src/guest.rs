//! One viewer of the gateway: what it lives through is told by what passes.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use base::{Failure, ViewerState};
use media::hls::Variables;
use player::spectator::{self, ExchangeId, Extent, Fact};
use player::{Event, Playlist, Spectator};
use tokio::sync::Notify;
use transport::Session;
use url::Url;
use viewer::{Diary, Shared, Stop};

use crate::gateway::House;

/// How long a viewer that came by itself may be away before it counts as gone.
pub const ABSENCE_MAX: Duration = Duration::from_secs(30);

/// A viewer that was admitted; dropped, it is shown out, and its requests are cut off.
#[derive(Debug)]
pub struct Guest {
    house: Rc<House>,
    seat: Rc<Seat>,
}

impl Guest {
    pub(crate) fn new(house: Rc<House>, seat: Rc<Seat>) -> Self {
        Self { house, seat }
    }

    /// The viewer's number.
    pub fn number(&self) -> u64 {
        self.seat.number
    }

    /// Where its player finds `url`.
    pub fn url(&self, url: &Url) -> Url {
        self.house.url_for(self.seat.number, url)
    }

    /// A new player is started for it: a life begins, without the cookies of the last one.
    pub fn begin(&self) {
        self.seat.begin(&self.house.shared);
    }

    /// Its player is gone, and the viewer enters `state`.
    pub fn over(&self, state: ViewerState) {
        self.seat.over(&self.house.shared);
        self.seat.diary.borrow_mut().enter(state);
    }

    /// It was told to leave and does.
    pub fn leave(&self) {
        self.seat.over(&self.house.shared);
        self.seat.diary.borrow_mut().leave();
    }

    /// The state it is in.
    pub fn state(&self) -> ViewerState {
        self.seat.diary.borrow().state()
    }

    /// Returns when its state, or anything else in its diary, has changed.
    pub async fn changed(&self) {
        self.seat.written.notified().await;
    }

    /// Time that it has spent playing in its last life, up to the last time it stopped to.
    pub fn played(&self) -> Duration {
        self.seat.diary.borrow().played()
    }

    /// Returns when none of its requests is under way any more: every one is recorded.
    pub async fn settled(&self) {
        while self.seat.under_way.get() > 0 {
            self.seat.settled.notified().await;
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.house.show_out(&self.seat);
    }
}

/// How a viewer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// It was admitted: its lives begin and end as its guest says.
    Admitted,
    /// By itself: a life begins with a request, and ends with [`ABSENCE_MAX`] without one.
    ByItself,
}

/// A viewer's place at the gateway.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) number: u64,
    pub(crate) came: Came,
    /// Its cookies; each connection of its player has a sibling of it.
    pub(crate) session: Session,
    /// Told when the viewer is shown out.
    pub(crate) stop: Stop,
    player: spectator::Config,
    spectator: RefCell<Option<Spectator>>,
    diary: RefCell<Diary>,
    /// Variables of its multivariant playlist, for media playlists that import them.
    imports: RefCell<Option<Arc<Variables>>>,
    /// Whether a playlist has come in this life.
    has_list: Cell<bool>,
    next: Cell<u32>,
    /// Exchanges under way.
    under_way: Cell<u32>,
    settled: Notify,
    /// When the driver's timer is set to fire.
    armed: Cell<Option<Duration>>,
    /// Tells the driver that its timer is to fire sooner.
    sooner: Notify,
    written: Notify,
    /// When its player was last seen.
    seen: Cell<Duration>,
}

impl Seat {
    pub(crate) fn new(
        shared: &Shared,
        diary: Diary,
        player: spectator::Config,
        came: Came,
    ) -> Rc<Self> {
        Rc::new(Self {
            number: diary.number(),
            came,
            session: shared.client().session(),
            stop: Stop::default(),
            player,
            spectator: RefCell::default(),
            diary: RefCell::new(diary),
            imports: RefCell::default(),
            has_list: Cell::new(false),
            next: Cell::new(0),
            under_way: Cell::new(0),
            settled: Notify::new(),
            armed: Cell::new(None),
            sooner: Notify::new(),
            written: Notify::new(),
            seen: Cell::new(Duration::ZERO),
        })
    }

    pub(crate) fn place(&self) -> telemetry::viewers::Place {
        self.diary.borrow().place()
    }

    /// Whether a life goes on.
    pub(crate) fn lives(&self) -> bool {
        self.spectator.borrow().is_some()
    }

    pub(crate) fn begin(&self, shared: &Shared) {
        let now = shared.clock.now();
        self.session.clear_cookies();
        self.imports.take();
        self.has_list.set(false);
        self.seen.set(now.elapsed);
        self.diary.borrow_mut().begin(now.elapsed);
        let spectator = Spectator::new(self.player, now);
        *self.spectator.borrow_mut() = Some(spectator);
        self.arm();
        self.written.notify_waiters();
    }

    /// Its player is gone.
    pub(crate) fn over(&self, shared: &Shared) {
        self.tell(shared, Fact::Gone);
        self.spectator.take();
        self.session.close_idle();
        self.written.notify_waiters();
    }

    pub(crate) fn leave(&self, shared: &Shared) {
        self.over(shared);
        self.diary.borrow_mut().leave();
    }

    /// Tells the spectator, and writes down what it makes of it.
    pub(crate) fn tell(&self, shared: &Shared, fact: Fact) {
        let now = shared.clock.now();
        let mut slot = self.spectator.borrow_mut();
        let Some(spectator) = slot.as_mut() else {
            return;
        };
        spectator.handle(now, fact);
        let mut diary = self.diary.borrow_mut();
        let mut written = false;
        while let Some(event) = spectator.poll() {
            written |= !matches!(event, Event::Second { .. });
            diary.record(event);
        }
        drop((slot, diary));
        if written {
            self.written.notify_waiters();
        }
        self.arm();
    }

    /// Sees to it that the driver wakes when the spectator wants to be told of the time.
    fn arm(&self) {
        let deadline = self.deadline();
        let sooner = match (deadline, self.armed.get()) {
            (Some(deadline), Some(armed)) => deadline < armed,
            (Some(_), None) => true,
            (None, _) => false,
        };
        if sooner {
            self.armed.set(deadline);
            self.sooner.notify_one();
        }
    }

    fn deadline(&self) -> Option<Duration> {
        let spectator = self.spectator.borrow();
        let spectator = spectator.as_ref()?;
        let absence = (self.came == Came::ByItself).then(|| self.seen.get() + ABSENCE_MAX);
        [spectator.deadline(), absence].into_iter().flatten().min()
    }

    /// Tells the spectator of the time until the viewer is shown out.
    pub(crate) async fn drive(self: Rc<Self>, shared: Rc<Shared>) {
        let sleep = tokio::time::sleep(Duration::ZERO);
        tokio::pin!(sleep);
        loop {
            let deadline = self.deadline();
            self.armed.set(deadline);
            if let Some(deadline) = deadline {
                sleep.as_mut().reset(shared.clock.instant(deadline));
            }
            tokio::select! {
                biased;
                () = self.stop.told() => return,
                () = self.sooner.notified() => {}
                () = sleep.as_mut(), if deadline.is_some() => self.tick(&shared),
            }
        }
    }

    fn tick(&self, shared: &Shared) {
        let away = shared.clock.elapsed().saturating_sub(self.seen.get());
        if self.came == Came::ByItself && self.under_way.get() == 0 && away >= ABSENCE_MAX {
            self.leave(shared);
        } else {
            if self.under_way.get() > 0 {
                self.seen.set(shared.clock.elapsed());
            }
            self.tell(shared, Fact::Timer);
        }
    }

    /// Whether the player may still ask for its first playlist.
    pub(crate) fn awaits_a_list(&self) -> bool {
        !self.has_list.get()
    }

    pub(crate) fn imports(&self) -> Option<Arc<Variables>> {
        self.imports.borrow().clone()
    }

    /// A playlist came.
    pub(crate) fn note(&self, playlist: &Playlist) {
        self.has_list.set(true);
        if let Playlist::Multivariant(list) = playlist {
            let variables = list.variables.clone();
            *self.imports.borrow_mut() = (!variables.is_empty()).then(|| Arc::new(variables));
        }
        self.diary.borrow().note(playlist);
    }
}

/// One exchange, as the spectator is told of it: begun once, ended once, also by being dropped.
#[derive(Debug)]
pub(crate) struct Visit {
    shared: Rc<Shared>,
    seat: Rc<Seat>,
    /// `None`: nothing that a spectator is told of, or told to its end.
    id: Cell<Option<ExchangeId>>,
    asked: Extent,
    /// Bytes of the resource that arrived.
    got: Cell<u64>,
}

/// How an exchange ended.
#[derive(Debug)]
pub(crate) enum Ended {
    Playlist(Playlist, Arc<Url>),
    Unchanged,
    Arrived(Extent),
    /// `None`: the player does not want it any more.
    Failed(Option<Failure>),
}

impl Visit {
    /// An exchange begins; `told` where it brings a body.
    pub(crate) fn begin(
        shared: &Rc<Shared>,
        seat: &Rc<Seat>,
        url: &Arc<Url>,
        asked: Extent,
        told: bool,
    ) -> Self {
        let id = ExchangeId(seat.next.get());
        seat.next.set(id.0.wrapping_add(1));
        seat.under_way.set(seat.under_way.get() + 1);
        seat.seen.set(shared.clock.elapsed());
        if told {
            let url = Arc::clone(url);
            let extent = asked;
            seat.tell(shared, Fact::Asked { id, url, extent });
        }
        Self {
            shared: Rc::clone(shared),
            seat: Rc::clone(seat),
            id: Cell::new(told.then_some(id)),
            asked,
            got: Cell::new(0),
        }
    }

    pub(crate) fn got(&self, bytes: usize) {
        self.got.set(self.got.get() + bytes as u64);
    }

    pub(crate) fn end(&self, ended: Ended) {
        let Some(id) = self.id.take() else {
            return;
        };
        let fact = match ended {
            Ended::Playlist(playlist, from) => Fact::Playlist {
                id,
                playlist,
                final_url: Some(from),
            },
            Ended::Unchanged => Fact::Unchanged { id },
            Ended::Arrived(extent) => Fact::Arrived { id, extent },
            Ended::Failed(failure) => Fact::Failed {
                id,
                failure,
                got: (self.got.get() > 0).then(|| Extent {
                    offset: self.asked.offset,
                    length: Some(self.got.get()),
                }),
            },
        };
        self.seat.tell(&self.shared, fact);
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.end(Ended::Failed(None));
        self.seat.seen.set(self.shared.clock.elapsed());
        self.seat.under_way.set(self.seat.under_way.get() - 1);
        if self.seat.under_way.get() == 0 {
            self.seat.settled.notify_waiters();
        }
    }
}
