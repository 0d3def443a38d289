//! A run over time: rows follow each other without gaps, add up to the snapshot, and have exactly
//! the percentiles of their own span.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base::{Class, Failure, Now, Outcome, ViewerState};
use proptest::prelude::*;
use telemetry::hist::{Histogram, Micros, Millis, Quantile};
use telemetry::slo::{Key, Source};
use telemetry::timeline::{
    MINUTES_MAX, Row, SECONDS_MAX, SERIES_MAX, Spread, TEN_SECONDS_MAX, Timeline,
};
use telemetry::viewers::Playback;
use telemetry::{Recorder, Sample, Snapshot, Viewer, What};

const START_MS: i64 = 1_700_000_000_400;

fn at(elapsed_ms: u64) -> Now {
    Now::new(Duration::from_millis(elapsed_ms), START_MS)
}

fn sum(rows: &[Arc<Row>], of: impl Fn(&Row) -> u64) -> u64 {
    rows.iter().map(|row| of(row)).sum()
}

/// The rows of a run, held against its snapshot.
fn check(rows: &[Arc<Row>], snapshot: &Snapshot) {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        panic!("no rows");
    };
    assert_eq!(Some(first.begin_ms()), snapshot.started_ms);
    assert_eq!(Some(last.unix_ms), snapshot.at_ms);
    for pair in rows.windows(2) {
        assert_eq!(pair[0].unix_ms, pair[1].begin_ms());
        assert!(pair[0].span_ms > 0);
    }
    for row in rows {
        assert_eq!(row.unix_ms - START_MS, row.elapsed_ms as i64);
    }
    assert_eq!(last.target, snapshot.viewers.target);
    let states: BTreeMap<ViewerState, u64> = snapshot.viewers.iter().collect();
    assert_eq!(last.states, states);
    check_sums(rows, snapshot);
    check_samples(rows, snapshot);
}

fn check_sums(rows: &[Arc<Row>], snapshot: &Snapshot) {
    let ok = |classes: [Class; 2]| classes.map(|class| snapshot.requests.of(class).ok);
    let millis = |time: Option<Duration>| time.map_or(0, |time| time.as_millis() as u64);
    let playback = &snapshot.playback;
    let sums = [
        sum(rows, |row| row.playlists_ok),
        sum(rows, |row| row.segments_ok),
        sum(rows, |row| row.failed),
        sum(rows, |row| row.media_bytes),
        sum(rows, |row| row.stalls),
        sum(rows, |row| row.stall_ms),
        sum(rows, |row| row.play_ms),
        sum(rows, |row| row.skipped),
        sum(rows, |row| row.late),
        sum(rows, |row| row.stale_playlists),
        sum(rows, |row| row.cpu_ms.unwrap_or(0)),
    ];
    let totals = [
        ok([Class::Multivariant, Class::Playlist]).iter().sum(),
        ok([Class::Segment, Class::Part]).iter().sum(),
        snapshot.requests.all().failed,
        snapshot.throughput.total_bytes(),
        snapshot.viewers.stalls,
        millis(snapshot.viewers.stall_time()),
        millis(snapshot.viewers.play_time()),
        playback.skipped.count,
        playback.late.count,
        playback.stale_playlists.count,
        snapshot.generator.cpu_us.unwrap_or(0) / 1_000,
    ];
    assert_eq!(sums, totals);
}

fn check_samples(rows: &[Arc<Row>], snapshot: &Snapshot) {
    for (what, samples) in snapshot.latency.iter() {
        let spreads = rows.iter().filter_map(|row| row.latency_ms.get(&what));
        let count: u64 = spreads.map(|spread| spread.count).sum();
        assert_eq!(count, samples.count(), "{what:?}");
    }
    for series in snapshot.slo.series() {
        let spreads = rows.iter().flat_map(|row| &row.slo);
        let own = spreads.filter(|spread| spread.broadcast == series.key.broadcast);
        let count: u64 = own.map(|series| series.spread.count).sum();
        assert_eq!(count, series.total_observed);
    }
}

