//! What the playlists of the streams say, looked at once for all viewers of a worker.
//!
//! Whoever needs a look first has it; those who come meanwhile wait for what it brings, be it
//! nothing. If who looks is told to leave, the next one of them looks.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use base::Class;
use ffmpeg::Select;
use media::hls::{MediaPlaylist, Multivariant};
use player::Playlist;
use tokio::sync::Notify;
use url::Url;
use viewer::Shared;

use super::scout::{self, Found, Target, Who};

/// Playlists that are kept in mind; past this each viewer looks for itself.
const PLAYLISTS_MAX: usize = 1024;

/// How long a look that came to nothing stands for all.
pub(super) const FAILURE_KEPT: Duration = Duration::from_secs(5);

/// A first playlist is looked at once: which variants there are does not change.
const FOR_EVER: Duration = Duration::MAX;

/// So many target durations after the last look the next one is due, where players log what they
/// fetch: only that duration may change.
const LOOK_EVERY_LOGGED: u32 = 10;

/// The same where they do not: the playlist is all that tells of new media, and one that has
/// stopped is to be known within three target durations.
const LOOK_EVERY_SILENT: u32 = 1;

/// The eyes of one worker.
#[derive(Debug)]
pub(super) struct Lookout {
    shared: Rc<Shared>,
    places: RefCell<HashMap<Arc<Url>, Rc<Place>>>,
}

/// A playlist that is looked at.
#[derive(Debug, Default)]
struct Place {
    seen: RefCell<Option<Seen>>,
    looking: Cell<bool>,
    looked: Notify,
}

/// The last look that came to an end.
#[derive(Clone, Debug)]
struct Seen {
    at: Duration,
    found: Option<Found>,
}

/// The media playlist that a player reads.
#[derive(Clone, Debug)]
pub(super) struct Followed {
    target: Target,
    place: Rc<Place>,
    /// Target durations between two looks.
    every: u32,
}

impl Lookout {
    pub(super) fn new(shared: &Rc<Shared>) -> Self {
        Self {
            shared: Rc::clone(shared),
            places: RefCell::default(),
        }
    }

    /// The first playlist of a viewer's stream.
    pub(super) async fn first(&self, who: Who<'_>) -> Option<Found> {
        let target = first_target(who);
        let place = self.place(&target.url);
        self.look(who, &target, &place, FOR_EVER).await
    }

    /// The same, as far as anybody has looked.
    pub(super) fn first_seen(&self, url: &Url) -> Option<Found> {
        let places = self.places.borrow();
        let seen = places.get(url)?.seen.borrow();
        seen.as_ref()?.found.clone()
    }

    /// The media playlist that a player is to read that was told `select`, where there is one;
    /// `logged`: it logs what it fetches. It is looked at, unless that was done a target duration
    /// ago at most.
    pub(super) async fn follow(
        &self,
        who: Who<'_>,
        (select, logged): (Select, bool),
    ) -> Option<Followed> {
        let first = self.first(who).await?;
        let target = match &first.playlist {
            Playlist::Multivariant(lists) => media_target(lists, select)?,
            Playlist::Media(_) => first_target(who),
        };
        let place = self.place(&shared_key(&target.url));
        let every = if logged {
            LOOK_EVERY_LOGGED
        } else {
            LOOK_EVERY_SILENT
        };
        Some(Followed {
            target,
            place,
            every,
        })
    }

    /// The playlist, not older than a target duration.
    pub(super) async fn fresh(
        &self,
        who: Who<'_>,
        followed: &Followed,
    ) -> Option<Arc<MediaPlaylist>> {
        self.not_older(who, followed, 1).await
    }

    /// The next state of the playlist, when the next look is due and done.
    pub(super) async fn next(&self, who: Who<'_>, followed: &Followed) -> Arc<MediaPlaylist> {
        loop {
            if followed.has_ended() {
                return std::future::pending().await;
            }
            let due = followed.due_at();
            tokio::time::sleep_until(self.shared.clock.instant(due)).await;
            if let Some(list) = self.not_older(who, followed, followed.every).await {
                return list;
            }
        }
    }

