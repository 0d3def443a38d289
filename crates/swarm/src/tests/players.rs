//! Runs whose viewers are processes: the installed FFmpeg, and programs that are no players.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ::plan::Ramp;
use base::{Class, ViewerState};
use ffmpeg::{Connections, Level};
use origin_server::Ledger;
use player::Profile;
use telemetry::Snapshot;
use transport::Clock;

use super::stage::{Origin, group, over, plan, play_and_ended, stopped, until};
use crate::engine::{Arguments, Engine, Ffmpeg, Measure, ProcessEngine, Reported, Sizes};
use crate::preflight;
use crate::{Group, Plan, Restart, Swarm};

async fn ffmpeg() -> ProcessEngine {
    let features = preflight::ffmpeg("ffmpeg".as_ref()).await.unwrap();
    let arguments = Arguments::Ffmpeg(Box::new(Ffmpeg {
        features,
        level: Level::Error,
        connections: Connections::Kept,
        reconnect: None,
        timeout: None,
        progress_every: Duration::from_secs(10),
        extra: Vec::new(),
    }));
    ProcessEngine {
        program: "ffmpeg".into(),
        arguments,
        ..shell("exit 0")
    }
}

/// A script as a player: `$0` is the URL.
fn shell(script: &str) -> ProcessEngine {
    let words = ["-c", script, "{url}"].map(str::to_owned);
    ProcessEngine {
        program: "sh".into(),
        arguments: Arguments::Words(words.to_vec()),
        measure: Measure::Gateway,
        play: None,
        restart_on_stall: None,
        timeout: None,
        trusted: None,
        guard: None,
        reported: Reported::default(),
    }
}

fn plan_of(engine: ProcessEngine, url: &str, viewers: u64, restart: Restart) -> Plan {
    let ramp = Ramp::new(viewers, 1_000.0, Duration::ZERO, 1).unwrap();
    let group = Group {
        engine: Engine::Process(Arc::new(engine)),
        restart,
        ..group(url)
    };
    Plan {
        groups: vec![group],
        ..plan(url, ramp.into())
    }
}

fn start(engine: ProcessEngine, url: &str, viewers: u64, restart: Restart) -> Swarm {
    let plan = plan_of(engine, url, viewers, restart);
    Swarm::start(plan, Clock::start()).unwrap()
}

fn segments(snapshot: &Snapshot) -> u64 {
    snapshot.requests.of(Class::Segment).ok
}

/// Complete answers by class: how many, and their bytes.
fn whole(seen: &Snapshot) -> BTreeMap<Class, (u64, u64)> {
    let mut whole = BTreeMap::new();
    for status in &seen.requests.statuses {
        let (requests, bytes) = whole.entry(status.class).or_default();
        *requests += status.whole.requests;
        *bytes += status.whole.bytes;
    }
    whole.retain(|_, (requests, _)| *requests > 0);
    whole
}

