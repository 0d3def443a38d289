//! A swarm on two workers, and somebody for it to watch.

use std::sync::Arc;
use std::time::Duration;

use ::plan::{Mix, Ramp, Shape, Shares};
use base::{Class, ViewerState};
use origin::Bitrate;
use origin_server::Ledger;
use player::{Profile, VariantChoice};
use telemetry::Snapshot;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use transport::{Clock, Tls, Verify};

use crate::{Engine, Group, Plan, Restart, Seen, Swarm, Target};

/// What never comes.
const PATIENCE: Duration = Duration::from_mins(1);
const WORKERS: usize = 2;

/// Our own origin on loopback.
pub(super) struct Origin {
    pub(super) url: String,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<Ledger, origin_server::Error>>,
}

impl Origin {
    pub(super) async fn start() -> Self {
        Self::with_faults(&[]).await
    }

    pub(super) async fn with_faults(faults: &[&str]) -> Self {
        let faults = faults.iter().map(|fault| fault.parse().unwrap());
        let config = origin_server::Config {
            origin: origin::Config {
                segment: Duration::from_secs(1),
                variants: vec![Bitrate(200_000)],
                faults: faults.collect(),
                ..origin::Config::default()
            },
            ..origin_server::Config::default()
        };
        let server = origin_server::bind(config).await.unwrap();
        let url = server.urls().remove(0);
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            let _ = stopped.await;
        };
        let task = tokio::spawn(server.run_until(shutdown));
        Self { url, stop, task }
    }

    pub(super) async fn ledger(self) -> Ledger {
        self.stop.send(()).unwrap();
        self.task.await.unwrap().unwrap()
    }
}

/// A crowd of hls.js that watches `url`.
pub(super) fn swarm(url: &str, viewers: u64, rate: f64) -> Swarm {
    let ramp = Ramp::new(viewers, rate, Duration::ZERO, 1).unwrap();
    shaped(url, ramp.into())
}

/// One that comes and goes as `shape` says.
pub(super) fn shaped(url: &str, shape: Shape) -> Swarm {
    Swarm::start(plan(url, shape), Clock::start()).unwrap()
}

/// Its plan.
pub(crate) fn plan(url: &str, shape: Shape) -> Plan {
    Plan {
        groups: vec![group(url)],
        shares: Shares::new(&[1]).unwrap(),
        shape,
        insecure: false,
        seed: 1,
        workers: WORKERS,
        transport: transport::Config {
            tls: Tls::new(Verify::Nothing, &[]).unwrap(),
            overrides: Vec::new(),
            sources: Arc::default(),
        },
    }
}

/// A group of viewers that watch `url` once.
pub(super) fn group(url: &str) -> Group {
    Group {
        name: Arc::default(),
        engine: Engine::Native,
        profiles: vec![Arc::new(Profile::hls_js())],
        shares: Shares::new(&[1]).unwrap(),
        target: Target::new(url).unwrap(),
        variants: Mix::one(VariantChoice::Profile),
        headers: Vec::new(),
        user_agents: None,
        no_cache: false,
        network: None,
        broadcast: None,
        restart: Restart::Never,
    }
}

/// The first snapshot that is `so`.
pub(super) async fn until(swarm: &Swarm, so: impl Fn(&Snapshot) -> bool) -> Snapshot {
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            let snapshot = swarm.snapshot();
            assert_adds_up(&snapshot);
            if published(&snapshot) && so(&snapshot) {
                return snapshot;
            }
            next_report(swarm).await;
        }
    });
    let Ok(snapshot) = waited.await else {
        let last = swarm.snapshot();
        panic!("{:?} {:?} {:?}", last.viewers, last.players, last.requests);
    };
    snapshot
}

/// Returns when the first worker has published again.
pub(super) async fn next_report(swarm: &Swarm) {
    let mut report = swarm.hub.reports[0].clone();
    report.changed().await.unwrap();
}

/// Each viewer is in one state, and each request in one place, at every moment.
fn assert_adds_up(snapshot: &Snapshot) {
    let viewers = &snapshot.viewers;
    let by_state: u64 = viewers.iter().map(|(_, count)| count).sum();
    assert_eq!(by_state, viewers.all());
    let waiting = viewers.count(ViewerState::Waiting);
    assert_eq!(waiting + viewers.started, viewers.all(), "{viewers:?}");
    // Each life that is over is a viewer's last one, or has been followed by another, or will be.
    let over = [
        ViewerState::Ended,
        ViewerState::Failed,
        ViewerState::BackingOff,
    ];
    let over: u64 = over.map(|state| viewers.count(state)).iter().sum();
    assert_eq!(over + viewers.restarts, viewers.exits.all(), "{viewers:?}");
    let requests = snapshot.requests.all();
    let ended = requests.ok + requests.failed + requests.cancelled;
    assert_eq!(requests.requests(), ended + requests.in_flight);
}

/// Whether anything was published.
fn published(snapshot: &Snapshot) -> bool {
    snapshot.at_ms.is_some() && snapshot.viewers.all() > 0
}

/// Whether so many viewers play, and so many have ended.
pub(super) fn play_and_ended(play: u64, ended: u64) -> impl Fn(&Snapshot) -> bool {
    move |snapshot| {
        let count = |state| snapshot.viewers.count(state);
        (count(ViewerState::Playing), count(ViewerState::Ended)) == (play, ended)
    }
}

/// Stops the swarm and waits for its end.
pub(super) async fn stopped(swarm: Swarm) -> Snapshot {
    swarm.stop();
    over(swarm).await
}

/// Waits for the end of the swarm.
pub(super) async fn over(swarm: Swarm) -> Snapshot {
    all_over(swarm).await.all
}

/// The same, with what was seen of each group.
pub(super) async fn all_over(swarm: Swarm) -> Seen {
    let over = tokio::time::timeout(PATIENCE, swarm.over());
    over.await.expect("the swarm comes to its end");
    let (seen, result) = swarm.end();
    result.unwrap();
    assert_adds_up(&seen.all);
    seen.groups.iter().for_each(assert_adds_up);
    seen
}

/// What viewers counted is what the origin served, request for request and byte for byte.
pub(super) async fn agree(seen: &Snapshot, origin: Origin) {
    let ledger = origin.ledger().await;
    for (class, counters) in seen.requests.iter() {
        let served = ledger.class(class).complete;
        assert_eq!(counters.in_flight, 0, "{class:?}");
        assert_eq!(counters.cancelled, 0, "{class:?}");
        assert_eq!(counters.ended(), served.requests, "{class:?}");
        assert_eq!(counters.bytes, served.bytes, "{class:?}");
    }
    assert!(seen.requests.of(Class::Segment).ok > 0);
    assert_eq!(ledger.total.interrupted.requests, 0);
}
