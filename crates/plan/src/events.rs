use std::ops::Range;
use std::time::Duration;

use crate::Stripe;
use crate::director::pop;
use crate::queue::Queue;

/// What happens to a viewer, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Its turn has come.
    Start(u64),
    /// It is to leave.
    Leave(u64),
}

/// One step of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// Counted from the beginning of the run.
    pub at: Duration,
    /// What happens.
    pub step: Step,
}

/// A queue whose times are all later than it says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dated {
    queue: Queue,
    later: Duration,
}

impl Dated {
    pub(crate) fn new(queue: Queue, later: Duration) -> Self {
        Self { queue, later }
    }

    fn at(&self, n: u64) -> Duration {
        self.queue.at(n).saturating_add(self.later)
    }
}

/// A schedule: its steps in the order of their times, as far as no further order changes it.
#[derive(Clone, Debug)]
pub struct Events {
    stripe: Stripe,
    starts: Dated,
    leaves: Dated,
    /// Who can leave, the next one on top.
    there: Vec<Range<u64>>,
}

impl Events {
    pub(crate) fn new(
        stripe: Stripe,
        starts: Dated,
        leaves: Dated,
        there: Vec<Range<u64>>,
    ) -> Self {
        Self {
            stripe,
            starts,
            leaves,
            there,
        }
    }

    fn next_start(&mut self) -> Option<Event> {
        let queue = &mut self.starts.queue;
        let pending = queue.pending();
        let first = pending.start;
        let Some(n) = self.stripe.within(pending).next() else {
            queue.cut(queue.left());
            return None;
        };
        queue.pass(n + 1 - first);
        Some(Event {
            at: self.starts.at(n),
            step: Step::Start(n),
        })
    }

    fn next_leave(&mut self) -> Option<Event> {
        loop {
            let turn = self.leaves.queue.pending().next()?;
            let n = self.there.last()?.end - 1;
            self.leaves.queue.pass(1);
            pop(&mut self.there, 1);
            if self.stripe.holds(n) {
                return Some(Event {
                    at: self.leaves.at(turn),
                    step: Step::Leave(n),
                });
            }
        }
    }
}

impl Iterator for Events {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        // Nobody waits while somebody is to leave, so that the two never have to be merged.
        self.next_start().or_else(|| self.next_leave())
    }
}
