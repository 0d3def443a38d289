//! A player watched from outside, step by step.

#![expect(
    clippy::unwrap_used,
    clippy::format_push_string,
    reason = "a test: it stops where something is not as it should be"
)]

mod scene;

use ViewerState::{Ended, Playing, Stalled, Starting};
use base::{Class, Failure, ViewerState};
use media::hls::ByteRange;
use player::Because;
use player::Event;
use player::spectator::{Config, Extent, Fact, Variants};
use proptest::prelude::*;
use rstest::rstest;
use scene::{Scene, live, ms, url};

const MASTER: &str = "#EXTM3U\n\
    #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"a\",DEFAULT=YES,URI=\"audio.m3u8\"\n\
    #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"s\",URI=\"subs.m3u8\"\n\
    #EXT-X-STREAM-INF:BANDWIDTH=300000,AUDIO=\"a\"\nlow.m3u8\n\
    #EXT-X-STREAM-INF:BANDWIDTH=900000,AUDIO=\"a\"\nhigh.m3u8\n\
    #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,URI=\"trick.m3u8\"\n";

/// The default profile's playhead without what a browser takes for itself.
fn plays() -> Config {
    let mut config = Config::plays();
    let rules = config.play.as_mut().unwrap();
    rules.start_delay = ms(0);
    rules.resume_delay = ms(0);
    rules.resume_with = player::playhead::ResumeWith::Anything;
    config
}

fn side_by_side(config: Config) -> Config {
    Config {
        variants: Variants::SideBySide,
        ..config
    }
}

fn skipped(scene: &Scene) -> Vec<(u32, Because)> {
    let events = scene.events.iter();
    let skips = events.filter_map(|event| match event {
        Event::Skipped { segments, because } => Some((*segments, *because)),
        _ => None,
    });
    skips.collect()
}

fn stale(scene: &Scene) -> Vec<(u64, bool)> {
    let events = scene.events.iter();
    let stale = events.filter_map(|event| match event {
        Event::StalePlaylist { age, first } => Some((age.as_millis() as u64, *first)),
        _ => None,
    });
    stale.collect()
}

fn chosen(scene: &Scene) -> Vec<u16> {
    let events = scene.events.iter();
    let chosen = events.filter_map(|event| match event {
        Event::VariantChosen { index, .. } => Some(*index),
        _ => None,
    });
    chosen.collect()
}

/// FFmpeg's way: three segments at the start, then each as it is listed.
fn live_reader(scene: &mut Scene, until: u64) {
    scene.list(0, "x.m3u8", &live("s", 0, 4));
    for number in 2..=4 {
        scene.got(10, &format!("s{number}.ts"));
    }
    for number in 5..=until {
        let at = (number - 4) * 2000;
        scene.list(at, "x.m3u8", &live("s", number - 4, number));
        scene.got(at + 10, &format!("s{number}.ts"));
    }
}

#[test]
fn each_request_has_its_class_as_soon_as_a_playlist_says() {
    let mut scene = Scene::new(Config::COPIES);
    assert_eq!(scene.class("master.m3u8"), Class::Multivariant);
    scene.list(0, "master.m3u8", MASTER);
    for (file, class) in [
        ("master.m3u8", Class::Multivariant),
        ("low.m3u8", Class::Playlist),
        ("audio.m3u8", Class::Playlist),
        ("subs.m3u8", Class::Playlist),
        ("trick.m3u8", Class::Playlist),
        ("other.M3U8", Class::Playlist),
        ("low.m3u8?_HLS_msn=7&_HLS_part=2", Class::Playlist),
        ("favicon.ico", Class::Other),
    ] {
        assert_eq!(scene.class(file), class, "{file}");
    }
    let text = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PART-INF:PART-TARGET=1\n\
        #EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXT-X-MAP:URI=\"i.mp4\"\n\
        #EXT-X-PART:DURATION=1,URI=\"p0\"\n#EXT-X-PART:DURATION=1,URI=\"p1\"\n\
        #EXTINF:2,\ns.m4s\n#EXT-X-PART:DURATION=1,URI=\"p2\"\n\
        #EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"p3\"\n";
    scene.list(10, "low.m3u8", text);
    for (file, class) in [
        ("s.m4s", Class::Segment),
        ("s.m4s?CMCD=br%3D300", Class::Segment),
        ("i.mp4", Class::Init),
        ("k", Class::Key),
        ("p1", Class::Part),
        ("p2", Class::Part),
        ("p3", Class::Part),
        ("p4", Class::Other),
    ] {
        assert_eq!(scene.class(file), class, "{file}");
    }
}