fn of(samples: &[u64]) -> Spread {
    let mut histogram = Histogram::<Micros>::new();
    for &us in samples {
        histogram.record(us);
    }
    let spread = histogram.distribution();
    let millis = |us: Option<u64>| us.map_or(f64::NAN, |us| us as f64 / 1e3);
    let ms = |quantile| millis(spread.quantile(quantile));
    Spread {
        count: spread.count(),
        p50: ms(Quantile::P50),
        p95: ms(Quantile::P95),
        p99: ms(Quantile::P99),
        max: millis(spread.max()),
    }
}

/// How slow the start is that is told of then.
fn startup_us(ms: u64) -> u64 {
    1_000 + ms / 1_000 % 1_000
}

/// A run that is looked at every `step_ms`: in each step one start, slower than the one before.
fn steady(step_ms: u64, until_ms: u64) -> (Timeline, Snapshot) {
    let mut recorder = Recorder::new(at(0));
    let mut timeline = Timeline::new();
    let mut snapshot = Snapshot::default();
    for ms in (step_ms..=until_ms).step_by(step_ms as usize) {
        recorder.bytes(Class::Segment, ms, at(ms - 1));
        recorder.startup(Duration::from_micros(startup_us(ms)));
        recorder.skipped(1, at(ms - 1));
        recorder.snapshot_into(at(ms), &mut snapshot);
        timeline.observe(&snapshot);
    }
    (timeline, snapshot)
}

#[test]
fn before_the_first_look_there_is_nothing() {
    let mut timeline = Timeline::new();
    timeline.observe(&Snapshot::default());
    assert!(timeline.rows().is_empty());
}

#[test]
fn each_second_has_its_own_percentiles() {
    let mut recorder = Recorder::new(at(0));
    let mut timeline = Timeline::new();
    let mut told = Vec::new();
    for second in 0..30_u64 {
        // The second second is the slowest of all.
        let samples: Vec<u64> = (0..50)
            .map(|n| 900 + n * 37 + second % 5 * 1_000 + u64::from(second == 1) * 90_000)
            .collect();
        for &us in &samples {
            recorder.startup(Duration::from_micros(us));
        }
        told.push(samples);
        timeline.observe(&recorder.snapshot(at(second * 1_000 + 900)));
    }
    let rows = timeline.rows();
    assert_eq!(rows.len(), told.len());
    for (row, samples) in rows.iter().zip(&told) {
        let (spread, expected) = (row.latency_ms[&What::Startup], of(samples));
        assert_eq!((spread.count, spread.p50), (expected.count, expected.p50));
        // Of the greatest that is not the greatest so far only the bin is known.
        let pairs = [
            (spread.p95, expected.p95),
            (spread.p99, expected.p99),
            (spread.max, expected.max),
        ];
        for (ours, exact) in pairs {
            assert!((1.0..1.001).contains(&(ours / exact)), "{ours} for {exact}");
        }
        assert_eq!(row.latency_ms.len(), 1);
    }
}

#[test]
fn rows_are_in_the_finest_resolution_that_has_the_whole_run() {
    let cases = [
        (600, 1_000, SECONDS_MAX),
        (601, 10_000, 60),
        (7_000, 10_000, 700),
        (7_300, 60_000, 121),
    ];
    for (seconds, span_ms, whole) in cases {
        let (timeline, snapshot) = steady(1_000, seconds * 1_000);
        let rows = timeline.rows();
        check(&rows, &snapshot);
        let longest = rows.iter().map(|row| row.span_ms).max();
        assert_eq!(longest, Some(span_ms), "{seconds} s");
        let coarse = rows
            .iter()
            .take_while(|row| row.span_ms == span_ms || row.elapsed_ms < span_ms);
        assert!(coarse.count().abs_diff(whole) <= 1, "{seconds} s");
        let tail = rows.iter().rev().take_while(|row| row.span_ms == 1_000);
        assert!(tail.count() >= 1, "{seconds} s");
    }
}

