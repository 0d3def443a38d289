//! One connection's part in its session's network. Pure: time comes in as an argument.

use std::rc::Rc;
use std::time::Duration;

use super::PACKET_BYTES;
use super::bucket::{Bucket, Comes};
use super::link::Link;
use super::losses::Losses;

/// What a connection may read, and when.
///
/// ```text
///            ask ▶ reserved ──its time comes──▶ granted ──took──▶ (all of it) ─┐
///             ▲                                                                │
///             └──────────────── held, where the next packet is lost ◀──────────┘
/// ```
#[derive(Debug)]
pub(crate) struct Strand {
    link: Rc<Link>,
    losses: Option<Losses>,
    /// The round trip of the way that there really is.
    path: Duration,
    /// What its losses let it carry.
    own: Option<Bucket>,
    /// Bytes that may be read.
    granted: u64,
    /// Bytes that may be read from `due` on.
    reserved: u64,
    due: Duration,
    /// A lost packet is there again, and all behind it.
    held: Duration,
    comes: Comes,
}

impl Strand {
    pub(super) fn new(link: Rc<Link>, losses: Option<Losses>) -> Self {
        Self {
            link,
            losses,
            path: Duration::ZERO,
            own: None,
            granted: 0,
            reserved: 0,
            due: Duration::ZERO,
            held: Duration::ZERO,
            comes: Comes::Fresh,
        }
    }

    fn latency(&self) -> Duration {
        self.link.network().latency().unwrap_or_default()
    }

    fn round_trip(&self) -> Duration {
        self.latency() + self.path
    }

    /// What is added to a TCP handshake.
    pub(crate) fn of_handshake(&mut self) -> Duration {
        let lost = self.losses.as_mut().map(Losses::of_handshake);
        self.latency() + lost.unwrap_or_default()
    }

    /// It is open; what is added apart, its handshake took `path`.
    pub(crate) fn opened(&mut self, path: Duration) {
        self.path = path;
        let loss = self.link.network().loss();
        let bounded = loss.filter(|_| !self.round_trip().is_zero());
        self.own = bounded.map(|loss| {
            let bits = Losses::bits_per_second(loss, self.round_trip());
            Bucket::new(bits)
        });
    }

    /// What is added between a question and its answer.
    pub(crate) fn of_question(&mut self) -> Duration {
        self.refund();
        self.comes = Comes::Fresh;
        let round_trip = self.round_trip();
        let lost = self.losses.as_mut().map(|losses| {
            losses.answer();
            losses.of_question(round_trip)
        });
        self.latency() + lost.unwrap_or_default()
    }

    /// `None`: [`granted`](Self::granted) bytes may be read. Else: when it is to ask again. So much
    /// of an answer is known to be `left`.
    pub(crate) fn ask(&mut self, now: Duration, left: u64) -> Option<Duration> {
        if self.held > now {
            return Some(self.held);
        }
        if self.granted > 0 {
            return None;
        }
        if self.reserved == 0 {
            if let Some(wait) = self.loses(left) {
                self.held = now + wait;
                return Some(self.held);
            }
            self.reserve(now, left);
        }
        if self.due > now {
            return Some(self.due);
        }
        self.granted = std::mem::take(&mut self.reserved);
        None
    }

    /// How long the next packet takes to be sent again, where it is lost.
    fn loses(&mut self, left: u64) -> Option<Duration> {
        let round_trip = self.round_trip();
        let losses = self.losses.as_mut().filter(|losses| losses.clear() == 0)?;
        Some(losses.lose(round_trip, left)).filter(|wait| !wait.is_zero())
    }

    fn reserve(&mut self, now: Duration, left: u64) {
        let line = self.link.with_line(|line| line.grant_max());
        let own = self.own.as_ref().map(Bucket::grant_max);
        // Where nothing is paced, as much as comes.
        let paced = line.into_iter().chain(own).min();
        let paced = paced.map_or(u64::MAX, |most| most.min(left.max(PACKET_BYTES)));
        let clear = self.losses.as_ref().map_or(u64::MAX, Losses::clear);
        let (bytes, comes) = (paced.min(clear), self.comes);
        let own = self.own.as_mut();
        let own = own.map(|own| own.reserve(now, bytes, comes));
        let line = self.link.with_line(|line| line.reserve(now, bytes, comes));
        self.reserved = bytes;
        self.due = own.max(line).unwrap_or(now);
    }

