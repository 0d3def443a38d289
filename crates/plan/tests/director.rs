//! Schedules that a person changes while they are carried out.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as the test does"
)]

use std::time::Duration;

use plan::{Agenda, Change, Command, Director, Due, Event, Order, Ramp, Step, Stripe};
use proptest::prelude::*;

use Command::{Pause, Resume, Target};
use Step::{Leave, Start};

/// Later than anything happens here.
const FAR: Duration = Duration::from_secs(1_000_000);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn orders(orders: &[(u64, Command)]) -> Vec<Order> {
    let order = |&(at, command)| Order {
        at: ms(at),
        command,
    };
    orders.iter().map(order).collect()
}

/// What one worker does that learns of each order just in time: `(when, what)`.
fn carried_out(ramp: &Ramp, stripe: Stripe, orders: &[Order]) -> Vec<Event> {
    let mut agenda = Agenda::new(&(*ramp).into(), stripe);
    let mut orders = orders.iter().copied().peekable();
    let mut events = Vec::new();
    loop {
        let due = agenda.due_at();
        if let Some(order) = orders.next_if(|order| due.is_none_or(|due| order.at <= due)) {
            agenda.order(order);
            continue;
        }
        let Some(at) = due else { break };
        while let Some(due) = agenda.take(at) {
            if let Due::Step(step) = due {
                events.push(Event { at, step });
            }
        }
    }
    events
}

fn alone(ramp: &Ramp, orders: &[Order]) -> Vec<Event> {
    carried_out(ramp, Stripe::ALL, orders)
}

/// Ten a second without jitter, so that times can be written down.
fn ten_a_second(viewers: u64) -> Ramp {
    Ramp::new(viewers, 10.0, Duration::ZERO, 0).unwrap()
}

fn starts(numbers: std::ops::Range<u64>, from_ms: u64) -> Vec<(u64, Step)> {
    let start = |(k, n)| (from_ms + 100 * k as u64, Start(n));
    numbers.enumerate().map(start).collect()
}

fn leaves(numbers: impl Iterator<Item = u64>, from_ms: u64) -> Vec<(u64, Step)> {
    let leave = |(k, n)| (from_ms + 100 * k as u64, Leave(n));
    numbers.enumerate().map(leave).collect()
}

/// A run of a table: its ramp's viewers, the orders, and all that happens.
type Case = (
    &'static str,
    u64,
    Vec<(u64, Command)>,
    Vec<Vec<(u64, Step)>>,
);

fn pauses_and_growth() -> Vec<Case> {
    vec![
        ("no order", 3, vec![], vec![starts(0..3, 0)]),
        (
            "a pause moves the rest as a whole",
            4,
            vec![(150, Pause), (1_000, Resume)],
            vec![starts(0..2, 0), starts(2..4, 1_050)],
        ),
        (
            "what is due as the pause begins has happened",
            2,
            vec![(100, Pause)],
            vec![starts(0..2, 0)],
        ),
        (
            "two pauses add up, and a pause in a pause is none",
            3,
            vec![
                (50, Pause),
                (60, Pause),
                (1_050, Resume),
                (1_060, Resume),
                (1_150, Pause),
                (2_150, Resume),
            ],
            vec![starts(0..1, 0), starts(1..2, 1_100), starts(2..3, 2_200)],
        ),
        (
            "a larger target goes on where the ramp ends",
            3,
            vec![(50, Target(5))],
            vec![starts(0..5, 0)],
        ),
        (
            "the slot of the last one is waited for",
            3,
            vec![(210, Target(5))],
            vec![starts(0..5, 0)],
        ),
        (
            "or from the moment of the change",
            3,
            vec![(1_234, Target(5))],
            vec![starts(0..3, 0), starts(3..5, 1_234)],
        ),
        (
            "a target in a pause waits for its end",
            2,
            vec![(500, Pause), (700, Target(4)), (2_000, Resume)],
            vec![starts(0..2, 0), starts(2..4, 2_000)],
        ),
    ]
}

