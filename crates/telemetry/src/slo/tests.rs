use std::time::Duration;

use base::Now;
use proptest::prelude::*;

use super::*;

const START_MS: i64 = 1_700_000_000_000;

fn at(ms: u64) -> Now {
    Now::new(Duration::from_millis(ms), START_MS)
}

fn key(broadcast: &str) -> Key {
    Key::new(broadcast, "hls", Source::Viewer)
}

fn tracker() -> Tracker {
    Tracker::new(at(0))
}

fn rows(tracker: &Tracker, ms: u64) -> Vec<Row> {
    tracker.snapshot().rows(at(ms).unix_ms)
}

#[test]
fn one_to_a_hundred_gives_51_96_100() {
    let mut tracker = tracker();
    let series = tracker.series(&key("/live"), at(0));
    for latency in (1..=100).rev() {
        tracker.record(series, latency, at(latency));
    }
    let rows = rows(&tracker, 100);
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!(
        (row.p50_ms, row.p95_ms, row.p99_ms, row.max_ms),
        (51, 96, 100, 100)
    );
    assert_eq!((row.sample_count, row.total_observed), (100, 100));
    assert_eq!(
        (row.run.p50_ms, row.run.p95_ms, row.run.p99_ms),
        (Some(50), Some(95), Some(99))
    );
}

#[test]
fn zero_is_a_sample_and_none_is_not_listed() {
    let mut tracker = tracker();
    let series = tracker.series(&key("/live"), at(0));
    assert_eq!(rows(&tracker, 1), []);
    tracker.record(series, 0, at(1));
    let row = &rows(&tracker, 1)[0];
    assert_eq!((row.p50_ms, row.max_ms, row.sample_count), (0, 0, 1));
    assert_eq!((row.last_60s.count, row.last_60s.p99_ms), (1, Some(0)));
}

#[test]
fn a_key_has_one_handle() {
    let mut tracker = tracker();
    let first = tracker.series(&key("/a"), at(0));
    let other = tracker.series(&key("/b"), at(0));
    assert_eq!(tracker.series(&key("/a"), at(9)), first);
    assert_ne!(first, other);
}

#[test]
fn the_ring_keeps_the_newest_and_the_count_goes_on() {
    let mut tracker = tracker();
    let series = tracker.series(&key("/live"), at(0));
    for n in 0..5_000 {
        tracker.record(series, n, at(n));
    }
    let table = tracker.snapshot();
    let newest: Vec<_> = table.series()[0].newest().collect();
    assert_eq!(newest.len(), RING);
    assert_eq!(newest[0], (START_MS + 3_976, 3_976));
    assert_eq!(newest[1_023], (START_MS + 4_999, 4_999));
    let row = &rows(&tracker, 5_000)[0];
    assert_eq!(
        (row.sample_count, row.total_observed, row.max_ms),
        (1_024, 5_000, 4_999)
    );
    assert_eq!(row.p50_ms, 3_976 + 512);
    assert_eq!(row.run.count, 5_000);
}

#[test]
fn windows_look_back_by_slots_of_five_seconds() {
    let mut tracker = tracker();
    let series = tracker.series(&key("/live"), at(0));
    // START_MS is on a slot's boundary: one sample a second, its value the second.
    for second in 0..400 {
        tracker.record(series, second, at(second * 1000));
    }
    let row = |ms| rows(&tracker, ms).remove(0);
    let now = row(399_000);
    // 339.001 s to 399 s: from the slot of 335 s on.
    assert_eq!((now.last_60s.count, now.last_300s.count), (65, 305));
    assert_eq!(row(399_999).last_60s.count, 60);
    let later = row(450_000);
    assert_eq!((later.last_60s.count, later.run.count), (10, 400));
    let silent = row(1_000_000);
    assert_eq!((silent.last_60s.count, silent.last_60s.p50_ms), (0, None));
    assert_eq!((silent.last_300s.count, silent.sample_count), (0, 400));
}

#[test]
fn too_great_a_latency_counts_as_the_greatest() {
    let mut tracker = tracker();
    let series = tracker.series(&key("/live"), at(0));
    tracker.record(series, u64::MAX, at(1));
    assert_eq!(rows(&tracker, 1)[0].max_ms, LATENCY_MS_MAX);
}

