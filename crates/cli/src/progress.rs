//! What is shown while a run goes on: a block that renews itself on a terminal, a line every few
//! seconds elsewhere, nothing when told to be quiet. It goes to standard error, so that standard
//! output holds the summary alone.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use report::progress::Progress as Text;
use telemetry::Snapshot;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::settings::{Settings, Shows};

/// How often the block on a terminal is renewed.
const BLOCK_EVERY: Duration = crate::observer::EVERY;
/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Shows snapshots as they come.
pub(crate) struct Progress {
    turns: Interval,
    text: Text,
    to: To,
}

enum To {
    Block(ProgressBar),
    Lines(MultiProgress),
    Nobody,
}

impl Progress {
    pub(crate) fn new(settings: &Settings, all: &MultiProgress, url: &str) -> Self {
        let (to, every) = if settings.shows != Shows::Progress {
            (To::Nobody, LINE_EVERY)
        } else if io::stderr().is_terminal() {
            let block = all.add(ProgressBar::with_draw_target(
                None,
                ProgressDrawTarget::stderr(),
            ));
            if let Ok(style) = ProgressStyle::with_template("{msg}") {
                block.set_style(style);
            }
            (To::Block(block), BLOCK_EVERY)
        } else {
            (To::Lines(all.clone()), LINE_EVERY)
        };
        let mut turns = interval_at(Instant::now() + every, every);
        turns.set_missed_tick_behavior(MissedTickBehavior::Skip);
        Self {
            turns,
            text: Text::new(url, settings.peak(), settings.duration),
            to,
        }
    }

    /// Returns when it is time to show something.
    pub(crate) async fn next_turn(&mut self) {
        self.turns.tick().await;
    }

    /// Shows a snapshot.
    pub(crate) fn show(&mut self, snapshot: &Snapshot) {
        match &self.to {
            To::Block(block) => {
                let (_, width) = console::Term::stderr().size();
                block.set_message(self.text.block(snapshot, usize::from(width)));
            }
            To::Lines(all) => {
                let line = self.text.line(snapshot);
                all.suspend(|| put(&line));
            }
            To::Nobody => {}
        }
    }

    /// Says something to the person.
    pub(crate) fn say(&self, line: &str) {
        match &self.to {
            To::Block(block) => block.println(line),
            To::Lines(all) => all.suspend(|| put(line)),
            To::Nobody => {}
        }
    }

    /// Says what the person can't do without, even one who wants no progress.
    pub(crate) fn insist(&self, line: &str) {
        match &self.to {
            To::Block(_) | To::Lines(_) => self.say(line),
            To::Nobody => put(line),
        }
    }

    /// Takes the block away.
    pub(crate) fn finish(&mut self) {
        if let To::Block(block) = &self.to {
            block.finish_and_clear();
        }
    }
}

/// Writes a line to standard error. Where nobody reads it any more, the run goes on.
fn put(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
