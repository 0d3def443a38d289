use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base::{Class, Failure, Now, Outcome, Rng, ViewerState};
use plan::Backoff;
use player::profile::request::Value;
use player::{
    Config, Connection, Event, Fetch, FetchId, Input, Output, Player, Playlist, Profile, Reason,
    VariantChoice,
};
use telemetry::Recorder;
use telemetry::slo::Series;
use url::Url;

use crate::account::Account;
use crate::flight::{Content, Flight};
use crate::life::Life;
use crate::link::{Mishap, Pipe};
use crate::log::Log;
use crate::queue::{self, Queue, What};
use crate::rules::Broken;
use crate::server::{Ask, Server};
use crate::settings::Restart;

/// Idle connections a viewer keeps, as browsers do for one host.
const IDLE_MAX: u32 = 6;
/// Timers of one player at one instant, past which it spins.
const TURNS_MAX: u32 = 64;
/// Outputs of one step, past which it spins.
const OUTPUTS_MAX: u32 = 4096;

/// What all viewers share.
pub(crate) struct Stage {
    pub(crate) now: Now,
    pub(crate) queue: Queue,
    pub(crate) server: Server,
    pub(crate) recorder: Recorder,
    pub(crate) series: Series,
    pub(crate) log: Log,
    pub(crate) url: Arc<Url>,
    pub(crate) seed: u64,
    pub(crate) variant: VariantChoice,
    pub(crate) restart: Restart,
    /// What was said of it all, by class: for the final comparison.
    pub(crate) told: Told,
}

/// What the simulation itself counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    pub(crate) ended: [[u64; 3]; Class::COUNT],
    pub(crate) bytes: [u64; Class::COUNT],
    /// Answers that the origin gave and that did not arrive whole.
    pub(crate) cut: [Cut; Class::COUNT],
    pub(crate) stalls: u64,
    /// Lives that were played to the end, and those in which the player gave up.
    pub(crate) lives: [u64; 2],
    /// Connections that viewers made after the first one of each.
    pub(crate) reconnections: u64,
    pub(crate) skipped: u64,
    pub(crate) late: u64,
    pub(crate) stale: u64,
}

/// A playlist as it came, with what to ask for it again with.
#[derive(Clone, Debug)]
struct Copy {
    etag: String,
    playlist: Playlist,
    /// The life in which it came.
    life: u32,
}

/// Answers that did not arrive whole: how many of them were good, what they were, what arrived.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cut {
    pub(crate) ok: u64,
    pub(crate) sent: u64,
    pub(crate) arrived: u64,
}

/// One viewer: its player, its network, and who starts it again.
#[derive(Debug)]
pub(crate) struct Viewer {
    number: u32,
    pub(crate) profile: Arc<Profile>,
    pub(crate) account: Account,
    token: telemetry::Viewer,
    life: Option<Life>,
    lives: u32,
    backoff: Backoff,
    rng: Rng,
    pipe: Pipe,
    idle: u32,
    /// It has made a connection.
    was_connected: bool,
    /// What its browser has kept, by path: it outlives the player.
    kept: BTreeMap<String, Copy>,
    asks_for_ranges: bool,
    timer: Option<Duration>,
    turns: (Duration, u32),
}

impl Viewer {
    pub(crate) fn new(
        number: u32,
        profile: Arc<Profile>,
        token: telemetry::Viewer,
        pipe: Pipe,
        rng: Rng,
    ) -> Self {
        let headers = profile.requests.headers;
        Self {
            number,
            account: Account::new(),
            token,
            life: None,
            lives: 0,
            backoff: Backoff::default(),
            rng,
            pipe,
            idle: 0,
            was_connected: false,
            kept: BTreeMap::new(),
            asks_for_ranges: headers.iter().any(|it| it.value == Value::OpenRange),
            profile,
            timer: None,
            turns: (Duration::ZERO, 0),
        }
    }

