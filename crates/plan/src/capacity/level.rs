use std::cmp::Ordering;

use super::Margin;

/// A number of viewers, and how its holds went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) viewers: u64,
    held: u32,
    broke: u32,
    close: bool,
}

impl Level {
    pub(super) fn new(viewers: u64) -> Self {
        Self {
            viewers,
            held: 0,
            broke: 0,
            close: false,
        }
    }

    pub(super) fn held(&mut self, margin: Margin) {
        self.held += 1;
        self.close |= margin == Margin::Close;
    }

    pub(super) fn broke(&mut self, margin: Margin) {
        self.broke += 1;
        self.close |= margin == Margin::Close;
    }

    /// Greater: it held. Less: it broke. Equal: it has to be held again to say.
    pub(super) fn standing(&self) -> Ordering {
        self.held.cmp(&self.broke)
    }

    /// Whether it has to be held again before the search goes on: its judgements differ, or its
    /// only one was close.
    pub(super) fn is_open(&self) -> bool {
        let judgements = self.held + self.broke;
        judgements > 0 && (self.standing() == Ordering::Equal || (judgements == 1 && self.close))
    }

    /// `None`: it was judged the same way more than once, so it can be an answer. Else what to hold.
    pub(super) fn sure(&self) -> Option<u64> {
        (self.held.abs_diff(self.broke) < 2 && self.held + self.broke < 3).then_some(self.viewers)
    }
}
