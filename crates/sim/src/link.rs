use std::time::Duration;

use base::{Failure, Rng};

/// A viewer's network, as a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// One way, at least.
    pub latency: Duration,
    /// Added to it, evenly between nothing and this.
    pub jitter: Duration,
    /// Bytes a second towards the viewer, shared by all that is under way; `None`: no limit.
    pub bandwidth: Option<u64>,
    /// Share of deliveries that are lost and sent again after a timeout, which doubles.
    pub loss: f64,
    /// Share of connections that are refused.
    pub refused: f64,
    /// Share of answers that are reset in the middle.
    pub reset: f64,
    /// Share of answers that pause in the middle.
    pub paused: f64,
    /// How long they pause.
    pub pause: Duration,
}

impl Default for Link {
    /// 20 ms, nothing goes wrong.
    fn default() -> Self {
        Self {
            latency: Duration::from_millis(20),
            jitter: Duration::from_millis(5),
            bandwidth: None,
            loss: 0.0,
            refused: 0.0,
            reset: 0.0,
            paused: 0.0,
            pause: Duration::ZERO,
        }
    }
}

/// The least time after which something lost is sent again (RFC 6298 allows a second; Linux waits
/// 200 ms).
const RETRANSMIT_MIN: Duration = Duration::from_millis(200);
/// Deliveries that are lost in a row, at most.
const LOST_IN_A_ROW_MAX: u32 = 6;

/// One viewer's link, with its dice and what is under way.
#[derive(Clone, Debug)]
pub(crate) struct Pipe {
    link: Link,
    rng: Rng,
    /// When the last byte that was given to it has left.
    free_at: Duration,
}

/// What goes wrong with one answer, at a share of its length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mishap {
    None,
    Reset { at: f64 },
    Pause { at: f64, length: Duration },
}

impl Pipe {
    pub(crate) fn new(link: Link, rng: Rng) -> Self {
        Self {
            link,
            rng,
            free_at: Duration::ZERO,
        }
    }

    /// How long something small takes, one way.
    pub(crate) fn travel(&mut self) -> Duration {
        let jitter = self.link.jitter.mul_f64(self.rng.unit());
        let mut took = self.link.latency + jitter;
        let mut timeout = RETRANSMIT_MIN + 2 * self.link.latency;
        for _ in 0..LOST_IN_A_ROW_MAX {
            if !self.happens(self.link.loss) {
                break;
            }
            took += timeout;
            timeout *= 2;
        }
        took
    }

    /// How long a connection takes to stand, or to be refused.
    pub(crate) fn connect(&mut self) -> (Duration, Result<(), Failure>) {
        let took = self.travel() + self.travel();
        if self.happens(self.link.refused) {
            return (took, Err(Failure::ConnectRefused));
        }
        (took, Ok(()))
    }

    pub(crate) fn mishap(&mut self) -> Mishap {
        if self.happens(self.link.reset) {
            return Mishap::Reset {
                at: self.rng.unit(),
            };
        }
        if self.happens(self.link.paused) {
            return Mishap::Pause {
                at: self.rng.unit(),
                length: self.link.pause,
            };
        }
        Mishap::None
    }

    /// When `bytes` that can leave from `ready` on, and no faster than `rate`, have left.
    pub(crate) fn send(&mut self, ready: Duration, bytes: u64, rate: Option<u64>) -> Duration {
        let paced = ready + rate.map_or(Duration::ZERO, |rate| time_of(bytes, rate));
        let Some(bandwidth) = self.link.bandwidth else {
            return paced;
        };
        self.free_at = self.free_at.max(ready) + time_of(bytes, bandwidth);
        self.free_at.max(paced)
    }

    fn happens(&mut self, share: f64) -> bool {
        share > 0.0 && self.rng.unit() < share
    }
}

fn time_of(bytes: u64, rate: u64) -> Duration {
    let ns = u128::from(bytes) * 1_000_000_000 / u128::from(rate.max(1));
    Duration::from_nanos(u64::try_from(ns).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipe(link: Link) -> Pipe {
        Pipe::new(link, Rng::new(7))
    }

    #[test]
    fn bandwidth_is_shared() {
        let link = Link {
            bandwidth: Some(1_000),
            ..Link::default()
        };
        let mut pipe = pipe(link);
        let second = Duration::from_secs(1);
        assert_eq!(pipe.send(second, 1_000, None), 2 * second);
        assert_eq!(pipe.send(second, 1_000, None), 3 * second);
        // A pause of the sender is lost.
        assert_eq!(pipe.send(9 * second, 500, None), 9 * second + second / 2);
        assert_eq!(pipe.send(9 * second, 100, Some(10)), 19 * second);
    }

    #[test]
    fn losses_delay() {
        let link = Link {
            jitter: Duration::ZERO,
            loss: 1.0,
            ..Link::default()
        };
        // 240 ms × (1 + 2 + … + 32).
        let expected = Duration::from_millis(20 + 240 * 63);
        assert_eq!(pipe(link).travel(), expected);
    }
}
