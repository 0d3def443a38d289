//! Objectives, held against a run as it goes on: those of all viewers, and those of each group.

use std::sync::Arc;
use std::time::Duration;

use telemetry::Snapshot;
use telemetry::objective::{self, Status, Watch};

use crate::objectives::{Objectives, OfGroup, Set};

/// The target duration of a stream that never told its own. What is made of it is only ever
/// without a sample: nobody played.
const ASSUMED: Duration = Duration::from_secs(2);

/// All of them.
pub(crate) struct Judges {
    all: Judge,
    /// With the places of their groups.
    groups: Vec<(usize, Judge)>,
    status: Arc<[Status]>,
}

/// Those of all viewers, or of one group.
struct Judge {
    /// Those of the default set wait for the stream's target duration.
    waits_for_stream: bool,
    watch: Watch,
}

impl Judges {
    pub(crate) fn new(objectives: &Objectives) -> Self {
        let groups = objectives.groups().iter();
        let groups = groups.map(|OfGroup { place, name, set }| {
            let watch = Watch::of_group(name, set.list(None));
            (*place, Judge::new(set, watch))
        });
        let mut judges = Self {
            all: Judge::new(objectives.all(), Watch::new(objectives.list(None))),
            groups: groups.collect(),
            status: Arc::default(),
        };
        judges.status = judges.listed();
        judges
    }

    /// What was seen so far: of all, and of each group; the one group of a scenario is all.
    pub(crate) fn observe(&mut self, all: &Snapshot, groups: &[Snapshot]) {
        self.all.observe(all);
        for (place, judge) in &mut self.groups {
            judge.observe(groups.get(*place).unwrap_or(all));
        }
        self.status = self.listed();
    }

    /// What was seen of the whole run. Objectives whose stream never came are listed too: without a
    /// sample, so that who requires data learns of them.
    pub(crate) fn last(&mut self, all: &Snapshot, groups: &[Snapshot]) {
        self.observe(all, groups);
        let judges = self.groups.iter_mut().map(|(_, judge)| judge);
        for judge in std::iter::once(&mut self.all).chain(judges) {
            judge.know(ASSUMED);
        }
        // Some of them are judged whatever the stream's target duration.
        self.observe(all, groups);
    }

    /// How they stand: those of all viewers, then those of the groups, each in the order in which
    /// they were given.
    pub(crate) fn status(&self) -> Arc<[Status]> {
        Arc::clone(&self.status)
    }

    /// The first objective that stops the run, if one does.
    pub(crate) fn abort(&self) -> Option<&Status> {
        let groups = self.groups.iter().map(|(_, judge)| judge);
        let mut all = std::iter::once(&self.all).chain(groups);
        all.find_map(|judge| judge.watch.abort())
    }

    fn listed(&self) -> Arc<[Status]> {
        let all = self.all.watch.status();
        if self.groups.is_empty() {
            return all;
        }
        let groups = self.groups.iter().map(|(_, judge)| judge.watch.status());
        let groups = groups.flat_map(|status| status.to_vec());
        all.iter().cloned().chain(groups).collect()
    }
}

impl Judge {
    fn new(set: &Set, watch: Watch) -> Self {
        Self {
            waits_for_stream: set.waits_for_stream(),
            watch,
        }
    }

    fn observe(&mut self, snapshot: &Snapshot) {
        if let Some(target_duration) = snapshot.playback.target_duration() {
            self.know(target_duration);
        }
        self.watch.observe(snapshot);
    }

    /// Takes what it waits for, if it still does.
    fn know(&mut self, target_duration: Duration) {
        if std::mem::take(&mut self.waits_for_stream) {
            self.watch.add(objective::defaults(target_duration));
        }
    }
}

#[cfg(test)]
mod tests {
    use telemetry::objective::State;

    use super::*;
    use crate::args;

    fn judges(of_all: &[&str], of_group: &[&str]) -> (Judges, Objectives) {
        let typed = |all: &[&str]| all.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let asked = args::Objectives {
            slo: typed(of_all),
            slo_require_data: true,
        };
        let mut objectives = Objectives::new(&asked).unwrap();
        let name = Arc::from("lost");
        objectives.add_group(1, &name, &typed(of_group)).unwrap();
        (Judges::new(&objectives), objectives)
    }

    fn seen(target_duration_ms: Option<u64>) -> Snapshot {
        let mut seen = Snapshot {
            started_ms: Some(0),
            at_ms: Some(1_000),
            ..Snapshot::default()
        };
        seen.playback.target_duration_ms = target_duration_ms;
        seen
    }

    #[test]
    fn the_default_objectives_of_a_stream_that_never_came_are_without_data() {
        let (mut judges, objectives) = judges(&["default"], &["default"]);
        let groups = [seen(Some(4_000)), seen(None)];
        judges.observe(&groups[0], &groups);
        assert_eq!(judges.status().len(), 3, "those of the stream that came");
        judges.last(&groups[0], &groups);
        let status = judges.status();
        let limits: Vec<_> = status.iter().map(|one| one.limit).collect();
        assert_eq!(limits[..3], [18_000.0, 20_000.0, 24_000.0]);
        let lost: Vec<_> = (status.iter())
            .filter(|one| one.group.as_deref() == Some("lost"))
            .collect();
        assert_eq!((status.len(), lost.len()), (6, 3));
        for one in lost {
            assert!(
                one.state == State::Unknown && objectives.fails(one),
                "{one:?}"
            );
        }
    }

    #[test]
    fn what_is_known_at_the_last_look_alone_is_not_assumed() {
        let (mut judges, _) = judges(&["error_rate < 1%", "default"], &[]);
        judges.last(&seen(Some(4_000)), &[]);
        let status = judges.status();
        let limits: Vec<_> = status.iter().map(|one| one.limit).collect();
        assert_eq!(limits, [0.01, 18_000.0, 20_000.0, 24_000.0]);
    }
}
