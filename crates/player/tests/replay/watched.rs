//! The recorded requests and answers, as who stands between the player and the origin sees them.

use std::cell::Cell;
use std::sync::Arc;

use base::Failure;
use player::spectator::{Config, ExchangeId, Extent, Fact, Spectator};
use player::{Event, Playlist};

use crate::capture::{Capture, Recorded};
use crate::world::{Run, World, now};

/// Watches the recorded player from its first request on.
pub(crate) fn watch(capture: &Capture, config: Config, end: f64) -> Run {
    let mut world = World::new(capture);
    let mut spectator = Spectator::new(config, now(capture.start()));
    let mut facts = Vec::new();
    for (id, request) in capture.requests.iter().enumerate() {
        let id = ExchangeId(id as u32);
        let url = Arc::new(world.base.join(&request.file).expect("a URL"));
        let extent = Extent::WHOLE;
        facts.push((request.at, Fact::Asked { id, url, extent }));
        facts.push((request.at + request.took, answer(&mut world, id, request)));
    }
    facts.sort_by(|one, other| one.0.total_cmp(&other.0));
    let seen = Cell::new(capture.start());
    let mut run = Run {
        made: Vec::new(),
        events: Vec::new(),
        latency: Vec::new(),
    };
    for (at, fact) in facts {
        tick(&mut spectator, at, &seen, &mut run);
        spectator.handle(now(at), fact);
        drain(&mut spectator, at, &mut run);
    }
    tick(&mut spectator, end, &seen, &mut run);
    run
}

/// Timers up to `until`.
fn tick(spectator: &mut Spectator, until: f64, seen: &Cell<f64>, run: &mut Run) {
    while let Some(at) = spectator.deadline().map(|at| at.as_secs_f64()) {
        if at > until {
            return;
        }
        assert!(at >= seen.get(), "time goes back");
        seen.set(at);
        // Rounding down would never reach the deadline.
        spectator.handle(now(at + 1e-6), Fact::Timer);
        drain(spectator, at, run);
    }
}

fn answer(world: &mut World<'_>, id: ExchangeId, request: &Recorded) -> Fact {
    let failed = |failure| Fact::Failed {
        id,
        failure,
        got: None,
    };
    match request.status {
        304 => return Fact::Unchanged { id },
        200 | 206 if request.complete => {}
        200 | 206 => return failed(None),
        status => return failed(Some(Failure::Status(status))),
    }
    let final_url = None;
    if request.file == "index.m3u8" {
        let lists = world.multivariant.clone().expect("case B");
        let playlist = Playlist::Multivariant(lists);
        Fact::Playlist {
            id,
            playlist,
            final_url,
        }
    } else if request.file.ends_with(".m3u8") {
        let state = world.state_at(&request.file, request.at);
        let playlist = Playlist::Media(world.list(&request.file, state));
        Fact::Playlist {
            id,
            playlist,
            final_url,
        }
    } else {
        let extent = Extent::WHOLE;
        Fact::Arrived { id, extent }
    }
}

fn drain(spectator: &mut Spectator, at: f64, run: &mut Run) {
    while let Some(event) = spectator.poll() {
        if let Event::Second {
            at,
            glass_to_glass_ms: Some(ms),
            ..
        } = event
        {
            run.latency.push((at.as_secs_f64(), ms as f64 / 1000.0));
        }
        run.events.push((at, event));
    }
}
