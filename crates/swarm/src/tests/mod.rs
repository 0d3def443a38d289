//! Runs that are changed while they go on.

mod groups;
mod players;
mod shapes;
mod stage;

use base::ViewerState;
pub(crate) use stage::plan;
use stage::{Origin, agree, next_report, over, play_and_ended, stopped, swarm, until};
use telemetry::Snapshot;
use tokio::net::TcpListener;

use crate::Refused;
use crate::preflight::Refusal;

/// Starts everybody at once, for what a test waits for.
const AT_ONCE: f64 = 1_000.0;
/// Starts the first one, and the second one after all tests.
const NEVER: f64 = 0.000_1;

fn waiting(snapshot: &Snapshot) -> u64 {
    snapshot.viewers.count(ViewerState::Waiting)
}

fn numbers(snapshot: &Snapshot) -> Vec<u64> {
    let rows = snapshot.roster.slowest.iter();
    let mut numbers: Vec<_> = rows.map(|row| row.viewer).collect();
    numbers.sort_unstable();
    numbers
}

#[tokio::test]
async fn a_larger_target_brings_new_viewers() {
    let origin = Origin::start().await;
    let swarm = swarm(&origin.url, 2, AT_ONCE);
    until(&swarm, play_and_ended(2, 0)).await;
    assert_eq!((swarm.target(), swarm.ramping()), (Some(2), false));
    swarm.set_target(5).unwrap();
    assert_eq!(swarm.target(), Some(5));
    let grown = until(&swarm, play_and_ended(5, 0)).await;
    assert_eq!((grown.viewers.target, grown.viewers.started), (5, 5));
    assert_eq!(numbers(&grown), [0, 1, 2, 3, 4]);
    agree(&stopped(swarm).await, origin).await;
}

#[tokio::test]
async fn of_a_smaller_target_the_latest_leave_and_their_requests_finish() {
    let origin = Origin::start().await;
    let swarm = swarm(&origin.url, 6, AT_ONCE);
    until(&swarm, play_and_ended(6, 0)).await;
    swarm.set_target(2).unwrap();
    let shrunk = until(&swarm, play_and_ended(2, 4)).await;
    assert_eq!((shrunk.viewers.target, shrunk.viewers.all()), (2, 6));
    assert_eq!(
        (shrunk.viewers.exits.left, shrunk.viewers.exits.all()),
        (4, 4)
    );
    // Those who stay go on.
    let then = shrunk.requests.all().ok;
    let on = until(&swarm, |on| on.requests.all().ok > then + 4).await;
    let playing = on.roster.slowest.iter();
    let playing = playing.filter(|row| row.state == ViewerState::Playing);
    let mut playing: Vec<_> = playing.map(|row| row.viewer).collect();
    playing.sort_unstable();
    assert_eq!(playing, [0, 1]);
    agree(&stopped(swarm).await, origin).await;
}

#[tokio::test]
async fn with_no_viewers_a_run_goes_on_and_can_grow_again() {
    let origin = Origin::start().await;
    let swarm = swarm(&origin.url, 3, AT_ONCE);
    until(&swarm, play_and_ended(3, 0)).await;
    swarm.set_target(0).unwrap();
    let none = until(&swarm, play_and_ended(0, 3)).await;
    assert_eq!((none.viewers.target, none.viewers.active()), (0, 0));
    let goes_on = async {
        for _ in 0..3 {
            next_report(&swarm).await;
        }
    };
    tokio::select! {
        () = swarm.over() => panic!("over without being stopped"),
        () = goes_on => {}
    }
    swarm.set_target(2).unwrap();
    let again = until(&swarm, play_and_ended(2, 3)).await;
    assert_eq!((again.viewers.target, again.viewers.started), (2, 5));
    assert_eq!(numbers(&again), [0, 1, 2, 3, 4]);
    agree(&stopped(swarm).await, origin).await;
}

#[tokio::test]
async fn a_pause_holds_the_ramp_until_it_is_over() {
    let origin = Origin::start().await;
    let swarm = swarm(&origin.url, 20, 20.0);
    swarm.pause(true).unwrap();
    assert!(swarm.paused() && swarm.ramping());
    // At the ramp's rate five would start from one report to the next.
    let (mut held, mut same) = (0, 0);
    while same < 4 {
        next_report(&swarm).await;
        let waits = waiting(&swarm.snapshot());
        same = if waits == held { same + 1 } else { 0 };
        held = waits;
    }
    assert!(held > 0 && swarm.ramping());
    swarm.pause(false).unwrap();
    assert!(!swarm.paused());
    let on = until(&swarm, play_and_ended(20, 0)).await;
    assert_eq!((on.viewers.started, waiting(&on)), (20, 0));
    assert!(!swarm.ramping());
    agree(&stopped(swarm).await, origin).await;
}

