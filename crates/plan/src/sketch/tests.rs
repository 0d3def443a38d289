use super::*;
use crate::{Arrivals, Closed, Ramp, Stages};
use proptest::prelude::*;

fn staged(text: &str) -> Shape {
    let pace = Ramp::new(0, 20.0, Duration::ZERO, 0).unwrap();
    Closed::staged(text.parse::<Stages>().unwrap(), &pace).into()
}

fn sketch(text: &str, columns: usize) -> Sketch {
    let shape = staged(text);
    let length = shape.stages().unwrap().length();
    Sketch::new(&shape, length, columns)
}

#[test]
fn stages_are_drawn_as_they_are() {
    let sketch = sketch("1m:1000, 2m:1000, 0s:2000, 1m:0", 16);
    let expected = "\
viewers
     2,000 ┤            █
           │            ██
           │  ▄████████████
         0 ┤▄███████████████
            0s  1m  2m  3m
starts a second
        67 ┤            █
           │            █
         0 ┤▆▆▆▆        █
            0s  1m  2m  3m
at most 2,000 viewers, 2,000 starts, 3,500 viewer-minutes in 4m
";
    assert_eq!(sketch.draw(4, Charset::Blocks), expected);
    let ascii = sketch.draw(4, Charset::Ascii);
    assert!(ascii.is_ascii());
}

proptest! {
    #[test]
    fn totals_are_those_of_the_line(
        stages in prop::collection::vec((0_u64..20, 0_u64..50), 1..8), columns in 1_usize..40,
    ) {
        let text: Vec<_> = stages.iter().map(|(s, v)| format!("{s}s:{v}")).collect();
        let sketch = sketch(&text.join(","), columns);
        let (mut before, mut area, mut starts) = (0, 0.0, 0);
        for (seconds, viewers) in &stages {
            area += *seconds as f64 * (before + viewers) as f64 / 2.0;
            starts += viewers.saturating_sub(before);
            before = *viewers;
        }
        let totals = sketch.totals();
        prop_assert_eq!(totals.peak, stages.iter().map(|(_, v)| *v).max().unwrap());
        prop_assert_eq!(totals.starts, starts);
        prop_assert!((totals.watched.as_secs_f64() - area).abs() < 1e-5, "{:?} {}", totals, area);
        prop_assert_eq!(sketch.columns.iter().map(|c| c.starts).sum::<u64>(), starts);
    }
}

#[test]
fn an_open_crowd_is_drawn_as_it_comes() {
    let arrivals = Arrivals::new("2/s:even".parse().unwrap(), "fixed:10s".parse().unwrap(), 1);
    let sketch = Sketch::new(&arrivals.into(), Duration::from_mins(1), 30);
    let totals = sketch.totals();
    assert_eq!((totals.peak, totals.starts), (20, 121));
    assert!(
        (totals.watched.as_secs_f64() - 20.0 * 55.0).abs() < 11.0,
        "{totals:?}"
    );
}
