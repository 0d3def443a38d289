//! A worker's watch on itself: how late its timers fire, and how much CPU it uses.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use base::Now;
use gateway::Gateway;
use tokio::time::MissedTickBehavior;
use viewer::Shared;

use crate::judge::{Judge, Second};
use crate::machine;

/// How often a timer is set to see how late it fires.
const EVERY: Duration = Duration::from_millis(20);
/// How often open descriptors are counted.
const COUNT_EVERY: Duration = Duration::from_secs(5);
const SECOND: Duration = Duration::from_secs(1);
/// A timer of the runtime fires up to this late by its own resolution; that is no lag.
const RESOLUTION: Duration = Duration::from_millis(1);

/// Samples of the second under way, and the verdict on those before.
#[derive(Debug)]
pub(crate) struct Probe {
    judge: Judge,
    lags: Vec<Duration>,
    second_began: Duration,
    cpu_then: Duration,
    busiest_permille: u64,
    descriptors: Option<Descriptors>,
    gateways: Vec<Gateway>,
}

/// The most descriptors that were seen open. Counting them costs a little for each, so it is done
/// seldom, and by one worker for all.
#[derive(Debug, Default)]
struct Descriptors {
    counted_at: Duration,
    most: u64,
}

impl Descriptors {
    fn count(&mut self, now: Duration) {
        self.counted_at = now;
        self.most = self.most.max(machine::open_descriptors().unwrap_or(0));
    }
}

impl Probe {
    /// `counts`: this worker counts the process's descriptors.
    pub(crate) fn new(now: Duration, counts: bool) -> Self {
        Self {
            judge: Judge::default(),
            lags: Vec::with_capacity((SECOND.as_millis() / EVERY.as_millis()) as usize + 1),
            second_began: now,
            cpu_then: machine::thread_cpu(),
            busiest_permille: 0,
            descriptors: counts.then(Descriptors::default),
            gateways: Vec::new(),
        }
    }

    /// The worker has gateways, whose own share of latencies is told too.
    pub(crate) fn of_gateways(mut self, gateways: Vec<Gateway>) -> Self {
        self.gateways = gateways;
        self
    }

    /// Takes in how late a tick came. `cpu` says what the thread has used so far; it is asked once
    /// a second.
    pub(crate) fn take(&mut self, lag: Duration, now: Now, cpu: impl FnOnce() -> Duration) {
        let unix_ms = now.unix_ms;
        let now = now.elapsed;
        self.lags.push(lag);
        let wall = now.saturating_sub(self.second_began);
        if wall < SECOND {
            return;
        }
        let cpu = cpu();
        let share = cpu.saturating_sub(self.cpu_then).as_secs_f64() / wall.as_secs_f64();
        self.busiest_permille = self.busiest_permille.max((share * 1000.0) as u64);
        let second = Second {
            lag_p99: percentile_99(&mut self.lags),
            cpu: share,
        };
        // A worker that was held up for seconds was late in each of them.
        for _ in 0..wall.as_secs().max(1) {
            self.judge.second(second, unix_ms);
        }
        if let Some(descriptors) = &mut self.descriptors
            && now.saturating_sub(descriptors.counted_at) >= COUNT_EVERY
        {
            descriptors.count(now);
        }
        self.lags.clear();
        self.second_began = now;
        self.cpu_then = cpu;
    }

    /// The run stops: what is open now counts.
    pub(crate) fn stop(&mut self, now: Duration) {
        if let Some(descriptors) = &mut self.descriptors {
            descriptors.count(now);
        }
    }

    /// Writes the verdict into a snapshot of this worker.
    pub(crate) fn report(&self, out: &mut telemetry::Generator) {
        out.worker_cpu_permille_max = Some(self.busiest_permille);
        out.descriptors_max = self.descriptors.as_ref().map(|d| d.most);
        if let Some((first, others)) = self.gateways.split_first() {
            out.gateway = first.own_share();
            for gateway in others {
                out.gateway.merge(&gateway.own_share());
            }
        }
        out.judged = self.judge.has_judged();
        if let Some((cause, unix_ms)) = self.judge.found() {
            out.blame(cause, unix_ms);
        }
    }
}