    async fn not_older(
        &self,
        who: Who<'_>,
        followed: &Followed,
        targets: u32,
    ) -> Option<Arc<MediaPlaylist>> {
        let age_max = followed.target_duration().unwrap_or_default() * targets;
        let (target, place) = (&followed.target, &followed.place);
        media(self.look(who, target, place, age_max).await?.playlist)
    }

    /// What a look brings that is younger than `age_max`: an earlier one, one that is under way, or
    /// one of ours.
    async fn look(
        &self,
        who: Who<'_>,
        target: &Target,
        place: &Rc<Place>,
        age_max: Duration,
    ) -> Option<Found> {
        loop {
            let looked = place.looked.notified();
            let now = self.shared.clock.elapsed();
            if let Some(seen) = place.seen(now, age_max) {
                return seen.found;
            }
            if place.looking.replace(true) {
                looked.await;
                continue;
            }
            let _turn = Turn(place);
            let found = scout::look(&self.shared, who, target).await;
            let at = self.shared.clock.elapsed();
            *place.seen.borrow_mut() = Some(Seen {
                at,
                found: found.clone(),
            });
            return found;
        }
    }

    fn place(&self, url: &Arc<Url>) -> Rc<Place> {
        let mut places = self.places.borrow_mut();
        if let Some(place) = places.get(url) {
            return Rc::clone(place);
        }
        let place = Rc::new(Place::default());
        if places.len() < PLAYLISTS_MAX {
            places.insert(Arc::clone(url), Rc::clone(&place));
        }
        place
    }
}

impl Place {
    /// The last look, where it still stands at `now`.
    fn seen(&self, now: Duration, age_max: Duration) -> Option<Seen> {
        let seen = self.seen.borrow();
        let seen = seen.as_ref()?;
        let kept = match seen.found {
            Some(_) => age_max,
            None => FAILURE_KEPT,
        };
        (now.saturating_sub(seen.at) < kept).then(|| seen.clone())
    }
}

impl Followed {
    fn list(&self) -> Option<Arc<MediaPlaylist>> {
        let seen = self.place.seen.borrow();
        media(seen.as_ref()?.found.as_ref()?.playlist.clone())
    }

    fn target_duration(&self) -> Option<Duration> {
        Some(self.list()?.target_duration)
    }

    /// Nothing will come any more.
    fn has_ended(&self) -> bool {
        self.list().is_some_and(|list| !list.is_live())
    }

    /// When it is to be looked at again (time since the run began).
    fn due_at(&self) -> Duration {
        let at = self.place.seen.borrow().as_ref().map(|seen| seen.at);
        let every = self.target_duration().map(|target| target * self.every);
        at.unwrap_or_default() + every.unwrap_or(FAILURE_KEPT)
    }
}

/// Who looks; dropped, the others learn that it is done, or that it was broken off.
struct Turn<'a>(&'a Place);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.looking.set(false);
        self.0.looked.notify_waiters();
    }
}

/// A stream's first playlist is a multivariant one until it says otherwise.
fn first_target(who: Who<'_>) -> Target {
    Target {
        url: Arc::clone(&who.spec.url),
        imports: None,
        class: Class::Multivariant,
    }
}

/// The media playlist of the variant that is read; of all, that of the first.
fn media_target(lists: &Multivariant, select: Select) -> Option<Target> {
    let place = match select {
        Select::All => 0,
        Select::Variant(place) => place,
    };
    let variables = &lists.variables;
    Some(Target {
        url: Arc::clone(&lists.variants.get(place)?.uri),
        imports: (!variables.is_empty()).then(|| Arc::new(variables.clone())),
        class: Class::Playlist,
    })
}

fn media(playlist: Playlist) -> Option<Arc<MediaPlaylist>> {
    match playlist {
        Playlist::Media(list) => Some(list),
        Playlist::Multivariant(_) => None,
    }
}

