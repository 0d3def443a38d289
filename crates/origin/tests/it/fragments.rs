//! Fragmented MP4 held against its own boxes, over the clip's seam.

use crate::common::{body, config, segments};
use media::fmp4::{FragmentFacts, InitFacts, fragment_facts, init_facts};
use origin::{Audio, Bitrate, Config, Format, Origin, ReferenceTime};

fn fmp4() -> Config {
    Config {
        format: Format::Fmp4,
        ..config()
    }
}

fn facts(
    origin: &Origin,
    track: &str,
    numbers: std::ops::Range<u64>,
) -> (InitFacts, Vec<Vec<FragmentFacts>>) {
    let init = init_facts(&body(origin, &format!("/live/{track}-init.mp4"), 0)).unwrap();
    let parts = segments(origin, track, "m4s", numbers);
    let facts = parts
        .iter()
        .map(|part| fragment_facts(&init, part).unwrap())
        .collect();
    (init, facts)
}

fn check_continuity(segments: &[Vec<FragmentFacts>]) {
    for pair in segments.windows(2) {
        for (earlier, later) in pair[0].iter().zip(&pair[1]) {
            assert_eq!(earlier.track, later.track);
            assert_eq!(earlier.base_time + earlier.duration, later.base_time);
        }
    }
    assert!(segments.iter().flatten().all(|facts| facts.starts_at_sync));
}

#[test]
fn fragments_follow_each_other_without_a_seam() {
    let origin = Origin::new(fmp4()).unwrap();
    for first in [0, 5, 897_629_604] {
        let (init, segments) = facts(&origin, "400k", first..first + 20);
        assert_eq!(
            init.tracks
                .iter()
                .map(|track| track.timescale)
                .collect::<Vec<_>>(),
            [90_000, 48_000]
        );
        check_continuity(&segments);
        let [picture, sound] = &segments[0][..] else {
            panic!("two tracks: {segments:?}")
        };
        assert_eq!(
            (picture.base_time, picture.samples, picture.duration),
            (first * 180_000, 50, 180_000)
        );
        assert_eq!(sound.base_time, (first * 96_000).div_ceil(1024) * 1024);
    }
}

#[test]
fn picture_and_sound_may_travel_apart() {
    let origin = Origin::new(Config {
        audio: Audio::Demuxed,
        ..fmp4()
    })
    .unwrap();
    for (track, codec) in [("400k", "avc1.64000D"), ("audio", "mp4a.40.2")] {
        let (init, segments) = facts(&origin, track, 1_000_000..1_000_020);
        assert_eq!(init.tracks.len(), 1);
        assert_eq!(init.tracks[0].description.codec().as_deref(), Some(codec));
        check_continuity(&segments);
    }
}

#[test]
fn a_segment_is_its_share_of_the_bitrate_to_the_byte() {
    for (bitrate, len) in [
        (400_000, 100_000),
        (2_000_000, 500_000),
        (1_000_004, 250_001),
    ] {
        let origin = Origin::new(Config {
            variants: vec![Bitrate(bitrate)],
            ..fmp4()
        })
        .unwrap();
        let track = origin.playlist_paths()[1]
            .replace("/live/", "")
            .replace(".m3u8", "");
        let parts = segments(&origin, &track, "m4s", 77..87);
        assert!(parts.iter().all(|part| part.len() == len), "{bitrate}");
    }
}

#[test]
fn the_capture_time_is_told_where_it_is_wanted() {
    let origin = Origin::new(Config {
        reference_time: ReferenceTime::Prft,
        ..fmp4()
    })
    .unwrap();
    let (_, segments) = facts(&origin, "400k", 897_629_604..897_629_606);
    let captured: Vec<_> = segments
        .iter()
        .map(|facts| facts[0].captured_unix_ms)
        .collect();
    assert_eq!(captured, [Some(1_795_259_208_000), Some(1_795_259_210_000)]);
    let silent = Origin::new(fmp4()).unwrap();
    assert_eq!(facts(&silent, "400k", 0..1).1[0][0].captured_unix_ms, None);
}

#[test]
fn two_origins_make_the_same_bytes() {
    let (one, other) = (Origin::new(fmp4()).unwrap(), Origin::new(fmp4()).unwrap());
    assert_eq!(
        segments(&one, "400k", "m4s", 50..60),
        segments(&other, "400k", "m4s", 50..60)
    );
}