#[tokio::test]
async fn those_who_wait_are_dismissed_before_anybody_leaves() {
    let origin = Origin::start().await;
    let swarm = swarm(&origin.url, 10, NEVER);
    let first = until(&swarm, |first| waiting(first) == 9).await;
    assert_eq!((first.viewers.target, first.viewers.all()), (10, 10));
    for (target, left_waiting) in [(4, 3), (8, 7), (1, 0), (3, 2)] {
        swarm.set_target(target).unwrap();
        let so = |snapshot: &Snapshot| snapshot.viewers.all() == target;
        let changed = until(&swarm, so).await;
        assert_eq!(
            (changed.viewers.target, waiting(&changed)),
            (target, left_waiting)
        );
        assert_eq!(
            (changed.viewers.started, changed.viewers.exits.all()),
            (1, 0)
        );
        assert_eq!(swarm.ramping(), left_waiting > 0);
    }
    let ended = stopped(swarm).await;
    assert_eq!((waiting(&ended), ended.viewers.all()), (2, 3));
}

#[tokio::test]
async fn a_paused_run_stops_and_cannot_be_changed_after() {
    let origin = Origin::start().await;
    let swarm = swarm(&origin.url, 5, NEVER);
    until(&swarm, play_and_ended(1, 0)).await;
    swarm.pause(true).unwrap();
    swarm.set_target(9).unwrap();
    until(&swarm, |grown| grown.viewers.all() == 9).await;
    let control = swarm.control();
    swarm.stop();
    assert_eq!(control.set_target(3), Err(Refused::Over));
    assert_eq!(control.pause(false), Err(Refused::Over));
    assert!(!control.ramping());
    let ended = over(swarm).await;
    assert_eq!((waiting(&ended), ended.viewers.started), (8, 1));
    assert_eq!(control.target(), Some(9));
    agree(&ended, origin).await;
}

#[tokio::test]
async fn a_run_whose_viewers_are_all_over_is_over() {
    // Nobody listens on port 1, and no other test comes to.
    let url = "http://127.0.0.1:1/live.m3u8";
    let swarm = swarm(url, 3, AT_ONCE);
    let control = swarm.control();
    let ended = over(swarm).await;
    let failed = ended.viewers.count(ViewerState::Failed);
    assert_eq!((failed, ended.viewers.all()), (3, 3));
    assert_eq!(control.set_target(4), Err(Refused::Over));
}

#[tokio::test]
async fn who_leaves_has_ended_at_once_and_is_not_waited_for_in_vain() {
    // It accepts and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/live.m3u8", listener.local_addr().unwrap());
    let swarm = swarm(&url, 2, AT_ONCE);
    until(&swarm, |asking| asking.requests.all().in_flight == 2).await;
    swarm.set_target(0).unwrap();
    let leaving = until(&swarm, play_and_ended(0, 2)).await;
    assert_eq!(leaving.requests.all().in_flight, 2);
    let left = until(&swarm, |left| left.requests.all().in_flight == 0).await;
    assert_eq!(
        (left.requests.all().cancelled, left.viewers.exits.left),
        (2, 2)
    );
    let ended = stopped(swarm).await;
    assert_eq!(
        (ended.requests.all().requests(), ended.viewers.all()),
        (2, 2)
    );
}

#[tokio::test]
async fn more_than_this_machine_can_be_is_refused_and_changes_nothing() {
    let origin = Origin::start().await;
    let swarm = swarm(&origin.url, 1, AT_ONCE);
    let refused = swarm.set_target(plan::VIEWERS_MAX + 1).unwrap_err();
    assert!(refused.to_string().contains("at most 1000000"), "{refused}");
    // No machine has so many ports towards one server.
    let refused = swarm.set_target(plan::VIEWERS_MAX).unwrap_err();
    let Refused::Machine(Refusal::Descriptors { most, .. } | Refusal::Ports { most, .. }) = refused
    else {
        panic!("{refused}");
    };
    assert!(refused.to_string().contains(&most.to_string()), "{refused}");
    assert_eq!(swarm.target(), Some(1));
    let alone = until(&swarm, play_and_ended(1, 0)).await;
    assert_eq!(alone.viewers.all(), 1);
    agree(&stopped(swarm).await, origin).await;
}
