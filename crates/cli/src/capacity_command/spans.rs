//! What a level is held against: objectives of all viewers, and of each group.

use std::sync::Arc;
use std::time::Duration;

use swarm::Seen;
use telemetry::Snapshot;
use telemetry::objective::{Span, Status};

use crate::objectives::Objectives;

/// All of them.
pub(super) struct Spans {
    all: Span,
    groups: Vec<OfGroup>,
}

struct OfGroup {
    place: usize,
    name: Arc<str>,
    span: Span,
}

impl Spans {
    /// Nothing yet.
    pub(super) fn none() -> Self {
        Self {
            all: Span::new(Vec::new()),
            groups: Vec::new(),
        }
    }

    /// Those that were asked for, as far as they are known of the streams that were `seen`.
    pub(super) fn new(asked: &Objectives, seen: &Seen) -> Self {
        let groups = asked.groups().iter().map(|of| OfGroup {
            place: of.place,
            name: Arc::clone(&of.name),
            span: Span::new(of.set.list(target(part(seen, of.place)))),
        });
        Self {
            all: Span::new(asked.list(target(&seen.all))),
            groups: groups.collect(),
        }
    }

    /// Whether all that they wait for is known.
    pub(super) fn are_known(asked: &Objectives, seen: &Seen) -> bool {
        let known = |waits: bool, of: &Snapshot| !waits || target(of).is_some();
        let mut groups = asked.groups().iter();
        known(asked.wait_for_stream(), &seen.all)
            && groups.all(|of| known(of.set.waits_for_stream(), part(seen, of.place)))
    }

    /// What they are called, before any level is judged.
    pub(super) fn names(&mut self) -> Vec<String> {
        let unknown = self.status(&Seen::default());
        let names = unknown.iter().map(|status| status.name().into_owned());
        names.collect()
    }

    pub(super) fn observe(&mut self, seen: &Seen) {
        self.all.observe(&seen.all);
        for of in &mut self.groups {
            of.span.observe(part(seen, of.place));
        }
    }

    /// The part that is judged begins.
    pub(super) fn begin(&mut self, seen: &Seen) {
        self.all.begin(&seen.all);
        for of in &mut self.groups {
            of.span.begin(part(seen, of.place));
        }
    }

    /// How they stand: those of all viewers, then those of the groups.
    pub(super) fn status(&mut self, seen: &Seen) -> Vec<Status> {
        let mut all = self.all.status(&seen.all);
        for of in &mut self.groups {
            let own = of.span.status(part(seen, of.place));
            all.extend(own.into_iter().map(|status| Status {
                group: Some(of.name.to_string()),
                ..status
            }));
        }
        all
    }
}

/// What a group saw; the one group of a scenario is all.
fn part(seen: &Seen, place: usize) -> &Snapshot {
    seen.groups.get(place).unwrap_or(&seen.all)
}

fn target(snapshot: &Snapshot) -> Option<Duration> {
    snapshot.playback.target_duration()
}
