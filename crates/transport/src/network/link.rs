//! What the connections of one session share.

use std::cell::Cell;
use std::rc::Rc;

use base::Rng;

use super::bucket::{Bucket, LATE_MAX};
use super::losses::Losses;
use super::strand::Strand;
use super::{Network, PACKET_BYTES};

/// Keeps the random source of losses apart from those of other rooms.
const LOSS_SEED: u64 = 0x6c6f_7373;
/// Receive buffers are bounded between these; where more would be needed, the system's own choice
/// is left alone.
const BUFFER_BYTES: std::ops::RangeInclusive<u64> = 32 * 1024..=512 * 1024;

/// The network of one session.
#[derive(Debug)]
pub(crate) struct Link {
    network: Network,
    seed: u64,
    /// Connections that were opened.
    opened: Cell<u64>,
    line: Cell<Option<Bucket>>,
}

impl Link {
    /// The link of viewer `n` in the run of `seed`.
    pub(crate) fn new(network: Network, n: u64, seed: u64) -> Rc<Self> {
        Rc::new(Self {
            network,
            seed: Rng::nth(seed ^ LOSS_SEED, n).next_u64(),
            opened: Cell::new(0),
            line: Cell::new(network.bandwidth().map(Bucket::new)),
        })
    }

    /// A connection more.
    pub(crate) fn open(self: &Rc<Self>) -> Box<Strand> {
        let index = self.opened.replace(self.opened.get() + 1);
        let rng = Rng::nth(self.seed, index);
        let losses = self.network.loss().map(|share| Losses::new(share, rng));
        Box::new(Strand::new(Rc::clone(self), losses))
    }

    pub(crate) fn network(&self) -> Network {
        self.network
    }

    /// Does something with the line, where its bandwidth is bounded.
    pub(super) fn with_line<T>(&self, f: impl FnOnce(&mut Bucket) -> T) -> Option<T> {
        let mut line = self.line.get()?;
        let done = f(&mut line);
        self.line.set(Some(line));
        Some(done)
    }

    /// Bytes that the system is to keep for a connection: what comes in [`LATE_MAX`], so that its
    /// sender feels a slow reader and not a deep buffer. `None`: as it likes.
    pub(crate) fn receive_buffer(&self) -> Option<u32> {
        let bits = self.network.bandwidth()?;
        let bytes = bits / 8 / 1_000 * LATE_MAX.as_millis() as u64;
        let bytes = bytes.max(*BUFFER_BYTES.start()).max(4 * PACKET_BYTES);
        BUFFER_BYTES.contains(&bytes).then_some(bytes as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_link_has_a_small_buffer_and_a_fast_one_the_systems() {
        for (text, bytes) in [
            ("latency=40ms", None),
            ("edge", Some(32 * 1024)),
            ("bandwidth=4Mbit/s", Some(125_000)),
            ("bandwidth=16Mbit/s", Some(500_000)),
            ("bandwidth=100Mbit/s", None),
        ] {
            let link = Link::new(text.parse().unwrap(), 0, 1);
            assert_eq!(link.receive_buffer(), bytes, "{text}");
        }
    }
}
