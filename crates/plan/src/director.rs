//! Who starts and who leaves when, while a person changes their mind.
//!
//! ```text
//! viewers
//!   target ─────────┐              ┌───────   a larger target: new numbers start, at the rate
//!            x x x  │ o            │ x x
//!          x        │   o          x          a smaller target: those who wait are dismissed,
//!        x ~~~~~    └─────o───────┘           then the latest started leave, at the rate
//!      x   pause          o
//!   --|-----------|-------------|-----> t     a pause moves what has not started, as a whole
//! ```
//!
//! Where stages say how many viewers there are over time, each is carried out as it begins: of a
//! line that rises, those who are still to come wait; of one that falls, the latest leave. A pause
//! moves the rest of the plan as a whole, leaving included. A target takes over: the stages that
//! are left are dropped, and from there on viewers come and go at the rate.

use std::ops::Range;
use std::time::Duration;

use crate::events::{Dated, Events};
use crate::queue::Queue;
use crate::slots::Slots;
use crate::{Closed, Stages, Stripe};

/// The most viewers that a target can ask for.
pub const VIEWERS_MAX: u64 = 1_000_000;
/// Keeps the jitter of leaving apart from that of starting.
const LEAVE_SEED: u64 = 0x6c65_6176_6500;

/// What a person can ask of a run that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// This many viewers; more than [`VIEWERS_MAX`] counts as that.
    Target(u64),
    /// Nobody starts until [`Command::Resume`]. Whom a target lets leave leaves all the same; a
    /// plan of stages stands still.
    Pause,
    /// Who has not started does, each later by the time that the pause took.
    Resume,
}

/// A command, and when it takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Counted from the beginning of the run.
    pub at: Duration,
    /// What is asked.
    pub command: Command,
}

/// Says who starts and who leaves when. The same ramp and the same orders give the same schedule,
/// whoever asks.
///
/// Numbers are given in order. Those below `waiting().start` have started, and are not given
/// again; those in [`Director::waiting`] wait. Of the started, those on the stack are there: the
/// latest on top, who leaves first. Nobody waits while somebody is to leave, since who is to leave
/// stays before anybody new is taken on.
///
/// A viewer that is over by itself still counts: the schedule knows nothing of streams that end.
#[derive(Clone, Debug)]
pub struct Director {
    /// The time of the latest order: what was due until then has happened.
    settled: Duration,
    /// By number, in the ramp's own time, which stands still in a pause.
    starts: Queue,
    /// In the order of leaving.
    leaves: Queue,
    there: Vec<Range<u64>>,
    /// How long the ramp stood still in pauses that are over.
    held: Duration,
    paused_at: Option<Duration>,
    /// The pace at which targets are reached.
    slots: Slots,
    /// The stages that are followed, until a target takes over.
    course: Option<Course>,
}

/// Stages, as they are followed.
#[derive(Clone, Debug)]
struct Course {
    stages: Stages,
    /// The stage that begins next, and when, in the plan's own time.
    next: usize,
    begins: Duration,
}

impl Director {
    /// A director that was given no orders: everybody starts as the ramp says, or the stages do.
    pub fn new(closed: &Closed) -> Self {
        let slots = closed.ramp.slots();
        let course = |stages| Course {
            stages,
            next: 0,
            begins: Duration::ZERO,
        };
        Self {
            settled: Duration::ZERO,
            starts: Queue::new(slots, closed.ramp.viewers()),
            leaves: Queue::new(slots.reseeded(LEAVE_SEED), 0),
            there: Vec::new(),
            held: Duration::ZERO,
            paused_at: None,
            slots,
            course: closed.stages.clone().map(course),
        }
    }

    /// When the next stage begins, if one does without an order.
    pub fn next_stage_at(&self) -> Option<Duration> {
        let course = self.course.as_ref().filter(|_| !self.is_paused())?;
        course.stages.get(course.next)?;
        Some(course.begins + self.held)
    }

    /// Whether stages are still to begin, be it after a pause.
    pub fn has_stages_left(&self) -> bool {
        let course = self.course.as_ref();
        course.is_some_and(|course| course.stages.get(course.next).is_some())
    }

    /// Begins the stages that are to begin by `now`, what was due before them done.
    pub fn catch_up(&mut self, now: Duration) {
        while self.next_stage_at().is_some_and(|at| at <= now) {
            self.begin_stage();
        }
    }

    /// Begins the next stage, what was due before it done.
    pub(crate) fn begin_stage(&mut self) {
        let Some(at) = self.next_stage_at() else {
            return;
        };
        self.settle(at.max(self.settled));
        let before = self.target();
        let Some(course) = &mut self.course else {
            return;
        };
        let Some(stage) = course.stages.get(course.next) else {
            return;
        };
        let begins = course.begins;
        course.next += 1;
        course.begins += stage.length;
        let count = stage.viewers.abs_diff(before);
        let queue = if stage.viewers < before {
            &mut self.leaves
        } else {
            &mut self.starts
        };
        queue.draw(count, stage.length, begins);
    }

