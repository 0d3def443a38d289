use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use base::{Failure, Now};
use telemetry::{Cause, Snapshot};
use tokio::sync::watch;
use transport::Clock;

use crate::control::{Control, Refused};
use crate::hub::{Hub, Publisher, Report, Seen};
use crate::machine;
use crate::plan::Plan;
use crate::preflight::Have;
use crate::worker::Worker;

/// Why a swarm did not start, or did not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A worker's runtime could not be made.
    #[error("can't start a worker: {0}")]
    Runtime(std::io::Error),
    /// Certificates or names could not be set up.
    #[error(transparent)]
    Transport(#[from] transport::Error),
    /// A worker's gateway could not be opened.
    #[error(transparent)]
    Gateway(#[from] gateway::Error),
    /// A worker came down.
    #[error("a worker came down by a fault of liveswarm; the log says where")]
    Panicked,
}

/// A swarm at work.
#[derive(Debug)]
pub struct Swarm {
    pub(crate) hub: Hub,
    control: Control,
    threads: Vec<JoinHandle<Result<(), Error>>>,
    over: watch::Receiver<usize>,
    cpu_before: Duration,
    descriptors: u64,
}

impl Swarm {
    /// Starts the workers; the run begins with `clock`.
    pub fn start(plan: Plan, clock: Clock) -> Result<Self, Error> {
        let plan = Arc::new(plan);
        let now = clock.now();
        let start = Now::new(Duration::ZERO, now.unix_ms_at(Duration::ZERO));
        let have = Have::now()
            .from_sources(plan.transport.sources.len())
            .with_gateways(plan.workers);
        let room = (have, plan.needs());
        let (control, lines) = Control::new(&plan.shape, plan.workers, room, clock);
        let (ending, over) = watch::channel(0);
        let mut swarm = Self {
            hub: Hub {
                reports: Vec::new(),
                groups: plan.groups.len(),
            },
            control,
            threads: Vec::new(),
            over,
            cpu_before: machine::process_cpu(),
            descriptors: have.descriptors,
        };
        for line in lines {
            let (report, receiver) = watch::channel(Report::default());
            swarm.hub.reports.push(receiver);
            let name = format!("worker-{}", line.worker());
            let worker = Worker {
                plan: Arc::clone(&plan),
                clock,
                start,
                publisher: Publisher::new(report),
                line,
            };
            let end = EndOnDrop {
                ending: ending.clone(),
                control: swarm.control.clone(),
            };
            let transport = plan.transport.clone();
            let thread = std::thread::Builder::new().name(name).spawn(move || {
                let _end = end;
                worker.run(transport)
            });
            // Dropped, the swarm stops the workers that have started.
            swarm.threads.push(thread.map_err(Error::Runtime)?);
        }
        Ok(swarm)
    }

    /// Everything so far, of all workers.
    pub fn snapshot(&self) -> Snapshot {
        self.seen().all
    }

    /// Everything so far, of all workers, and of each group.
    pub fn seen(&self) -> Seen {
        let mut seen = self.hub.seen();
        self.describe_process(&mut seen.all);
        seen
    }

    /// Changes the run while it goes on; copies of it can be handed on.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Asks for this many viewers ([`Control::set_target`]).
    pub fn set_target(&self, viewers: u64) -> Result<(), Refused> {
        self.control.set_target(viewers)
    }

    /// Holds the ramp, or lets it go on ([`Control::pause`]).
    pub fn pause(&self, pause: bool) -> Result<(), Refused> {
        self.control.pause(pause)
    }

    /// How many viewers are asked for ([`Control::target`]).
    pub fn target(&self) -> Option<u64> {
        self.control.target()
    }

    /// Whether the ramp is held.
    pub fn paused(&self) -> bool {
        self.control.paused()
    }

    /// Whether viewers are still to start, be it after a pause.
    pub fn ramping(&self) -> bool {
        self.control.ramping()
    }

    /// Stops the ramp and the viewers; requests in flight get [`crate::DRAIN_MAX`].
    pub fn stop(&self) {
        self.control.stop();
    }

    /// Returns when no worker is at work any more: no viewer is left and none will start, or the
    /// stop is through. Without viewers because none are asked for, it goes on until it is stopped.
    pub async fn over(&self) {
        let workers = self.hub.workers();
        let mut over = self.over.clone();
        let _ = over.wait_for(|ended| *ended == workers).await;
    }

    /// Waits for the threads and gives the last snapshot, also where a worker did not run to its
    /// end: what it had published counts.
    pub fn join(self) -> (Snapshot, Result<(), Error>) {
        let (seen, result) = self.end();
        (seen.all, result)
    }

    /// As [`Swarm::join`], with what was seen of each group.
    pub fn end(mut self) -> (Seen, Result<(), Error>) {
        let mut result = Ok(());
        for thread in std::mem::take(&mut self.threads) {
            let ended = thread.join().map_err(|_| Error::Panicked);
            result = result.and(ended.and_then(|ended| ended));
        }
        (self.seen(), result)
    }

    fn describe_process(&self, snapshot: &mut Snapshot) {
        let generator = &mut snapshot.generator;
        let cpu = machine::process_cpu().saturating_sub(self.cpu_before);
        generator.cpu_us = Some(cpu.as_micros() as u64);
        generator.rss_peak_bytes = machine::peak_memory();
        generator.workers = Some(self.hub.workers() as u64);
        generator.descriptors_limit = Some(self.descriptors);
        blame_shortages(snapshot);
    }
}

/// Requests that failed for what this machine ran out of make it the bottleneck.
fn blame_shortages(snapshot: &mut Snapshot) {
    let causes = &mut snapshot.generator.causes;
    for error in &snapshot.requests.errors {
        let cause = match error.failure {
            Failure::NoDescriptor => Cause::Descriptors,
            Failure::NoPort => Cause::Ports,
            Failure::Generator => Cause::Memory,
            _ => continue,
        };
        causes.entry(cause).or_default().merge(&error.seen);
    }
}

impl Drop for Swarm {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Tells that a worker is over, however it ends. One that does before the run is stopped came
/// down, and stops the others: the run is not what was asked for any more.
struct EndOnDrop {
    ending: watch::Sender<usize>,
    control: Control,
}

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.control.stop();
        self.ending.send_modify(|ended| *ended += 1);
    }
}