fn shrinking() -> Vec<Case> {
    vec![
        (
            "those who wait are dismissed, and their numbers go to others",
            10,
            vec![(250, Target(4)), (260, Target(6))],
            vec![starts(0..6, 0)],
        ),
        (
            "then the latest leave",
            10,
            vec![(250, Target(1))],
            vec![starts(0..3, 0), leaves([2, 1].into_iter(), 250)],
        ),
        (
            "numbers that left are not given again",
            3,
            vec![(1_000, Target(1)), (5_000, Target(3))],
            vec![
                starts(0..3, 0),
                leaves([2, 1].into_iter(), 1_000),
                starts(3..5, 5_000),
            ],
        ),
        (
            "those who are still to leave stay before others start",
            5,
            vec![(1_000, Target(0)), (1_150, Target(4))],
            vec![
                starts(0..5, 0),
                leaves([4, 3].into_iter(), 1_000),
                starts(5..6, 1_150),
            ],
        ),
        (
            "the latest leave first, across gaps",
            3,
            vec![(1_000, Target(2)), (2_000, Target(4)), (3_000, Target(0))],
            vec![
                starts(0..3, 0),
                leaves([2].into_iter(), 1_000),
                starts(3..5, 2_000),
                leaves([4, 3, 1, 0].into_iter(), 3_000),
            ],
        ),
        (
            "a pause does not hold those who leave",
            3,
            vec![(500, Pause), (600, Target(1))],
            vec![starts(0..3, 0), leaves([2, 1].into_iter(), 600)],
        ),
        (
            "those who leave keep to the rate across orders",
            5,
            vec![(1_000, Target(4)), (1_020, Target(3)), (1_030, Target(2))],
            vec![starts(0..5, 0), leaves([4, 3, 2].into_iter(), 1_000)],
        ),
    ]
}

#[test]
fn orders_and_what_happens() {
    for (name, viewers, given, expected) in [pauses_and_growth(), shrinking()].concat() {
        let happened = alone(&ten_a_second(viewers), &orders(&given));
        let happened: Vec<_> = happened
            .iter()
            .map(|event| (event.at.as_millis() as u64, event.step))
            .collect();
        assert_eq!(happened, expected.concat(), "{name}");
    }
}

#[test]
fn target_pause_and_who_waits_can_be_asked_for() {
    let mut director = Director::new(&ten_a_second(10).into());
    assert_eq!((director.target(), director.waiting()), (10, 0..10));
    assert!(director.is_ramping(ms(899)) && !director.is_ramping(ms(900)));
    for order in orders(&[(250, Pause), (300, Target(5))]) {
        director.obey(order);
    }
    assert_eq!((director.target(), director.waiting()), (5, 3..5));
    assert!(director.is_paused() && director.is_ramping(FAR));
    for order in orders(&[(400, Target(u64::MAX)), (500, Resume)]) {
        director.obey(order);
    }
    assert_eq!(director.target(), plan::VIEWERS_MAX);
    assert!(!director.is_paused());
    director.obey(Order {
        at: ms(1),
        command: Target(0),
    });
    assert_eq!((director.target(), director.waiting()), (0, 3..3));
}

#[test]
fn a_worker_that_learns_late_does_what_is_still_to_do() {
    let mut agenda = Agenda::new(&ten_a_second(5).into(), Stripe::ALL);
    let mut taken = || agenda.take(ms(250));
    for n in 0..3 {
        assert_eq!(taken(), Some(Due::Step(Start(n))));
    }
    assert_eq!(taken(), None);
    agenda.order(Order {
        at: ms(150),
        command: Target(1),
    });
    assert_eq!(agenda.take(ms(250)), Some(Due::Changed(Change::Order)));
    // The schedule knows of two that started; the third one is beyond those who wait.
    let wanted: Vec<u64> = agenda.wanted().into_iter().flatten().collect();
    assert_eq!((wanted, agenda.waiting()), (vec![0], 2..2));
    assert_eq!(agenda.take(ms(250)), Some(Due::Step(Leave(1))));
    assert_eq!(agenda.due_at(), None);
}

/// A run as chance has it.
#[derive(Clone, Debug)]
struct Run {
    viewers: u64,
    rate: f64,
    jitter: Duration,
    seed: u64,
    orders: Vec<Order>,
}

impl Run {
    fn ramp(&self) -> Ramp {
        Ramp::new(self.viewers, self.rate, self.jitter, self.seed).unwrap()
    }
}

fn runs() -> impl Strategy<Value = Run> {
    let command = prop_oneof![
        4 => (0..80_u64).prop_map(Target),
        1 => Just(Pause),
        2 => Just(Resume),
    ];
    let given = prop::collection::vec((0..3_000_u64, command), 0..12);
    let jitter = prop_oneof![Just(0), 0..2_000_u64];
    (0..60_u64, 0.5..50.0_f64, jitter, any::<u64>(), given).prop_map(
        |(viewers, rate, jitter, seed, given)| {
            let mut at = Duration::ZERO;
            let order = |(later, command)| {
                at += ms(later);
                Order { at, command }
            };
            Run {
                viewers,
                rate,
                jitter: ms(jitter),
                seed,
                orders: given.into_iter().map(order).collect(),
            }
        },
    )
}

