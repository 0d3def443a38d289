use std::time::Duration;

use crate::line::Line;
use crate::slots::Slots;

/// When the things of a queue happen, counted from its first one.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Pace {
    /// At a rate.
    Slots(Slots),
    /// Evenly over a span.
    Line(Line),
}

impl Pace {
    /// The thing at place `k`, whose number is `n`.
    fn at(&self, k: u64, n: u64) -> Duration {
        match self {
            Self::Slots(slots) => slots.at(k, n),
            Self::Line(line) => line.at(k),
        }
    }

    /// When there is room for place `k`.
    fn begin(&self, k: u64) -> Duration {
        match self {
            Self::Slots(slots) => slots.begin(k),
            Self::Line(line) => line.span,
        }
    }
}

/// Things that happen one after the other, counted from 0: those before `done` have happened, those
/// before `end` will.
///
/// What is added goes on after the last slot taken, or from the moment it is added where that is
/// later: the rate holds across every change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Queue {
    pace: Pace,
    /// The thing whose slot begins at `zero`.
    first: u64,
    zero: Duration,
    done: u64,
    end: u64,
}

impl Queue {
    /// `count` things from the beginning.
    pub(crate) fn new(slots: Slots, count: u64) -> Self {
        Self {
            pace: Pace::Slots(slots),
            first: 0,
            zero: Duration::ZERO,
            done: 0,
            end: count,
        }
    }

    /// When `n` happens. Never before an earlier one.
    pub(crate) fn at(&self, n: u64) -> Duration {
        self.zero.saturating_add(self.pace.at(n - self.first, n))
    }

    /// Those that are still to happen.
    pub(crate) fn pending(&self) -> std::ops::Range<u64> {
        self.done..self.end
    }

    /// How many are still to happen.
    pub(crate) fn left(&self) -> u64 {
        self.end - self.done
    }

    /// How many of those still to happen will have happened at `now`.
    pub(crate) fn due(&self, now: Duration) -> u64 {
        let (mut low, mut high) = (self.done, self.end);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.at(middle) <= now {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low - self.done
    }

    /// `count` more have happened.
    pub(crate) fn pass(&mut self, count: u64) {
        self.done = self.end.min(self.done + count);
    }

    /// `more` are added at `now`, when those due have passed.
    pub(crate) fn extend(&mut self, more: u64, now: Duration) {
        let next = self
            .zero
            .saturating_add(self.pace.begin(self.end - self.first));
        if more > 0 && next < now {
            self.first = self.end;
            self.zero = now;
        }
        self.end += more;
    }

    /// The last `fewer` will not happen.
    pub(crate) fn cut(&mut self, fewer: u64) {
        self.end -= fewer.min(self.left());
    }

    /// Those that are still to happen do at this rate, from `now` on.
    pub(crate) fn follow(&mut self, slots: Slots, now: Duration) {
        self.pace = Pace::Slots(slots);
        self.first = self.done;
        self.zero = now;
    }

    /// `count` happen evenly over a span from `now` on, and nothing else.
    pub(crate) fn draw(&mut self, count: u64, span: Duration, now: Duration) {
        self.pace = Pace::Line(Line { span, count });
        self.first = self.done;
        self.zero = now;
        self.end = self.done + count;
    }
}
