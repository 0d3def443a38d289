//! How children end.

use std::time::Duration;

use process::{Category, Error, Keep, LAST_LINES, Source, Spec, Stopped, capture};
use rstest::rstest;

use crate::{PATIENCE, done, ends, shell, watched};

#[rstest]
#[case::success("exit 0", Category::Success, "success")]
#[case::error("exit 3", Category::Error(3), "error")]
#[case::signal("kill -9 $$", Category::Signal(9), "signal")]
#[tokio::test]
async fn by_category(#[case] script: &str, #[case] category: Category, #[case] name: &str) {
    let done = done(shell(script)).await;
    assert_eq!(done.exit.category, category);
    assert_eq!(done.exit.category.name(), name);
    assert_eq!(done.exit.stopped, Stopped::ByItself);
}

#[tokio::test]
async fn a_missing_program_is_named_with_what_to_try() {
    let error = Spec::new("no-such-player").spawn().unwrap_err();
    assert!(matches!(error, Error::Missing { .. }), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("no-such-player") && text.contains("install"),
        "{text}"
    );
}

#[tokio::test]
async fn a_file_that_is_no_program_is_named_with_what_to_try() {
    let error = Spec::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .spawn()
        .unwrap_err();
    assert!(matches!(error, Error::Forbidden { .. }), "{error:?}");
    assert!(error.to_string().contains("chmod"), "{error}");
}

#[tokio::test]
async fn the_last_lines_are_kept() {
    let done = done(shell("seq 1 20 >&2; exit 1")).await;
    let expected: Vec<String> = (13..=20).map(|n| n.to_string()).collect();
    assert_eq!(expected.len(), LAST_LINES);
    assert_eq!(done.exit.last_lines, expected);
}

#[tokio::test]
async fn only_lines_worth_it_are_kept() {
    let child = shell("echo fatal >&2; seq 1 20 >&2").spawn().unwrap();
    let worth = |line: process::Line<'_>| match line.bytes {
        b"fatal" => Keep::Yes,
        _ => Keep::No,
    };
    assert_eq!(child.run(worth).await.last_lines, ["fatal"]);
}

#[tokio::test]
async fn who_ends_when_asked_is_terminated() {
    let script = "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.1; done";
    let child = shell(script).spawn().unwrap();
    let stopper = child.stopper();
    let mut said = Vec::new();
    let exit = child
        .run(|line| {
            // The shell itself tells of its `sleep`, on the other stream.
            if line.source == Source::Stdout {
                said.push(line.bytes.to_vec());
            }
            if line.bytes == b"ready" {
                stopper.stop();
            }
            Keep::No
        })
        .await;
    assert_eq!(exit.category, Category::Error(7));
    assert_eq!(exit.stopped, Stopped::Terminated);
    assert_eq!(said, [&b"ready"[..], b"bye"]);
}

#[tokio::test]
async fn who_is_stopped_at_once_hears_it_twice() {
    // A shell can't trap what was ignored when it was started, as it is in the background.
    let script = "t=0; i=0; trap t=1 TERM; trap i=1 INT; echo ready; \
                  until [ $t$i = 11 ]; do sleep 0.1; done; exit 7";
    let spec = Spec::new("env").args(["--default-signal=INT", "sh", "-c", script]);
    let child = spec.stopped_at_once().spawn().unwrap();
    let stopper = child.stopper();
    let exit = child
        .run(|line| {
            if line.bytes == b"ready" {
                stopper.stop();
            }
            Keep::No
        })
        .await;
    assert_eq!(exit.category, Category::Error(7));
    assert_eq!(exit.stopped, Stopped::Terminated);
}

#[tokio::test]
async fn who_ignores_that_is_killed() {
    let script = "trap '' TERM; echo ready; while :; do sleep 0.1; done";
    let child = shell(script).spawn().unwrap();
    let process = watched(child.id().cast_signed());
    let stopper = child.stopper();
    let exit = child
        .run(|line| {
            if line.bytes == b"ready" {
                stopper.stop();
                stopper.stop();
                // The three seconds pass at once.
                tokio::time::pause();
            }
            Keep::No
        })
        .await;
    assert_eq!(exit.category, Category::Signal(9));
    assert_eq!(exit.stopped, Stopped::Killed);
    assert!(ends(&process, PATIENCE));
}

#[tokio::test]
async fn what_it_started_ends_with_it() {
    let done = done(shell("sleep 1000 & echo $!")).await;
    assert_eq!(done.exit.category, Category::Success);
    let pid: i32 = done.stdout[0].parse().unwrap();
    if let Ok(process) = rustix::process::pidfd_open(
        rustix::process::Pid::from_raw(pid).unwrap(),
        rustix::process::PidfdFlags::empty(),
    ) {
        assert!(ends(&process, PATIENCE));
    }
}

#[tokio::test]
async fn who_is_dropped_is_killed_with_what_it_started() {
    let child = shell("sleep 1000 & echo $!; wait").spawn().unwrap();
    let leader = watched(child.id().cast_signed());
    let (tell, told) = tokio::sync::oneshot::channel();
    let mut tell = Some(tell);
    let run = child.run(move |line| {
        if let Some(tell) = tell.take() {
            let pid: i32 = std::str::from_utf8(line.bytes).unwrap().parse().unwrap();
            tell.send(watched(pid)).unwrap();
        }
        Keep::No
    });
    let started = tokio::select! {
        _ = run => panic!("it ended by itself"),
        started = told => started.unwrap(),
    };
    assert!(ends(&leader, PATIENCE));
    assert!(ends(&started, PATIENCE));
}

#[tokio::test]
async fn what_it_used_is_known_at_its_end() {
    // It lives until it was looked at, which a stop does before anything else.
    let script = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo counted; sleep 1000";
    let child = shell(script).spawn().unwrap();
    let stopper = child.stopper();
    let exit = child
        .run(|_| {
            stopper.stop();
            Keep::No
        })
        .await;
    let usage = exit.usage;
    assert!(
        usage.cpu().unwrap() >= Duration::from_millis(10),
        "{usage:?}"
    );
    assert!(usage.resident_max.unwrap() > 100_000, "{usage:?}");
    assert!(usage.proportional.unwrap() <= usage.resident_max.unwrap());
}

#[tokio::test]
async fn its_environment_is_ours_but_for_what_is_set() {
    let spec = shell("echo \"$A-${PATH:+path}-${HOME-none}\"");
    let done = done(spec.env("A", "b").without_env("HOME")).await;
    assert_eq!(done.stdout, ["b-path-none"]);
}

#[tokio::test]
async fn a_program_can_be_run_for_what_it_prints() {
    let limit = Duration::from_secs(30);
    let captured = capture(&shell("echo out; echo err >&2; exit 4"), limit)
        .await
        .unwrap();
    assert_eq!(
        (captured.stdout.as_str(), captured.stderr.as_str()),
        ("out\n", "err\n")
    );
    assert_eq!(captured.exit.category, Category::Error(4));
    assert!(captured.whole);
    let large = capture(&shell("yes | head -c 50000000"), limit)
        .await
        .unwrap();
    assert!(!large.whole && large.stdout.len() < 50_000_000);
}

#[tokio::test]
async fn a_program_that_does_not_answer_is_ended() {
    let spec = shell("sleep 1000");
    let error = capture(&spec, Duration::from_millis(1)).await.unwrap_err();
    assert!(error.to_string().contains("sh did not answer"), "{error}");
}
