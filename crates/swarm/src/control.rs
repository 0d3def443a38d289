//! Changing a run while it goes on.

mod course;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::plan::{Command, Order, Shape, VIEWERS_MAX};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::watch;
use transport::Clock;

use crate::plan::Needs;
use crate::preflight::{self, Have, Refusal};
use course::Course;

/// Orders are dated this far ahead, so that every worker knows of one before it takes effect, and
/// all do the same.
const ORDER_LEAD: Duration = Duration::from_millis(20);
/// Orders that wait for a worker.
const ORDERS_MAX: usize = 64;

/// Why a change was refused. The run goes on as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// More viewers than any run has.
    #[error("{asked} viewers are too many; ask for at most {most}")]
    TooMany {
        /// What was asked for.
        asked: u64,
        /// What can be asked for.
        most: u64,
    },
    /// More viewers than this machine can be.
    #[error(transparent)]
    Machine(#[from] Refusal),
    /// People come and go by themselves: how many there are is nobody's to say.
    #[error(
        "viewers come and go by themselves (--arrivals), so how many there are can't be set; \
         pause the run to hold arrivals"
    )]
    Open,
    /// A worker is behind with the orders before this one.
    #[error("the orders before this one are still being carried out; try again in a moment")]
    Busy,
    /// The run is over, or was stopped.
    #[error("the run is over or being stopped; nothing can be changed any more")]
    Over,
}

/// Changes a run while it goes on. Copies change the same run; it ends whether they are kept or not.
///
/// Who starts and leaves when is [`plan::Agenda`]'s to say.
#[derive(Clone, Debug)]
pub struct Control(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    clock: Clock,
    room: Have,
    needs: Needs,
    stop: watch::Sender<bool>,
    desk: Mutex<Desk>,
}

/// Where orders are given, one after the other.
#[derive(Debug)]
struct Desk {
    course: Course,
    workers: Vec<Worker>,
    /// Orders given so far.
    given: u64,
}

#[derive(Debug)]
struct Worker {
    orders: mpsc::Sender<Order>,
    /// It has nothing to do, having carried out this many orders.
    idle_after: Option<u64>,
}

/// A worker's line to the control.
#[derive(Debug)]
pub(crate) struct Line {
    control: Control,
    worker: usize,
    orders: mpsc::Receiver<Order>,
    stop: watch::Receiver<bool>,
}

/// What a worker hears.
#[derive(Debug)]
pub(crate) enum News {
    /// The run is stopped.
    Stop,
    /// An order, for when its time comes.
    Order(Order),
}

impl Control {
    /// The control of a run of so many workers, and their lines to it. The machine has `room` for
    /// all of them, and viewers take of it what `needs` says.
    pub(crate) fn new(
        shape: &Shape,
        workers: usize,
        (room, needs): (Have, Needs),
        clock: Clock,
    ) -> (Self, Vec<Line>) {
        let (stop, stopped) = watch::channel(false);
        let (senders, receivers): (Vec<_>, Vec<_>) =
            (0..workers).map(|_| mpsc::channel(ORDERS_MAX)).unzip();
        let worker = |orders| Worker {
            orders,
            idle_after: None,
        };
        let control = Self(Arc::new(Shared {
            clock,
            room,
            needs,
            stop,
            desk: Mutex::new(Desk {
                course: Course::new(shape),
                workers: senders.into_iter().map(worker).collect(),
                given: 0,
            }),
        }));
        let line = |(worker, orders)| Line {
            control: control.clone(),
            worker,
            orders,
            stop: stopped.clone(),
        };
        let lines = receivers.into_iter().enumerate().map(line).collect();
        (control, lines)
    }