/// Spans in which nobody may start: a start at the very beginning came before the order.
fn pauses(orders: &[Order]) -> Vec<(Duration, Duration)> {
    let (mut spans, mut since) = (Vec::new(), None);
    for order in orders {
        match order.command {
            Pause => _ = since.get_or_insert(order.at),
            Resume => spans.extend(since.take().map(|from| (from, order.at))),
            Target(_) => {}
        }
    }
    spans.extend(since.map(|from| (from, FAR)));
    spans
}

/// No window holds more than the rate and what jitter can push over its two ends.
fn assert_rate(run: &Run, at: &[Duration]) -> Result<(), TestCaseError> {
    let slack = if run.jitter.is_zero() { 0.0 } else { 1.0 };
    for first in 0..at.len() {
        for last in first + 1..at.len() {
            let apart = at[last].saturating_sub(at[first]).as_secs_f64();
            let least = ((last - first) as f64 - slack) / run.rate;
            prop_assert!(apart >= least - 1e-6, "{first}..{last}: {apart} < {least}");
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn without_orders_it_is_the_ramp(run in runs()) {
        let ramp = run.ramp();
        let expected: Vec<_> = (0..run.viewers)
            .map(|n| Event { at: ramp.start_of(n).unwrap(), step: Start(n) })
            .collect();
        prop_assert_eq!(alone(&ramp, &[]), expected);
    }

    #[test]
    fn workers_share_one_schedule(run in runs(), workers in 1..7_u64) {
        let mut shared: Vec<Event> = (0..workers)
            .flat_map(|index| {
                let stripe = Stripe::new(index, workers);
                let events = carried_out(&run.ramp(), stripe, &run.orders);
                for event in &events {
                    let (Start(n) | Leave(n)) = event.step;
                    assert!(stripe.holds(n));
                }
                events
            })
            .collect();
        shared.sort_unstable();
        let mut all = alone(&run.ramp(), &run.orders);
        prop_assert!(all.is_sorted_by_key(|event| event.at), "{:?}", all);
        all.sort_unstable();
        prop_assert_eq!(shared, all);
    }

    #[test]
    fn it_ends_at_the_target_and_nobody_comes_twice(run in runs()) {
        let mut given = run.orders.clone();
        given.push(Order { at: FAR / 2, command: Resume });
        let mut director = Director::new(&run.ramp().into());
        for order in &given {
            director.obey(*order);
        }
        let (mut next, mut there) = (0, Vec::new());
        for event in alone(&run.ramp(), &given) {
            match event.step {
                Start(n) => {
                    prop_assert_eq!(n, next);
                    next += 1;
                    there.push(n);
                }
                Leave(n) => prop_assert_eq!(there.pop(), Some(n)),
            }
        }
        prop_assert_eq!(there.len() as u64, director.target());
        let wanted: Vec<u64> = director.wanted().into_iter().flatten().collect();
        prop_assert_eq!(there, wanted);
        let last = run.orders.iter().rev().find_map(|order| match order.command {
            Target(viewers) => Some(viewers),
            Pause | Resume => None,
        });
        prop_assert_eq!(director.target(), last.unwrap_or(run.viewers));
    }

    #[test]
    fn the_rate_holds_and_pauses_hold_starts(run in runs()) {
        let events = alone(&run.ramp(), &run.orders);
        let times = |started: bool| -> Vec<Duration> {
            let of_kind = |event: &&Event| matches!(event.step, Start(_)) == started;
            events.iter().filter(of_kind).map(|event| event.at).collect()
        };
        assert_rate(&run, &times(true))?;
        assert_rate(&run, &times(false))?;
        for (from, to) in pauses(&run.orders) {
            let inside = |at: &Duration| *at > from && *at < to;
            prop_assert!(!times(true).iter().any(inside), "{:?}..{:?}: {:?}", from, to, events);
        }
    }

    #[test]
    fn a_pause_moves_the_rest_by_its_length(run in runs(), from in 0..20_000_u64, length in 0..20_000_u64) {
        let ramp = run.ramp();
        let given = orders(&[(from, Pause), (from + length, Resume)]);
        for event in alone(&ramp, &given) {
            let Start(n) = event.step else { panic!("{event:?}") };
            let planned = ramp.start_of(n).unwrap();
            let late = if planned <= ms(from) { 0 } else { length };
            prop_assert_eq!(event.at, planned + ms(late));
        }
    }
}
