//! Where playback is, and what it lived through, told from facts alone.
//!
//! The facts: which media has arrived, in which interval of the media timeline, and when; where
//! the list ends. From them follow startup, stalls (timed exactly: a stall begins when the
//! buffered end is reached, not when somebody looks), jumps over holes, live latency. Nothing
//! here knows how the media was fetched.
//!
//! | from | when | to |
//! |---|---|---|
//! | `Starting` | enough has arrived ([`StartsWith`]) and the start delay is over | `Playing` |
//! | `Playing` | the buffered end of the shorter track is reached, and the stream goes on | `Stalled` |
//! | `Playing` | the end of the stream is reached | `Ended` |
//! | `Stalled` | media at the position has arrived and the resume delay is over | `Playing` |
//! | `Stalled` | it stands before a hole, the rule jumps and its time is over | `Playing`, further on |
//! | `Starting`, `Stalled` | nothing more will arrive that could be played | `Ended` |
//! | any but `Ended` | `seek` forward to where nothing is buffered | `Stalled` (or still `Starting`) |
//!
//! Contract: the position never goes back; what is buffered ahead is never negative; events come
//! in the order of their instants; any call at any rate gives the same events.

mod buffer;

use std::time::Duration;

use base::{Now, ViewerState};
use smallvec::SmallVec;

use crate::io::Event;
use crate::profile::{Hole, StartsWith};
use buffer::{Buffer, RANGES_MAX, SEAM};

/// What decides when the playhead moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// What starts playback.
    pub starts_with: StartsWith,
    /// From the data being there to the first frame.
    pub start_delay: Duration,
    /// From the data being there to the playhead moving again after a stall.
    pub resume_delay: Duration,
    /// How much must be there to move again.
    pub resume_with: ResumeWith,
    /// A playhead that stands although some media is there, but less than that, is pushed on after
    /// this long.
    pub nudge: Option<Duration>,
    /// What happens at a hole.
    pub hole: Hole,
}

/// How much must be buffered ahead for playback to go on after a stall.
///
/// Chromium asks for more after each stall (its audio renderer doubles the amount it wants before
/// it plays on, from 200 ms up to 3 s, and begins anew after a seek): with short segments the
/// fourth stall in a row waits for a second segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResumeWith {
    /// Anything.
    Anything,
    /// After the n-th stall since the last seek, this doubled n times, up to a limit.
    Doubling {
        /// What is wanted at the start.
        from: Duration,
        /// The most that is ever wanted.
        limit: Duration,
    },
}

impl ResumeWith {
    fn wanted(self, stalls: u32) -> Duration {
        match self {
            Self::Anything => Duration::ZERO,
            Self::Doubling { from, limit } => {
                let times = 1_u32.checked_shl(stalls).unwrap_or(u32::MAX);
                from.saturating_mul(times).min(limit)
            }
        }
    }
}

/// Which tracks must have media for playback to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracks {
    /// One stream, everything muxed together.
    Main,
    /// The main rendition and a demuxed audio rendition beside it.
    MainAndAudio,
}

/// One of the tracks playback needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Track {
    /// The main rendition.
    Main,
    /// The demuxed audio rendition.
    Audio,
}

/// Media that has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Media {
    /// Its beginning on the media timeline.
    pub start: Duration,
    /// Its end.
    pub end: Duration,
    /// The date-time stamped at its beginning, in Unix ms, where the source stamps one.
    pub pdt_ms: Option<i64>,
}

/// The end of a live list as it was last seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveEdge {
    /// The end of its last segment on the media timeline.
    pub end: Duration,
    /// When this state of the list was first seen (time since the run began).
    pub seen: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing played yet; `at` is when the first frame will be shown.
    Starting {
        at: Option<Duration>,
    },
    /// The position was `from` at the instant `since`.
    Playing {
        since: Duration,
    },
    /// Since then; `resume` is when the position moves on, and where from.
    Stalled {
        since: Duration,
        resume: Option<Resume>,
    },
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Resume {
    at: Duration,
    position: Duration,
}

/// The playhead of one viewer.
#[derive(Clone, Debug)]
pub struct Playhead {
    rules: Rules,
    tracks: Tracks,
    state: State,
    created: Duration,
    /// Exact at the last change of state; `position_at` adds what was played since.
    position: Duration,
    /// Where playback is to start, where the one who feeds has a wish.
    wish: Option<Duration>,
    main: Buffer,
    audio: Buffer,
    edge: Option<LiveEdge>,
    end: Option<Duration>,
    /// Nothing more will arrive.
    complete: bool,
    played: Duration,
    seconds: u64,
    stalls: u32,
    /// Stalls since the last seek.
    in_a_row: u32,
    events: SmallVec<[Event; 2]>,
}

