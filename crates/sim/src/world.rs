use std::sync::Arc;
use std::time::Duration;

use base::{Class, Now, Rng, ViewerState};
use origin::Origin;
use plan::{Ramp, Shares};
use player::Profile;
use telemetry::roster::{LISTED_MAX, Roster};
use telemetry::viewers::Playback;
use telemetry::{Recorder, Snapshot, slo};
use url::Url;

use crate::link::Pipe;
use crate::log::Log;
use crate::queue::{Event, Queue, What};
use crate::report::Report;
use crate::rules::{Broken, Violation};
use crate::server::Server;
use crate::settings::{Error, Settings};
use crate::viewer::{Stage, Told, Viewer};

/// Where viewers arrive within their slot of the ramp.
const RAMP_JITTER: Duration = Duration::from_millis(200);
/// Keeps the dice of networks and supervisors apart from each other's.
const PIPE_SALT: u64 = 0x6e65_7477;
const SUPERVISOR_SALT: u64 = 0x6261_636b;

/// Plays `settings` to the end.
///
/// # Errors
/// Settings that can't be, or the first invariant that does not hold.
pub fn run(settings: &Settings) -> Result<Report, Error> {
    let mut world = World::new(settings)?;
    world.play(settings.length)?;
    let snapshot = world.finish(settings)?;
    Ok(world.report(settings, snapshot))
}

struct World {
    stage: Stage,
    viewers: Vec<Viewer>,
    start_unix_ms: i64,
    steps: u64,
}

impl World {
    fn new(settings: &Settings) -> Result<Self, Error> {
        let start = Now::new(Duration::ZERO, settings.start_unix_ms);
        let mut recorder = Recorder::new(start);
        let key = slo::Key::new("/live", "hls", slo::Source::Viewer);
        let series = recorder.slo().series(&key, start);
        recorder.set_target(settings.viewers);
        let viewers = viewers(settings, &mut recorder)?;
        let mut queue = Queue::default();
        let ramp = Ramp::new(
            settings.viewers,
            settings.ramp_rate,
            RAMP_JITTER,
            settings.seed,
        )?;
        for viewer in &viewers {
            let at = ramp
                .start_of(u64::from(viewer.number()))
                .unwrap_or_default();
            let event = Event {
                viewer: viewer.number(),
                life: 0,
                what: What::Begin,
            };
            queue.push(at, event);
        }
        let stage = Stage {
            now: start,
            queue,
            server: Server::new(settings.origin.clone())?,
            recorder,
            series,
            log: Log::new(settings.keep),
            url: Arc::new(address()),
            seed: settings.seed,
            variant: settings.variant,
            restart: settings.restart,
            told: Told::default(),
        };
        Ok(Self {
            stage,
            viewers,
            start_unix_ms: settings.start_unix_ms,
            steps: 0,
        })
    }

    fn play(&mut self, length: Duration) -> Result<(), Box<Violation>> {
        // Time goes on only to where something is due.
        while let Some((at, event)) = self.stage.queue.pop() {
            if at > length {
                break;
            }
            self.stage.now = Now::new(at, self.start_unix_ms);
            self.steps += 1;
            let Some(viewer) = self.viewers.get_mut(event.viewer as usize) else {
                continue;
            };
            if let Err(broken) = viewer.happen(event, &mut self.stage) {
                return Err(self.violation(event.viewer, broken));
            }
        }
        self.stage.now = Now::new(length, self.start_unix_ms);
        Ok(())
    }

    fn violation(&self, viewer: u32, broken: Broken) -> Box<Violation> {
        let profile = self.viewers.get(viewer as usize);
        Box::new(Violation {
            seed: self.stage.seed,
            step: self.steps,
            at: self.stage.now.elapsed,
            viewer,
            profile: profile.map_or("", |viewer| viewer.profile.name),
            broken,
            trail: self.stage.log.trail(viewer),
        })
    }

    /// The snapshot at the end, held against the accounts; afterwards everyone leaves.
    fn finish(&mut self, settings: &Settings) -> Result<Snapshot, Box<Violation>> {
        let now = self.stage.now;
        let snapshot = self.stage.recorder.snapshot(now);
        self.check_times(&snapshot, settings)
            .and_then(|()| self.check_rows(&snapshot.roster))
            .map_err(|broken| self.violation(0, broken))?;
        for index in 0..self.viewers.len() {
            let left = self.viewers[index].leave(&mut self.stage);
            left.map_err(|broken| self.violation(index as u32, broken))?;
        }
        let after = self.stage.recorder.snapshot(now);
        self.check_totals(&after)
            .map_err(|broken| self.violation(0, broken))?;
        Ok(snapshot)
    }

