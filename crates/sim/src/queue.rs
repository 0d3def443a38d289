use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::Duration;

use player::FetchId;

/// Something that is going to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) viewer: u32,
    /// Which life of the viewer it belongs to: what was meant for an earlier one is void.
    pub(crate) life: u32,
    pub(crate) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The viewer presses play.
    Begin,
    /// The player's deadline.
    Timer,
    /// A request arrives at the origin.
    Arrive(FetchId),
    /// The head of an answer arrives.
    Head(FetchId),
    /// The next bytes of a body arrive.
    Chunk(FetchId),
    /// The exchange breaks off.
    Break(FetchId),
    /// A time limit may be over.
    Limit(FetchId),
}

/// What is going to happen, in order of time; what is for the same instant in the order in which
/// it was put in, so that nothing depends on the heap.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    heap: BinaryHeap<Entry>,
    put_in: u64,
}

impl Queue {
    pub(crate) fn push(&mut self, at: Duration, event: Event) {
        self.put_in += 1;
        self.heap.push(Entry {
            at,
            number: self.put_in,
            event,
        });
    }

    pub(crate) fn pop(&mut self) -> Option<(Duration, Event)> {
        self.heap.pop().map(|entry| (entry.at, entry.event))
    }
}

#[derive(Debug)]
struct Entry {
    at: Duration,
    number: u64,
    event: Event,
}

impl Ord for Entry {
    /// The soonest is the greatest: the heap gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Entry {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_time_then_by_order_of_arrival() {
        let mut queue = Queue::default();
        let event = |viewer| Event {
            viewer,
            life: 0,
            what: What::Timer,
        };
        for (viewer, at_ms) in [(0, 5), (1, 3), (2, 5), (3, 1), (4, 3)] {
            queue.push(Duration::from_millis(at_ms), event(viewer));
        }
        let order = std::iter::from_fn(|| queue.pop()).map(|(_, event)| event.viewer);
        assert_eq!(order.collect::<Vec<_>>(), [3, 1, 4, 0, 2]);
    }
}
