//! What is written reads back; what is broken is refused.

use proptest::prelude::*;

use super::*;

const SOUND: &[u8] = include_bytes!("../../../origin/assets/audio.mp4");
const PICTURE: &[u8] = include_bytes!("../../../origin/assets/video-234.mp4");

fn headers() -> Vec<TrackHeader> {
    [PICTURE, SOUND]
        .into_iter()
        .zip(1..)
        .map(|(file, id)| {
            let track = Track::read(file).unwrap();
            TrackHeader {
                id,
                description: track.description,
                timescale: track.timescale,
                sample_duration: track.sample_duration,
            }
        })
        .collect()
}

fn init() -> Vec<u8> {
    write_init(&headers()).unwrap()
}

fn fragment() -> Vec<u8> {
    let sample = |data, sync| RunSample { data, sync };
    let mut out = Vec::new();
    write_styp(&mut out).unwrap();
    write_prft(&mut out, 1, 7000, 1_795_259_208_040).unwrap();
    let runs = [
        Run {
            track: 1,
            base_time: 7000,
            samples: vec![sample(b"key", true), sample(b"p", false)],
        },
        Run {
            track: 2,
            base_time: 1 << 40,
            samples: vec![sample(b"sound", true)],
        },
    ];
    write_fragment(&mut out, 5, &runs).unwrap();
    free_box(&mut out, 100);
    out
}

#[test]
fn an_initialisation_segment_reads_back() {
    let facts = init_facts(&init()).unwrap();
    let codecs: Vec<_> = facts
        .tracks
        .iter()
        .map(|track| track.description.codec().unwrap())
        .collect();
    assert_eq!(codecs, ["avc1.64000D", "mp4a.40.2"]);
    assert_eq!(facts.tracks[0].description.size(), Some((416, 234)));
    assert!(facts.tracks[0].description.is_video() && !facts.tracks[1].description.is_video());
    let aac = facts.tracks[1].description.aac().unwrap();
    assert_eq!(
        (aac.object_type, aac.frequency_index, aac.channels),
        (2, 3, 2)
    );
}

#[test]
fn a_fragment_reads_back() {
    let init = init_facts(&init()).unwrap();
    let facts = fragment_facts(&init, &fragment()).unwrap();
    let durations: Vec<u64> = headers()
        .iter()
        .map(|track| track.sample_duration.into())
        .collect();
    let picture = FragmentFacts {
        track: 1,
        base_time: 7000,
        duration: 2 * durations[0],
        samples: 2,
        bytes: 4,
        starts_at_sync: true,
        captured_unix_ms: Some(1_795_259_208_040),
    };
    let sound = FragmentFacts {
        track: 2,
        base_time: 1 << 40,
        duration: durations[1],
        samples: 1,
        bytes: 5,
        captured_unix_ms: None,
        ..picture
    };
    assert_eq!(facts, [picture, sound]);
}

#[test]
fn samples_lie_where_the_run_says() {
    let bytes = fragment();
    let moof = bytes.windows(4).position(|four| four == b"moof").unwrap() - 4;
    let found: mp4_atom::Moof = find(&bytes, "moof").unwrap();
    for (traf, first) in found.traf.iter().zip([&b"key"[..], b"sound"]) {
        let at = moof + traf.trun[0].data_offset.unwrap() as usize;
        assert_eq!(&bytes[at..at + first.len()], first);
    }
}

#[test]
fn what_is_no_mp4_says_what_is_missing() {
    assert_eq!(init_facts(b"<html>"), Err(Error::Missing("moov")));
    let facts = init_facts(&init()).unwrap();
    assert_eq!(fragment_facts(&facts, &init()), Err(Error::Missing("moof")));
    assert!(matches!(Track::read(&init()), Err(Error::Contradiction(_))));
    assert!(matches!(
        Track::read(&SOUND[..SOUND.len() - 1]),
        Err(Error::Missing(_) | Error::Contradiction(_))
    ));
}

proptest! {
    #[test]
    fn reading_never_panics(place: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
        let init = init_facts(&init()).unwrap();
        for whole in [self::init(), fragment(), SOUND[SOUND.len() - 4000..].to_vec()] {
            let mut bytes = whole;
            let at = place.index(bytes.len());
            bytes[at] = byte;
            let _ = init_facts(&bytes);
            let _ = fragment_facts(&init, &bytes);
            let _ = Track::read(&bytes);
            bytes.truncate(cut.index(bytes.len() + 1));
            let _ = init_facts(&bytes);
            let _ = fragment_facts(&init, &bytes);
        }
    }

    #[test]
    fn noise_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let init = init_facts(&init()).unwrap();
        let framed = [&(bytes.len() as u32 + 8).to_be_bytes()[..], b"moof", &bytes].concat();
        for bytes in [&bytes, &framed] {
            let _ = init_facts(bytes);
            let _ = fragment_facts(&init, bytes);
            let _ = Track::read(bytes);
        }
    }
}
