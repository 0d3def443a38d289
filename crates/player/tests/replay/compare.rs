//! The model's run beside the recording: each difference has a name.

use std::collections::{BTreeMap, BTreeSet};

use player::Event;

use base::ViewerState;

use crate::capture::{Capture, Row, is_segment};
use crate::world::{Made, Run, extinf};

/// Requests this near the end of a recording may be on either side of it.
const EDGE: f64 = 0.6;
/// Requests of different lanes this near each other raced.
const RACE: f64 = 0.1;
/// What a stall's beginning and length may differ by, in seconds.
const STALL: f64 = 0.3;
/// What live latency may differ by, in seconds: the dates of the replay are publication less
/// EXTINF, those of the stream were up to 0.3 s earlier.
const LATENCY: f64 = 0.35;

/// A request by its file and which time it was asked for.
type Name = (String, usize);

fn names<'a>(files: impl Iterator<Item = &'a str>) -> Vec<Name> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    files
        .map(|file| {
            let times = seen.entry(file.to_owned()).or_default();
            *times += 1;
            (file.to_owned(), *times)
        })
        .collect()
}

fn show((file, times): &Name) -> String {
    format!("{file}#{times}")
}

/// Which of the parallel streams a file belongs to.
fn lane(file: &str) -> &str {
    if file.ends_with(".m3u8") {
        file
    } else if file.contains("audio") {
        "audio"
    } else {
        "video"
    }
}

/// Names of all differences in what was asked for and when.
pub(crate) fn requests(capture: &Capture, run: &Run) -> BTreeSet<String> {
    let end = capture.end() - EDGE;
    let theirs: BTreeMap<Name, f64> = names(capture.requests.iter().map(|it| it.file.as_str()))
        .into_iter()
        .zip(capture.requests.iter().map(|it| it.at))
        .collect();
    let ours: BTreeMap<Name, &Made> = names(run.made.iter().map(|it| it.file.as_str()))
        .into_iter()
        .zip(&run.made)
        .collect();
    let tolerance = (0.1 * extinf(capture.case)).max(0.15);
    let mut found = BTreeSet::new();
    for (name, at) in &theirs {
        match ours.get(name) {
            None if *at < end => {
                found.insert(format!("missing {}", show(name)));
            }
            Some(made) if *at > capture.start() + 2.0 && (made.at - at).abs() > tolerance => {
                println!("  {} at {at:.3}, model {:.3}", show(name), made.at);
                found.insert(format!("moved {}", show(name)));
            }
            _ => {}
        }
    }
    for (name, made) in &ours {
        if !theirs.contains_key(name) && made.at < end {
            found.insert(format!("extra {}", show(name)));
        }
    }
    found.extend(order(capture.start() + 2.0, &theirs, &ours));
    found
}

/// Pairs of the first two seconds that were made in another order.
fn order(
    until: f64,
    theirs: &BTreeMap<Name, f64>,
    ours: &BTreeMap<Name, &Made>,
) -> BTreeSet<String> {
    let mut both: Vec<(&Name, f64, f64)> = theirs
        .iter()
        .filter(|(_, at)| **at <= until)
        .filter_map(|(name, at)| Some((name, *at, ours.get(name)?.at)))
        .collect();
    both.sort_by(|one, other| one.1.total_cmp(&other.1));
    let mut found = BTreeSet::new();
    for (place, (first, at, ours_at)) in both.iter().enumerate() {
        for (second, later, ours_later) in &both[place + 1..] {
            let ordered = lane(&first.0) == lane(&second.0) || later - at > RACE;
            if ordered && ours_later < ours_at && later > at {
                found.insert(format!("order {} {}", show(first), show(second)));
            }
        }
    }
    found
}

/// Differences of more than 5 % in how many requests of a kind were made: the recording is one
/// draw of the player's random waits, the model's is the mean of many.
pub(crate) fn counts(capture: &Capture, runs: &[Run]) -> BTreeSet<String> {
    let end = capture.end() - EDGE;
    let mut found = BTreeSet::new();
    for kind in ["playlists", "segments"] {
        let is = |file: &str| match kind {
            "segments" => is_segment(file),
            _ => file.ends_with(".m3u8"),
        };
        let theirs = capture.requests.iter();
        let theirs = theirs.filter(|it| it.at < end && is(&it.file)).count() as f64;
        let ours = runs.iter().flat_map(|run| &run.made);
        let ours = ours.filter(|it| it.at < end && is(&it.file)).count() as f64;
        let ours = ours / runs.len() as f64;
        println!("  {kind}: {theirs} recorded, {ours:.1} modelled");
        if (ours - theirs).abs() > 0.05 * theirs {
            found.insert(format!("count {kind}"));
        }
    }
    found
}

