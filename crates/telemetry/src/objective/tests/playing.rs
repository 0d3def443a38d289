//! Crowds whose viewers are followed one by one, beside what the watch makes of their sums.

use base::ViewerState::{self, BackingOff, Ended, Failed, Playing, Stalled, Starting, Waiting};
use proptest::prelude::*;

use super::super::playing::Meter;
use super::super::{STARTUP_GRACE_MS, State};
use super::*;
use crate::viewers::Counts;

/// What a viewer does, each for a time in milliseconds; the last goes on.
type Life = Vec<(ViewerState, u64)>;

fn life(stays: &[(ViewerState, u64)]) -> Life {
    stays.to_vec()
}

/// The time in each state, and whether it has started, at `ms`.
fn spent(life: &Life, ms: u64) -> ([u64; ViewerState::COUNT], bool) {
    let (mut spent, mut from, mut started) = ([0; ViewerState::COUNT], 0, false);
    for (place, &(state, stay)) in life.iter().enumerate() {
        let stay = if place + 1 == life.len() {
            u64::MAX - from
        } else {
            stay
        };
        if from <= ms {
            spent[state.index()] += stay.min(ms - from);
            started |= state == Starting;
        }
        from += stay;
    }
    (spent, started)
}

/// Milliseconds that the viewer was to play in and did not: with a grace for its first start.
fn bad(life: &Life, ms: u64) -> u64 {
    let (spent, _) = spent(life, ms);
    let first = life.iter().position(|&(state, _)| state == Starting);
    let excused = first.map_or(0, |first| {
        let until: u64 = life[..first].iter().map(|stay| stay.1).sum();
        let last = first + 1 == life.len();
        let length = if last { u64::MAX } else { life[first].1 };
        length
            .min(STARTUP_GRACE_MS as u64)
            .min(ms.saturating_sub(until))
    });
    let of = |state: ViewerState| spent[state.index()];
    of(Stalled) + of(BackingOff) + of(Failed) + of(Starting) - excused
}

fn crowd(lives: &[Life], ms: u64) -> Counts {
    let mut counts = Counts::default();
    let mut time_ns = [0; ViewerState::COUNT];
    for life in lives {
        let (spent, started) = spent(life, ms);
        for (sum, spent) in time_ns.iter_mut().zip(spent) {
            *sum += spent * 1_000_000;
        }
        counts.started += u64::from(started);
    }
    counts.tracked = group(time_ns);
    counts
}

/// The figure after `seconds`, looked at once a second.
fn watched(lives: &[Life], seconds: u64) -> Status {
    let mut watch = watch(&["viewers_playing >= 95%"]);
    for second in 1..=seconds {
        let mut snapshot = Run::new().snapshot(second * 1_000);
        snapshot.viewers = crowd(lives, second * 1_000);
        watch.observe(&snapshot);
    }
    only(&watch)
}

#[test]
fn a_ramp_spends_nothing() {
    let lives: Vec<_> = (0..100)
        .map(|n| life(&[(Waiting, n * 300), (Starting, 5_000), (Playing, 0)]))
        .collect();
    for seconds in [2, 10, 31, 60] {
        let status = watched(&lives, seconds);
        let expected = (seconds > 5).then_some(1.0);
        assert_eq!(status.figure, expected, "after {seconds} s");
    }
}

#[test]
fn viewers_that_never_get_a_picture_break_it() {
    let lives = vec![life(&[(Starting, 0)]); 10];
    assert_eq!(watched(&lives, 10).state, State::Unknown);
    let status = watched(&lives, 13);
    assert_eq!((status.state, status.figure), (State::Broken, Some(0.0)));
    let some: Vec<_> = (0..10)
        .map(|n| {
            let then = if n == 0 { Starting } else { Playing };
            life(&[(Starting, 1_000), (then, 0)])
        })
        .collect();
    let status = watched(&some, 300);
    assert_eq!(status.state, State::Broken);
    assert!((status.figure.unwrap() - 0.9).abs() < 0.01, "{status:?}");
}

#[test]
fn failures_count_against_it_and_ends_do_not() {
    let cases = [
        (Ended, Some(1.0), State::Met),
        (Waiting, Some(1.0), State::Met),
        (Failed, Some(0.5), State::Broken),
        (BackingOff, Some(0.5), State::Broken),
        (Stalled, Some(0.5), State::Broken),
    ];
    for (other, figure, state) in cases {
        let lives = [life(&[(Playing, 0)]), life(&[(other, 0)])];
        let status = watched(&lives, 20);
        assert_eq!((status.figure, status.state), (figure, state), "{other:?}");
    }
    assert_eq!(watched(&[life(&[(Ended, 0)])], 20).state, State::Unknown);
}

#[test]
fn a_restart_has_no_grace() {
    let stays = [
        (Starting, 1_000),
        (Playing, 59_000),
        (BackingOff, 20_000),
        (Starting, 20_000),
        (Playing, 0),
    ];
    assert_eq!(watched(&[life(&stays)], 120).figure, Some(79.0 / 119.0));
}

fn lives() -> impl Strategy<Value = Vec<Life>> {
    let state = prop::sample::select(vec![Playing, Stalled, BackingOff, Starting]);
    let rest = prop::collection::vec((state, 0..20_000_u64), 1..5);
    let one = (0..40_000_u64, 0..30_000_u64, rest).prop_map(|(turn, start, rest)| {
        let mut life = vec![(Waiting, turn), (Starting, start), (Playing, 1)];
        life.extend(rest);
        life
    });
    prop::collection::vec(one, 1..8)
}

proptest! {
    /// Whoever plays is known exactly; nobody is accused who is within the grace; and once the
    /// last viewer is past it, all that has been since counts.
    #[test]
    fn nobody_is_accused_wrongly(lives in lives()) {
        let mut meter = Meter::new(START_MS);
        let mut past = None;
        let last_turn = lives.iter().map(|life| life[0].1).max().unwrap_or(0);
        for second in 1..150 {
            let ms = second * 1_000;
            meter.observe(&crowd(&lives, ms), START_MS + ms as i64);
            let sum = meter.sum();
            let played: u64 = lives.iter().map(|life| spent(life, ms).0[Playing.index()]).sum();
            let bad: u64 = lives.iter().map(|life| bad(life, ms)).sum();
            prop_assert_eq!(sum.good, played * 1_000_000);
            prop_assert!(sum.bad <= bad * 1_000_000, "{} of {} ms", sum.bad / 1_000_000, bad);
            if ms > last_turn + STARTUP_GRACE_MS as u64 + 2_000 {
                let (since, since_bad) = *past.get_or_insert((sum.bad, bad));
                prop_assert_eq!(sum.bad - since, (bad - since_bad) * 1_000_000);
            }
        }
        prop_assert!(past.is_some());
    }
}