    /// Something happens to it.
    pub(crate) fn happen(&mut self, event: queue::Event, stage: &mut Stage) -> Result<(), Broken> {
        if event.life != self.lives {
            return Ok(());
        }
        match event.what {
            What::Begin => self.begin(stage),
            What::Timer if self.timer == Some(stage.now.elapsed) => self.timer(stage),
            What::Timer => Ok(()),
            What::Arrive(id) => {
                self.arrive(id, stage);
                Ok(())
            }
            What::Head(id) => self.head(id, stage),
            What::Chunk(id) => self.chunk(id, stage),
            What::Break(id) => {
                let fate = self.flight(id).and_then(|flight| flight.fate);
                fate.map_or(Ok(()), |failure| self.fail(id, failure, stage))
            }
            What::Limit(id) => self.limit(id, stage),
        }
    }

    /// Presses play.
    fn begin(&mut self, stage: &mut Stage) -> Result<(), Broken> {
        self.lives += 1;
        self.enter(ViewerState::Starting, stage.now.elapsed, stage)?;
        stage.log.write(
            stage.now.elapsed,
            self.number,
            format_args!("begin {}", self.profile.name),
        );
        let config = Config {
            profile: Arc::clone(&self.profile),
            url: Arc::clone(&stage.url),
            variant: stage.variant,
            seed: stage.seed,
            viewer: u64::from(self.number),
        };
        let player = Player::new(config, stage.now);
        // Connections do not outlive the player; what the browser has kept does.
        self.idle = 0;
        self.life = Some(Life::new(player, &self.account, stage.now.elapsed));
        self.drain(stage)
    }

    fn timer(&mut self, stage: &mut Stage) -> Result<(), Broken> {
        let now = stage.now.elapsed;
        self.turns = match self.turns {
            (at, turns) if at == now => (at, turns + 1),
            _ => (now, 1),
        };
        if self.turns.1 > TURNS_MAX {
            return Err(Broken::Spins {
                turns: self.turns.1,
            });
        }
        self.timer = None;
        self.give(Input::Timer, stage)
    }

    fn flight(&mut self, id: FetchId) -> Option<&mut Flight> {
        self.life.as_mut()?.flights.get_mut(&id)
    }

    fn push(&self, at: Duration, what: What, stage: &mut Stage) {
        stage.queue.push(
            at,
            queue::Event {
                viewer: self.number,
                life: self.lives,
                what,
            },
        );
    }

    /// A request leaves.
    fn fetch(&mut self, fetch: Fetch, stage: &mut Stage) -> Result<(), Broken> {
        let now = stage.now.elapsed;
        let id = fetch.id;
        stage.log.write(
            now,
            self.number,
            format_args!(
                "fetch {} {} {:?} {} due {:?}",
                id.0,
                fetch.class.name(),
                fetch.lane,
                fetch.url.path(),
                fetch.due
            ),
        );
        stage.recorder.begin(fetch.class);
        let (stands, refused) = if fetch.connection == Connection::KeepAlive && self.idle > 0 {
            self.idle -= 1;
            (now, None)
        } else {
            let (took, result) = self.pipe.connect();
            (now + took, result.err())
        };
        let mut flight = Flight::new(fetch, now, stands);
        flight.fate = refused;
        let limit = flight.limit();
        if refused.is_some() {
            self.push(stands, What::Break(id), stage);
        } else {
            let arrives = stands + self.pipe.travel();
            self.push(arrives, What::Arrive(id), stage);
        }
        if let Some(limit) = limit {
            self.push(limit, What::Limit(id), stage);
        }
        if let Some(life) = &mut self.life {
            life.began(id)?;
            life.flights.insert(id, flight);
        }
        Ok(())
    }

    /// The origin gets a request.
    fn arrive(&mut self, id: FetchId, stage: &mut Stage) {
        let Some(flight) = self
            .life
            .as_mut()
            .and_then(|life| life.flights.get_mut(&id))
        else {
            return;
        };
        let fetch = &flight.fetch;
        let path = fetch.url.path();
        let copy = self.kept.get(path).filter(|_| fetch.conditional);
        let range = fetch
            .byte_range
            .map(|range| format!("bytes={}-{}", range.offset, range.end().saturating_sub(1)));
        let open = self.asks_for_ranges.then_some("bytes=0-");
        let ask = Ask {
            url: &fetch.url,
            if_none_match: copy.map(|copy| copy.etag.as_str()),
            range: range.as_deref().or(open),
            keep_body: fetch.keep_body,
        };
        let answer = stage.server.answer(&ask, stage.now);
        let left = stage.now.elapsed + answer.delay;
        let arrives = left + self.pipe.travel();
        let is_silent = answer.is_silent;
        flight.left = left;
        if is_silent {
            flight.fate = answer.breaks.map(|(_, failure)| failure);
        }
        flight.answered(answer);
        match self.pipe.mishap() {
            Mishap::None => {}
            Mishap::Reset { at } => flight.break_at(at),
            Mishap::Pause { at, length } => flight.pause_at(at, length),
        }
        let what = if is_silent {
            What::Break(id)
        } else {
            What::Head(id)
        };
        self.push(arrives, what, stage);
    }

