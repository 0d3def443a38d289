use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::iter::Peekable;
use std::time::Duration;

use crate::arrivals::Times;
use crate::{Arrivals, Command, Event, Order, Step, Stripe};

/// One worker's share of an open crowd. It keeps those who are there, and nothing of those who
/// have left.
///
/// A pause holds arrivals, and moves those that are still to come as a whole; who is there leaves
/// when its time is up. A target means nothing here.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    arrivals: Arrivals,
    times: Peekable<Times>,
    /// The number of the next arrival.
    next: u64,
    stripe: Stripe,
    leaves: BinaryHeap<Reverse<(Duration, u64)>>,
    held: Duration,
    paused_at: Option<Duration>,
}

impl Open {
    pub(crate) fn new(arrivals: &Arrivals, stripe: Stripe) -> Self {
        let mut open = Self {
            arrivals: *arrivals,
            times: arrivals.times().peekable(),
            next: 0,
            stripe,
            leaves: BinaryHeap::new(),
            held: Duration::ZERO,
            paused_at: None,
        };
        open.skip_others();
        open
    }

    /// What happens next. Who leaves at an instant does so before who comes.
    pub(crate) fn peek(&mut self) -> Option<Event> {
        let leave = self.leaves.peek().map(|Reverse((at, n))| Event {
            at: *at,
            step: Step::Leave(*n),
        });
        let arrival = self.times.peek().filter(|_| self.paused_at.is_none());
        let start = arrival.map(|at| Event {
            at: at.saturating_add(self.held),
            step: Step::Start(self.next),
        });
        match (leave, start) {
            (Some(leave), Some(start)) if start.at < leave.at => Some(start),
            (leave, start) => leave.or(start),
        }
    }

    /// What happens next has happened.
    pub(crate) fn pass(&mut self) {
        match self.peek() {
            Some(Event {
                step: Step::Leave(_),
                ..
            }) => {
                self.leaves.pop();
            }
            Some(Event {
                at,
                step: Step::Start(n),
            }) => {
                let until = at.saturating_add(self.arrivals.stay(n));
                self.leaves.push(Reverse((until, n)));
                self.advance();
                self.skip_others();
            }
            None => {}
        }
    }

    pub(crate) fn obey(&mut self, order: Order) {
        match order.command {
            Command::Pause => {
                self.paused_at.get_or_insert(order.at);
            }
            Command::Resume => {
                if let Some(since) = self.paused_at.take() {
                    self.held += order.at.saturating_sub(since);
                }
            }
            Command::Target(_) => {}
        }
    }

    fn advance(&mut self) {
        self.times.next();
        self.next += 1;
    }

    /// The next arrival is one of its share.
    fn skip_others(&mut self) {
        while !self.stripe.holds(self.next) {
            self.advance();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A worker keeps who is there, however long it goes on: a day at 50 a second, one of four
    /// workers.
    #[test]
    fn a_day_of_arrivals_is_no_more_than_those_who_are_there() {
        let day = Duration::from_hours(24);
        let watch_time = "exp:10m".parse().unwrap();
        let arrivals = Arrivals::new("50/s".parse().unwrap(), watch_time, 3);
        let mut open = Open::new(&arrivals, Stripe::new(1, 4));
        let (mut started, mut most) = (0_u64, 0);
        while let Some(event) = open.peek().filter(|event| event.at < day) {
            started += u64::from(matches!(event.step, Step::Start(_)));
            open.pass();
            most = most.max(open.leaves.len());
        }
        let expected = 50.0 * day.as_secs_f64() / 4.0;
        assert!(
            (started as f64 - expected).abs() < 4.0 * f64::sqrt(expected),
            "{started}"
        );
        assert!(most < 8_000, "{most}");
    }
}
