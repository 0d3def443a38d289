//! Blocks of progress.

use std::time::Duration;

use ffmpeg::Progress;
use ffmpeg::progress::Reader;
use proptest::prelude::*;

use crate::capture;

fn blocks(text: &[u8]) -> Vec<Progress> {
    let mut reader = Reader::default();
    text.split(|&b| b == b'\n')
        .filter_map(|line| reader.line(line))
        .collect()
}

#[test]
fn captures_advance_to_the_end_of_what_was_read() {
    let mut seen = 0;
    for capture in capture::all() {
        let blocks = blocks(&capture.progress());
        let Some(last) = blocks.last() else {
            assert!(capture.media == 0, "{}", capture.label());
            continue;
        };
        let times: Vec<_> = blocks.iter().filter_map(|block| block.out_time).collect();
        assert!(times.is_sorted(), "{}", capture.label());
        // Segments of two seconds, the last one cut; some failed.
        let read = Duration::from_secs(2 * capture.media);
        assert!(last.out_time.unwrap() <= read, "{}", capture.label());
        assert!(times.last().unwrap().as_secs() > 10, "{}", capture.label());
        assert!(blocks.iter().all(|block| block.total_size.is_none()));
        assert!(blocks.iter().any(|block| block.speed.is_some()));
        seen += 1;
    }
    assert_eq!(seen, 20);
}

#[test]
fn values_that_are_no_figures_are_unknown() {
    let text = b"frame=12\nfps=0.0\ntotal_size=4711\nout_time_us=N/A\nout_time_ms=N/A\n\
        out_time=-00:00:00.5\nspeed=N/A\nnew_key=1\n\xff\xfe=3\nno equals sign\nprogress=continue\n\
        frame=13\nout_time=00:01:02.500000\nspeed= 1.5x\ndrop_frames=2\nprogress=end\n";
    let blocks = blocks(text);
    let first = Progress {
        frame: Some(12),
        total_size: Some(4711),
        ..Progress::default()
    };
    let second = Progress {
        frame: Some(13),
        out_time: Some(Duration::from_millis(62_500)),
        speed: Some(1.5),
        dropped: Some(2),
        end: true,
        ..Progress::default()
    };
    assert_eq!(blocks, [first, second]);
}

#[test]
fn a_time_longer_than_any_stream_is_not_believed() {
    for value in [
        "out_time_us=18446744073709551615",
        "out_time=4000000000:00:00",
        "out_time=1:00:17000000000000000000",
    ] {
        let block = blocks(format!("{value}\nprogress=end").as_bytes())[0];
        assert_eq!(block.out_time, None, "{value}");
    }
}

proptest! {
    #[test]
    fn no_bytes_are_too_odd(lines in proptest::collection::vec(
        ("(frame|out_time|out_time_us|speed|progress|x)", "[-0-9.:xNA/einf]{0,12}"), 0..20
    )) {
        let mut reader = Reader::default();
        for (key, value) in lines {
            let block = reader.line(format!("{key}={value}").as_bytes());
            prop_assert_eq!(block.is_some(), key == "progress");
        }
    }
}