/// What viewers have in common whose URLs differ in the query alone, in tokens and the like: one
/// look is enough for all.
fn shared_key(url: &Arc<Url>) -> Arc<Url> {
    if url.query().is_none() {
        return Arc::clone(url);
    }
    let mut key = Url::clone(url);
    key.set_query(None);
    Arc::new(key)
}

#[cfg(test)]
mod tests {
    use base::Now;
    use player::{Profile, VariantChoice};
    use telemetry::Recorder;
    use telemetry::viewers::Playback;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::task::{LocalSet, spawn_local};
    use transport::{Client, Clock, Config};
    use viewer::Spec;

    use super::*;

    /// A server that gives this answer to each request; and how many it has had.
    async fn server(answer: &'static str) -> (Arc<Url>, Rc<Cell<u32>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/a.m3u8", listener.local_addr().unwrap());
        let asked = Rc::new(Cell::new(0));
        let count = Rc::clone(&asked);
        spawn_local(async move {
            let mut kept = Vec::new();
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                let mut head = [0; 4096];
                let _ = socket.read(&mut head).await.unwrap();
                count.set(count.get() + 1);
                socket.write_all(answer.as_bytes()).await.unwrap();
                kept.push(socket);
            }
        });
        (Arc::new(url.parse().unwrap()), asked)
    }

    const MEDIA: &str = "HTTP/1.1 200 OK\r\nContent-Length: 48\r\n\r\n\
        #EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.ts\n";
    const REFUSAL: &str = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";

    fn shared() -> Rc<Shared> {
        let client = Client::new(Config::default(), Clock::start()).unwrap();
        let now = client.clock().now();
        Shared::new(
            client,
            Recorder::new(Now::new(Duration::ZERO, now.unix_ms)),
            false,
        )
    }

    fn spec(url: &Arc<Url>) -> Spec {
        Spec {
            number: 0,
            profile: Arc::new(Profile::hls_js()),
            url: Arc::clone(url),
            variant: VariantChoice::Profile,
            headers: Arc::default(),
            user_agent: None,
            no_cache: false,
            broadcast: "".into(),
            network: None,
            seed: 0,
        }
    }

    fn viewer(shared: &Shared) -> telemetry::viewers::Place {
        let mut recorder = shared.recorder.borrow_mut();
        let token = recorder.add_viewer(0, Playback::Untracked, Duration::ZERO);
        token.place()
    }

    #[tokio::test]
    async fn a_look_that_comes_to_nothing_stands_for_all() {
        let test = async {
            let (url, asked) = server(REFUSAL).await;
            let shared = shared();
            let (viewer, spec) = (viewer(&shared), spec(&url));
            let who = Who {
                viewer,
                spec: &spec,
            };
            let lookout = Lookout::new(&shared);
            let looks = (lookout.first(who), lookout.first(who), lookout.first(who));
            let (one, two, three) = tokio::join!(looks.0, looks.1, looks.2);
            assert!(one.is_none() && two.is_none() && three.is_none());
            assert!(lookout.first(who).await.is_none());
            assert_eq!(asked.get(), 1, "what came to nothing stands for a while");
        };
        LocalSet::new().run_until(Box::pin(test)).await;
    }

    #[tokio::test]
    async fn one_look_is_enough_for_all_until_the_next_is_due() {
        let test = async {
            let (url, asked) = server(MEDIA).await;
            let shared = shared();
            let (viewer, spec) = (viewer(&shared), spec(&url));
            let who = Who {
                viewer,
                spec: &spec,
            };
            let lookout = Lookout::new(&shared);
            let told = (Select::Variant(0), false);
            let (one, two) = tokio::join!(lookout.follow(who, told), lookout.follow(who, told));
            let (one, two) = (one.unwrap(), two.unwrap());
            assert!(lookout.fresh(who, &one).await.is_some());
            assert_eq!(asked.get(), 1, "the first playlist is the media playlist");
            tokio::join!(lookout.next(who, &one), lookout.next(who, &two));
            assert_eq!(asked.get(), 2);
        };
        LocalSet::new().run_until(Box::pin(test)).await;
    }
}
