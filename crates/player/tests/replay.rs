//! Replays: the model beside the players that were recorded.

#[path = "replay/capture.rs"]
mod capture;
#[path = "replay/world.rs"]
mod world;

use capture::Capture;
use player::Profile;
use world::World;

#[test]
fn debug_print() {
    let Some(folder) = capture::folder() else {
        return;
    };
    let player = std::env::var("P").unwrap_or("hls.js".into());
    let case = std::env::var("C").unwrap_or("A".into());
    let capture = Capture::read(&folder, player.leak(), case.leak());
    let name = capture.player.split('-').next().unwrap();
    let profile = Profile::by_name(name).unwrap();
    let run = World::new(&capture).run(profile, None, capture.end() + 0.3);
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
