//! Plans of stages, carried out and changed.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as the test does"
)]

mod common;

use std::time::Duration;

use common::{assert_shared, carried_out};
use plan::{
    Agenda, Change, Closed, Command, Director, Due, Event, Order, Ramp, Shape, Stage, Stages, Step,
    Stripe,
};
use proptest::prelude::*;

use Command::{Pause, Resume, Target};
use Step::{Leave, Start};

/// Later than anything happens here.
const FAR: Duration = Duration::from_secs(1_000_000);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Stages, and ten a second for what a person asks for.
fn staged(stages: &Stages) -> Shape {
    let pace = Ramp::new(0, 10.0, Duration::ZERO, 0).unwrap();
    Closed::staged(stages.clone(), &pace).into()
}

fn order(at: u64, command: Command) -> Order {
    let at = ms(at);
    Order { at, command }
}

/// What happens, in milliseconds.
fn happens(stages: &str, orders: &[Order]) -> Vec<(u64, Step)> {
    let shape = staged(&stages.parse().unwrap());
    let events = carried_out(&shape, Stripe::ALL, orders, FAR);
    let in_ms = |event: &Event| (event.at.as_millis() as u64, event.step);
    events.iter().map(in_ms).collect()
}

#[test]
fn viewers_come_and_go_in_the_middle_of_their_share_of_a_line() {
    assert_eq!(
        happens("1s:2, 1s:2, 2s:1, 0s:3, 1s:0", &[]),
        [
            (250, Start(0)),
            (750, Start(1)),
            (3_000, Leave(1)),
            (4_000, Start(2)),
            (4_000, Start(3)),
            (4_166, Leave(3)),
            (4_500, Leave(2)),
            (4_833, Leave(0)),
        ]
    );
}

#[test]
fn a_pause_moves_the_rest_of_the_plan() {
    let paused = happens("1s:2, 1s:0", &[order(500, Pause), order(1_500, Resume)]);
    assert_eq!(
        paused,
        [
            (250, Start(0)),
            (1_750, Start(1)),
            (2_250, Leave(1)),
            (2_750, Leave(0)),
        ]
    );
    // Between the two stages, and in the middle of leaving.
    let paused = happens(
        "1s:2, 1s:0",
        &[
            order(1_000, Pause),
            order(2_000, Resume),
            order(2_300, Pause),
            order(3_000, Resume),
        ],
    );
    let times: Vec<_> = paused.iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [250, 750, 2_250, 3_450]);
}

#[test]
fn a_target_takes_over() {
    // Who waits comes at the rate, the stages that are left are dropped.
    assert_eq!(
        happens("10s:5, 10s:5, 10s:0", &[order(2_000, Target(3))]),
        [(1_000, Start(0)), (2_000, Start(1)), (2_100, Start(2))]
    );
    assert_eq!(
        happens("1s:4, 10s:0", &[order(2_300, Target(1))]),
        [
            (125, Start(0)),
            (375, Start(1)),
            (625, Start(2)),
            (875, Start(3)),
            (2_250, Leave(3)),
            (2_300, Leave(2)),
            (2_400, Leave(1)),
        ]
    );
    // Who was to leave stays before somebody new is taken on; in a pause nobody starts.
    let orders = [
        order(2_300, Pause),
        order(2_400, Target(5)),
        order(4_000, Resume),
    ];
    assert_eq!(
        happens("1s:4, 10s:0", &orders)[5..],
        [(4_000, Start(4)), (4_100, Start(5))]
    );
}

#[test]
fn target_and_who_waits_are_those_of_the_stage() {
    let stages: Stages = "1s:0, 1s:10, 1s:4".parse().unwrap();
    let Shape::Closed(closed) = staged(&stages) else {
        panic!("stages are closed");
    };
    let mut director = Director::new(&closed);
    let mut at = |at: u64| {
        director.catch_up(ms(at));
        (
            director.target(),
            director.waiting(),
            director.is_ramping(ms(at)),
        )
    };
    assert_eq!(at(500), (0, 0..0, false));
    assert_eq!(at(1_500), (10, 0..10, true));
    assert_eq!(at(2_500), (4, 10..10, false));
    assert_eq!(at(9_500), (4, 10..10, false));
    assert_eq!(director.next_stage_at(), None);
}