#[test]
fn a_reader_plays_while_media_comes_and_has_stalled_when_it_would_all_be_played() {
    let mut scene = Scene::new(Config::COPIES);
    assert_eq!(scene.state(), Starting);
    live_reader(&mut scene, 20);
    // Segment 20 came at 32.01 s: three target durations later nobody has more to play.
    scene.until(60_000);
    assert_eq!(scene.states(), [(Playing, 10), (Stalled, 38_010)]);
    scene.list(60_000, "x.m3u8", &live("s", 17, 21));
    scene.got(60_100, "s21.ts");
    assert_eq!(scene.states().last(), Some(&(Playing, 60_100)));
    // It plays nothing: nothing else is said of it.
    let only_states = |event: &Event| matches!(event, Event::State { .. });
    assert!(scene.events.iter().all(only_states), "{:?}", scene.events);
}

#[test]
fn a_reader_at_the_very_edge_does_not_stall_with_each_reload() {
    let mut scene = Scene::new(Config::COPIES);
    for number in 0..10 {
        // Listed late by turns: by up to the half target duration that is allowed.
        let at = number * 2000 + number % 3 * 500;
        scene.list(at, "x.m3u8", &live("s", 0, number));
        scene.got(at + 300, &format!("s{number}.ts"));
    }
    assert_eq!(scene.states(), [(Playing, 300)]);
    scene.until(60_000);
    assert_eq!(scene.states()[1..], [(Stalled, 18_300 + 6000)]);
}

#[test]
fn a_backlog_read_in_no_time_does_not_hide_a_stream_that_stands_still() {
    let mut scene = Scene::new(Config::COPIES);
    scene.list(0, "x.m3u8", &live("s", 0, 999));
    for number in 0..1000 {
        scene.got(number, &format!("s{number}.ts"));
    }
    scene.until(60_000);
    assert_eq!(scene.states(), [(Playing, 0), (Stalled, 6999)]);
}

#[test]
fn a_reader_that_read_a_list_to_its_end_has_ended() {
    let mut scene = Scene::new(Config::COPIES);
    scene.list(0, "x.m3u8", &(live("s", 0, 2) + "#EXT-X-ENDLIST\n"));
    for number in 0..3 {
        assert_ne!(scene.state(), Ended);
        scene.got(number, &format!("s{number}.ts"));
    }
    assert_eq!(scene.states(), [(Playing, 0), (Ended, 2)]);
    assert_eq!(scene.events.last(), Some(&Event::Finished));
    assert_eq!(scene.spectator.deadline(), None);
}

#[test]
fn who_plays_starts_stalls_and_goes_on() {
    let mut scene = Scene::new(plays());
    live_reader(&mut scene, 6);
    // Five segments of 2 s from 10 ms on.
    scene.until(15_000);
    scene.list(15_000, "x.m3u8", &live("s", 3, 7));
    scene.got(15_000, "s7.ts");
    scene.until(17_500);
    assert_eq!(
        scene.states(),
        [
            (Playing, 10),
            (Stalled, 10_010),
            (Playing, 15_000),
            (Stalled, 17_000)
        ]
    );
    assert!(scene.events.contains(&Event::Started { after: ms(10) }));
    let length = ms(4_990);
    assert!(scene.events.contains(&Event::StallEnded { length }));
    assert!(scene.events.contains(&Event::Late));
    let seconds = |event: &&Event| matches!(event, Event::Second { .. });
    assert_eq!(scene.events.iter().filter(seconds).count(), 12);
}

