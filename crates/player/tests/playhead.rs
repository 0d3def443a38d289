//! The playhead alone, fed facts.

use std::time::Duration;

use base::{Now, ViewerState};
use player::playhead::{LiveEdge, Media, ResumeWith, Rules, Track, Tracks};
use player::profile::{Hole, StartsWith};
use player::{Event, Playhead};
use proptest::prelude::*;
use rstest::rstest;

const UNIX_MS: i64 = 1_000_000;

const RULES: Rules = Rules {
    starts_with: StartsWith::FirstSegment,
    start_delay: Duration::ZERO,
    resume_delay: Duration::ZERO,
    resume_with: ResumeWith::Anything,
    nudge: None,
    hole: Hole::Jump {
        after: Duration::from_millis(300),
    },
};

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn at(milliseconds: u64) -> Now {
    Now::new(ms(milliseconds), UNIX_MS)
}

fn media(start: u64, end: u64) -> Media {
    Media {
        start: ms(start),
        end: ms(end),
        pdt_ms: None,
    }
}

fn drain(playhead: &mut Playhead) -> Vec<Event> {
    std::iter::from_fn(|| playhead.poll()).collect()
}

fn state(to: ViewerState, milliseconds: u64) -> Event {
    Event::State {
        to,
        at: ms(milliseconds),
    }
}

fn without_seconds(events: Vec<Event>) -> Vec<Event> {
    let keep = |event: &Event| !matches!(event, Event::Second { .. });
    events.into_iter().filter(keep).collect()
}

#[test]
fn a_stall_is_timed_by_the_buffer_and_not_by_who_looks() {
    let mut playhead = Playhead::new(RULES, Tracks::Main, at(0));
    playhead.arrived(Track::Main, media(0, 2000), at(500));
    assert_eq!(playhead.deadline(), Some(ms(1500)), "the first second");
    // Nobody looks until long after the buffer ran out.
    playhead.arrived(Track::Main, media(2000, 4000), at(3700));
    playhead.advance(at(4700));
    let expected = [
        state(ViewerState::Playing, 500),
        Event::Started { after: ms(500) },
        state(ViewerState::Stalled, 2500),
        Event::Late,
        state(ViewerState::Playing, 3700),
        Event::StallEnded { length: ms(1200) },
    ];
    let events = drain(&mut playhead);
    let seconds: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Second { at, .. } => Some(at.as_millis()),
            _ => None,
        })
        .collect();
    assert_eq!(seconds, [1500, 2500, 4700]);
    assert_eq!(without_seconds(events), expected);
    assert_eq!(playhead.position(at(4700)), ms(3000));
    assert_eq!(playhead.ahead(Track::Main, at(4700)), ms(1000));
}

#[test]
fn playback_goes_by_the_lesser_buffer() {
    let mut playhead = Playhead::new(RULES, Tracks::MainAndAudio, at(0));
    playhead.arrived(Track::Main, media(0, 6000), at(0));
    assert_eq!(playhead.state(), ViewerState::Starting);
    playhead.arrived(Track::Audio, media(0, 4000), at(100));
    assert_eq!(playhead.state(), ViewerState::Playing);
    playhead.advance(at(9000));
    assert_eq!(playhead.state(), ViewerState::Stalled);
    assert_eq!(playhead.position(at(9000)), ms(4000));
    assert_eq!(playhead.stalled_since(), Some(ms(4100)));
    playhead.arrived(Track::Audio, media(4000, 8000), at(9000));
    assert_eq!(playhead.state(), ViewerState::Playing);
}

