use telemetry::Snapshot;
use tokio::sync::watch;

/// What a worker publishes.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) snapshot: Snapshot,
}

/// Adds up the newest report of each worker.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) reports: Vec<watch::Receiver<Report>>,
}

impl Hub {
    pub(crate) fn workers(&self) -> usize {
        self.reports.len()
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut all = Snapshot::default();
        for report in &self.reports {
            all.merge(&report.borrow().snapshot);
        }
        all
    }
}
