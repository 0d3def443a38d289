//! FFmpeg as a child: progress on standard output, its log on the other, ended when asked.

use std::time::Duration;

use process::{Category, Keep, Source, Spec, Stopped, capture};

#[tokio::test]
async fn a_player_tells_its_progress_and_ends_when_asked() {
    for program in testkit::ffmpegs::all() {
        let words = "-hide_banner -nostdin -nostats -loglevel info -progress pipe:1 \
            -stats_period 0.1 -re -f lavfi -i testsrc=size=64x64:rate=10 -f null -";
        let child = Spec::new(&program)
            .args(words.split_whitespace())
            .spawn()
            .unwrap();
        let stopper = child.stopper();
        let (mut blocks, mut logged) = (0, 0);
        let exit = child
            .run(|line| {
                match line.source {
                    Source::Stdout if line.bytes.starts_with(b"progress=") => blocks += 1,
                    Source::Stdout => {}
                    Source::Stderr => logged += 1,
                }
                if blocks == 3 {
                    stopper.stop();
                }
                Keep::Yes
            })
            .await;
        assert!(blocks >= 3 && logged > 0, "{program:?}: {blocks}, {logged}");
        // FFmpeg ends with this code after SIGTERM.
        assert_eq!(exit.category, Category::Error(255), "{:?}", exit.last_lines);
        assert_eq!(exit.stopped, Stopped::Terminated);
        assert!(exit.usage.cpu().unwrap() > Duration::ZERO);
        assert!(exit.usage.resident_max.unwrap() > 1 << 20);
    }
}

#[tokio::test]
async fn the_help_of_a_player_is_captured_whole() {
    for program in testkit::ffmpegs::all() {
        let spec = Spec::new(&program).args(["-hide_banner", "-h", "full"]);
        let captured = capture(&spec, Duration::from_mins(1)).await.unwrap();
        assert!(captured.whole, "{program:?}: {}", captured.stdout.len());
        for section in [
            "URLContext AVOptions:",
            "http AVOptions:",
            "hls demuxer AVOptions:",
        ] {
            assert!(captured.stdout.contains(section), "{program:?}: {section}");
        }
    }
}
