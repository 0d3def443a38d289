use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use base::{Class, Failure, Now};
use media::hls::Variables;
use player::{Event, Fetch, Input, Output, Player, Playlist, Profile, Reason, VariantChoice};
use tokio::time::Sleep;
use transport::{Client, Network, Session};
use url::Url;

use crate::browser_cache::BrowserCache;
use crate::diary::Diary;
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
    /// The network that it is behind; none: this machine's own.
    pub network: Option<Arc<Network>>,
    /// The run's seed.
    pub seed: u64,
}

impl Spec {
    /// Connections as this viewer makes them: over its network, with the credentials of its URL.
    pub fn session(&self, client: &Client) -> Session {
        let session = client.session_over(self.number, self.network.as_deref(), self.seed);
        session.authorize(&self.url);
        session
    }
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
    diary: Diary,
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

    /// Keeps why it ended.
    fn note(&mut self, event: Event) {
        if let Event::GaveUp { class, failure } = event {
            self.gave_up = Some((class, failure));
        }
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
        let broadcast = &spec.broadcast;
        let session = spec.session(&shared.client);
        Self {
            diary: Diary::new(Rc::clone(&shared), spec.number, broadcast, "hls", token),
            session,
            cache: BrowserCache::default(),
            shared,
            spec,
        }
    }

    /// What is written down of it: for states that its player doesn't enter.
    pub fn diary(&mut self) -> &mut Diary {
        &mut self.diary
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
        self.diary.begin(now.elapsed);
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
                    self.diary.leave();
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
                Output::Event(event) => {
                    life.note(event);
                    self.diary.record(event);
                }
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
        let record = Record::new(Rc::clone(&self.shared), self.diary.place(), &fetch);
        let id = fetch.id;
        let session = self.session.clone();
        let watch = Watch(Rc::clone(&record));
        let asked = Asked {
            shared: Rc::clone(&self.shared),
            record: Rc::clone(&record),
            copy: copy.cloned(),
            imports: life.imports.clone(),
            fetch,
        };
        // Begun in here: a future that is brought along has its place twice.
        let answer = async move { asked.understand(session.start(request, watch).await) };
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
            if let Input::Playlist { playlist, .. } = &input {
                self.diary.note(playlist);
            }
            life.hand_over(now, input);
        }
    }
}

/// Waits for what is in flight.
async fn finish(in_flight: &mut InFlight) {
    while !in_flight.is_empty() {
        in_flight.next().await;
    }
}
