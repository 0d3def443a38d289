//! What a viewer asks for and when, in a table of situations.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::format_push_string,
    clippy::case_sensitive_file_extension_comparisons,
    reason = "a test"
)]

mod lab;

use std::sync::Arc;
use std::time::Duration;

use base::{Class, Failure, ViewerState};
use lab::{Answer, Lab, live, ms, vod};
use player::profile::{Overrides, Profile};
use player::{Because, Config, Connection, Event, Input, Lane, VariantChoice};
use rstest::rstest;
use url::Url;

const QUICK: Duration = Duration::from_millis(10);

fn config(profile: &str) -> Config {
    Config {
        profile: Arc::new(Profile::by_name(profile).expect("a profile")),
        url: Arc::new(Url::parse("http://x/").expect("a URL")),
        variant: VariantChoice::Profile,
        seed: 1,
        viewer: 1,
    }
}

fn serve_live(window: u64, extra: &str) -> impl FnMut(&str, &player::Fetch, Duration) -> Answer {
    move |file, _, now| {
        if file.ends_with(".m3u8") {
            Answer::List(live(now, window, extra), QUICK)
        } else {
            Answer::Body(QUICK)
        }
    }
}

#[rstest]
#[case("hls.js", "seg7.ts")]
#[case("shaka", "seg4.ts")]
#[case("ffmpeg", "seg7.ts")]
#[case("rfc8216", "seg7.ts")]
fn live_starts_near_the_end_and_goes_on(#[case] profile: &str, #[case] first: &str) {
    let mut lab = Lab::new(config(profile), "list.m3u8", serve_live(10, ""));
    lab.run(ms(61_000));
    assert_eq!(lab.files()[1], first);
    assert_eq!(lab.player.state(), ViewerState::Playing);
    let segments = lab
        .asked
        .iter()
        .filter(|(_, _, it)| it.class == Class::Segment);
    let lists = lab.times("list.m3u8").len();
    assert!((30..=36).contains(&segments.count()), "{:?}", lab.files());
    assert!((29..=33).contains(&lists), "{lists}");
    assert_eq!(lab.count(|it| matches!(it, Event::StallEnded { .. })), 0);
    let seconds = lab.count(|it| matches!(it, Event::Second { .. }));
    if lab.player.playhead().is_some() {
        assert!((58..=60).contains(&seconds), "{seconds}");
    } else {
        assert_eq!(seconds, 0);
    }
}

#[rstest]
#[case("", 7)]
#[case("#EXT-X-SERVER-CONTROL:HOLD-BACK=12\n", 4)]
#[case("#EXT-X-START:TIME-OFFSET=-8.5\n", 5)]
#[case("#EXT-X-START:TIME-OFFSET=0\n", 0)]
fn start_and_hold_back_are_honoured(#[case] tag: &str, #[case] first: u64) {
    for profile in ["hls.js", "rfc8216"] {
        let mut lab = Lab::new(config(profile), "list.m3u8", serve_live(10, tag));
        lab.run(ms(1100));
        assert_eq!(lab.files()[1], format!("seg{first}.ts"), "{profile} {tag}");
    }
    let mut lab = Lab::new(config("ffmpeg"), "list.m3u8", serve_live(10, tag));
    lab.run(ms(1100));
    assert_eq!(lab.files()[1], "seg7.ts", "FFmpeg asks for neither");
}

