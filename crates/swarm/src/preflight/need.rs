//! What viewers take of a machine, by what they are made of.

use std::iter::Sum;
use std::ops::Add;

/// Descriptors of ours that a player process takes beside its connections: its two pipes, and a
/// handle to it.
const DESCRIPTORS_OF_A_PROCESS: u64 = 3;

/// Connections that a player holds at a time: one for its playlists, one for its segments.
const CONNECTIONS_OF_A_PLAYER: u64 = 2;

/// What viewers take of a machine. Needs of groups of viewers add up to that of the run.
///
/// Descriptors and ports are counted; processor and memory are estimates, and where nothing is known
/// of a player they are none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Need {
    /// Viewers at a time.
    pub viewers: u64,
    /// Connections without which they can't work.
    pub least: Connections,
    /// Connections there are if each viewer opens all that it may.
    pub most: Connections,
    /// Processes and threads of players.
    pub tasks: u64,
    /// Memory, in bytes.
    pub memory_bytes: u64,
    /// Cores, for a stream of about 2 Mbit/s.
    pub cores: f64,
}

/// What connections take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// Descriptors of this process.
    pub descriptors: u64,
    /// Ports towards the stream's server, of the addresses that viewers connect from.
    pub to_server: u64,
    /// Ports of loopback towards the gateways of this run.
    pub to_gateway: u64,
}

/// How connections are protected, which is what a viewer's memory depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// `http://`
    Plain,
    /// `https://`
    Tls,
}

impl Need {
    /// FFmpeg that copies, through a gateway.
    ///
    /// Memory and CPU: of the versions 5.1 and 9.0 the one that takes more, by what
    /// `/proc/PID/smaps_rollup` calls private and `/proc/PID/stat` used, of ten players that read a
    /// stream of 2 Mbit/s for 25 s.
    pub const FFMPEG: Self = Self {
        tasks: 3,
        memory_bytes: 12_500_000,
        cores: 0.0036,
        ..Self::through_a_gateway(CONNECTIONS_OF_A_PLAYER)
    };

    /// FFmpeg that fetches by itself: its connections are its own, from the address that the system
    /// chooses.
    pub const FFMPEG_BY_LOGS: Self = Self {
        least: Connections::of_a_process_by_itself(1),
        most: Connections::of_a_process_by_itself(CONNECTIONS_OF_A_PLAYER),
        ..Self::FFMPEG
    };

    /// A player of which nothing is known but that it is a process, through a gateway.
    pub const ANY_PLAYER: Self = Self {
        tasks: 1,
        least: Self::through_a_gateway(1).least,
        ..Self::through_a_gateway(CONNECTIONS_OF_A_PLAYER)
    };

    /// A player that comes by itself to a gateway of ours, from where its ports are not our concern.
    pub const GUEST: Self = Self {
        viewers: 1,
        least: Connections::of_a_guest(1),
        most: Connections::of_a_guest(CONNECTIONS_OF_A_PLAYER),
        tasks: 0,
        memory_bytes: 0,
        cores: 0.0,
    };

    /// A viewer of ours, which opens at most so many connections.
    ///
    /// Memory is the bound that `cargo xtask bench memory` holds a viewer to, CPU the median that
    /// `cargo xtask bench players` has measured: `docs/performance.md`.
    pub fn native(connections_most: u64, security: Security) -> Self {
        Self {
            viewers: 1,
            least: Connections::of_ours(1),
            most: Connections::of_ours(connections_most.max(1)),
            tasks: 0,
            memory_bytes: match security {
                Security::Plain => 8_000,
                Security::Tls => 32_000,
            },
            cores: 0.0033 / 60.0,
        }
    }

    /// So many of them.
    #[must_use]
    pub fn times(self, viewers: u64) -> Self {
        Self {
            viewers: self.viewers.saturating_mul(viewers),
            least: self.least.times(viewers),
            most: self.most.times(viewers),
            tasks: self.tasks.saturating_mul(viewers),
            memory_bytes: self.memory_bytes.saturating_mul(viewers),
            cores: self.cores * viewers as f64,
        }
    }

