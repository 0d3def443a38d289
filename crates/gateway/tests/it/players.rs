//! Real players: `FFmpeg` through the gateway from nginx, held against nginx's own log.

use std::collections::BTreeMap;
use std::process::Stdio;

use base::{Class, ViewerState};
use gateway::Guest;
use player::spectator;
use telemetry::What;
use telemetry::hist::Quantile;
use testkit::ffmpegs;
use testkit::live::{self, Container, Live};
use testkit::nginx::{self, Nginx};
use testkit::served::{self, Count, Ledger};
use tokio::process::Command;
use tokio::task::JoinSet;
use transport::{Tls, Verify};

use crate::support::{World, until, url, worker};

/// How many players a crowd has.
const PLAYERS: u64 = 4;

/// Plays `seconds` of what the guest's URL leads to, and copies it nowhere. Viewers take turns with
/// the versions of `FFmpeg` that there are.
async fn ffmpeg(guest: &Guest, main: &str, seconds: u32, options: &[&str]) {
    let all = ffmpegs::all();
    let status = Command::new(&all[guest.number() as usize % all.len()])
        .args(["-hide_banner", "-nostdin", "-nostats", "-v", "error"])
        .args(options)
        .args(["-i", guest.url(&url(main)).as_str(), "-map", "0"])
        .args(["-t", &seconds.to_string(), "-c", "copy", "-f", "null", "-"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .status()
        .await
        .expect("ffmpeg is installed: apt-get install ffmpeg");
    assert!(status.success(), "{status}");
}

/// What a crowd of players saw, and what nginx logged.
struct Seen {
    world: World,
    rows: Vec<served::Row>,
}

fn play(
    container: Container,
    config: nginx::Config,
    options: &'static [&str],
    check: impl Fn(&Seen),
) {
    worker(|| async {
        let live = Live::start(live::Config::short(container)).unwrap();
        let server = Nginx::start(&live.folder(), config).unwrap();
        let main = server.url("master.m3u8");
        let world = World::of(&main);
        let mut crowd = JoinSet::new();
        for number in 0..PLAYERS {
            let guest = world.guest(number);
            let main = main.clone();
            crowd.spawn_local(async move {
                ffmpeg(&guest, &main, 6, options).await;
                guest.settled().await;
            });
        }
        crowd.join_all().await;
        let rows = server.into_rows().unwrap();
        check(&Seen { world, rows });
    });
}

impl Seen {
    /// Whole answers are equal, request for request and byte for byte; those that the player broke
    /// off at its end (a segment and the one it opened ahead) may be whole to nginx, which had
    /// handed them over.
    fn equals_the_log(&self) {
        let ledger = Ledger::of(&self.rows);
        let mut theirs: BTreeMap<(Class, u16), Count> = BTreeMap::new();
        for (class, tally) in &ledger.classes {
            for (status, count) in &tally.whole {
                theirs.insert((*class, *status), *count);
            }
        }
        let snapshot = self.world.snapshot();
        let broken: u64 = snapshot
            .requests
            .statuses
            .iter()
            .map(|row| row.broken.requests)
            .sum();
        let all = snapshot.requests.all();
        assert_eq!(all.in_flight, 0);
        assert_eq!(all.requests(), self.rows.len() as u64);
        assert!(broken <= 2 * PLAYERS, "{broken} were broken off");
        if broken == 0 {
            assert_eq!(self.world.whole(), theirs);
            return;
        }
        for (row, ours) in self.world.whole() {
            let logged = theirs.remove(&row).unwrap_or_default();
            assert!(ours.requests <= logged.requests && logged.requests <= ours.requests + broken);
            assert!(ours.bytes <= logged.bytes, "{row:?}");
        }
        assert!(theirs.values().map(|count| count.requests).sum::<u64>() <= broken);
    }

    fn ok(&self, class: Class) -> u64 {
        self.world.snapshot().requests.of(class).ok
    }

    fn connections(&self) -> usize {
        let mut numbers: Vec<u64> = self.rows.iter().map(|row| row.connection).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.len()
    }
}

#[test]
fn ts_through_the_gateway_equals_the_access_log() {
    play(Container::Ts, nginx::Config::plain(), &[], |seen| {
        seen.equals_the_log();
        assert_eq!(seen.ok(Class::Multivariant), PLAYERS);
        assert!(seen.ok(Class::Segment) >= 20, "{}", seen.ok(Class::Segment));
        assert!(
            seen.rows
                .iter()
                .all(|row| row.agent.as_deref().unwrap().starts_with("Lavf/"))
        );
        assert!(
            seen.rows
                .iter()
                .all(|row| row.range.as_deref() == Some("bytes=0-"))
        );
    });
}

#[test]
fn fmp4_through_the_gateway_equals_the_access_log() {
    play(Container::Fmp4, nginx::Config::plain(), &[], |seen| {
        seen.equals_the_log();
        assert!(seen.ok(Class::Init) >= PLAYERS);
        assert!(seen.ok(Class::Segment) >= 20);
    });
}

/// A player that closes after each answer does so to nginx, too; one that keeps its connections
/// keeps those.
#[test]
fn connections_are_as_many_as_the_players() {
    play(
        Container::Ts,
        nginx::Config::plain(),
        &["-http_persistent", "0", "-multiple_requests", "0"],
        |seen| {
            seen.equals_the_log();
            assert_eq!(seen.connections(), seen.rows.len());
        },
    );
    play(Container::Ts, nginx::Config::plain(), &[], |seen| {
        assert!(seen.connections() < seen.rows.len() / 2);
    });
}

#[test]
fn throttling_shows_in_the_download_times() {
    let config = nginx::Config {
        limit_rate: Some(90_000),
        ..nginx::Config::plain()
    };
    play(Container::Ts, config, &[], |seen| {
        seen.equals_the_log();
        let whole = seen.rows.iter().filter(|row| row.complete);
        let mut seconds: Vec<f64> = whole
            .filter(|row| served::class(&row.path) == Class::Segment)
            .filter_map(|row| row.seconds)
            .collect();
        seconds.sort_by(f64::total_cmp);
        let imposed = seconds[seconds.len() / 2];
        assert!(imposed >= 0.9, "nginx imposed only {imposed} s");
        let snapshot = seen.world.snapshot();
        let times = snapshot.latency.of(What::SegmentDownloadSent);
        let ours = times.quantile(Quantile::P50).unwrap() as f64 / 1e6;
        assert!(
            (ours / imposed - 1.0).abs() < 0.1,
            "ours {ours} s, nginx's {imposed} s"
        );
    });
}

#[test]
fn every_failed_segment_is_counted() {
    let config = nginx::Config::every_tenth_segment_fails();
    play(Container::Ts, config, &[], |seen| {
        seen.equals_the_log();
        let of = |status| seen.rows.iter().filter(|row| row.status == status).count() as u64;
        let failures = seen.world.failures();
        let counted = |status| {
            let ours = failures.iter();
            ours.filter(|(_, failure, _)| *failure == base::Failure::Status(status))
                .map(|(_, _, count)| count)
                .sum::<u64>()
        };
        assert!(of(503) + of(404) > 0);
        assert_eq!((counted(503), counted(404)), (of(503), of(404)));
    });
}

/// A player that plays in real time is seen to: it starts, plays, and stalls when the stream stands.
#[test]
fn what_a_player_lives_through_is_seen_from_what_passes() {
    worker(|| async {
        let mut live = Live::start(live::Config::short(Container::Ts)).unwrap();
        let server = Nginx::start(&live.folder(), nginx::Config::plain()).unwrap();
        let main = server.url("master.m3u8");
        let world = World::of(&main);
        let guest = world.waiting(0, spectator::Config::plays());
        guest.begin();
        let play = ffmpeg(&guest, &main, 60, &["-re"]);
        let watch = async {
            while guest.state() != ViewerState::Playing {
                guest.changed().await;
            }
            let latency = || world.snapshot().latency.of(What::LiveLatency).count();
            until(|| latency() >= 3).await;
            live.freeze().unwrap();
            while guest.state() != ViewerState::Stalled {
                guest.changed().await;
            }
        };
        tokio::select! {
            () = play => panic!("the player ended by itself"),
            () = watch => {}
        }
        guest.settled().await;
        guest.leave();
        let snapshot = world.snapshot();
        assert_eq!(snapshot.latency.of(What::Startup).count(), 1);
        assert_eq!(snapshot.viewers.stalls, 1);
        assert!(snapshot.playback.stale_playlists.count >= 1);
        assert_eq!(snapshot.viewers.exits.left, 1);
        assert!(guest.played().as_secs() >= 3);
    });
}

/// A player without TLS plays what is served over TLS.
#[test]
fn an_origin_may_speak_tls() {
    worker(|| async {
        let live = Live::start(live::Config::short(Container::Ts)).unwrap();
        let config = nginx::Config {
            tls: true,
            ..nginx::Config::plain()
        };
        let server = Nginx::start(&live.folder(), config).unwrap();
        let main = server.url("master.m3u8");
        let transport = transport::Config {
            tls: Tls::new(Verify::Nothing, &[]).unwrap(),
            ..transport::Config::default()
        };
        let origins = vec![url(&main)];
        let gateway = gateway::Config {
            origins,
            ..gateway::Config::default()
        };
        let world = World::over(transport, gateway);
        let guest = world.guest(0);
        assert!(main.starts_with("https:") && guest.url(&url(&main)).scheme() == "http");
        ffmpeg(&guest, &main, 4, &[]).await;
        guest.settled().await;
        let rows = server.into_rows().unwrap();
        let seen = Seen { world, rows };
        seen.equals_the_log();
        assert!(seen.ok(Class::Segment) >= 4);
    });
}
