//! Real processes: started, read, stopped, and what is left of them.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod end;
mod lines;
mod orphans;
mod player;

use process::{Exit, Keep, Source, Spec};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// How long a test waits for what must happen; far longer than it takes.
const PATIENCE: Timespec = Timespec {
    tv_sec: 30,
    tv_nsec: 0,
};

/// A shell script as a child.
fn shell(script: &str) -> Spec {
    Spec::new("sh").args(["-c", script])
}

/// A finished child, and the text of its lines.
struct Done {
    exit: Exit,
    stdout: Vec<String>,
    stderr: Vec<String>,
}

async fn done(spec: Spec) -> Done {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let run = spec.spawn().unwrap().run(|line| {
        let text = String::from_utf8_lossy(line.bytes).into_owned();
        match line.source {
            Source::Stdout => stdout.push(text),
            Source::Stderr => stderr.push(text),
        }
        Keep::Yes
    });
    Done {
        exit: run.await,
        stdout,
        stderr,
    }
}

/// A process that may end at any time.
fn watched(pid: i32) -> OwnedFd {
    pidfd_open(Pid::from_raw(pid).unwrap(), PidfdFlags::empty()).unwrap()
}

/// Waits for its end; `false` where it does not come.
fn ends(process: &OwnedFd, within: Timespec) -> bool {
    let mut wanted = [PollFd::new(process, PollFlags::IN)];
    poll(&mut wanted, Some(&within)).unwrap() > 0
}