#[rstest]
#[case("hls.js", &[1000, 3000, 4000, 5000])]
#[case("rfc8216", &[1000, 3000, 4000, 5000])]
#[case("shaka", &[1000, 3020, 5019, 7018])]
fn unchanged_lists_are_asked_for_sooner(#[case] profile: &str, #[case] expected: &[u64]) {
    let mut lab = Lab::new(config(profile), "list.m3u8", |file, fetch, _| {
        if !file.ends_with(".m3u8") {
            Answer::Body(QUICK)
        } else if fetch.first {
            Answer::List(live(Duration::ZERO, 10, ""), QUICK)
        } else {
            assert!(fetch.conditional);
            Answer::Unchanged(QUICK)
        }
    });
    lab.run(ms(20_000));
    for (asked, expected) in lab.times("list.m3u8").iter().zip(expected) {
        assert!(
            asked.abs_diff(*expected) <= 25,
            "{:?}",
            lab.times("list.m3u8")
        );
    }
    let stale: Vec<_> = lab
        .events
        .iter()
        .filter_map(|(_, event)| match event {
            Event::StalePlaylist { age, first } => Some((*age, *first)),
            _ => None,
        })
        .collect();
    assert!(stale[0].0 > ms(3000) && stale[0].0 < ms(4300), "{stale:?}");
    assert!(stale[0].1 && stale[1..].iter().all(|(_, first)| !first));
    // What was listed plays, then it stalls, exactly when the buffer is empty.
    assert_eq!(lab.player.state(), ViewerState::Stalled);
}

#[rstest]
fn vod_plays_to_the_end_and_ends(#[values("hls.js", "shaka", "ffmpeg", "rfc8216")] profile: &str) {
    let mut lab = Lab::new(config(profile), "list.m3u8", |file, _, _| {
        if file.ends_with(".m3u8") {
            Answer::List(vod(30, ""), QUICK)
        } else {
            Answer::Body(QUICK)
        }
    });
    lab.run(ms(600_000));
    assert_eq!(lab.player.state(), ViewerState::Ended);
    assert_eq!(lab.count(|it| *it == Event::Finished), 1);
    assert_eq!(
        lab.times("list.m3u8").len(),
        1,
        "an ended list is not reloaded"
    );
    let expected: Vec<String> = (0..30).map(|number| format!("seg{number}.ts")).collect();
    assert_eq!(lab.files()[1..], expected);
    if lab.player.playhead().is_some() {
        assert_eq!(lab.count(|it| matches!(it, Event::Second { .. })), 60);
        assert!(lab.events.iter().all(|(_, event)| !matches!(
            event,
            Event::Second {
                live_latency: Some(_),
                ..
            }
        )));
        assert!(
            lab.now > ms(61_000) && lab.now < ms(61_700),
            "{:?}",
            lab.now
        );
    }
}

#[rstest]
#[case("hls.js", 503, &[0, 1000, 3000, 7000, 15_000, 23_000, 31_000])]
#[case("hls.js", 404, &[0, 1000, 3000])]
#[case("ffmpeg", 503, &[0, 0])]
#[case("ffmpeg", 404, &[0, 0])]
#[case("rfc8216", 503, &[0, 1000, 3000, 7000])]
#[case("rfc8216", 404, &[0])]
fn failing_segments_are_tried_again(
    #[case] profile: &str,
    #[case] status: u16,
    #[case] expected: &[u64],
) {
    let mut lab = Lab::new(config(profile), "list.m3u8", |file, _, _| match file {
        "list.m3u8" => Answer::List(vod(40, ""), QUICK),
        "seg5.ts" => Answer::Fail(Failure::Status(status), QUICK),
        _ => Answer::Body(QUICK),
    });
    lab.run(ms(200_000));
    let times = lab.times("seg5.ts");
    assert_eq!(times.len(), expected.len(), "{times:?}");
    for (at, expected) in times.iter().zip(expected) {
        let after = at - times[0];
        // Each failure takes its time, and hls.js looks on a 100 ms clock.
        assert!((*expected..expected + 700).contains(&after), "{times:?}");
    }
    let skipped = Event::Skipped {
        segments: 1,
        because: Because::GivenUp,
    };
    if profile == "hls.js" && status == 503 {
        assert_eq!(lab.player.state(), ViewerState::Failed);
        let failure = Failure::Status(503);
        let class = Class::Segment;
        assert_eq!(lab.count(|it| *it == Event::GaveUp { class, failure }), 1);
    } else {
        assert_eq!(lab.player.state(), ViewerState::Ended);
        assert_eq!(lab.count(|it| *it == skipped), 1);
        assert_eq!(lab.times("seg39.ts").len(), 1);
    }
}

fn set_by_hand(config: &mut Config, overrides: Overrides) {
    config.profile = Arc::new(Profile::clone(&config.profile).with(overrides));
}

