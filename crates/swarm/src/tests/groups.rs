//! Crowds of several groups, each counted by itself.

use std::time::Duration;

use ::plan::{Arrivals, Ramp, Shape, Shares};
use base::{Class, ViewerState};
use telemetry::{Generator, Snapshot, What};
use transport::Clock;

use super::stage::{Origin, agree, all_over, group, plan, play_and_ended, until};
use crate::{Plan, Seen, Swarm};

/// Two groups, each of which watches a stream of its own.
fn apart(urls: [&str; 2], weights: [u32; 2], shape: Shape) -> Swarm {
    let plan = Plan {
        groups: urls.map(group).to_vec(),
        shares: Shares::new(&weights).unwrap(),
        ..plan(urls[0], shape)
    };
    Swarm::start(plan, Clock::start()).unwrap()
}

fn at_once(viewers: u64) -> Shape {
    Ramp::new(viewers, 1_000.0, Duration::ZERO, 1)
        .unwrap()
        .into()
}

/// The groups are all that there is, and nothing twice: added up, in either order, they are the
/// whole, but for the generator's health.
fn assert_sum(seen: &Seen) {
    let whole = Snapshot {
        generator: Generator::default(),
        ..seen.all.clone()
    };
    let mut forth = Snapshot::default();
    for group in &seen.groups {
        forth.merge(group);
    }
    let mut back = Snapshot::default();
    for group in seen.groups.iter().rev() {
        back.merge(group);
    }
    assert_eq!(forth, whole);
    assert_eq!(back, whole);
    for group in &seen.groups {
        assert_eq!(group.generator, Generator::default());
    }
}

#[tokio::test]
async fn each_groups_figures_are_those_of_its_own_server() {
    let origins = [Origin::start().await, Origin::start().await];
    let swarm = apart([&origins[0].url, &origins[1].url], [3, 1], at_once(12));
    until(&swarm, play_and_ended(12, 0)).await;
    assert_sum(&swarm.seen());
    swarm.stop();
    let seen = all_over(swarm).await;
    assert_sum(&seen);
    assert!(seen.all.generator.workers.is_some());
    let [many, few] = &seen.groups[..] else {
        unreachable!("there are two groups")
    };
    for (group, viewers) in [(many, 9), (few, 3)] {
        assert_eq!(
            (group.viewers.target, group.viewers.started),
            (viewers, viewers)
        );
        assert_eq!(group.viewers.all(), viewers);
        assert_eq!(group.latency.of(What::Startup).count(), viewers);
        assert_eq!(group.roster.slowest.len() as u64, viewers);
    }
    let [of_many, of_few] = origins;
    agree(many, of_many).await;
    agree(few, of_few).await;
}

#[tokio::test]
async fn what_one_group_suffers_is_not_the_others() {
    let origin = Origin::start().await;
    // Nobody listens on port 1, and no other test comes to.
    let nowhere = "http://127.0.0.1:1/live.m3u8";
    let swarm = apart([&origin.url, nowhere], [1, 1], at_once(6));
    until(&swarm, |seen| {
        let count = |state| seen.viewers.count(state);
        (count(ViewerState::Playing), count(ViewerState::Failed)) == (3, 3)
    })
    .await;
    swarm.stop();
    let seen = all_over(swarm).await;
    assert_sum(&seen);
    let [well, lost] = &seen.groups[..] else {
        unreachable!("there are two groups")
    };
    assert_eq!((well.requests.all().failed, lost.requests.all().ok), (0, 0));
    assert!(well.requests.errors.is_empty());
    assert!(lost.requests.all().failed >= 3);
    assert_eq!(lost.viewers.count(ViewerState::Failed), 3);
    assert_eq!(lost.requests.of(Class::Segment).requests(), 0);
    agree(well, origin).await;
}

