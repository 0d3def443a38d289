//! Runs whose crowd comes and goes by a plan.

use std::time::Duration;

use ::plan::{Arrivals, Closed, Ramp, Shape, Stages, VIEWERS_MAX};
use base::ViewerState;
use telemetry::Snapshot;

use super::stage::{Origin, agree, next_report, over, play_and_ended, shaped, stopped, until};
use crate::Refused;

/// Stages, and everybody at once for what a person asks for.
fn staged(stages: &str) -> Shape {
    let pace = Ramp::new(0, 1_000.0, Duration::ZERO, 1).unwrap();
    Closed::staged(stages.parse::<Stages>().unwrap(), &pace).into()
}

fn open(rate: &str, watch_time: &str) -> Shape {
    let watch_time = watch_time.parse().unwrap();
    Arrivals::new(rate.parse().unwrap(), watch_time, 1).into()
}

#[tokio::test]
async fn stages_are_carried_out_and_those_who_leave_have_ended() {
    let origin = Origin::start().await;
    let swarm = shaped(&origin.url, staged("200ms:6, 1500ms:6, 500ms:2, 1h:2"));
    let six = until(&swarm, |six| six.viewers.started == 6).await;
    assert_eq!(six.viewers.target, 6);
    let two = until(&swarm, play_and_ended(2, 4)).await;
    assert_eq!((two.viewers.target, two.viewers.exits.left), (2, 4));
    assert_eq!((swarm.target(), swarm.ramping()), (Some(2), false));
    agree(&stopped(swarm).await, origin).await;
}

#[tokio::test]
async fn a_herd_starts_at_one_instant() {
    let origin = Origin::start().await;
    let at = Duration::from_millis(700);
    let pace = Ramp::new(0, 1_000.0, Duration::ZERO, 1).unwrap();
    let herd = Closed::staged(Stages::herd(30, at), &pace);
    let swarm = shaped(&origin.url, herd.into());
    let seen = until(&swarm, |seen| seen.viewers.started > 0).await;
    // Workers report a few times a second, each after all of its own have started.
    assert!(
        seen.viewers.started.is_multiple_of(15),
        "{:?}",
        seen.viewers
    );
    assert!(seen.elapsed() >= at);
    until(&swarm, play_and_ended(30, 0)).await;
    agree(&stopped(swarm).await, origin).await;
}

#[tokio::test]
async fn a_target_ends_the_plan() {
    let origin = Origin::start().await;
    let swarm = shaped(&origin.url, staged("0s:2, 1h:2, 0s:9"));
    until(&swarm, play_and_ended(2, 0)).await;
    swarm.set_target(4).unwrap();
    let four = until(&swarm, play_and_ended(4, 0)).await;
    assert_eq!((four.viewers.target, four.viewers.all()), (4, 4));
    agree(&stopped(swarm).await, origin).await;
}

#[tokio::test]
async fn a_plan_that_begins_with_nobody_is_not_over_before_its_end() {
    let origin = Origin::start().await;
    let swarm = shaped(&origin.url, staged("600ms:0, 0s:2, 1h:2"));
    swarm.pause(true).unwrap();
    for _ in 0..4 {
        next_report(&swarm).await;
    }
    assert_eq!(swarm.snapshot().viewers.all(), 0);
    swarm.pause(false).unwrap();
    until(&swarm, play_and_ended(2, 0)).await;
    agree(&stopped(swarm).await, origin).await;
}

#[tokio::test]
async fn an_open_crowd_comes_and_goes_by_itself() {
    let origin = Origin::start().await;
    let swarm = shaped(&origin.url, open("20/s:even", "fixed:500ms"));
    let some = until(&swarm, |some| some.viewers.exits.left >= 20).await;
    // Ten are there at a time, and those that workers had not told of when they were asked.
    assert!(
        (8..=12).contains(&some.viewers.target),
        "{:?}",
        some.viewers
    );
    assert!(some.viewers.active() <= 20, "{:?}", some.viewers);
    assert_eq!((swarm.target(), swarm.ramping()), (None, false));
    for target in [0, 5, VIEWERS_MAX] {
        assert_eq!(swarm.set_target(target), Err(Refused::Open));
    }
    swarm.pause(true).unwrap();
    let gone = |none: &Snapshot| (none.viewers.target, none.viewers.active()) == (0, 0);
    let none = until(&swarm, gone).await;
    for _ in 0..3 {
        next_report(&swarm).await;
    }
    assert_eq!(swarm.snapshot().viewers.started, none.viewers.started);
    swarm.pause(false).unwrap();
    until(&swarm, |on| on.viewers.started > none.viewers.started).await;
    agree(&stopped(swarm).await, origin).await;
}

#[tokio::test]
async fn a_plan_whose_viewers_are_all_over_is_over_with_its_last_stage() {
    // Nobody listens on port 1, and no other test comes to.
    let url = "http://127.0.0.1:1/live.m3u8";
    let swarm = shaped(url, staged("0s:2, 600ms:2, 0s:3"));
    let ended = over(swarm).await;
    assert_eq!(ended.viewers.count(ViewerState::Failed), 3);
}
