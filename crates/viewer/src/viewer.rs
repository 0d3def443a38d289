use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use base::{Class, Failure, Now, ViewerState};
use media::hls::Variables;
use player::{
    Because, Event, Fetch, Input, Output, Player, Playlist, Profile, Reason, VariantChoice,
};
use telemetry::slo;
use tokio::time::Sleep;
use transport::Session;
use url::Url;

use crate::browser_cache::BrowserCache;
use crate::exchange::{Record, Watch};
use crate::in_flight::{InFlight, Update};
use crate::request::{self, Answer, Asked, Learned};
use crate::{Shared, Stop};

/// What one viewer is.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Its number, from 0.
    pub number: u64,
    /// The player it imitates, with what was set by hand.
    pub profile: Arc<Profile>,
    /// The stream.
    pub url: Arc<Url>,
    /// Which variant it watches.
    pub variant: VariantChoice,
    /// The user's own headers.
    pub headers: Arc<[(String, String)]>,
    /// Replaces the profile's own `User-Agent`.
    pub user_agent: Option<Arc<str>>,
    /// Send no-cache request headers.
    pub no_cache: bool,
    /// The name under which its latency is kept.
    pub broadcast: Arc<str>,
    /// The run's seed.
    pub seed: u64,
}

/// How one life of a viewer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The stream ended and was played to its end.
    Finished,
    /// Its player gave up: on this, because of that.
    Failed(Class, Failure),
    /// It was told to leave: by itself, or because the run was stopped.
    Stopped,
}

/// One viewer: connections, cookies and cache outlive its player.
#[derive(Debug)]
pub struct Viewer {
    shared: Rc<Shared>,
    spec: Spec,
    session: Session,
    cache: BrowserCache,
    token: telemetry::Viewer,
    series: slo::Series,
    /// Time spent playing in this life, up to the last time it stopped to.
    played: Duration,
}

/// One life: from the press of play to the end.
struct Life {
    player: Player,
    in_flight: InFlight,
    /// Variables of the multivariant playlist, for media playlists that import them.
    imports: Option<Arc<Variables>>,
    gave_up: Option<(Class, Failure)>,
}

impl Life {
    /// Gives the player an answer, whether it came over the network or out of the cache.
    fn hand_over(&mut self, now: Now, input: Input) {
        if let Input::Playlist {
            playlist: Playlist::Multivariant(multivariant),
            ..
        } = &input
        {
            let variables = multivariant.variables.clone();
            self.imports = (!variables.is_empty()).then(|| Arc::new(variables));
        }
        self.player.handle(now, input);
    }
}

/// What the player waits for.
enum Wait {
    Until(Option<Duration>),
    Over,
}

impl Viewer {
    /// A viewer that waits for its turn.
    pub fn new(shared: Rc<Shared>, spec: Spec, token: telemetry::Viewer) -> Self {
        let now = shared.clock.now();
        let key = slo::Key::new(&spec.broadcast, "hls", slo::Source::Viewer);
        let series = shared.recorder.borrow_mut().slo().series(&key, now);
        Self {
            session: shared.client.session(),
            cache: BrowserCache::default(),
            shared,
            spec,
            token,
            series,
            played: Duration::ZERO,
        }
    }

    /// Changes its state where the player doesn't: waiting for a restart, failed for good.
    pub fn enter(&mut self, state: ViewerState) {
        let at = self.shared.clock.elapsed();
        self.enter_at(state, at);
    }

    /// It was told to leave and does: it has ended, whatever is still in flight.
    pub fn leave(&mut self) {
        let at = self.shared.clock.elapsed();
        self.add_played(at);
        let mut recorder = self.shared.recorder.borrow_mut();
        recorder.leave(&mut self.token, at);
    }

    /// Time spent playing in the last life.
    pub fn played(&self) -> Duration {
        self.played
    }

    fn enter_at(&mut self, state: ViewerState, at: Duration) {
        self.add_played(at);
        let mut recorder = self.shared.recorder.borrow_mut();
        recorder.enter(&mut self.token, state, at);
    }