#[test]
fn percentiles_of_ten_seconds_are_of_their_own_samples() {
    let (timeline, _) = steady(1_000, 700_000);
    let rows = timeline.rows();
    let row = rows.iter().find(|row| row.span_ms == 10_000).unwrap();
    let first = row.elapsed_ms - row.span_ms;
    let told: Vec<u64> = (1..=10).map(|n| first + n * 1_000).collect();
    let starts: Vec<u64> = told.iter().map(|&ms| startup_us(ms)).collect();
    assert_eq!(row.latency_ms[&What::Startup], of(&starts));
    assert_eq!(row.media_bytes, told.iter().sum::<u64>());
}

#[test]
fn a_run_without_end_takes_no_more_room() {
    let days = 3 * 24 * 3_600 * 1_000;
    let (timeline, snapshot) = steady(20_000, days);
    let rows = timeline.rows();
    let whole = rows.iter().filter(|row| row.span_ms == 60_000).count();
    assert_eq!(whole, MINUTES_MAX);
    assert!(rows.len() <= MINUTES_MAX + 60);
    assert_eq!(Some(rows.last().unwrap().unix_ms), snapshot.at_ms);
    const { assert!(TEN_SECONDS_MAX * 10 > SECONDS_MAX && MINUTES_MAX * 60 > TEN_SECONDS_MAX * 10) }
}

#[test]
fn a_late_look_makes_a_long_row_and_another_in_the_same_second_none() {
    let mut recorder = Recorder::new(at(0));
    let mut timeline = Timeline::new();
    let mut snapshot = Snapshot::default();
    for ms in [1_000, 2_000, 2_100, 2_500, 9_000, 10_000] {
        recorder.stale_playlist(at(ms));
        snapshot = recorder.snapshot(at(ms));
        timeline.observe(&snapshot);
    }
    let rows = timeline.rows();
    check(&rows, &snapshot);
    let spans: Vec<_> = rows
        .iter()
        .map(|row| (row.span_ms, row.stale_playlists))
        .collect();
    assert_eq!(spans, [(1_000, 1), (1_500, 3), (6_500, 1), (1_000, 1)]);
}

#[test]
fn time_that_goes_back_stands_still_and_loses_nothing() {
    let mut recorder = Recorder::new(at(0));
    let mut timeline = Timeline::new();
    let mut snapshot = Snapshot::default();
    for (ms, back_ms) in [
        (1_000, 0),
        (2_000, 0),
        (3_000, 2_500),
        (4_000, 9_000),
        (5_000, 0),
    ] {
        recorder.stale_playlist(at(ms));
        snapshot = recorder.snapshot(at(ms));
        let mut told = snapshot.clone();
        told.at_ms = told.at_ms.map(|at| at - back_ms);
        timeline.observe(&told);
    }
    let rows = timeline.rows();
    check(&rows, &snapshot);
    let spans: Vec<_> = rows
        .iter()
        .map(|row| (row.span_ms, row.stale_playlists))
        .collect();
    assert_eq!(spans, [(1_000, 1), (1_000, 3), (3_000, 1)]);
}

#[test]
fn the_fullest_100_ms_are_those_of_the_seconds_that_ended() {
    let mut recorder = Recorder::new(at(0));
    let mut timeline = Timeline::new();
    // Unix seconds begin at 600 ms, 1,600 ms, …
    for (ms, bytes) in [(1_150, 70), (1_250, 30), (2_700, 500), (3_100, 20)] {
        recorder.bytes(Class::Segment, bytes, at(ms));
        timeline.observe(&recorder.snapshot(at(ms + 1)));
    }
    timeline.observe(&recorder.snapshot(at(4_000)));
    let peaks: Vec<_> = timeline.rows().iter().map(|row| row.peak_100ms).collect();
    // The 500 bytes came in a second that was not over when its row was. In the first row no second
    // that ended had any bytes: its mean is the least that its peak can be.
    let mean = 100.0 * 1e3 / 1_251.0;
    assert_eq!(peaks, [Some(mean), Some(700.0), Some(5_000.0)]);
}

