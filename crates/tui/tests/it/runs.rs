//! Runs in several states, recorded as a run records them: a crowd that ramps up, plays, stalls
//! or fails, second by second, with a timeline and objectives that watch it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base::{Class, Failure, Now, Outcome, Rng, ViewerState};
use report::{Config, Ledger, Phase, Served};
use telemetry::objective::{Objective, Watch, defaults};
use telemetry::slo::{Key, Series, Source};
use telemetry::timeline::Timeline;
use telemetry::viewers::Playback;
use telemetry::{Connect, Recorder, Sample, Snapshot, Viewer};

/// 2026-03-01 12:00:00.250 UTC.
const START_MS: i64 = 1_772_366_400_250;
const SEGMENT: Duration = Duration::from_secs(2);

/// How a crowd fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// All is well.
    Plays,
    /// From this second on segments come late, and some not at all.
    StallsFrom(u64),
    /// Nothing listens at the origin.
    NeverConnects,
    /// Viewers that copy and play nothing.
    Copies,
}

/// What a run is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Story {
    pub(crate) viewers: u64,
    /// Viewers started a second.
    pub(crate) ramp_rate: u64,
    pub(crate) duration_s: Option<f64>,
    /// Milliseconds after the start at which it is looked at.
    pub(crate) at_ms: u64,
    pub(crate) fate: Fate,
    pub(crate) url: &'static str,
}

pub(crate) const OWN: &str = "http://127.0.0.1:17080/live/master.m3u8";
const FAR: &str = "https://cdn.example.org/live/channel-4/master.m3u8?token=***";

/// The first requests are under way, no whole second has passed since the first byte.
pub(crate) const WARMING_UP: Story = Story {
    viewers: 100,
    ramp_rate: 20,
    duration_s: Some(30.0),
    at_ms: 700,
    fate: Fate::Plays,
    url: OWN,
};

/// Half of the viewers have started.
pub(crate) const RAMPING: Story = Story {
    viewers: 500,
    ramp_rate: 20,
    duration_s: Some(300.0),
    at_ms: 12_300,
    ..WARMING_UP
};

/// All play, for some minutes.
pub(crate) const STEADY: Story = Story {
    at_ms: 252_000,
    ..RAMPING
};

/// The origin became slow twenty seconds ago.
pub(crate) const STALLING: Story = Story {
    viewers: 200,
    duration_s: None,
    at_ms: 80_500,
    fate: Fate::StallsFrom(60),
    url: FAR,
    ..RAMPING
};

/// Not one viewer got through.
pub(crate) const ALL_FAILED: Story = Story {
    viewers: 200,
    at_ms: 25_000,
    fate: Fate::NeverConnects,
    url: FAR,
    ..RAMPING
};

/// The moment that `story` comes to.
pub(crate) fn frame(story: Story) -> report::Frame {
    let mut crowd = Crowd::new(story);
    for second in 0..story.at_ms.div_ceil(1_000) {
        crowd.second(second);
        let seen = ((second + 1) * 1_000).min(story.at_ms);
        crowd.watch(seen);
    }
    crowd.frame()
}

/// A run of so many groups: each but the last is as [`STALLING`] was at another moment, and the
/// last gets nothing at all.
pub(crate) fn grouped(groups: usize) -> report::Frame {
    let stories = (1..=groups).map(|group| match groups - group {
        0 => Story {
            viewers: 12,
            fate: Fate::NeverConnects,
            ..STALLING
        },
        _ => Story {
            viewers: 20 + 15 * group as u64,
            at_ms: STALLING.at_ms - 9_000 * (group as u64 - 1),
            ..STALLING
        },
    });
    let seen: Vec<Snapshot> = stories
        .map(|story| Snapshot::clone(&frame(story).snapshot))
        .collect();
    let mut all = seen[0].clone();
    for group in &seen[1..] {
        all.merge(group);
    }
    let of = frame(WARMING_UP);
    let names = ["phones", "tv", "browsers behind a slow network", "日本"];
    let of_scenario = (0..groups).map(|group| report::Group {
        name: names
            .get(group)
            .map_or(format!("group-{group}"), |&name| name.to_owned()),
        ..report::Group::default()
    });
    report::Frame {
        config: Arc::new(Config {
            url: FAR.to_owned(),
            own_origin: false,
            viewers: all.viewers.target,
            groups: of_scenario.collect(),
            ..Config::clone(&of.config)
        }),
        snapshot: Arc::new(all),
        groups: seen.into(),
        ledger: None,
        ..of
    }
}

struct Crowd {
    story: Story,
    recorder: Recorder,
    viewers: Vec<Viewer>,
    series: Series,
    timeline: Timeline,
    objectives: Watch,
    snapshot: Snapshot,
    rng: Rng,
}