/// From first waiting to playing again, as a browser player reported it.
pub(crate) fn recorded_stalls(capture: &Capture) -> Vec<(f64, f64)> {
    let mut stalls = Vec::new();
    let mut since: Option<&Row> = None;
    let mut playing = false;
    for row in &capture.rows {
        let moves = matches!(row.state.as_str(), "ev:canplay" | "ev:playing" | "playing");
        match since {
            None if playing && row.state == "ev:waiting" => since = Some(row),
            Some(from) if moves => {
                stalls.push((from.at, row.at - from.at));
                since = None;
            }
            _ => {}
        }
        playing |= moves;
    }
    if let (Some(from), Some(last)) = (since, capture.rows.last()) {
        stalls.push((from.at, last.at - from.at));
    }
    // A seek within what is buffered shows as waiting for a moment.
    stalls.retain(|(_, length)| *length > 0.15);
    stalls
}

fn modelled_stalls(run: &Run, end: f64) -> Vec<(f64, f64)> {
    let mut stalls = Vec::new();
    let mut since = None;
    for (_, event) in &run.events {
        if let Event::State { to, at } = event {
            let at = at.as_secs_f64();
            if let Some(from) = since.take() {
                stalls.push((from, at - from));
            }
            since = (*to == ViewerState::Stalled).then_some(at);
            // A profile that gave up when it had played out has stalled for good.
            if *to == ViewerState::Failed {
                since = Some(at);
                stalls.pop();
            }
        }
    }
    stalls.extend(since.map(|from| (from, end - from)));
    stalls.retain(|(_, length)| *length > 0.15);
    stalls
}

/// Stalls that only one side had, or that began or lasted otherwise.
pub(crate) fn stalls(capture: &Capture, run: &Run) -> BTreeSet<String> {
    let Some(end) = capture.rows.last().map(|row| row.at) else {
        return BTreeSet::new();
    };
    let theirs = recorded_stalls(capture);
    let ours = modelled_stalls(run, end);
    let mut found = BTreeSet::new();
    for place in 0..theirs.len().max(ours.len()) {
        let differ = match (theirs.get(place), ours.get(place)) {
            (Some((at, length)), Some((our_at, our_length))) => {
                (at - our_at).abs() > STALL || (length - our_length).abs() > STALL
            }
            _ => true,
        };
        if differ {
            println!(
                "  stall {place}: {:?} recorded, {:?}",
                theirs.get(place),
                ours.get(place)
            );
            found.insert(format!("stall {place}"));
        }
    }
    found
}

/// Live latency at the whole seconds of the recording, while both sides play.
pub(crate) fn latency(capture: &Capture, run: &Run) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut worst: f64 = 0.0;
    let mut compared = 0;
    for row in capture.rows.iter().filter(|row| row.state == "playing") {
        let nearest = run
            .latency
            .iter()
            .filter(|(at, _)| (at - row.at).abs() < 0.6)
            .min_by(|one, other| (one.0 - row.at).abs().total_cmp(&(other.0 - row.at).abs()));
        if let (Some(theirs), Some((_, ours))) = (row.latency, nearest) {
            compared += 1;
            worst = if (ours - theirs).abs() > worst.abs() {
                ours - theirs
            } else {
                worst
            };
        }
    }
    if worst.abs() > LATENCY {
        found.insert("latency".to_owned());
    }
    println!("  latency: {compared} seconds compared, at most {worst:+.2} s apart");
    found
}

/// The instant at which the position that playback started from was left, as if it had moved on
/// smoothly from then.
pub(crate) fn first_frame(capture: &Capture) -> Option<f64> {
    let starts = |row: &Row| matches!(row.state.as_str(), "ev:playing" | "ev:canplay");
    let playing = capture.rows.iter().position(starts)?;
    let from = capture.rows[..playing]
        .iter()
        .rev()
        .find(|row| row.state == "ev:seeking")
        .map_or(0.0, |row| row.position);
    let moving = capture.rows[playing..]
        .iter()
        .take_while(|row| row.state != "ev:waiting")
        .filter(|row| matches!(row.state.as_str(), "playing" | "ev:level-updated"))
        .take(3)
        .last()?;
    Some(moving.at - (moving.position - from))
}
