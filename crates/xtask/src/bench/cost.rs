//! What one more viewer costs, from few to as many as descriptors allow.
//!
//! A process costs something before the first viewer comes: its probe, its snapshots. So it is the
//! slope that is told: what a crowd costs more than the next smaller one, by the viewers that it has
//! more.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Bench, Lab, say, warn_of_load};
use crate::figures::{Bound, Of, Row};
use crate::liveswarm::Crowd;
use crate::nginx::{Config, Nginx};
use crate::stop;
use crate::stream::Live;

pub(super) const COST: Bench = Bench {
    name: "cost",
    what: "CPU time of one more viewer, up to 1,000, 5,000, 10,000 and 19,000 of them",
    peers: &["nginx"],
    default: true,
    run,
};

const LEVELS: [u32; 4] = [1_000, 5_000, 10_000, 19_000];

const BITRATE: u64 = 100_000;

/// Long ones: nginx and 19,000 viewers have two cores.
const SEGMENT: Duration = Duration::from_secs(6);

/// A ramp takes this long, however many come.
const RAMP: Duration = Duration::from_secs(20);

/// From the end of the ramp until everyone plays from a full buffer.
const SETTLE: Duration = Duration::from_secs(18);

/// What every process costs, whoever watches.
const ALONE: u32 = 1;

fn run(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let live = Live::start(lab, BITRATE, SEGMENT)?;
    let nginx = Nginx::start(lab, &live.folder, Config::default())?;
    let levels = lab.choose(LEVELS, [500, 1_000, 1_500, 2_000]);
    let mut alone = Vec::new();
    let mut costs: [Vec<f64>; 4] = Default::default();
    for round in 1..=lab.rounds() {
        warn_of_load();
        say(&format!("round {round}: one viewer"));
        let mut fewer = (ALONE, cost(lab, &nginx, ALONE)?);
        alone.push(fewer.1 * 1e3);
        for (viewers, costs) in levels.into_iter().zip(&mut costs) {
            warn_of_load();
            say(&format!("round {round}: {viewers} viewers"));
            let crowd = (viewers, cost(lab, &nginx, viewers)?);
            costs.push(one_more(fewer, crowd) * 1e3);
            fewer = crowd;
        }
    }
    live.end()?;
    let mut rows = vec![Row::alone(
        "a process with one viewer, a minute",
        "CPU-ms",
        alone,
    )?];
    for (viewers, costs) in levels.into_iter().zip(&costs) {
        let what = format!("one more viewer, a minute, up to {viewers} viewers");
        let mut row = Row::alone(&what, "CPU-ms", costs.clone())?;
        row.at = Some(f64::from(viewers));
        rows.push(row);
    }
    std::fs::create_dir_all(&lab.out)?;
    std::fs::write(lab.out.join("cost.svg"), graph(&rows))?;
    match flatness(&costs)? {
        Some(row) => rows.push(row),
        None => lab.skip("a viewer cost less than the clock of processes tells".to_owned()),
    }
    Ok(rows)
}

/// What a viewer costs of those that the larger of two crowds has more.
fn one_more((few, less): (u32, f64), (many, more): (u32, f64)) -> f64 {
    (more - less) / f64::from(many - few)
}

/// How much dearer than up to the lowest level one more viewer gets at any other, round by round.
/// `None` where the first viewers seem to cost nothing.
fn flatness(costs: &[Vec<f64>; 4]) -> anyhow::Result<Option<Row>> {
    let dearest = |(round, first): (usize, &f64)| {
        let level = |level: &Vec<f64>| level[round] / first;
        costs.iter().map(level).fold(0.0, f64::max)
    };
    let rounds = costs[0].iter().enumerate();
    let values: Vec<f64> = rounds
        .filter(|(_, first)| **first > 0.0)
        .map(dearest)
        .collect();
    if values.is_empty() {
        return Ok(None);
    }
    let row = Row::alone(
        "the dearest viewer, as a multiple of one up to the lowest level",
        "×",
        values,
    )?;
    Ok(Some(row.reach(Of::Ours, Bound::AtMost, 1.2)))
}