impl Crowd {
    fn new(story: Story) -> Self {
        let mut recorder = Recorder::new(at(0));
        recorder.set_target(story.viewers);
        let playback = match story.fate {
            Fate::Copies => Playback::Untracked,
            _ => Playback::Tracked,
        };
        let viewers = (0..story.viewers)
            .map(|number| recorder.add_viewer(number, playback, Duration::ZERO))
            .collect();
        let series = recorder
            .slo()
            .series(&Key::new("live", "hls", Source::Viewer), at(0));
        let mut objectives = defaults(SEGMENT);
        objectives.push("rebuffer_ratio < 0.5%".parse::<Objective>().unwrap());
        objectives.push("error_rate < 0.1% abort".parse::<Objective>().unwrap());
        Self {
            story,
            recorder,
            viewers,
            series,
            timeline: Timeline::new(),
            objectives: Watch::new(objectives),
            snapshot: Snapshot::default(),
            rng: Rng::new(7),
        }
    }

    /// What happens in `second`, of what lies before the moment that is looked at.
    fn second(&mut self, second: u64) {
        for n in 0..self.story.viewers {
            let start = n * 1_000 / self.story.ramp_rate;
            let offset = n * 37 % 1_000;
            if start / 1_000 == second && start < self.story.at_ms {
                self.start(n as usize, start);
            }
            let now = second * 1_000 + offset;
            if start + 1_000 <= now && now < self.story.at_ms {
                self.live(n as usize, second, now);
            }
        }
        let lag = Duration::from_micros(40 + second * 13 % 700);
        self.recorder.lag(lag);
    }

    fn start(&mut self, n: usize, ms: u64) {
        self.go(n, ViewerState::Starting, ms);
        if self.story.fate == Fate::NeverConnects {
            return;
        }
        self.exchange(n, Class::Multivariant, 321, ms + 3);
        let first = ms + 620 + n as u64 % 90;
        if first < self.story.at_ms {
            self.exchange(n, Class::Playlist, 612, ms + 9);
            self.exchange(n, Class::Init, 780, ms + 12);
            self.exchange(n, Class::Segment, 498_764, first);
            self.go(n, ViewerState::Playing, first);
            self.recorder.startup(Duration::from_millis(first - ms));
        }
    }

    /// One second of a viewer's life.
    fn live(&mut self, n: usize, second: u64, ms: u64) {
        match self.story.fate {
            Fate::NeverConnects => self.give_up(n, second, ms),
            Fate::StallsFrom(from) if second >= from && n % 5 < 2 => self.suffer(n, second, ms),
            Fate::Plays | Fate::StallsFrom(_) | Fate::Copies => self.play(n, second, ms),
        }
    }

    fn play(&mut self, n: usize, second: u64, ms: u64) {
        if (second + n as u64).is_multiple_of(2) {
            self.exchange(n, Class::Playlist, 612, ms);
            self.exchange(n, Class::Segment, 500_000 + n as u64 * 188, ms + 4);
        }
        if self.story.fate != Fate::Copies {
            self.behind(n, 7_900 + (ms * 37 + n as u64) % 400, ms);
        }
    }

    /// A viewer whose segments come late: it stalls for a while, and is further behind then.
    fn suffer(&mut self, n: usize, second: u64, ms: u64) {
        match (second + n as u64) % 8 {
            0 => self.go(n, ViewerState::Stalled, ms),
            1 => self.fail(n, Class::Segment, Failure::Status(503), ms),
            2 if n.is_multiple_of(10) => self.fail(n, Class::Segment, Failure::ReadTimedOut, ms),
            3 => {
                self.exchange(n, Class::Segment, 500_000, ms);
                self.recorder.late(1, at(ms));
                self.go(n, ViewerState::Playing, ms);
                self.recorder.stall_ended(Duration::from_secs(3));
            }
            4 if n.is_multiple_of(15) => self.recorder.skipped(2, at(ms)),
            4 if n.is_multiple_of(20) => self.recorder.stale_playlist(at(ms)),
            _ => self.behind(n, 11_000 + (ms * 37 + n as u64) % 3_000, ms),
        }
    }

