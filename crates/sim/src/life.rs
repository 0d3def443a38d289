use std::collections::BTreeMap;
use std::time::Duration;

use base::{Now, ViewerState};
use player::playhead::Track;
use player::{Event, FetchId, Lane, Player, Playhead};

use crate::account::Account;
use crate::flight::Flight;
use crate::rules::{Broken, media_allowed};

/// One life of a viewer: one player, from its creation until it is over.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) player: Player,
    pub(crate) flights: BTreeMap<FetchId, Flight>,
    newest: Option<FetchId>,
    created: Duration,
    /// What the account said when it began.
    before: [Duration; ViewerState::COUNT],
    told: Told,
    last: Look,
}

/// What events said.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    started: Option<Duration>,
    stalled: Duration,
    seconds: u64,
}

/// What was seen after the last step.
#[derive(Clone, Copy, Debug, Default)]
struct Look {
    at: Duration,
    position: Option<Duration>,
    /// Seeks since then.
    sought: Duration,
}

impl Life {
    /// `account` has just entered `Starting`.
    pub(crate) fn new(player: Player, account: &Account, now: Duration) -> Self {
        Self {
            player,
            flights: BTreeMap::new(),
            newest: None,
            created: now,
            before: ViewerState::ALL.map(|state| account.time_in(state, now)),
            told: Told::default(),
            last: Look {
                at: now,
                ..Look::default()
            },
        }
    }

    /// How long it has lasted.
    pub(crate) fn length(&self, now: Duration) -> Duration {
        now.saturating_sub(self.created)
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(
            self.player.state(),
            ViewerState::Ended | ViewerState::Failed
        )
    }

    pub(crate) fn began(&mut self, id: FetchId) -> Result<(), Broken> {
        if let Some(last) = self.newest
            && id <= last
        {
            return Err(Broken::Number { id, last });
        }
        self.newest = Some(id);
        Ok(())
    }

    pub(crate) fn lived(&mut self, event: &Event) {
        match event {
            Event::Started { after } => self.told.started = Some(*after),
            Event::StallEnded { length } => self.told.stalled += *length,
            Event::Second { .. } => self.told.seconds += 1,
            Event::Seek { from, to } => {
                self.last.sought += to.saturating_sub(*from);
            }
            _ => {}
        }
    }

    /// All that must hold after a step.
    pub(crate) fn check(&mut self, account: &Account, now: Now) -> Result<(), Broken> {
        self.check_flights()?;
        let (player, told) = (self.player.state(), account.state());
        if player != told {
            return Err(Broken::State { player, told });
        }
        if self.is_over() {
            return Ok(());
        }
        let Some(playhead) = self.player.playhead() else {
            return Ok(());
        };
        self.check_times(playhead, account, now)?;
        self.last = self.check_position(playhead, now)?;
        Ok(())
    }

    fn check_flights(&self) -> Result<(), Broken> {
        let (player, real) = (self.player.in_flight(), self.flights.len());
        if player != real {
            return Err(Broken::InFlight { player, real });
        }
        let media = media_allowed(self.player.profile());
        for flight in self.flights.values() {
            let lane = flight.fetch.lane;
            self.check_lane(lane, "playlists", true, 1)?;
            self.check_lane(lane, "media", false, media)?;
        }
        Ok(())
    }

    fn check_lane(
        &self,
        lane: Lane,
        what: &'static str,
        is_list: bool,
        allowed: usize,
    ) -> Result<(), Broken> {
        let of_kind = |flight: &&Flight| {
            flight.fetch.lane == lane && flight.fetch.class.is_playlist() == is_list
        };
        let count = self.flights.values().filter(of_kind).count();
        if count <= allowed {
            return Ok(());
        }
        Err(Broken::TooMany {
            what,
            lane,
            count,
            allowed,
        })
    }

    /// The events and the playhead tell the same story.
    fn check_times(&self, playhead: &Playhead, account: &Account, now: Now) -> Result<(), Broken> {
        let agree = |what, events: Duration, player: Duration| {
            if events == player {
                return Ok(());
            }
            Err(Broken::Accounts {
                what,
                events,
                player,
            })
        };
        let in_state = |state: ViewerState| {
            let before = self.before[state.index()];
            account.time_in(state, now.elapsed).saturating_sub(before)
        };
        agree("elapsed", account.total(now.elapsed), now.elapsed)?;
        agree(
            "played",
            in_state(ViewerState::Playing),
            playhead.played(now),
        )?;
        let stalling = playhead.stalled_since();
        let stalling = stalling.map_or(Duration::ZERO, |since| now.elapsed.saturating_sub(since));
        agree(
            "stalled",
            in_state(ViewerState::Stalled),
            self.told.stalled + stalling,
        )?;
        let started = self.told.started;
        let starting = started.unwrap_or_else(|| self.length(now.elapsed));
        agree("startup", in_state(ViewerState::Starting), starting)?;
        let seconds = Duration::from_secs(self.told.seconds);
        let whole = Duration::from_secs(playhead.played(now).as_secs());
        agree("seconds played", seconds, whole)
    }

    fn check_position(&self, playhead: &Playhead, now: Now) -> Result<Look, Broken> {
        let position = playhead.position(now);
        let look = Look {
            at: now.elapsed,
            // Before it starts there is only a wish.
            position: self.told.started.map(|_| position),
            sought: Duration::ZERO,
        };
        if let Some(from) = self.last.position {
            if position < from {
                return Err(Broken::Back { from, to: position });
            }
            let moved = position.saturating_sub(from + self.last.sought);
            let passed = now.elapsed.saturating_sub(self.last.at);
            if moved > passed {
                return Err(Broken::Fast { moved, passed });
            }
        }
        if look.position.is_some() {
            check_buffer(playhead, position)?;
        }
        Ok(look)
    }
}

fn check_buffer(playhead: &Playhead, position: Duration) -> Result<(), Broken> {
    if playhead.state() != ViewerState::Playing {
        return Ok(());
    }
    let end = playhead.buffered_end(Track::Main);
    let audio = playhead.buffered_end(Track::Audio);
    let end = end.map(|end| audio.map_or(end, |audio| audio.min(end)));
    if end.is_some_and(|end| position <= end) {
        return Ok(());
    }
    Err(Broken::Buffer { position, end })
}