#[test]
fn latency_is_that_of_the_list_or_of_the_dates() {
    let latencies = |scene: &Scene| {
        let events = scene.events.iter();
        let seconds = events.filter_map(|event| match event {
            Event::Second {
                live_latency,
                glass_to_glass_ms,
                ..
            } => Some((live_latency.unwrap().as_millis(), *glass_to_glass_ms)),
            _ => None,
        });
        seconds.collect::<Vec<_>>()
    };
    let mut scene = Scene::new(plays());
    live_reader(&mut scene, 5);
    scene.until(2500);
    // 6 s behind the end of a list that grows by 2 s at 2 s, playing from 10 ms on.
    assert_eq!(latencies(&scene), [(6010, None), (6000 + 10, None)]);
    let mut scene = Scene::new(plays());
    let dated = live("s", 0, 3).replace(
        "#EXTINF:2,\ns0",
        "#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:00Z\n#EXTINF:2,\ns0",
    );
    // Unix second 1,800,000,000 is then, and segment 1 began two seconds after it.
    scene
        .list(0, "x.m3u8", &dated)
        .got(5000, "s1.ts")
        .until(6500);
    assert_eq!(latencies(&scene), [(3000, Some(3000))]);
}

#[test]
fn a_stale_playlist_is_named_within_three_target_durations() {
    for config in [Config::COPIES, plays()] {
        let mut scene = Scene::new(config);
        live_reader(&mut scene, 5);
        for at in (3000..9000).step_by(1000) {
            scene.list(at, "x.m3u8", &live("s", 1, 5));
        }
        assert_eq!(stale(&scene), [(4000, true), (5000, false), (6000, false)]);
        let id = scene.ask(9000, "x.m3u8", Extent::WHOLE);
        scene.tell(9000, Fact::Unchanged { id });
        assert_eq!(stale(&scene).last(), Some(&(7000, false)));
        // It goes on, and stands still again.
        scene.list(10_000, "x.m3u8", &live("s", 2, 6));
        scene.list(14_000, "x.m3u8", &live("s", 2, 6));
        assert_eq!(stale(&scene).last(), Some(&(4000, true)));
    }
}

#[test]
fn what_a_player_passes_over_is_skipped() {
    let mut scene = Scene::new(plays());
    scene.list(0, "x.m3u8", &live("s", 0, 9));
    // One to learn from, far from where it starts.
    scene.got(0, "s1.ts").got(1, "s5.ts").got(2, "s6.ts");
    assert_eq!(skipped(&scene), []);
    scene
        .lost(3, "s7.ts", 404)
        .lost(4, "s7.ts", 404)
        .got(5, "s8.ts");
    assert_eq!(skipped(&scene), [(1, Because::GivenUp)]);
    scene.list(8000, "x.m3u8", &live("s", 12, 20));
    scene.got(8000, "s12.ts");
    assert_eq!(skipped(&scene)[1..], [(3, Because::LeftList)]);
    let gap = live("s", 12, 20).replace("#EXTINF:2,\ns13", "#EXT-X-GAP\n#EXTINF:2,\ns13");
    scene.list(8001, "x.m3u8", &gap).got(8002, "s15.ts");
    assert_eq!(
        skipped(&scene)[2..],
        [(1, Because::Gap), (1, Because::LeftList)]
    );
    // Failed, asked for again, and there.
    scene
        .lost(9000, "s16.ts", 503)
        .got(9001, "s16.ts")
        .got(9002, "s17.ts");
    // Given up by the player itself: it closed the connection, and asks for the rest.
    assert_eq!(skipped(&scene).len(), 4);
}

