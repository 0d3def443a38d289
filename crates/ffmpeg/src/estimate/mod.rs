//! A viewer seen from outside: its requests, bytes and state, from its log and its progress.
//!
//! FFmpeg fetches straight from the origin here; nothing of ours stands in between. So each figure
//! says where it comes from ([`Basis`]):
//!
//! - requests are [`Basis::Measured`] where FFmpeg logs them. Media that its `out_time` has gone
//!   through without a logged request is [`Basis::Inferred`] from the playlist's timeline.
//! - bytes are measured where FFmpeg logs the end of a connection that carried one request,
//!   [`Basis::Stated`] where the origin tells the size, else absent.
//! - startup, stalls and position are those of a player that begins when the first packet is
//!   written and plays in real time what has been: inferred, since FFmpeg plays nothing.
//!
//! Feed it with [`Estimate::log`], [`Estimate::progress`], [`Estimate::playlist`] and
//! [`Estimate::tick`]; after each, drain [`Estimate::poll`] until it answers `None`.
//!
//! | state | is left when | for |
//! |---|---|---|
//! | [`State::Starting`] | media was written | [`State::Running`] |
//! | | no connection, or none any more | [`State::Reconnecting`] |
//! | [`State::Running`] | all that was written has been played | [`State::Stalled`] |
//! | | no connection, or none any more | [`State::Reconnecting`] |
//! | [`State::Stalled`] | enough was written again ([`RESUME_BUFFER`]) | [`State::Running`] |
//! | [`State::Reconnecting`] | a connection was made, or media written | the one before |
//! | | all that was written has been played | [`State::Stalled`] |

mod again;
mod classify;
mod event;
mod figure;
mod playback;
mod read;
mod request;
mod requests;
mod segments;
mod totals;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use base::{Class, Failure, Now, Outcome, ViewerState};
use media::hls::MediaPlaylist;

pub use event::{Config, Event};
pub use figure::{Basis, Figure};
pub use playback::{RESUME_BUFFER, State};
pub use request::Request;
pub use totals::{Count, Totals};

use crate::{Connections, Level, Progress, log};
use classify::Classifier;
use playback::{Change, Playback};
use requests::Requests;
use segments::Segments;

/// A playlist that shows nothing new for so many target durations has stopped moving. RFC 8216bis,
/// 6.2.1: an origin may take up to 1.5 of them, which is when FFmpeg looks for the second time
/// since; that answer is waited for.
pub const STALE_TARGETS: f64 = 1.75;

/// The target duration where no playlist has told it.
const TARGET_DURATION_ASSUMED: Duration = Duration::from_secs(6);

/// One viewer seen from outside.
#[derive(Debug)]
pub struct Estimate {
    config: Config,
    classifier: Classifier,
    requests: Requests,
    segments: Segments,
    playback: Playback,
    totals: Totals,
    events: VecDeque<Event>,
    speed: Option<f64>,
    /// When new media was last seen, and playlist requests since.
    new_media: Option<Now>,
    reloads_since: u64,
    stale: bool,
    /// The last request that ended failed.
    failing: bool,
    /// The newest segment that was requested.
    newest: String,
}

impl Estimate {
    /// A viewer whose FFmpeg starts at `now`.
    pub fn new(config: Config, now: Now) -> Self {
        Self {
            classifier: Classifier::new(&config),
            requests: Requests::new(config.connections),
            segments: Segments::new(config.level),
            playback: Playback::new(now),
            config,
            totals: Totals::default(),
            events: VecDeque::new(),
            speed: None,
            new_media: None,
            reloads_since: 0,
            stale: false,
            failing: false,
            newest: String::new(),
        }
    }

    /// Takes a line of the log.
    pub fn log(&mut self, line: &log::Line<'_>, now: Now) {
        if !matches!(line.event, log::Event::ConnectionUse { .. }) {
            self.requests.settle(now);
        }
        if !matches!(line.event, log::Event::Header { .. }) {
            self.requests.head_ended();
        }
        read::line(self, line, now);
        self.collect(now);
    }

