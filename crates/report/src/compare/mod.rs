//! Two runs side by side: the differences that matter, and whether they are for the worse.
//!
//! A difference is judged only where both figures stand on enough samples, and where it is larger
//! than what two equal runs differ by ([`Direction::Neutral`] else). Two runs that were asked for
//! different things are compared all the same, and [`Comparison::incomparable`] says why the
//! result means little.

mod figures;
mod text;

use base::Class;
use telemetry::Verdict;
use telemetry::objective::State;

use crate::document::Document;
use crate::format::{self, percent};
use crate::run::{Config, Group};
use crate::words;
use figures::{Better, Figure};

pub use figures::Unit;

/// A change by less than this share is none.
const SAME_WITHIN: f64 = 0.01;
/// Runs whose lengths differ by more than this share are not of one length.
const LENGTH_WITHIN: f64 = 0.1;

/// Options that change no load.
const BESIDE_THE_LOAD: [&str; 7] = [
    "--scenario",
    "--slo",
    "--broadcast",
    "--origin-metrics",
    "--origin-metrics-host",
    "--nginx-metrics",
    "--segment-sizes-url",
];

/// Where a change leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// For the worse.
    Worse,
    /// For the better.
    Better,
    /// No change that says anything.
    Neutral,
}

/// Why a change is not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unjudged {
    /// One of the runs does not have the figure.
    Unknown,
    /// One of the figures stands on too few samples.
    FewSamples,
}

/// Whose figure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The stream's, as viewers saw it.
    Stream,
    /// The generator's own: no regression of the stream, however it changes.
    Generator,
}

/// One figure of both runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it is.
    pub name: String,
    /// The unit of both figures.
    pub unit: Unit,
    /// Whose it is.
    pub about: About,
    /// In the first run; `None`: unknown.
    pub before: Option<f64>,
    /// In the second run.
    pub after: Option<f64>,
    /// The change as a share of `before`: 0.1 is 10 % more. `None` where that is zero and
    /// `after` is not, or one of them is unknown.
    pub change: Option<f64>,
    /// Where it leads.
    pub direction: Direction,
    /// Why it is not judged, where it is not.
    pub unjudged: Option<Unjudged>,
}

/// What became different between two runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// Why the runs are not of the same thing; empty where they are.
    pub incomparable: Vec<String>,
    /// The figures that at least one of the runs has.
    pub rows: Vec<Row>,
    /// Objectives that are broken, and were not.
    pub newly_broken: Vec<String>,
    /// Objectives that were broken, and are not.
    pub mended: Vec<String>,
    /// Kinds of failures that were not seen before.
    pub new_errors: Vec<String>,
}

/// Holds the run `after` against the run `before`.
pub fn compare(before: &Document, after: &Document) -> Comparison {
    let figures = figures::all(before).into_iter().zip(figures::all(after));
    Comparison {
        incomparable: incomparable(before, after),
        rows: figures.filter_map(|(a, b)| row(&a, b)).collect(),
        newly_broken: newly(before, after, State::Broken),
        mended: newly(after, before, State::Broken),
        new_errors: new_errors(before, after),
    }
}

impl Comparison {
    /// What got worse by more than `limit`, a share such as 0.1, in words; empty where nothing
    /// did. An objective that is newly broken is among them whatever the limit, and so is a figure
    /// that was zero and is not. The generator's own figures are not.
    pub fn regressions(&self, limit: f64) -> Vec<String> {
        let worse = self.rows.iter().filter(|row| row.is_regression(limit));
        let broken = self.newly_broken.iter();
        broken
            .map(|objective| format!("objective newly broken: {objective}"))
            .chain(worse.map(Row::in_words))
            .collect()
    }

    /// The comparison as text of at most 80 columns, ending with a line break.
    pub fn text(&self) -> String {
        text::text(self)
    }
}

impl Row {
    fn is_regression(&self, limit: f64) -> bool {
        self.direction == Direction::Worse
            && self.about == About::Stream
            && self.change.is_none_or(|change| change.abs() > limit)
    }

    fn in_words(&self) -> String {
        let show = |figure| format::or_unknown(figure, |figure| self.unit.show(figure));
        let change = self
            .change
            .map_or(String::new(), |change| format!(" ({})", by(change)));
        let (before, after) = (show(self.before), show(self.after));
        format!("{}: {before} → {after}{change}", self.name)
    }
}

