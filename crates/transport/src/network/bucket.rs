//! Bandwidth: who reads how much when. Pure.

use std::time::Duration;

use super::PACKET_BYTES;

/// What is granted at a time is what a line carries in this time (or a packet, where that is more):
/// often enough for an even flow, seldom enough for thousands of viewers.
pub(crate) const GRANT: Duration = Duration::from_millis(25);
/// A line that was idle carries what came in the last of this time at once (or a packet).
pub(crate) const IDLE: Duration = Duration::from_millis(5);
/// A reader that comes for its grant late, or was held up, catches up with what came in so much time:
/// a receive buffer has room for about as much ([`super::link`]).
pub(crate) const LATE_MAX: Duration = Duration::from_millis(250);

/// A line of so many bits per second, in turns: who asks is told when it may read what it wants, and
/// the next one comes after that. So nobody waits for one who has no use for its turn, and nobody is
/// passed over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    bits_per_second: u64,
    /// When the line has carried all that was granted.
    free_at: Duration,
}

/// How a reader comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comes {
    /// It had nothing to read for a while.
    Fresh,
    /// It has used all that it was granted, and there is more to read.
    Hungry,
}

impl Bucket {
    pub(crate) fn new(bits_per_second: u64) -> Self {
        Self {
            bits_per_second: bits_per_second.max(1),
            free_at: Duration::ZERO,
        }
    }

    /// The most that is granted at a time.
    pub(crate) fn grant_max(&self) -> u64 {
        self.bytes_in(GRANT).max(PACKET_BYTES)
    }

    /// When `bytes` have come, for one who asks `now`.
    pub(crate) fn reserve(&mut self, now: Duration, bytes: u64, comes: Comes) -> Duration {
        let kept = match comes {
            Comes::Fresh => self.time_of(PACKET_BYTES).max(IDLE),
            Comes::Hungry => LATE_MAX,
        };
        let begins = self.free_at.max(now.saturating_sub(kept));
        self.free_at = begins + self.time_of(bytes);
        self.free_at
    }

    /// Gives back `bytes` that were granted and not read.
    pub(crate) fn refund(&mut self, bytes: u64) {
        self.free_at = self.free_at.saturating_sub(self.time_of(bytes));
    }

    fn bytes_in(&self, time: Duration) -> u64 {
        let bits = u128::from(self.bits_per_second) * time.as_nanos() / 1_000_000_000;
        u64::try_from(bits / 8).unwrap_or(u64::MAX)
    }

    /// Rounded up: no more is carried than can be.
    fn time_of(&self, bytes: u64) -> Duration {
        let nanos = u128::from(bytes) * 8 * 1_000_000_000;
        let nanos = nanos.div_ceil(u128::from(self.bits_per_second));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn bytes_come_when_the_line_has_carried_them() {
        // 1,000 bytes a millisecond.
        let mut bucket = Bucket::new(8_000_000);
        assert_eq!(bucket.grant_max(), 25_000);
        let now = 100 * MS;
        // It carried 5 ms worth before anybody asked.
        assert_eq!(bucket.reserve(now, 25_000, Comes::Fresh), 120 * MS);
        assert_eq!(bucket.reserve(now, 5_000, Comes::Fresh), 125 * MS);
        bucket.refund(5_000);
        assert_eq!(bucket.reserve(now, 1_000, Comes::Fresh), 121 * MS);
        // Late, as who is woken late is: the line has not waited.
        assert_eq!(bucket.reserve(130 * MS, 25_000, Comes::Hungry), 146 * MS);
    }

    #[test]
    fn a_slow_line_grants_a_packet() {
        let mut bucket = Bucket::new(11_680);
        assert_eq!(bucket.grant_max(), PACKET_BYTES);
        let now = Duration::from_secs(9);
        // One packet was on its way already; the next takes its second.
        assert_eq!(bucket.reserve(now, PACKET_BYTES, Comes::Fresh), now);
        let next = bucket.reserve(now, PACKET_BYTES, Comes::Hungry);
        assert_eq!(next, now + Duration::from_secs(1));
    }
}
