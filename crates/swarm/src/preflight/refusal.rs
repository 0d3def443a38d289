//! What a machine lacks, in words, with what mends it.

use std::fmt;

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
    /// Not enough ephemeral ports of loopback towards this run's own gateways.
    #[error(
        "{viewers} viewers need {need} ports towards the gateways of this run and this machine has \
         {have}; type `sysctl -w net.ipv4.ip_local_port_range='1024 65535'` as root, ask for at most \
         {most} viewers, or give --workers more, each of which has a gateway"
    )]
    GatewayPorts {
        /// Viewers asked for.
        viewers: u64,
        /// Ports they need.
        need: u64,
        /// Ports there are.
        have: u64,
        /// Viewers that would fit.
        most: u64,
    },
    /// More processes and threads than this user may have.
    #[error(
        "{viewers} viewers need {need} processes and threads and this user may have {have} more; \
         type `ulimit -u {limit}` (as root, `ulimit -Hu {limit}` first), or ask for at most {most} \
         viewers"
    )]
    Processes {
        /// Viewers asked for.
        viewers: u64,
        /// Processes and threads they need.
        need: u64,
        /// Processes and threads there may be more.
        have: u64,
        /// A limit that would do.
        limit: u64,
        /// Viewers that would fit.
        most: u64,
    },
    /// Not enough memory, by estimate.
    #[error(
        "{viewers} viewers need about {need_mb} MB of memory, by estimate, and {have_mb} MB are free; \
         `free -m` says what is used; ask for at most {most} viewers, or give --skip-preflight"
    )]
    Memory {
        /// Viewers asked for.
        viewers: u64,
        /// Memory they need.
        need_mb: u64,
        /// Memory there is.
        have_mb: u64,
        /// Viewers that would fit.
        most: u64,
    },
}

/// Every shortage of a machine; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusals(pub(super) Vec<Refusal>);

impl std::error::Error for Refusals {}

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, refusal) in self.0.iter().enumerate() {
            let before = if number == 0 { "" } else { "\n" };
            write!(f, "{before}{refusal}")?;
        }
        Ok(())
    }
}

/// What a run begins with all the same.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Tight {
    /// There are connections enough for viewers to work, and not for all they may open.
    #[error("this may become tight, if every viewer opens all its connections: {0}")]
    Connections(Refusal),
    /// By estimate it is more than the processors can do.
    #[error(
        "{viewers} viewers take about {need:.1} cores, by estimate, for a stream of 2 Mbit/s (more \
         for more) and this machine has {have}: the generator may become the bottleneck, which the \
         run then says; ask for at most {most} viewers to be safe"
    )]
    Cores {
        /// Viewers asked for.
        viewers: u64,
        /// Cores they take.
        need: f64,
        /// Cores there are.
        have: u64,
        /// Viewers that would fit.
        most: u64,
    },
}