    const fn through_a_gateway(connections: u64) -> Self {
        let each = Connections::through_a_gateway(connections);
        Self {
            viewers: 1,
            least: each,
            most: each,
            tasks: 0,
            memory_bytes: 0,
            cores: 0.0,
        }
    }
}

impl Connections {
    const fn of_ours(connections: u64) -> Self {
        Self {
            descriptors: connections,
            to_server: connections,
            to_gateway: 0,
        }
    }

    /// The gateway holds both ends: what the player opened, and what it opens for it.
    const fn through_a_gateway(connections: u64) -> Self {
        Self {
            descriptors: DESCRIPTORS_OF_A_PROCESS + 2 * connections,
            to_server: connections,
            to_gateway: connections,
        }
    }

    const fn of_a_process_by_itself(connections: u64) -> Self {
        Self {
            descriptors: DESCRIPTORS_OF_A_PROCESS,
            to_server: connections,
            to_gateway: 0,
        }
    }

    const fn of_a_guest(connections: u64) -> Self {
        Self {
            descriptors: 2 * connections,
            to_server: connections,
            to_gateway: 0,
        }
    }

    fn times(self, viewers: u64) -> Self {
        Self {
            descriptors: self.descriptors.saturating_mul(viewers),
            to_server: self.to_server.saturating_mul(viewers),
            to_gateway: self.to_gateway.saturating_mul(viewers),
        }
    }
}

impl Add for Need {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            viewers: self.viewers.saturating_add(other.viewers),
            least: self.least + other.least,
            most: self.most + other.most,
            tasks: self.tasks.saturating_add(other.tasks),
            memory_bytes: self.memory_bytes.saturating_add(other.memory_bytes),
            cores: self.cores + other.cores,
        }
    }
}

impl Sum for Need {
    fn sum<I: Iterator<Item = Self>>(needs: I) -> Self {
        needs.fold(Self::default(), Add::add)
    }
}

impl Add for Connections {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            descriptors: self.descriptors.saturating_add(other.descriptors),
            to_server: self.to_server.saturating_add(other.to_server),
            to_gateway: self.to_gateway.saturating_add(other.to_gateway),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_groups_need_is_what_the_run_needs() {
        let ours = Need::native(3, Security::Tls).times(500);
        let players = Need::FFMPEG.times(20);
        let by_logs = Need::FFMPEG_BY_LOGS.times(10);
        let all: Need = [ours, players, by_logs].into_iter().sum();
        assert_eq!(all.viewers, 530);
        let descriptors = |connections: Connections| connections.descriptors;
        assert_eq!(descriptors(all.least), 500 + 20 * 7 + 10 * 3);
        assert_eq!(descriptors(all.most), 1500 + 20 * 7 + 10 * 3);
        assert_eq!((all.least.to_server, all.most.to_server), (550, 1560));
        assert_eq!((all.least.to_gateway, all.most.to_gateway), (40, 40));
        assert_eq!(all.tasks, 90);
        assert_eq!(all.memory_bytes, 500 * 32_000 + 30 * 12_500_000);
        assert!((all.cores - (500.0 * 0.0033 / 60.0 + 30.0 * 0.0036)).abs() < 1e-9);
    }

    #[test]
    fn nobody_needs_nothing_and_what_may_be_is_no_less_than_what_must() {
        assert_eq!([].into_iter().sum::<Need>(), Need::default());
        for each in [
            Need::native(0, Security::Plain),
            Need::native(7, Security::Tls),
            Need::FFMPEG,
            Need::FFMPEG_BY_LOGS,
            Need::ANY_PLAYER,
            Need::GUEST,
        ] {
            assert_eq!(each.viewers, 1);
            let (least, most) = (each.least, each.most);
            assert!(least.descriptors > 0 && least.to_server > 0);
            assert!(least.descriptors <= most.descriptors);
            assert!(least.to_server <= most.to_server);
            assert!(least.to_gateway <= most.to_gateway);
            assert_eq!(each.times(3), each + each + each);
        }
    }
}