    fn head(&mut self, id: FetchId, stage: &mut Stage) -> Result<(), Broken> {
        let now = stage.now.elapsed;
        let Some(status) = self.flight(id).and_then(|flight| flight.head_arrives(now)) else {
            return Ok(());
        };
        self.give(Input::Head { id, status }, stage)?;
        self.go_on(id, stage)
    }

    fn chunk(&mut self, id: FetchId, stage: &mut Stage) -> Result<(), Broken> {
        let now = stage.now;
        let Some(flight) = self.flight(id) else {
            return Ok(());
        };
        let (bytes, class) = (flight.bytes_arrive(now.elapsed), flight.fetch.class);
        stage.recorder.bytes(class, bytes, now);
        stage.told.bytes[class.index()] += bytes;
        self.give(Input::Progress { id, bytes }, stage)?;
        self.go_on(id, stage)
    }

    /// What follows what has arrived of an answer: more of it, or its end.
    fn go_on(&mut self, id: FetchId, stage: &mut Stage) -> Result<(), Broken> {
        let Some(flight) = self
            .life
            .as_mut()
            .and_then(|life| life.flights.get_mut(&id))
        else {
            return Ok(());
        };
        if let Some(failure) = flight.breaks_here() {
            return self.fail(id, failure, stage);
        }
        if flight.is_whole() {
            return self.complete(id, stage);
        }
        let (bytes, pause) = flight.next_bytes();
        let rate = flight.answer().and_then(|answer| answer.rate);
        flight.left = self.pipe.send(flight.left + pause, bytes, rate);
        // What follows does not overtake.
        let arrives = (flight.left + self.pipe.travel()).max(stage.now.elapsed);
        self.push(arrives, What::Chunk(id), stage);
        Ok(())
    }

    fn limit(&mut self, id: FetchId, stage: &mut Stage) -> Result<(), Broken> {
        let now = stage.now.elapsed;
        let Some(flight) = self.flight(id) else {
            return Ok(());
        };
        match flight.limit() {
            Some(limit) if limit > now => {
                self.push(limit, What::Limit(id), stage);
                Ok(())
            }
            Some(_) => {
                let failure = flight.timed_out(now);
                self.fail(id, failure, stage)
            }
            None => Ok(()),
        }
    }

    /// An exchange ended well, as HTTP has it.
    fn complete(&mut self, id: FetchId, stage: &mut Stage) -> Result<(), Broken> {
        let Some(flight) = self.life.as_mut().and_then(|life| life.flights.remove(&id)) else {
            return Ok(());
        };
        let Some(answer) = flight.answer().cloned() else {
            return Ok(());
        };
        if flight.fetch.connection != Connection::Close {
            self.idle = (self.idle + 1).min(IDLE_MAX);
        }
        let failure = match (answer.status, &answer.content) {
            (200 | 206 | 304, Content::Unreadable) => Some(Failure::InvalidPlaylist),
            (200 | 206 | 304, _) => None,
            (status, _) => Some(Failure::Status(status)),
        };
        if let Some(failure) = failure {
            self.landed(&flight, Outcome::Failed(failure), stage);
            return self.give(Input::Failed { id, failure }, stage);
        }
        let input = match answer.content {
            _ if answer.status == 304 => self.renewed(&flight),
            Content::Playlist(playlist) => {
                self.keep(&flight, answer.etag, &playlist);
                Input::Playlist {
                    id,
                    playlist,
                    final_url: None,
                }
            }
            _ => Input::Done {
                id,
                bytes: answer.len,
            },
        };
        let flight = reclassed(flight, &input, stage);
        self.landed(&flight, Outcome::Ok, stage);
        self.give(input, stage)
    }