#[test]
fn an_answer_in_pieces_is_a_segment_when_all_are_there() {
    let piece = |offset, length| Extent { offset, length };
    // What arrives, and whether the segment is whole then.
    let cases: &[&[(Extent, bool)]] = &[
        &[(Extent::WHOLE, true)],
        &[(piece(0, Some(100)), false), (piece(100, None), true)],
        &[(piece(0, Some(100)), false), (piece(101, None), false)],
        &[(piece(100, None), false), (piece(0, Some(100)), false)],
        &[
            (piece(0, Some(10)), false),
            (piece(5, Some(10)), false),
            (piece(15, None), true),
        ],
    ];
    for case in cases {
        let mut scene = Scene::new(Config::COPIES);
        scene.list(0, "x.m3u8", &live("s", 0, 4));
        for (extent, whole) in *case {
            let id = scene.ask(1, "s2.ts", *extent);
            let extent = *extent;
            scene.tell(2, Fact::Arrived { id, extent });
            assert_eq!(scene.state() == Playing, *whole, "{case:?}");
        }
    }
    // The connection breaks, and the player asks for the rest.
    let mut scene = Scene::new(Config::COPIES);
    scene.list(0, "x.m3u8", &live("s", 0, 4));
    let id = scene.ask(1, "s2.ts", Extent::WHOLE);
    let got = Some(piece(0, Some(70)));
    let failure = Some(Failure::Truncated);
    scene.tell(2, Fact::Failed { id, failure, got });
    let id = scene.ask(3, "s2.ts", piece(70, None));
    scene.tell(
        4,
        Fact::Arrived {
            id,
            extent: piece(70, None),
        },
    );
    assert_eq!(scene.states(), [(Playing, 4)]);
}

#[test]
fn ranges_of_one_file_are_segments_of_their_own() {
    let mut scene = Scene::new(Config::COPIES);
    let mut text = String::from("#EXTM3U\n#EXT-X-TARGETDURATION:2\n");
    for number in 0..4 {
        text += &format!(
            "#EXTINF:2,\n#EXT-X-BYTERANGE:100@{}\nall.mp4\n",
            number * 100
        );
    }
    scene.list(0, "x.m3u8", &(text + "#EXT-X-ENDLIST\n"));
    for number in 0..4 {
        let extent = Extent {
            offset: number * 100,
            length: Some(100),
        };
        assert_ne!(scene.state(), Ended, "{number}");
        let id = scene.ask(number, "all.mp4", extent);
        scene.tell(number, Fact::Arrived { id, extent });
    }
    assert_eq!(scene.states(), [(Playing, 0), (Ended, 3)]);
    assert_eq!(skipped(&scene), []);
}

#[test]
fn a_file_that_is_listed_again_and_again_is_the_next_one_each_time() {
    let mut scene = Scene::new(Config::COPIES);
    let filler = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n".to_owned()
        + &"#EXTINF:2,\nfiller.ts\n".repeat(3)
        + "#EXT-X-ENDLIST\n";
    scene.list(0, "x.m3u8", &filler);
    scene.got(1, "filler.ts").got(2, "filler.ts");
    assert_eq!(scene.state(), Playing);
    scene.got(3, "filler.ts");
    assert_eq!(scene.state(), Ended);
}

#[test]
fn a_segment_counts_even_when_it_left_the_list_on_its_way() {
    let mut scene = Scene::new(plays());
    scene.list(0, "x.m3u8", &live("s", 0, 4));
    let id = scene.ask(10, "s0.ts", Extent::WHOLE);
    scene.list(4000, "x.m3u8", &live("s", 2, 6));
    let extent = Extent::WHOLE;
    scene.tell(5000, Fact::Arrived { id, extent });
    assert_eq!(scene.states(), [(Playing, 5000)]);
}

#[test]
fn a_playhead_waits_for_audio_that_the_player_reads() {
    let mut scene = Scene::new(plays());
    scene.list(0, "master.m3u8", MASTER);
    scene.list(1, "low.m3u8", &live("l", 0, 4));
    scene.list(2, "audio.m3u8", &live("a", 0, 4));
    scene.got(3, "l2.ts");
    assert_eq!(scene.state(), Starting);
    scene.got(500, "a2.ts");
    assert_eq!(scene.states(), [(Playing, 500)]);
    scene.got(600, "l3.ts").until(5000);
    assert_eq!(scene.states()[1..], [(Stalled, 2500)]);
}

