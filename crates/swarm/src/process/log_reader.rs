//! A viewer whose player fetches from the origin itself, watched by what it logs.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ::process::{Keep, Line, Source};
use base::{Failure, Outcome, ViewerState};
use ffmpeg::estimate::{Basis, Config, Event, Request};
use ffmpeg::log::{Event as Logged, Level, Line as Said};
use ffmpeg::{Estimate, progress};
use media::hls::MediaPlaylist;
use player::{Event as Lived, Playlist};
use telemetry::Sample;
use telemetry::estimated::{Known, Size};
use tokio::sync::Notify;
use viewer::{Diary, Shared};

use super::crew::Given;
use crate::engine::Sizes;

/// What is made of one player's log.
pub(super) struct LogReader {
    shared: Rc<Shared>,
    config: Config,
    /// It is taken to play: what follows from its log for a picture counts.
    plays: bool,
    sizes: Sizes,
    /// Bytes of the stream's multivariant playlist, as we have seen it.
    multivariant_bytes: Cell<Option<u64>>,
    diary: RefCell<Diary>,
    estimate: RefCell<Estimate>,
    progress: RefCell<progress::Reader>,
    /// The last lines are a request head's.
    within_head: Cell<bool>,
    written: Notify,
    /// Tells the driver to look when it is to wake.
    sooner: Notify,
}

impl LogReader {
    pub(super) fn new(
        shared: Rc<Shared>,
        config: Config,
        diary: Diary,
        plays: bool,
        sizes: Sizes,
    ) -> Self {
        shared.recorder.borrow_mut().estimates();
        let now = shared.clock.now();
        Self {
            estimate: RefCell::new(Estimate::new(config.clone(), now)),
            shared,
            config,
            plays,
            sizes,
            multivariant_bytes: Cell::new(None),
            diary: RefCell::new(diary),
            progress: RefCell::default(),
            within_head: Cell::default(),
            written: Notify::new(),
            sooner: Notify::new(),
        }
    }

    pub(super) fn begin(&self) {
        let now = self.shared.clock.now();
        self.progress.take();
        self.within_head.set(false);
        self.diary.borrow_mut().begin(now.elapsed);
    }

    /// The player is about to start, and to fetch this.
    pub(super) fn given(&self, given: &Given) {
        let now = self.shared.clock.now();
        self.multivariant_bytes.set(given.multivariant_bytes);
        let config = Config {
            multivariant: given.multivariant_bytes.is_some(),
            ..self.config.clone()
        };
        self.estimate.replace(Estimate::new(config, now));
        if let Some(list) = &given.list {
            self.playlist(list);
        }
    }

    /// The playlist that the player reads, as it is.
    pub(super) fn playlist(&self, list: &Arc<MediaPlaylist>) {
        let now = self.shared.clock.now();
        self.diary.borrow().note(&Playlist::Media(Arc::clone(list)));
        self.estimate.borrow_mut().playlist(Arc::clone(list), now);
        self.write_down();
    }

    pub(super) fn line(&self, line: Line<'_>) -> Keep {
        let now = self.shared.clock.now();
        match line.source {
            Source::Stderr => {
                let said = ffmpeg::log::parse(line.bytes);
                self.estimate.borrow_mut().log(&said, now);
                self.write_down();
                keep(&said, &self.within_head)
            }
            Source::Stdout => {
                let block = self.progress.borrow_mut().line(line.bytes);
                if let Some(block) = block {
                    self.estimate.borrow_mut().progress(&block, now);
                    self.write_down();
                }
                Keep::No
            }
        }
    }

    pub(super) async fn drive(&self) {
        loop {
            let now = self.shared.clock.now();
            let wake_at = self.estimate.borrow().wake_at(now);
            let wake = self.shared.clock.instant(wake_at.unwrap_or(Duration::MAX));
            tokio::select! {
                biased;
                () = self.sooner.notified() => {}
                () = tokio::time::sleep_until(wake), if wake_at.is_some() => {
                    self.estimate.borrow_mut().tick(self.shared.clock.now());
                    self.write_down();
                }
            }
        }
    }

    pub(super) fn stopping(&self) {
        self.estimate.borrow_mut().stopping();
    }

    pub(super) fn ended(&self) {
        self.estimate.borrow_mut().ended(self.shared.clock.now());
        self.write_down();
    }

    pub(super) fn over(&self, state: ViewerState) {
        self.diary.borrow_mut().enter(state);
        self.written.notify_waiters();
    }

    pub(super) fn leave(&self) {
        self.diary.borrow_mut().leave();
    }

