//! A child process that never outlives its owner.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context, anyhow};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::wait;

/// How long a killed process may take to disappear.
const KILL_LIMIT: Duration = Duration::from_secs(10);

/// A command that runs `program` in a process group of its own and gets SIGTERM when the thread
/// that started it is gone, however it went (`prctl(2)`, `PR_SET_PDEATHSIG`).
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = if Path::new("/usr/bin/setpriv").exists() {
        let mut wrapped = Command::new("/usr/bin/setpriv");
        wrapped.args(["--pdeathsig", "TERM", "--"]).arg(program);
        wrapped
    } else {
        Command::new(program)
    };
    command.process_group(0);
    command
}

/// Where `program` is; an error that names its package where it is nowhere.
pub(crate) fn find(program: &str, package: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian keeps servers in a folder that ordinary users' search paths lack.
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
        .ok_or_else(|| anyhow!("{program} is not installed; try: sudo apt-get install {package}"))
}

/// A running process and its group; the group is killed on drop.
#[derive(Debug)]
pub(crate) struct Guard {
    child: std::process::Child,
    pid: Pid,
    ended: Option<ExitStatus>,
}

impl Guard {
    pub(crate) fn spawn(command: &mut Command) -> anyhow::Result<Self> {
        let child = command
            .spawn()
            .with_context(|| format!("could not start {command:?}"))?;
        let pid = Pid::from_child(&child);
        Ok(Self {
            child,
            pid,
            ended: None,
        })
    }

    pub(crate) fn inner(&mut self) -> &mut std::process::Child {
        &mut self.child
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The exit status, once there is one.
    pub(crate) fn status(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait()?;
        }
        Ok(self.ended)
    }

    /// Sends `signal` to the process itself; a process that has ended is left alone.
    pub(crate) fn signal(&mut self, signal: Signal) -> anyhow::Result<()> {
        if self.status()?.is_none() {
            kill_process(self.pid, signal).context("could not send a signal")?;
        }
        Ok(())
    }

    pub(crate) fn wait(&mut self, limit: Duration, what: &str) -> anyhow::Result<ExitStatus> {
        wait::until(limit, what, || Ok(self.status()?))
    }

    /// Kills the whole group and collects the process.
    pub(crate) fn kill(&mut self) {
        // Members of the group may outlive its leader, so it is killed in any case. Its id can't
        // belong to anybody else while a member lives.
        let _ = kill_process_group(self.pid, Signal::KILL);
        let _ = self.wait(KILL_LIMIT, "a killed process to end");
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.kill();
    }
}
