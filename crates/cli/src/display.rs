//! What a person sees of a run while it goes on: the dashboard, or the progress.

use indicatif::MultiProgress;
use report::Frame;
use tui::Action;

use crate::progress::Progress;
use crate::settings::{Settings, Shows};
use crate::terminal::{Dashboard, Frames, LogSink};

/// Shows frames, and hears the person.
pub(crate) enum Display {
    /// Draws by itself.
    Dashboard(Dashboard),
    Progress(Progress),
}

impl Display {
    pub(crate) fn open(
        settings: &Settings,
        frames: Frames,
        progress: &MultiProgress,
        log: &LogSink,
        url: &str,
    ) -> anyhow::Result<Self> {
        Ok(match settings.shows {
            Shows::Dashboard => Self::Dashboard(Dashboard::open(frames, log.clone())?),
            Shows::Progress | Shows::Nothing => {
                Self::Progress(Progress::new(settings, progress, url))
            }
        })
    }

    /// Returns when a person asks something of the run. Shows `newest` meanwhile.
    pub(crate) async fn next(&mut self, newest: impl Fn() -> std::sync::Arc<Frame>) -> Action {
        match self {
            Self::Dashboard(dashboard) => dashboard.next().await,
            Self::Progress(progress) => loop {
                progress.next_turn().await;
                progress.show(&newest().snapshot);
            },
        }
    }

    /// Tells the person something.
    pub(crate) fn say(&self, line: &str) {
        match self {
            Self::Dashboard(dashboard) => dashboard.say(line),
            Self::Progress(progress) => progress.say(line),
        }
    }

    /// Tells the person what nothing can be done without.
    pub(crate) fn insist(&self, line: &str) {
        match self {
            Self::Dashboard(dashboard) => dashboard.say(line),
            Self::Progress(progress) => progress.insist(line),
        }
    }

    /// Leaves the terminal as it was.
    pub(crate) fn close(self) {
        if let Self::Progress(mut progress) = self {
            progress.finish();
        }
    }
}
