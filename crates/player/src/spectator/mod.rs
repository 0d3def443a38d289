//! A player watched from outside: what it lives through, told from what passes.
//!
//! A [`Spectator`] is told facts ([`Fact`]): what somebody else's player asks for, which playlists
//! it gets, which media arrives whole. It lays each media playlist on a timeline, finds the segment
//! that a URL is, and feeds a [`Playhead`], the same as a native viewer's, whose events it hands on
//! with those of its own. For a player that copies and plays nothing it has no playhead, and says
//! whether media still comes (the table is in `copy.rs`); startup, stalls and latency do not exist
//! then.
//!
//! What it can't see it does not make up. The position is taken to begin with the first media that
//! arrives, as for most players it does; buttons that a person presses are not seen.
//!
//! Contract: [`Spectator::handle`] with each fact as it happens, and with [`Fact::Timer`] at
//! [`Spectator::deadline`]; then [`Spectator::poll`] until it answers `None`. Any number of timers
//! at any time gives the same events; so does any fact about an exchange that is over. Memory is
//! bounded, whatever the player does.

mod copy;
mod fact;
mod names;
mod open;
mod picture;
mod role;
mod source;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use base::{Now, ViewerState};
use media::hls::{MediaPlaylist, Multivariant};
use url::Url;

use crate::io::{Event, Playlist};
use crate::playhead::{self, Rules};
use crate::profile::Profile;
pub use fact::{ExchangeId, Extent, Fact};
use names::without_own_parameters;
use open::{Desk, Open};
use picture::Picture;
use role::Role;
use source::{Piece, Source};

/// Media playlists that are followed; those beyond are not told from unknown files.
const SOURCES_MAX: usize = 64;
/// Parts that arrived before a list named them; past this the oldest is forgotten.
const EARLY_MAX: usize = 8;
/// Ends of media that lie at most this far apart are one.
const SEAM: Duration = Duration::from_millis(100);
/// A variant of which nothing was asked for in so many target durations is not read any more.
const READ: u32 = 3;
/// What is known of a player before it starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// What moves its playhead; `None` for one that copies and plays nothing.
    pub play: Option<Rules>,
    /// How it reads variants.
    pub variants: Variants,
}

impl Config {
    /// A player that copies and plays nothing.
    pub const COPIES: Self = Self {
        play: None,
        variants: Variants::OneByOne,
    };

    /// A player that plays as the default profile does.
    pub fn plays() -> Self {
        let [default, ..] = Profile::all();
        Self {
            play: default.play.map(|play| play.head),
            variants: Variants::OneByOne,
        }
    }
}

/// How a player reads the variants of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Variants {
    /// One after another: whatever main media arrives is played.
    #[default]
    OneByOne,
    /// Side by side: the highest that it reads is played, the others only load the origin.
    SideBySide,
}

/// A player watched from outside.
#[derive(Clone, Debug)]
pub struct Spectator {
    variants: Variants,
    picture: Picture,
    lists: Option<(Arc<Url>, Arc<Multivariant>)>,
    sources: Vec<Source>,
    /// The main rendition that is played, by its place.
    followed: Option<usize>,
    /// Where the main media ends that was asked for last.
    asked_end: Option<Duration>,
    desk: Desk,
    /// Parts that arrived before a list named them.
    early: VecDeque<(Arc<Url>, Extent)>,
    last: Now,
    gone: bool,
    outbox: VecDeque<Event>,
}

impl Spectator {
    /// A player that was started at `now`.
    pub fn new(config: Config, now: Now) -> Self {
        Self {
            variants: config.variants,
            picture: Picture::new(config.play, now),
            lists: None,
            sources: Vec::new(),
            followed: None,
            asked_end: None,
            desk: Desk::default(),
            early: VecDeque::new(),
            last: now,
            gone: false,
            outbox: VecDeque::new(),
        }
    }

    /// Takes a fact. Time never goes back: an earlier `now` counts as the last one.
    pub fn handle(&mut self, now: Now, fact: Fact) {
        let now = if now.elapsed < self.last.elapsed {
            self.last
        } else {
            now
        };
        self.last = now;
        self.picture.advance(now, &mut self.outbox);
        if self.gone {
            return;
        }
        match fact {
            Fact::Asked { id, url, extent } => self.asked(id, &url, extent, now),
            Fact::Playlist {
                id,
                playlist,
                final_url,
            } => self.playlist(id, playlist, final_url, now),
            Fact::Unchanged { id } => self.unchanged(id, now),
            Fact::Arrived { id, extent } => self.arrived(id, extent, now),
            Fact::Failed { id, failure, got } => self.failed(id, failure.is_some(), got),
            Fact::Timer => {}
            Fact::Gone => {
                self.gone = true;
                self.picture.stop();
            }
        }
        self.picture.drain(&mut self.outbox);
    }

