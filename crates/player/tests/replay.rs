//! Replays: the model beside the players that were recorded.
//!
//! The model is fed the publication of playlists and the answers as they were recorded; what it
//! asks for, and when, is held against what the player asked for. Every difference that remains is
//! in `replay/DIFFERENCES.md` with its reason, and one that is written there but not there any
//! more is an error too.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::format_push_string,
    clippy::case_sensitive_file_extension_comparisons,
    reason = "a test: it stops where the captures are not what they should be, and says what it saw"
)]

#[path = "replay/capture.rs"]
mod capture;
#[path = "replay/compare.rs"]
mod compare;
#[path = "replay/differences.rs"]
mod differences;
#[path = "replay/watched.rs"]
mod watched;
#[path = "replay/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::time::Duration;

use base::ViewerState;
use capture::Capture;
use player::profile::{FirstVariant, Profile};
use player::{Event, playhead, spectator};
use rstest::rstest;
use world::{Run, Setup, World};

/// Draws of random waits of which the mean is compared.
const DRAWS: u64 = 64;

/// Waits of this player in this case are drawn by chance: counts are compared.
fn is_random(player: &str, case: &str) -> bool {
    player == "shaka" && matches!(case, "D" | "H")
}

fn setup(capture: &Capture, profile: &str) -> Setup {
    let mut profile = Profile::by_name(profile).expect("a profile");
    let mut switch = None;
    if capture.case == "B" && capture.player == "shaka" {
        // The choice of variant is taken from the recording.
        if let FirstVariant::ThenHighest { segments, .. } = &mut profile.first_variant {
            *segments = u8::MAX;
        }
        let chosen = capture.requests.iter().find(|it| it.file == "v2000.m3u8");
        switch = chosen.map(|it| (it.at, 2));
    }
    if capture.player == "ffmpeg-5.1" {
        // The profile is FFmpeg 9; 5.1 reloads sooner after a segment that it gave up.
        profile.reload.after_skip = Some(0.5);
    }
    let reported = capture.rows.last().map_or(0.0, |row| row.at);
    let mut setup = Setup {
        profile,
        switch,
        end: (capture.end() + 0.3).max(reported),
        seed: 7,
    };
    set_first_frame(capture, &mut setup);
    setup
}

/// From the first data to the first frame it took what the machine took.
fn set_first_frame(capture: &Capture, setup: &mut Setup) {
    let (Some(first_frame), Some(play)) = (compare::first_frame(capture), &mut setup.profile.play)
    else {
        return;
    };
    play.head.start_delay = Duration::ZERO;
    let trial = World::new(capture).run(setup);
    let ready = trial.events.iter().find_map(|(_, event)| match event {
        Event::Started { after } => Some(capture.start() + after.as_secs_f64()),
        _ => None,
    });
    let delay = first_frame - ready.unwrap_or(first_frame);
    println!("  {delay:.3} s from data to first frame");
    if let Some(play) = &mut setup.profile.play {
        play.head.start_delay = world::secs(delay);
    }
}

fn find(capture: &Capture, profile: &str) -> BTreeSet<String> {
    let setup = setup(capture, profile);
    let run = World::new(capture).run(&setup);
    let mut found = BTreeSet::new();
    if is_random(capture.player, capture.case) {
        let draw = |seed| {
            World::new(capture).run(&Setup {
                seed,
                ..setup.clone()
            })
        };
        let runs: Vec<Run> = (0..DRAWS).map(draw).collect();
        found.extend(compare::counts(capture, &runs));
    } else {
        found.extend(compare::requests(capture, &run));
    }
    found.extend(compare::stalls(capture, &run));
    found.extend(compare::latency(capture, &run));
    found
}

#[rstest]
fn model_does_what_the_player_did(
    #[values("hls.js", "shaka", "ffmpeg-5.1", "ffmpeg-9")] player: &'static str,
    #[values("A", "B", "C1", "C2", "D", "E", "F", "H")] case: &'static str,
) {
    let Some(folder) = capture::folder() else {
        println!("skipped: no captures here");
        return;
    };
    let capture = Capture::read(&folder, player, case);
    let profile = if player.starts_with("ffmpeg") {
        "ffmpeg"
    } else {
        player
    };
    println!("{player} {case}");
    let found = find(&capture, profile);
    judge(player, case, &found, &differences::written(player, case));
}

