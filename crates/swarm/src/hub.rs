use std::sync::Arc;

use telemetry::Snapshot;
use tokio::sync::watch;

/// What a worker published last.
pub(crate) type Report = Arc<Snapshot>;

/// Adds up the newest report of each worker.
#[derive(Debug, Default)]
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
            // Merging takes a while; the worker must not wait for it.
            let report = Arc::clone(&report.borrow());
            all.merge(&report);
        }
        all
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
    pub(crate) fn publish(&mut self, fill: impl FnOnce(&mut Snapshot)) {
        if Arc::get_mut(&mut self.spare).is_none() {
            // Somebody is still reading it.
            self.spare = Report::default();
        }
        if let Some(snapshot) = Arc::get_mut(&mut self.spare) {
            fill(snapshot);
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
            publisher.publish(|snapshot| snapshot.at_ms = Some(at));
            read.push(Arc::clone(&from.borrow()));
        }
        let times: Vec<_> = read.iter().map(|report| report.at_ms).collect();
        assert_eq!(times, [Some(1), Some(2), Some(3), Some(4)]);
        let hub = Hub {
            reports: vec![from],
        };
        assert_eq!(hub.snapshot().at_ms, Some(4));
    }
}
