use super::*;
use ::plan::Ramp;

const HAVE: Have = Have {
    descriptors: 1_064,
    open: Some(0),
    ports: None,
    sources: 1,
    gateways: 1,
    tasks: None,
    tasks_now: None,
    memory_bytes: None,
    cores: None,
};

/// The control of a run of ten viewers on two workers, who are not at work.
fn control() -> (Control, Vec<Line>) {
    let ramp = Ramp::new(10, 1.0, Duration::ZERO, 0).unwrap();
    let plan = crate::tests::plan("http://h/a.m3u8", ramp.into());
    Control::new(&plan.shape, 2, (HAVE, plan.needs()), Clock::start())
}

fn orders(line: &mut Line) -> Vec<Command> {
    std::iter::from_fn(|| line.orders.try_recv().ok())
        .map(|order| order.command)
        .collect()
}

#[test]
fn every_worker_gets_every_order_at_the_same_time() {
    let (control, mut lines) = control();
    control.set_target(20).unwrap();
    control.pause(true).unwrap();
    control.pause(false).unwrap();
    let mut dated = |n: usize| -> Vec<Order> {
        std::iter::from_fn(|| lines[n].orders.try_recv().ok()).collect()
    };
    let first = dated(0);
    let commands: Vec<_> = first.iter().map(|order| order.command).collect();
    assert_eq!(
        commands,
        [Command::Target(20), Command::Pause, Command::Resume]
    );
    assert!(first.is_sorted_by_key(|order| order.at));
    assert_eq!(dated(1), first);
    assert_eq!((control.target(), control.paused()), (Some(20), false));
}

#[test]
fn an_order_that_one_worker_has_no_room_for_reaches_none() {
    let (control, mut lines) = control();
    for n in 0..ORDERS_MAX as u64 {
        control.set_target(n).unwrap();
    }
    orders(&mut lines[0]);
    assert_eq!(control.set_target(500), Err(Refused::Busy));
    assert_eq!(control.pause(true), Err(Refused::Busy));
    assert_eq!(orders(&mut lines[0]), []);
    assert_eq!(control.target(), Some(ORDERS_MAX as u64 - 1));
    orders(&mut lines[1]);
    assert_eq!(control.set_target(500), Ok(()));
}

#[test]
fn more_than_there_are_descriptors_for_is_refused_and_fewer_never_are() {
    let (control, mut lines) = control();
    assert_eq!(control.set_target(1_000), Ok(()));
    let refused = control.set_target(1_001).unwrap_err();
    assert!(matches!(
        refused,
        Refused::Machine(Refusal::Descriptors { most: 1_000, .. })
    ));
    assert_eq!(control.target(), Some(1_000));
    assert_eq!(orders(&mut lines[0]), [Command::Target(1_000)]);
    assert_eq!(control.set_target(999), Ok(()));
}

#[test]
fn a_run_is_over_when_all_are_idle_and_no_order_is_under_way() {
    let (control, mut lines) = control();
    lines[0].idle(0);
    control.set_target(20).unwrap();
    lines[1].idle(0);
    assert!(!control.is_stopped());
    orders(&mut lines[0]);
    lines[0].idle(1);
    assert!(!control.is_stopped());
    lines[1].idle(1);
    assert!(control.is_stopped());
    assert_eq!(control.set_target(30), Err(Refused::Over));
    assert_eq!((control.target(), control.ramping()), (Some(20), false));
}

#[test]
fn a_run_without_viewers_is_over_if_it_is_stopped_only() {
    let (control, lines) = control();
    control.set_target(0).unwrap();
    for line in &lines {
        line.idle(1);
    }
    assert!(!control.is_stopped());
    control.set_target(1).unwrap();
    for line in &lines {
        line.idle(2);
    }
    assert!(control.is_stopped());
}
