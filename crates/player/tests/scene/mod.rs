//! Somebody else's player in front of an origin, told step by step, and who watches it.

use std::sync::Arc;
use std::time::Duration;

use base::{Class, Failure, Now, ViewerState};
use media::hls::{self, Variables};
use player::spectator::{Config, ExchangeId, Extent, Fact, Spectator};
use player::{Event, Playlist};
use url::Url;

/// Wall clock when the run began.
pub(crate) const UNIX_MS: i64 = 1_800_000_000_000;

pub(crate) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub(crate) fn url(file: &str) -> Url {
    let base = Url::parse("http://origin.example/live/").unwrap();
    base.join(file).unwrap()
}

/// A watched player. Instants are in milliseconds.
pub(crate) struct Scene {
    pub(crate) spectator: Spectator,
    pub(crate) events: Vec<Event>,
    next: u32,
    now: u64,
}

impl Scene {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            spectator: Spectator::new(config, Now::new(Duration::ZERO, UNIX_MS)),
            events: Vec::new(),
            next: 0,
            now: 0,
        }
    }

    /// A fact at `at`, after all timers before it.
    pub(crate) fn tell(&mut self, at: u64, fact: Fact) {
        self.until(at);
        self.handle(fact);
    }

    fn handle(&mut self, fact: Fact) {
        self.spectator.handle(Now::new(ms(self.now), UNIX_MS), fact);
        self.drain();
    }

    /// Lets time pass.
    pub(crate) fn until(&mut self, at: u64) -> &mut Self {
        while let Some(deadline) = self.spectator.deadline()
            && deadline <= ms(at)
        {
            let now = Now::new(deadline, UNIX_MS);
            self.spectator.handle(now, Fact::Timer);
            self.drain();
            assert_ne!(self.spectator.deadline(), Some(deadline), "a busy loop");
        }
        self.now = at;
        self
    }

    fn drain(&mut self) {
        while let Some(event) = self.spectator.poll() {
            self.events.push(event);
        }
    }

    pub(crate) fn ask(&mut self, at: u64, file: &str, extent: Extent) -> ExchangeId {
        self.next += 1;
        let id = ExchangeId(self.next);
        let url = Arc::new(url(file));
        self.tell(at, Fact::Asked { id, url, extent });
        id
    }

    /// A playlist that is asked for and comes at once.
    pub(crate) fn list(&mut self, at: u64, file: &str, text: &str) -> &mut Self {
        let id = self.ask(at, file, Extent::WHOLE);
        let playlist = match hls::parse(text.as_bytes(), &url(file), &Variables::default()) {
            Ok(hls::Playlist::Media(list)) => Playlist::Media(Arc::new(list)),
            Ok(hls::Playlist::Multivariant(lists)) => Playlist::Multivariant(Arc::new(lists)),
            Err(error) => panic!("{error}"),
        };
        let final_url = None;
        self.handle(Fact::Playlist {
            id,
            playlist,
            final_url,
        });
        self
    }

    /// A file that is asked for and comes whole.
    pub(crate) fn got(&mut self, at: u64, file: &str) -> &mut Self {
        let id = self.ask(at, file, Extent::WHOLE);
        let extent = Extent::WHOLE;
        self.handle(Fact::Arrived { id, extent });
        self
    }

    /// A file that is asked for and fails.
    pub(crate) fn lost(&mut self, at: u64, file: &str, status: u16) -> &mut Self {
        let id = self.ask(at, file, Extent::WHOLE);
        let failure = Some(Failure::Status(status));
        let got = None;
        self.handle(Fact::Failed { id, failure, got });
        self
    }

    pub(crate) fn state(&self) -> ViewerState {
        self.spectator.state()
    }

    /// Changes of state: to what, and when in milliseconds.
    pub(crate) fn states(&self) -> Vec<(ViewerState, u64)> {
        let states = self.events.iter().filter_map(|event| match event {
            Event::State { to, at } => Some((*to, at.as_millis() as u64)),
            _ => None,
        });
        states.collect()
    }

    pub(crate) fn class(&self, file: &str) -> Class {
        self.spectator.class_of(&url(file), Extent::WHOLE)
    }
}

/// A live list of segments of 2 s, `first` to `last`: `NAME7.ts`.
pub(crate) fn live(name: &str, first: u64, last: u64) -> String {
    let mut text = format!("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{first}\n");
    for number in first..=last {
        text += &format!("#EXTINF:2,\n{name}{number}.ts\n");
    }
    text
}
