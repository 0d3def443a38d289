use std::time::Duration;

use report::progress::{Figures, Mark, Progress};

use crate::runs;

fn progress() -> Progress {
    let url = "http://127.0.0.1:17080/live/master.m3u8";
    Progress::new(url, 100, Some(Duration::from_secs(30)))
}

#[test]
fn every_state_of_a_run_in_a_line_and_in_a_block() {
    let shown: Vec<String> = runs::all()
        .iter()
        .map(|case| {
            let line = progress().line(&case.snapshot);
            let block = progress().block(&case.snapshot, 80);
            format!("{}\n\n{line}\n\n{block}", case.name)
        })
        .collect();
    insta::assert_snapshot!("progress", shown.join("\n\n"));
}

#[test]
fn segments_a_second_are_those_since_an_earlier_snapshot() {
    let cases = runs::all();
    let of = |name| {
        &cases
            .iter()
            .find(|case| case.name == name)
            .unwrap()
            .snapshot
    };
    let (early, steady) = (of("warming_up"), of("steady"));
    assert_eq!(
        Figures::new(early, Mark::default()).segments_per_second,
        None
    );
    let since_start = Figures::new(steady, Mark::default())
        .segments_per_second
        .unwrap();
    let since_early = Figures::new(steady, Mark::of(early))
        .segments_per_second
        .unwrap();
    assert!((since_start * 15.0 - since_early * 14.6).abs() < 1e-6);

    // However often it is shown, the rate is the same.
    let mut often = progress();
    let (first, again) = (often.line(steady), often.line(steady));
    assert_eq!(first, again);
    assert!(first.contains(" segments/s"), "{first}");
}

#[test]
fn a_block_fits_its_width() {
    for case in runs::all() {
        for width in [10, 40, 80, 200] {
            let block = progress().block(&case.snapshot, width);
            assert_eq!(block.lines().count(), 5);
            assert!(
                block.lines().all(|line| line.chars().count() <= width),
                "{block}"
            );
        }
    }
}
