use std::fmt;
use std::time::Duration;

use base::{Class, ViewerState};
use telemetry::{Snapshot, What};

/// How a simulation went.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// How many viewers came.
    pub viewers: u64,
    /// How long it lasted, in stream time.
    pub length: Duration,
    /// Events that happened.
    pub steps: u64,
    /// What was recorded, at the end and before the viewers left.
    pub snapshot: Snapshot,
    /// FNV-1a of the event log.
    pub digest: u64,
    /// Lines of the event log.
    pub lines: u64,
    /// The event log, where it was kept: a line for each request, each end of one, and each event
    /// of a player, as `SECONDS VIEWER WHAT`.
    pub log: Option<String>,
}

impl Report {
    /// Share of viewing time (startup excluded) that viewers with a playhead stalled: CTA-2066's
    /// rebuffering ratio. `None` where nothing was played.
    pub fn rebuffer_ratio(&self) -> Option<f64> {
        let stalled = self.snapshot.viewers.stall_time()?.as_secs_f64();
        let played = self.snapshot.viewers.play_time()?.as_secs_f64();
        (played + stalled > 0.0).then(|| stalled / (played + stalled))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = &self.snapshot.viewers;
        writeln!(
            f,
            "seed {}: {} viewers, {:?}, {} steps, log of {} lines with digest {:016x}",
            self.seed, self.viewers, self.length, self.steps, self.lines, self.digest
        )?;
        write!(f, "viewers:")?;
        for state in ViewerState::ALL {
            if counts.count(state) > 0 {
                write!(f, " {} {}", counts.count(state), state.name())?;
            }
        }
        writeln!(
            f,
            "; {} restarts, {} stalls",
            counts.restarts, counts.stalls
        )?;
        if let Some(ratio) = self.rebuffer_ratio() {
            writeln!(f, "rebuffering: {:.2} %", 100.0 * ratio)?;
        }
        for class in Class::ALL {
            let it = self.snapshot.requests.of(class);
            if it.requests() > 0 {
                writeln!(
                    f,
                    "{}: {} ok, {} failed, {} cancelled, {} in flight, {} bytes",
                    class.name(),
                    it.ok,
                    it.failed,
                    it.cancelled,
                    it.in_flight,
                    it.bytes
                )?;
            }
        }
        for what in [What::Startup, What::Stall, What::GlassToGlass] {
            let of = self.snapshot.latency.of(what);
            if let (Some(mean), Some(max)) = (of.mean(), of.max()) {
                let (mean_s, max_s) = (mean / 1e6, max as f64 / 1e6);
                let count = of.count();
                writeln!(
                    f,
                    "{what:?}: {count}, mean {mean_s:.3} s, at most {max_s:.3} s"
                )?;
            }
        }
        Ok(())
    }
}
