use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ::plan::{Agenda, Change, Due, Order, Step, Stripe};
use tokio::task::JoinSet;
use transport::Clock;
use viewer::Stop;

use crate::by_group::ByGroup;
use crate::plan::Plan;
use crate::process::Crew;
use crate::turn::Turn;

/// The viewers of one worker, as its agenda has them come and go.
///
/// ```text
///  waiting ──start──▶ here ──leave, or over by itself──▶ (counted as ended or failed)
///     │  ▲
///     ▼  └─ a larger target          one that waits is a token and no task
///  dismissed: a smaller target
/// ```
///
/// Of an open crowd nobody waits: who arrives starts. However long it goes on, no more is kept than
/// who is here; the recorder keeps the rows of some who are over.
pub(crate) struct Crowd {
    plan: Arc<Plan>,
    groups: Rc<ByGroup>,
    clock: Clock,
    /// Of each group, the players, where its viewers are processes.
    crews: Vec<Option<Rc<Crew>>>,
    agenda: Agenda,
    /// By number, ascending.
    waiting: VecDeque<(u64, telemetry::Viewer)>,
    /// Those that started and were not told to leave; they may be over by themselves.
    here: BTreeMap<u64, Rc<Stop>>,
    tasks: JoinSet<()>,
    obeyed: u64,
    /// Of an open crowd, how many of each group are there by the plan; of a closed one nothing.
    there: Vec<u64>,
}

impl Crowd {
    /// The viewers of worker `index`, all of them waiting.
    pub(crate) fn new(
        index: usize,
        plan: &Arc<Plan>,
        groups: &Rc<ByGroup>,
        crews: Vec<Option<Rc<Crew>>>,
    ) -> Self {
        let stripe = Stripe::new(index as u64, plan.workers as u64);
        let agenda = Agenda::new(&plan.shape, stripe);
        let open = agenda.is_open().then_some(plan.groups.len());
        let there = vec![0; open.unwrap_or_default()];
        let mut crowd = Self {
            plan: Arc::clone(plan),
            groups: Rc::clone(groups),
            clock: groups.worker().clock,
            crews,
            agenda,
            waiting: VecDeque::new(),
            here: BTreeMap::new(),
            tasks: JoinSet::new(),
            obeyed: 0,
            there,
        };
        crowd.follow_target();
        crowd
    }

    /// When something is due next.
    pub(crate) fn due_at(&mut self) -> Option<Duration> {
        self.agenda.due_at()
    }

    /// Whether it can keep one more order.
    pub(crate) fn has_room(&self) -> bool {
        self.agenda.has_room()
    }

    /// Keeps an order until its time comes.
    pub(crate) fn order(&mut self, order: Order) {
        self.agenda.order(order);
    }

    /// Does all that is due.
    pub(crate) fn advance(&mut self) {
        let now = self.clock.elapsed();
        while let Some(due) = self.agenda.take(now) {
            match due {
                Due::Step(Step::Start(n)) => {
                    if let Some(there) = self.there.get_mut(self.plan.shares.of(n)) {
                        *there += 1;
                    }
                    self.start(n);
                }
                Due::Step(Step::Leave(n)) => {
                    if let Some(there) = self.there.get_mut(self.plan.shares.of(n)) {
                        *there -= 1;
                    }
                    self.tell(n..n + 1);
                }
                Due::Changed(why) => {
                    self.obeyed += u64::from(why == Change::Order);
                    self.follow_target();
                }
            }
        }
        self.follow_arrivals();
    }

    /// How many orders it carried out, if nobody is left and nobody will come unless ordered.
    pub(crate) fn idle_after(&mut self) -> Option<u64> {
        let closed = !self.plan.is_open_to_guests();
        let idle = closed
            && self.tasks.is_empty()
            && self.waiting.is_empty()
            && self.agenda.due_at().is_none();
        idle.then_some(self.obeyed)
    }

    /// Returns when a viewer is over.
    pub(crate) async fn someone_is_over(&mut self) {
        match self.tasks.join_next().await {
            Some(Ok(())) => {}
            Some(Err(why)) => mourn(&why),
            None => std::future::pending().await,
        }
    }