    /// How much may be read.
    pub(crate) fn granted(&self) -> u64 {
        self.granted
    }

    /// `bytes` were read, no more than were granted.
    pub(crate) fn took(&mut self, bytes: u64) {
        self.granted = self.granted.saturating_sub(bytes);
        if self.granted == 0 {
            self.comes = Comes::Hungry;
        }
        if let Some(losses) = &mut self.losses {
            losses.came(bytes);
        }
    }

    /// There was nothing to read: the line is idle, and carries what comes from then on.
    pub(crate) fn found_nothing(&mut self) {
        self.refund();
        self.comes = Comes::Fresh;
    }

    /// Gives back what is not read.
    fn refund(&mut self) {
        let unread = std::mem::take(&mut self.granted) + std::mem::take(&mut self.reserved);
        if let Some(own) = &mut self.own {
            own.refund(unread);
        }
        self.link.with_line(|line| line.refund(unread));
    }
}

impl Drop for Strand {
    fn drop(&mut self) {
        self.refund();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::network::Network;
    use crate::network::bucket::{IDLE, LATE_MAX};

    const MS: Duration = Duration::from_millis(1);

    fn link(text: &str, n: u64, seed: u64) -> Rc<Link> {
        let network: Network = text.parse().unwrap();
        Link::new(network, n, seed)
    }

    fn bytes_in(bits_per_second: u64, time: Duration) -> u64 {
        (u128::from(bits_per_second) * time.as_nanos()).div_ceil(8_000_000_000) as u64
    }

    /// A reader of one strand who comes when it is told to, and later by some of `late`: what it has
    /// read at which time until it has all of `bytes`.
    fn read(strand: &mut Strand, bytes: u64, late: &[Duration], step: u64) -> Vec<(Duration, u64)> {
        let (mut now, mut read) = (Duration::from_secs(10), 0);
        let mut late = late.iter().cycle();
        let mut seen = vec![(now, 0)];
        while read < bytes {
            if let Some(until) = strand.ask(now, bytes - read) {
                assert!(until > now, "told to come at once, at {now:?}");
                now = until + *late.next().unwrap();
                continue;
            }
            let took = strand.granted().min(step).min(bytes - read);
            assert!(took > 0, "granted nothing");
            strand.took(took);
            read += took;
            seen.push((now, read));
        }
        seen
    }

    #[test]
    fn a_network_without_bounds_lets_everything_through() {
        let mut strand = link("latency=40ms", 0, 1).open();
        assert_eq!(strand.of_handshake(), 40 * MS);
        strand.opened(MS);
        assert_eq!(strand.of_question(), 40 * MS);
        assert_eq!(strand.ask(Duration::ZERO, 0), None);
        assert!(strand.granted() > 1 << 40);
    }

    #[test]
    fn a_line_is_used_to_the_full_by_one_who_is_always_late() {
        let link = link("bandwidth=8Mbit/s", 0, 1);
        let mut strand = link.open();
        let seen = read(&mut strand, 1_000_000, &[3 * MS], 1 << 20);
        let took = seen.last().unwrap().0.saturating_sub(seen[0].0);
        // 1,000 bytes a millisecond, 5,000 of them at once, and late at the end.
        assert!((995 * MS..=998 * MS).contains(&took), "{took:?}");
    }

    #[test]
    fn time_that_a_server_takes_is_lost_to_the_line() {
        let mut strand = link("bandwidth=8Mbit/s", 0, 1).open();
        strand.of_question();
        for ms in 9_000..10_000 {
            if strand.ask(ms * MS, 0).is_none() {
                assert!(strand.granted() > 0);
                strand.found_nothing();
            }
        }
        for (at, read) in read(&mut strand, 300_000, &[Duration::ZERO], 1 << 20) {
            // 1,000 bytes a millisecond, from ten seconds on.
            let carried = at.saturating_sub(10_000 * MS) + IDLE;
            assert!(read <= bytes_in(8_000_000, carried), "{read} by {at:?}");
        }
    }

    #[test]
    fn those_who_share_a_line_take_turns() {
        let link = link("bandwidth=8Mbit/s", 0, 1);
        let (mut a, mut b) = (link.open(), link.open());
        let (mut of_a, mut of_b) = (0, 0);
        for ms in 0..1_000 {
            for (strand, read) in [(&mut a, &mut of_a), (&mut b, &mut of_b)] {
                while strand.ask(ms * MS, u64::MAX).is_none() {
                    *read += strand.granted();
                    strand.took(strand.granted());
                }
            }
        }
        assert!(of_a + of_b > 940_000, "{of_a} and {of_b}");
        assert!(of_a.abs_diff(of_b) <= 25_000, "{of_a} and {of_b}");
    }

    #[test]
    fn what_a_dropped_connection_did_not_read_others_may() {
        let link = link("bandwidth=8Mbit/s", 0, 1);
        let now = Duration::from_secs(1);
        let mut gone = link.open();
        assert_eq!(gone.ask(now, 25_000), Some(now + 20 * MS));
        drop(gone);
        let mut next = link.open();
        assert_eq!(next.ask(now, 25_000), Some(now + 20 * MS));
    }

    #[test]
    fn losses_slow_a_connection_down_as_mathis_and_others_have_it() {
        let mut strand = link("latency=100ms,loss=1%", 0, 1).open();
        strand.opened(Duration::ZERO);
        let bytes = 10_000_000;
        let seen = read(&mut strand, bytes, &[Duration::ZERO], u64::MAX);
        let took = seen.last().unwrap().0.saturating_sub(seen[0].0);
        let took = took.as_secs_f64();
        // 1,460 bytes a round trip, by 1.22 / 0.1.
        let at_most = 1_460.0 * 1.2248 / 0.1 * 10.0;
        let rate = bytes as f64 / took;
        assert!(rate <= at_most * 1.01, "{rate} of {at_most}");
        assert!(rate >= at_most * 0.7, "{rate} of {at_most}");
    }

    proptest! {
        #[test]
        fn no_more_comes_than_the_line_carries(
            kbits in 1..200_000_u64,
            late in prop::collection::vec(0..400_000_u64, 1..40),
            step in 1..200_000_u64,
            bytes in 1..400_000_u64,
        ) {
            let bits = kbits * 1_000;
            let link = link(&format!("bandwidth={kbits}kbit/s"), 0, 1);
            let late: Vec<_> = late.into_iter().map(Duration::from_micros).collect();
            let mut strand = link.open();
            let most = link.with_line(|line| line.grant_max()).unwrap();
            let step = step.max(bytes / 200).max(1);
            let seen = read(&mut strand, bytes, &late, step);
            let (begin, _) = seen[0];
            let idle = bytes_in(bits, IDLE).max(PACKET_BYTES);
            for (at, read) in &seen {
                let carried = bytes_in(bits, at.saturating_sub(begin)) + idle;
                prop_assert!(*read <= carried, "{read} by {at:?}, {carried} carried");
            }
            // And over any part of it.
            let burst = most + bytes_in(bits, LATE_MAX);
            for (place, (from, before)) in seen.iter().enumerate() {
                for (to, after) in &seen[place..] {
                    let carried = bytes_in(bits, to.saturating_sub(*from)) + burst;
                    prop_assert!(after - before <= carried, "{from:?} to {to:?}");
                }
            }
        }

        #[test]
        fn the_same_seed_has_the_same_fate(seed: u64, n in 0..1_000_u64, percent in 1..50_u32) {
            let fate = || {
                let link = link(&format!("bandwidth=4Mbit/s,latency=40ms,loss={percent}%"), n, seed);
                let mut fates = Vec::new();
                for _ in 0..3 {
                    let mut strand = link.open();
                    fates.push((strand.of_handshake(), Vec::new()));
                    strand.opened(MS);
                    let question = strand.of_question();
                    let seen = read(&mut strand, 100_000, &[Duration::ZERO], 5_000);
                    fates.push((question, seen));
                }
                fates
            };
            prop_assert_eq!(fate(), fate());
        }

        #[test]
        fn no_delay_is_shorter_than_a_round_trip(
            seed: u64,
            ms in 1..2_000_u64,
            percent in 0..50_u32,
        ) {
            let link = link(&format!("latency={ms}ms,loss={percent}%"), 7, seed);
            let mut strand = link.open();
            let round_trip = Duration::from_millis(ms);
            prop_assert!(strand.of_handshake() >= round_trip);
            strand.opened(Duration::ZERO);
            for _ in 0..20 {
                prop_assert!(strand.of_question() >= round_trip);
            }
        }
    }
}