impl Playhead {
    /// A viewer that has pressed play at `now`.
    pub fn new(rules: Rules, tracks: Tracks, now: Now) -> Self {
        Self {
            rules,
            tracks,
            state: State::Starting { at: None },
            created: now.elapsed,
            position: Duration::ZERO,
            wish: None,
            main: Buffer::default(),
            audio: Buffer::default(),
            edge: None,
            end: None,
            complete: false,
            played: Duration::ZERO,
            seconds: 0,
            stalls: 0,
            in_a_row: 0,
            events: SmallVec::new(),
        }
    }

    /// Which tracks playback needs, once that is known.
    pub fn set_tracks(&mut self, tracks: Tracks, now: Now) {
        self.advance(now);
        self.tracks = tracks;
        self.look(now);
    }

    /// Where playback is to start, on the media timeline. Nothing once it has started.
    pub fn start_at(&mut self, position: Duration) {
        if matches!(self.state, State::Starting { .. }) {
            self.wish = Some(position);
            self.position = position;
        }
    }

    /// The end of the live list; `None` where the stream is not live.
    pub fn set_edge(&mut self, edge: Option<LiveEdge>) {
        self.edge = edge;
    }

    /// Where the stream ends, once that is known (`EXT-X-ENDLIST`).
    pub fn set_end(&mut self, end: Duration, now: Now) {
        self.advance(now);
        self.end = Some(end);
        self.look(now);
    }

    /// Nothing more will arrive: playback ends where what it has ends.
    pub fn complete(&mut self, now: Now) {
        self.advance(now);
        self.complete = true;
        self.look(now);
    }

    /// Media has arrived, whole and decodable.
    pub fn arrived(&mut self, track: Track, media: Media, now: Now) {
        self.advance(now);
        if matches!(self.state, State::Ended) || media.end <= media.start {
            return;
        }
        if self.is_late(media) {
            self.events.push(Event::Late);
        }
        // What was played is let go before more is taken in, or the buffer would only grow.
        self.count_played(now.elapsed);
        self.trim();
        self.buffer_mut(track).insert(media);
        self.look(now);
    }

    /// Moves the position forward to `to`; a `to` that is not ahead does nothing.
    pub fn seek(&mut self, to: Duration, now: Now) {
        self.advance(now);
        let from = self.position_at(now.elapsed);
        if to <= from || matches!(self.state, State::Ended) {
            return;
        }
        self.events.push(Event::Seek { from, to });
        self.count_played(now.elapsed);
        self.in_a_row = 0;
        self.position = to;
        self.trim();
        match self.state {
            State::Starting { .. } => {
                self.wish = Some(to);
                self.state = State::Starting { at: None };
            }
            State::Playing { .. } if self.run_end(to).is_some() => {
                self.state = State::Playing { since: now.elapsed };
            }
            State::Playing { .. } => self.begin_stall(now.elapsed),
            State::Stalled { since, .. } => {
                self.state = State::Stalled {
                    since,
                    resume: None,
                };
            }
            State::Ended => {}
        }
        self.look(now);
    }

    /// Brings everything up to `now`. Early, late and repeated calls give the same events.
    pub fn advance(&mut self, now: Now) {
        while let Some((at, what)) = self.next() {
            if at > now.elapsed {
                break;
            }
            self.happen(at, what, now);
        }
    }

    /// When [`Playhead::advance`] has something to do next.
    pub fn deadline(&self) -> Option<Duration> {
        self.next().map(|(at, _)| at)
    }

    /// The next event, in the order of their instants.
    pub fn poll(&mut self) -> Option<Event> {
        if self.events.is_empty() {
            None
        } else {
            Some(self.events.remove(0))
        }
    }

    /// Where playback is at `now`, on the media timeline.
    pub fn position(&self, now: Now) -> Duration {
        self.position_at(now.elapsed)
    }

    /// How much of a track is buffered ahead of the position, without a hole.
    pub fn ahead(&self, track: Track, now: Now) -> Duration {
        let position = self.position_at(now.elapsed);
        self.buffer(track)
            .run_end(position)
            .map_or(Duration::ZERO, |end| end.saturating_sub(position))
    }

    /// The end of the last media buffered of a track.
    pub fn buffered_end(&self, track: Track) -> Option<Duration> {
        self.buffer(track).end()
    }

    /// What the viewer is doing, as of the last call with a `now`.
    pub fn state(&self) -> ViewerState {
        match self.state {
            State::Starting { .. } => ViewerState::Starting,
            State::Playing { .. } => ViewerState::Playing,
            State::Stalled { .. } => ViewerState::Stalled,
            State::Ended => ViewerState::Ended,
        }
    }

    /// How often it has stalled.
    pub fn stalls(&self) -> u32 {
        self.stalls
    }