    /// Asks for this many viewers. More start at the ramp's rate, when those before them have; of
    /// fewer, those who still wait go first, then the latest to start leave, at the same rate. With
    /// none the run goes on, so that it can grow again, until it is stopped.
    ///
    /// Where stages are followed they are dropped, and the target is gone to at the pace that was
    /// given for it. More than there are descriptors and ports for is refused, and so is any target
    /// of an open crowd; that changes nothing.
    pub fn set_target(&self, viewers: u64) -> Result<(), Refused> {
        if viewers > VIEWERS_MAX {
            let (asked, most) = (viewers, VIEWERS_MAX);
            return Err(Refused::TooMany { asked, most });
        }
        let Some(target) = self.target() else {
            return Err(Refused::Open);
        };
        if viewers > target {
            let need = self.0.needs.of(viewers);
            if let Some(short) = preflight::shortages(&need, &self.0.room).next() {
                return Err(short.into());
            }
        }
        self.order(Command::Target(viewers))
    }

    /// Holds the ramp, or lets it go on where it stood. Stages stand still as a whole; of an open
    /// crowd nobody arrives, and who is there leaves when its time is up.
    pub fn pause(&self, pause: bool) -> Result<(), Refused> {
        self.order(if pause {
            Command::Pause
        } else {
            Command::Resume
        })
    }

    /// How many viewers are asked for: of stages, at the end of the present one. `None` of an open
    /// crowd, of which nobody says.
    pub fn target(&self) -> Option<u64> {
        let now = self.0.clock.elapsed();
        self.desk().course.target(now)
    }

    /// Whether the ramp is held.
    pub fn paused(&self) -> bool {
        self.desk().course.is_paused()
    }

    /// Whether viewers are still to start, be it after a pause.
    pub fn ramping(&self) -> bool {
        let now = self.0.clock.elapsed();
        !self.is_stopped() && self.desk().course.is_ramping(now)
    }

    /// Stops the run.
    pub(crate) fn stop(&self) {
        self.0.stop.send_replace(true);
    }

    fn is_stopped(&self) -> bool {
        *self.0.stop.borrow()
    }

    /// All workers get an order, or none does.
    fn order(&self, command: Command) -> Result<(), Refused> {
        let mut desk = self.desk();
        if self.is_stopped() {
            return Err(Refused::Over);
        }
        let Desk {
            course,
            workers,
            given,
        } = &mut *desk;
        let free = workers.iter().map(|worker| worker.orders.try_reserve());
        let free: Vec<_> = free.collect::<Result<_, _>>().map_err(refused)?;
        let at = self.0.clock.elapsed() + ORDER_LEAD;
        let order = Order { at, command };
        for place in free {
            place.send(order);
        }
        course.obey(order);
        *given += 1;
        Ok(())
    }

    /// A worker has nothing to do, having carried out `orders`. When none has, and none of the
    /// orders is under way, the run is over; but one without viewers is if it is stopped only.
    fn idle(&self, worker: usize, orders: u64) {
        let mut desk = self.desk();
        desk.workers[worker].idle_after = Some(orders);
        let given = Some(desk.given);
        let all_idle = desk.workers.iter().all(|worker| worker.idle_after == given);
        let now = self.0.clock.elapsed();
        if all_idle && desk.course.ends_with_its_viewers(now) {
            self.stop();
        }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        // Whatever came down while it held the lock: an order is whole or not there.
        self.0.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Its worker.
    pub(crate) fn worker(&self) -> usize {
        self.worker
    }

    /// The worker has nothing to do, having carried out `orders`.
    pub(crate) fn idle(&self, orders: u64) {
        self.control.idle(self.worker, orders);
    }

    /// The next news. Orders stay where they are while there is no `room` for them.
    pub(crate) async fn news(&mut self, room: bool) -> News {
        tokio::select! {
            biased;
            // Without a control nobody can stop the run any more.
            _ = self.stop.wait_for(|stop| *stop) => News::Stop,
            Some(order) = self.orders.recv(), if room => News::Order(order),
        }
    }
}

fn refused(full: TrySendError<()>) -> Refused {
    match full {
        TrySendError::Full(()) => Refused::Busy,
        TrySendError::Closed(()) => Refused::Over,
    }
}

#[cfg(test)]
mod tests;