/// A change as people read it.
fn by(change: f64) -> String {
    let sign = if change < 0.0 { '-' } else { '+' };
    match change.abs() {
        0.0 => "0 %".to_owned(),
        size if size < 1.0 => format!("{sign}{}", percent(size)),
        size if size < 10.0 => format!("{sign}{:.0} %", size * 100.0),
        size => format!("×{}", format::count((size + 1.0).round() as u64)),
    }
}

/// `None` where neither run has the figure.
fn row(before: &Figure, after: Figure) -> Option<Row> {
    if before.value.is_none() && after.value.is_none() {
        return None;
    }
    let both = before.value.zip(after.value);
    let change = match both {
        Some((from, to)) if from != 0.0 => Some((to - from) / from),
        // From nothing to nothing.
        Some((_, 0.0)) => Some(0.0),
        _ => None,
    };
    let unjudged = match both {
        None => Some(Unjudged::Unknown),
        Some(_) if !(before.enough && after.enough) => Some(Unjudged::FewSamples),
        Some(_) => None,
    };
    let direction = match (both, unjudged) {
        (Some((from, to)), None) => direction(from, to, &after),
        _ => Direction::Neutral,
    };
    Some(Row {
        name: after.name,
        unit: after.unit,
        about: after.about,
        before: before.value,
        after: after.value,
        change,
        direction,
        unjudged,
    })
}

fn direction(from: f64, to: f64, of: &Figure) -> Direction {
    let more = to - from;
    if more.abs() < of.floor || more.abs() < from.abs() * SAME_WITHIN {
        return Direction::Neutral;
    }
    match (more > 0.0, of.better) {
        (true, Better::More) | (false, Better::Less) => Direction::Better,
        (true, Better::Less) | (false, Better::More) => Direction::Worse,
    }
}

/// Objectives that are in `state` in `after` and not in `before`.
fn newly(before: &Document, after: &Document, state: State) -> Vec<String> {
    let was = |objective: &str| {
        let mut before = before.objectives.iter();
        before.any(|status| status.name() == objective && status.state == state)
    };
    let now = after.objectives.iter().filter(|now| now.state == state);
    now.map(|now| now.name().into_owned())
        .filter(|objective| !was(objective))
        .collect()
}

fn new_errors(before: &Document, after: &Document) -> Vec<String> {
    let key = |error: &crate::document::Error| (error.class, error.kind.clone(), error.status);
    let known: Vec<_> = before.errors.iter().map(key).collect();
    let new = after
        .errors
        .iter()
        .filter(|error| !known.contains(&key(error)));
    new.map(|error| {
        let what = error.name();
        let class: Class = error.class;
        format!(
            "{}: {what}, {} ×",
            words::class(class),
            format::count(error.count)
        )
    })
    .collect()
}

