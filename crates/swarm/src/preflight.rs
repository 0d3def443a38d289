//! Whether this machine can be the generator that was asked for, judged before the run.

mod players;

use crate::machine;

pub use players::{
    DESCRIPTORS_EACH, Player, PlayersRefused, Room, check_players, ffmpeg, judge_players,
};

/// Descriptors that the process needs beside its viewers' connections: runtimes, files, terminal.
const DESCRIPTORS_BESIDE: u64 = 64;

/// What a run needs of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Viewers at the top of the ramp.
    pub viewers: u64,
    /// Connections that one viewer holds at most at a time, by its profile.
    pub connections_each: u64,
}

/// What the machine has. `None` where it does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Have {
    /// Descriptors the process may hold.
    pub descriptors: u64,
    /// Descriptors that are open already.
    pub open: Option<u64>,
    /// Ephemeral ports towards one destination.
    pub ports: Option<u64>,
}

/// Why the run is refused, and what to type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not enough descriptors, even with the soft limit raised to the hard one.
    #[error(
        "{viewers} viewers need {need} file descriptors and this process may hold {have}; \
         type `ulimit -Hn {need}` as root (or set LimitNOFILE={need}), or ask for at most {most} viewers"
    )]
    Descriptors {
        /// Viewers asked for.
        viewers: u64,
        /// Descriptors they need.
        need: u64,
        /// Descriptors there are.
        have: u64,
        /// Viewers that would fit.
        most: u64,
    },
    /// Not enough ephemeral ports towards one server.
    #[error(
        "{viewers} viewers need {need} ports towards one server and this machine has {have}; \
         type `sysctl -w net.ipv4.ip_local_port_range='1024 65535'` as root, ask for at most {most} viewers, \
         or give --source more addresses"
    )]
    Ports {
        /// Viewers asked for.
        viewers: u64,
        /// Ports they need.
        need: u64,
        /// Ports there are.
        have: u64,
        /// Viewers that would fit.
        most: u64,
    },
}

/// Raises the soft descriptor limit and judges whether the machine suffices for viewers that
/// connect from as many addresses as `sources`; 0: from one that the system chooses.
pub fn check(need: Need, sources: usize) -> Result<(), Refusal> {
    judge(need, Have::now().from_sources(sources))
}

impl Have {
    /// What the machine has at this moment, with the soft descriptor limit raised.
    pub(crate) fn now() -> Self {
        Self {
            descriptors: machine::raise_descriptor_limit(),
            open: machine::open_descriptors(),
            ports: machine::ephemeral_ports(),
        }
    }

    /// The same machine with connections from so many addresses of it: each has ports of its own.
    pub fn from_sources(self, sources: usize) -> Self {
        let times = |ports: u64| ports.saturating_mul(sources.max(1) as u64);
        Self {
            ports: self.ports.map(times),
            ..self
        }
    }
}

/// The judgement itself, on figures.
pub fn judge(need: Need, have: Have) -> Result<(), Refusal> {
    judge_descriptors(need, have)?;
    judge_ports(need, have)
}

fn judge_descriptors(need: Need, have: Have) -> Result<(), Refusal> {
    let each = need.connections_each.max(1);
    let connections = need.viewers.saturating_mul(each);
    let beside = DESCRIPTORS_BESIDE + have.open.unwrap_or(0);
    let descriptors = connections.saturating_add(beside);
    if descriptors > have.descriptors {
        return Err(Refusal::Descriptors {
            viewers: need.viewers,
            need: descriptors,
            have: have.descriptors,
            most: have.descriptors.saturating_sub(beside) / each,
        });
    }
    Ok(())
}

fn judge_ports(need: Need, have: Have) -> Result<(), Refusal> {
    let each = need.connections_each.max(1);
    let connections = need.viewers.saturating_mul(each);
    match have.ports {
        Some(ports) if connections > ports => Err(Refusal::Ports {
            viewers: need.viewers,
            need: connections,
            have: ports,
            most: ports / each,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HAVE: Have = Have {
        descriptors: 20_000,
        open: Some(6),
        ports: Some(28_232),
    };

    fn need(viewers: u64, connections_each: u64) -> Need {
        Need {
            viewers,
            connections_each,
        }
    }

    #[test]
    fn what_fits_is_let_through() {
        assert_eq!(judge(need(9_965, 2), HAVE), Ok(()));
        let silent = Have {
            open: None,
            ports: None,
            ..HAVE
        };
        assert_eq!(judge(need(19_936, 1), silent), Ok(()));
    }

    #[test]
    fn a_refusal_says_what_is_missing_and_what_would_fit() {
        let refusal = judge(need(10_000, 2), HAVE).unwrap_err();
        let Refusal::Descriptors { need: n, most, .. } = refusal else {
            panic!("{refusal:?}");
        };
        assert_eq!((n, most), (20_070, 9_965));
        assert_eq!(judge(need(most, 2), HAVE), Ok(()));
        assert!(
            refusal.to_string().contains("ulimit -Hn 20070"),
            "{refusal}"
        );
    }

    #[test]
    fn ports_are_judged_too() {
        let wide = Have {
            descriptors: 1_000_000,
            ..HAVE
        };
        assert!(matches!(
            judge(need(28_233, 1), wide),
            Err(Refusal::Ports { most: 28_232, .. })
        ));
        assert_eq!(judge(need(28_233, 1), wide.from_sources(2)), Ok(()));
    }

    #[test]
    fn absurd_numbers_do_not_overflow() {
        assert!(judge(need(u64::MAX, u64::MAX), HAVE).is_err());
    }
}