    fn keep(&mut self, flight: &Flight, etag: Option<String>, playlist: &Playlist) {
        let Some(etag) = etag.filter(|_| flight.fetch.conditional) else {
            return;
        };
        let copy = Copy {
            etag,
            playlist: playlist.clone(),
            life: self.lives,
        };
        self.kept.insert(flight.fetch.url.path().to_owned(), copy);
    }

    /// What a 304 is to a player: nothing new, unless it has never seen what its browser has kept
    /// from an earlier life.
    fn renewed(&mut self, flight: &Flight) -> Input {
        let id = flight.fetch.id;
        match self.kept.get_mut(flight.fetch.url.path()) {
            Some(copy) if copy.life != self.lives => {
                copy.life = self.lives;
                Input::Playlist {
                    id,
                    playlist: copy.playlist.clone(),
                    final_url: None,
                }
            }
            _ => Input::Unchanged { id },
        }
    }

    fn fail(&mut self, id: FetchId, failure: Failure, stage: &mut Stage) -> Result<(), Broken> {
        let Some(flight) = self.life.as_mut().and_then(|life| life.flights.remove(&id)) else {
            return Ok(());
        };
        self.landed(&flight, Outcome::Failed(failure), stage);
        self.give(Input::Failed { id, failure }, stage)
    }

    fn cancel(&mut self, id: FetchId, stage: &mut Stage) -> Result<(), Broken> {
        let flight = self.life.as_mut().and_then(|life| life.flights.remove(&id));
        let flight = flight.ok_or(Broken::Cancel { id })?;
        self.landed(&flight, Outcome::Cancelled, stage);
        Ok(())
    }

    fn landed(&mut self, flight: &Flight, outcome: Outcome, stage: &mut Stage) {
        let now = stage.now;
        let sample = flight.sample(outcome, now.elapsed);
        let place = match outcome {
            Outcome::Ok => 0,
            Outcome::Failed(_) => 1,
            Outcome::Cancelled => 2,
        };
        stage.told.ended[sample.class.index()][place] += 1;
        if let Some(answer) = flight.answer().filter(|_| !is_whole(outcome)) {
            let cut = &mut stage.told.cut[sample.class.index()];
            cut.ok += u64::from(matches!(answer.status, 200 | 206 | 304));
            cut.sent += answer.len;
            cut.arrived += sample.bytes;
        }
        if sample.connect.is_some() {
            stage.told.reconnections += u64::from(self.was_connected);
            self.was_connected = true;
        }
        stage.recorder.end(Some(self.token.place()), &sample, now);
        let id = flight.fetch.id.0;
        let bytes = sample.bytes;
        stage.log.write(
            now.elapsed,
            self.number,
            format_args!("landed {id} {outcome:?} {:?} {bytes}", sample.status),
        );
    }

    /// One step: an input, its outputs, and what must hold afterwards.
    fn give(&mut self, input: Input, stage: &mut Stage) -> Result<(), Broken> {
        let Some(life) = &mut self.life else {
            return Ok(());
        };
        life.player.handle(stage.now, input);
        self.drain(stage)
    }

    fn drain(&mut self, stage: &mut Stage) -> Result<(), Broken> {
        for _ in 0..OUTPUTS_MAX {
            let Some(life) = &mut self.life else {
                return Ok(());
            };
            match life.player.poll() {
                Output::Fetch(fetch) => self.fetch(fetch, stage)?,
                Output::Cancel { id } => self.cancel(id, stage)?,
                Output::Event(event) => self.lived(event, stage)?,
                Output::Wait { until, reason } => {
                    life.check(&self.account, stage.now)?;
                    self.wait(until, reason, stage)?;
                    return self.supervise(stage);
                }
            }
        }
        Err(Broken::Spins { turns: OUTPUTS_MAX })
    }

    fn wait(
        &mut self,
        until: Option<Duration>,
        reason: Reason,
        stage: &mut Stage,
    ) -> Result<(), Broken> {
        let in_flight = self.life.as_ref().map_or(0, |life| life.flights.len());
        if reason == Reason::Over {
            self.timer = None;
            return if in_flight == 0 && until.is_none() {
                Ok(())
            } else {
                Err(Broken::Busy { in_flight })
            };
        }
        let Some(until) = until else {
            self.timer = None;
            return if in_flight > 0 {
                Ok(())
            } else {
                Err(Broken::Stuck)
            };
        };
        let at = until.max(stage.now.elapsed);
        if self.timer != Some(at) {
            self.timer = Some(at);
            self.push(at, What::Timer, stage);
        }
        Ok(())
    }