    /// Since when it has stalled, if it does.
    pub fn stalled_since(&self) -> Option<Duration> {
        match self.state {
            State::Stalled { since, .. } => Some(since),
            _ => None,
        }
    }

    /// Seconds of media played up to `now`.
    pub fn played(&self, now: Now) -> Duration {
        match self.state {
            State::Playing { since } => self.played + now.elapsed.saturating_sub(since),
            _ => self.played,
        }
    }

    /// How far the position at `now` lies behind live; `None` where that is unknown.
    pub fn live_latency(&self, now: Now) -> Option<Duration> {
        self.latency_at(now.elapsed, now).0
    }

    fn buffer(&self, track: Track) -> &Buffer {
        match track {
            Track::Main => &self.main,
            Track::Audio => &self.audio,
        }
    }

    fn buffer_mut(&mut self, track: Track) -> &mut Buffer {
        match track {
            Track::Main => &mut self.main,
            Track::Audio => &mut self.audio,
        }
    }

    fn position_at(&self, at: Duration) -> Duration {
        match self.state {
            State::Playing { since } => {
                let moved = self.position + at.saturating_sub(since);
                self.run_end(self.position)
                    .map_or(self.position, |end| moved.min(end))
            }
            _ => self.position,
        }
    }

    /// Up to where playback can go on from `position`; `None` where it cannot.
    fn run_end(&self, position: Duration) -> Option<Duration> {
        let main = self.main.run_end(position)?;
        let end = match self.tracks {
            Tracks::Main => main,
            Tracks::MainAndAudio => main.min(self.audio.run_end(position)?),
        };
        (end > position).then_some(end)
    }

    /// The first position after `position` from which playback could go on.
    fn next_run(&self, position: Duration) -> Option<Duration> {
        let mut candidate = position;
        // Each round passes a hole of one of the tracks.
        for _ in 0..2 * RANGES_MAX {
            let main = self.main.start_at_or_after(candidate)?;
            let both = match self.tracks {
                Tracks::Main => main,
                Tracks::MainAndAudio => self.audio.start_at_or_after(main)?,
            };
            if both == main && main > position && self.run_end(main).is_some() {
                return Some(main);
            }
            candidate = if both > candidate {
                both
            } else {
                self.main.next_start(candidate)?
            };
        }
        None
    }

    fn is_late(&self, media: Media) -> bool {
        matches!(self.state, State::Stalled { resume: None, .. })
            && media.start <= self.position + SEAM
            && media.end > self.position
    }

    fn finish(&mut self, at: Duration) {
        self.state = State::Ended;
        self.push_state(at);
        self.events.push(Event::Finished);
    }

    fn begin_stall(&mut self, at: Duration) {
        self.stalls += 1;
        self.in_a_row += 1;
        self.state = State::Stalled {
            since: at,
            resume: None,
        };
        self.push_state(at);
    }

    fn push_state(&mut self, at: Duration) {
        let to = self.state();
        self.events.push(Event::State { to, at });
    }

    /// Adds what was played since the last change of state to the account.
    fn count_played(&mut self, at: Duration) {
        if let State::Playing { since } = self.state {
            let position = self.position_at(at);
            self.played += position.saturating_sub(self.position);
            self.position = position;
            self.state = State::Playing {
                since: since.max(at),
            };
        }
    }

    fn trim(&mut self) {
        self.main.drop_before(self.position);
        self.audio.drop_before(self.position);
    }

    /// What comes next, and when.
    fn next(&self) -> Option<(Duration, Next)> {
        match self.state {
            State::Starting { at } => at.map(|at| (at, Next::Start)),
            State::Stalled { resume, .. } => resume.map(|resume| (resume.at, Next::Resume)),
            State::Playing { since } => {
                let end = self.run_end(self.position).unwrap_or(self.position);
                let stop = since + end.saturating_sub(self.position);
                let whole = Duration::from_secs(self.seconds + 1);
                let second = since + whole.saturating_sub(self.played);
                if second <= stop {
                    Some((second, Next::Second))
                } else {
                    Some((stop, Next::RunEnd))
                }
            }
            State::Ended => None,
        }
    }

    fn happen(&mut self, at: Duration, what: Next, now: Now) {
        match what {
            Next::Start => {
                self.state = State::Playing { since: at };
                self.push_state(at);
                self.events.push(Event::Started {
                    after: at.saturating_sub(self.created),
                });
            }
            Next::Second => {
                self.seconds += 1;
                let (live_latency, glass_to_glass_ms) = self.latency_at(at, now);
                self.events.push(Event::Second {
                    at,
                    live_latency,
                    glass_to_glass_ms,
                });
            }
            Next::RunEnd => {
                self.count_played(at);
                self.trim();
                if self.is_at_end() {
                    self.finish(at);
                } else {
                    self.begin_stall(at);
                    self.look_at(at);
                }
            }
            Next::Resume => self.resume(at),
        }
    }