#[test]
fn without_a_whole_second_the_peak_is_unknown() {
    let mut recorder = Recorder::new(at(0));
    let mut timeline = Timeline::new();
    recorder.bytes(Class::Segment, 1_000, at(100));
    timeline.observe(&recorder.snapshot(at(500)));
    let rows = timeline.rows();
    assert_eq!((rows[0].media_bytes, rows[0].peak_100ms), (1_000, None));
    assert_eq!((rows[0].cpu_ms, rows[0].lag_p99_ms), (None, None));
}

/// What others push does not take the rows from what we measure, and rows are bounded.
#[test]
fn rows_have_the_first_series_of_each_source() {
    let mut recorder = Recorder::new(at(0));
    let mut timeline = Timeline::new();
    for round in 1..=2 {
        for (source, name) in [(Source::Pushed, "a"), (Source::Viewer, "b")] {
            for n in 0..3 * SERIES_MAX {
                let key = Key::new(&format!("{name}{n:03}"), "hls", source);
                let series = recorder.slo().series(&key, at(round * 1_000));
                recorder.slo().record(series, 40, at(round * 1_000));
            }
        }
        timeline.observe(&recorder.snapshot(at(round * 1_000)));
    }
    for row in &*timeline.rows() {
        assert_eq!(row.slo.len(), 2 * SERIES_MAX);
        assert!(row.slo.iter().all(|series| series.spread.count == 1));
        let own = row
            .slo
            .iter()
            .filter(|series| series.source == Source::Viewer);
        assert_eq!(own.count(), SERIES_MAX);
    }
}

/// A series that was given up for being idle, and comes back, begins anew.
#[test]
fn a_series_that_begins_anew_has_all_its_samples() {
    let key = Key::new("live", "hls", Source::Viewer);
    let look = |ms: u64, samples: u64| {
        let mut recorder = Recorder::new(at(0));
        let series = recorder.slo().series(&key, at(0));
        for _ in 0..samples {
            recorder.slo().record(series, 300, at(ms));
        }
        recorder.snapshot(at(ms))
    };
    let mut timeline = Timeline::new();
    for (ms, samples) in [(1_000, 9), (2_000, 11), (3_000, 4)] {
        timeline.observe(&look(ms, samples));
    }
    let rows = timeline.rows();
    let counts: Vec<_> = rows.iter().map(|row| row.slo[0].spread.count).collect();
    assert_eq!(counts, [9, 2, 4]);
    let mut histogram = Histogram::<Millis>::new();
    histogram.record(300);
    let p50 = histogram.distribution().quantile(Quantile::P50).unwrap() as f64;
    assert!((rows[0].slo[0].spread.p50 - p50).abs() < 1e-9);
}

const PARTS: usize = 2;

/// What happens to one of the run's recorders, or to the whole.
#[derive(Clone, Debug)]
enum Event {
    Request {
        class: Class,
        failed: bool,
        bytes: u64,
        took_us: u64,
    },
    Enter {
        viewer: usize,
        to: ViewerState,
    },
    Startup(u64),
    Latency(u64),
    Trouble(u64),
    Lag(u64),
    Publish,
    Look {
        back_ms: i64,
    },
}

fn event() -> impl Strategy<Value = Event> {
    let class = prop::sample::select(&Class::ALL[..]);
    let state = prop::sample::select(&ViewerState::ALL[..]);
    prop_oneof![
        6 => (class, any::<bool>(), 0..900_000_u64, 0..9_000_000_u64)
            .prop_map(|(class, failed, bytes, took_us)| {
                Event::Request { class, failed, bytes, took_us }
            }),
        4 => (0..3_usize, state).prop_map(|(viewer, to)| Event::Enter { viewer, to }),
        2 => (0..9_000_000_u64).prop_map(Event::Startup),
        3 => (0..90_000_u64).prop_map(Event::Latency),
        2 => (1..4_u64).prop_map(Event::Trouble),
        1 => (0..40_000_u64).prop_map(Event::Lag),
        6 => Just(Event::Publish),
        5 => Just(Event::Look { back_ms: 0 }),
        1 => (0..5_000_i64).prop_map(|back_ms| Event::Look { back_ms }),
    ]
}