/// Sets timers without end and takes in how late they fire. It runs as a task beside the viewers',
/// so that it waits for its turn as they do.
pub(crate) async fn watch(probe: Rc<RefCell<Probe>>, shared: Rc<Shared>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        let due = ticks.tick().await;
        let lag = due.elapsed().saturating_sub(RESOLUTION);
        shared.recorder.borrow_mut().lag(lag);
        let now = shared.clock.now();
        probe.borrow_mut().take(lag, now, machine::thread_cpu);
    }
}

fn percentile_99(lags: &mut [Duration]) -> Option<Duration> {
    lags.sort_unstable();
    let last = lags.len().checked_sub(1)?;
    lags.get(last.min(lags.len() * 99 / 100)).copied()
}

#[cfg(test)]
mod tests {
    use telemetry::{Cause, Snapshot, Verdict};

    use super::*;

    #[test]
    fn the_99th_percentile_of_a_second() {
        let mut lags: Vec<_> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile_99(&mut lags), Some(Duration::from_millis(100)));
        assert_eq!(percentile_99(&mut []), None);
        let one = Duration::from_millis(3);
        assert_eq!(percentile_99(&mut [one]), Some(one));
    }

    #[test]
    fn a_worker_held_up_for_ten_seconds_is_found_at_once() {
        let mut probe = new();
        let late = Duration::from_secs(11);
        probe.take(late, Now::new(late, 0), || Duration::ZERO);
        assert_eq!(reported(&probe).0, [Cause::Lag]);
    }

    /// The probe of a thread that has done nothing.
    fn new() -> Probe {
        Probe {
            cpu_then: Duration::ZERO,
            ..Probe::new(Duration::ZERO, false)
        }
    }

    /// What a worker's part of the snapshot says: the causes, and whether it was judged.
    fn reported(probe: &Probe) -> (Vec<Cause>, Verdict) {
        let mut snapshot = Snapshot::default();
        probe.report(&mut snapshot.generator);
        // Others have less to do.
        let mut all = Snapshot::default();
        let idle = new();
        idle.report(&mut all.generator);
        all.merge(&snapshot);
        let causes = all.generator.causes.keys().copied().collect();
        (causes, all.generator.verdict())
    }

    /// Ticks for `seconds`, each of which costs so much of its time.
    fn ticked(lag: Duration, cpu_permille: u64, seconds: u64) -> Probe {
        let mut probe = new();
        let ticks = seconds * SECOND.as_millis() as u64 / EVERY.as_millis() as u64;
        for tick in 1..=ticks {
            let at = EVERY * tick as u32;
            let used = Duration::from_micros(at.as_millis() as u64 * cpu_permille);
            probe.take(lag, Now::new(at, 0), || used);
        }
        probe
    }

    #[test]
    fn what_a_worker_finds_is_the_runs_verdict() {
        let (soon, late) = (Duration::from_millis(2), Duration::from_millis(60));
        let cases = [
            (soon, 500, 0, vec![], Verdict::Unknown),
            (soon, 500, 30, vec![], Verdict::Fine),
            (soon, 970, 9, vec![], Verdict::Fine),
            (soon, 970, 10, vec![Cause::Cpu], Verdict::Bottleneck),
            (soon, 899, 30, vec![], Verdict::Fine),
            (late, 500, 10, vec![Cause::Lag], Verdict::Bottleneck),
            (late, 970, 10, vec![Cause::Cpu], Verdict::Bottleneck),
        ];
        for (lag, cpu, seconds, causes, verdict) in cases {
            let probe = ticked(lag, cpu, seconds);
            assert_eq!(
                reported(&probe),
                (causes, verdict),
                "{lag:?}, {cpu} ‰ of a core, for {seconds} s"
            );
        }
    }
}
