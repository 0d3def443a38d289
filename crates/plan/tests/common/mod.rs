//! What a worker does, for tests of several kinds of plan.

use std::time::Duration;

use plan::{Agenda, Due, Event, Order, Shape, Stripe};

/// All that one worker does up to `until`, who learns of each order just in time.
pub(crate) fn carried_out(
    shape: &Shape,
    stripe: Stripe,
    orders: &[Order],
    until: Duration,
) -> Vec<Event> {
    let mut agenda = Agenda::new(shape, stripe);
    let mut orders = orders.iter().copied().peekable();
    let mut events = Vec::new();
    loop {
        let due = agenda.due_at();
        if let Some(order) = orders.next_if(|order| due.is_none_or(|due| order.at <= due)) {
            agenda.order(order);
            continue;
        }
        let Some(at) = due.filter(|at| *at <= until) else {
            return events;
        };
        while let Some(due) = agenda.take(at) {
            if let Due::Step(step) = due {
                events.push(Event { at, step });
            }
        }
    }
}

/// All workers together do what one would do alone.
pub(crate) fn assert_shared(shape: &Shape, workers: u64, orders: &[Order], until: Duration) {
    let mut shared: Vec<Event> = (0..workers)
        .flat_map(|index| carried_out(shape, Stripe::new(index, workers), orders, until))
        .collect();
    shared.sort_unstable();
    let mut all = carried_out(shape, Stripe::ALL, orders, until);
    assert!(all.is_sorted_by_key(|event| event.at));
    all.sort_unstable();
    assert_eq!(shared, all);
}
