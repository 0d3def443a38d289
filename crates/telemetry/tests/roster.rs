//! Single viewers: what is said of each, and that the list is the same however a run is split.

use std::time::Duration;

use base::{Class, Now, Outcome, ViewerState};
use proptest::prelude::*;
use telemetry::roster::{HIGH_DRIFT, LISTED_MAX, Pace, Row};
use telemetry::viewers::Playback;
use telemetry::{Connect, Recorder, Sample, Snapshot, Viewer};

use ViewerState::{BackingOff, Ended, Playing, Stalled, Starting};

const START_MS: i64 = 1_700_000_000_000;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn at(elapsed_ms: u64) -> Now {
    Now::new(ms(elapsed_ms), START_MS)
}

fn request(outcome: Outcome, bytes: u64, connects: bool) -> Sample {
    Sample {
        class: Class::Segment,
        outcome,
        status: Some(200),
        bytes,
        due: ms(0),
        sent: ms(0),
        first_byte: None,
        last_byte: ms(10),
        connect: connects.then(Connect::default),
    }
}

fn live(recorder: &mut Recorder, viewer: &mut Viewer, story: &[(ViewerState, u64)]) {
    for &(to, at) in story {
        recorder.enter(viewer, to, ms(at));
    }
}

/// One tracked viewer with that story, as it is at 20 s.
fn after(story: &[(ViewerState, u64)]) -> (Option<Row>, Pace) {
    let mut recorder = Recorder::new(at(0));
    let mut viewer = recorder.add_viewer(7, Playback::Tracked, ms(0));
    live(&mut recorder, &mut viewer, story);
    let roster = recorder.snapshot(at(20_000)).roster;
    (roster.slowest.first().copied(), roster.pace)
}

#[test]
fn drift_is_what_was_stalled_since_the_first_picture_of_this_life() {
    type Case<'a> = (&'a [(ViewerState, u64)], [Option<u64>; 3], u64);
    let cases: [Case<'_>; 7] = [
        (&[(Starting, 1_000)], [Some(0), None, None], 0),
        (
            &[(Starting, 1_000), (Playing, 10_000)],
            [Some(10_000), Some(0), Some(1_000)],
            1,
        ),
        (
            &[(Starting, 1_000), (Playing, 20_000)],
            [Some(0), Some(0), Some(1_000)],
            1,
        ),
        (
            &[(Starting, 1_000), (Playing, 4_000), (Stalled, 10_000)],
            [Some(6_000), Some(10_000), Some(375)],
            1,
        ),
        (
            &[
                (Starting, 0),
                (Playing, 4_000),
                (Stalled, 5_000),
                (Playing, 6_000),
            ],
            [Some(15_000), Some(1_000), Some(937)],
            1,
        ),
        (
            &[
                (Starting, 0),
                (Playing, 4_000),
                (Stalled, 5_000),
                (Ended, 8_000),
            ],
            [Some(1_000), Some(3_000), Some(250)],
            0,
        ),
        (
            &[
                (Starting, 0),
                (Playing, 1_000),
                (Stalled, 2_000),
                (BackingOff, 9_000),
                (Starting, 12_000),
                (Playing, 15_000),
            ],
            [Some(5_000), Some(0), Some(1_000)],
            1,
        ),
    ];
    for (story, [played, drift, speed], watching) in cases {
        let (row, pace) = after(story);
        let row = row.unwrap();
        assert_eq!(
            [row.played_ms, row.drift_ms, row.speed_permille],
            [played, drift, speed],
            "{story:?}"
        );
        assert_eq!(pace.viewers, watching, "{story:?}");
    }
}

#[test]
fn who_waits_is_not_listed_and_has_no_pace() {
    assert_eq!(after(&[]), (None, Pace::default()));
    let pace = Pace::default();
    assert_eq!(
        (pace.average_speed(), pace.average_drift(), pace.max_drift()),
        (None, None, None)
    );
}

#[test]
fn a_row_holds_what_became_of_the_viewers_requests() {
    let mut recorder = Recorder::new(at(0));
    let [mut one, mut other] = [1, 2].map(|n| recorder.add_viewer(n, Playback::Tracked, ms(0)));
    live(&mut recorder, &mut one, &[(Starting, 0), (Playing, 100)]);
    live(
        &mut recorder,
        &mut other,
        &[(Starting, 0), (Playing, 50), (Stalled, 60)],
    );
    let ends = [
        (Outcome::Ok, 1_000, true),
        (Outcome::Failed(base::Failure::Reset), 10, false),
        (Outcome::Cancelled, 1, true),
        (Outcome::Ok, 100, true),
    ];
    for (outcome, bytes, connects) in ends {
        recorder.begin(Class::Segment);
        recorder.end(
            Some(one.place()),
            &request(outcome, bytes, connects),
            at(200),
        );
    }
    recorder.begin(Class::Segment);
    recorder.end(None, &request(Outcome::Ok, 5, true), at(200));
    recorder.live_latency(one.place(), ms(7_000));
    recorder.live_latency(one.place(), ms(8_000));
    let snapshot = recorder.snapshot(at(1_000));
    let [slow, row] = snapshot.roster.slowest[..] else {
        panic!("two viewers");
    };
    assert_eq!((slow.viewer, row.viewer, slow.stalls), (2, 1, 1));
    assert_eq!(
        (slow.bytes, slow.requests_ok, slow.live_latency_ms),
        (0, 0, None)
    );
    assert_eq!(
        (row.bytes, row.requests_ok, row.requests_failed),
        (1_111, 2, 1)
    );
    assert_eq!(row.live_latency_ms, Some(8_000));
    assert_eq!(snapshot.viewers.reconnections, 2);
}