    /// Counts the stay that ends at `at`, if it was one of playing.
    fn add_played(&mut self, at: Duration) {
        if self.token.state() == ViewerState::Playing {
            self.played += at.saturating_sub(self.token.since());
        }
    }

    /// Watches the stream once: until it ends, the player gives up, or it is told to stop, which
    /// is to leave. From then on requests in flight are waited for and nothing else is done.
    pub async fn watch(&mut self, stop: &Stop) -> End {
        let now = self.shared.clock.now();
        let config = player::Config {
            profile: Arc::clone(&self.spec.profile),
            url: Arc::clone(&self.spec.url),
            variant: self.spec.variant,
            seed: self.spec.seed,
            viewer: self.spec.number,
        };
        let mut life = Life {
            player: Player::new(config, now),
            in_flight: InFlight::default(),
            imports: None,
            gave_up: None,
        };
        self.enter_at(ViewerState::Starting, now.elapsed);
        self.played = Duration::ZERO;
        let end = self.live(&mut life, stop).await;
        self.session.close_idle();
        end
    }

    async fn live(&mut self, life: &mut Life, stop: &Stop) -> End {
        let timer = tokio::time::sleep(Duration::ZERO);
        let told = stop.told();
        tokio::pin!(timer, told);
        loop {
            let until = match self.carry_out(life) {
                Wait::Until(until) => until,
                Wait::Over => {
                    let failed = life.gave_up.map(|(class, why)| End::Failed(class, why));
                    return failed.unwrap_or(End::Finished);
                }
            };
            self.set(timer.as_mut(), until);
            tokio::select! {
                biased;
                () = &mut told => {
                    self.leave();
                    finish(&mut life.in_flight).await;
                    return End::Stopped;
                }
                update = life.in_flight.next() => self.tell(life, update),
                () = timer.as_mut(), if until.is_some() => {
                    life.player.handle(self.shared.clock.now(), Input::Timer);
                }
            }
        }
    }

    fn set(&self, timer: std::pin::Pin<&mut Sleep>, until: Option<Duration>) {
        if let Some(until) = until {
            timer.reset(self.shared.clock.instant(until));
        }
    }

    /// Does what the player wants until it waits.
    fn carry_out(&mut self, life: &mut Life) -> Wait {
        loop {
            match life.player.poll() {
                Output::Fetch(fetch) => self.fetch(life, fetch),
                Output::Cancel { id } => life.in_flight.cancel(id),
                Output::Event(event) => self.record(life, event),
                Output::Wait {
                    reason: Reason::Over,
                    ..
                } => return Wait::Over,
                Output::Wait { until, .. } => return Wait::Until(until),
            }
        }
    }

    /// A browser keeps nothing with its cache off, and nothing that came under a certificate that
    /// it was told to overlook.
    fn may_cache(&self, url: &Url) -> bool {
        let overlooked = self.shared.insecure && url.scheme() == "https";
        !self.spec.no_cache && !overlooked
    }

    /// Makes a request, or answers it from the cache.
    fn fetch(&mut self, life: &mut Life, fetch: Fetch) {
        let cached = fetch.conditional && self.may_cache(&fetch.url);
        let copy = cached.then(|| self.cache.get(&fetch.url)).flatten();
        if let Some(copy) = copy
            && self.shared.clock.elapsed() < copy.fresh_until
        {
            let answer = request::from_cache(&fetch, copy);
            life.hand_over(self.shared.clock.now(), answer);
            return;
        }
        let validators = copy.map(|copy| &copy.validators);
        let request = match request::build(&self.spec, &fetch, validators) {
            Ok(request) => request,
            Err(error) => {
                tracing::error!(%error, "a request can't be written");
                let (id, failure) = (fetch.id, error.failure());
                let now = self.shared.clock.now();
                life.player.handle(now, Input::Failed { id, failure });
                return;
            }
        };
        let record = Record::new(Rc::clone(&self.shared), self.token.place(), &fetch);
        let exchange = self.session.start(request, Watch(Rc::clone(&record)));
        let id = fetch.id;
        let asked = Asked {
            shared: Rc::clone(&self.shared),
            record: Rc::clone(&record),
            copy: copy.cloned(),
            imports: life.imports.clone(),
            fetch,
        };
        let answer = async move { asked.understand(exchange.await) };
        life.in_flight.add(id, record, Box::pin(answer));
    }

