//! Runs in several states, recorded as a run records them.

use std::time::Duration;

use base::{Class, Failure, Now, Outcome, ViewerState};
use report::{Config, Exit, Ledger, Run, Served};
use telemetry::origin::View;
use telemetry::slo::{Key, Source};
use telemetry::viewers::Playback;
use telemetry::{Cause, Connect, Recorder, Sample, Snapshot, Viewer};

use crate::origins;

/// 2026-03-01 12:00:00.250 UTC.
const START_MS: i64 = 1_772_366_400_250;

/// A run with all that its report needs.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) snapshot: Snapshot,
    pub(crate) config: Config,
    pub(crate) ledger: Option<Ledger>,
    pub(crate) origin_metrics: Option<View>,
    pub(crate) exit: Option<Exit<'static>>,
}

impl Case {
    pub(crate) fn run(&self) -> Run<'_> {
        Run {
            version: "0.1.0",
            config: &self.config,
            snapshot: &self.snapshot,
            groups: &[],
            timeline: &[],
            objectives: &[],
            ledger: self.ledger.as_ref(),
            origin_metrics: self.origin_metrics.as_ref(),
            exit: self.exit,
        }
    }
}

pub(crate) fn all() -> Vec<Case> {
    vec![
        empty(),
        warming_up(),
        steady(),
        fine(),
        bad(),
        nothing_plays(),
    ]
}

pub(crate) fn named(name: &str) -> Case {
    let mut cases = all().into_iter();
    cases.find(|case| case.name == name).unwrap()
}

const FINE: Option<Exit<'static>> = Some(Exit {
    code: 0,
    reason: "fine",
});

fn config() -> Config {
    Config {
        url: "http://127.0.0.1:17080/live/master.m3u8".to_owned(),
        own_origin: true,
        viewers: 100,
        ramp_rate: 20.0,
        ramp_jitter_ms: 50,
        duration_s: Some(30.0),
        player: "hls.js".to_owned(),
        variant: "profile".to_owned(),
        restart: "on-failure".to_owned(),
        workers: 2,
        seed: 1,
        ..Config::default()
    }
}

/// Before anything was recorded.
fn empty() -> Case {
    let snapshot = Snapshot::default();
    Case {
        name: "empty",
        snapshot,
        config: config(),
        ledger: None,
        origin_metrics: None,
        exit: None,
    }
}

/// The first requests are under way, no whole second has passed since the first byte.
fn warming_up() -> Case {
    let mut crowd = Crowd::new(100, Playback::Tracked);
    crowd.start_until(400);
    crowd.recorder.begin(Class::Segment);
    crowd.recorder.bytes(Class::Segment, 65_536, at(390));
    let snapshot = crowd.recorder.snapshot(at(400));
    Case {
        name: "warming_up",
        snapshot,
        config: config(),
        ledger: None,
        origin_metrics: None,
        exit: None,
    }
}

fn steady() -> Case {
    let snapshot = crowd_of_100(15_000).recorder.snapshot(at(15_000));
    Case {
        name: "steady",
        snapshot,
        config: config(),
        ledger: None,
        origin_metrics: None,
        exit: None,
    }
}

/// A run that ended well beside an origin that agrees, but for one viewer's last segment.
fn fine() -> Case {
    let mut crowd = crowd_of_100(30_000);
    crowd.recorder.begin(Class::Segment);
    crowd.recorder.bytes(Class::Segment, 100_000, at(29_990));
    crowd.recorder.stop(at(30_000));
    crowd.end(
        Class::Segment,
        Outcome::Cancelled,
        Some(200),
        100_000,
        30_000,
    );
    let mut snapshot = crowd.recorder.snapshot(at(31_000));
    judged(&mut snapshot);
    let mut ledger = ledger_of(&snapshot);
    let segments = ledger.classes.entry(Class::Segment).or_default();
    segments.requests += 1;
    segments.ok += 1;
    segments.bytes += 500_000;
    Case {
        name: "fine",
        snapshot,
        config: config(),
        ledger: Some(ledger),
        origin_metrics: Some(origins::ours()),
        exit: FINE,
    }
}