#[test]
fn without_a_playhead_there_is_no_pace() {
    let mut recorder = Recorder::new(at(0));
    let mut viewer = recorder.add_viewer(0, Playback::Untracked, ms(0));
    live(
        &mut recorder,
        &mut viewer,
        &[(Starting, 0), (Playing, 100), (Stalled, 900)],
    );
    let roster = recorder.snapshot(at(5_000)).roster;
    let row = roster.slowest[0];
    assert_eq!(
        (row.played_ms, row.drift_ms, row.speed_permille),
        (None, None, None)
    );
    assert_eq!((row.stalls, roster.pace), (0, Pace::default()));
}

/// What one viewer lived through: it started, played from 1 s on, stalled so long, and so often.
#[derive(Clone, Copy, Debug)]
struct Told {
    part: usize,
    number: u64,
    stalled_ms: u64,
    stalls: u64,
    starts: bool,
}

fn told() -> impl Strategy<Value = Told> {
    // Few different figures, so that many viewers are equally slow; few numbers, so that some
    // bear the same.
    (0..3_usize, 0..900_u64, 0..9_u64, 0..3_u64, 0..10_u8).prop_map(
        |(part, number, seconds, stalls, dice)| Told {
            part,
            number,
            stalled_ms: if stalls > 0 { seconds * 1_000 } else { 0 },
            stalls,
            starts: dice > 0,
        },
    )
}

impl Told {
    fn tell(&self, recorder: &mut Recorder) {
        let mut viewer = recorder.add_viewer(self.number, Playback::Tracked, ms(0));
        if !self.starts {
            return;
        }
        live(recorder, &mut viewer, &[(Starting, 500), (Playing, 1_000)]);
        for stall in 0..self.stalls {
            let from = 2_000 + stall * 10_000;
            let length = if stall == 0 { self.stalled_ms } else { 0 };
            live(
                recorder,
                &mut viewer,
                &[(Stalled, from), (Playing, from + length)],
            );
        }
    }
}

fn of(parts: &[Recorder]) -> Vec<Snapshot> {
    let mut parts = parts.to_vec();
    parts
        .iter_mut()
        .map(|part| part.snapshot(at(100_000)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn the_slowest_are_the_same_however_viewers_are_shared_out(
        crowd in prop::collection::vec(told(), 0..1_500),
    ) {
        let mut one = Recorder::new(at(0));
        let mut parts = vec![one.clone(); 3];
        for viewer in &crowd {
            viewer.tell(&mut one);
            viewer.tell(&mut parts[viewer.part]);
        }
        let whole = one.snapshot(at(100_000)).roster;
        let [a, b, c] = of(&parts).try_into().unwrap();
        let join = |x: &Snapshot, y: &Snapshot| { let mut x = x.clone(); x.merge(y); x };
        prop_assert_eq!(&join(&join(&a, &b), &c).roster, &whole);
        prop_assert_eq!(&join(&a, &join(&c, &b)).roster, &whole);

        let mut slowest: Vec<_> = crowd.iter().filter(|viewer| viewer.starts).collect();
        slowest.sort_by_key(|it| (std::cmp::Reverse((it.stalled_ms, it.stalls)), it.number));
        let watching = slowest.len() as u64;
        let drift: u64 = slowest.iter().map(|it| it.stalled_ms).sum();
        let high = slowest.iter().filter(|it| it.stalled_ms > HIGH_DRIFT.as_millis() as u64);
        let pace = whole.pace;
        prop_assert_eq!((pace.viewers, pace.drift_ms_sum), (watching, drift));
        prop_assert_eq!(pace.high_drift, high.count() as u64);
        let worst = slowest.first().map_or(0, |it| it.stalled_ms);
        prop_assert_eq!(pace.drift_ms_max, worst);
        slowest.truncate(LISTED_MAX);
        let expected: Vec<_> = slowest
            .iter()
            .map(|it| (it.number, Some(it.stalled_ms), it.stalls))
            .collect();
        let listed: Vec<_> = whole
            .slowest
            .iter()
            .map(|row| (row.viewer, row.drift_ms, row.stalls))
            .collect();
        prop_assert_eq!(listed, expected);
    }
}
