//! One viewer of the gateway: what it lives through is told by what passes.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use media::hls::Variables;
use player::spectator::{self, ExchangeId, Fact};
use player::{Event, Playlist, Spectator};
use tokio::sync::Notify;
use transport::Session;
use viewer::{Diary, Shared, Stop};

use crate::Admission;

/// How long a viewer that came by itself may be away before it counts as gone.
pub const ABSENCE_MAX: Duration = Duration::from_secs(30);

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
    /// The user's own for this viewer.
    pub(crate) headers: Arc<[(String, String)]>,
    spectator: RefCell<Option<Spectator>>,
    pub(crate) diary: RefCell<Diary>,
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
    pub(crate) fn new(shared: &Shared, diary: Diary, admission: Admission, came: Came) -> Rc<Self> {
        let session = shared.client().session_of(diary.number());
        if let Some(stream) = &admission.stream {
            session.authorize(stream);
        }
        Rc::new(Self {
            number: diary.number(),
            came,
            session,
            stop: Stop::default(),
            player: admission.player,
            headers: admission.headers,
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

    /// An exchange begins.
    pub(crate) fn comes(&self, at: Duration) -> ExchangeId {
        let id = ExchangeId(self.next.get());
        self.next.set(id.0.wrapping_add(1));
        self.under_way.set(self.under_way.get() + 1);
        self.seen.set(at);
        id
    }

    /// It is over.
    pub(crate) fn goes(&self, at: Duration) {
        self.seen.set(at);
        self.under_way.set(self.under_way.get() - 1);
        if self.under_way.get() == 0 {
            self.settled.notify_waiters();
        }
    }

    /// Returns when no exchange is under way.
    pub(crate) async fn settled(&self) {
        while self.under_way.get() > 0 {
            self.settled.notified().await;
        }
    }

    /// Returns when something but a second's passing was written into the diary.
    pub(crate) async fn written(&self) {
        self.written.notified().await;
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
