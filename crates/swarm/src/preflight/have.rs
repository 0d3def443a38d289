//! What a machine has for viewers.

use crate::machine;

/// What the machine has. `None` where it does not say, or sets no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Have {
    /// Descriptors the process may hold.
    pub descriptors: u64,
    /// Descriptors that are open already.
    pub open: Option<u64>,
    /// Ephemeral ports of one address of ours towards one place.
    pub ports: Option<u64>,
    /// Addresses that viewers connect to the stream's server from.
    pub sources: u64,
    /// Gateways of the run, each a place of its own to connect to.
    pub gateways: u64,
    /// Processes and threads that this user may have.
    pub tasks: Option<u64>,
    /// How many of them there are already.
    pub tasks_now: Option<u64>,
    /// Memory that is free to be used, in bytes.
    pub memory_bytes: Option<u64>,
    /// Cores.
    pub cores: Option<u64>,
}

impl Have {
    /// What the machine has at this moment, with the soft limits on descriptors and processes
    /// raised; one address to connect from, and one gateway.
    pub fn now() -> Self {
        let tasks = machine::raise_process_limit();
        Self {
            descriptors: machine::raise_descriptor_limit(),
            open: machine::open_descriptors(),
            ports: machine::ephemeral_ports(),
            sources: 1,
            gateways: 1,
            tasks,
            tasks_now: tasks.and_then(|_| machine::tasks_of_user()),
            memory_bytes: machine::free_memory(),
            cores: std::thread::available_parallelism()
                .ok()
                .map(|cores| cores.get() as u64),
        }
    }

    /// The same machine with connections from so many addresses of it, each of which has ports of
    /// its own; 0: from one that the system chooses.
    #[must_use]
    pub fn from_sources(self, sources: usize) -> Self {
        Self {
            sources: sources.max(1) as u64,
            ..self
        }
    }

    /// The same machine with a gateway in each of so many workers.
    #[must_use]
    pub fn with_gateways(self, workers: usize) -> Self {
        Self {
            gateways: workers.max(1) as u64,
            ..self
        }
    }

    /// Ports towards the stream's server.
    pub(super) fn ports_to_server(&self) -> Option<u64> {
        self.ports.map(|ports| ports.saturating_mul(self.sources))
    }

    /// Ports towards gateways.
    pub(super) fn ports_to_gateways(&self) -> Option<u64> {
        self.ports.map(|ports| ports.saturating_mul(self.gateways))
    }

    /// Processes and threads there may be more.
    pub(super) fn tasks_left(&self) -> Option<u64> {
        let now = self.tasks_now.unwrap_or(0);
        self.tasks.map(|tasks| tasks.saturating_sub(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_room_for_this_test() {
        let have = Have::now();
        assert!(have.descriptors > have.open.unwrap());
        assert!(have.cores.unwrap() >= 1 && have.memory_bytes.unwrap() > 0);
        assert!(have.ports_to_server().unwrap() > 0);
        assert_eq!(have.from_sources(0).ports_to_server(), have.ports);
        let twice = have.ports.map(|ports| 2 * ports);
        assert_eq!(have.from_sources(2).ports_to_server(), twice);
        assert_eq!(have.with_gateways(2).ports_to_gateways(), twice);
    }
}