    /// A viewer that fails, and mostly tries again.
    fn give_up(&mut self, n: usize, second: u64, ms: u64) {
        let dead = n.is_multiple_of(4) && second > 10;
        match self.viewers[n].state() {
            ViewerState::Failed => {}
            ViewerState::BackingOff if !(second + n as u64).is_multiple_of(3) => {}
            ViewerState::BackingOff => self.go(n, ViewerState::Starting, ms),
            _ => {
                let failure = if n.is_multiple_of(9) {
                    Failure::ConnectTimedOut
                } else {
                    Failure::ConnectRefused
                };
                self.fail(n, Class::Multivariant, failure, ms);
                let to = if dead {
                    ViewerState::Failed
                } else {
                    ViewerState::BackingOff
                };
                self.go(n, to, ms + 1);
            }
        }
    }

    fn behind(&mut self, n: usize, latency_ms: u64, ms: u64) {
        let live = Duration::from_millis(latency_ms - 1_900);
        self.recorder.live_latency(self.viewers[n].place(), live);
        self.recorder
            .glass_to_glass(self.series, latency_ms as i64, at(ms));
    }

    fn go(&mut self, n: usize, to: ViewerState, ms: u64) {
        let at = Duration::from_millis(ms);
        self.recorder.enter(&mut self.viewers[n], to, at);
    }

    fn exchange(&mut self, n: usize, class: Class, bytes: u64, ms: u64) {
        self.recorder.begin(class);
        self.recorder.bytes(class, bytes, at(ms));
        self.end(n, class, Outcome::Ok, Some(200), bytes, ms);
    }

    fn fail(&mut self, n: usize, class: Class, failure: Failure, ms: u64) {
        self.recorder.begin(class);
        self.end(n, class, Outcome::Failed(failure), failure.status(), 0, ms);
    }

    fn end(
        &mut self,
        n: usize,
        class: Class,
        outcome: Outcome,
        status: Option<u16>,
        bytes: u64,
        ms: u64,
    ) {
        let last_byte = Duration::from_millis(ms);
        // Mostly some milliseconds, now and then a tenth of a second.
        let ms_taken = self.rng.between(0.3, 9.0) / (1.02 - self.rng.unit()).min(1.0);
        let took = Duration::from_micros((ms_taken * 1_000.0) as u64).min(last_byte);
        let sample = Sample {
            class,
            outcome,
            status,
            bytes,
            due: last_byte.saturating_sub(took),
            sent: last_byte.saturating_sub(took * 4 / 5),
            first_byte: Some(last_byte.saturating_sub(took / 2)),
            last_byte,
            connect: (class == Class::Multivariant && outcome == Outcome::Ok).then(|| Connect {
                connect: Duration::from_micros(150 + ms % 90),
                ..Connect::default()
            }),
        };
        self.recorder
            .end(Some(self.viewers[n].place()), &sample, at(ms));
    }

    /// As whoever watches a run does, once a second.
    fn watch(&mut self, ms: u64) {
        let mut snapshot = self.recorder.snapshot(at(ms));
        let generator = &mut snapshot.generator;
        generator.judged = ms > 10_000;
        generator.cpu_us = Some(ms * 231);
        generator.rss_peak_bytes = Some(24_600_000 + ms * 20);
        generator.workers = Some(2);
        generator.worker_cpu_permille_max = Some(231);
        generator.descriptors_max = Some(118 + self.story.viewers);
        generator.descriptors_limit = Some(20_000);
        self.timeline.observe(&snapshot);
        self.objectives.observe(&snapshot);
        self.snapshot = snapshot;
    }

    fn frame(self) -> report::Frame {
        let story = self.story;
        let all_started = self.snapshot.viewers.started == story.viewers;
        let own_origin = story.url == OWN;
        report::Frame {
            version: "0.1.0",
            config: Arc::new(Config {
                url: story.url.to_owned(),
                own_origin,
                viewers: story.viewers,
                ramp_rate: story.ramp_rate as f64,
                duration_s: story.duration_s,
                player: "hls.js".to_owned(),
                workers: 2,
                ..Config::default()
            }),
            ledger: own_origin.then(|| Arc::new(ledger_of(&self.snapshot))),
            origin_metrics: None,
            snapshot: Arc::new(self.snapshot),
            groups: Arc::default(),
            timeline: self.timeline.rows(),
            objectives: self.objectives.status(),
            phase: if all_started {
                Phase::Steady
            } else {
                Phase::Ramping
            },
            exit: None,
        }
    }
}

/// An origin that counted what the viewers did.
fn ledger_of(snapshot: &Snapshot) -> Ledger {
    let mut classes: BTreeMap<Class, Served> = BTreeMap::new();
    for status in &snapshot.requests.statuses {
        let served = classes.entry(status.class).or_default();
        served.requests += status.whole.requests;
        served.bytes += status.whole.bytes;
        served.ok += status.whole.requests;
    }
    Ledger { classes }
}

fn at(ms: u64) -> Now {
    Now::new(Duration::from_millis(ms), START_MS)
}