#[test]
fn a_player_that_wants_no_audio_is_not_held_up_by_it() {
    let mut scene = Scene::new(plays());
    scene.list(0, "master.m3u8", MASTER);
    scene.list(1, "low.m3u8", &live("l", 0, 4));
    scene.got(3, "l2.ts").got(4, "l3.ts");
    assert_eq!(scene.state(), Starting);
    scene.got(5, "l4.ts");
    assert_eq!(scene.states(), [(Playing, 5)]);
}

#[test]
fn variants_one_by_one_are_one_picture() {
    let master = MASTER.replace(",AUDIO=\"a\"", "");
    let mut scene = Scene::new(plays());
    scene.list(0, "master.m3u8", &master);
    scene.list(1, "low.m3u8", &live("l", 0, 4));
    scene.got(2, "l2.ts").got(3, "l3.ts");
    scene.list(4, "high.m3u8", &live("h", 0, 4));
    scene.got(5, "h4.ts").until(20_000);
    assert_eq!(chosen(&scene), [0, 1]);
    assert_eq!(scene.states(), [(Playing, 2), (Stalled, 6002)]);
    assert_eq!(skipped(&scene), []);
}

#[test]
fn of_variants_side_by_side_the_highest_that_is_read_is_played() {
    let master = MASTER.replace(",AUDIO=\"a\"", "");
    let mut scene = Scene::new(side_by_side(plays()));
    scene.list(0, "master.m3u8", &master);
    scene.list(1, "low.m3u8", &live("l", 0, 9));
    scene.list(1, "high.m3u8", &live("h", 0, 9));
    scene.got(2, "l2.ts").got(3, "h2.ts");
    scene.got(4, "l3.ts").got(5, "l4.ts").got(6, "l5.ts");
    scene.until(3000);
    // The lower one goes on: that is not what is seen.
    assert_eq!(chosen(&scene), [0, 1]);
    assert_eq!(scene.states(), [(Playing, 2), (Stalled, 2002)]);
    // The higher one is not read any more: the lower one is what is left.
    scene.got(6100, "l6.ts");
    assert_eq!(chosen(&scene), [0, 1, 0]);
    assert_eq!(scene.until(7000).state(), Playing);
}

#[test]
fn nobody_looks_at_a_player_that_is_gone() {
    let mut scene = Scene::new(plays());
    live_reader(&mut scene, 6);
    scene.tell(5000, Fact::Gone);
    let before = scene.events.len();
    scene
        .got(5001, "s7.ts")
        .list(5002, "x.m3u8", &live("s", 3, 7));
    scene.until(60_000);
    assert_eq!((scene.state(), scene.events.len()), (Playing, before));
    assert_eq!(scene.spectator.deadline(), None);
}

#[rstest]
#[case(Extent::WHOLE, None, true)]
#[case(Extent { offset: 1, length: None }, None, false)]
#[case(Extent { offset: 0, length: Some(9) }, None, false)]
#[case(Extent { offset: 0, length: Some(10) }, Some((0, 10)), true)]
#[case(Extent { offset: 5, length: Some(10) }, Some((5, 10)), true)]
#[case(Extent { offset: 5, length: Some(9) }, Some((5, 10)), false)]
#[case(Extent::WHOLE, Some((5, 10)), true)]
fn bytes_cover_a_segment_or_not(
    #[case] extent: Extent,
    #[case] segment: Option<(u64, u64)>,
    #[case] covers: bool,
) {
    let segment = segment.map(|(offset, length)| ByteRange { offset, length });
    assert_eq!(extent.covers(segment), covers);
}

#[derive(Clone, Debug)]
enum Step {
    Ask(usize, u64, Option<u64>),
    List(u32, usize, u64, u64),
    Unchanged(u32),
    Arrived(u32, u64, Option<u64>),
    Failed(u32, bool),
    Timer,
}