    /// Starts it again, as a swarm does.
    fn supervise(&mut self, stage: &mut Stage) -> Result<(), Broken> {
        let Some(life) = self.life.take_if(|life| life.is_over()) else {
            return Ok(());
        };
        let has_failed = life.player.state() == ViewerState::Failed;
        let again = match stage.restart {
            Restart::Always => true,
            Restart::OnFailure => has_failed,
            Restart::Never => false,
        };
        if !again {
            return Ok(());
        }
        let now = stage.now.elapsed;
        self.enter(ViewerState::BackingOff, now, stage)?;
        let wait = self.backoff.after(life.length(now), &mut self.rng);
        self.push(now + wait, What::Begin, stage);
        Ok(())
    }

    fn lived(&mut self, event: Event, stage: &mut Stage) -> Result<(), Broken> {
        let now = stage.now;
        stage
            .log
            .write(now.elapsed, self.number, format_args!("{event:?}"));
        if let Some(life) = &mut self.life {
            life.lived(&event);
        }
        let recorder = &mut stage.recorder;
        match event {
            Event::State { to, at } => {
                // Without a playhead nothing stalls: segments stay away for a while.
                let stalls = to == ViewerState::Stalled && self.profile.play.is_some();
                stage.told.stalls += u64::from(stalls);
                self.enter(to, at, stage)?;
            }
            Event::Started { after } => recorder.startup(after),
            Event::StallEnded { length } => recorder.stall_ended(length),
            Event::Second {
                live_latency,
                glass_to_glass_ms,
                ..
            } => {
                if let Some(latency) = live_latency {
                    recorder.live_latency(self.token.place(), latency);
                }
                if let Some(ms) = glass_to_glass_ms {
                    recorder.glass_to_glass(stage.series, ms, now);
                }
            }
            Event::Skipped { segments, .. } => {
                stage.told.skipped += u64::from(segments);
                recorder.skipped(u64::from(segments), now);
            }
            Event::Late => {
                stage.told.late += 1;
                recorder.late(1, now);
            }
            Event::StalePlaylist { .. } => {
                stage.told.stale += 1;
                recorder.stale_playlist(now);
            }
            Event::Seek { .. }
            | Event::VariantChosen { .. }
            | Event::GaveUp { .. }
            | Event::Finished => {}
        }
        Ok(())
    }

    fn enter(&mut self, to: ViewerState, at: Duration, stage: &mut Stage) -> Result<(), Broken> {
        self.account.enter(to, at, stage.now.elapsed)?;
        stage.told.lives[0] += u64::from(to == ViewerState::Ended);
        stage.told.lives[1] += u64::from(to == ViewerState::Failed);
        stage.recorder.enter(&mut self.token, to, at);
        Ok(())
    }

    /// The run is over: it leaves.
    pub(crate) fn leave(&mut self, stage: &mut Stage) -> Result<(), Broken> {
        stage.restart = Restart::Never;
        self.give(Input::Stop, stage)
    }

    pub(crate) fn number(&self) -> u32 {
        self.number
    }
}

/// Whether the whole answer arrived, whatever it said.
fn is_whole(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Ok | Outcome::Failed(Failure::Status(_) | Failure::InvalidPlaylist)
    )
}

/// The first playlist is asked for as a multivariant one, whatever it turns out to be.
fn reclassed(mut flight: Flight, input: &Input, stage: &mut Stage) -> Flight {
    let from = flight.fetch.class;
    let media = matches!(
        input,
        Input::Playlist {
            playlist: Playlist::Media(_),
            ..
        }
    );
    if from == Class::Multivariant && media {
        let bytes = flight.sample(Outcome::Ok, stage.now.elapsed).bytes;
        stage.recorder.reclass(from, Class::Playlist, bytes);
        stage.told.bytes[from.index()] -= bytes;
        stage.told.bytes[Class::Playlist.index()] += bytes;
        flight.fetch.class = Class::Playlist;
    }
    flight
}
