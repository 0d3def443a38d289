//! What is shown while a run goes on: one line, or a small block that renews itself.

use std::collections::VecDeque;
use std::time::Duration;

use base::{Class, ViewerState};
use telemetry::{Snapshot, Verdict};

use crate::format;
use crate::words;

/// Rates are taken over at least this long, where there is so much.
const RATE_OVER: Duration = Duration::from_secs(2);
/// Snapshots that are remembered for rates.
const REMEMBERED_MAX: usize = 64;
/// The ramp's bar.
const BAR_WIDTH: usize = 24;

/// The figures that progress shows: of a snapshot, and of the mark of one before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// Time since the run began.
    pub elapsed: Duration,
    /// Viewers by state, those states that have any.
    pub states: Vec<(ViewerState, u64)>,
    /// Viewers whose turn has come.
    pub started: u64,
    /// Segments that arrived, a second; `None` before the first.
    pub segments_per_second: Option<f64>,
    /// Segment bytes a second over the last whole second; `None` before any data.
    pub bytes_per_second: Option<f64>,
    /// Requests that failed.
    pub errors: u64,
    /// Whether the generator is the bottleneck.
    pub generator_bound: bool,
}

impl Figures {
    /// The figures of `snapshot`, with rates since `before`.
    pub fn new(snapshot: &Snapshot, before: Mark) -> Self {
        let now = Mark::of(snapshot);
        let viewers = &snapshot.viewers;
        Self {
            elapsed: now.elapsed,
            states: viewers.iter().filter(|&(_, count)| count > 0).collect(),
            started: viewers.started,
            segments_per_second: now.segments_since(before),
            bytes_per_second: snapshot.throughput.windows().avg_1s,
            errors: snapshot.requests.all().failed,
            generator_bound: snapshot.generator.verdict() == Verdict::Bottleneck,
        }
    }
}

/// What is kept of a snapshot to take rates from. The default is that of a run's beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    elapsed: Duration,
    segments: u64,
}

impl Mark {
    /// The mark of `snapshot`.
    pub fn of(snapshot: &Snapshot) -> Self {
        let requests = &snapshot.requests;
        Self {
            elapsed: snapshot.elapsed(),
            segments: requests.of(Class::Segment).ok + requests.of(Class::Part).ok,
        }
    }

    fn segments_since(self, before: Self) -> Option<f64> {
        let time = self.elapsed.checked_sub(before.elapsed)?.as_secs_f64();
        let segments = self.segments.saturating_sub(before.segments) as f64;
        (time > 0.0 && self.segments > 0).then(|| segments / time)
    }
}

/// Renders a run's progress, and remembers what rates need.
#[derive(Clone, Debug)]
pub struct Progress {
    url: String,
    viewers: u64,
    duration: Option<Duration>,
    marks: VecDeque<Mark>,
}

impl Progress {
    /// For a run of `viewers` at `url` (secrets masked) that takes `duration`, if it has an end.
    pub fn new(url: &str, viewers: u64, duration: Option<Duration>) -> Self {
        Self {
            url: url.to_owned(),
            viewers,
            duration,
            marks: VecDeque::from([Mark::default()]),
        }
    }

    /// One line, for where there is no terminal.
    pub fn line(&mut self, snapshot: &Snapshot) -> String {
        let figures = self.figures(snapshot);
        let mut parts = vec![format::seconds(figures.elapsed), self.started(&figures)];
        parts.extend(states(&figures));
        parts.extend(load(&figures));
        parts.extend(self.left(&figures));
        parts.join(" · ")
    }

    /// A block of lines of at most `width` columns, for a terminal. It does not end with a line
    /// break.
    pub fn block(&mut self, snapshot: &Snapshot, width: usize) -> String {
        let figures = self.figures(snapshot);
        let mut time = vec![format::seconds(figures.elapsed)];
        time.extend(self.left(&figures));
        let ramp = format!("{} {}", self.bar(&figures), self.started(&figures));
        let mut states = states(&figures);
        if states.is_empty() {
            states.push("none yet".to_owned());
        }
        let lines = [
            self.url.clone(),
            format!("ramp     {ramp}"),
            format!("viewers  {}", states.join(" · ")),
            format!("load     {}", load(&figures).join(" · ")),
            format!("time     {}", time.join(" · ")),
        ];
        lines.map(|line| format::one_line(&line, width)).join("\n")
    }

    fn figures(&mut self, snapshot: &Snapshot) -> Figures {
        let now = Mark::of(snapshot);
        let old_enough = |mark: &Mark| mark.elapsed + RATE_OVER <= now.elapsed;
        // What is older than the newest mark that is old enough is of no more use.
        while self.marks.get(1).is_some_and(old_enough) || self.marks.len() >= REMEMBERED_MAX {
            self.marks.pop_front();
        }
        let figures = Figures::new(snapshot, self.marks.front().copied().unwrap_or_default());
        if self
            .marks
            .back()
            .is_none_or(|mark| mark.elapsed < now.elapsed)
        {
            self.marks.push_back(now);
        }
        figures
    }

    fn started(&self, figures: &Figures) -> String {
        // Nobody was sent: they come by themselves.
        if self.viewers == 0 {
            return format!("{} came", format::count(figures.started));
        }
        format!(
            "{}/{} started",
            format::count(figures.started),
            format::count(self.viewers)
        )
    }

    fn bar(&self, figures: &Figures) -> String {
        let share = figures.started as f64 / self.viewers.max(1) as f64;
        let full = ((share * BAR_WIDTH as f64) as usize).min(BAR_WIDTH);
        format!("{}{}", "█".repeat(full), "░".repeat(BAR_WIDTH - full))
    }

    fn left(&self, figures: &Figures) -> Option<String> {
        let left = self.duration?.saturating_sub(figures.elapsed);
        Some(format!("{} left", format::seconds(left)))
    }
}

fn states(figures: &Figures) -> Vec<String> {
    let states = figures.states.iter();
    states
        .map(|(state, count)| format!("{} {}", words::state(*state), format::count(*count)))
        .collect()
}

/// Rates and errors.
fn load(figures: &Figures) -> Vec<String> {
    let segments = figures.segments_per_second.map(format::per_second);
    let bytes = figures.bytes_per_second.map(format::rate);
    let mut parts: Vec<String> = segments
        .map(|rate| format!("{rate} segments/s"))
        .into_iter()
        .collect();
    parts.push(bytes.unwrap_or_else(|| "warming up".to_owned()));
    parts.push(format::things(figures.errors, "error", "errors"));
    if figures.generator_bound {
        parts.push("GENERATOR IS THE BOTTLENECK".to_owned());
    }
    parts
}