    /// All leave, and those who would still have come don't. Requests in flight get
    /// [`crate::DRAIN_MAX`], players that are processes a little longer.
    pub(crate) async fn leave(mut self) {
        self.tell(0..u64::MAX);
        let drained = async {
            while let Some(over) = self.tasks.join_next().await {
                if let Err(why) = over {
                    mourn(&why);
                }
            }
        };
        if tokio::time::timeout(self.plan.leave_max(), drained)
            .await
            .is_err()
        {
            // Dropped futures close their connections and count as cancelled.
            self.tasks.shutdown().await;
        }
    }

    /// Its turn has come, unless it had already, before an order came late.
    fn start(&mut self, n: u64) {
        let token = match self.waiting.pop_front_if(|(first, _)| *first == n) {
            Some((_, token)) => token,
            None if self.agenda.is_open() => self.token(n),
            None => return,
        };
        let group = self.plan.shares.of(n);
        let shared = Rc::clone(self.groups.of(group));
        let stop = Rc::new(Stop::default());
        self.here.insert(n, Rc::clone(&stop));
        let turn = Turn {
            n,
            plan: Arc::clone(&self.plan),
            shared: Rc::clone(&shared),
            crew: self.crews[group].clone(),
            stop,
        };
        self.tasks.spawn_local(async move {
            let place = token.place();
            turn.take(token).await;
            shared.recorder.borrow_mut().retire(place);
        });
    }

    /// A viewer more, counted from here on.
    fn token(&self, n: u64) -> telemetry::Viewer {
        let playback = self.plan.playback(n);
        let now = self.clock.elapsed();
        let shared = self.groups.of(self.plan.shares.of(n));
        let mut recorder = shared.recorder.borrow_mut();
        recorder.add_viewer(n, playback, now)
    }

    /// Tells those of `numbers` that started to leave.
    fn tell(&mut self, numbers: Range<u64>) {
        let mut told = self.here.split_off(&numbers.start);
        self.here.append(&mut told.split_off(&numbers.end));
        for stop in told.values() {
            stop.tell();
        }
    }

    /// Those who wait are those whom the agenda says: each is counted, and nobody else. (Of an open
    /// crowd nobody waits, and an order sends nobody away.)
    fn follow_target(&mut self) {
        if self.agenda.is_open() {
            return;
        }
        let waiting = self.agenda.waiting();
        self.dismiss_from(waiting.end);
        // Those beyond have started before an order that dismissed them came, late.
        self.tell(waiting.end..u64::MAX);
        let first = self.waiting.back().map_or(waiting.start, |(n, _)| n + 1);
        self.expect(first..waiting.end);
        // Workers agree on the target: one says it for all.
        if self.agenda.stripe().holds(0) {
            let wanted = self.agenda.wanted();
            let of = |group, numbers: &Range<u64>| {
                let before = |n| self.plan.shares.count(group, n);
                before(numbers.end) - before(numbers.start)
            };
            self.groups
                .set_targets(|group| wanted.iter().map(|numbers| of(group, numbers)).sum());
        }
    }

    /// Of an open crowd each worker has its own share of who is to be here at present.
    fn follow_arrivals(&mut self) {
        if !self.there.is_empty() {
            self.groups.set_targets(|group| self.there[group]);
        }
    }

    fn dismiss_from(&mut self, end: u64) {
        let now = self.clock.elapsed();
        while let Some((n, token)) = self.waiting.pop_back_if(|(n, _)| *n >= end) {
            let shared = self.groups.of(self.plan.shares.of(n));
            shared.recorder.borrow_mut().dismiss(token, now);
        }
    }

    fn expect(&mut self, numbers: Range<u64>) {
        for n in self.agenda.stripe().within(numbers) {
            if !self.here.contains_key(&n) {
                self.waiting.push_back((n, self.token(n)));
            }
        }
    }
}

/// A viewer that came down counts as failed; the others go on.
fn mourn(why: &tokio::task::JoinError) {
    tracing::error!("a viewer came down by a fault of liveswarm: {why}");
}
