//! How many bytes a connection waits for before it is woken. Pure.
//!
//! ```text
//!  Eager ──first body bytes──▶ Patient ──waited too long──▶ Spent (to the end of the response)
//! ```
//!
//! Each wake-up of a worker costs more than taking what came off the socket. Once a body that
//! nobody looks at flows, the next wake-up may wait for more of it, as long as nobody can tell: the
//! first byte of a head and of a body are seen when they come, the last one too, and what comes
//! between is counted [`WAIT_MAX`] after the bytes before it at the latest.

use std::time::Duration;

/// The most bytes that are waited for at once. The kernel gives the socket a buffer in which so many
/// have room; what waits there is no memory of ours.
pub const WAIT_BYTES_MAX: u32 = 256 * 1024;

/// Fewer bytes than this come at once anyway, so asking for them together would cost and not pay.
pub const WAIT_BYTES_MIN: u32 = 16 * 1024;

/// How long bytes may wait to be counted. Throughput is told by the second; a transfer that is slow
/// beside this is taken in as it comes.
pub const WAIT_MAX: Duration = Duration::from_millis(50);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Patience {
    /// No byte of the body has come.
    #[default]
    Eager,
    Patient,
    /// It waited in vain.
    Spent,
}

impl Patience {
    /// Bytes of the body came.
    pub(crate) fn flows(&mut self) {
        if *self == Self::Eager {
            *self = Self::Patient;
        }
    }

    /// What was waited for did not come in time.
    pub(crate) fn spend(&mut self) {
        *self = Self::Spent;
    }

    /// How many bytes to wait for where `run` more are certain to come unless the stream ends.
    /// `None`: the first of them. `marked` is what is waited for so far.
    pub(crate) fn mark(self, run: u64, marked: Option<u32>) -> Option<u32> {
        let mark = u32::try_from(run).map_or(WAIT_BYTES_MAX, |run| run.min(WAIT_BYTES_MAX));
        let pays = mark >= WAIT_BYTES_MIN || (marked.is_some() && mark > 0);
        (self == Self::Patient && pays).then_some(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_body_that_flows_is_waited_for() {
        let mut patience = Patience::default();
        let much = u64::from(WAIT_BYTES_MAX) * 3;
        assert_eq!(patience.mark(much, None), None, "its first byte has a time");
        patience.flows();
        assert_eq!(patience.mark(much, None), Some(WAIT_BYTES_MAX));
        assert_eq!(patience.mark(u64::MAX, None), Some(WAIT_BYTES_MAX));
        patience.spend();
        patience.flows();
        assert_eq!(patience.mark(much, Some(WAIT_BYTES_MAX)), None);
    }

    #[test]
    fn no_more_is_waited_for_than_comes() {
        let few = u64::from(WAIT_BYTES_MIN) - 1;
        for run in [0, 1, few, few + 1, u64::from(WAIT_BYTES_MAX) - 1] {
            for marked in [None, Some(WAIT_BYTES_MAX)] {
                let mark = Patience::Patient.mark(run, marked);
                let pays = run > few || (marked.is_some() && run > 0);
                assert_eq!(mark, pays.then_some(run as u32), "{run} after {marked:?}");
            }
        }
    }
}