#[test]
fn retries_can_be_set_by_hand() {
    let mut config = config("rfc8216");
    set_by_hand(
        &mut config,
        Overrides {
            seg_retry: Some(1),
            timeout: Some(ms(700)),
            ..Overrides::default()
        },
    );
    let mut lab = Lab::new(config, "list.m3u8", |file, _, _| match file {
        "list.m3u8" => Answer::List(vod(4, ""), QUICK),
        "seg1.ts" => Answer::Fail(Failure::ReadTimedOut, QUICK),
        _ => Answer::Body(QUICK),
    });
    lab.run(ms(60_000));
    assert_eq!(lab.times("seg1.ts").len(), 2);
    assert!(
        lab.asked
            .iter()
            .all(|(_, _, it)| it.limits.total == Some(ms(700)))
    );
}

#[rstest]
#[case("hls.js", 2)]
#[case("shaka", 2)]
#[case("ffmpeg", 1)]
#[case("rfc8216", 1)]
fn a_first_playlist_that_fails_is_the_end(#[case] profile: &str, #[case] attempts: usize) {
    let mut lab = Lab::new(config(profile), "list.m3u8", |_, _, _| {
        Answer::Fail(Failure::ConnectRefused, QUICK)
    });
    lab.run(ms(60_000));
    assert_eq!(lab.asked.len(), attempts);
    assert_eq!(lab.player.state(), ViewerState::Failed);
    let gave_up = Event::GaveUp {
        class: Class::Multivariant,
        failure: Failure::ConnectRefused,
    };
    assert_eq!(lab.events.last().map(|(_, event)| *event), Some(gave_up));
}

#[test]
fn hls_js_plays_out_and_fails_when_its_playlist_does() {
    let mut lab = Lab::new(config("hls.js"), "list.m3u8", |file, _, now| {
        if file.ends_with(".ts") {
            Answer::Body(QUICK)
        } else if now < ms(10_000) {
            Answer::List(live(now, 10, ""), QUICK)
        } else {
            Answer::Fail(Failure::Status(503), QUICK)
        }
    });
    lab.run(ms(60_000));
    let times = lab.times("list.m3u8");
    let tail: Vec<_> = times
        .iter()
        .rev()
        .take(3)
        .rev()
        .map(|at| at / 100)
        .collect();
    assert_eq!(tail, [110, 120, 140]);
    assert_eq!(lab.player.state(), ViewerState::Failed);
    // Six seconds were buffered when the list failed, less what had been played by then.
    assert!(
        lab.now > ms(15_000) && lab.now < ms(18_500),
        "{:?}",
        lab.now
    );
}

#[test]
fn gaps_are_not_fetched_and_jumped_over() {
    let text = vod(5, "").replace("#EXTINF:2,\nseg2.ts", "#EXT-X-GAP\n#EXTINF:2,\nseg2.ts");
    let mut lab = Lab::new(
        config("rfc8216"),
        "list.m3u8",
        move |file, _, _| match file {
            "list.m3u8" => Answer::List(text.clone(), QUICK),
            _ => Answer::Body(QUICK),
        },
    );
    lab.run(ms(60_000));
    assert!(lab.times("seg2.ts").is_empty());
    assert_eq!(lab.player.state(), ViewerState::Ended);
    let jump = |event: &Event| {
        *event
            == Event::Seek {
                from: ms(4000),
                to: ms(6000),
            }
    };
    assert_eq!(lab.count(jump), 1);
    assert_eq!(lab.count(|it| matches!(it, Event::Second { .. })), 8);
}

