//! Objectives, held against a run as it goes on: those of all viewers, and those of each group.

use std::sync::Arc;

use telemetry::Snapshot;
use telemetry::objective::{Status, Watch};

use crate::objectives::{Objectives, OfGroup, Set};

/// All of them.
pub(crate) struct Judges {
    all: Judge,
    /// With the places of their groups.
    groups: Vec<(usize, Judge)>,
    status: Arc<[Status]>,
}

/// Those of all viewers, or of one group.
struct Judge {
    set: Set,
    /// `None`: of all viewers.
    group: Option<Arc<str>>,
    /// Those of the default set wait for the stream's target duration.
    waits_for_stream: bool,
    watch: Watch,
}

impl Judges {
    pub(crate) fn new(objectives: &Objectives) -> Self {
        let groups = objectives.groups().iter();
        let groups = groups.map(|OfGroup { place, name, set }| {
            let judge = Judge::new(set.clone(), Some(Arc::clone(name)));
            (*place, judge)
        });
        let mut judges = Self {
            all: Judge::new(objectives.all().clone(), None),
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
    fn new(set: Set, group: Option<Arc<str>>) -> Self {
        Self {
            waits_for_stream: set.waits_for_stream(),
            watch: watch(&set, None, group.as_deref()),
            set,
            group,
        }
    }

    fn observe(&mut self, snapshot: &Snapshot) {
        if let (true, Some(target)) = (self.waits_for_stream, snapshot.playback.target_duration()) {
            self.waits_for_stream = false;
            self.watch = watch(&self.set, Some(target), self.group.as_deref());
        }
        self.watch.observe(snapshot);
    }
}

fn watch(set: &Set, target_duration: Option<std::time::Duration>, group: Option<&str>) -> Watch {
    let objectives = set.list(target_duration);
    match group {
        Some(group) => Watch::of_group(group, objectives),
        None => Watch::new(objectives),
    }
}
