//! What is left when the process that started the children is killed: this program, started again
//! as a parent, with a child that has a child, and as that parent's guard.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use process::{Guard, Keep, Spec};
use rustix::event::Timespec;
use rustix::fd::OwnedFd;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use crate::{PATIENCE, ends, shell, watched};

/// Says which part this program plays when a test starts it again.
const PART: &str = "LIVESWARM_TEST_PART";

/// The part of a parent that starts children until it is killed.
const SPAWNING: &str = "spawning";

/// How many it has started at least when it is killed.
const MANY: usize = 20;

/// A child whose own child outlives it unless someone ends it.
const FAMILY: &str = "sleep 1000 & echo $$ $!; wait";

/// Started again, with the tests of this module as parts.
struct Parent {
    process: Child,
    child: OwnedFd,
    grandchild: OwnedFd,
    grandchild_pid: i32,
}

fn again(test: &str, part: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(PART, part)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn parent(part: &str) -> Parent {
    let mut process = again("orphans::as_parent", part);
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let pids = lines.find_map(|line| Some(line.unwrap().split_once("PIDS ")?.1.to_owned()));
    let pids: Vec<i32> = pids
        .unwrap()
        .split(' ')
        .map(|pid| pid.parse().unwrap())
        .collect();
    Parent {
        child: watched(pids[0]),
        grandchild: watched(pids[1]),
        grandchild_pid: pids[1],
        process,
    }
}

/// Not a test of its own: a parent, where a test asked for one.
#[tokio::test]
async fn as_parent() {
    let Ok(part) = std::env::var(PART) else {
        return;
    };
    if part.starts_with(SPAWNING) {
        start_without_end();
    }
    let guard = (part == "guarded").then(|| {
        let program = std::env::current_exe().unwrap();
        Guard::start_as(program.to_str().unwrap(), &["--exact", "orphans::as_guard"]).unwrap()
    });
    let mut spec = shell(FAMILY);
    if let Some(guard) = &guard {
        spec = spec.guarded(guard);
    }
    let child = spec.spawn().unwrap();
    child
        .run(|line| {
            say(&format!("PIDS {}", String::from_utf8_lossy(line.bytes)));
            Keep::No
        })
        .await;
}

#[expect(clippy::print_stdout, reason = "the test that started us reads it")]
fn say(text: &str) {
    println!("{text}");
}

/// Not a test of its own: a guard, where a parent asked for one.
#[test]
fn as_guard() {
    if std::env::var_os(PART).is_some() {
        process::guard::serve(std::io::stdin().lock());
    }
}

#[test]
fn a_killed_parent_leaves_no_child() {
    let mut parent = parent("alone");
    parent.process.kill().unwrap();
    assert!(ends(&parent.child, PATIENCE));
    parent.process.wait().unwrap();
    // The known limit, for which there is the guard: what the child started is still there.
    let at_once = Timespec::default();
    assert!(!ends(&parent.grandchild, at_once));
    let pid = Pid::from_raw(parent.grandchild_pid).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

#[test]
fn a_killed_parent_with_a_guard_leaves_no_grandchild_either() {
    let mut parent = parent("guarded");
    parent.process.kill().unwrap();
    assert!(ends(&parent.child, PATIENCE));
    assert!(ends(&parent.grandchild, PATIENCE));
    parent.process.wait().unwrap();
}

#[test]
fn a_parent_killed_while_it_starts_children_leaves_none() {
    let mark = format!("{SPAWNING}-{}", std::process::id());
    let mut process = again("orphans::as_parent", &mark);
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let many = lines.any(|line| line.unwrap().contains("MANY"));
    assert!(many);
    process.kill().unwrap();
    process.wait().unwrap();
    // One that was forked shortly before may still be about to end.
    while let Some(left) = marked(&mark) {
        assert!(ends(&left, PATIENCE));
    }
}

/// A process whose environment has the mark.
fn marked(mark: &str) -> Option<OwnedFd> {
    for process in std::fs::read_dir("/proc").unwrap() {
        let path = process.unwrap().path();
        let environment = std::fs::read(path.join("environ")).unwrap_or_default();
        let has = environment
            .windows(mark.len())
            .any(|part| part == mark.as_bytes());
        let pid = path.file_name().unwrap().to_str().unwrap().parse().ok();
        if let (true, Some(pid)) = (has, pid.and_then(Pid::from_raw)) {
            return pidfd_open(pid, PidfdFlags::empty()).ok();
        }
    }
    None
}

/// The parent that is killed while it does this.
fn start_without_end() -> ! {
    let mut children = Vec::new();
    loop {
        children.push(Spec::new("sleep").args(["1000"]).spawn().unwrap());
        if children.len() == MANY {
            say("MANY");
        }
        // As many at a time as the machine can bear.
        if children.len() > 2 * MANY {
            children.clear();
        }
    }
}

#[test]
fn a_child_ends_with_the_thread_that_started_it() {
    let started = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let _inside = runtime.enter();
        let child = Spec::new("sleep").args(["1000"]).spawn().unwrap();
        let process = watched(child.id().cast_signed());
        // Nobody ends it but the kernel.
        std::mem::forget(child);
        process
    });
    assert!(ends(&started.join().unwrap(), PATIENCE));
}

#[tokio::test]
async fn a_guard_leaves_alone_what_has_ended_and_ends_with_its_last_handle() {
    let guard = Guard::start_as("sh", &["-c", "od -An -tu1 -w5 | wc -l >&2"]).unwrap();
    let exit = shell("exit 0")
        .guarded(&guard)
        .spawn()
        .unwrap()
        .run(|_| Keep::No)
        .await;
    assert_eq!(exit.category, process::Category::Success);
    // Waits for its end: a guard that did not see the pipe close would hang here.
    drop(guard);
}

#[tokio::test]
async fn a_guard_that_is_gone_does_no_harm() {
    let guard = Guard::start_as("true", &[]).unwrap();
    for _ in 0..3 {
        let exit = shell("exit 0")
            .guarded(&guard)
            .spawn()
            .unwrap()
            .run(|_| Keep::No)
            .await;
        assert_eq!(exit.category, process::Category::Success);
    }
}