#[tokio::test]
async fn of_an_open_crowd_each_group_is_told_by_itself_too() {
    let origins = [Origin::start().await, Origin::start().await];
    let watch_time = "fixed:400ms".parse().unwrap();
    let shape = Arrivals::new("40/s:even".parse().unwrap(), watch_time, 1).into();
    let swarm = apart([&origins[0].url, &origins[1].url], [2, 1], shape);
    until(&swarm, |some| some.viewers.exits.left >= 30).await;
    assert_sum(&swarm.seen());
    swarm.stop();
    let seen = all_over(swarm).await;
    assert_sum(&seen);
    for (group, origin) in seen.groups.iter().zip(origins) {
        assert!(group.viewers.started > 0);
        agree(group, origin).await;
    }
}

/// By the plan those are there who have come and whose time is not up.
#[tokio::test]
async fn of_an_open_crowd_those_are_wanted_who_have_come() {
    let origin = Origin::start().await;
    let watch_time = "fixed:1h".parse().unwrap();
    let shape = Arrivals::new("40/s:even".parse().unwrap(), watch_time, 1).into();
    let swarm = apart([&origin.url, &origin.url], [2, 1], shape);
    until(&swarm, |some| some.viewers.started >= 12).await;
    for group in &swarm.seen().groups {
        assert!(group.viewers.target > 0);
        assert_eq!(group.viewers.target, group.viewers.all());
    }
    swarm.stop();
    assert_sum(&all_over(swarm).await);
}

#[tokio::test]
async fn those_of_a_group_who_are_not_wanted_any_more_are_not_counted() {
    let origin = Origin::start().await;
    let never = Ramp::new(12, 0.000_1, Duration::ZERO, 1).unwrap();
    let swarm = apart([&origin.url, &origin.url], [2, 1], never.into());
    until(&swarm, |first| first.viewers.all() == 12).await;
    swarm.set_target(5).unwrap();
    until(&swarm, |fewer| fewer.viewers.all() == 5).await;
    let seen = swarm.seen();
    let counts = seen
        .groups
        .iter()
        .map(|group| (group.viewers.target, group.viewers.all()));
    // Of the first five, by smooth weighted round robin.
    let shares = Shares::new(&[2, 1]).unwrap();
    let expected = [0, 1].map(|group| shares.count(group, 5));
    assert_eq!(counts.collect::<Vec<_>>(), expected.map(|n| (n, n)));
    swarm.stop();
    assert_sum(&all_over(swarm).await);
}

/// How many are wanted of each group, and how many are there.
fn wanted_and_there(seen: &Seen) -> Vec<(u64, u64)> {
    let groups = seen.groups.iter().map(|group| &group.viewers);
    groups.map(|of| (of.target, of.active())).collect()
}

/// Numbers are given once: who comes after somebody left may be of another group.
#[tokio::test]
async fn those_wanted_of_a_group_are_those_who_come_when_a_crowd_grows_again() {
    let origin = Origin::start().await;
    // Of the first five all but the third are of the first group.
    let swarm = apart([&origin.url, &origin.url], [3, 1], at_once(3));
    until(&swarm, play_and_ended(3, 0)).await;
    assert_eq!(wanted_and_there(&swarm.seen()), [(2, 2), (1, 1)]);
    swarm.set_target(1).unwrap();
    until(&swarm, play_and_ended(1, 2)).await;
    assert_eq!(wanted_and_there(&swarm.seen()), [(1, 1), (0, 0)]);
    swarm.set_target(3).unwrap();
    until(&swarm, play_and_ended(3, 2)).await;
    assert_eq!(wanted_and_there(&swarm.seen()), [(3, 3), (0, 0)]);
    swarm.stop();
    assert_sum(&all_over(swarm).await);
}

/// A plan of one group is one recorder a worker, and nothing is told twice.
#[tokio::test]
async fn one_group_is_the_whole() {
    let origin = Origin::start().await;
    let swarm = super::swarm(&origin.url, 2, 1_000.0);
    until(&swarm, play_and_ended(2, 0)).await;
    swarm.stop();
    let seen = all_over(swarm).await;
    assert!(seen.groups.is_empty());
    agree(&seen.all, origin).await;
}
