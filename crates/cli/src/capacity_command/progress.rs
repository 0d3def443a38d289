//! What is shown of a search while a level goes on: one line that renews itself on a terminal, a
//! line for each phase elsewhere, nothing when told to be quiet. It goes to standard error.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use report::format::things;
use telemetry::viewers::Counts;

/// What a level is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Those of a level that broke leave; so many are left.
    Leaving(u64),
    /// So many viewers of all have started.
    Starting(u64, u64),
    /// So many viewers settle, for how long and of how long.
    Settling(u64, Duration, Duration),
    /// So many viewers are judged, for how long and of how long.
    Judging(u64, Duration, Duration),
}

impl Phase {
    /// How far it is to so many viewers.
    pub(super) fn on_the_way(counts: &Counts, viewers: u64) -> Self {
        match viewers {
            0 => Self::Leaving(counts.active()),
            _ => Self::Starting(counts.active().min(viewers), viewers),
        }
    }

    /// What it is, without how far it has come.
    fn title(self) -> String {
        match self {
            Self::Leaving(_) => "all viewers leave, fresh ones come".to_owned(),
            Self::Starting(_, all) => format!("{}: starting", viewers(all)),
            Self::Settling(all, _, of) => format!("{}: settling for {}", viewers(all), length(of)),
            Self::Judging(all, _, of) => format!("{}: judged for {}", viewers(all), length(of)),
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title())?;
        match self {
            Self::Leaving(left) => write!(f, " · {left} left"),
            Self::Starting(started, all) => write!(f, " · {started} of {all}"),
            Self::Settling(_, into, of) | Self::Judging(_, into, of) => {
                write!(f, " · {} left", seconds(of.saturating_sub(*into)))
            }
        }
    }
}

fn viewers(all: u64) -> String {
    things(all, "viewer", "viewers")
}

/// A length that was asked for, as it is.
fn length(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

/// What is left, in whole seconds.
fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64().ceil())
}

/// Shows phases as they come.
pub(super) struct Progress {
    to: To,
    /// The phase that was told of last, where each is told of once.
    told: String,
}

enum To {
    Line(ProgressBar),
    Lines,
    Nobody,
}

impl Progress {
    pub(super) fn new(quiet: bool, all: &MultiProgress) -> Self {
        let to = if quiet {
            To::Nobody
        } else if io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{msg}") {
                bar.set_style(style);
            }
            To::Line(all.add(bar))
        } else {
            To::Lines
        };
        Self {
            to,
            told: String::new(),
        }
    }

    pub(super) fn show(&mut self, phase: Phase) {
        match &self.to {
            To::Line(bar) => bar.set_message(phase.to_string()),
            To::Lines => {
                let title = phase.title();
                if title != self.told {
                    put(&title);
                    self.told = title;
                }
            }
            To::Nobody => {}
        }
    }

    /// Tells of a level that has ended.
    pub(super) fn say(&mut self, line: &str) {
        match &self.to {
            To::Line(bar) => bar.suspend(|| put(line)),
            To::Lines => {
                put(line);
                self.told.clear();
            }
            To::Nobody => {}
        }
    }

    /// Takes the line away.
    pub(super) fn close(&self) {
        if let To::Line(bar) = &self.to {
            bar.finish_and_clear();
        }
    }
}

/// Writes a line to standard error. Where nobody reads it, the summary still says it.
fn put(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use base::{Now, ViewerState};
    use telemetry::Recorder;
    use telemetry::viewers::Playback;

    use super::*;

    #[test]
    fn who_waits_for_a_turn_has_not_started() {
        let now = Now::new(Duration::ZERO, 0);
        let mut recorder = Recorder::new(now);
        for number in 0..10 {
            let mut viewer = recorder.add_viewer(number, Playback::Tracked, now.elapsed);
            if number < 3 {
                recorder.enter(&mut viewer, ViewerState::Starting, now.elapsed);
            }
        }
        let counts = recorder.snapshot(now).viewers;
        assert_eq!(Phase::on_the_way(&counts, 10), Phase::Starting(3, 10));
        assert_eq!(Phase::on_the_way(&counts, 2), Phase::Starting(2, 2));
        assert_eq!(Phase::on_the_way(&counts, 0), Phase::Leaving(3));
    }

    #[test]
    fn a_phase_says_how_far_it_is() {
        let s = Duration::from_secs;
        for (phase, words) in [
            (
                Phase::Leaving(7),
                "all viewers leave, fresh ones come · 7 left",
            ),
            (
                Phase::Starting(40, 100),
                "100 viewers: starting · 40 of 100",
            ),
            (
                Phase::Settling(100, s(4), s(10)),
                "100 viewers: settling for 10 s · 6 s left",
            ),
            (
                Phase::Settling(1, s(0), Duration::from_millis(500)),
                "1 viewer: settling for 0.5 s · 1 s left",
            ),
            (
                Phase::Judging(100, Duration::from_millis(29_100), s(30)),
                "100 viewers: judged for 30 s · 1 s left",
            ),
        ] {
            assert_eq!(phase.to_string(), words);
        }
    }
}
