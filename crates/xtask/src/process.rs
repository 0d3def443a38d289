//! A process that is measured: CPU time and memory as the operating system accounts for them.
//!
//! CPU time is user and system time of all its threads, and of the children it waited for.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use procfs::process as proc;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};
use wait4::Wait4;

use crate::stop;

/// How long a killed process may take to go.
const KILL_MAX: Duration = Duration::from_secs(10);

/// The most of what a process said that an error repeats.
const SAID_MAX: usize = 4_000;

/// What a process had used when it ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    pub(crate) status: ExitStatus,
    pub(crate) cpu: Duration,
    pub(crate) rss_peak: u64,
}

/// A running process, its standard output and error in files. Dropped, it is killed with its
/// whole group.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pid: Pid,
    name: String,
    files: PathBuf,
    gone: bool,
}

/// `program` in a process group of its own, which gets a SIGTERM when we are gone, however we
/// went.
pub(crate) fn command(program: &Path) -> Command {
    let setpriv = Path::new("/usr/bin/setpriv");
    let mut command = if setpriv.exists() {
        let mut command = Command::new(setpriv);
        command.args(["--pdeathsig", "TERM", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.process_group(0).stdin(Stdio::null());
    command
}

/// Where `program` is, if it is installed.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let cargo = std::env::var_os("CARGO_HOME").map(|home| Path::new(&home).join("bin"));
    // Debian keeps servers in a folder that ordinary users' search paths lack.
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .chain(cargo)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

impl Process {
    /// Starts `command`; what it says goes to `folder/name.out` and `folder/name.err`.
    pub(crate) fn spawn(name: &str, command: &mut Command, folder: &Path) -> anyhow::Result<Self> {
        let files = folder.join(name);
        let file = |extension| File::create(files.with_extension(extension));
        let child = command
            .stdout(file("out")?)
            .stderr(file("err")?)
            .spawn()
            .with_context(|| format!("can't start {command:?}"))?;
        Ok(Self {
            pid: Pid::from_child(&child),
            child,
            name: name.to_owned(),
            files,
            gone: false,
        })
    }

    pub(crate) fn id(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// What it has written to standard output.
    pub(crate) fn stdout(&self) -> anyhow::Result<String> {
        let file = self.files.with_extension("out");
        std::fs::read_to_string(&file).with_context(|| format!("can't read {}", file.display()))
    }

    /// The end of what it said, for an error.
    pub(crate) fn said(&self) -> String {
        let read = |extension| std::fs::read(self.files.with_extension(extension));
        let mut said = read("out").unwrap_or_default();
        said.extend(read("err").unwrap_or_default());
        let from = said.len().saturating_sub(SAID_MAX);
        format!("{}: {}", self.name, String::from_utf8_lossy(&said[from..]))
    }

    /// CPU time so far, of its living children too.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let mut cpu = Duration::ZERO;
        for pid in family(self.id()) {
            let stat = proc::Process::new(pid).and_then(|process| process.stat());
            let stat = stat.with_context(|| format!("{} is gone; {}", self.name, self.said()))?;
            let waited = u64::try_from(stat.cutime + stat.cstime).unwrap_or(0);
            let ticks = stat.utime + stat.stime + waited;
            cpu += Duration::from_secs_f64(ticks as f64 / procfs::ticks_per_second() as f64);
        }
        Ok(cpu)
    }

    /// Resident memory at this moment, in bytes, of its living children too.
    pub(crate) fn rss(&self) -> anyhow::Result<u64> {
        let mut kib = 0;
        for pid in family(self.id()) {
            let status = proc::Process::new(pid).and_then(|process| process.status());
            kib += status?.vmrss.context("a process without memory")?;
        }
        Ok(kib * 1024)
    }

    /// Descriptors that are open.
    pub(crate) fn descriptors(&self) -> anyhow::Result<usize> {
        Ok(proc::Process::new(self.id())?.fd_count()?)
    }

    /// Whether it has ended; it is not collected by that.
    pub(crate) fn ended(&self) -> anyhow::Result<bool> {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        Ok(self.gone || waitid(WaitId::Pid(self.pid), look)?.is_some())
    }

    pub(crate) fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        kill_process(self.pid, signal).with_context(|| format!("can't signal {}", self.name))
    }

    /// Waits for its end, for at most `limit`, and says what it used.
    pub(crate) fn wait(&mut self, limit: Duration) -> anyhow::Result<Used> {
        let name = self.name.clone();
        stop::until(limit, &format!("{name} to end"), || {
            Ok(self.ended()?.then_some(()))
        })
        .with_context(|| self.said())?;
        self.collect().context("can't collect a process")
    }

    /// As [`Self::wait`]; an exit code other than 0 is an error.
    pub(crate) fn finish(&mut self, limit: Duration) -> anyhow::Result<Used> {
        let used = self.wait(limit)?;
        if !used.status.success() {
            bail!("{} ended with {}; {}", self.name, used.status, self.said());
        }
        Ok(used)
    }

    fn collect(&mut self) -> io::Result<Used> {
        let ended = self.child.wait4()?;
        self.gone = true;
        Ok(Used {
            status: ended.status,
            cpu: ended.rusage.utime + ended.rusage.stime,
            rss_peak: ended.rusage.maxrss,
        })
    }

    /// Kills the group, and collects the process.
    fn kill(&mut self) {
        // Members of the group may outlive its leader.
        let _ = kill_process_group(self.pid, Signal::KILL);
        let end = Instant::now() + KILL_MAX;
        while !self.gone && Instant::now() < end {
            if self.ended().unwrap_or(true) {
                let _ = self.collect();
            } else {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A process and its living descendants.
fn family(pid: i32) -> Vec<i32> {
    let mut all = vec![pid];
    let mut next = 0;
    while let Some(&pid) = all.get(next) {
        next += 1;
        let Ok(tasks) = proc::Process::new(pid).and_then(|process| process.tasks()) else {
            continue;
        };
        let children = tasks.flatten().filter_map(|task| task.children().ok());
        all.extend(children.flatten().map(|child| child as i32));
    }
    all
}