#[test]
fn a_clock_that_goes_back_loses_nothing() {
    let mut tracker = tracker();
    let series = tracker.series(&key("/live"), at(0));
    tracker.record(series, 5, at(60_000));
    let jumped = Now {
        unix_ms: 12,
        ..at(59_000)
    };
    tracker.record(series, 7, jumped);
    let row = &rows(&tracker, 60_000)[0];
    assert_eq!((row.last_60s.count, row.sample_count), (2, 2));
}

#[test]
fn names_are_cut_and_rows_are_in_order() {
    let long = "ä".repeat(200);
    let cut = Key::new(&long, &long, Source::Pushed);
    assert_eq!((cut.broadcast.len(), cut.transport.len()), (256, 32));
    let odd = Key::new(&format!("x{long}"), "hls", Source::Pushed);
    assert_eq!(odd.broadcast.len(), 255);

    let mut tracker = tracker();
    let keys = [
        Key::new("/b", "hls", Source::Viewer),
        Key::new("/a", "ws", Source::Origin),
        Key::new("/a", "hls", Source::Pushed),
        Key::new("/a", "hls", Source::Viewer),
    ];
    for key in &keys {
        let series = tracker.series(key, at(0));
        tracker.record(series, 1, at(0));
    }
    let rows = rows(&tracker, 0);
    let listed: Vec<_> = rows
        .iter()
        .map(|row| (row.broadcast.as_str(), row.transport.as_str(), row.source))
        .collect();
    assert_eq!(
        listed,
        [
            ("/a", "hls", Source::Viewer),
            ("/a", "hls", Source::Pushed),
            ("/a", "ws", Source::Origin),
            ("/b", "hls", Source::Viewer),
        ]
    );
}

#[test]
fn series_are_bounded_and_idle_ones_give_way() {
    let mut tracker = tracker();
    let mut handles = Vec::new();
    for n in 0..SERIES_MAX {
        let series = tracker.series(&key(&n.to_string()), at(0));
        tracker.record(series, 1, at(0));
        handles.push(series);
    }
    let refused = tracker.series(&key("one more"), at(1));
    assert!(refused.is_refused());
    tracker.record(refused, 1, at(1));
    let table = tracker.snapshot();
    assert_eq!((table.refused_series, table.refused_samples), (1, 1));
    assert_eq!(table.series().len(), SERIES_MAX);

    // All but the first stay in use.
    let later = IDLE_MS as u64 - 1;
    for &series in &handles[1..] {
        tracker.record(series, 1, at(later));
    }
    assert!(tracker.series(&key("one more"), at(later)).is_refused());
    assert_eq!(rows(&tracker, later).len(), SERIES_MAX);
    assert_eq!(rows(&tracker, later + 1).len(), SERIES_MAX - 1);
    let taken = tracker.series(&key("one more"), at(later + 1));
    assert!(!taken.is_refused());
    tracker.record(taken, 3, at(later + 1));
    // The old handle no longer counts for anybody.
    tracker.record(handles[0], 1, at(later + 1));
    let table = tracker.snapshot();
    assert_eq!(table.refused_samples, 2);
    assert!(
        table
            .series()
            .iter()
            .all(|series| series.key.broadcast != "0")
    );
    // And its key gets no place while the others are in use.
    assert!(tracker.series(&key("0"), at(later + 2)).is_refused());
}

#[test]
fn room_may_be_less() {
    let mut tracker = Tracker::with_room(at(0), 2);
    let [a, b, c] = ["a", "b", "c"].map(|name| tracker.series(&key(name), at(0)));
    assert_eq!([a, b, c].map(Series::is_refused), [false, false, true]);
    let later = at(IDLE_MS as u64);
    tracker.record(b, 1, later);
    assert!(!tracker.series(&key("c"), later).is_refused());
    assert_eq!(tracker.snapshot().series().len(), 2);
    let none = &mut Tracker::with_room(at(0), 0);
    assert!(none.series(&key("a"), later).is_refused());
}

#[test]
fn an_idle_series_that_comes_back_has_its_history() {
    let mut tracker = tracker();
    let series = tracker.series(&key("/live"), at(0));
    tracker.record(series, 1, at(0));
    let late = 2 * IDLE_MS as u64;
    assert_eq!(rows(&tracker, late), []);
    tracker.record(series, 2, at(late));
    assert_eq!(rows(&tracker, late)[0].total_observed, 2);
}

