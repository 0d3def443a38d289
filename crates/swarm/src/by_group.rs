//! The recorders of one worker.

use std::rc::Rc;

use base::Now;
use telemetry::{Recorder, Snapshot};
use transport::Client;
use viewer::Shared;

use crate::plan::Plan;

/// What the viewers of a worker share, group by group. Each group has a recorder of its own, so that
/// its figures are exact without any sample being told whose it is; connections, clock and playlists
/// are the worker's. A plan of one group has one recorder, as if there were no groups.
///
/// What is no group's, the generator's own health, stands with the first.
pub(crate) struct ByGroup {
    each: Vec<Rc<Shared>>,
}

impl ByGroup {
    /// Recorders for a run that began at `start`.
    pub(crate) fn new(plan: &Plan, client: Client, start: Now) -> Self {
        let first = Shared::new(client, Recorder::new(start), plan.insecure);
        let others = plan.groups.iter().skip(1);
        let others: Vec<_> = others.map(|_| first.beside(Recorder::new(start))).collect();
        Self {
            each: [vec![first], others].concat(),
        }
    }

    /// What is the worker's, and no group's.
    pub(crate) fn worker(&self) -> &Rc<Shared> {
        &self.each[0]
    }

    /// What is the group's at this place of the plan.
    pub(crate) fn of(&self, group: usize) -> &Rc<Shared> {
        &self.each[group]
    }

    /// Says how many viewers are wanted of each group.
    pub(crate) fn set_targets(&self, of: impl Fn(usize) -> u64) {
        for (group, shared) in self.each.iter().enumerate() {
            shared.recorder.borrow_mut().set_target(of(group));
        }
    }

    /// The run stops.
    pub(crate) fn stop(&self, now: Now) {
        for shared in &self.each {
            shared.recorder.borrow_mut().stop(now);
        }
    }

    /// Everything so far of each group, in the order of the plan: as of one moment, so that the sum
    /// is what one recorder would have seen.
    pub(crate) fn snapshots_into(&self, now: Now, out: &mut Vec<Snapshot>) {
        out.resize_with(self.each.len(), Snapshot::default);
        for (shared, out) in self.each.iter().zip(out) {
            shared.recorder.borrow_mut().snapshot_into(now, out);
        }
    }
}