    /// Takes a block of progress.
    pub fn progress(&mut self, progress: &Progress, now: Now) {
        self.speed = progress.speed.or(self.speed);
        if let Some(out_time) = progress.out_time {
            self.playback_with(|playback, each| playback.wrote(out_time, now, each));
            self.infer(out_time, now);
        }
        self.tick(now);
    }

    /// Takes the media playlist that the viewer plays, as it is at `now`; the same list again is
    /// nearly free. Needed for inferring, and for the position.
    pub fn playlist(&mut self, list: Arc<MediaPlaylist>, now: Now) {
        let news = self.segments.playlist(list, now);
        if news && !self.reloads_are_logged() {
            self.moved(now);
        }
        self.infer(Duration::ZERO, now);
        self.tick(now);
    }

    /// Lets time pass: not later than [`Estimate::wake_at`].
    pub fn tick(&mut self, now: Now) {
        self.playback_with(|playback, each| playback.pass(now, each));
        if let Some(lasts) = self.stopped_moving(now) {
            self.stale = true;
            let figure = if self.reloads_since > 0 {
                Figure::measured(lasts)
            } else {
                Figure::inferred(lasts)
            };
            self.events.push_back(Event::Stale(figure));
        }
    }

    /// FFmpeg has been asked to end, or was killed: what is under way from here on was given up,
    /// unless it can be told to have come whole.
    pub fn stopping(&mut self) {
        self.requests.stopping();
    }

    /// FFmpeg has ended.
    pub fn ended(&mut self, now: Now) {
        self.requests.finish(now);
        self.collect(now);
    }

    /// The next event. `size` tells how large a URL's body is, where the origin says so.
    pub fn poll(&mut self, size: impl Fn(&str) -> Option<u64>) -> Option<Event> {
        let mut event = self.events.pop_front()?;
        if let Event::Request(request) = &mut event {
            request.complete(size);
        }
        Some(event)
    }

    /// When [`Estimate::tick`] is due at the latest (elapsed), after `now`; never where nothing can
    /// change by itself.
    pub fn wake_at(&self, now: Now) -> Option<Duration> {
        let stale_at = self.new_media.map(|at| at.elapsed + self.stale_after());
        [self.playback.runs_out_at(), stale_at]
            .into_iter()
            .flatten()
            .filter(|&at| at > now.elapsed)
            .min()
    }

    /// What it is doing.
    pub fn state(&self) -> State {
        self.playback.state()
    }

    /// The same in the terms of every engine; who reconnects and still has media is playing.
    pub fn viewer_state(&self) -> ViewerState {
        self.playback.viewer_state()
    }

    /// The playlist has stopped moving.
    pub fn is_stale(&self) -> bool {
        self.stale
    }

    /// What has been counted so far.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Media time against time since the start, as FFmpeg says it.
    pub fn speed(&self) -> Option<Figure<f64>> {
        self.speed.map(Figure::measured)
    }

    /// Milliseconds by which media was written faster than real time since the first; below zero,
    /// slower. A live viewer's stays within its first buffer and a segment or two.
    pub fn drift_ms(&self, now: Now) -> Option<Figure<i64>> {
        let first = self.playback.first()?;
        let passed = now.elapsed.saturating_sub(first.elapsed).as_millis() as i64;
        let written = self.playback.written().as_millis() as i64;
        Some(Figure::measured(written - passed))
    }

    /// Where a player that plays in real time would be on the playlist's timeline.
    pub fn position(&self, now: Now) -> Option<Figure<Duration>> {
        self.playback.first()?;
        let position = self.segments.position(self.playback.played(now))?;
        Some(Figure::inferred(position))
    }