/// A page that plays is watched from outside: what is said of it is what it reported itself.
///
/// (Not shaka: it begins to play somewhere within what it has loaded, and nobody outside sees where.)
#[rstest]
fn who_watches_sees_what_the_player_reported(
    #[values("hls.js")] player: &'static str,
    #[values("A", "B", "C1", "C2", "D", "E", "F", "H")] case: &'static str,
) {
    let Some(folder) = capture::folder() else {
        println!("skipped: no captures here");
        return;
    };
    let capture = Capture::read(&folder, player, case);
    println!("{player} {case}, watched");
    let end = capture.rows.last().map_or(0.0, |row| row.at);
    let mut play = Profile::by_name(player)
        .expect("a profile")
        .play
        .expect("it plays")
        .head;
    if let Some(delay) = first_frame_delay(&capture, play, end) {
        play.start_delay = delay;
    }
    let run = watched::watch(&capture, plays(play), end);
    let mut found = compare::stalls(&capture, &run);
    found.extend(compare::latency(&capture, &run));
    judge(
        player,
        case,
        &found,
        &differences::written_of_watched(player, case),
    );
}

/// FFmpeg copies: it plays while media comes.
#[rstest]
fn who_watches_a_copy_sees_whether_media_comes(
    #[values("ffmpeg-5.1", "ffmpeg-9")] player: &'static str,
    #[values("A", "B", "C1", "D", "E", "F")] case: &'static str,
) {
    use ViewerState::{Ended, Playing, Stalled};
    let Some(folder) = capture::folder() else {
        println!("skipped: no captures here");
        return;
    };
    let capture = Capture::read(&folder, player, case);
    let run = watched::watch(&capture, spectator::Config::COPIES, capture.end() + 0.3);
    let states = run.events.iter().filter_map(|(_, event)| match event {
        Event::State { to, at } => Some((*to, at.as_secs_f64())),
        _ => None,
    });
    let (states, times): (Vec<_>, Vec<_>) = states.unzip();
    let expected: &[ViewerState] = match case {
        "E" => &[Playing, Stalled, Playing],
        "F" => &[Playing, Ended],
        _ => &[Playing],
    };
    assert_eq!(states, expected, "{times:?}");
    let stale: Vec<_> = run.events.iter().filter_map(stale_since).collect();
    assert_eq!(stale.is_empty(), case != "E", "{stale:?}");
    if case == "E" {
        // Publishing stopped for 15 s. The last segment before and the first one after:
        let media: Vec<f64> = capture
            .requests
            .iter()
            .filter(|it| capture::is_segment(&it.file))
            .map(|it| it.at)
            .collect();
        let gap = media
            .windows(2)
            .find(|two| two[1] - two[0] > 10.0)
            .expect("a gap");
        let target = world::extinf(case);
        assert!(
            (times[1] - gap[0] - 3.0 * target).abs() < 0.1,
            "{times:?}, {gap:?}"
        );
        assert!((times[2] - gap[1]).abs() < 0.1, "{times:?}, {gap:?}");
        assert!(stale[0] - gap[0] <= 3.0 * target, "{stale:?}, {gap:?}");
    }
}

/// When an unchanged playlist was named stale.
fn stale_since((at, event): &(f64, Event)) -> Option<f64> {
    matches!(event, Event::StalePlaylist { .. }).then_some(*at)
}

fn plays(rules: playhead::Rules) -> spectator::Config {
    spectator::Config {
        play: Some(rules),
        ..spectator::Config::COPIES
    }
}

/// From the first data to the first frame it took what the machine took.
fn first_frame_delay(capture: &Capture, mut rules: playhead::Rules, end: f64) -> Option<Duration> {
    rules.start_delay = Duration::ZERO;
    let trial = watched::watch(capture, plays(rules), end);
    let ready = trial.events.iter().find_map(|(_, event)| match event {
        Event::Started { after } => Some(capture.start() + after.as_secs_f64()),
        _ => None,
    })?;
    Some(world::secs(compare::first_frame(capture)? - ready))
}

fn judge(player: &str, case: &str, found: &BTreeSet<String>, written: &BTreeSet<String>) {
    let new: Vec<_> = found.difference(written).collect();
    let gone: Vec<_> = written.difference(found).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "{player} {case}: differences that are not written down {new:?}; written down but not \
         there {gone:?}"
    );
}
