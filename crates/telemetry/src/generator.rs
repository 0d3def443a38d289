use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::hist::{Distribution, Micros};
use crate::occurrences::Occurrences;

/// Why the generator was the bottleneck, so that the figures are not to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Timers fired late.
    Lag,
    /// A worker had no CPU left.
    Cpu,
    /// No file descriptor was left.
    Descriptors,
    /// No ephemeral port was left.
    Ports,
    /// No memory was left.
    Memory,
}

impl Cause {
    /// The name in every output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lag => "lag",
            Self::Cpu => "cpu",
            Self::Descriptors => "descriptors",
            Self::Ports => "ports",
            Self::Memory => "memory",
        }
    }
}

/// What the self-check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Not judged yet.
    Unknown,
    /// The generator kept up.
    Fine,
    /// It did not, and the figures are not to be trusted.
    Bottleneck,
}

impl Verdict {
    /// The name in every output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Fine => "fine",
            Self::Bottleneck => "bottleneck",
        }
    }
}

/// The generator's own health. Recorders fill the lag; who runs the workers fills the rest, once
/// a process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generator {
    /// How late timers of the workers fired, in microseconds.
    pub lag: Distribution<Micros>,
    /// What the gateway added to each exchange of a player, in microseconds; empty where there is
    /// none.
    #[serde(default)]
    pub gateway: Distribution<Micros>,
    /// CPU time used by the process since the run began, in microseconds. Merged: the sum.
    pub cpu_us: Option<u64>,
    /// The most memory the process held, in bytes. Merged: the sum over processes.
    pub rss_peak_bytes: Option<u64>,
    /// Worker threads. Merged: the sum.
    pub workers: Option<u64>,
    /// The greatest share of a core that any worker used over a second, in thousandths.
    pub worker_cpu_permille_max: Option<u64>,
    /// The most file descriptors a process had open.
    pub descriptors_max: Option<u64>,
    /// The least limit on file descriptors of any process.
    pub descriptors_limit: Option<u64>,
    /// Whether the self-check has seen enough to judge.
    pub judged: bool,
    /// What made the generator the bottleneck, and when.
    pub causes: BTreeMap<Cause, Occurrences>,
}

impl Generator {
    /// What the self-check says.
    pub fn verdict(&self) -> Verdict {
        match (self.causes.is_empty(), self.judged) {
            (false, _) => Verdict::Bottleneck,
            (true, true) => Verdict::Fine,
            (true, false) => Verdict::Unknown,
        }
    }

    /// Notes that `cause` held at `unix_ms`.
    pub fn blame(&mut self, cause: Cause, unix_ms: i64) {
        let seen = self.causes.entry(cause).or_default();
        seen.merge(&Occurrences::at(1, unix_ms));
    }

    /// Adds what `other` holds.
    pub fn merge(&mut self, other: &Self) {
        self.lag.merge(&other.lag);
        self.gateway.merge(&other.gateway);
        join(&mut self.cpu_us, other.cpu_us, |a, b| a + b);
        join(&mut self.rss_peak_bytes, other.rss_peak_bytes, |a, b| a + b);
        join(&mut self.workers, other.workers, |a, b| a + b);
        let permille = other.worker_cpu_permille_max;
        join(&mut self.worker_cpu_permille_max, permille, u64::max);
        join(&mut self.descriptors_max, other.descriptors_max, u64::max);
        join(
            &mut self.descriptors_limit,
            other.descriptors_limit,
            u64::min,
        );
        self.judged |= other.judged;
        for (cause, seen) in &other.causes {
            self.causes.entry(*cause).or_default().merge(seen);
        }
    }
}

/// Unknown joined with known is known.
pub(crate) fn join<T: Copy>(mine: &mut Option<T>, other: Option<T>, both: impl Fn(T, T) -> T) {
    *mine = match (*mine, other) {
        (Some(a), Some(b)) => Some(both(a, b)),
        (a, b) => a.or(b),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bottleneck_is_enough() {
        let mut all = Generator::default();
        assert_eq!(all.verdict(), Verdict::Unknown);
        let fine = Generator {
            judged: true,
            cpu_us: Some(3),
            ..Generator::default()
        };
        all.merge(&fine);
        all.merge(&Generator::default());
        assert_eq!((all.verdict(), all.cpu_us), (Verdict::Fine, Some(3)));
        let mut starved = fine.clone();
        starved.blame(Cause::Ports, 7);
        starved.blame(Cause::Ports, 9);
        all.merge(&starved);
        assert_eq!((all.verdict(), all.cpu_us), (Verdict::Bottleneck, Some(6)));
        let seen = Occurrences {
            count: 2,
            first_ms: 7,
            last_ms: 9,
        };
        assert_eq!(all.causes, BTreeMap::from([(Cause::Ports, seen)]));
    }

    #[test]
    fn names_are_those_of_serde() {
        use Cause::{Cpu, Descriptors, Lag, Memory, Ports};
        for cause in [Lag, Cpu, Descriptors, Ports, Memory] {
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.name());
        }
        for verdict in [Verdict::Unknown, Verdict::Fine, Verdict::Bottleneck] {
            assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.name());
        }
    }
}