#[rstest]
#[case(Hole::Jump { after: ms(300) }, Some(2300))]
#[case(Hole::Stall, None)]
fn a_hole_is_jumped_or_stood_before(#[case] hole: Hole, #[case] resumes: Option<u64>) {
    let mut playhead = Playhead::new(Rules { hole, ..RULES }, Tracks::Main, at(0));
    playhead.arrived(Track::Main, media(0, 2000), at(0));
    playhead.arrived(Track::Main, media(4000, 8000), at(100));
    playhead.advance(at(3000));
    let events = without_seconds(drain(&mut playhead));
    let mut expected = vec![
        state(ViewerState::Playing, 0),
        Event::Started { after: ms(0) },
        state(ViewerState::Stalled, 2000),
    ];
    if let Some(resumes) = resumes {
        expected.extend([
            Event::Seek {
                from: ms(2000),
                to: ms(4000),
            },
            state(ViewerState::Playing, resumes),
            Event::StallEnded { length: ms(300) },
        ]);
    }
    assert_eq!(events, expected);
}

#[test]
fn holes_in_both_tracks_are_passed_together() {
    let mut playhead = Playhead::new(RULES, Tracks::MainAndAudio, at(0));
    for (track, start, end) in [
        (Track::Main, 0, 2000),
        (Track::Audio, 0, 8000),
        (Track::Main, 4000, 6000),
        (Track::Main, 6000, 20_000),
        (Track::Audio, 10_000, 20_000),
    ] {
        playhead.arrived(track, media(start, end), at(0));
    }
    playhead.advance(at(30_000));
    let jumps: Vec<_> = drain(&mut playhead)
        .into_iter()
        .filter_map(|event| match event {
            Event::Seek { from, to } => Some((from.as_secs(), to.as_secs())),
            _ => None,
        })
        .collect();
    assert_eq!(jumps, [(2, 4), (8, 10)]);
    assert_eq!(playhead.position(at(30_000)), ms(20_000));
}

#[test]
fn each_stall_in_a_row_wants_more() {
    let rules = Rules {
        resume_with: ResumeWith::Doubling {
            from: ms(200),
            limit: ms(3000),
        },
        ..RULES
    };
    let mut playhead = Playhead::new(rules, Tracks::Main, at(0));
    let mut now = 0;
    playhead.arrived(Track::Main, media(0, 2000), at(now));
    let mut waited_for_two = Vec::new();
    for number in 1..10 {
        now += 3000;
        let start = number * 2000;
        playhead.arrived(Track::Main, media(start, start + 2000), at(now));
        playhead.advance(at(now));
        if playhead.state() == ViewerState::Stalled {
            waited_for_two.push(number);
        }
    }
    // 0.4, 0.8 and 1.6 s are there with one segment of two seconds; 3 s are not.
    assert_eq!(waited_for_two[0], 4);
    playhead.seek(ms(30_000), at(now));
    playhead.arrived(Track::Main, media(30_000, 30_500), at(now));
    assert_eq!(playhead.state(), ViewerState::Playing, "a seek begins anew");
}

#[test]
fn live_latency_is_by_date_or_by_the_list() {
    let edge = LiveEdge {
        end: ms(10_000),
        seen: ms(1000),
    };
    let mut playhead = Playhead::new(RULES, Tracks::Main, at(1000));
    playhead.set_edge(Some(edge));
    playhead.start_at(ms(4000));
    playhead.arrived(Track::Main, media(4000, 8000), at(1500));
    // End of the list − playhead + age of the list.
    assert_eq!(
        playhead.live_latency(at(2500)),
        Some(ms(10_000 - 5000 + 1500))
    );
    drain(&mut playhead);
    playhead.advance(at(2500));
    let glass: Vec<_> = drain(&mut playhead);
    assert!(matches!(
        glass[..],
        [Event::Second {
            glass_to_glass_ms: None,
            live_latency: Some(_),
            ..
        }]
    ));

    let mut dated = Playhead::new(RULES, Tracks::Main, at(1000));
    dated.set_edge(Some(edge));
    dated.start_at(ms(5000));
    let pdt_ms = Some(UNIX_MS - 7000);
    dated.arrived(
        Track::Main,
        Media {
            pdt_ms,
            ..media(4000, 8000)
        },
        at(1500),
    );
    dated.advance(at(2500));
    // At 2500 the position is 6000, stamped two seconds after −7000.
    let second = Event::Second {
        at: ms(2500),
        live_latency: Some(ms(7500)),
        glass_to_glass_ms: Some(7500),
    };
    assert_eq!(drain(&mut dated).last(), Some(&second));
}