    /// Takes an order. Orders come in the order of their times; one that comes late takes effect
    /// at the time of the one before.
    pub fn obey(&mut self, order: Order) {
        let at = order.at.max(self.settled);
        self.catch_up(at);
        self.settle(at);
        match order.command {
            Command::Target(viewers) => {
                self.take_over(at);
                self.aim(viewers.min(VIEWERS_MAX));
            }
            Command::Pause => {
                self.paused_at.get_or_insert(at);
            }
            Command::Resume => {
                if let Some(since) = self.paused_at.take() {
                    self.held += at.saturating_sub(since);
                }
            }
        }
    }

    /// How many viewers are wanted: of stages, at the end of the one that began last.
    pub fn target(&self) -> u64 {
        self.started_and_there() - self.leaves.left() + self.starts.left()
    }

    /// The numbers of those who are wanted, ascending: as many as [`Director::target`] says. Since
    /// numbers are not given twice, some are left out where a crowd shrank and grew again.
    pub fn wanted(&self) -> Vec<Range<u64>> {
        let mut wanted = self.there.clone();
        pop(&mut wanted, self.leaves.left());
        push(&mut wanted, self.starts.pending());
        wanted
    }

    /// Whether nobody starts.
    pub fn is_paused(&self) -> bool {
        self.paused_at.is_some()
    }

    /// The numbers that waited for their turn when the latest order took effect.
    pub fn waiting(&self) -> Range<u64> {
        self.starts.pending()
    }

    /// Whether at `now`, not before the latest order, somebody still waits.
    pub fn is_ramping(&self, now: Duration) -> bool {
        self.starting(now) < self.starts.left()
    }

    /// Who of `stripe` starts and leaves when, after the latest order and up to the next.
    pub fn events(&self, stripe: Stripe) -> Events {
        let (mut starts, mut leaves) = (self.starts, self.leaves);
        if self.is_paused() {
            starts.cut(starts.left());
        }
        if self.is_paused() && self.course.is_some() {
            leaves.cut(leaves.left());
        }
        let starts = Dated::new(starts, self.held);
        let held = self.course.as_ref().map_or(Duration::ZERO, |_| self.held);
        Events::new(stripe, starts, Dated::new(leaves, held), self.there.clone())
    }

    /// A person says how many there are from `at` on.
    fn take_over(&mut self, at: Duration) {
        if self.course.take().is_some() {
            let now = self.ramp_time(at);
            self.starts.follow(self.slots, now);
            self.leaves.follow(self.slots.reseeded(LEAVE_SEED), at);
        }
    }

    /// The ramp's own time at `now`.
    fn ramp_time(&self, now: Duration) -> Duration {
        self.paused_at.unwrap_or(now).saturating_sub(self.held)
    }

    /// How many more than at the latest order have started at `now`.
    fn starting(&self, now: Duration) -> u64 {
        if self.is_paused() {
            return 0;
        }
        self.starts.due(self.ramp_time(now))
    }

    fn started_and_there(&self) -> u64 {
        self.there.iter().map(|range| range.end - range.start).sum()
    }

    /// Lets what is due at `at` have happened.
    fn settle(&mut self, at: Duration) {
        self.settled = at;
        let starting = self.starting(at);
        let first = self.starts.pending().start;
        self.starts.pass(starting);
        push(&mut self.there, first..first + starting);
        let leaving = self.leaves.due(match self.course {
            Some(_) => self.ramp_time(at),
            None => at,
        });
        self.leaves.pass(leaving);
        pop(&mut self.there, leaving);
    }

    fn aim(&mut self, target: u64) {
        let before = self.target();
        if target >= before {
            let more = target - before;
            let stay = more.min(self.leaves.left());
            self.leaves.cut(stay);
            let now = self.ramp_time(self.settled);
            self.starts.extend(more - stay, now);
        } else {
            let fewer = before - target;
            let dismissed = fewer.min(self.starts.left());
            self.starts.cut(dismissed);
            self.leaves.extend(fewer - dismissed, self.settled);
        }
    }
}

fn push(stack: &mut Vec<Range<u64>>, numbers: Range<u64>) {
    match stack.last_mut() {
        _ if numbers.is_empty() => {}
        Some(top) if top.end == numbers.start => top.end = numbers.end,
        _ => stack.push(numbers),
    }
}

/// Takes the `count` highest numbers away.
pub(crate) fn pop(stack: &mut Vec<Range<u64>>, mut count: u64) {
    while count > 0
        && let Some(top) = stack.last_mut()
    {
        let taken = count.min(top.end - top.start);
        top.end -= taken;
        count -= taken;
        if top.is_empty() {
            stack.pop();
        }
    }
}