/// Recorders, what each published last, and the timeline that looks at what they published.
struct World {
    recorders: Vec<Recorder>,
    viewers: Vec<Vec<Viewer>>,
    published: Vec<Snapshot>,
    timeline: Timeline,
    cpu_us: u64,
}

impl World {
    fn new() -> Self {
        let mut recorders = vec![Recorder::new(at(0)); PARTS];
        let viewers = recorders
            .iter_mut()
            .map(|recorder| {
                recorder.set_target(3);
                let add = |n| recorder.add_viewer(n, Playback::Tracked, Duration::ZERO);
                (0..3).map(add).collect()
            })
            .collect();
        Self {
            recorders,
            viewers,
            published: vec![Snapshot::default(); PARTS],
            timeline: Timeline::new(),
            cpu_us: 0,
        }
    }

    fn tell(&mut self, part: usize, event: &Event, now: Now) {
        let recorder = &mut self.recorders[part];
        match *event {
            Event::Request {
                class,
                failed,
                bytes,
                took_us,
            } => {
                request(recorder, class, failed, bytes, took_us, now);
            }
            Event::Enter { viewer, to } => {
                recorder.enter(&mut self.viewers[part][viewer], to, now.elapsed);
            }
            Event::Startup(us) => recorder.startup(Duration::from_micros(us)),
            Event::Latency(ms) => {
                let series = recorder
                    .slo()
                    .series(&Key::new("live", "hls", Source::Viewer), now);
                recorder.glass_to_glass(series, ms as i64, now);
            }
            Event::Trouble(count) => {
                recorder.skipped(count, now);
                recorder.late(count, now);
                recorder.stale_playlist(now);
            }
            Event::Lag(us) => recorder.lag(Duration::from_micros(us)),
            Event::Publish => recorder.snapshot_into(now, &mut self.published[part]),
            Event::Look { back_ms } => {
                let mut all = self.snapshot();
                all.at_ms = all.at_ms.map(|at| at - back_ms);
                self.timeline.observe(&all);
            }
        }
    }

    fn snapshot(&mut self) -> Snapshot {
        let mut all = Snapshot::default();
        for part in &self.published {
            all.merge(part);
        }
        self.cpu_us += 1_234;
        all.generator.cpu_us = Some(self.cpu_us);
        all
    }

    fn publish_all(&mut self, now: Now) {
        for part in 0..PARTS {
            self.tell(part, &Event::Publish, now);
        }
    }
}

fn request(recorder: &mut Recorder, class: Class, failed: bool, bytes: u64, us: u64, now: Now) {
    recorder.begin(class);
    recorder.bytes(class, bytes, now);
    let outcome = if failed {
        Outcome::Failed(Failure::Reset)
    } else {
        Outcome::Ok
    };
    let due = now.elapsed.saturating_sub(Duration::from_micros(us));
    let sample = Sample {
        class,
        outcome,
        status: Some(200),
        bytes,
        due,
        sent: due,
        first_byte: Some(now.elapsed),
        last_byte: now.elapsed,
        connect: None,
    };
    recorder.end(None, &sample, now);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Whenever anybody looks, and whatever the recorders had published by then.
    #[test]
    fn rows_add_up_to_the_last_snapshot(
        events in prop::collection::vec((0..1_500_u64, 0..PARTS, event()), 0..150),
        drained in 0..900_000_u64,
    ) {
        let mut world = World::new();
        let mut ms = 0;
        for (pause, part, event) in &events {
            ms += pause;
            world.tell(*part, event, at(ms));
        }
        let end = at(ms + 10);
        world.recorders.iter_mut().for_each(|recorder| recorder.stop(end));
        world.publish_all(end);
        let stopped = world.snapshot();
        world.timeline.observe(&stopped);
        check(&world.timeline.rows(), &stopped);

        let later = at(ms + 2_000);
        request(&mut world.recorders[0], Class::Segment, false, drained, 7_000, later);
        world.publish_all(later);
        let last = world.snapshot();
        world.timeline.observe(&last);
        world.timeline.observe(&last);
        check(&world.timeline.rows(), &last);
    }
}
