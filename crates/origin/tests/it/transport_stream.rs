//! Transport streams held against ISO/IEC 13818-1, over the clip's seam and the clock's wrap.

use std::time::Duration;

use crate::common::{Walk, config, segments, walk};
use media::ts::{Clock, Facts, StreamKind, TIMESTAMP_WRAP};
use origin::{Audio, Bitrate, Config, Origin};
use proptest::prelude::*;

/// The first segment of two seconds in which 33 bits start over.
fn wrap_segment(wraps: u64) -> u64 {
    TIMESTAMP_WRAP * wraps / 180_000
}

fn behind(later: u64, earlier: u64) -> u64 {
    later.wrapping_sub(earlier) % TIMESTAMP_WRAP
}

fn check_times(walk: &Walk, pid: u16, step: u64) {
    let pts: Vec<u64> = walk
        .pes
        .iter()
        .filter(|pes| pes.pid == pid)
        .map(|pes| pes.pts)
        .collect();
    for pair in pts.windows(2) {
        let gap = behind(pair[1], pair[0]);
        assert!(
            gap.is_multiple_of(step) && gap > 0 && gap <= step * 8,
            "PID {pid}: {pair:?}"
        );
    }
}

/// The clock at a packet, between the references around it.
fn clock_at(walk: &Walk, bitrate: u64, packet: usize) -> u64 {
    let (place, clock) = walk
        .clocks
        .iter()
        .rev()
        .find(|(place, _)| *place <= packet)
        .unwrap();
    clock.0 + (packet - place) as u64 * 188 * 8 * 27_000_000 / bitrate
}

fn check_clock(walk: &Walk, bitrate: u64) {
    for pair in walk.clocks.windows(2) {
        let gap = (pair[1].1.0 + Clock::WRAP - pair[0].1.0) % Clock::WRAP;
        assert!(
            gap <= 27_000_000 / 10,
            "2.7.2: at most 100 ms from one clock to the next, not {gap}"
        );
        // A constant rate: the clock tells how many packets went by.
        let expected = (pair[1].0 - pair[0].0) as u64 * 188 * 8 * 27_000_000 / bitrate;
        assert!(
            gap.abs_diff(expected) <= 1,
            "{gap} ticks for {} packets",
            pair[1].0 - pair[0].0
        );
    }
    let first = walk.clocks[0].0;
    for pes in walk.pes.iter().filter(|pes| pes.first_packet >= first) {
        let sent = clock_at(walk, bitrate, pes.last_packet) / 300;
        let left = behind(pes.pts, sent % TIMESTAMP_WRAP);
        assert!(
            left <= 90_000,
            "PID {}: sent {left} ticks before it is due",
            pes.pid
        );
    }
}

fn check_stream(config: &Config, track: &str, bitrate: u64, first: u64, count: u64) {
    let origin = Origin::new(config.clone()).unwrap();
    let parts = segments(&origin, track, "ts", first..first + count);
    for part in &parts {
        let facts = Facts::read(part).unwrap();
        assert!(facts.streams.iter().all(|stream| stream.pes_packets > 0));
        let walk = walk(part);
        let video = walk.pes.iter().find(|pes| pes.pid == 0x100);
        assert!(
            video.is_none_or(|pes| pes.random_access),
            "segments begin with a keyframe"
        );
        assert!(
            walk.clocks[0].0 <= 2,
            "the clock comes right after the tables"
        );
    }
    let stream = parts.concat();
    let facts = Facts::read(&stream).unwrap();
    for stream in &facts.streams {
        assert_eq!(stream.continuity_errors, 0, "PID {}", stream.pid);
    }
    let walk = walk(&stream);
    check_clock(&walk, bitrate);
    check_times(&walk, 0x100, 3600);
    check_times(&walk, 0x101, 1920);
    if facts.stream(StreamKind::H264).is_some() {
        let pictures = walk.pes.iter().filter(|pes| pes.pid == 0x100).count() as u64;
        assert_eq!(pictures, count * 50);
    }
}

#[test]
fn a_stream_goes_on_over_the_loop_and_the_wrap() {
    for first in [0, 7, 897_629_604, wrap_segment(19) - 10] {
        check_stream(&config(), "400k", 400_000, first, 20);
    }
}

#[test]
fn big_and_small_bitrates_keep_their_clock() {
    for bitrate in [200_000, 2_000_000, 20_000_000] {
        let config = Config {
            variants: vec![Bitrate(bitrate)],
            ..config()
        };
        check_stream(
            &config,
            &format!("{}k", bitrate / 1000),
            bitrate,
            wrap_segment(7) - 1,
            4,
        );
    }
}

#[test]
fn picture_and_sound_may_travel_apart() {
    let config = Config {
        audio: Audio::Demuxed,
        ..config()
    };
    check_stream(&config, "400k", 400_000 - 128_000, wrap_segment(3) - 2, 5);
    check_stream(&config, "audio", 128_000, wrap_segment(3) - 2, 5);
}

#[test]
fn a_segment_is_its_share_of_the_bitrate_to_a_packet() {
    for bitrate in [400_000, 777_777, 5_000_001] {
        let config = Config {
            variants: vec![Bitrate(bitrate)],
            ..config()
        };
        let origin = Origin::new(config).unwrap();
        let track = origin.playlist_paths()[1]
            .replace("/live/", "")
            .replace(".m3u8", "");
        let parts = segments(&origin, &track, "ts", 1000..1050);
        let mut sum = 0;
        for (count, part) in (1_u64..).zip(&parts) {
            let share = bitrate as f64 / 4.0;
            assert!(
                (part.len() as f64 - share).abs() < 188.0,
                "{} of {share}",
                part.len()
            );
            sum += part.len() as u64;
            assert!(
                (sum as f64 - share * count as f64).abs() < 188.0,
                "the rate does not drift"
            );
        }
    }
}

#[test]
fn two_origins_make_the_same_bytes() {
    let (one, other) = (
        Origin::new(config()).unwrap(),
        Origin::new(config()).unwrap(),
    );
    // In another order, so that nothing can depend on what went before.
    let ahead = segments(&one, "400k", "ts", 50..60);
    let mut back: Vec<_> = (50..60)
        .rev()
        .flat_map(|n| segments(&other, "400k", "ts", n..n + 1))
        .collect();
    back.reverse();
    assert_eq!(ahead, back);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_two_neighbours_join(
        seconds in 1..9_u64,
        bitrate in 300_000..3_000_000_u64,
        n in 1..1_000_000_000_u64,
        audio in prop_oneof![Just(Audio::Muxed), Just(Audio::Demuxed)],
    ) {
        let config = Config {
            segment: Duration::from_secs(seconds),
            variants: vec![Bitrate(bitrate)],
            audio,
            ..config()
        };
        let origin = Origin::new(config).unwrap();
        let path = origin.playlist_paths()[1].replace(".m3u8", "");
        let stream = [n, n + 1]
            .map(|n| crate::common::body(&origin, &format!("{path}-{n}.ts"), ((n + 1) * seconds * 1000) as i64))
            .concat();
        let facts = Facts::read(&stream).unwrap();
        prop_assert!(facts.streams.iter().all(|stream| stream.continuity_errors == 0));
        let rate = if audio == Audio::Muxed { bitrate } else { bitrate - 128_000 };
        check_clock(&walk(&stream), rate);
    }
}
