//! The viewers of one recorder, one by one: a row each, written in place.

use std::collections::VecDeque;
use std::time::Duration;

use base::{Outcome, ViewerState};

use super::{LISTED_MAX, Pace, Rank, Roster, Row};
use crate::requests::Sample;
use crate::viewers::Playback;

/// Where a recorder keeps one viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(u32);

impl Place {
    /// Of a viewer that is not kept.
    pub(crate) const NOWHERE: Self = Self(u32::MAX);
}

/// One viewer. Times are in nanoseconds since the run began, or lengths.
#[derive(Clone, Debug)]
struct Entry {
    viewer: u64,
    since_ns: u64,
    /// Played and stalled since the first picture of this life, up to `since_ns`.
    played_ns: u64,
    stalled_ns: u64,
    bytes: u64,
    requests_ok: u64,
    requests_failed: u64,
    live_latency_ms: Option<u64>,
    stalls: u32,
    restarts: u32,
    state: ViewerState,
    playback: Playback,
    started: bool,
    /// This life had its first picture.
    pictured: bool,
    connected: bool,
}

impl Entry {
    fn new(viewer: u64, playback: Playback, at: Duration) -> Self {
        Self {
            viewer,
            since_ns: nanos(at),
            played_ns: 0,
            stalled_ns: 0,
            bytes: 0,
            requests_ok: 0,
            requests_failed: 0,
            live_latency_ms: None,
            stalls: 0,
            restarts: 0,
            state: ViewerState::Waiting,
            playback,
            started: false,
            pictured: false,
            connected: false,
        }
    }

    fn enter(&mut self, to: ViewerState, at: Duration) {
        let at = nanos(at);
        (self.played_ns, self.stalled_ns) = self.spent(at);
        self.since_ns = at;
        let from = std::mem::replace(&mut self.state, to);
        match to {
            ViewerState::Starting => {
                self.restarts += u32::from(self.started && from == ViewerState::BackingOff);
                self.started = true;
                self.pictured = false;
                (self.played_ns, self.stalled_ns) = (0, 0);
                self.live_latency_ms = None;
            }
            ViewerState::Playing => self.pictured = true,
            ViewerState::Stalled => self.stalls += u32::from(self.is_tracked()),
            ViewerState::Waiting
            | ViewerState::BackingOff
            | ViewerState::Ended
            | ViewerState::Failed => {}
        }
    }

    /// Time played and stalled since the first picture, up to `now`.
    fn spent(&self, now: u64) -> (u64, u64) {
        let lasting = now.saturating_sub(self.since_ns);
        match self.state {
            ViewerState::Playing if self.pictured => (self.played_ns + lasting, self.stalled_ns),
            ViewerState::Stalled if self.pictured => (self.played_ns, self.stalled_ns + lasting),
            _ => (self.played_ns, self.stalled_ns),
        }
    }

    /// Drift and speed; `None` before the first picture and without a playhead.
    fn drift_and_speed(&self, now: u64) -> Option<(u64, u64)> {
        if !self.is_tracked() || !self.pictured {
            return None;
        }
        let (played, stalled) = self.spent(now);
        let drift_ms = stalled / NANOS_A_MS;
        // Most viewers never stall: no division of long numbers for them.
        if stalled == 0 {
            return Some((drift_ms, REALTIME));
        }
        let speed = u128::from(played) * u128::from(REALTIME) / u128::from(played + stalled);
        Some((drift_ms, speed as u64))
    }

    fn is_tracked(&self) -> bool {
        self.playback == Playback::Tracked
    }

    fn is_watching(&self) -> bool {
        matches!(self.state, ViewerState::Playing | ViewerState::Stalled)
    }

    fn row(&self, now: u64) -> Row {
        let drift_and_speed = self.drift_and_speed(now);
        Row {
            viewer: self.viewer,
            state: self.state,
            played_ms: self.is_tracked().then(|| self.spent(now).0 / NANOS_A_MS),
            drift_ms: drift_and_speed.map(|(drift, _)| drift),
            speed_permille: drift_and_speed.map(|(_, speed)| speed),
            stalls: u64::from(self.stalls),
            restarts: u64::from(self.restarts),
            live_latency_ms: self.live_latency_ms,
            requests_ok: self.requests_ok,
            requests_failed: self.requests_failed,
            bytes: self.bytes,
        }
    }
}

const NANOS_A_MS: u64 = 1_000_000;
/// The speed of who never stalled, in thousandths.
const REALTIME: u64 = 1_000;
/// Rows of viewers that are over for good that are kept before new viewers take their places: so a
/// crowd that comes and goes takes no more room than who is there.
const OVER_KEPT: usize = 1_000;
/// Candidates that are kept before the slowest of them are picked out.
const CANDIDATES_MAX: usize = 2 * LISTED_MAX;

/// The viewers of one recorder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    entries: Vec<Entry>,
    /// Places whose viewers were taken out.
    free: Vec<Place>,
    /// Places whose viewers are over for good, the first to be so first.
    over: VecDeque<Place>,
    candidates: Vec<(Rank, Place)>,
}

impl Table {
    pub(crate) fn add(&mut self, viewer: u64, playback: Playback, at: Duration) -> Place {
        let entry = Entry::new(viewer, playback, at);
        if let Some(place) = self.given_up() {
            self.entries[place.0 as usize] = entry;
            return place;
        }
        match u32::try_from(self.entries.len()) {
            Ok(place) if place != Place::NOWHERE.0 => {
                self.entries.push(entry);
                Place(place)
            }
            _ => Place::NOWHERE,
        }
    }

