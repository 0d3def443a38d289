//! A viewer in a room: a server made of a closure, a virtual clock, and a watch on the contract.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use base::{Failure, Now, ViewerState};
use media::hls::{self, Variables};
use player::{Config, Event, Fetch, FetchId, Input, Output, Player, Playlist, Reason};
use url::Url;

/// Wall clock when the run began.
pub(crate) const UNIX_MS: i64 = 1_800_000_000_000;

/// What the server does with a request, and after how long.
pub(crate) enum Answer {
    List(String, Duration),
    Body(Duration),
    Unchanged(Duration),
    Fail(Failure, Duration),
}

type Server<'a> = Box<dyn FnMut(&str, &Fetch, Duration) -> Answer + 'a>;

pub(crate) struct Lab<'a> {
    pub(crate) player: Player,
    pub(crate) now: Duration,
    /// Requests: when, file, the whole request.
    pub(crate) asked: Vec<(Duration, String, Fetch)>,
    pub(crate) events: Vec<(Duration, Event)>,
    pub(crate) cancelled: BTreeSet<FetchId>,
    server: Server<'a>,
    queue: BTreeMap<(Duration, u64), (FetchId, Input)>,
    serial: u64,
    open: BTreeSet<FetchId>,
    position: Duration,
}

pub(crate) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub(crate) fn base_url() -> Url {
    Url::parse("http://origin.example/live/").expect("a URL")
}

impl<'a> Lab<'a> {
    pub(crate) fn new(
        mut config: Config,
        file: &str,
        server: impl FnMut(&str, &Fetch, Duration) -> Answer + 'a,
    ) -> Self {
        config.url = Arc::new(base_url().join(file).expect("a URL"));
        let mut lab = Self {
            player: Player::new(config, Now::new(ms(1000), UNIX_MS)),
            now: ms(1000),
            asked: Vec::new(),
            events: Vec::new(),
            cancelled: BTreeSet::new(),
            server: Box::new(server),
            queue: BTreeMap::new(),
            serial: 0,
            open: BTreeSet::new(),
            position: Duration::ZERO,
        };
        lab.drain();
        lab
    }

    /// Runs until then, or until nothing more happens.
    pub(crate) fn run(&mut self, until: Duration) -> &mut Self {
        while self.step(until) {}
        self
    }

    /// The next thing that happens, if it happens before `end`.
    pub(crate) fn step(&mut self, end: Duration) -> bool {
        let Output::Wait { until, reason } = self.player.poll() else {
            panic!("drained");
        };
        let answer = self.queue.keys().next().map(|(at, _)| *at);
        let Some(at) = [until, answer].into_iter().flatten().min() else {
            assert_eq!(
                reason,
                Reason::Over,
                "it waits for nothing at all after {:?}: {:?}",
                self.files(),
                self.events
            );
            return false;
        };
        if at > end {
            return false;
        }
        self.now = at;
        let input = if answer == Some(at) {
            let (_, (id, input)) = self.queue.pop_first().expect("peeked");
            if !matches!(input, Input::Head { .. }) {
                self.open.remove(&id);
            }
            input
        } else {
            Input::Timer
        };
        self.give(input);
        true
    }

    /// Gives an input now, and drains.
    pub(crate) fn give(&mut self, input: Input) {
        let now = Now::new(self.now, UNIX_MS);
        self.player.handle(now, input);
        self.drain();
        if let Some(playhead) = self.player.playhead() {
            let position = playhead.position(now);
            assert!(position >= self.position, "the playhead went back");
            self.position = position;
        }
        if matches!(
            self.player.state(),
            ViewerState::Ended | ViewerState::Failed
        ) {
            assert!(self.open.is_empty(), "over, with requests open");
        }
    }

