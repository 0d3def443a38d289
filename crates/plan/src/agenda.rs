use std::collections::VecDeque;
use std::iter::Peekable;
use std::ops::Range;
use std::time::Duration;

use crate::open::Open;
use crate::{Closed, Director, Events, Order, Shape, Step, Stripe};

/// Orders that an agenda keeps until their time comes.
const ORDERS_MAX: usize = 64;

/// What a worker does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// A viewer starts or leaves.
    Step(Step),
    /// Ask who is wanted and who waits again.
    Changed(Change),
}

/// What changed a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// An order took effect.
    Order,
    /// A stage of the plan began.
    Stage,
}

/// One worker's share of a schedule, carried out step by step.
///
/// Orders take effect at their own times, between the steps: a worker that learns of an order
/// before its time does exactly what all others do. One that learns of it later has done what was
/// due before it knew.
#[derive(Clone, Debug)]
pub struct Agenda {
    stripe: Stripe,
    course: Course,
    orders: VecDeque<Order>,
}

#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a worker has one")]
enum Course {
    Closed {
        director: Director,
        events: Peekable<Events>,
    },
    Open(Open),
}

impl Agenda {
    /// The share `stripe` of a shape.
    pub fn new(shape: &Shape, stripe: Stripe) -> Self {
        Self {
            stripe,
            course: match shape {
                Shape::Closed(closed) => Course::closed(closed, stripe),
                Shape::Open(arrivals) => Course::Open(Open::new(arrivals, stripe)),
            },
            orders: VecDeque::new(),
        }
    }

    /// Whether it can keep one more order: a worker leaves those that come faster where they are.
    pub fn has_room(&self) -> bool {
        self.orders.len() < ORDERS_MAX
    }

    /// Takes an order, for when its time comes. Orders come in the order of their times.
    pub fn order(&mut self, order: Order) {
        self.orders.push_back(order);
    }

    /// When something is due next. `None`: nothing, unless ordered.
    pub fn due_at(&mut self) -> Option<Duration> {
        let order = self.orders.front().map(|order| order.at);
        order.into_iter().chain(self.course.due_at()).min()
    }

    /// What is due at `now`, one thing after the other; `None` when all that was due is done.
    /// Of what is due at one instant viewers come first, then stages, then orders.
    pub fn take(&mut self, now: Duration) -> Option<Due> {
        let order = self.orders.front().copied();
        let first = |at: &Duration| *at <= now && order.is_none_or(|order| *at <= order.at);
        if self.course.due_at().as_ref().is_some_and(first) {
            return self.course.take(self.stripe);
        }
        let order = self.orders.pop_front_if(|order| order.at <= now)?;
        self.course.obey(order, self.stripe);
        Some(Due::Changed(Change::Order))
    }

    /// The numbers of those who are wanted of all workers, ascending: of stages, at the end of the
    /// one that began last. Of an open crowd nobody says who is, so there are none.
    pub fn wanted(&self) -> Vec<Range<u64>> {
        match &self.course {
            Course::Closed { director, .. } => director.wanted(),
            Course::Open(_) => Vec::new(),
        }
    }

    /// Whether nobody says how many there are.
    pub fn is_open(&self) -> bool {
        matches!(self.course, Course::Open(_))
    }

    /// The numbers of all workers that waited when the latest order took effect, or the latest
    /// stage began. Of an open crowd nobody waits.
    pub fn waiting(&self) -> Range<u64> {
        match &self.course {
            Course::Closed { director, .. } => director.waiting(),
            Course::Open(_) => 0..0,
        }
    }

    /// Its share of numbers.
    pub fn stripe(&self) -> Stripe {
        self.stripe
    }
}

impl Course {
    fn closed(closed: &Closed, stripe: Stripe) -> Self {
        let director = Director::new(closed);
        Self::Closed {
            events: director.events(stripe).peekable(),
            director,
        }
    }

    fn due_at(&mut self) -> Option<Duration> {
        match self {
            Self::Closed { director, events } => {
                let event = events.peek().map(|event| event.at);
                event.into_iter().chain(director.next_stage_at()).min()
            }
            Self::Open(open) => open.peek().map(|event| event.at),
        }
    }

    /// What is due next.
    fn take(&mut self, stripe: Stripe) -> Option<Due> {
        match self {
            Self::Closed { director, events } => {
                let stage = director.next_stage_at();
                let first = |at: Duration| stage.is_none_or(|stage| at <= stage);
                if let Some(event) = events.next_if(|event| first(event.at)) {
                    return Some(Due::Step(event.step));
                }
                stage?;
                director.begin_stage();
                *events = director.events(stripe).peekable();
                Some(Due::Changed(Change::Stage))
            }
            Self::Open(open) => {
                let event = open.peek()?;
                open.pass();
                Some(Due::Step(event.step))
            }
        }
    }

    fn obey(&mut self, order: Order, stripe: Stripe) {
        match self {
            Self::Closed { director, events } => {
                director.obey(order);
                *events = director.events(stripe).peekable();
            }
            Self::Open(open) => open.obey(order),
        }
    }
}
