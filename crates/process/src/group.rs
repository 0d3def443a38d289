//! The process group of a child.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use crate::system::wait_for;
use crate::{Category, Guard, Usage};

/// How long dropping a child waits for the kernel to end it; beyond that it stays a zombie until we
/// end.
const DROP_WAIT: Duration = Duration::from_millis(200);

/// The process group of a child, whose leader the child is.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) leader: Pid,
    guard: Option<Guard>,
    /// Waited for: the numbers are no longer ours.
    gone: bool,
}

impl Group {
    pub(crate) fn new(process: &std::process::Child, guard: Option<&Guard>) -> Self {
        let leader = Pid::from_child(process);
        if let Some(guard) = guard {
            guard.began(leader);
        }
        Self {
            leader,
            guard: guard.cloned(),
            gone: false,
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        if !self.gone {
            let _ = kill_process_group(self.leader, signal);
        }
    }

    /// Waits for the leader if it has ended, and writes down what it used.
    pub(crate) fn reap(&mut self, usage: &mut Usage) -> Option<Category> {
        if let Some(guard) = &self.guard {
            guard.ended(self.leader);
        }
        let waited = wait_for(self.leader)?;
        self.gone = true;
        usage.user = Some(waited.user);
        usage.system = Some(waited.system);
        Some(category(waited.status))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.gone {
            return;
        }
        self.signal(Signal::KILL);
        wait_briefly(self.leader);
        self.reap(&mut Usage::default());
    }
}

fn wait_briefly(leader: Pid) {
    let Ok(ended) = pidfd_open(leader, PidfdFlags::empty()) else {
        return;
    };
    let limit = Timespec::try_from(DROP_WAIT).ok();
    let _ = poll(&mut [PollFd::new(&ended, PollFlags::IN)], limit.as_ref());
}

fn category(status: ExitStatus) -> Category {
    match (status.code(), status.signal()) {
        (Some(0), _) => Category::Success,
        (Some(code), _) => Category::Error(code),
        (None, signal) => Category::Signal(signal.unwrap_or(Signal::KILL.as_raw())),
    }
}
