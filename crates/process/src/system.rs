//! The parent-death signal, and waiting for the end of a process: the only unsafe code here.
#![expect(
    unsafe_code,
    reason = "the signal has to be set between fork and exec, which only `pre_exec` can; a pidfd is \
              waited for by `AsyncFd`, which takes the descriptor on trust"
)]

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, getpid, getppid, pidfd_open, set_parent_process_death_signal,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Makes the child the leader of a new process group, and the kernel kill it when the thread that
/// starts it ends, for whatever reason (`prctl(2)`, `PR_SET_PDEATHSIG`).
///
/// We may die between `fork` and `prctl`, and then no signal ever comes: so the child looks, after
/// `prctl`, whether its parent is still the one that forked it, and if not, does not execute.
pub(crate) fn leads_a_group_that_dies_with_us(command: &mut Command) {
    command.process_group(0);
    let parent = getpid();
    let before_exec = move || -> io::Result<()> {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        if getppid() == Some(parent) {
            Ok(())
        } else {
            Err(Errno::SRCH.into())
        }
    };
    // SAFETY: between `fork` and `exec` of a process with several threads only async-signal-safe
    // work is allowed. The closure makes two system calls and compares two integers: it takes no
    // lock, allocates nothing (an `io::Error` of an error number is a plain value) and can't panic.
    unsafe {
        command.pre_exec(before_exec);
    }
}

/// A descriptor that becomes readable when the process ends (`pidfd_open(2)`).
pub(crate) fn end_of(process: Pid) -> io::Result<AsyncFd<OwnedFd>> {
    let descriptor = pidfd_open(process, PidfdFlags::empty())?;
    // SAFETY: an `OwnedFd` is an open descriptor that it alone closes, when dropped; the `AsyncFd`
    // owns it and nobody takes it out, so it stays open and the same until then.
    let registered = unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) };
    Ok(registered?)
}