    fn resume(&mut self, at: Duration) {
        let State::Stalled {
            since,
            resume: Some(resume),
        } = self.state
        else {
            return;
        };
        if resume.position > self.position {
            self.events.push(Event::Seek {
                from: self.position,
                to: resume.position,
            });
            self.position = resume.position;
            self.in_a_row = 0;
            self.trim();
        }
        self.state = State::Playing { since: at };
        self.push_state(at);
        self.events.push(Event::StallEnded {
            length: at.saturating_sub(since),
        });
    }

    fn is_at_end(&self) -> bool {
        let known = self.end.is_some_and(|end| self.position + SEAM >= end);
        known || self.complete && self.run_end(self.position).is_none() && !self.has_more()
    }

    /// Media lies ahead, behind a hole.
    fn has_more(&self) -> bool {
        self.next_run(self.position).is_some()
    }

    fn look(&mut self, now: Now) {
        self.look_at(now.elapsed);
        self.advance(now);
    }

    /// New facts at the instant `at`: can a playhead that stands move?
    fn look_at(&mut self, at: Duration) {
        match self.state {
            State::Starting { at: None } => {
                if let Some(position) = self.start_position() {
                    self.position = position;
                    self.state = State::Starting {
                        at: Some(at + self.rules.start_delay),
                    };
                } else if self.complete {
                    self.finish(at);
                }
            }
            State::Stalled { since, .. } => {
                if self.is_at_end() {
                    self.finish(at);
                } else if let Some(resume) = self.way_on(since, at) {
                    self.set_resume(resume);
                } else if self.complete {
                    self.finish(at);
                }
            }
            _ => {}
        }
    }

    /// The first way on that was found stands, unless a sooner one turns up.
    fn set_resume(&mut self, found: Resume) {
        if let State::Stalled { since, resume } = self.state {
            let sooner = resume.filter(|resume| resume.at <= found.at);
            self.state = State::Stalled {
                since,
                resume: Some(sooner.unwrap_or(found)),
            };
        }
    }

    fn way_on(&self, since: Duration, at: Duration) -> Option<Resume> {
        if let Some(end) = self.run_end(self.position) {
            let wanted = self.rules.resume_with.wanted(self.in_a_row);
            // Before a hole, or at the end, no more can come to wait for.
            let all_there_is = self.complete
                || self.end.is_some_and(|last| end + SEAM >= last)
                || self.next_run(end).is_some();
            if all_there_is || end.saturating_sub(self.position) >= wanted {
                return Some(Resume {
                    at: (at + self.rules.resume_delay).max(since),
                    position: self.position,
                });
            }
            return self.rules.nudge.map(|after| Resume {
                at: at + after,
                position: (self.position + SEAM).min(end),
            });
        }
        let position = self.next_run(self.position)?;
        match self.rules.hole {
            _ if position <= self.position + SEAM => Some(Resume {
                at: at + self.rules.resume_delay,
                position,
            }),
            Hole::Jump { after } => Some(Resume {
                at: (since + after).max(at),
                position,
            }),
            Hole::Stall => None,
        }
    }

    /// Where playback can start with what has arrived; `None`: not yet.
    fn start_position(&self) -> Option<Duration> {
        let first = self.next_run_from_anywhere()?;
        let wish = self.wish.unwrap_or(first);
        if self.run_end(wish).is_some() {
            return Some(wish);
        }
        let next = self.next_run(wish)?;
        let may_jump = self.rules.starts_with == StartsWith::FirstSegment
            || matches!(self.rules.hole, Hole::Jump { .. });
        (may_jump || next <= wish + SEAM).then_some(next)
    }

    fn next_run_from_anywhere(&self) -> Option<Duration> {
        let main = self.main.start()?;
        let start = match self.tracks {
            Tracks::Main => main,
            Tracks::MainAndAudio => main.max(self.audio.start()?),
        };
        if self.run_end(start).is_some() {
            Some(start)
        } else {
            self.next_run(start)
        }
    }

    /// Live latency and glass-to-glass at the instant `at`.
    fn latency_at(&self, at: Duration, now: Now) -> (Option<Duration>, Option<i64>) {
        let position = self.position_at(at);
        let stamped = self
            .main
            .pdt_at(position)
            .map(|pdt_ms| now.unix_ms_at(at) - pdt_ms);
        let Some(edge) = self.edge else {
            return (None, stamped.filter(|_| self.end.is_none()));
        };
        let live = match stamped {
            Some(ms) => Duration::from_millis(ms.max(0).unsigned_abs()),
            None => edge.end.saturating_sub(position) + at.saturating_sub(edge.seen),
        };
        (Some(live), stamped)
    }
}

#[derive(Clone, Copy, Debug)]
enum Next {
    Start,
    Second,
    RunEnd,
    Resume,
}