    /// A place that can be taken by another viewer.
    fn given_up(&mut self) -> Option<Place> {
        let enough = self.over.len() > OVER_KEPT;
        self.free
            .pop()
            .or_else(|| self.over.pop_front_if(|_| enough))
    }

    /// A viewer is over for good, and nothing more will be told of it: its row stays until its
    /// place is needed.
    pub(crate) fn retire(&mut self, place: Place) {
        if self.entry(place).is_some() {
            self.over.push_back(place);
        }
    }

    /// Takes out a viewer that has not started.
    pub(crate) fn remove(&mut self, place: Place) {
        if self.entry(place).is_some() {
            self.free.push(place);
        }
    }

    pub(crate) fn enter(&mut self, place: Place, to: ViewerState, at: Duration) {
        if let Some(entry) = self.entry(place) {
            entry.enter(to, at);
        }
    }

    /// A request ended. Whether it made a connection, and not the viewer's first.
    #[inline]
    pub(crate) fn ended(&mut self, place: Place, sample: &Sample) -> bool {
        let Some(entry) = self.entry(place) else {
            return false;
        };
        entry.bytes += sample.bytes;
        match sample.outcome {
            Outcome::Ok => entry.requests_ok += 1,
            Outcome::Failed(_) => entry.requests_failed += 1,
            Outcome::Cancelled => {}
        }
        sample.connect.is_some() && std::mem::replace(&mut entry.connected, true)
    }

    #[inline]
    pub(crate) fn live_latency(&mut self, place: Place, latency: Duration) {
        if let Some(entry) = self.entry(place) {
            let ms = latency.as_secs() * 1_000 + u64::from(latency.subsec_millis());
            entry.live_latency_ms = Some(ms);
        }
    }

    fn entry(&mut self, place: Place) -> Option<&mut Entry> {
        self.entries.get_mut(place.0 as usize)
    }

    /// All viewers added up, and the slowest of them, in one walk: whoever is not slower than
    /// [`LISTED_MAX`] seen before costs one comparison.
    pub(crate) fn roster_into(&mut self, now: Duration, out: &mut Roster) {
        let now = nanos(now);
        out.pace = Pace::default();
        self.candidates.clear();
        self.candidates.reserve(CANDIDATES_MAX);
        let mut last_listed = None;
        for (place, entry) in (0..).zip(&self.entries) {
            if !entry.started {
                continue;
            }
            let drift_and_speed = entry.drift_and_speed(now);
            if let Some((drift, speed)) = drift_and_speed.filter(|_| entry.is_watching()) {
                out.pace.add(drift, speed);
            }
            let drift = drift_and_speed.map(|(drift, _)| drift);
            let rank = Rank::new(drift, u64::from(entry.stalls), entry.viewer);
            if last_listed.is_some_and(|last| rank > last) {
                continue;
            }
            self.candidates.push((rank, Place(place)));
            if self.candidates.len() == CANDIDATES_MAX {
                last_listed = pick(&mut self.candidates, &self.entries, now);
            }
        }
        if self.candidates.len() > LISTED_MAX {
            pick(&mut self.candidates, &self.entries, now);
        }
        out.slowest.clear();
        let listed = self.candidates.iter();
        out.slowest
            .extend(listed.map(|(_, place)| self.entries[place.0 as usize].row(now)));
        out.slowest.sort_unstable_by(Row::slower_first);
    }
}

/// Leaves the [`LISTED_MAX`] slowest; the rank of the last of them.
fn pick(candidates: &mut Vec<(Rank, Place)>, entries: &[Entry], now: u64) -> Option<Rank> {
    let row = |place: Place| entries[place.0 as usize].row(now);
    candidates.select_nth_unstable_by(LISTED_MAX - 1, |a, b| {
        let equal = || row(a.1).cmp(&row(b.1));
        a.0.cmp(&b.0).then_with(equal)
    });
    candidates.truncate(LISTED_MAX);
    candidates.last().map(|(rank, _)| *rank)
}

fn nanos(time: Duration) -> u64 {
    time.as_secs() * 1_000_000_000 + u64::from(time.subsec_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(table: &Table) -> Vec<u64> {
        table.entries.iter().map(|entry| entry.viewer).collect()
    }

    #[test]
    fn a_crowd_that_comes_and_goes_takes_the_room_of_who_is_there() {
        let mut table = Table::default();
        let at = Duration::from_secs(1);
        let mut there = VecDeque::new();
        for n in 0..50_000 {
            there.push_back(table.add(n, Playback::Tracked, at));
            if there.len() > 300 {
                table.retire(there.pop_front().unwrap());
            }
        }
        let numbers = numbers(&table);
        assert!(numbers.len() <= 301 + OVER_KEPT, "{}", numbers.len());
        // Who is there has its row, and so has who was over last.
        for n in 50_000 - 300 - OVER_KEPT as u64..50_000 {
            assert!(numbers.contains(&n), "{n}");
        }
    }

    #[test]
    fn rows_of_a_crowd_that_only_ends_are_all_kept() {
        let mut table = Table::default();
        let places: Vec<_> = (0..5_000)
            .map(|n| table.add(n, Playback::Tracked, Duration::ZERO))
            .collect();
        for place in places {
            table.retire(place);
        }
        table.retire(Place::NOWHERE);
        assert_eq!(numbers(&table), (0..5_000).collect::<Vec<_>>());
    }
}