    /// The next event. Those of the playhead come in the order of their instants.
    pub fn poll(&mut self) -> Option<Event> {
        self.outbox.pop_front()
    }

    /// When to tell [`Fact::Timer`]; `None`: nothing changes by time alone.
    pub fn deadline(&self) -> Option<Duration> {
        self.picture.deadline()
    }

    /// What the viewer is doing, as of the last fact.
    pub fn state(&self) -> ViewerState {
        self.picture.state()
    }

    /// Its playhead; `None` for a player that copies and plays nothing.
    pub fn playhead(&self) -> Option<&playhead::Playhead> {
        self.picture.playhead()
    }

    fn asked(&mut self, id: ExchangeId, url: &Url, extent: Extent, now: Now) {
        let url = Arc::new(without_own_parameters(url));
        let piece = self.find(&url, extent);
        if let Some((place, piece)) = piece {
            self.asks_for(place, piece, now);
        }
        self.desk.begin(Open { id, url, piece });
    }

    fn asks_for(&mut self, place: usize, piece: Piece, now: Now) {
        let media = match piece {
            Piece::Segment { media, .. } | Piece::Part { media, .. } => media,
            Piece::Hint | Piece::Init | Piece::Key => return,
        };
        let is_main = self.sources[place].role.is_main();
        let switches = is_main
            && self.variants == Variants::OneByOne
            && self.followed.is_some_and(|followed| followed != place);
        let from = self.asked_end.filter(|_| switches).map(|end| end + SEAM);
        let source = &mut self.sources[place];
        source.asked = Some(now.elapsed);
        if let Piece::Segment { msn, .. } = piece {
            if is_main && source.only_tried(msn) {
                self.picture.begins_at(media.start, now);
            }
            self.outbox.extend(source.asks(msn, from, now.elapsed));
        }
        if is_main {
            self.choose(place, now);
            if self.followed == Some(place) {
                self.asked_end = Some(media.end);
            }
        } else if source.role == Role::Audio {
            self.picture.reads_audio(now);
        }
    }

    /// Media of a main rendition is asked for: which one is played?
    fn choose(&mut self, asked: usize, now: Now) {
        let place = match self.variants {
            Variants::OneByOne => asked,
            Variants::SideBySide => self.highest_read(asked, now),
        };
        if self.followed != Some(place) {
            self.follow(place, now);
        }
    }

    fn highest_read(&self, asked: usize, now: Now) -> usize {
        let is_read = |place: &usize| {
            let source = &self.sources[*place];
            let (Some(at), Some(target)) = (source.asked, source.target_duration()) else {
                return false;
            };
            now.elapsed <= at + target * READ || self.desk.reads(*place)
        };
        let read = (0..self.sources.len()).filter(is_read);
        let main = read.filter_map(|place| Some((self.sources[place].role.bandwidth()?, place)));
        // The first of the highest.
        main.min_by_key(|(bandwidth, place)| (std::cmp::Reverse(*bandwidth), *place))
            .map_or(asked, |(_, place)| place)
    }

    fn follow(&mut self, place: usize, now: Now) {
        self.followed = Some(place);
        let source = &self.sources[place];
        if let Role::Main {
            variant: Some(index),
            bandwidth,
        } = source.role
        {
            self.outbox
                .push_back(Event::VariantChosen { index, bandwidth });
            let lists = self.lists.as_ref();
            if lists.is_some_and(|(_, lists)| role::has_own_audio(lists, index)) {
                self.picture.expect_audio(now);
            }
        }
        self.picture
            .see_list(&source.timeline, now, &mut self.outbox);
    }

    fn playlist(
        &mut self,
        id: ExchangeId,
        playlist: Playlist,
        final_url: Option<Arc<Url>>,
        now: Now,
    ) {
        let Some(open) = self.desk.take(id) else {
            return;
        };
        match playlist {
            Playlist::Multivariant(lists) => {
                for source in &mut self.sources {
                    source.role = Role::of(&source.url, Some(&lists));
                }
                self.lists = Some((open.url, lists));
            }
            Playlist::Media(list) => self.media_list(open.url, list, final_url, now),
        }
    }

