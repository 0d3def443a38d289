//! The parent-death signal, waiting for the end of a process, and what it used: the only unsafe
//! code here.
#![expect(
    unsafe_code,
    reason = "the signal has to be set between fork and exec, which only `pre_exec` can; a pidfd is \
              waited for by `AsyncFd`, which takes the descriptor on trust; what a process used to \
              the microsecond only `wait4` tells"
)]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};
use std::time::Duration;

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

/// The end of a process that was waited for.
pub(crate) struct Waited {
    pub(crate) status: ExitStatus,
    /// CPU time, with that of descendants it waited for itself.
    pub(crate) user: Duration,
    pub(crate) system: Duration,
}

/// Waits for a child if it has ended; its number is free after that (`wait4(2)`).
pub(crate) fn wait_for(child: Pid) -> Option<Waited> {
    let mut status = 0;
    let mut used = MaybeUninit::<libc::rusage>::zeroed();
    let pid = child.as_raw_nonzero().get();
    // SAFETY: both pointers are to live, writable memory of the types that `wait4` fills in.
    let waited = unsafe { libc::wait4(pid, &raw mut status, libc::WNOHANG, used.as_mut_ptr()) };
    if waited != pid {
        return None;
    }
    // SAFETY: a `rusage` is plain integers, for which the zeros it began with are values too.
    let used = unsafe { used.assume_init() };
    Some(Waited {
        status: ExitStatus::from_raw(status),
        user: time(used.ru_utime),
        system: time(used.ru_stime),
    })
}

fn time(time: libc::timeval) -> Duration {
    let micros = u64::try_from(time.tv_usec).unwrap_or_default();
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}
