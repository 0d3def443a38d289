//! Which packets get lost. Pure.

use std::time::Duration;

use base::Rng;

use super::PACKET_BYTES;

/// How long a handshake's packet is waited for the first time (RFC 6298, 2.1); each time twice as
/// long as the one before.
const HANDSHAKE_WAIT: Duration = Duration::from_secs(1);
/// How long an answer is waited for beyond the round trip before its question is sent again: what
/// Linux takes at least, of RFC 6298's 2.3.
const WAIT_MIN: Duration = Duration::from_millis(200);
/// Packets behind a lost one by whose answers its sender learns at once (RFC 5681, 3.2).
const DUPLICATES: u64 = 3;
/// Tries that one packet takes at most: Linux gives a handshake up after as many.
const TRIES_MAX: u32 = 6;
/// The most packets between two losses that are drawn at once.
const GAP_MAX: f64 = 1e12;
/// The constant of Mathis, Semke, Mahdavi, Ott: "The macroscopic behavior of the TCP congestion
/// avoidance algorithm", 1997: the square root of 3/2.
const MATHIS: f64 = 1.224_744_871_391_589;

/// The packets of one connection: seeded, so that the same are lost again.
#[derive(Clone, Debug)]
pub(crate) struct Losses {
    rng: Rng,
    share: f64,
    /// Bytes up to the next packet that gets lost.
    clear: u64,
    lost: u64,
}

impl Losses {
    pub(crate) fn new(share: f64, rng: Rng) -> Self {
        let mut losses = Self {
            rng,
            share,
            clear: 0,
            lost: 0,
        };
        losses.clear = losses.gap() * PACKET_BYTES;
        losses
    }

    /// Packets that come before the next one that does not: geometric, as of a coin that is tossed
    /// for each.
    fn gap(&mut self) -> u64 {
        let tosses = (1.0 - self.rng.unit()).ln() / (-self.share).ln_1p();
        tosses.min(GAP_MAX) as u64
    }

    /// How often a packet is lost before it comes.
    fn tries(&mut self, share: f64) -> u32 {
        let mut tries = 0;
        while tries < TRIES_MAX && self.rng.unit() < share {
            tries += 1;
        }
        tries
    }

    /// How long a TCP handshake waits for packets of its own that are lost.
    pub(crate) fn of_handshake(&mut self) -> Duration {
        let comes = 1.0 - self.share;
        let tries = self.tries(1.0 - comes * comes);
        HANDSHAKE_WAIT * (2_u32.pow(tries) - 1)
    }

    /// How long a question waits that is lost; `round_trip` is its connection's.
    pub(crate) fn of_question(&mut self, round_trip: Duration) -> Duration {
        let tries = self.tries(self.share);
        (round_trip + WAIT_MIN) * (2_u32.pow(tries) - 1)
    }

    /// An answer begins, with a packet of its own.
    pub(crate) fn answer(&mut self) {
        self.clear -= self.clear % PACKET_BYTES;
    }

    /// Bytes that come before the next lost packet.
    pub(crate) fn clear(&self) -> u64 {
        self.clear
    }

    /// `bytes` came, no more than were clear.
    pub(crate) fn came(&mut self, bytes: u64) {
        self.clear = self.clear.saturating_sub(bytes);
    }

    /// The next packet is lost: how long it takes to be there after all, where `left` bytes of its
    /// answer are known to follow with it.
    pub(crate) fn lose(&mut self, round_trip: Duration, left: u64) -> Duration {
        self.lost += 1;
        let again = self.tries(self.share);
        self.clear = (1 + self.gap()).saturating_mul(PACKET_BYTES);
        let wait = round_trip + WAIT_MIN;
        if left > DUPLICATES * PACKET_BYTES {
            round_trip + wait * (2_u32.pow(again) - 1)
        } else {
            wait * (2_u32.pow(again + 1) - 1)
        }
    }

    /// Packets of answers that were lost.
    #[cfg(test)]
    pub(crate) fn lost(&self) -> u64 {
        self.lost
    }

    /// What one connection carries at most, in bits per second: segment size by round trip, by the
    /// root of the loss.
    pub(crate) fn bits_per_second(share: f64, round_trip: Duration) -> u64 {
        let bits = (PACKET_BYTES * 8) as f64;
        (bits / round_trip.as_secs_f64() * MATHIS / share.sqrt()) as u64
    }
}

#[cfg(test)]
mod tests {
    use base::Rng;
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_lost_packet_waits_as_its_sender_does() {
        let round_trip = 40 * MS;
        let mut few = Losses::new(1e-6, Rng::new(1));
        // Those behind it tell at once.
        assert_eq!(few.lose(round_trip, 1 << 20), 40 * MS);
        // Nothing behind it does.
        assert_eq!(few.lose(round_trip, 3 * PACKET_BYTES), 240 * MS);
        assert_eq!(few.lose(round_trip, 0), 240 * MS);
        assert_eq!(few.of_question(round_trip), Duration::ZERO);
    }

    #[test]
    fn waits_double_with_each_loss_and_end() {
        // 1 - 2^-n lost in n of the tries: each length is met, and none is longer.
        let mut half = Losses::new(0.5, Rng::new(1));
        let mut waits: Vec<_> = (0..10_000)
            .map(|_| half.of_question(Duration::ZERO))
            .collect();
        waits.sort_unstable();
        waits.dedup();
        let doubled = [0, 200, 600, 1_400, 3_000, 6_200, 12_600].map(Duration::from_millis);
        assert_eq!(waits, doubled);
    }

    proptest! {
        #[test]
        fn the_share_that_was_asked_for_is_lost_in_the_long_run(
            seed: u64,
            millionths in 2_000..500_000_u32,
        ) {
            let share = f64::from(millionths) / 1e6;
            let mut losses = Losses::new(share, Rng::new(seed));
            let packets = 400_000_u64;
            let mut came = 0;
            while came < packets {
                if losses.clear() == 0 {
                    losses.lose(Duration::ZERO, 0);
                }
                let bytes = losses.clear().min((packets - came) * PACKET_BYTES);
                losses.came(bytes);
                came += bytes / PACKET_BYTES;
            }
            let lost = losses.lost() as f64 / packets as f64;
            // Eight standard deviations of a binomial share: no seed is that unlucky.
            let slack = 8.0 * (share * (1.0 - share) / packets as f64).sqrt();
            prop_assert!((lost - share).abs() <= slack, "{lost} of {share}");
        }

        #[test]
        fn a_small_answer_is_a_packet_too(seed: u64) {
            let mut losses = Losses::new(0.2, Rng::new(seed));
            let mut lost = 0_u32;
            for _ in 0..20_000 {
                losses.answer();
                if losses.clear() == 0 {
                    losses.lose(Duration::ZERO, 0);
                    lost += 1;
                }
                losses.came(1);
            }
            let share = f64::from(lost) / 20_000.0;
            prop_assert!((share - 0.2).abs() < 8.0 * (0.16_f64 / 20_000.0).sqrt(), "{share}");
        }
    }
}
