use std::sync::Arc;

use telemetry::{Generator, Snapshot};
use tokio::sync::watch;

/// What a worker published last: a snapshot of each group, of one moment.
pub(crate) type Report = Arc<Vec<Snapshot>>;

/// What was seen up to a moment.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Of all viewers, with the generator's own health.
    pub all: Snapshot,
    /// Of each group, in the order of the plan; empty where there is one. They add up to all, but for
    /// the generator's health, which is no group's.
    pub groups: Vec<Snapshot>,
}

/// Adds up the newest report of each worker.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    pub(crate) reports: Vec<watch::Receiver<Report>>,
    /// How many groups the plan has.
    pub(crate) groups: usize,
}

impl Hub {
    pub(crate) fn workers(&self) -> usize {
        self.reports.len()
    }

    pub(crate) fn seen(&self) -> Seen {
        let mut groups = vec![Snapshot::default(); self.groups];
        for report in &self.reports {
            // Merging takes a while; the worker must not wait for it.
            let report = Arc::clone(&report.borrow());
            for (group, part) in groups.iter_mut().zip(report.iter()) {
                group.merge(part);
            }
        }
        Seen::of(groups)
    }
}

impl Seen {
    fn of(mut groups: Vec<Snapshot>) -> Self {
        if groups.len() < 2 {
            let all = groups.pop().unwrap_or_default();
            return Self { all, groups };
        }
        let mut all = Snapshot::default();
        for group in &mut groups {
            all.merge(group);
            group.generator = Generator::default();
        }
        Self { all, groups }
    }
}

/// A worker's side: each report goes into memory that an earlier one has left.
#[derive(Debug)]
pub(crate) struct Publisher {
    to: watch::Sender<Report>,
    spare: Report,
}

impl Publisher {
    pub(crate) fn new(to: watch::Sender<Report>) -> Self {
        Self {
            to,
            spare: Report::default(),
        }
    }

    /// Publishes what `fill` writes.
    pub(crate) fn publish(&mut self, fill: impl FnOnce(&mut Vec<Snapshot>)) {
        if Arc::get_mut(&mut self.spare).is_none() {
            // Somebody is still reading it.
            self.spare = Report::default();
        }
        if let Some(groups) = Arc::get_mut(&mut self.spare) {
            fill(groups);
        }
        self.to
            .send_modify(|newest| std::mem::swap(newest, &mut self.spare));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_the_newest_and_stays_as_it_was_read() {
        let (to, from) = watch::channel(Report::default());
        let mut publisher = Publisher::new(to);
        let mut read = Vec::new();
        for at in 1..=4 {
            publisher.publish(|groups| {
                groups.resize_with(1, Snapshot::default);
                groups[0].at_ms = Some(at);
            });
            read.push(Arc::clone(&from.borrow()));
        }
        let times: Vec<_> = read.iter().map(|report| report[0].at_ms).collect();
        assert_eq!(times, [Some(1), Some(2), Some(3), Some(4)]);
        let hub = Hub {
            reports: vec![from],
            groups: 1,
        };
        assert_eq!(hub.seen().all.at_ms, Some(4));
    }
}