/// Everything that can go wrong.
fn bad() -> Case {
    let mut crowd = crowd_of_100(60_000);
    for (n, failure) in failures().into_iter().enumerate() {
        let class = [Class::Segment, Class::Playlist, Class::Multivariant][n % 3];
        for again in 0..=(n as u64 * 40) {
            crowd.recorder.begin(class);
            let ms = 2_000 + n as u64 * 700 + again * 90;
            crowd.end(class, Outcome::Failed(failure), status_of(failure), 0, ms);
        }
    }
    for n in 0..40 {
        crowd.recorder.stale_playlist(at(20_000 + n * 500));
        crowd.go(n as usize, ViewerState::Stalled, 40_000 + n * 10);
    }
    for n in 60..100 {
        let to = if n % 2 == 0 {
            ViewerState::Failed
        } else {
            ViewerState::BackingOff
        };
        crowd.go(n, to, 45_000);
    }
    crowd.recorder.stall_ended(Duration::from_millis(2_345));
    crowd.recorder.late(7, at(41_000));
    crowd.recorder.skipped(3, at(42_000));
    let series = crowd.series("a/very/long/name/of/a/broadcast/that/does/not/fit\x1b[2J");
    crowd.recorder.glass_to_glass(series, -40, at(50_000));
    crowd.recorder.stop(at(60_000));
    let mut snapshot = crowd.recorder.snapshot(at(63_000));
    judged(&mut snapshot);
    for (cause, ms) in [
        (Cause::Lag, 31_000),
        (Cause::Lag, 40_000),
        (Cause::Ports, 44_000),
    ] {
        snapshot.generator.blame(cause, START_MS + ms);
    }
    let mut ledger = ledger_of(&snapshot);
    ledger.classes.entry(Class::Playlist).or_default().requests += 12;
    ledger.classes.entry(Class::Init).or_default().interrupted = 2;
    let long = "k".repeat(90);
    let config = Config {
        url: format!(
            "https://viewer:***@cdn.example.org/live/{{n}}/master.m3u8?token=***&x={long}"
        ),
        own_origin: false,
        duration_s: None,
        player: "hls.js=7,shaka=2,ffmpeg=1".to_owned(),
        headers: vec!["Authorization: ***".to_owned()],
        resolve: vec!["cdn.example.org:443:127.0.0.1".to_owned()],
        timeout_s: Some(4.0),
        options: vec!["--source=127.0.0.2-127.0.0.9".to_owned()],
        ..config()
    };
    let reason = "the generator was the bottleneck: the figures are not to be trusted";
    let exit = Some(Exit { code: 4, reason });
    Case {
        name: "bad",
        snapshot,
        config,
        ledger: Some(ledger),
        origin_metrics: Some(origins::troubled()),
        exit,
    }
}

/// Viewers that copy and play nothing.
fn nothing_plays() -> Case {
    let mut crowd = Crowd::new(3, Playback::Untracked);
    crowd.start_until(1_000);
    for n in 0..3 {
        crowd.go(n, ViewerState::Playing, 1_200);
        crowd.exchange(Class::Segment, 500_000, 1_200);
    }
    crowd.recorder.stop(at(10_000));
    let mut snapshot = crowd.recorder.snapshot(at(10_000));
    judged(&mut snapshot);
    let config = Config {
        viewers: 3,
        player: "ffmpeg".to_owned(),
        ..config()
    };
    Case {
        name: "nothing_plays",
        snapshot,
        config,
        ledger: None,
        origin_metrics: None,
        exit: FINE,
    }
}

/// More broadcasts and kinds of errors than anybody reads.
pub(crate) fn many() -> Case {
    let mut crowd = Crowd::new(1, Playback::Tracked);
    for n in 0..50 {
        let series = crowd.series(&format!("live/{n}"));
        crowd.recorder.glass_to_glass(series, 8_000, at(1_000));
    }
    for status in 400..500 {
        let failed = Outcome::Failed(Failure::Status(status));
        crowd.recorder.begin(Class::Segment);
        crowd.end(Class::Segment, failed, Some(status), 0, 1_000);
    }
    let mut snapshot = crowd.recorder.snapshot(at(2_000));
    snapshot.slo.refused_samples = 5;
    Case {
        name: "many",
        snapshot,
        config: config(),
        ledger: None,
        origin_metrics: None,
        exit: FINE,
    }
}

fn failures() -> Vec<Failure> {
    vec![
        Failure::Dns,
        Failure::ConnectRefused,
        Failure::ConnectTimedOut,
        Failure::ConnectFailed,
        Failure::Tls,
        Failure::ReadTimedOut,
        Failure::Reset,
        Failure::Truncated,
        Failure::TooLarge,
        Failure::Protocol,
        Failure::Redirect,
        Failure::InvalidPlaylist,
        Failure::Generator,
        Failure::Status(404),
        Failure::Status(429),
        Failure::Status(503),
        Failure::NoDescriptor,
        Failure::NoPort,
    ]
}