/// What players fetched whole is what the origin served whole, but for what was cut off when they
/// were ended: that the origin may have handed to its socket by then.
fn agree(seen: &Snapshot, ledger: &Ledger) {
    let served = ledger.classes.iter();
    let served = served.map(|(class, of)| (*class, (of.complete.requests, of.complete.bytes)));
    let served: BTreeMap<_, _> = served.filter(|(_, (requests, _))| *requests > 0).collect();
    let fetched = whole(seen);
    assert_eq!(seen.requests.all().in_flight, 0);
    let cut_off: u64 = seen.requests.all().cancelled;
    if cut_off == 0 {
        assert_eq!(fetched, served);
    }
    for (class, (requests, bytes)) in served {
        let (mine, my_bytes) = fetched.get(&class).copied().unwrap_or_default();
        assert!(mine <= requests && requests - mine <= cut_off, "{class:?}");
        assert!(my_bytes <= bytes, "{class:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_twenty_players_fetched_is_what_the_origin_served() {
    let origin = Origin::start().await;
    let swarm = start(ffmpeg().await, &origin.url, 20, Restart::Never);
    let playing = until(&swarm, play_and_ended(20, 0)).await;
    // They copy and play nothing.
    assert_eq!(playing.viewers.untracked.all(), 20);
    assert_eq!(playing.viewers.stall_time(), None);
    let then = segments(&playing);
    until(&swarm, |later| segments(later) > then + 60).await;
    let ended = stopped(swarm).await;
    let players = ended.players.clone().unwrap();
    assert_eq!((players.stopped, players.all()), (20, 20));
    assert_eq!(ended.playback.skipped.count, 0);
    // Each player's own, and one look at the variants for each of the two workers.
    assert_eq!(ended.requests.of(Class::Multivariant).ok, 22);
    agree(&ended, &origin.ledger().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_that_is_taken_to_play_has_a_startup_and_a_latency() {
    let origin = Origin::start().await;
    let play = Profile::hls_js().play.unwrap();
    let engine = ProcessEngine {
        play: Some(play.head),
        ..ffmpeg().await
    };
    let swarm = start(engine, &origin.url, 2, Restart::Never);
    until(&swarm, play_and_ended(2, 0)).await;
    let seen = until(&swarm, |seen| {
        seen.latency.of(telemetry::What::GlassToGlass).count() > 3
    });
    let seen = seen.await;
    assert_eq!(seen.latency.of(telemetry::What::Startup).count(), 2);
    assert!(seen.latency.of(telemetry::What::LiveLatency).count() > 3);
    assert!(seen.viewers.play_time().unwrap() > Duration::ZERO);
    stopped(swarm).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_plays_where_nobody_listens_and_the_run_does_not_spin() {
    // Nobody listens on port 1, and no other test comes to.
    let url = "http://127.0.0.1:1/live.m3u8";
    let swarm = start(ffmpeg().await, url, 3, Restart::Always);
    let ended = over(swarm).await;
    assert_eq!(ended.viewers.count(ViewerState::Failed), 3);
    let playing = ended.viewers.untracked.time(ViewerState::Playing);
    assert_eq!((playing, segments(&ended)), (Duration::ZERO, 0));
    let players = ended.players.unwrap();
    assert_eq!((players.error, players.all()), (9, 9));
    let words: u64 = players.last_words.values().map(|seen| seen.count).sum();
    assert_eq!(words, 9, "{:?}", players.last_words);
    // What it says is of the stream, not of the gateway.
    let of_stream = |words: &String| !words.contains("/v/");
    assert!(
        players.last_words.keys().all(of_stream),
        "{:?}",
        players.last_words
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_not_there_is_tried_thrice() {
    let engine = ProcessEngine {
        program: "/nowhere/player".into(),
        ..shell("")
    };
    let swarm = start(engine, "http://127.0.0.1:9/x.m3u8", 2, Restart::OnFailure);
    let players = over(swarm).await.players.unwrap();
    assert_eq!((players.not_started, players.all()), (6, 6));
    let words: Vec<_> = players.last_words.keys().collect();
    assert!(
        words[0].contains("/nowhere/player is not there"),
        "{words:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ends_are_told_apart() {
    for (script, restart, exits) in [
        ("exit 0", Restart::OnFailure, (1, 0, 0)),
        ("echo no >&2; exit 7", Restart::Never, (0, 1, 0)),
        ("kill -ABRT $$", Restart::Never, (0, 0, 1)),
    ] {
        let url = "http://127.0.0.1:9/x.m3u8";
        let ended = over(start(shell(script), url, 1, restart)).await;
        let players = ended.players.unwrap();
        assert_eq!((players.success, players.error, players.signal), exits);
        assert!(players.cpu_us.is_some() && players.all() == 1);
        let state = if exits.0 == 1 {
            ViewerState::Ended
        } else {
            ViewerState::Failed
        };
        assert_eq!(ended.viewers.count(state), 1, "{script}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_takes_its_player_along() {
    let origin = Origin::start().await;
    let swarm = start(ffmpeg().await, &origin.url, 4, Restart::Always);
    until(&swarm, play_and_ended(4, 0)).await;
    swarm.set_target(1).unwrap();
    let left = until(&swarm, |left| {
        let players = left.players.as_ref();
        players.is_some_and(|players| players.stopped == 3)
    });
    let left = left.await;
    assert_eq!((left.viewers.exits.left, left.viewers.exits.all()), (3, 3));
    assert_eq!(left.viewers.count(ViewerState::Ended), 3);
    let then = segments(&left);
    until(&swarm, |on| segments(on) > then + 2).await;
    let ended = stopped(swarm).await;
    assert_eq!(ended.viewers.restarts, 0);
    agree(&ended, &origin.ledger().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_is_told_of_no_proxy_and_where_the_stream_is() {
    // A script is told what a shell has; `$0` is the first word after it.
    let script = "env | grep -i '_proxy=' && exit 3; case $0 in \
        http://127.0.0.1:*/v/0/http/127.0.0.1:9/x.m3u8) exit 0;; esac; exit 4";
    let engine = ProcessEngine {
        program: "/usr/bin/env".into(),
        arguments: Arguments::Words(
            ["http_proxy=http://127.0.0.1:1", "sh", "-c", script, "{url}"]
                .map(str::to_owned)
                .to_vec(),
        ),
        ..shell("")
    };
    let url = "http://127.0.0.1:9/x.m3u8";
    // What it sets itself it has: the script is able to see a proxy.
    let players = over(start(engine, url, 1, Restart::Never)).await.players;
    assert_eq!(players.unwrap().error, 1);
    let players = over(start(shell(script), url, 1, Restart::Never))
        .await
        .players;
    let players = players.unwrap();
    assert_eq!((players.success, players.all()), (1, 1), "{players:?}");
}

/// A player that ignores the request to end is killed.
#[tokio::test(flavor = "multi_thread")]
async fn a_stubborn_player_is_killed() {
    let engine = shell("trap '' TERM; while :; do sleep 0.1; done");
    let swarm = start(engine, "http://127.0.0.1:9/x.m3u8", 1, Restart::Always);
    until(&swarm, |seen| {
        seen.viewers.count(ViewerState::Starting) == 1
    })
    .await;
    let players = stopped(swarm).await.players.unwrap();
    assert_eq!((players.stopped, players.all()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_playlist_is_named_and_who_stalls_too_long_is_started_again() {
    // Target durations of one second: stale for eight of each ten.
    let origin = Origin::with_faults(&["playlist:stale:8s/10s"]).await;
    let engine = ProcessEngine {
        restart_on_stall: Some(Duration::from_millis(500)),
        ..ffmpeg().await
    };
    let swarm = start(engine, &origin.url, 2, Restart::Never);
    until(&swarm, |seen| seen.playback.stale_playlists.count > 0).await;
    until(&swarm, |seen| {
        seen.viewers.count(ViewerState::Stalled) > 0 || seen.viewers.restarts > 0
    })
    .await;
    let again = until(&swarm, |seen| seen.viewers.restarts > 0).await;
    let players = again.players.unwrap();
    assert!(players.stopped > 0 && players.error == 0, "{players:?}");
    stopped(swarm).await;
}

/// Straight to the origin: what its log tells of is what the origin served, within a hundredth, and
/// it is said that nothing was measured.
#[tokio::test(flavor = "multi_thread")]
async fn by_its_log_a_player_has_the_origins_counts_and_they_are_marked() {
    let origin = Origin::start().await;
    let mut engine = ffmpeg().await;
    engine.measure = Measure::Logs(Sizes::default());
    if let Arguments::Ffmpeg(ffmpeg) = &mut engine.arguments {
        ffmpeg.level = Level::Debug;
    }
    let swarm = start(engine, &origin.url, 5, Restart::Never);
    let playing = until(&swarm, play_and_ended(5, 0)).await;
    let then = segments(&playing);
    until(&swarm, |later| segments(later) > then + 40).await;
    let ended = stopped(swarm).await;
    let ledger = origin.ledger().await;
    assert_eq!(ended.players.clone().unwrap().stopped, 5);
    for class in [Class::Multivariant, Class::Playlist, Class::Segment] {
        let (served, seen) = (ledger.class(class).requests, ended.requests.of(class));
        let apart = served.abs_diff(seen.ended());
        // Those that were under way at the end may be on either side of it.
        assert!(
            apart * 100 <= served || apart <= seen.cancelled + 5,
            "{class:?}: {served}, {seen:?}"
        );
    }
    let estimated = ended.estimated.unwrap();
    assert!(!estimated.measured);
    // No origin says what its files' sizes are: nobody makes them up. But the multivariant playlist
    // each worker has seen itself.
    let all = estimated.all();
    let multivariant = estimated.classes[&Class::Multivariant];
    assert!(all.sizes_unknown > 40, "{estimated:?}");
    assert_eq!((all.sizes_stated, multivariant.sizes_stated), (5, 5));
    assert_eq!(multivariant.own, 2);
    let looks = ended.latency.of(telemetry::What::Playlist);
    assert_eq!(looks.count(), all.own, "measured are our own");
    let downloads = ended.latency.of(telemetry::What::SegmentDownload);
    assert_eq!(downloads.count(), 0);
}
