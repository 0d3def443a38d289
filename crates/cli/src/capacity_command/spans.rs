//! What a level is held against: objectives of all viewers, and of each group.

use std::sync::Arc;
use std::time::Duration;

use swarm::Seen;
use telemetry::Snapshot;
use telemetry::objective::{Span, Status};

use crate::objectives::{Objectives, Set};

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

    /// Whose objectives wait for their stream, in words; `None`: all are known.
    pub(super) fn unknown(asked: &Objectives, seen: &Seen) -> Option<String> {
        let waits = |set: &Set, of: &Snapshot| set.waits_for_stream() && target(of).is_none();
        if waits(asked.all(), &seen.all) {
            return Some("the default objectives".to_owned());
        }
        let mut groups = asked.groups().iter();
        let group = groups.find(|of| waits(&of.set, part(seen, of.place)))?;
        Some(format!("the default objectives of group `{}`", group.name))
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

    /// Those of an earlier crowd have left, and nobody has come yet.
    pub(super) fn fresh(&mut self, seen: &Seen) {
        self.all.fresh(&seen.all);
        for of in &mut self.groups {
            of.span.fresh(part(seen, of.place));
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
pub(super) fn part(seen: &Seen, place: usize) -> &Snapshot {
    seen.groups.get(place).unwrap_or(&seen.all)
}

fn target(snapshot: &Snapshot) -> Option<Duration> {
    snapshot.playback.target_duration()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args;

    #[test]
    fn the_default_objectives_wait_for_the_stream_of_their_own_group() {
        let mut objectives = Objectives::new(&args::Objectives {
            slo: vec!["error_rate < 1%".to_owned()],
            slo_require_data: false,
        })
        .unwrap();
        let phones = Arc::from("phones");
        let default = ["default".to_owned()];
        objectives.add_group(1, &phones, &default).unwrap();
        let stream = |ms| {
            let mut snapshot = Snapshot::default();
            snapshot.playback.target_duration_ms = ms;
            snapshot
        };
        let seen = |phones| Seen {
            all: stream(Some(2_000)),
            groups: vec![stream(Some(2_000)), stream(phones)],
        };
        let waits = Spans::unknown(&objectives, &seen(None)).unwrap();
        assert!(waits.contains("group `phones`"), "{waits}");
        assert_eq!(Spans::unknown(&objectives, &seen(Some(4_000))), None);
        let names = Spans::new(&objectives, &seen(Some(4_000))).names();
        assert_eq!(names.len(), 4, "{names:?}");
    }
}