#[test]
fn byte_ranges_keys_and_sections_are_asked_for_as_the_list_says() {
    let text = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n\
        #EXT-X-KEY:METHOD=AES-128,URI=\"key.bin\"\n\
        #EXT-X-MAP:URI=\"all.mp4\",BYTERANGE=\"100@0\"\n\
        #EXTINF:2,\n#EXT-X-BYTERANGE:500@100\nall.mp4\n\
        #EXTINF:2,\n#EXT-X-BYTERANGE:600\nall.mp4\n#EXT-X-ENDLIST\n";
    let mut lab = Lab::new(config("hls.js"), "list.m3u8", |file, _, _| match file {
        "list.m3u8" => Answer::List(text.to_owned(), QUICK),
        _ => Answer::Body(QUICK),
    });
    lab.run(ms(60_000));
    let asked: Vec<_> = lab
        .asked
        .iter()
        .map(|(_, _, it)| {
            (
                it.class,
                it.byte_range.map(|range| (range.offset, range.length)),
            )
        })
        .collect();
    let expected = [
        (Class::Multivariant, None),
        (Class::Key, None),
        (Class::Init, Some((0, 100))),
        (Class::Segment, Some((100, 500))),
        (Class::Segment, Some((600, 600))),
    ];
    assert_eq!(asked, expected);
    assert_eq!(lab.player.state(), ViewerState::Ended);
}

fn ladder(audio: bool) -> String {
    let mut text = String::from("#EXTM3U\n");
    if audio {
        text +=
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"a\",DEFAULT=YES,URI=\"audio.m3u8\"\n";
    }
    for (bandwidth, name) in [(900_000, "mid"), (300_000, "low"), (2_000_000, "high")] {
        let group = if audio { ",AUDIO=\"a\"" } else { "" };
        text += &format!("#EXT-X-STREAM-INF:BANDWIDTH={bandwidth}{group}\n{name}.m3u8\n");
    }
    text
}

fn serve_ladder(audio: bool) -> impl FnMut(&str, &player::Fetch, Duration) -> Answer {
    move |file, _, now| match file.strip_suffix(".m3u8") {
        Some("index") => Answer::List(ladder(audio), QUICK),
        Some(name) => {
            let text = live(now, 10, "").replace("seg", &format!("{name}-"));
            Answer::List(text, QUICK)
        }
        None => Answer::Body(QUICK),
    }
}

#[rstest]
#[case("hls.js", VariantChoice::Profile, &["mid", "high"])]
#[case("hls.js", VariantChoice::Highest, &["high"])]
#[case("hls.js", VariantChoice::Lowest, &["low"])]
#[case("hls.js", VariantChoice::First, &["mid"])]
#[case("hls.js", VariantChoice::Index(1), &["low"])]
#[case("hls.js", VariantChoice::Index(9), &["high"])]
#[case("hls.js", VariantChoice::All, &["high", "mid", "low"])]
#[case("shaka", VariantChoice::Profile, &["mid", "high"])]
#[case("rfc8216", VariantChoice::Profile, &["mid", "high"])]
#[case("ffmpeg", VariantChoice::Profile, &["mid", "low", "high"])]
#[case("ffmpeg", VariantChoice::Lowest, &["mid", "low", "high"])]
fn variants_are_chosen(
    #[case] profile: &str,
    #[case] variant: VariantChoice,
    #[case] lists: &[&str],
) {
    let mut config = config(profile);
    config.variant = variant;
    let mut lab = Lab::new(config, "index.m3u8", serve_ladder(false));
    lab.run(ms(41_000));
    let mut seen = Vec::new();
    for (_, file, fetch) in &lab.asked {
        if fetch.class == Class::Playlist && !seen.contains(file) {
            seen.push(file.clone());
        }
    }
    let expected: Vec<_> = lists.iter().map(|name| format!("{name}.m3u8")).collect();
    assert_eq!(seen, expected);
    assert_eq!(lab.player.state(), ViewerState::Playing);
    let steady: Vec<_> = lab
        .asked
        .iter()
        .filter(|(at, _, fetch)| *at > ms(20_000) && fetch.class == Class::Segment)
        .map(|(_, file, _)| file.split('-').next().unwrap_or_default())
        .collect();
    let many = if variant == VariantChoice::All { 3 } else { 1 };
    assert!((9 * many..=11 * many).contains(&steady.len()), "{steady:?}");
    let last = if variant == VariantChoice::Lowest {
        "low"
    } else {
        lists[lists.len() - 1]
    };
    assert!(
        many > 1 || steady.iter().all(|name| *name == last),
        "{steady:?}"
    );
}

