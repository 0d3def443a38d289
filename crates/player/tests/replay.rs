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
#[path = "replay/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::time::Duration;

use capture::Capture;
use player::profile::{FirstVariant, Profile};
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
        player::Event::Started { after } => Some(capture.start() + after.as_secs_f64()),
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
    let written = differences::written(player, case);
    let new: Vec<_> = found.difference(&written).collect();
    let gone: Vec<_> = written.difference(&found).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "{player} {case}: differences that are not written down {new:?}; written down but not \
         there {gone:?}"
    );
}