    /// Tells the player what happened on a request.
    fn tell(&mut self, life: &mut Life, update: Update) {
        let now = self.shared.clock.now();
        let id = update.id;
        if let Some(status) = update.news.status {
            life.player.handle(now, Input::Head { id, status });
        }
        if update.news.bytes > 0 {
            let bytes = update.news.bytes;
            life.player.handle(now, Input::Progress { id, bytes });
        }
        if let Some(Answer {
            input,
            learned,
            url,
        }) = update.answer
        {
            match learned {
                Learned::Nothing => {}
                Learned::Keep(copy) => self.cache.keep(url, copy),
                Learned::Forget => self.cache.forget(&url),
                Learned::Renew(until) => self.cache.renew(&url, until),
            }
            self.note(&input);
            life.hand_over(now, input);
        }
    }

    /// Writes down what an answer says of the stream.
    fn note(&self, input: &Input) {
        if let Input::Playlist {
            playlist: Playlist::Media(list),
            ..
        } = input
        {
            let mut recorder = self.shared.recorder.borrow_mut();
            recorder.target_duration(list.target_duration);
        }
    }

    /// Writes down what the player lived through.
    fn record(&mut self, life: &mut Life, event: Event) {
        let now = self.shared.clock.now();
        if let Event::State { to, at } = event {
            self.enter_at(to, at);
            return;
        }
        let mut recorder = self.shared.recorder.borrow_mut();
        match event {
            Event::State { .. } | Event::Finished => {}
            Event::Started { after } => recorder.startup(after),
            Event::StallEnded { length } => recorder.stall_ended(length),
            Event::Second {
                at,
                live_latency,
                glass_to_glass_ms,
            } => {
                let unix_ms = now.unix_ms_at(at);
                let now = Now {
                    elapsed: at,
                    unix_ms,
                };
                if let Some(latency) = live_latency {
                    recorder.live_latency(self.token.place(), latency);
                }
                if let Some(latency_ms) = glass_to_glass_ms {
                    recorder.glass_to_glass(self.series, latency_ms, now);
                }
            }
            Event::Skipped { segments, because } => match because {
                Because::LeftList | Because::GivenUp => {
                    recorder.skipped(u64::from(segments), now);
                }
                // The origin left it out itself: nobody could have fetched it.
                Because::Gap => {}
            },
            Event::Late => recorder.late(1, now),
            Event::StalePlaylist { .. } => recorder.stale_playlist(now),
            Event::Seek { from, to } => {
                tracing::debug!(viewer = self.spec.number, ?from, ?to, "jumped");
            }
            Event::VariantChosen { index, bandwidth } => {
                tracing::debug!(viewer = self.spec.number, index, bandwidth, "variant");
            }
            Event::GaveUp { class, failure } => {
                let class_name = class.name();
                tracing::info!(viewer = self.spec.number, class_name, %failure, "gave up");
                life.gave_up = Some((class, failure));
            }
        }
    }
}

impl Drop for Viewer {
    /// A viewer that comes down by our own fault has failed, and does not count as playing on.
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Ok(mut recorder) = self.shared.recorder.try_borrow_mut()
        {
            let at = self.shared.clock.elapsed();
            recorder.enter(&mut self.token, ViewerState::Failed, at);
        }
    }
}

/// Waits for what is in flight.
async fn finish(in_flight: &mut InFlight) {
    while !in_flight.is_empty() {
        in_flight.next().await;
    }
}
