//! The newest moment, and what was said of it: each answer is rendered once, however many ask.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::body::Bytes;
use base::ViewerState;
use report::{Document, Frame};
use tokio::sync::watch;

use crate::config::PerViewer;
use crate::metrics::{self, Format};
use crate::origin::{self, OriginFrame};
use crate::{json, slo};

/// Where moments come from.
#[derive(Clone, Debug)]
pub(crate) enum Feed {
    Run(watch::Receiver<Arc<Frame>>),
    Origin(watch::Receiver<Arc<OriginFrame>>),
}

/// A moment of what is watched.
#[derive(Clone, Debug)]
pub(crate) enum Moment {
    Run(Arc<Frame>),
    Origin(Arc<OriginFrame>),
}

impl Feed {
    fn newest(&self) -> Moment {
        match self {
            Self::Run(frames) => Moment::Run(Arc::clone(&frames.borrow())),
            Self::Origin(frames) => Moment::Origin(Arc::clone(&frames.borrow())),
        }
    }
}

impl Moment {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Run(a), Self::Run(b)) => Arc::ptr_eq(a, b),
            (Self::Origin(a), Self::Origin(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// The newest moment with its answers.
#[derive(Debug)]
pub(crate) struct Board {
    feed: Feed,
    per_viewer: PerViewer,
    newest: Mutex<Arc<Answers>>,
}

impl Board {
    pub(crate) fn new(feed: Feed, per_viewer: PerViewer) -> Self {
        let newest = Arc::new(Answers::new(feed.newest(), per_viewer));
        Self {
            feed,
            per_viewer,
            newest: Mutex::new(newest),
        }
    }

    /// What there is to say now.
    pub(crate) fn newest(&self) -> Arc<Answers> {
        let moment = self.feed.newest();
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if !newest.moment.is(&moment) {
            *newest = Arc::new(Answers::new(moment, self.per_viewer));
        }
        Arc::clone(&newest)
    }
}

/// What there is to say of one moment. Who asks first renders; the others wait for it.
#[derive(Debug)]
pub(crate) struct Answers {
    moment: Moment,
    per_viewer: PerViewer,
    plain: OnceLock<Bytes>,
    open: OnceLock<Bytes>,
    snapshot: OnceLock<Bytes>,
    event: OnceLock<Bytes>,
    slo: OnceLock<Bytes>,
}

impl Answers {
    fn new(moment: Moment, per_viewer: PerViewer) -> Self {
        Self {
            moment,
            per_viewer,
            plain: OnceLock::new(),
            open: OnceLock::new(),
            snapshot: OnceLock::new(),
            event: OnceLock::new(),
            slo: OnceLock::new(),
        }
    }

    /// Whether the other says the same, being of the same moment.
    pub(crate) fn is_of(&self, other: &Self) -> bool {
        self.moment.is(&other.moment)
    }

    /// The metrics.
    pub(crate) fn metrics(&self, format: Format) -> Bytes {
        let rendered = match format {
            Format::Plain => &self.plain,
            Format::OpenMetrics => &self.open,
        };
        let metrics = || match &self.moment {
            Moment::Run(frame) => metrics::of_run(frame, self.per_viewer, format),
            Moment::Origin(frame) => metrics::of_origin(frame, format),
        };
        rendered.get_or_init(|| metrics().into()).clone()
    }

    /// Everything so far, as JSON.
    pub(crate) fn snapshot(&self) -> Bytes {
        let snapshot = || match &self.moment {
            Moment::Run(frame) => json::text(&frame.document()),
            Moment::Origin(frame) => json::text(&origin::Document::of(frame)),
        };
        self.snapshot.get_or_init(snapshot).clone()
    }

    /// The same as an event, with the newest row of the timeline only.
    pub(crate) fn event(&self) -> Bytes {
        let event = || {
            let data = match &self.moment {
                Moment::Run(frame) => json::text(&newest_row(frame)),
                Moment::Origin(_) => self.snapshot(),
            };
            // JSON has no line break in it, so it is one line of data.
            [b"data: ".as_slice(), &data, b"\n\n"].concat().into()
        };
        self.event.get_or_init(event).clone()
    }

    /// The latency of each series.
    pub(crate) fn slo(&self) -> Bytes {
        let slo = || match &self.moment {
            Moment::Run(frame) => {
                let snapshot = &frame.snapshot;
                let at_ms = snapshot.at_ms.unwrap_or(0);
                json::text(&slo::Answer::new(&snapshot.slo, at_ms, &frame.objectives))
            }
            Moment::Origin(frame) => json::text(&slo::Answer::new(&frame.slo, frame.at_ms, &[])),
        };
        self.slo.get_or_init(slo).clone()
    }

    /// Whether the first viewer plays, or has played; else why not.
    pub(crate) fn ready(&self) -> Result<(), &'static str> {
        let Moment::Run(frame) = &self.moment else {
            return Ok(());
        };
        let viewers = &frame.snapshot.viewers;
        let plays = [viewers.tracked, viewers.untracked].iter().any(|group| {
            group.count(ViewerState::Playing) > 0 || !group.time(ViewerState::Playing).is_zero()
        });
        match (plays, viewers.started) {
            (true, _) => Ok(()),
            (false, 0) => Err("no viewer has started yet"),
            (false, _) => Err("no viewer plays yet"),
        }
    }
}

/// The run so far, with the newest row of its timeline only.
fn newest_row(frame: &Frame) -> Document {
    let mut document = frame.document();
    let before = document.timeline.len().saturating_sub(1);
    document.timeline.drain(..before);
    document
}
