use std::collections::VecDeque;
use std::iter::Peekable;
use std::ops::Range;
use std::time::Duration;

use crate::{Director, Events, Order, Ramp, Step, Stripe};

/// Orders that an agenda keeps until their time comes.
const ORDERS_MAX: usize = 64;

/// What a worker does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// A viewer starts or leaves.
    Step(Step),
    /// An order took effect: ask for the target and who waits again.
    Changed,
}

/// One worker's share of a schedule, carried out step by step.
///
/// Orders take effect at their own times, between the steps: a worker that learns of an order
/// before its time does exactly what all others do. One that learns of it later has done what was
/// due before it knew.
#[derive(Clone, Debug)]
pub struct Agenda {
    stripe: Stripe,
    director: Director,
    events: Peekable<Events>,
    orders: VecDeque<Order>,
}

impl Agenda {
    /// The share `stripe` of a ramp.
    pub fn new(ramp: &Ramp, stripe: Stripe) -> Self {
        let director = Director::new(ramp);
        Self {
            stripe,
            events: director.events(stripe).peekable(),
            director,
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
        let event = self.events.peek().map(|event| event.at);
        order.into_iter().chain(event).min()
    }

    /// What is due at `now`, one thing after the other; `None` when all that was due is done.
    pub fn take(&mut self, now: Duration) -> Option<Due> {
        let order = self.orders.front().copied();
        let first = |at: Duration| at <= now && order.is_none_or(|order| at <= order.at);
        if let Some(event) = self.events.next_if(|event| first(event.at)) {
            return Some(Due::Step(event.step));
        }
        let order = self.orders.pop_front_if(|order| order.at <= now)?;
        self.director.obey(order);
        self.events = self.director.events(self.stripe).peekable();
        Some(Due::Changed)
    }

    /// How many viewers are wanted of all workers.
    pub fn target(&self) -> u64 {
        self.director.target()
    }

    /// The numbers of all workers that waited when the latest order took effect.
    pub fn waiting(&self) -> Range<u64> {
        self.director.waiting()
    }

    /// Its share of numbers.
    pub fn stripe(&self) -> Stripe {
        self.stripe
    }
}
