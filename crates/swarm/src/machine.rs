//! What this machine gives and what our process uses: the one place with Linux's own calls.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

/// Descriptors this process may hold: the soft limit, raised to the hard one.
///
/// Returns the limit in force afterwards.
pub(crate) fn raise_descriptor_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let unlimited = u64::MAX;
    let hard = limit.maximum.unwrap_or(unlimited);
    let soft = limit.current.unwrap_or(unlimited);
    if soft >= hard {
        return soft;
    }
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => hard,
        Err(_) => soft,
    }
}

/// Descriptors that are open in this process.
pub(crate) fn open_descriptors() -> Option<u64> {
    procfs::process::Process::myself()
        .and_then(|process| process.fd_count())
        .ok()
        .map(|count| count as u64)
}

/// Processes and threads this user may have: the soft limit, raised to the hard one. `None` where
/// there is no limit, or it is not for us (`getrlimit(2)`: who may exceed it is not held to it).
pub(crate) fn raise_process_limit() -> Option<u64> {
    if rustix::process::getuid().is_root() {
        return None;
    }
    let limit = getrlimit(Resource::Nproc);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    match setrlimit(Resource::Nproc, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    }
}

/// Processes and threads that this user has.
pub(crate) fn tasks_of_user() -> Option<u64> {
    let user = rustix::process::getuid().as_raw();
    let processes = procfs::process::all_processes().ok()?;
    let own = processes
        .filter_map(Result::ok)
        .filter(|process| process.uid().is_ok_and(|uid| uid == user));
    let threads = own.filter_map(|process| Some(process.stat().ok()?.num_threads));
    Some(threads.map(|count| u64::try_from(count).unwrap_or(0)).sum())
}

/// Memory that can be used without swapping, in bytes.
pub(crate) fn free_memory() -> Option<u64> {
    use procfs::Current;
    procfs::Meminfo::current().ok()?.mem_available
}

/// Ephemeral ports that the kernel hands out to one address for one destination.
pub(crate) fn ephemeral_ports() -> Option<u64> {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let mut ends = range
        .split_whitespace()
        .filter_map(|end| end.parse::<u64>().ok());
    let (first, last) = (ends.next()?, ends.next()?);
    Some(last.saturating_sub(first) + 1)
}

/// CPU time that the calling thread has used.
pub(crate) fn thread_cpu() -> Duration {
    cpu(ClockId::ThreadCPUTime)
}

/// CPU time that the whole process has used.
pub(crate) fn process_cpu() -> Duration {
    cpu(ClockId::ProcessCPUTime)
}

fn cpu(clock: ClockId) -> Duration {
    let used = clock_gettime(clock);
    Duration::new(
        u64::try_from(used.tv_sec).unwrap_or(0),
        u32::try_from(used.tv_nsec).unwrap_or(0),
    )
}

/// The most resident memory the process has had, in bytes.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = procfs::process::Process::myself().and_then(|process| process.status());
    status.ok()?.vmhwm.map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_this_very_process_make_sense() {
        assert!(raise_descriptor_limit() >= 64);
        assert!(open_descriptors().unwrap() >= 3);
        assert!(ephemeral_ports().unwrap() > 1000);
        assert!(peak_memory().unwrap() > 100_000);
        assert!(free_memory().unwrap() > 1_000_000);
        assert!(tasks_of_user().unwrap() >= 1);
        assert!(raise_process_limit().is_none_or(|limit| limit > 0));
        assert!(process_cpu() >= thread_cpu());
    }
}