    /// How far that position is behind live, going by the playlist.
    pub fn behind_live(&self, now: Now) -> Option<Figure<Duration>> {
        let position = self.position(now)?.value;
        let behind = self.segments.timeline().behind_live(position, now)?;
        Some(Figure::inferred(behind))
    }

    /// When the media at that position was captured, Unix milliseconds, where the playlist has
    /// dates.
    pub fn captured_at(&self, now: Now) -> Option<Figure<i64>> {
        let position = self.position(now)?.value;
        let captured = self.segments.timeline().pdt_at(position)?;
        Some(Figure::inferred(captured))
    }

    /// Media that was written and not yet played.
    pub fn buffered(&self, now: Now) -> Option<Figure<Duration>> {
        self.playback.first()?;
        let played = self.playback.played(now);
        let left = self.playback.written().saturating_sub(played);
        Some(Figure::inferred(left))
    }

    fn playback_with(&mut self, act: impl FnOnce(&mut Playback, &mut dyn FnMut(Change))) {
        let events = &mut self.events;
        act(&mut self.playback, &mut |change| {
            events.push_back(match change {
                Change::Startup(after) => Event::Startup(Figure::inferred(after)),
                Change::State(state) => Event::State(state),
                Change::Stall(lasted) => Event::Stall(Figure::inferred(lasted)),
            });
        });
    }

    /// Turns requests that have ended into events, and counts them.
    fn collect(&mut self, now: Now) {
        while let Some(request) = self.requests.poll() {
            let count = &mut self.totals.requests[request.class.index()];
            count.logged += 1;
            self.failing = matches!(request.outcome, Outcome::Failed(_));
            if let Outcome::Failed(failure) = request.outcome {
                count.failed += 1;
                count.unanswered += u64::from(!is_answer(failure));
            }
            self.events.push_back(Event::Request(request));
        }
        self.tick(now);
    }

    fn infer(&mut self, out_time: Duration, now: Now) {
        let (totals, events, mut any) = (&mut self.totals, &mut self.events, false);
        self.segments.wrote(out_time, now, |url| {
            totals.requests[Class::Segment.index()].inferred += 1;
            events.push_back(Event::Request(Request::inferred(url, now)));
            any = true;
        });
        if any {
            self.moved(now);
        }
    }

    /// There is new media.
    fn moved(&mut self, now: Now) {
        self.new_media = Some(now);
        self.reloads_since = 0;
        if std::mem::take(&mut self.stale) {
            self.events.push_back(Event::Moving);
        }
    }

    fn stale_after(&self) -> Duration {
        let target = self.segments.target_duration();
        let target = target.unwrap_or(TARGET_DURATION_ASSUMED);
        target.mul_f64(STALE_TARGETS)
    }

    /// For how long there was nothing new, where that is not known yet and nothing else explains
    /// it: failures, a slow segment (no reload since), the end of the stream.
    fn stopped_moving(&self, now: Now) -> Option<Duration> {
        let lasts = now.elapsed.saturating_sub(self.new_media?.elapsed);
        let explained = self.failing
            || self.playback.state() == State::Reconnecting
            || self.segments.timeline().ended()
            || (self.reloads_are_logged() && self.reloads_since == 0);
        (!self.stale && !explained && lasts >= self.stale_after()).then_some(lasts)
    }

    fn reloads_are_logged(&self) -> bool {
        reloads_are_logged(self.config.level, self.config.connections)
    }
}

/// Whether each request for a media playlist shows in the log: not where each has a connection of
/// its own and no head is logged.
pub fn reloads_are_logged(level: Level, connections: Connections) -> bool {
    match connections {
        Connections::Kept => level >= Level::Info,
        Connections::PerRequest => level >= Level::Debug,
    }
}

/// The origin answered, if not well.
fn is_answer(failure: Failure) -> bool {
    matches!(
        failure,
        Failure::Status(_) | Failure::Truncated | Failure::InvalidPlaylist | Failure::TooLarge
    )
}