#[cfg(test)]
mod tests {
    use base::{Class, Outcome};
    use telemetry::{Occurrences, Recorder, Sample, Verdict};

    use super::*;

    /// A run in which one request failed each millisecond.
    fn failed(failures: &[(Class, Failure)]) -> Snapshot {
        let now = Now::new(Duration::ZERO, 0);
        let mut recorder = Recorder::new(now);
        for (n, (class, failure)) in failures.iter().enumerate() {
            let at = Now::new(Duration::from_millis(n as u64), n as i64);
            recorder.begin(*class);
            let sample = Sample {
                class: *class,
                outcome: Outcome::Failed(*failure),
                status: None,
                bytes: 0,
                due: at.elapsed,
                sent: at.elapsed,
                first_byte: None,
                last_byte: at.elapsed,
                connect: None,
            };
            recorder.end(None, &sample, at);
        }
        recorder.snapshot(now)
    }

    #[test]
    fn each_shortage_has_its_cause_and_the_servers_failures_have_none() {
        let seen = |count, first_ms, last_ms| Occurrences {
            count,
            first_ms,
            last_ms,
        };
        let mut snapshot = failed(&[
            (Class::Segment, Failure::NoPort),
            (Class::Segment, Failure::ConnectFailed),
            (Class::Segment, Failure::NoDescriptor),
            (Class::Playlist, Failure::NoPort),
            (Class::Playlist, Failure::Generator),
        ]);
        blame_shortages(&mut snapshot);
        let causes: Vec<_> = snapshot.generator.causes.into_iter().collect();
        assert_eq!(
            causes,
            [
                (Cause::Descriptors, seen(1, 2, 2)),
                (Cause::Ports, seen(2, 0, 3)),
                (Cause::Memory, seen(1, 4, 4)),
            ]
        );
    }

    #[test]
    fn a_shortage_is_a_bottleneck_before_anything_was_judged() {
        for (failure, verdict) in [
            (Failure::NoDescriptor, Verdict::Bottleneck),
            (Failure::NoPort, Verdict::Bottleneck),
            (Failure::Generator, Verdict::Bottleneck),
            (Failure::ConnectRefused, Verdict::Unknown),
            (Failure::ConnectTimedOut, Verdict::Unknown),
            (Failure::Reset, Verdict::Unknown),
        ] {
            let mut snapshot = failed(&[(Class::Segment, failure)]);
            blame_shortages(&mut snapshot);
            assert_eq!(snapshot.generator.verdict(), verdict, "{failure}");
        }
    }
}
