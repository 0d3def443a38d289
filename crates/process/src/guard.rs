//! A small process that ends what we leave behind.
//!
//! The parent-death signal reaches the child and not what the child started: a player behind
//! `sh -c` would live on after `SIGKILL` of liveswarm. A guard is this program started again, with
//! one argument; it holds the reading end of a pipe and is told the group of every child. When the
//! writing end closes, however we ended, it kills the groups that are still in its list, and ends.
//!
//! Its own end does no harm: writing to it then fails, and the parent-death signal is still there.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process_group};

use crate::Error;

/// The argument by which a program knows that it is to be a guard; see [`serve_if_asked`].
pub const ARGUMENT: &str = "guard-processes";

/// Most groups a guard keeps in mind; what is beyond has the parent-death signal only.
pub const GROUPS_MAX: usize = 100_000;

/// A message: one byte for what happened, four for the group.
const MESSAGE_BYTES: usize = 5;
const BEGAN: u8 = b'+';
const ENDED: u8 = b'-';

/// A guard at work. Clones are handles to the same one; when the last is dropped it ends.
#[derive(Clone, Debug)]
pub struct Guard {
    handle: Arc<Handle>,
}

#[derive(Debug)]
struct Handle {
    /// `None` only while it is dropped.
    pipe: Option<File>,
    process: std::process::Child,
}

impl Guard {
    /// Starts this very program as a guard. Its `main` has to begin with [`serve_if_asked`].
    ///
    /// # Errors
    /// No process or descriptor left.
    pub fn start() -> Result<Self, Error> {
        // Not by its path: that may be another program after an update.
        let mut command = Command::new("/proc/self/exe");
        command.arg(ARGUMENT);
        // What lists of processes show.
        if let Some(name) = std::env::args_os().next() {
            command.arg0(name);
        }
        Self::start_command("guard", command)
    }

    /// Starts a guard by another command line, one that leads to [`serve`].
    ///
    /// # Errors
    /// The program is missing, or no process or descriptor is left.
    pub fn start_as(program: &str, args: &[&str]) -> Result<Self, Error> {
        let mut command = Command::new(program);
        command.args(args);
        Self::start_command(program, command)
    }

    fn start_command(program: &str, mut command: Command) -> Result<Self, Error> {
        let started = command
            .stdin(Stdio::piped())
            // Whoever waits for the end of our output must not wait for the guard's.
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C in a terminal goes to the group in front, not to the guard.
            .process_group(0)
            .spawn();
        let mut process = started.map_err(|error| Error::of_start(program.to_owned(), error))?;
        let pipe = process.stdin.take().map(OwnedFd::from).map(File::from);
        Ok(Self {
            handle: Arc::new(Handle { pipe, process }),
        })
    }

    pub(crate) fn began(&self, group: Pid) {
        self.tell(BEGAN, group);
    }

    pub(crate) fn ended(&self, group: Pid) {
        self.tell(ENDED, group);
    }

    /// A message is shorter than `PIPE_BUF`, so threads need no lock: each is written whole. The
    /// guard reads at once; should it be gone there is nobody to tell.
    fn tell(&self, what: u8, group: Pid) {
        let mut message = [what; MESSAGE_BYTES];
        message[1..].copy_from_slice(&group.as_raw_nonzero().get().to_le_bytes());
        if let Some(mut pipe) = self.handle.pipe.as_ref() {
            let _ = pipe.write_all(&message);
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.pipe = None;
        let _ = self.process.wait();
    }
}

/// To be called first in `main`: where the first argument is [`ARGUMENT`], serves as a guard and
/// answers `true` when that is over; the program then has nothing more to do.
pub fn serve_if_asked() -> bool {
    let asked = std::env::args_os()
        .nth(1)
        .is_some_and(|arg| arg == ARGUMENT);
    if asked {
        serve(io::stdin().lock());
    }
    asked
}

/// Keeps the list of groups until `messages` ends, then kills those that are still in it.
pub fn serve(messages: impl Read) {
    for group in left_behind(messages).into_iter().filter_map(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// The groups that began and did not end.
fn left_behind(mut messages: impl Read) -> BTreeSet<i32> {
    let mut groups = BTreeSet::new();
    let mut message = [0; MESSAGE_BYTES];
    while messages.read_exact(&mut message).is_ok() {
        let [what, group @ ..] = message;
        let group = i32::from_le_bytes(group);
        if what == ENDED {
            groups.remove(&group);
        } else if group > 1 && groups.len() < GROUPS_MAX {
            groups.insert(group);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(what: u8, group: i32) -> Vec<u8> {
        [&[what], &group.to_le_bytes()[..]].concat()
    }

    #[test]
    fn what_began_and_did_not_end_is_left_behind() {
        let messages = [
            message(BEGAN, 7),
            message(BEGAN, 8),
            message(ENDED, 7),
            message(BEGAN, 0),
            message(BEGAN, 9),
            vec![BEGAN, 1],
        ]
        .concat();
        assert_eq!(left_behind(messages.as_slice()), BTreeSet::from([8, 9]));
    }
}