#[test]
fn a_worker_hears_of_each_stage() {
    let shape = staged(&"1s:2, 0s:4, 1s:0".parse().unwrap());
    let mut agenda = Agenda::new(&shape, Stripe::new(1, 2));
    let mut told = Vec::new();
    while let Some(at) = agenda.due_at() {
        while let Some(due) = agenda.take(at) {
            if due == Due::Changed(Change::Stage) {
                let wanted: Vec<u64> = agenda.wanted().into_iter().flatten().collect();
                told.push((at, wanted, agenda.waiting()));
            }
        }
    }
    assert_eq!(
        told,
        [
            (ms(0), vec![0, 1], 0..2),
            (ms(1_000), vec![0, 1, 2, 3], 2..4),
            (ms(1_000), vec![], 4..4),
        ]
    );
}

fn stages() -> impl Strategy<Value = Stages> {
    let length = prop_oneof![Just(0), 1..5_000_u64];
    prop::collection::vec((length, 0..40_u64), 1..8).prop_map(|stages| {
        let stage = |(length, viewers)| Stage {
            length: ms(length),
            viewers,
        };
        Stages::new(stages.into_iter().map(stage).collect()).unwrap()
    })
}

fn orders() -> impl Strategy<Value = Vec<Order>> {
    let command = prop_oneof![
        1 => (0..40_u64).prop_map(Target),
        3 => Just(Pause),
        4 => Just(Resume),
    ];
    prop::collection::vec((0..4_000_u64, command), 0..8).prop_map(|given| {
        let mut at = 0;
        let order = |(later, command)| {
            at += later;
            order(at, command)
        };
        given.into_iter().map(order).collect()
    })
}

/// The line at `at` in exact arithmetic, rounded to the side it goes to.
fn rounded(stages: &Stages, at: Duration) -> u64 {
    let (mut begin, mut before) = (0_i128, 0_i128);
    let at = at.as_nanos() as i128;
    for stage in stages.iter() {
        let (length, after) = (stage.length.as_nanos() as i128, i128::from(stage.viewers));
        if at < begin + length {
            // Doubled numerator of the line's height, over `length`.
            let twice = 2 * (before * length + (after - before) * (at - begin));
            let rounded = if after >= before {
                (twice + length).div_euclid(2 * length)
            } else {
                -(length - twice).div_euclid(2 * length)
            };
            return rounded as u64;
        }
        (begin, before) = (begin + length, after);
    }
    before as u64
}

proptest! {
    #[test]
    fn at_each_instant_there_are_as_many_as_the_line_says(
        stages in stages(), instants in prop::collection::vec(0..30_000_000_000_u64, 20),
    ) {
        let events = carried_out(&staged(&stages), Stripe::ALL, &[], FAR);
        let just_before = events.iter().map(|event| event.at.saturating_sub(Duration::from_nanos(1)));
        let instants = instants.into_iter().map(Duration::from_nanos);
        let at_events = events.iter().map(|event| event.at);
        for at in instants.chain(just_before).chain(at_events) {
            let count = |kind: fn(&Step) -> bool| {
                events.iter().filter(|event| event.at <= at && kind(&event.step)).count() as u64
            };
            let there = count(|step| matches!(step, Start(_))) - count(|step| matches!(step, Leave(_)));
            prop_assert_eq!(there, rounded(&stages, at), "{:?} at {:?}", stages, at);
            prop_assert_eq!(there, stages.viewers_at(at));
        }
    }

    #[test]
    fn workers_share_one_schedule(stages in stages(), workers in 1..7_u64, orders in orders()) {
        assert_shared(&staged(&stages), workers, &orders, FAR);
    }

    #[test]
    fn numbers_are_given_once_and_the_latest_leave_first(stages in stages(), orders in orders()) {
        let (mut next, mut there) = (0, Vec::new());
        for event in carried_out(&staged(&stages), Stripe::ALL, &orders, FAR) {
            match event.step {
                Start(n) => {
                    prop_assert_eq!(n, next);
                    next += 1;
                    there.push(n);
                }
                Leave(n) => prop_assert_eq!(there.pop(), Some(n)),
            }
        }
    }

    /// A control that is asked now and then agrees with one that follows every stage.
    #[test]
    fn asking_changes_nothing(
        stages in stages(), orders in orders(), asked in prop::collection::vec(0..20_000_u64, 0..6),
    ) {
        let Shape::Closed(closed) = staged(&stages) else { panic!() };
        let (mut quiet, mut asked_often) = (Director::new(&closed), Director::new(&closed));
        let mut asked = asked;
        asked.sort_unstable();
        for order in &orders {
            asked.retain(|at| {
                let before = ms(*at) <= order.at;
                if before {
                    asked_often.catch_up(ms(*at));
                }
                !before
            });
            quiet.obey(*order);
            asked_often.obey(*order);
            prop_assert_eq!(quiet.target(), asked_often.target());
            prop_assert_eq!(quiet.waiting(), asked_often.waiting());
        }
    }
}
