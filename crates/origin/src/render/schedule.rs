//! Which packet of a constant-rate multiplex carries what.
//!
//! Every packet has its moment; a unit (a table, a picture, a group of audio frames) is sent from
//! its own time on, the tables first, then sound, then picture; what is left is null packets.

/// Something that takes packets of its own, from its release on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    /// The first packet of the segment that may carry it.
    pub(crate) release: u64,
    /// How many packets it takes.
    pub(crate) packets: u64,
}

/// A queue of units, in the order of their release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    Tables,
    Sound,
    Picture,
}

impl Lane {
    const ALL: [Self; 3] = [Self::Tables, Self::Sound, Self::Picture];
}

/// What a segment holds, and how many packets it has.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Units of each [`Lane`].
    pub(crate) lanes: [Vec<Unit>; 3],
    /// Packets in the segment.
    pub(crate) packets: u64,
    /// The lane whose units open with a clock reference.
    pub(crate) clock: Lane,
    /// The most packets from one clock reference to the next; more than one, else nothing but
    /// clocks goes out.
    pub(crate) clock_gap: u64,
}

/// What the next packets are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// A packet of the unit of this place in its lane.
    Unit(Lane, usize),
    /// A clock reference without payload.
    Clock,
    /// So many null packets.
    Null(u64),
}

/// The content does not fit into the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overfull;

/// Where each lane stands.
#[derive(Clone, Copy, Default)]
struct Cursor {
    unit: usize,
    sent: u64,
}

impl Plan {
    /// Calls `emit` with each slot and the number of its first packet, from 0 on, in order.
    ///
    /// If the content does not fit, what remains is sent behind the segment's end all the same.
    pub(crate) fn walk(&self, mut emit: impl FnMut(u64, Slot)) -> Result<(), Overfull> {
        let mut cursors = [Cursor::default(); 3];
        let mut left: u64 = self.lanes.iter().flatten().map(|unit| unit.packets).sum();
        let mut at = 0;
        let mut clock_due = 0;
        while at < self.packets || left > 0 {
            let hurry = self.packets.saturating_sub(at) <= left;
            let due = at >= clock_due;
            let lane = self.choose(&cursors, at, due, hurry);
            let brings_clock = lane == Some(self.clock) && cursors[self.clock as usize].sent == 0;
            if due && !brings_clock && lane != Some(Lane::Tables) {
                emit(at, Slot::Clock);
                (at, clock_due) = (at + 1, at + self.clock_gap);
            } else if let Some(lane) = lane {
                let cursor = &mut cursors[lane as usize];
                emit(at, Slot::Unit(lane, cursor.unit));
                cursor.sent += 1;
                if cursor.sent == self.lanes[lane as usize][cursor.unit].packets {
                    *cursor = Cursor {
                        unit: cursor.unit + 1,
                        sent: 0,
                    };
                }
                left -= 1;
                if brings_clock {
                    clock_due = at + self.clock_gap;
                }
                at += 1;
            } else {
                let until = self.idle_until(&cursors, left).min(clock_due.max(at + 1));
                emit(at, Slot::Null(until - at));
                at = until;
            }
        }
        if at == self.packets {
            Ok(())
        } else {
            Err(Overfull)
        }
    }

    /// The lane whose turn it is: the clock's, where that is due and a unit of it begins; else by
    /// rank. In a hurry, whatever was to be released next goes out early.
    fn choose(&self, cursors: &[Cursor; 3], at: u64, due: bool, hurry: bool) -> Option<Lane> {
        let next = |lane: Lane| self.lanes[lane as usize].get(cursors[lane as usize].unit);
        let released = |lane: Lane| next(lane).is_some_and(|unit| unit.release <= at);
        let clock = (due && cursors[self.clock as usize].sent == 0).then_some(self.clock);
        [
            Some(Lane::Tables),
            clock,
            Some(Lane::Sound),
            Some(Lane::Picture),
        ]
        .into_iter()
        .flatten()
        .find(|&lane| released(lane))
        .or_else(|| {
            let waiting = Lane::ALL.into_iter().filter(|&lane| next(lane).is_some());
            hurry
                .then(|| waiting.min_by_key(|&lane| next(lane).map(|unit| unit.release)))
                .flatten()
        })
    }

    /// When nothing waits: the next release, or the moment from which there is a hurry.
    fn idle_until(&self, cursors: &[Cursor; 3], left: u64) -> u64 {
        let releases = Lane::ALL.into_iter().filter_map(|lane| {
            let units = &self.lanes[lane as usize];
            units
                .get(cursors[lane as usize].unit)
                .map(|unit| unit.release)
        });
        releases.min().unwrap_or(u64::MAX).min(self.packets - left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(release: u64, packets: u64) -> Unit {
        Unit { release, packets }
    }

    fn walk(plan: &Plan) -> (String, Result<(), Overfull>) {
        let mut line = String::new();
        let result = plan.walk(|at, slot| {
            assert_eq!(at, line.len() as u64, "{line}");
            match slot {
                Slot::Unit(Lane::Tables, _) => line.push('T'),
                Slot::Unit(Lane::Sound, n) => line.push(char::from(b'a' + n as u8)),
                Slot::Unit(Lane::Picture, n) => line.push(char::from(b'0' + n as u8)),
                Slot::Clock => line.push('C'),
                Slot::Null(n) => line.extend((0..n).map(|_| '.')),
            }
        });
        (line, result)
    }

    fn plan(packets: u64, picture: Vec<Unit>) -> Plan {
        Plan {
            lanes: [vec![unit(0, 2)], vec![unit(0, 1), unit(6, 2)], picture],
            packets,
            clock: Lane::Picture,
            clock_gap: 8,
        }
    }

    #[test]
    fn units_go_out_at_their_time_and_nulls_fill_the_rest() {
        let (line, fits) = walk(&plan(20, vec![unit(0, 2), unit(10, 3)]));
        assert_eq!((&line[..], fits), ("TT0a0.bb..111.....C.", Ok(())));
    }

    #[test]
    fn a_clock_is_due_also_within_a_big_picture() {
        let (line, fits) = walk(&plan(22, vec![unit(0, 14)]));
        assert_eq!((&line[..], fits), ("TT0a00bb00C0000000C00.", Ok(())));
    }

    #[test]
    fn what_is_late_hurries() {
        let (line, fits) = walk(&plan(9, vec![unit(0, 2), unit(8, 2)]));
        assert_eq!((&line[..], fits), ("TT0a0bb11", Ok(())));
    }

    #[test]
    fn too_much_is_told() {
        let (line, fits) = walk(&plan(8, vec![unit(0, 2), unit(7, 2)]));
        assert_eq!((&line[..], fits), ("TT0a0bb11", Err(Overfull)));
    }
}