    fn drain(&mut self) {
        loop {
            match self.player.poll() {
                Output::Fetch(fetch) => self.fetch(fetch),
                Output::Cancel { id } => {
                    assert!(self.open.remove(&id), "cancelled what is not open");
                    self.cancelled.insert(id);
                    self.queue.retain(|_, (of, _)| *of != id);
                }
                Output::Event(event) => self.events.push((self.now, event)),
                Output::Wait { until, .. } => {
                    assert!(until.is_none_or(|until| until > self.now), "a busy loop");
                    assert_eq!(self.player.in_flight(), self.open.len());
                    return;
                }
            }
        }
    }

    fn fetch(&mut self, fetch: Fetch) {
        assert!(self.open.insert(fetch.id), "a number used twice");
        assert!(fetch.due <= self.now, "asked before it was due");
        let lane = self.asked.iter().filter(|(_, _, other)| {
            self.open.contains(&other.id) && other.lane == fetch.lane && other.class == fetch.class
        });
        // One playlist, and as many segments as the profile allows (and one beside a retry).
        let allowed = usize::from(self.player.profile().concurrency) + 1;
        assert!(lane.count() < allowed, "too many in flight: {fetch:?}");
        let file = fetch.url.path().rsplit('/').next().unwrap_or_default();
        let file = file.to_owned();
        let answer = (self.server)(&file, &fetch, self.now);
        let id = fetch.id;
        let (after, input) = match answer {
            Answer::List(text, after) => (after, Self::parsed(id, &fetch.url, &text)),
            Answer::Body(after) => {
                self.later(id, after / 2, Input::Head { id, status: 200 });
                (after, Input::Done { id, bytes: 1000 })
            }
            Answer::Unchanged(after) => (after, Input::Unchanged { id }),
            Answer::Fail(failure, after) => (after, Input::Failed { id, failure }),
        };
        self.later(id, after, input);
        self.asked.push((self.now, file, fetch));
    }

    fn parsed(id: FetchId, url: &Url, text: &str) -> Input {
        let playlist = match hls::parse(text.as_bytes(), url, &Variables::default()) {
            Ok(hls::Playlist::Media(list)) => Playlist::Media(Arc::new(list)),
            Ok(hls::Playlist::Multivariant(lists)) => Playlist::Multivariant(Arc::new(lists)),
            Err(_) => {
                let failure = Failure::InvalidPlaylist;
                return Input::Failed { id, failure };
            }
        };
        Input::Playlist {
            id,
            playlist,
            final_url: None,
        }
    }

    fn later(&mut self, id: FetchId, after: Duration, input: Input) {
        self.serial += 1;
        self.queue
            .insert((self.now + after, self.serial), (id, input));
    }

    pub(crate) fn files(&self) -> Vec<&str> {
        self.asked
            .iter()
            .map(|(_, file, _)| file.as_str())
            .collect()
    }

    pub(crate) fn times(&self, file: &str) -> Vec<u64> {
        let of_file = self.asked.iter().filter(|(_, other, _)| other == file);
        of_file.map(|(at, _, _)| at.as_millis() as u64).collect()
    }

    pub(crate) fn count(&self, is: impl Fn(&Event) -> bool) -> usize {
        self.events.iter().filter(|(_, event)| is(event)).count()
    }
}

/// A live list of `window` segments `seg0.ts`, `seg1.ts`, … of 2 s, of which segment 9 is the last
/// at second 0.
pub(crate) fn live(now: Duration, window: u64, extra: &str) -> String {
    let last = 9 + now.as_secs() / 2;
    let first = (last + 1).saturating_sub(window);
    let mut text =
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{first}\n{extra}");
    for number in first..=last {
        text += &format!("#EXTINF:2,\nseg{number}.ts\n");
    }
    text
}

/// A list of `count` segments that has ended.
pub(crate) fn vod(count: u64, extra: &str) -> String {
    let mut text = format!("#EXTM3U\n#EXT-X-TARGETDURATION:2\n{extra}");
    for number in 0..count {
        text += &format!("#EXTINF:2,\nseg{number}.ts\n");
    }
    text + "#EXT-X-ENDLIST\n"
}