    fn unchanged(&mut self, id: ExchangeId, now: Now) {
        if let Some(open) = self.desk.take(id)
            && let Some(place) = self.source_at(&open.url)
        {
            self.outbox.extend(self.sources[place].stale(now));
        }
    }

    fn media_list(
        &mut self,
        url: Arc<Url>,
        list: Arc<MediaPlaylist>,
        final_url: Option<Arc<Url>>,
        now: Now,
    ) {
        let Some(place) = self.source_at(&url).or_else(|| self.add_source(url)) else {
            return;
        };
        let source = &mut self.sources[place];
        let first = source.timeline.list().is_none();
        let Some(change) = source.update(list, final_url, now) else {
            return;
        };
        if first {
            self.align(place);
        }
        if !change.is_news() {
            self.outbox.extend(self.sources[place].stale(now));
            return;
        }
        if self.followed.is_none() && self.sources[place].role.is_main() {
            self.follow(place, now);
        } else if self.followed == Some(place) {
            let timeline = &self.sources[place].timeline;
            self.picture.see_list(timeline, now, &mut self.outbox);
        }
        self.look_at_early(now);
    }

    fn add_source(&mut self, url: Arc<Url>) -> Option<usize> {
        if self.sources.len() == SOURCES_MAX {
            return None;
        }
        let lists = self.lists.as_ref().map(|(_, lists)| &**lists);
        let role = Role::of(&url, lists);
        self.sources.push(Source::new(url, role));
        Some(self.sources.len() - 1)
    }

    /// Lays a list's first state beside the one that is newest.
    fn align(&mut self, place: usize) {
        let others = self.sources.iter().enumerate();
        let newest = others
            .filter(|(other, source)| *other != place && source.timeline.list().is_some())
            .max_by_key(|(other, source)| (source.updated, std::cmp::Reverse(*other)));
        if let Some((other, _)) = newest {
            let reference = self.sources[other].timeline.clone();
            self.sources[place].timeline.align(&reference);
        }
    }

    fn arrived(&mut self, id: ExchangeId, extent: Extent, now: Now) {
        let Some(open) = self.desk.take(id) else {
            return;
        };
        let piece = open.piece.or_else(|| self.find(&open.url, extent));
        match piece {
            Some((_, Piece::Hint)) => {
                if self.early.len() == EARLY_MAX {
                    self.early.pop_front();
                }
                self.early.push_back((open.url, extent));
                self.look_at_early(now);
            }
            Some((place, piece)) => self.piece_arrived(place, piece, &open.url, extent, now),
            None => {}
        }
    }

    /// A list is new: does it name what arrived before it?
    fn look_at_early(&mut self, now: Now) {
        for _ in 0..self.early.len() {
            let Some((url, extent)) = self.early.pop_front() else {
                return;
            };
            match self.find(&url, extent) {
                Some((_, Piece::Hint)) => self.early.push_back((url, extent)),
                Some((place, piece)) => self.piece_arrived(place, piece, &url, extent, now),
                None => {}
            }
        }
    }

    fn piece_arrived(
        &mut self,
        place: usize,
        piece: Piece,
        url: &Arc<Url>,
        extent: Extent,
        now: Now,
    ) {
        let (media, byte_range) = match piece {
            Piece::Segment {
                media, byte_range, ..
            }
            | Piece::Part { media, byte_range } => (media, byte_range),
            Piece::Hint | Piece::Init | Piece::Key => return,
        };
        if !self.desk.completes(url, extent, byte_range) {
            return;
        }
        let source = &mut self.sources[place];
        if let Piece::Segment { msn, .. } = piece {
            self.outbox.extend(source.has(msn));
        }
        match source.role {
            Role::Main { .. } => {
                let played = self.variants == Variants::OneByOne || self.followed == Some(place);
                if played {
                    let out = &mut self.outbox;
                    self.picture.main_arrived(media, &source.timeline, now, out);
                }
            }
            Role::Audio => self.picture.audio_arrived(media, now),
            Role::Beside => {}
        }
    }

    /// `by_origin`: it is not that the player gave it up.
    fn failed(&mut self, id: ExchangeId, by_origin: bool, got: Option<Extent>) {
        let Some(open) = self.desk.take(id) else {
            return;
        };
        let Some((
            place,
            Piece::Segment {
                msn, byte_range, ..
            },
        )) = open.piece
        else {
            return;
        };
        if let Some(got) = got {
            self.desk.completes(&open.url, got, byte_range);
        }
        if by_origin {
            self.sources[place].loses(msn);
        }
    }
}