#[rstest]
fn demuxed_audio_is_fetched_alongside(
    #[values("hls.js", "shaka", "ffmpeg", "rfc8216")] profile: &str,
) {
    let mut lab = Lab::new(config(profile), "index.m3u8", serve_ladder(true));
    lab.run(ms(41_000));
    let audio = lab.asked.iter().filter(|(_, _, it)| it.lane == Lane::Audio);
    let segments = audio
        .filter(|(_, _, it)| it.class == Class::Segment)
        .count();
    assert!((20..=26).contains(&segments), "{segments}");
    assert_eq!(lab.player.state(), ViewerState::Playing);
    assert_eq!(lab.count(|it| matches!(it, Event::StallEnded { .. })), 0);
}

#[test]
fn playback_stalls_when_audio_alone_runs_out() {
    let mut ladder = serve_ladder(true);
    let mut lab = Lab::new(config("rfc8216"), "index.m3u8", move |file, fetch, now| {
        if file.starts_with("audio-") && now > ms(10_000) {
            Answer::Fail(Failure::Reset, QUICK)
        } else {
            ladder(file, fetch, now)
        }
    });
    lab.run(ms(30_000));
    assert!(
        lab.count(|it| matches!(
            it,
            Event::State {
                to: ViewerState::Stalled,
                ..
            }
        )) > 0
    );
}

#[test]
fn ffmpeg_closes_the_first_connection_and_reads_two_at_once() {
    let mut lab = Lab::new(config("ffmpeg"), "list.m3u8", |file, _, now| {
        if file.ends_with(".m3u8") {
            Answer::List(live(now, 10, ""), QUICK)
        } else {
            Answer::Body(ms(1500))
        }
    });
    lab.run(ms(1800));
    assert_eq!(lab.files(), ["list.m3u8", "seg7.ts", "seg8.ts"]);
    assert_eq!(lab.asked[0].2.connection, Connection::Close);
    assert_eq!(lab.asked[1].2.connection, Connection::KeepAlive);
    assert_eq!(lab.player.in_flight(), 2);
}

#[test]
fn a_reader_is_playing_while_segments_come() {
    let mut lab = Lab::new(config("ffmpeg"), "list.m3u8", |file, _, now| {
        if file.ends_with(".m3u8") {
            Answer::List(live(now.min(ms(10_000)), 10, ""), QUICK)
        } else {
            Answer::Body(QUICK)
        }
    });
    lab.run(ms(30_000));
    let states: Vec<_> = lab
        .events
        .iter()
        .filter_map(|(_, event)| match event {
            Event::State { to, at } => Some((*to, at.as_secs())),
            _ => None,
        })
        .collect();
    // The last new segment came within a reload of second 10; three target durations later:
    assert_eq!(states[0].0, ViewerState::Playing);
    assert_eq!(states[1].0, ViewerState::Stalled);
    assert!((16..=18).contains(&states[1].1), "{states:?}");
}

#[rstest]
fn an_origin_that_starts_again_is_followed(
    #[values("hls.js", "shaka", "ffmpeg", "rfc8216")] profile: &str,
) {
    let mut lab = Lab::new(config(profile), "list.m3u8", |file, _, now| {
        if file.ends_with(".ts") {
            Answer::Body(QUICK)
        } else if now < ms(20_000) {
            Answer::List(live(now + ms(2_000_000), 6, ""), QUICK)
        } else {
            let again = live(now.saturating_sub(ms(20_000)), 6, "").replace("seg", "new");
            Answer::List(again, QUICK)
        }
    });
    lab.run(ms(60_000));
    let new = lab
        .files()
        .iter()
        .filter(|file| file.starts_with("new"))
        .count();
    assert!(new > 15, "{profile}: {new}");
    assert_eq!(lab.player.state(), ViewerState::Playing);
}

#[test]
fn stopping_cancels_what_is_in_flight() {
    let mut lab = Lab::new(config("hls.js"), "list.m3u8", |file, _, now| {
        if file.ends_with(".m3u8") {
            Answer::List(live(now, 10, ""), QUICK)
        } else {
            Answer::Body(ms(5000))
        }
    });
    lab.run(ms(2000));
    assert_eq!(lab.player.in_flight(), 1);
    lab.give(Input::Stop);
    assert_eq!(lab.cancelled.len(), 1);
    assert_eq!(lab.player.state(), ViewerState::Ended);
    assert!(!lab.step(ms(100_000)));
}