/// What a run was asked for, by name.
fn asked(config: &Config) -> [(&'static str, String); 11] {
    let profile = || "the profile's".to_owned();
    let seconds = |time: Option<f64>| time.map_or_else(profile, |time| format::ms(time * 1e3));
    let tries = config.seg_retry.map(|tries| tries.to_string());
    // Our own origin has another port each time, and the same stream for the same options.
    let stream = if config.own_origin {
        format!("our own origin {}", config.origin.join(" "))
    } else {
        config.url.clone()
    };
    [
        ("stream", stream),
        ("viewers", format::count(config.viewers)),
        ("player", config.player.clone()),
        ("variant", config.variant.clone()),
        ("load", config.pace()),
        ("restart", config.restart.clone()),
        ("target buffer", seconds(config.target_buffer_s)),
        ("tries of a segment", tries.unwrap_or_else(profile)),
        ("time limit", seconds(config.timeout_s)),
        ("options", load_options(config)),
        ("groups", groups(config)),
    ]
}

/// The further options that say what the load is: not those that only say where the origin is
/// asked of itself, nor the name of a scenario, of which the groups say what it is.
fn load_options(config: &Config) -> String {
    let says_nothing = |option: &&String| {
        let name = option.split('=').next().unwrap_or_default();
        BESIDE_THE_LOAD.contains(&name)
    };
    let options = config.options.iter().filter(|option| !says_nothing(option));
    let options: Vec<&str> = options.map(String::as_str).collect();
    or_none(options.join(" "))
}

/// The shares of the crowd, and who is in them.
fn groups(config: &Config) -> String {
    let group = |group: &Group| {
        let share = format!("{} {}", group.weight, group.name);
        let words = [share.as_str()].into_iter().chain(group.traits());
        words.collect::<Vec<_>>().join(" ")
    };
    let groups: Vec<String> = config.groups.iter().map(group).collect();
    or_none(groups.join(", "))
}

fn or_none(words: String) -> String {
    if words.is_empty() {
        "none".to_owned()
    } else {
        words
    }
}

/// Why the two were not asked to do the same, or can't be trusted.
fn incomparable(before: &Document, after: &Document) -> Vec<String> {
    let asked = asked(&before.config).into_iter().zip(asked(&after.config));
    let mut why: Vec<String> = asked
        .filter(|((_, a), (_, b))| a != b)
        .map(|((what, a), (_, b))| format!("{what}: {} → {}", a.trim(), b.trim()))
        .collect();
    // One that an objective stopped is shorter because the stream got worse: just that is to be told.
    let stopped = before.config.duration_s == after.config.duration_s
        && [before, after].into_iter().any(was_stopped_by_an_objective);
    let longest = before.duration_s.max(after.duration_s);
    if !stopped && (before.duration_s - after.duration_s).abs() > longest * LENGTH_WITHIN {
        let length = |document: &Document| format::ms(document.duration_s * 1e3);
        why.push(format!("length: {} → {}", length(before), length(after)));
    }
    for (which, document) in [("first", before), ("second", after)] {
        if document.generator.verdict == Verdict::Bottleneck {
            why.push(format!(
                "in the {which} run the generator was the bottleneck: its figures are not the \
                 stream's"
            ));
        }
    }
    why
}

/// Whether an objective that stops a run was broken at the end of one that did not last as long as it
/// was asked to.
fn was_stopped_by_an_objective(run: &Document) -> bool {
    let mut objectives = run.objectives.iter();
    let stops = objectives.any(|status| status.abort && status.broken_since_ms.is_some());
    let asked = run.config.duration_s;
    stops && asked.is_some_and(|asked| run.duration_s < asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: Option<f64>, enough: bool, better: Better) -> Figure {
        Figure {
            name: "x".to_owned(),
            unit: Unit::Millis,
            about: About::Stream,
            value,
            enough,
            better,
            floor: 1.0,
        }
    }

    #[test]
    fn changes_are_judged_where_they_can_be() {
        use Better::{Less, More};
        use Direction::{Better as Good, Neutral, Worse};
        let cases = [
            // before, after, enough, better => direction, change, why not
            (Some(100.0), Some(150.0), true, Less, Worse, Some(0.5), None),
            (Some(100.0), Some(50.0), true, Less, Good, Some(-0.5), None),
            (Some(100.0), Some(150.0), true, More, Good, Some(0.5), None),
            (Some(100.0), Some(50.0), true, More, Worse, Some(-0.5), None),
            // Half as much again, and still less than what timers err by.
            (Some(1.0), Some(1.5), true, Less, Neutral, Some(0.5), None),
            // Beyond the floor, and less than a hundredth.
            (
                Some(1_000.0),
                Some(1_009.0),
                true,
                Less,
                Neutral,
                Some(0.009),
                None,
            ),
            (Some(0.0), Some(20.0), true, Less, Worse, None, None),
            (Some(0.0), Some(0.0), true, Less, Neutral, Some(0.0), None),
            (Some(0.0), Some(0.5), true, Less, Neutral, None, None),
            (Some(20.0), Some(0.0), true, Less, Good, Some(-1.0), None),
            (
                Some(100.0),
                Some(150.0),
                false,
                Less,
                Neutral,
                Some(0.5),
                Some(Unjudged::FewSamples),
            ),
            (
                Some(100.0),
                None,
                true,
                Less,
                Neutral,
                None,
                Some(Unjudged::Unknown),
            ),
        ];
        for (before, after, enough, better, direction, change, unjudged) in cases {
            let got = row(&figure(before, true, better), figure(after, enough, better)).unwrap();
            let context = format!("{before:?} → {after:?}");
            assert_eq!(got.direction, direction, "{context}");
            assert_eq!(got.unjudged, unjudged, "{context}");
            match (got.change, change) {
                (Some(got), Some(change)) => assert!((got - change).abs() < 1e-9, "{context}"),
                (got, change) => assert_eq!(got, change, "{context}"),
            }
        }
        let nothing = figure(None, false, Less);
        assert_eq!(row(&figure(None, true, Less), nothing), None);
    }

    #[test]
    fn changes_in_words() {
        assert_eq!(
            [0.0, 0.5, -0.005, 1.5, 9.0, 99.0].map(by),
            ["0 %", "+50.0 %", "-0.50 %", "+150 %", "+900 %", "×100"]
        );
    }
}