#[test]
fn merged_tables_keep_what_we_measured_ourselves() {
    let mut ours = tracker();
    let mut theirs = tracker();
    for n in 0..SERIES_MAX {
        let own = ours.series(&key(&format!("z{n:04}")), at(0));
        ours.record(own, 1, at(0));
        let pushed = theirs.series(&Key::new(&format!("a{n:04}"), "hls", Source::Pushed), at(0));
        theirs.record(pushed, 1, at(0));
    }
    let mut table = theirs.snapshot();
    table.merge(&ours.snapshot());
    assert_eq!(table.series().len(), SERIES_MAX);
    assert!(
        table
            .series()
            .iter()
            .all(|series| series.key.source == Source::Viewer)
    );
    assert_eq!(table.refused_series, SERIES_MAX as u64);
    assert_eq!(table.refused_samples, SERIES_MAX as u64);
}

/// Samples spread over every bin in every slot, as no crowd would: the memory stays bounded, on
/// either side, and what is shortened is the window alone.
#[test]
fn a_series_stays_within_its_memory() {
    let mut tracker = tracker();
    let series = tracker.series(&key("/live"), at(0));
    let before = tracker.series_bytes_max();
    for slot in 0..50_u64 {
        for n in 0..150_000_u64 {
            let bin = (n % 2048) as usize;
            let latency = crate::hist::highest_of::<crate::hist::Millis>(bin);
            tracker.record(series, latency, at(slot * 5_000 + n / 50));
        }
    }
    assert_eq!(tracker.series_bytes_max(), before, "it allocated");
    assert!(before <= SERIES_BYTES_MAX, "{before}");
    let mut table = tracker.snapshot();
    assert!(table.series()[0].memory_bytes() <= SERIES_BYTES_MAX);
    table.merge(&table.clone());
    assert!(
        table.series()[0].memory_bytes() <= SERIES_BYTES_MAX,
        "{}",
        table.series()[0].memory_bytes()
    );
    let row = &table.rows(at(50 * 5_000).unix_ms)[0];
    assert_eq!(
        (row.total_observed, row.run.count),
        (15_000_000, 15_000_000)
    );
    assert_eq!(row.last_60s.count, 12 * 300_000);
}

#[test]
fn survives_the_wire() {
    let mut tracker = tracker();
    for (n, name) in ["/a", "/b"].iter().enumerate() {
        let series = tracker.series(&key(name), at(0));
        for second in 0..400 {
            tracker.record(series, second * 7 + n as u64, at(second * 1000));
        }
    }
    let table = tracker.snapshot();
    let text = serde_json::to_string(&table).unwrap();
    assert_eq!(serde_json::from_str::<Table>(&text).unwrap(), table);
}

#[test]
fn a_hostile_table_is_read_without_panic() {
    let text = r#"{"series":[{"key":{"broadcast":"x","transport":"hls","source":"pushed"},
        "last_ms":1,"total_observed":1,"run":{"sum":0,"max":0,"v2":"HISTEwAAAAAAAAAAAAAAAgAAAAAAAAABAAAAAAA///8/8AAAAAAAAA=="},
        "newest":[5,3],"slots":[{"slot":7,"bins":"////////////"},{"slot":-9,"bins":"§"}]}],
        "refused_series":0,"refused_samples":0}"#;
    let hostile: Table = serde_json::from_str(text).unwrap();
    let mut table = hostile.clone();
    table.merge(&hostile);
    let newest: Vec<_> = table.series()[0].newest().collect();
    assert!(newest.is_sorted());
    let _ = table.rows(i64::from(i32::MAX));
}

proptest! {
    /// Ties in time included: which of several samples of one millisecond are the newest does not
    /// depend on who saw them.
    #[test]
    fn the_newest_are_the_same_however_they_were_split(
        samples in prop::collection::vec((0..40_u64, 0..2_000_u64, 0..3_usize), 1_000..3_500),
    ) {
        let mut one = tracker();
        let mut parts = [tracker(), tracker(), tracker()];
        let series = one.series(&key("/live"), at(0));
        let mut ms = 0;
        for (gap, latency, part) in samples {
            ms += gap / 39 * 50;
            one.record(series, latency, at(ms));
            let of = parts[part].series(&key("/live"), at(0));
            parts[part].record(of, latency, at(ms));
        }
        let mut merged = Table::default();
        for part in &parts {
            merged.merge(&part.snapshot());
        }
        let whole = one.snapshot();
        prop_assert_eq!(merged.rows(at(ms).unix_ms), whole.rows(at(ms).unix_ms));
        prop_assert!(merged.series()[0].newest().eq(whole.series()[0].newest()));
    }
}