#[test]
fn timers_that_are_early_late_or_repeated_change_nothing() {
    let trace = |every: Option<u64>| {
        let mut lab = Lab::new(config("shaka"), "list.m3u8", serve_live(10, ""));
        let mut next = ms(1000);
        while lab.now < ms(30_000) {
            if let Some(every) = every
                && lab.now >= next
            {
                lab.give(Input::Timer);
                lab.give(Input::Timer);
                next = lab.now + ms(every);
            }
            lab.step(ms(40_000));
        }
        let events = lab.events.clone();
        (
            lab.asked
                .iter()
                .map(|(at, file, _)| (*at, file.clone()))
                .collect::<Vec<_>>(),
            events,
        )
    };
    let plain = trace(None);
    assert_eq!(plain.0, trace(Some(1)).0);
    assert_eq!(plain.1, trace(Some(70)).1);
}

#[test]
fn target_buffer_sets_distance_and_goal() {
    let mut far = config("hls.js");
    set_by_hand(
        &mut far,
        Overrides {
            target_buffer: Some(ms(12_000)),
            ..Overrides::default()
        },
    );
    let mut lab = Lab::new(far.clone(), "list.m3u8", serve_live(10, ""));
    lab.run(ms(1100));
    assert_eq!(lab.files()[1], "seg4.ts");
    let mut lab = Lab::new(far, "list.m3u8", |file, _, _| match file {
        "list.m3u8" => Answer::List(vod(60, ""), QUICK),
        _ => Answer::Body(QUICK),
    });
    lab.run(ms(1200));
    assert_eq!(
        lab.asked.len(),
        8,
        "twelve seconds, and the one that begins there"
    );
}

#[test]
fn a_viewer_is_small() {
    let size = std::mem::size_of::<player::Player>();

    assert!(size <= 2048, "{size}");
}

#[rstest]
fn vod_with_a_ladder_and_audio_ends_too(
    #[values("hls.js", "shaka", "ffmpeg", "rfc8216")] profile: &str,
    #[values(1, 3, 40)] segments: u64,
) {
    let mut lab = Lab::new(config(profile), "index.m3u8", move |file, _, _| match file
        .strip_suffix(".m3u8")
    {
        Some("index") => Answer::List(ladder(true), QUICK),
        Some(name) => {
            let text = vod(segments, "").replace("seg", &format!("{name}-"));
            Answer::List(text, QUICK)
        }
        None => Answer::Body(QUICK),
    });
    lab.run(ms(200_000));
    assert_eq!(lab.player.state(), ViewerState::Ended);
    let high = lab
        .files()
        .iter()
        .filter(|file| file.starts_with("high-"))
        .count();
    assert!(high >= segments as usize - 1, "{:?}", lab.files());
}

#[test]
fn keys_and_sections_are_fetched_once_though_they_alternate() {
    let mut text = String::from("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n");
    for number in 0..6 {
        let which = number % 2;
        text += &format!(
            "#EXT-X-DISCONTINUITY\n#EXT-X-KEY:METHOD=AES-128,URI=\"key{which}\"\n\
             #EXT-X-MAP:URI=\"init{which}.mp4\"\n#EXTINF:2,\n{number}.m4s\n"
        );
    }
    text += "#EXT-X-ENDLIST\n";
    for profile in ["hls.js", "shaka", "ffmpeg", "rfc8216"] {
        let mut lab = Lab::new(config(profile), "list.m3u8", |file, _, _| match file {
            "list.m3u8" => Answer::List(text.clone(), QUICK),
            _ => Answer::Body(QUICK),
        });
        lab.run(ms(60_000));
        for file in ["key0", "key1", "init0.mp4", "init1.mp4", "5.m4s"] {
            assert_eq!(lab.times(file).len(), 1, "{profile} {file}");
        }
    }
}