fn status_of(failure: Failure) -> Option<u16> {
    match failure {
        Failure::Redirect => Some(302),
        Failure::InvalidPlaylist | Failure::Truncated => Some(200),
        other => other.status(),
    }
}

/// An origin that counted what the viewers did.
fn ledger_of(snapshot: &Snapshot) -> Ledger {
    let mut ledger = Ledger::default();
    for status in &snapshot.requests.statuses {
        let served: &mut Served = ledger.classes.entry(status.class).or_default();
        served.requests += status.whole.requests;
        served.bytes += status.whole.bytes;
        if status.status.is_some_and(|status| status < 300) {
            served.ok += status.whole.requests;
        }
    }
    ledger
}

fn judged(snapshot: &mut Snapshot) {
    let generator = &mut snapshot.generator;
    generator.judged = true;
    generator.cpu_us = Some(3_210_000);
    generator.rss_peak_bytes = Some(24_600_000);
    generator.workers = Some(2);
    generator.worker_cpu_permille_max = Some(231);
    generator.descriptors_max = Some(118);
    generator.descriptors_limit = Some(20_000);
}

fn at(ms: u64) -> Now {
    Now::new(Duration::from_millis(ms), START_MS)
}

/// A crowd and its recorder.
struct Crowd {
    recorder: Recorder,
    viewers: Vec<Viewer>,
}

impl Crowd {
    fn new(viewers: u64, playback: Playback) -> Self {
        let mut recorder = Recorder::new(at(0));
        recorder.set_target(viewers);
        let viewers = (0..viewers)
            .map(|n| recorder.add_viewer(n, playback, Duration::ZERO))
            .collect();
        Self { recorder, viewers }
    }

    /// Starts viewers, twenty a second.
    fn start_until(&mut self, ms: u64) {
        for n in 0..self.viewers.len() {
            let start = n as u64 * 50;
            if start < ms {
                self.go(n, ViewerState::Starting, start);
                self.exchange(Class::Multivariant, 321, start + 2);
            }
        }
    }

    fn go(&mut self, viewer: usize, to: ViewerState, ms: u64) {
        self.recorder
            .enter(&mut self.viewers[viewer], to, Duration::from_millis(ms));
    }

    fn series(&mut self, broadcast: &str) -> telemetry::slo::Series {
        let key = Key::new(broadcast, "hls", Source::Viewer);
        self.recorder.slo().series(&key, at(0))
    }

    fn exchange(&mut self, class: Class, bytes: u64, ms: u64) {
        self.recorder.begin(class);
        self.recorder.bytes(class, bytes, at(ms));
        self.end(class, Outcome::Ok, Some(200), bytes, ms);
    }

    fn end(&mut self, class: Class, outcome: Outcome, status: Option<u16>, bytes: u64, ms: u64) {
        let last_byte = Duration::from_millis(ms);
        let took = Duration::from_micros(400 + ms * 7 % 9_000);
        let sample = Sample {
            class,
            outcome,
            status,
            bytes,
            due: last_byte.saturating_sub(took),
            sent: last_byte.saturating_sub(took * 4 / 5),
            first_byte: Some(last_byte.saturating_sub(took / 2)),
            last_byte,
            connect: (class == Class::Multivariant).then(|| Connect {
                connect: Duration::from_micros(150 + ms % 90),
                ..Connect::default()
            }),
        };
        self.recorder.end(None, &sample, at(ms));
    }
}

/// A hundred viewers, twenty a second, who all play until `end`.
fn crowd_of_100(end: u64) -> Crowd {
    let mut crowd = Crowd::new(100, Playback::Tracked);
    crowd.start_until(end);
    let series = crowd.series("live");
    for n in 0..100 {
        let begin = n as u64 * 50;
        crowd.go(n, ViewerState::Playing, begin + 600 + n as u64);
        crowd
            .recorder
            .startup(Duration::from_millis(600 + n as u64));
    }
    for ms in (1_000..end).step_by(20) {
        let (second, viewer) = (ms / 1_000, ms / 20 % 100);
        if ms < viewer * 50 + 1_000 {
            continue;
        }
        if (second + viewer) % 2 == 0 {
            crowd.exchange(Class::Playlist, 612, ms);
            crowd.exchange(Class::Segment, 500_000 + viewer * 188, ms + 4);
        }
        let latency = 7_900 + (ms * 37) % 400;
        let place = crowd.viewers[viewer as usize].place();
        crowd
            .recorder
            .live_latency(place, Duration::from_millis(latency - 1_900));
        crowd
            .recorder
            .glass_to_glass(series, latency as i64, at(ms));
        crowd.recorder.lag(Duration::from_micros(40 + ms % 700));
    }
    crowd
}