const FILES: [&str; 10] = [
    "master.m3u8",
    "low.m3u8",
    "high.m3u8",
    "audio.m3u8",
    "l1.ts",
    "l2.ts",
    "h1.ts",
    "h3.ts",
    "a2.ts",
    "?",
];

fn step() -> impl Strategy<Value = Step> {
    let length = prop::option::of(0..200_u64);
    prop_oneof![
        (0..FILES.len(), 0..200_u64, length.clone()).prop_map(|(f, o, l)| Step::Ask(f, o, l)),
        (0..40_u32, 0..4_usize, 0..8_u64, 0..6_u64).prop_map(|(i, f, a, n)| Step::List(i, f, a, n)),
        (0..40_u32).prop_map(Step::Unchanged),
        (0..40_u32, 0..200_u64, length).prop_map(|(i, o, l)| Step::Arrived(i, o, l)),
        (0..40_u32, any::<bool>()).prop_map(|(i, own)| Step::Failed(i, own)),
        Just(Step::Timer),
    ]
}

fn fact(step: &Step) -> Option<Fact> {
    use player::Playlist;
    use player::spectator::ExchangeId;
    use std::sync::Arc;
    let id = ExchangeId;
    Some(match *step {
        Step::Ask(..) | Step::Timer => Fact::Timer,
        Step::Unchanged(n) => Fact::Unchanged { id: id(n) },
        Step::Arrived(n, offset, length) => Fact::Arrived {
            id: id(n),
            extent: Extent { offset, length },
        },
        Step::Failed(n, own) => Fact::Failed {
            id: id(n),
            failure: own.then_some(Failure::Reset),
            got: Some(Extent {
                offset: 0,
                length: Some(u64::from(n)),
            }),
        },
        Step::List(n, file, first, count) => {
            let file = FILES[file];
            let text = match file {
                "master.m3u8" => MASTER.to_owned(),
                other => live(&other[..1], first, first + count),
            };
            let parsed = media::hls::parse(
                text.as_bytes(),
                &url(file),
                &media::hls::Variables::default(),
            );
            let playlist = match parsed.ok()? {
                media::hls::Playlist::Media(list) => Playlist::Media(Arc::new(list)),
                media::hls::Playlist::Multivariant(lists) => {
                    Playlist::Multivariant(Arc::new(lists))
                }
            };
            Fact::Playlist {
                id: id(n),
                playlist,
                final_url: None,
            }
        }
    })
}

proptest! {
    /// Whatever a player does: no fault, no busy loop, states follow one another, time does not go
    /// back, and timers at any time change nothing.
    #[test]
    fn any_player_can_be_watched(
        steps in prop::collection::vec((0..3000_u64, step()), 0..60),
        plays_too: bool,
        side: bool,
    ) {
        let mut config = if plays_too { plays() } else { Config::COPIES };
        if side {
            config = side_by_side(config);
        }
        let mut scene = Scene::new(config);
        let mut restless = Scene::new(config);
        let mut at = 0;
        for (after, step) in &steps {
            for now in (at..at + after).step_by(700) {
                restless.tell(now, Fact::Timer);
            }
            at += after;
            for scene in [&mut scene, &mut restless] {
                if let Step::Ask(file, offset, length) = step {
                    scene.ask(at, FILES[*file], Extent { offset: *offset, length: *length });
                } else if let Some(fact) = fact(step) {
                    scene.tell(at, fact);
                }
            }
        }
        let (scene, restless) = (scene.until(at + 60_000), restless.until(at + 60_000));
        prop_assert_eq!(&scene.events, &restless.events);
        let states = scene.states();
        prop_assert!(states.windows(2).all(|two| two[0].0 != two[1].0 && two[0].1 <= two[1].1));
        prop_assert_eq!(states.last().map_or(Starting, |last| last.0), scene.state());
        let state_ended = states.iter().position(|(state, _)| *state == Ended);
        prop_assert!(state_ended.is_none_or(|place| place + 1 == states.len()));
    }
}