    pub(super) fn state(&self) -> ViewerState {
        self.diary.borrow().state()
    }

    pub(super) async fn changed(&self) {
        self.written.notified().await;
    }

    pub(super) fn played(&self) -> Duration {
        self.diary.borrow().played()
    }

    /// Writes down what the estimate makes of what it was told last.
    fn write_down(&self) {
        let mut estimate = self.estimate.borrow_mut();
        let mut written = false;
        while let Some(event) = estimate.poll(|url| self.size(url)) {
            written |= !matches!(event, Event::Request(_));
            let state = estimate.viewer_state();
            self.event(event, state);
        }
        drop(estimate);
        if written {
            self.written.notify_waiters();
        }
        self.sooner.notify_one();
    }

    /// The size of the file at `url`: as we have seen it, or as the origin lists it.
    fn size(&self, url: &str) -> Option<u64> {
        let seen = self.multivariant_bytes.get();
        let seen = seen.filter(|_| url == self.config.url);
        seen.or_else(|| self.sizes.of(url))
    }

    fn event(&self, event: Event, state: ViewerState) {
        // Who has left, or is about to be started again, is told of no more.
        let lives = matches!(
            self.state(),
            ViewerState::Starting | ViewerState::Playing | ViewerState::Stalled
        );
        match event {
            Event::Request(request) => self.request(&request),
            _ if !lives => {}
            Event::State(_) => self.diary.borrow_mut().enter(state),
            Event::Startup(after) if self.plays => {
                let after = after.value;
                self.diary.borrow_mut().record(Lived::Started { after });
            }
            Event::Stall(lasted) if self.plays => {
                let length = lasted.value;
                self.diary.borrow_mut().record(Lived::StallEnded { length });
            }
            Event::Stale(age) => {
                let (age, first) = (age.value, true);
                let event = Lived::StalePlaylist { age, first };
                self.diary.borrow_mut().record(event);
            }
            Event::Startup(_) | Event::Stall(_) | Event::Moving | Event::InputFailed(_) => {}
        }
    }

    fn request(&self, request: &Request) {
        let now = self.shared.clock.now();
        let sent = request.sent.elapsed;
        let sample = Sample {
            class: request.class,
            outcome: request.outcome,
            status: match request.outcome {
                Outcome::Failed(Failure::Status(status)) => Some(status),
                _ => None,
            },
            bytes: request.bytes.map_or(0, |bytes| bytes.value),
            due: sent,
            sent,
            first_byte: None,
            last_byte: request.ended.map_or(now.elapsed, |ended| ended.elapsed),
            connect: None,
        };
        let known = match request.basis {
            Basis::Measured => Known::Logged,
            Basis::Stated | Basis::Inferred => Known::Inferred,
        };
        let size = match request.bytes.map(|bytes| bytes.basis) {
            Some(Basis::Measured) => Size::Logged,
            Some(Basis::Stated | Basis::Inferred) => Size::Stated,
            None => Size::Unknown,
        };
        let place = self.diary.borrow().place();
        let mut recorder = self.shared.recorder.borrow_mut();
        recorder.estimated(place, &sample, (known, size), now);
    }
}

/// Whether a line may say why a player ended. What it sent does not, and holds secrets: the lines
/// of a request head have no level of their own.
fn keep(said: &Said<'_>, within_head: &Cell<bool>) -> Keep {
    match said.event {
        Logged::Request { .. } => within_head.set(true),
        _ if said.level.is_some() || said.context.is_some() => within_head.set(false),
        _ => {}
    }
    let sent = within_head.get() || matches!(said.event, Logged::Header { .. });
    let grave = said.level.is_none_or(|level| level <= Level::Error);
    if grave && !sent { Keep::Yes } else { Keep::No }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_player_sent_does_not_say_why_it_ended() {
        let within_head = Cell::default();
        let kept: Vec<&str> = [
            "[http @ 0x1] [error] HTTP error 404 Not Found",
            "[http @ 0x1] [debug] request: GET /live.m3u8 HTTP/1.1",
            "Authorization: Basic c2VjcmV0",
            "a token that is no header",
            "",
            "[hls @ 0x2] [info] Opening 'http://h/a.ts' for reading",
            "X-Seat: 7",
            "Conversion failed!",
        ]
        .into_iter()
        .filter(|line| keep(&ffmpeg::log::parse(line.as_bytes()), &within_head) == Keep::Yes)
        .collect();
        let expected = [
            "[http @ 0x1] [error] HTTP error 404 Not Found",
            "Conversion failed!",
        ];
        assert_eq!(kept, expected);
    }
}