    fn check_times(&self, snapshot: &Snapshot, settings: &Settings) -> Result<(), Broken> {
        let elapsed = self.stage.now.elapsed;
        let (tracked, untracked) = (&snapshot.viewers.tracked, &snapshot.viewers.untracked);
        let mut all = Duration::ZERO;
        for state in ViewerState::ALL {
            let own = self
                .viewers
                .iter()
                .map(|it| it.account.time_in(state, elapsed));
            let theirs = tracked.time(state) + untracked.time(state);
            let own: Duration = own.sum();
            Broken::unless_equal(state.name(), theirs.as_nanos(), own.as_nanos())?;
            all += theirs;
        }
        let passed = elapsed.as_nanos() * u128::from(settings.viewers);
        Broken::unless_equal("time of all viewers", all.as_nanos(), passed)?;
        let viewers = u128::from(snapshot.viewers.all());
        Broken::unless_equal("viewers", viewers, u128::from(settings.viewers))
    }

    /// Whoever lives its first life was playing, and stalled, for as long as its account says.
    fn check_rows(&self, roster: &Roster) -> Result<(), Broken> {
        let elapsed = self.stage.now.elapsed;
        for row in roster.slowest.iter().filter(|row| row.restarts == 0) {
            let (Some(viewer), Some(drift)) = (self.viewers.get(row.viewer as usize), row.drift_ms)
            else {
                continue;
            };
            let own = |state| viewer.account.time_in(state, elapsed).as_millis();
            let played = u128::from(row.played_ms.unwrap_or_default());
            Broken::unless_equal("drift", u128::from(drift), own(ViewerState::Stalled))?;
            Broken::unless_equal("time played", played, own(ViewerState::Playing))?;
        }
        let started = self.viewers.iter().filter(|it| it.account.has_started());
        let listed = started.count().min(LISTED_MAX) as u128;
        Broken::unless_equal("viewers listed", roster.slowest.len() as u128, listed)
    }

    fn check_totals(&self, snapshot: &Snapshot) -> Result<(), Broken> {
        let told = &self.stage.told;
        let equal = |what, snapshot: u64, own: u64| {
            Broken::unless_equal(what, u128::from(snapshot), u128::from(own))
        };
        for class in Class::ALL {
            let counters = snapshot.requests.of(class);
            let [ok, failed, cancelled] = told.ended[class.index()];
            equal("requests that ended well", counters.ok, ok)?;
            equal("requests that failed", counters.failed, failed)?;
            equal("requests cancelled", counters.cancelled, cancelled)?;
            equal("requests in flight", counters.in_flight, 0)?;
            equal("bytes", counters.bytes, told.bytes[class.index()])?;
        }
        for class in Class::ALL {
            // What arrived whole is what the origin sent, answer for answer and byte for byte.
            let (sent, cut) = (self.stage.server.sent(class), told.cut[class.index()]);
            let [ok, ..] = told.ended[class.index()];
            equal("good answers sent", sent.ok, ok + cut.ok)?;
            let whole = told.bytes[class.index()] - cut.arrived;
            equal("bytes sent", sent.bytes, whole + cut.sent)?;
        }
        let media = told.bytes[Class::Segment.index()] + told.bytes[Class::Part.index()];
        equal("bytes of media", snapshot.throughput.total_bytes(), media)?;
        let playback = &snapshot.playback;
        let viewers = &snapshot.viewers;
        let [ended, failed] = told.lives;
        equal("lives that ended", viewers.exits.ended, ended)?;
        equal("lives that failed", viewers.exits.failed, failed)?;
        equal("uptimes", snapshot.uptime.count(), ended + failed)?;
        equal("reconnections", viewers.reconnections, told.reconnections)?;
        equal("stalls", viewers.stalls, told.stalls)?;
        equal("skipped segments", playback.skipped.count, told.skipped)?;
        equal("late segments", playback.late.count, told.late)?;
        equal(
            "stale playlists",
            playback.stale_playlists.count,
            told.stale,
        )
    }

    fn report(self, settings: &Settings, snapshot: Snapshot) -> Report {
        let log = self.stage.log;
        Report {
            seed: settings.seed,
            viewers: settings.viewers,
            length: settings.length,
            steps: self.steps,
            snapshot,
            digest: log.digest(),
            lines: log.lines(),
            log: log.into_text(),
        }
    }
}

fn viewers(settings: &Settings, recorder: &mut Recorder) -> Result<Vec<Viewer>, Error> {
    let weights: Vec<u32> = settings.crowd.iter().map(|(_, weight)| *weight).collect();
    let shares = Shares::new(&weights)?;
    let viewer = |number: u64| {
        let profile = Arc::clone(&settings.crowd[shares.of(number)].0);
        let token = recorder.add_viewer(number, playback(&profile), Duration::ZERO);
        let pipe = Rng::nth(settings.seed ^ PIPE_SALT, number);
        let pipe = Pipe::new(settings.link, pipe);
        let rng = Rng::nth(settings.seed ^ SUPERVISOR_SALT, number);
        Viewer::new(number as u32, profile, token, pipe, rng)
    };
    Ok((0..settings.viewers).map(viewer).collect())
}

fn playback(profile: &Profile) -> Playback {
    if profile.play.is_some() {
        Playback::Tracked
    } else {
        Playback::Untracked
    }
}

#[expect(clippy::expect_used, reason = "a constant, which the tests read")]
fn address() -> Url {
    let text = format!("http://origin.example{}", Origin::MULTIVARIANT_PATH);
    Url::parse(&text).expect("an address")
}
