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

/// Playlists that are kept in mind; past this each viewer looks for itself. URLs that differ in
/// the query alone are different playlists: what a parameter means, a token or a channel, is the
/// origin's own business.
const PLAYLISTS_MAX: usize = 1024;

/// How long a look that came to nothing stands for all.
pub(super) const FAILURE_KEPT: Duration = Duration::from_secs(5);

/// A first playlist is looked at once: which variants there are does not change.
const FOR_EVER: Duration = Duration::MAX;

/// So many target durations after the last look the next one is due, where players log each
/// request for it: only that duration may change.
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

/// The first playlist of a stream, and where it was seen.
#[derive(Clone, Debug)]
pub(super) struct First {
    pub(super) found: Found,
    place: Rc<Place>,
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
    pub(super) async fn first(&self, who: Who<'_>) -> Option<First> {
        let target = first_target(who);
        let place = self.place(&target.url);
        let found = self.look(who, &target, &place, FOR_EVER).await?;
        Some(First { found, place })
    }

    /// The media playlist that a player is to read that was told `select`, where there is one;
    /// `logged`: it logs each request for it.
    pub(super) fn follow(
        &self,
        who: Who<'_>,
        first: &First,
        (select, logged): (Select, bool),
    ) -> Option<Followed> {
        let (target, place) = match &first.found.playlist {
            Playlist::Multivariant(lists) => {
                let target = media_target(lists, select)?;
                let place = self.place(&target.url);
                (target, place)
            }
            Playlist::Media(_) => (first_target(who), Rc::clone(&first.place)),
        };
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

    /// The same, once there is a first playlist to be had.
    pub(super) async fn follow_later(&self, who: Who<'_>, told: (Select, bool)) -> Followed {
        loop {
            tokio::time::sleep(FAILURE_KEPT).await;
            if let Some(first) = self.first(who).await
                && let Some(followed) = self.follow(who, &first, told)
            {
                return followed;
            }
        }
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
    /// one of ours. One that ends while we wait is as good as ours, whatever `age_max` is.
    async fn look(
        &self,
        who: Who<'_>,
        target: &Target,
        place: &Rc<Place>,
        age_max: Duration,
    ) -> Option<Found> {
        let since = self.shared.clock.elapsed();
        if let Some(seen) = place.seen(|seen| seen.stands(since, age_max)) {
            return seen.found;
        }
        loop {
            let looked = place.looked.notified();
            if let Some(seen) = place.seen(|seen| seen.at >= since) {
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
    /// The last look, if it is one of these.
    fn seen(&self, is_wanted: impl Fn(&Seen) -> bool) -> Option<Seen> {
        let seen = self.seen.borrow();
        seen.as_ref().filter(|seen| is_wanted(seen)).cloned()
    }
}

impl Seen {
    /// Whether it still stands at `now`.
    fn stands(&self, now: Duration, age_max: Duration) -> bool {
        let kept = match self.found {
            Some(_) => age_max,
            None => FAILURE_KEPT,
        };
        now.saturating_sub(self.at) < kept
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

#[cfg(test)]
mod tests {
    use std::pin::Pin;

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

    /// A server that gives this answer to the head of each request; and how many it has had.
    async fn server(answer: impl Fn(&str) -> &'static str + 'static) -> (Arc<Url>, Rc<Cell<u32>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/a.m3u8", listener.local_addr().unwrap());
        let asked = Rc::new(Cell::new(0));
        let count = Rc::clone(&asked);
        spawn_local(async move {
            let mut kept = Vec::new();
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                let mut head = [0; 4096];
                let read = socket.read(&mut head).await.unwrap();
                count.set(count.get() + 1);
                let answer = answer(&String::from_utf8_lossy(&head[..read]));
                socket.write_all(answer.as_bytes()).await.unwrap();
                kept.push(socket);
            }
        });
        (Arc::new(url.parse().unwrap()), asked)
    }

    const MEDIA: &str = "HTTP/1.1 200 OK\r\nContent-Length: 51\r\n\r\n\
        #EXTM3U\n#EXT-X-TARGETDURATION:3600\n#EXTINF:1,\na.ts\n";
    /// That of its media playlist: longer than any test takes.
    const TARGET: Duration = Duration::from_hours(1);
    const MULTIVARIANT: &str = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n\
        #EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\nm.m3u8?res=1\n\
        #EXT-X-STREAM-INF:BANDWIDTH=2000\nm.m3u8?res=2\n";
    const REDIRECT: &str = "HTTP/1.1 302 Found\r\nLocation: /m.m3u8\r\n\
        Connection: close\r\nContent-Length: 0\r\n\r\n";
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
            let (url, asked) = server(|_| REFUSAL).await;
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
            let (url, asked) = server(|_| MEDIA).await;
            let shared = shared();
            let (viewer, spec) = (viewer(&shared), spec(&url));
            let who = Who {
                viewer,
                spec: &spec,
            };
            let lookout = Lookout::new(&shared);
            let first = lookout.first(who).await.unwrap();
            let told = (Select::Variant(0), false);
            let one = lookout.follow(who, &first, told).unwrap();
            let two = lookout.follow(who, &first, told).unwrap();
            assert!(lookout.fresh(who, &one).await.is_some());
            assert_eq!(asked.get(), 1, "the first playlist is the media playlist");
            let mut next =
                Box::pin(async { tokio::join!(lookout.next(who, &one), lookout.next(who, &two)) });
            pass(TARGET, next.as_mut()).await;
            next.await;
            assert_eq!(asked.get(), 2);
        };
        LocalSet::new().run_until(Box::pin(test)).await;
    }

    #[tokio::test]
    async fn who_waits_for_a_look_takes_what_it_brings() {
        let test = async {
            let lists = |head: &str| {
                if head.contains("/a.m3u8") {
                    MULTIVARIANT
                } else {
                    MEDIA
                }
            };
            let (url, asked) = server(lists).await;
            let shared = shared();
            let (viewer, spec) = (viewer(&shared), spec(&url));
            let who = Who {
                viewer,
                spec: &spec,
            };
            let lookout = Lookout::new(&shared);
            let first = lookout.first(who).await.unwrap();
            let one = lookout.follow(who, &first, (Select::Variant(0), true));
            let one = one.unwrap();
            assert_eq!(asked.get(), 1);
            let fresh = || lookout.fresh(who, &one);
            let (a, b, c) = tokio::join!(fresh(), fresh(), fresh());
            assert!(a.is_some() && b.is_some() && c.is_some());
            assert_eq!(asked.get(), 2);
            let other = lookout.follow(who, &first, (Select::Variant(1), true));
            assert!(lookout.fresh(who, &other.unwrap()).await.is_some());
            assert_eq!(asked.get(), 3, "another query is another playlist");
        };
        LocalSet::new().run_until(Box::pin(test)).await;
    }

    #[tokio::test]
    async fn a_look_is_ours_under_the_classes_of_its_requests() {
        let test = async {
            let answer = |head: &str| {
                if head.contains("/a.m3u8") {
                    REDIRECT
                } else {
                    MEDIA
                }
            };
            let (url, _) = server(answer).await;
            let shared = shared();
            shared.recorder.borrow_mut().estimates();
            let (viewer, spec) = (viewer(&shared), spec(&url));
            let who = Who {
                viewer,
                spec: &spec,
            };
            assert!(Lookout::new(&shared).first(who).await.is_some());
            let now = shared.clock.now();
            let told = shared.recorder.borrow_mut().snapshot(now);
            let own = told.estimated.unwrap().classes;
            for class in [Class::Multivariant, Class::Playlist] {
                assert_eq!(own[&class].own, 1, "{class:?}");
                let counted = told.requests.of(class);
                assert_eq!(counted.requests(), 1, "{class:?}");
            }
        };
        LocalSet::new().run_until(Box::pin(test)).await;
    }

    #[tokio::test]
    async fn past_the_limit_each_looks_for_itself_and_only_once() {
        let test = async {
            let (url, asked) = server(|_| MEDIA).await;
            let shared = shared();
            let (viewer, spec) = (viewer(&shared), spec(&url));
            let who = Who {
                viewer,
                spec: &spec,
            };
            let lookout = Lookout::new(&shared);
            for n in 0..PLAYLISTS_MAX {
                let other = format!("http://h/{n}.m3u8").parse().unwrap();
                lookout.place(&Arc::new(other));
            }
            let first = lookout.first(who).await.unwrap();
            let told = (Select::Variant(0), false);
            let followed = lookout.follow(who, &first, told).unwrap();
            assert!(lookout.fresh(who, &followed).await.is_some());
            assert_eq!(asked.get(), 1);
        };
        LocalSet::new().run_until(Box::pin(test)).await;
    }

    #[tokio::test]
    async fn what_failed_at_the_start_is_tried_again() {
        let test = async {
            let busy = Cell::new(true);
            let answer = move |_: &str| if busy.take() { REFUSAL } else { MEDIA };
            let (url, asked) = server(answer).await;
            let shared = shared();
            let (viewer, spec) = (viewer(&shared), spec(&url));
            let who = Who {
                viewer,
                spec: &spec,
            };
            let lookout = Lookout::new(&shared);
            assert!(lookout.first(who).await.is_none());
            let told = (Select::Variant(0), false);
            let mut followed = Box::pin(lookout.follow_later(who, told));
            pass(FAILURE_KEPT, followed.as_mut()).await;
            followed.await;
            assert_eq!(asked.get(), 2);
        };
        LocalSet::new().run_until(Box::pin(test)).await;
    }

    /// Lets so much time pass for what waits for it; then it runs as it does otherwise.
    async fn pass<T>(time: Duration, waits: Pin<&mut impl Future<Output = T>>) {
        tokio::select! {
            biased;
            _ = waits => panic!("nothing is due yet"),
            () = std::future::ready(()) => {}
        }
        tokio::time::pause();
        tokio::time::advance(time).await;
        tokio::time::resume();
    }
}
