//! What children write.

use process::{Category, Counts, Keep, LINE_BYTES_MAX, Line, Source};
use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process};

use crate::{done, shell};

#[tokio::test]
async fn a_flood_is_read_to_its_end() {
    // 100 MiB: 2,621,440 lines of 40 bytes.
    let line = "123456789012345678901234567890123456789";
    let script = format!("yes {line} | head -c 104857600 >&2");
    let child = shell(&script).spawn().unwrap();
    let mut odd = 0;
    let exit = child
        .run(|said| {
            odd += u64::from(said.bytes != line.as_bytes() || said.source != Source::Stderr);
            Keep::No
        })
        .await;
    let expected = Counts {
        lines: 100 * 1024 * 1024 / 40,
        bytes: 100 * 1024 * 1024,
        cut: 0,
        unread: false,
    };
    assert_eq!(exit.counts, expected);
    assert_eq!(odd, 0);
}

#[rstest]
#[case::short(10, &[(10, false)])]
#[case::just_fits(LINE_BYTES_MAX - 1, &[(LINE_BYTES_MAX - 1, false)])]
#[case::full(LINE_BYTES_MAX, &[(LINE_BYTES_MAX, true)])]
#[case::over(LINE_BYTES_MAX + 1, &[(LINE_BYTES_MAX, true), (1, false)])]
#[case::far_over(
    3 * LINE_BYTES_MAX + 5,
    &[(LINE_BYTES_MAX, true), (LINE_BYTES_MAX, true), (LINE_BYTES_MAX, true), (5, false)]
)]
#[tokio::test]
async fn an_overlong_line_comes_in_marked_pieces(
    #[case] bytes: usize,
    #[case] pieces: &[(usize, bool)],
) {
    let script = format!("head -c {bytes} /dev/zero | tr '\\0' a; echo; echo next");
    let mut found = Vec::new();
    let exit = shell(&script)
        .spawn()
        .unwrap()
        .run(|line| {
            found.push((line.bytes.len(), line.cut));
            Keep::Yes
        })
        .await;
    let expected = [pieces, &[(4, false)]].concat();
    assert_eq!(found, expected);
    let cut = pieces.iter().filter(|(_, cut)| *cut).count() as u64;
    assert_eq!(
        (exit.counts.lines, exit.counts.cut),
        (expected.len() as u64, cut)
    );
    assert_eq!(exit.counts.bytes, bytes as u64 + 6);
    assert!(exit.last_lines.iter().all(|line| line.len() <= 512));
}

#[tokio::test]
async fn any_bytes_are_handed_on_as_they_are() {
    let mut found = Vec::new();
    let child = shell(r"printf '\377\000\376 x\n' >&2").spawn().unwrap();
    let exit = child
        .run(|Line { bytes, .. }| {
            found.push(bytes.to_vec());
            Keep::Yes
        })
        .await;
    assert_eq!(found, [b"\xff\x00\xfe x"]);
    assert_eq!(exit.last_lines, ["\u{fffd}\u{0}\u{fffd} x"]);
}

#[tokio::test]
async fn a_line_ends_with_a_line_feed_a_return_or_the_stream() {
    let script = r"printf 'a\rb\r\n\n\nc\n'; printf 'd'; printf e";
    let done = done(shell(script)).await;
    assert_eq!(done.stdout, ["a", "b", "c", "de"]);
    assert!(done.stderr.is_empty());
}

#[tokio::test]
async fn the_end_is_not_waited_for_where_another_process_holds_the_pipe() {
    // It leaves the group, so it outlives the child and holds the pipe until it is told to go.
    let child = shell("setsid sh -c 'echo $$; exec sleep 1000' & wait")
        .spawn()
        .unwrap();
    let stopper = child.stopper();
    let mut left = None;
    let exit = child
        .run(|line| {
            let pid = std::str::from_utf8(line.bytes).unwrap().parse().unwrap();
            left = Pid::from_raw(pid);
            stopper.stop();
            Keep::No
        })
        .await;
    assert_eq!(exit.category, Category::Signal(15));
    kill_process(left.unwrap(), Signal::KILL).unwrap();
}
