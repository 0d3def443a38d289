//! Replays: the model beside the players that were recorded.
//!
//! The model is fed the publication of playlists and the answers as they were recorded; what it
//! asks for, and when, is held against what the player asked for. Every difference that remains is
//! in the table of `replay/exceptions.rs` with its reason, and a difference in that table that is
//! not there any more is an error too.

#[path = "replay/capture.rs"]
mod capture;
#[path = "replay/compare.rs"]
mod compare;
#[path = "replay/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::time::Duration;

use capture::Capture;
use player::profile::{FirstVariant, Profile};
use world::{Run, World};

const CASES: [&str; 8] = ["A", "B", "C1", "C2", "D", "E", "F", "H"];
const PLAYERS: [(&str, &str); 4] = [
    ("hls.js", "hls.js"),
    ("shaka", "shaka"),
    ("ffmpeg-5.1", "ffmpeg"),
    ("ffmpeg-9", "ffmpeg"),
];

/// Waits of this player in this case are drawn by chance: counts are compared.
fn is_random(player: &str, case: &str) -> bool {
    player == "shaka" && matches!(case, "D" | "H")
}

fn run(capture: &Capture, profile: &str) -> Run {
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
    let end = (capture.end() + 0.3).max(reported);
    // From the first data to the first frame it took what the machine took.
    if let (Some(first_frame), Some(play)) = (compare::first_frame(capture), &mut profile.play) {
        play.head.start_delay = Duration::ZERO;
        let trial = World::new(capture).run(profile.clone(), switch, end);
        let ready = trial.events.iter().find_map(|(_, event)| match event {
            player::Event::Started { after } => Some(capture.start() + after.as_secs_f64()),
            _ => None,
        });
        let delay = first_frame - ready.unwrap_or(first_frame);
        println!("  {:.3} s from data to first frame", delay);
        if let Some(play) = &mut profile.play {
            play.head.start_delay = world::secs(delay);
        }
    }
    World::new(capture).run(profile, switch, end)
}

#[test]
fn models_do_what_the_players_did() {
    let Some(folder) = capture::folder() else {
        println!("skipped: no captures here");
        return;
    };
    for (player, profile) in PLAYERS {
        for case in CASES {
            let capture = Capture::read(&folder, player, case);
            println!("{player} {case}");
            let run = run(&capture, profile);
            let mut found = BTreeSet::new();
            if is_random(player, case) {
                found.extend(compare::counts(&capture, &run));
            } else {
                found.extend(compare::requests(&capture, &run));
            }
            found.extend(compare::stalls(&capture, &run));
            found.extend(compare::latency(&capture, &run));
            for one in &found {
                println!("  {one}");
            }
        }
    }
}

#[test]
fn debug_print() {
    let Some(folder) = capture::folder() else {
        return;
    };
    let Ok(player) = std::env::var("P") else {
        return;
    };
    let case = std::env::var("C").unwrap_or("A".into());
    let capture = Capture::read(&folder, player.leak(), case.leak());
    let name = capture.player.split('-').next().unwrap();
    let run = run(&capture, name);
    for i in 0..capture.requests.len().max(run.made.len()) {
        let left = capture
            .requests
            .get(i)
            .map(|r| format!("{:8.3} {} {:6.3} {}", r.at, r.status, r.took, r.file));
        let right = run.made.get(i).map(|r| {
            format!(
                "{:8.3} {} {:6.3} {} {}",
                r.at,
                r.status,
                r.took,
                r.file,
                if r.cancelled { "X" } else { "" }
            )
        });
        println!(
            "{:44} | {}",
            left.unwrap_or_default(),
            right.unwrap_or_default()
        );
    }
    for (at, event) in &run.events {
        if !matches!(event, player::Event::Second { .. }) {
            println!("{at:8.3} {event:?}");
        }
    }
}
