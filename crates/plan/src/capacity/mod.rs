//! The most viewers at which every objective still holds, found in few levels.
//!
//! ```text
//! viewers
//!    to ┤                        a level is a number of viewers that is held for a while and
//!       │        x               judged; x broke, o held
//!       │          x   x x
//!       │             o   o      up in steps, as gentle as the levels that are left allow; from
//!       │     o                  the first that breaks on, the middle (of the logarithms) of the
//!  from ┤  o                     most that held and the least that broke
//!       └───────────────────> levels
//! ```
//!
//! A level is held again where its judgement was close, and so is the one that would be the answer;
//! where two judgements of it differ, a third decides. The search ends when what held is within
//! [`TOLERANCE`] of what broke. A clean ceiling anywhere in a range of up to 1 : 200 takes at most
//! [`LEVELS`] levels, and one hold more for the answer.

mod ladder;
mod level;

use std::cmp::Ordering;

use ladder::middle;
use level::Level;

/// What held is at least this share of the least that broke.
pub const TOLERANCE: f64 = 0.05;
/// Levels that a search takes in a range of up to 1 : 200.
pub const LEVELS: u32 = 9;
/// Holds that a search takes at most, repetitions included.
pub const HOLDS_MAX: u32 = 20;

/// Why a range can't be searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Nothing to begin with.
    #[error("a search begins with at least one viewer")]
    FromNone,
    /// Not a range.
    #[error("a search from {from} to {to} viewers has no levels; give a larger number to end with")]
    Empty {
        /// Where it was to begin.
        from: u64,
        /// Where it was to end.
        to: u64,
    },
    /// More viewers than any run has.
    #[error("{0} viewers are too many; the most is {max}", max = crate::VIEWERS_MAX)]
    TooMany(u64),
}

/// How a hold went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every objective held.
    Held(Margin),
    /// One broke.
    Broken(Margin),
    /// Our own generator was the bottleneck: nothing can be said of the origin, and the search is
    /// over.
    GeneratorBound,
}

/// How far from its limit the objective was that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Margin {
    /// Clearly on its side.
    Clear,
    /// So close that chance may have decided: the level is held again.
    Close,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Hold so many viewers and tell how it went.
    Hold(u64),
    /// Nothing: this is the answer.
    Over(Answer),
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The most viewers that held; `None`: not even the least did.
    pub carried: Option<u64>,
    /// The fewest viewers that broke; `None`: not even the most did.
    pub broken: Option<u64>,
    /// Why the search ended.
    pub end: End,
}

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// What held is within [`TOLERANCE`] of what broke.
    Found,
    /// The most that was to be tried held: there may be room for more.
    HeldToTheEnd,
    /// The least that was to be tried broke: it may carry fewer.
    BrokeFromTheStart,
    /// Our own generator was the bottleneck at so many viewers.
    GeneratorBound(u64),
    /// Levels were judged now one way and now the other until [`HOLDS_MAX`] holds were made.
    Unsettled,
}

/// A search under way.
#[derive(Clone, Debug)]
pub struct Search {
    from: u64,
    to: u64,
    /// Ascending.
    levels: Vec<Level>,
    holds: u32,
    bound: Option<u64>,
}

impl Search {
    /// Between `from` and `to` viewers, both included.
    pub fn new(from: u64, to: u64) -> Result<Self, RangeError> {
        match (from, to) {
            (0, _) => return Err(RangeError::FromNone),
            _ if to <= from => return Err(RangeError::Empty { from, to }),
            _ if to > crate::VIEWERS_MAX => return Err(RangeError::TooMany(to)),
            _ => {}
        }
        Ok(Self {
            from,
            to,
            levels: Vec::new(),
            holds: 0,
            bound: None,
        })
    }

    /// What to do next.
    pub fn next(&self) -> Next {
        let (carried, broken) = self.so_far();
        let over = |end| {
            Next::Over(Answer {
                carried,
                broken,
                end,
            })
        };
        if let Some(viewers) = self.bound {
            return over(End::GeneratorBound(viewers));
        }
        let next = self.level_to_hold();
        if next.is_ok() && self.holds >= HOLDS_MAX {
            return over(End::Unsettled);
        }
        next.map_or_else(over, Next::Hold)
    }

    /// The level of [`Search::next`] was held, and that is how it went.
    pub fn judged(&mut self, verdict: Verdict) {
        let Next::Hold(viewers) = self.next() else {
            return;
        };
        self.holds += 1;
        let place = match self.place(viewers) {
            Ok(place) => place,
            Err(place) => {
                self.levels.insert(place, Level::new(viewers));
                place
            }
        };
        match verdict {
            Verdict::Held(margin) => self.levels[place].held(margin),
            Verdict::Broken(margin) => self.levels[place].broke(margin),
            Verdict::GeneratorBound => self.bound = Some(viewers),
        }
    }

    /// The most viewers that held so far, and the fewest that broke.
    pub fn so_far(&self) -> (Option<u64>, Option<u64>) {
        let viewers = |level: &Level| level.viewers;
        (self.carried().map(viewers), self.broken().map(viewers))
    }

    /// Holds so far, repetitions included.
    pub fn holds(&self) -> u32 {
        self.holds
    }

    /// Different numbers of viewers that were held so far.
    pub fn levels(&self) -> usize {
        self.levels.len()
    }

    fn place(&self, viewers: u64) -> Result<usize, usize> {
        let order = |level: &Level| level.viewers.cmp(&viewers);
        self.levels.binary_search_by(order)
    }

    /// The fewest that broke.
    fn broken(&self) -> Option<&Level> {
        self.levels
            .iter()
            .find(|level| level.standing() == Ordering::Less)
    }

    /// The most that held, of those below all that broke.
    fn carried(&self) -> Option<&Level> {
        let end = self.broken().map_or(u64::MAX, |level| level.viewers);
        let mut below = self.levels.iter().filter(|level| level.viewers < end);
        below.rfind(|level| level.standing() == Ordering::Greater)
    }

    fn level_to_hold(&self) -> Result<u64, End> {
        if let Some(level) = self.levels.iter().find(|level| level.is_open()) {
            return Ok(level.viewers);
        }
        match (self.carried(), self.broken()) {
            (None, Some(broken)) if broken.viewers <= self.from => {
                broken.sure().ok_or(End::BrokeFromTheStart)
            }
            (None, _) => Ok(self.from),
            (Some(held), None) if held.viewers >= self.to => held.sure().ok_or(End::HeldToTheEnd),
            (Some(held), None) => Ok(self.step_up(held.viewers)),
            (Some(held), Some(broken)) => match middle(held.viewers, broken.viewers) {
                Some(between) => Ok(between),
                None => held.sure().ok_or(End::Found),
            },
        }
    }

    fn step_up(&self, held: u64) -> u64 {
        let left = LEVELS.saturating_sub(self.levels.len() as u32);
        ladder::step_up(held, self.to, left)
    }
}