/// CPU-seconds that a crowd takes in a minute of the steady state.
fn cost(lab: &Lab, nginx: &Nginx, viewers: u32) -> anyhow::Result<f64> {
    let begun = RAMP + SETTLE;
    let window = lab.seconds(60, 6);
    let url = nginx.url("list.m3u8");
    let crowd = Crowd {
        binary: None,
        url: &url,
        viewers,
        ramp: (viewers / RAMP.as_secs() as u32).max(1),
        length: begun + window + Duration::from_secs(1),
        certificate: None,
        more: "--player rfc8216",
    };
    let run = crowd.start(lab)?;
    stop::rest(begun)?;
    let before = run.process.cpu()?;
    stop::rest(window)?;
    let spent = run.process.cpu()?.saturating_sub(before);
    let ended = run.end()?;
    let stalls = ended.figure("/playback/stalls")?;
    if stalls > 0.0 {
        lab.skip(format!(
            "{viewers} viewers stalled {stalls} times: the machine was full"
        ));
    }
    Ok(spent.as_secs_f64() * 60.0 / window.as_secs_f64())
}

/// Width and height of the graph, and of its margin.
const WIDE: f64 = 560.0;
const HIGH: f64 = 260.0;
const MARGIN: f64 = 52.0;

/// The costs as a picture: a line through the medians, a bar from least to most at each.
fn graph(rows: &[Row]) -> String {
    let points: Vec<(f64, &Row)> = rows.iter().filter_map(|row| Some((row.at?, row))).collect();
    let right = points.iter().map(|(at, _)| *at).fold(1.0, f64::max);
    let top = points
        .iter()
        .map(|(_, row)| row.ours.max)
        .fold(0.0, f64::max)
        * 1.25;
    let x = |at: f64| MARGIN + at / right * (WIDE - 2.0 * MARGIN);
    let y = |cost: f64| HIGH - MARGIN - cost / top * (HIGH - 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDE} {HIGH}\" \
         font-family=\"sans-serif\" font-size=\"12\" fill=\"#444\">\n\
         <rect width=\"{WIDE}\" height=\"{HIGH}\" fill=\"#fff\"/>\n\
         <text x=\"{MARGIN}\" y=\"22\">CPU-ms of one more viewer for a minute, by viewers</text>\n"
    );
    let base = HIGH - MARGIN;
    let end = WIDE - MARGIN;
    let _ = writeln!(
        svg,
        "<path d=\"M{MARGIN} {MARGIN}V{base}H{end}\" fill=\"none\" stroke=\"#999\"/>"
    );
    let mut line = String::new();
    for (at, row) in points {
        let (x, middle) = (x(at), y(row.ours.median));
        let (least, most) = (y(row.ours.min), y(row.ours.max));
        let _ = write!(line, "{x:.1},{middle:.1} ");
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} {least:.1}V{most:.1}\" stroke=\"#1664c0\" stroke-width=\"3\"/>\n\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{:.2}</text>\n\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{at}</text>",
            most - 8.0,
            row.ours.median,
            base + 18.0,
        );
    }
    let _ = writeln!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#1664c0\"/>\n</svg>",
        line.trim_end()
    );
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dearest_level_of_each_round_counts() {
        let costs = [
            vec![2.0, 4.0],
            vec![3.0, 4.0],
            vec![1.0, 2.0],
            vec![2.0, 8.0],
        ];
        let row = flatness(&costs).unwrap().unwrap();
        assert_eq!(row.ours.values, [1.5, 2.0]);
        let nothing = [vec![0.0], vec![1.0], vec![1.0], vec![1.0]];
        assert!(flatness(&nothing).unwrap().is_none());
    }

    #[test]
    fn what_a_process_costs_anyway_is_not_the_viewers() {
        let [none, few, many] = [(1, 0.502), (1_001, 2.5), (5_001, 10.5)];
        assert!((one_more(none, few) - 1.998e-3).abs() < 1e-9);
        assert!((one_more(few, many) - 2e-3).abs() < 1e-9);
    }

    #[test]
    fn the_graph_names_each_level() {
        let row = |at: f64, cost: f64| Row {
            at: Some(at),
            ..Row::alone("x", "CPU-ms", vec![cost]).unwrap()
        };
        let svg = graph(&[row(1_000.0, 3.25), row(19_000.0, 3.5)]);
        assert!(svg.contains(">1000<") && svg.contains(">19000<") && svg.contains(">3.25<"));
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    }
}