#[test]
fn the_end_ends_it_and_late_facts_change_nothing() {
    let mut playhead = Playhead::new(RULES, Tracks::Main, at(0));
    playhead.arrived(Track::Main, media(0, 2000), at(0));
    playhead.set_end(ms(2000), at(0));
    playhead.advance(at(5000));
    assert_eq!(playhead.state(), ViewerState::Ended);
    drain(&mut playhead);
    playhead.arrived(Track::Main, media(2000, 4000), at(6000));
    playhead.seek(ms(3000), at(6000));
    assert!(drain(&mut playhead).is_empty());
    assert_eq!(playhead.played(at(9000)), ms(2000));
}

/// A fact: what arrives, or a seek.
#[derive(Clone, Debug)]
enum Fact {
    Arrives(Track, u64, u64),
    Seeks(u64),
    Completes,
}

fn fact() -> impl Strategy<Value = Fact> {
    prop_oneof![
        10 => (any::<bool>(), 0_u64..60, 1_u64..4).prop_map(|(audio, start, length)| {
            let track = if audio { Track::Audio } else { Track::Main };
            Fact::Arrives(track, start * 1000, (start + length) * 1000)
        }),
        1 => (0_u64..60_000).prop_map(Fact::Seeks),
        1 => Just(Fact::Completes),
    ]
}

fn apply(playhead: &mut Playhead, fact: &Fact, now: Now) {
    match fact {
        Fact::Arrives(track, start, end) => playhead.arrived(*track, media(*start, *end), now),
        Fact::Seeks(to) => playhead.seek(ms(*to), now),
        Fact::Completes => playhead.complete(now),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_facts_at_any_rate_give_the_same_life(
        facts in prop::collection::vec((0_u64..3000, fact()), 1..60),
        looks in prop::collection::vec(0_u64..90_000, 0..40),
        audio: bool,
        delay in 0_u64..400,
    ) {
        let tracks = if audio { Tracks::MainAndAudio } else { Tracks::Main };
        let rules = Rules {
            start_delay: ms(delay),
            resume_delay: ms(delay / 2),
            resume_with: ResumeWith::Doubling { from: ms(200), limit: ms(3000) },
            nudge: (delay % 2 == 0).then_some(ms(1100)),
            ..RULES
        };
        let mut plain = Playhead::new(rules, tracks, at(0));
        let mut looked = Playhead::new(rules, tracks, at(0));
        let mut now = 0;
        let mut last = Duration::ZERO;
        for (after, fact) in &facts {
            for look in looks.iter().filter(|look| (now..now + after).contains(*look)) {
                looked.advance(at(now.max(*look)));
            }
            now += after;
            apply(&mut plain, fact, at(now));
            apply(&mut looked, fact, at(now));
            let position = plain.position(at(now));
            prop_assert!(position >= last, "the playhead went back");
            last = position;
            prop_assert!(plain.deadline().is_none_or(|deadline| deadline > ms(now)));
        }
        plain.advance(at(now + 100_000));
        looked.advance(at(now + 100_000));
        let (plain_events, looked_events) = (drain(&mut plain), drain(&mut looked));
        prop_assert_eq!(&plain_events, &looked_events);
        let instants: Vec<_> = plain_events
            .iter()
            .filter_map(|event| match event {
                Event::State { at, .. } | Event::Second { at, .. } => Some(*at),
                _ => None,
            })
            .collect();
        prop_assert!(instants.is_sorted(), "{:?}", plain_events);
    }
}
